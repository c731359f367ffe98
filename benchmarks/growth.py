"""Whether what people and staff do stays as quick while a district grows: 1,000, 100,000 and 1,600,000 persons with up
to 10,000,000 attendances, written into real files (`benchmarks.district`).

Run: python -m benchmarks.growth [--largest 100000] [--folder DIR] [--keep]

Chat: messages handed to the reception, each answer on disk. Console: every page over HTTP from a process of its own
(`benchmarks.console`), the figures of periods counted ahead. Both are asked of all sizes in turn, so that whatever else
the machine does meets all alike. Chores: the longest time that one transaction of a job keeps everyone else waiting.
"""

import itertools
import logging
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import console, district
from benchmarks.console import Asked
from benchmarks.district import District
from benchmarks.figures import Figure, at_most, beside, options, percentile, tell
from bot.schedule import Schedule
from dialogue.message import Address, Message, Reply
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.database import Database, open_database
from storage.geography import Place

TITLE = "Growth"
SIZES = ((1_000, 6_250), (100_000, 1_000_000), (1_600_000, 10_000_000))
ISSUE_4 = 100_000  # persons with whom a page must answer within its time

_GROWS = 1.3
_HERE = Place(18.265, 109.476)


@dataclass
class House:
    """A district with the conversations open. `waits` are seconds by what was asked, `worked` the processor's."""

    about: District
    database: Database
    reception: Reception
    waits: dict[str, list[float]] = field(default_factory=dict)
    worked: dict[str, list[float]] = field(default_factory=dict)
    chores: dict[str, float] = field(default_factory=dict)
    users: Iterator[int] = field(default_factory=lambda: itertools.count(20))
    messages: Iterator[int] = field(default_factory=itertools.count)

    async def says(self, user: int, text: str = "", place: Place | None = None) -> tuple[Reply, ...]:
        number = f"growth {next(self.messages)} {time.time_ns()}"
        sender = Address(district.CHANNEL, str(user))
        replies = await self.reception.receive(Message(number, sender, _now(), text, place=place))
        if any("编号" in reply.text for reply in replies):
            raise RuntimeError(f"“{text}” met a fault")
        return replies

    def somebody(self) -> int:
        return 2 + next(self.users) * 7 % (self.about.persons - 2)

    async def takes(self, what: str, doing: Awaitable[Any]) -> None:
        begun, idle = time.perf_counter(), time.process_time()
        await doing
        self.worked.setdefault(what, []).append(time.process_time() - idle)
        self.waits.setdefault(what, []).append(time.perf_counter() - begun)


Talk = Callable[[House, int], Awaitable[Any]]

CHAT: dict[str, Talk] = {
    "reply: help": lambda house, _: house.says(house.somebody(), "帮助"),
    "coming events": lambda house, _: house.says(house.somebody(), "活动"),
    "sign-up": lambda house, turn: house.says(house.somebody(), f"报名 {house.about.coming - turn % 200}"),
    "my events": lambda house, _: house.says(house.somebody(), "我的活动"),
    "my data": lambda house, _: house.says(house.somebody(), "我的信息"),
    "nearest point": lambda house, _: house.says(house.somebody(), place=_HERE),
    "search by name": lambda house, _: house.says(district.STAFF, f"查人 {house.about.name}"),
    "check-in list": lambda house, _: house.says(district.STAFF, f"签到 {house.about.desk}号活动"),
    "check-in": lambda house, turn: house.says(district.STAFF, f"签到 {house.about.desk}号活动 {21 + turn % 25}"),
}


async def main(sizes: Sequence[tuple[int, int]], folder: Path, times: int, *, keep: bool, command: str) -> None:
    districts = [await _district(folder / str(persons), persons, attendances) for persons, attendances in sizes]
    async with AsyncExitStack() as stack:
        houses = [await stack.enter_async_context(_open(each)) for each in districts]
        for turn in range(times + times // 10):
            for what, talk in CHAT.items():
                for house in houses:
                    await house.takes(what, talk(house, turn))
        for house in houses:
            await _chores(house)
            for seconds in (*house.waits.values(), *house.worked.values()):
                del seconds[: times // 10]
    pages = await console.ask(districts, max(8, times // 4))
    figures = [*_chat_figures(houses), *_page_figures(districts, pages), *_chore_figures(houses)]
    tell(TITLE, command, figures, _notes(districts), keep=keep)


async def _district(folder: Path, persons: int, attendances: int) -> District:
    """An old one would have nothing coming any more: a district is written for the day on which it is looked at."""
    begun = time.perf_counter()
    made = await district.build(folder, persons, attendances, _now())
    size = (folder / "hongyan.db").stat().st_size / 1e6
    print(
        f"{persons:,} persons, {attendances:,} attendances: {size:,.0f} MB, written in"
        f" {time.perf_counter() - begun:.0f} s",
        flush=True,
    )
    return made


@asynccontextmanager
async def _open(about: District) -> AsyncIterator[House]:
    async with open_database(about.url, about.vault()) as database:
        yield House(about, database, Reception(database, MENU, HOUSE, _now, frozenset({district.CHANNEL})))


async def _chores(house: House) -> None:
    """Seconds of the longest transaction of each job, and of what one person or one of the staff may ask for."""
    longest = 0.0
    write = house.database.write

    async def timed(work: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal longest
        begun = time.perf_counter()
        try:
            return await write(work, *args, **kwargs)
        finally:
            longest = max(longest, time.perf_counter() - begun)

    house.database.write = timed  # type: ignore[method-assign]
    schedule = Schedule(house.database, _now, lambda: None)
    work = {name: job.work for name, job in schedule.jobs.items() if name != "purge"}
    work["purge"] = schedule.forget  # type: ignore[assignment]
    for name, job in work.items():
        longest = 0.0
        await job()
        house.chores[name] = longest
    for name, user, texts in (("注销", 15, ("注销", "1")), ("谁在三亚", district.STAFF, ("谁在三亚",))):
        longest = 0.0
        for text in texts:
            await house.says(user, text)
        house.chores[name] = longest
    house.database.write = write  # type: ignore[method-assign]


def _chat_figures(houses: Sequence[House]) -> list[Figure]:
    return [
        _grown(f"chat: {what}", [house.waits[what] for house in houses], 99, [house.worked[what] for house in houses])
        for what in CHAT
    ]


def _page_figures(districts: Sequence[District], found: Sequence[Asked]) -> list[Figure]:
    counted = " / ".join(f"{each.counted:.1f}" for each in found)
    figures = [beside("console: figures of five periods, counted ahead", f"{counted} s")]
    for what in console.PAGES:
        asked = [each.pages[what] for each in found]
        figures.append(
            _grown(f"console: {what}", [each.answered for each in asked], 95, [each.worked for each in asked])
        )
        for about, each in zip(districts, asked, strict=True):
            if about.persons == ISSUE_4:
                tail = percentile(each.answered, 95)
                label = f"console: {what}, p95, {ISSUE_4:,} persons"
                figures.append(at_most(label, tail, console.goal(what), " ms", 1))
        if what in console.FIRST:
            first = " / ".join(f"{each.first * 1000:,.0f}" for each in asked)
            figures.append(beside(f"console: {what}, by whoever looked first", f"{first} ms"))
    return figures


def _grown(what: str, waits: Sequence[Sequence[float]], percent: int, worked: Sequence[Sequence[float]]) -> Figure:
    """The tail in each size and, of the median and of the tail, the largest beside the smallest.

    The goal is held against the median: on a machine with other work the tail of a few hundred is that work. The time
    that the processor `worked` stands beside: it knows nothing of others, and of the disk.
    """
    halves, tails = [percentile(each, 50) for each in waits], [percentile(each, percent) for each in waits]
    grown = halves[-1] / halves[0]
    middle, tail = " / ".join(f"{each:.1f}" for each in halves), " / ".join(f"{each:.1f}" for each in tails)
    value = f"{grown:.2f} × of {middle} ms; p{percent} {tails[-1] / tails[0]:.2f} × of {tail} ms"
    worth = [percentile(each, 50) for each in worked]
    value += f"; processor {worth[-1] / worth[0]:.2f} × of {' / '.join(f'{each:.1f}' for each in worth)} ms"
    return Figure(f"{what}, p50 of the largest ÷ smallest", value, f"≤ {_GROWS} ×", grown <= _GROWS)


def _chore_figures(houses: Sequence[House]) -> list[Figure]:
    return [
        beside(
            f"longest that writers wait: {name}",
            " / ".join(f"{house.chores[name] * 1000:,.0f}" for house in houses) + " ms",
        )
        for name in houses[0].chores
    ]


def _notes(districts: Sequence[District]) -> list[str]:
    sizes = ", ".join(f"{each.persons:,} persons with {each.attendances:,} attendances" for each in districts)
    return [
        f"Sizes: {sizes}. What is to be seen at one time is the same in each: 60 events a week, 45 signed up for each,"
        " 120 needs under way; what lies behind grows."
    ]


def _now() -> datetime:
    return datetime.now(UTC)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1][0], help="leave out districts with more persons")
    parser.add_argument("--folder", type=Path, help="where the files are written, and stay")
    parser.add_argument("--times", type=int, default=200, help="how often each is asked")
    asked = parser.parse_args()
    logging.getLogger("storage").setLevel(logging.ERROR)
    sizes = [size for size in SIZES if size[0] <= asked.largest]
    if asked.tiny:
        sizes, asked.times = [(200, 1_000), (400, 2_000)], 10
    command = "python -m benchmarks.growth" + (f" --largest {asked.largest}" if asked.largest < SIZES[-1][0] else "")
    with tempfile.TemporaryDirectory() as own:
        folder = asked.folder or Path(own)
        for persons, _ in sizes:
            (folder / str(persons)).mkdir(parents=True, exist_ok=True)
        return uvloop.run(main(sizes, folder, asked.times, keep=asked.keep, command=command))


if __name__ == "__main__":
    _run()

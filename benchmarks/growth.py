"""Whether what people and staff do stays as quick while a district grows: 1,000, 100,000 and 1,600,000 persons with up
to 10,000,000 attendances, written into real files (`benchmarks.district`).

Run: python -m benchmarks.growth [--largest 100000] [--folder DIR] [--keep]

Chat: messages handed to the reception, each answer on disk. Console: pages over HTTP from a process of its own, the
figures of the season counted before. Both are asked of all sizes in turn, so that whatever else the machine does meets
all alike. Chores: the longest time that one transaction of a job keeps everyone else from writing.
"""

import asyncio
import contextlib
import itertools
import logging
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
import uvloop
from starlette.applications import Starlette

from benchmarks import district
from benchmarks.district import District
from benchmarks.figures import Figure, at_most, beside, options, percentile, tell
from benchmarks.programs import free_port, listens
from bot.console import ConsoleSettings, console_routes
from bot.schedule import Schedule
from dialogue.message import Address, Message, Reply
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage import sessions
from storage.database import Database, open_database
from storage.geography import Place

TITLE = "Growth"
SIZES = ((1_000, 6_250), (100_000, 1_000_000), (1_600_000, 10_000_000))
ISSUE_4 = 100_000  # persons with whom a page must answer within its time

_GROWS = 1.3
_PAGE, _DESK = 100.0, 50.0  # ms, p95
_SLOWEST_PAGES = 24  # requests a second: the console lets one address ask 40
_COUNTED = ("overview", "reports")  # pages with figures of a season
_HERE = Place(18.265, 109.476)


@dataclass
class House:
    """A district with the conversations open. `waits` are seconds by what was asked."""

    about: District
    database: Database
    reception: Reception
    waits: dict[str, list[float]] = field(default_factory=dict)
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
        begun = time.perf_counter()
        await doing
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

PAGES: dict[str, Callable[[District], str]] = {
    "overview": lambda _: "/console",
    "events": lambda _: "/console/events",
    "events of last month": lambda _: f"/console/events?month={_last_month()}",
    "event": lambda about: f"/console/events/{about.desk}",
    "check-in desk": lambda about: f"/console/events/{about.desk}/desk",
    "check-in desk, search": lambda about: f"/console/events/{about.desk}/desk?q=wang",
    "people": lambda _: "/console/people",
    "people search": lambda about: f"/console/people?q={about.name}",
    "person": lambda _: "/console/people/77",
    "needs": lambda _: "/console/needs",
    "call list": lambda _: "/console/calls",
    "reports": lambda _: "/console/reports",
    "health": lambda _: "/console/health",
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
            for waits in house.waits.values():
                del waits[: times // 10]
    pages = await _console(districts, max(8, times // 4))
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


async def _console(districts: Sequence[District], times: int) -> list[dict[str, list[float]]]:
    """Seconds by page, for each district."""
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(_visitor(each)) for each in districts]
        found: list[dict[str, list[float]]] = [{} for _ in districts]
        for turn in range(times + 1):
            for what, page in PAGES.items():
                for about, (client, address), waits in zip(districts, visitors, found, strict=True):
                    begun = time.perf_counter()
                    async with client.get(address + page(about), allow_redirects=False) as response:
                        await response.read()
                        if response.status != 200:
                            raise RuntimeError(f"{page(about)} answered {response.status}")
                    name = what if turn else f"{what}, first"
                    waits.setdefault(name, []).append(time.perf_counter() - begun)
                await asyncio.sleep(1 / _SLOWEST_PAGES)
        return found


@asynccontextmanager
async def _visitor(about: District) -> AsyncIterator[tuple[aiohttp.ClientSession, str]]:
    """Signed in as district staff at a console of its own process."""
    async with open_database(about.url, about.vault()) as database:
        token = await database.write(sessions.link_for, district.STAFF, _now())
    port = free_port()
    serve = ("-m", "benchmarks.growth", "--serve", str(port), "--folder", str(about.folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *serve)
    address = f"http://127.0.0.1:{port}"
    try:
        await listens(port, process)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            here = {"Origin": address}
            async with client.post(f"{address}/console/in/{token}", headers=here, allow_redirects=False) as response:
                if response.status != 303:
                    raise RuntimeError(f"the console did not let us in: {response.status}")
            yield client, address
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def serve(folder: Path, port: int) -> None:
    """The console of the district in `folder`, until it is stopped."""
    about = District(folder, 0, 0, 0, 0, "")
    key = b"a key for the forms of benchmarks"
    async with open_database(about.url, about.vault()) as database:
        desk = ConsoleSettings(f"http://127.0.0.1:{port}", "0898-0000-0000")
        app = Starlette(routes=console_routes(database, _now, key, desk, lambda: None))
        await uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False)).serve()


def _chat_figures(houses: Sequence[House]) -> list[Figure]:
    return [_grown(f"chat: {what}", [house.waits[what] for house in houses], 99) for what in CHAT]


def _page_figures(districts: Sequence[District], pages: Sequence[dict[str, list[float]]]) -> list[Figure]:
    figures = []
    for what in PAGES:
        figures.append(_grown(f"console: {what}", [waits[what] for waits in pages], 95))
        for about, waits in zip(districts, pages, strict=True):
            if about.persons == ISSUE_4:
                goal = _DESK if "desk" in what else _PAGE
                tail = percentile(waits[what], 95)
                figures.append(at_most(f"console: {what}, p95, {ISSUE_4:,} persons", tail, goal, " ms", 1))
        if what in _COUNTED:
            first = " / ".join(f"{waits[f'{what}, first'][0] * 1000:,.0f}" for waits in pages)
            figures.append(beside(f"console: {what}, with everything still to be counted", f"{first} ms"))
    return figures


def _grown(what: str, waits: Sequence[Sequence[float]], percent: int) -> Figure:
    """The tail in each size and, of the median and of the tail, the largest beside the smallest.

    The goal is held against the median: on a machine with other work the tail of a few hundred is that work.
    """
    halves, tails = [percentile(each, 50) for each in waits], [percentile(each, percent) for each in waits]
    grown = halves[-1] / halves[0]
    middle, tail = " / ".join(f"{each:.1f}" for each in halves), " / ".join(f"{each:.1f}" for each in tails)
    value = f"{grown:.2f} × of {middle} ms; p{percent} {tails[-1] / tails[0]:.2f} × of {tail} ms"
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


def _last_month() -> str:
    today = _now()
    return f"{today.year - (today.month == 1)}-{(today.month - 2) % 12 + 1:02d}"


def _now() -> datetime:
    return datetime.now(UTC)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--largest", type=int, default=SIZES[-1][0], help="leave out districts with more persons")
    parser.add_argument("--folder", type=Path, help="where the files are written, and stay")
    parser.add_argument("--times", type=int, default=200, help="how often each is asked")
    parser.add_argument(
        "--serve", type=int, help="serve the console of a folder at this port; used by the benchmark itself"
    )
    asked = parser.parse_args()
    logging.getLogger("storage").setLevel(logging.ERROR)
    if asked.serve:
        return uvloop.run(serve(asked.folder, asked.serve))
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

"""Every page of the console asked for over HTTP, from a process of its own for each district: seconds until the answer
is read, and what of it the processor worked.

Everybody asks as staff of the district, who see most. An address that needs a number gets one of what
`benchmarks.district` wrote.
"""

import argparse
import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import aiohttp
import uvicorn
import uvloop
from starlette.applications import Starlette

from benchmarks import district
from benchmarks.district import District
from benchmarks.programs import free_port, listens
from bot.console import ConsoleSettings, console_routes
from bot.console.ahead import CountingAhead
from reports.remembered import Remembered
from storage import sessions
from storage.database import open_database
from storage.times import local_date

_SLOWEST_PAGES = 30  # requests a second: the console lets one address ask 40

PAGES = {
    "overview": "/console",
    "events": "/console/events",
    "events of last month": "/console/events?month={last_month}",
    "calendar": "/console/events/calendar",
    "event, new": "/console/events/new",
    "event": "/console/events/{desk}",
    "event, held": "/console/events/{held}",
    "event, change": "/console/events/{market}/change",
    "event, sheet": "/console/events/{desk}/sheet",
    "check-in desk": "/console/events/{desk}/desk",
    "check-in desk, search": "/console/events/{desk}/desk?q=wang",
    "check-in desk, live": "/console/events/{desk}/roll",
    "market": "/console/events/{market}/stalls",
    "market, live": "/console/events/{market}/stalls/board",
    "series": "/console/events/series",
    "series, new": "/console/events/series/new",
    "series, one": "/console/events/series/{series}",
    "people": "/console/people",
    "people search": "/console/people?q={name}",
    "person": "/console/people/77",
    "person, correct": "/console/people/77/correct",
    "person, proof": "/console/people/77/proof",
    "person, new": "/console/people/new",
    "people, import": "/console/people/import",
    "本周在琼": "/console/people/in-town",
    "本周在琼, page 9": "/console/people/in-town?page=9",
    "本周在琼, 候鸟": "/console/people/in-town?only=seasonal",
    "merges": "/console/people/merge",
    "merges, who looks alike": "/console/people/merge?kept=77",
    "branches": "/console/branches",
    "branch": "/console/branches/{branch}",
    "points": "/console/points",
    "point": "/console/points/{point}",
    "point, change": "/console/points/{point}/change",
    "points, import": "/console/points/import",
    "menus": "/console/menus",
    "menu": "/console/points/{point}/menu",
    "needs": "/console/needs",
    "needs, mine": "/console/needs?whose=mine",
    "need": "/console/needs/{need}",
    "priority list": "/console/needs/priority",
    "wishes": "/console/wishes",
    "wish": "/console/wishes/{wish}",
    "polls": "/console/polls",
    "broadcasts": "/console/broadcasts",
    "broadcast, new": "/console/broadcasts/new",
    "broadcast": "/console/broadcasts/{broadcast}",
    "broadcast, live": "/console/broadcasts/{broadcast}/progress",
    "call list": "/console/calls",
    "undelivered": "/console/undelivered",
    "undelivered, 90 days": "/console/undelivered?days=90",
    "reports": "/console/reports",
    "reports, last season": "/console/reports?period=上一季",
    "reports, month": "/console/reports?period=本月",
    "reports, year": "/console/reports?period=今年",
    "files": "/console/files",
    "files, live": "/console/jobs",
    "file": "/console/files/{file}",
    "roles": "/console/roles",
    "audit log": "/console/audit?day={yesterday}",
    "audit log, page 2": "/console/audit?day={yesterday}&page=2",
    "audit log, one kind": "/console/audit?day={yesterday}&action=consent",
    "settings": "/console/settings",
    "settings of needs": "/console/settings/needs",
    "health": "/console/health",
}
FIRST = ("overview", "reports", "reports, last season", "reports, month", "reports, year")
"""Pages with figures of a period, which somebody is the first to look at."""

_QUICKER = {"check-in desk": 50.0, "check-in desk, search": 50.0, "check-in desk, live": 50.0}
_PAGE = 100.0


def goal(page: str) -> float:
    """Milliseconds, p95 (issue 4)."""
    return _QUICKER.get(page, _PAGE)


@dataclass
class Waits:
    """Of one page in one district, in seconds. `first` is by whoever looked first."""

    first: float = 0.0
    answered: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)


class Look(NamedTuple):
    """At one page: seconds until it was read, seconds that the processor worked, bytes."""

    answered: float
    worked: float
    size: int


@dataclass(frozen=True)
class Visitor:
    """Signed in at a console."""

    look: Callable[[str], Awaitable[Look]]
    counted: float  # seconds that counting ahead took
    process: int  # that serves


@dataclass
class Asked:
    """One district. `counted` is how many seconds the figures took that pages find counted ahead."""

    counted: float
    pages: dict[str, Waits]


async def ask(districts: Sequence[District], times: int) -> list[Asked]:
    """By page, for each district. All are asked in turn, so that what else the machine does meets all alike."""
    async with AsyncExitStack() as stack:
        visitors = [await stack.enter_async_context(visiting(each)) for each in districts]
        found = [Asked(each.counted, {what: Waits() for what in PAGES}) for each in visitors]
        for turn in range(times + 1):
            for what, page in PAGES.items():
                for about, visitor, asked in zip(districts, visitors, found, strict=True):
                    seen = await visitor.look(address(page, about))
                    waits = asked.pages[what]
                    if turn:
                        waits.answered.append(seen.answered)
                        waits.worked.append(seen.worked)
                    else:
                        waits.first = seen.answered
                await asyncio.sleep(1 / _SLOWEST_PAGES)
        return found


def address(page: str, about: District) -> str:
    """Of a page, for this district."""
    today = local_date(datetime.now(UTC))
    last_month = today.replace(day=1) - timedelta(days=1)
    words = {"last_month": f"{last_month:%Y-%m}", "yesterday": today - timedelta(days=1), "name": about.name}
    return page.format(**about.at, **words)


@asynccontextmanager
async def visiting(about: District) -> AsyncIterator[Visitor]:
    """Signed in as district staff at a console of its own process."""
    async with open_database(about.url, about.vault()) as database:
        token = await database.write(sessions.link_for, district.STAFF, datetime.now(UTC))
    port = free_port()
    serve = ("-m", "benchmarks.console", "--serve", str(port), "--folder", str(about.folder))
    process = await asyncio.create_subprocess_exec(sys.executable, *serve, stdout=asyncio.subprocess.PIPE)
    here = f"http://127.0.0.1:{port}"
    try:
        if process.stdout is None:
            raise RuntimeError("it says nothing")
        counted = float(await process.stdout.readline() or "nan")
        await listens(port, process)
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
            entering = client.post(f"{here}/console/in/{token}", headers={"Origin": here}, allow_redirects=False)
            async with entering as response:
                if response.status != 303:
                    raise RuntimeError(f"the console did not let us in: {response.status}")

            async def look(path: str) -> Look:
                worked, begun = processor_time(process.pid), time.perf_counter()
                async with client.get(here + path, allow_redirects=False) as response:
                    size = 0
                    async for piece in response.content.iter_any():
                        size += len(piece)
                    answered = time.perf_counter() - begun
                    if response.status != 200:
                        raise RuntimeError(f"{path} answered {response.status}")
                return Look(answered, processor_time(process.pid) - worked, size)

            yield Visitor(look, counted, process.pid)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        await process.wait()


def processor_time(process: int) -> float:
    """Seconds that all threads of a process have worked; of Linux, to the nanosecond."""
    worked = 0
    for thread in Path(f"/proc/{process}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            worked += int((thread / "schedstat").read_text().split()[0])
    return worked / 1e9


async def serve(folder: Path, port: int) -> None:
    """The console of the district in `folder`, until it is stopped."""
    about = District(folder, 0, 0, 0, 0, "")
    key = b"a key for the forms of benchmarks"
    async with open_database(about.url, about.vault()) as database:
        desk = ConsoleSettings(f"http://127.0.0.1:{port}", "0898-0000-0000")
        remembered, clock = Remembered(), lambda: datetime.now(UTC)
        begun = time.perf_counter()
        await CountingAhead(database, remembered, clock).look()
        print(time.perf_counter() - begun, flush=True)
        app = Starlette(routes=console_routes(database, clock, key, desk, lambda: None, remembered))
        await uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False)).serve()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--serve", type=int)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    uvloop.run(serve(asked.folder, asked.serve))

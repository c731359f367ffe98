"""A season's report and a million attendances as a workbook and as CSV: memory, time, and whether others notice.

Run: python -m benchmarks.reports [--rows 1000000] [--keep]

Files: asked for as at the console, made by `bot.exports` in the process of its own that it starts, kept by the process
that asked, and taken from a console over HTTP; from a district of that many attendances. Memory is what the process
that makes one had at most above one that has only imported and opened the same, and what the other two had at most
above what they had before. Answering: in the process that asked, somebody writes every 20 ms, before and while the
files are made; its own memory is watched, too. Writing alone: rows of eight columns, made up as they are written, by
our writers and by the fastest on PyPI that give the same cells, rustpy-xlsxwriter and the csv module; each in a process
of its own.
"""

import asyncio
import contextlib
import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import rustpy_xlsxwriter
import uvloop

from benchmarks import district
from benchmarks.console import visiting
from benchmarks.district import District
from benchmarks.export import COLUMNS, made_up
from benchmarks.figures import at_most, beside, options, percentile, tell
from benchmarks.programs import memory
from bot.exports import Exporter
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from reports.csv import write_csv
from reports.sheet import Book, Sheet
from reports.xlsx import write_xlsx
from storage import exports
from storage.database import Database, open_database

TITLE = "Reports"
_ABOVE_IDLE = 60.0  # MB
_OF_THE_FASTEST = 1.2
_SLOWER = 1.5  # times: more than that somebody would notice
_EVERY = 0.02  # seconds
_WRITERS = ("our xlsx", "rustpy-xlsxwriter", "our csv", "csv module")
_WANTED = (("season", "xlsx"), ("came", "xlsx"), ("came", "csv"))


@dataclass
class Made:
    """How one file came to be. Megabytes of the process that made it, seconds that people waited meanwhile."""

    seconds: float
    resident: float
    answering: float
    waits: list[float]
    export: int
    size: int = 0  # bytes
    handing_out: float = 0.0
    handed_out: float = 0.0  # seconds


async def main(rows: int, *, keep: bool, command: str) -> None:
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        writing = {name: await _alone(name, rows, folder) for name in _WRITERS}
        idle, _ = await _run_module("bot.exporting", "--help")
        # In a process of its own: what building leaves behind would hide what files take.
        await _run_module("benchmarks.reports", "--build", str(folder), "--rows", str(rows))
        (folder / "config.toml").write_text('[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n')
        about = district.District(folder, 0, 0, 0, 0, "")
        async with open_database(about.url, about.vault()) as database:
            quiet, made, before = await _while_answering(database, folder / "config.toml")
        await _hand_out(about, made)
    figures = []
    for (name, form), each in made.items():
        what = f"{name}, {form}"
        figures += [
            beside(f"{what}: time", f"{each.seconds:.1f} s"),
            at_most(f"{what}: memory above idle", each.resident - idle, _ABOVE_IDLE, " MB", 0),
            at_most(f"{what}: memory above idle of who keeps it", each.answering - before, _ABOVE_IDLE, " MB", 0),
            at_most(f"{what}: memory above idle of who hands it out", each.handing_out, _ABOVE_IDLE, " MB", 0),
            beside(f"{what}: taken at the console", f"{each.size / 1e6:.0f} MB in {each.handed_out:.1f} s"),
            at_most(
                f"{what}: p50 of answers meanwhile ÷ before",
                percentile(each.waits, 50) / percentile(quiet, 50),
                _SLOWER,
                " ×",
            ),
            beside(
                f"{what}: p99 of answers meanwhile / before",
                f"{percentile(each.waits, 99):.0f} / {percentile(quiet, 99):.0f} ms",
            ),
        ]
    for ours, fastest in (("our xlsx", "rustpy-xlsxwriter"), ("our csv", "csv module")):
        ratio = writing[ours] / writing[fastest]
        figures.append(at_most(f"writing alone: {ours} ÷ {fastest}", ratio, _OF_THE_FASTEST, " ×"))
        figures.append(beside(f"writing alone: {ours} / {fastest}", f"{writing[ours]:.1f} / {writing[fastest]:.1f} s"))
    tell(TITLE, command, figures, [f"{rows:,} rows. An idle process of exports has {idle:.0f} MB.", *_WHY], keep=keep)


_WHY = (
    "Our workbook is written with XlsxWriter, for what an office prints and signs; why not with the faster one stands"
    " in docs/decisions/0005-workbooks.md. Our CSV guards every cell against formulas, which the csv module does not.",
)


async def _while_answering(database: Database, config: Path) -> tuple[list[float], dict[tuple[str, str], Made], float]:
    """Also the megabytes of this process before the first file."""
    reception = Reception(database, MENU, HOUSE, _now, frozenset({district.CHANNEL}))
    exporter = Exporter(database, config, _now, lambda: None)
    numbers = count(1)
    quiet = await _answers(reception, numbers, asyncio.sleep(10))
    made, before = {}, memory(os.getpid())
    for name, form in _WANTED:
        wanted = {"report": name, "from": "2000-10-01", "to": f"{_now().year + 1}-04-30", "name": "", "format": form}
        wanted |= {"points": None, "branches": None, "sees_party": True, "unmasked": None}
        if name == "season":
            year = _now().year - (_now().month < 10)
            wanted |= {"from": date(year, 10, 1).isoformat(), "to": date(year + 1, 4, 30).isoformat()}
        export_id = await database.write(exports.ask, "report", wanted, district.STAFF, None, _now())
        watching = asyncio.create_task(_watch())
        begun = time.perf_counter()
        waits = await _answers(reception, numbers, exporter.make_next())
        seconds = time.perf_counter() - begun
        watching.cancel()
        export = await database.read(exports.get, export_id)
        if export is None or export.state != "ready":
            raise RuntimeError(f"{name} as {form} was not made")
        answering, making = await watching
        made[name, form] = Made(seconds, making, answering, waits, export_id)
    return quiet, made, before


async def _hand_out(about: District, made: dict[tuple[str, str], Made]) -> None:
    """Over HTTP, by a console in a process of its own, to who throws it away."""
    async with visiting(about) as visitor:
        await visitor.look("/console/files")
        for each in made.values():
            before = memory(visitor.process)
            watching = asyncio.create_task(_watch(visitor.process))
            each.handed_out, _, each.size = await visitor.look(f"/console/files/{each.export}")
            watching.cancel()
            each.handing_out = (await watching)[0] - before


async def _answers(reception: Reception, numbers: Iterator[int], until: Any) -> list[float]:
    """Seconds that somebody waited who wrote every 20 ms, until `until` was done."""
    waits: list[float] = []
    done = asyncio.ensure_future(until)
    while not done.done():
        number = next(numbers)
        sender = Address(district.CHANNEL, str(2 + number % 100))
        begun = time.perf_counter()
        await reception.receive(Message(f"reports {number}", sender, _now(), "帮助"))
        waits.append(time.perf_counter() - begun)
        await asyncio.sleep(_EVERY)
    await done
    return waits


async def _watch(process: int | None = None) -> tuple[float, float]:
    """Megabytes at most, until cancelled: of this process, or that one, and of the largest this one has started."""
    own = child = 0.0
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            own = max(own, memory(process or os.getpid()))
            for started in _children():
                with contextlib.suppress(OSError):  # it has ended meanwhile
                    child = max(child, memory(started))
            await asyncio.sleep(0.05)
    return own, child


def _children() -> list[int]:
    return [int(number) for number in Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()]


async def _alone(name: str, rows: int, folder: Path) -> float:
    """Seconds."""
    return float(
        (await _run_module("benchmarks.reports", "--write", name, "--rows", str(rows), "--into", str(folder)))[1]
    )


async def _run_module(module: str, *arguments: str) -> tuple[float, str]:
    """Megabytes at most, and what it said."""
    run = "import resource, runpy, sys; sys.argv = sys.argv[1:]\n"
    run += "try: runpy.run_module(sys.argv[0], run_name='__main__', alter_sys=True)\n"
    run += "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6, file=sys.stderr)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", run, module, *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, told = await process.communicate()
    return float(told.split()[-1]), out.decode().strip()


def write(name: str, rows: int, folder: Path) -> float:
    """Seconds that one writer takes."""
    path = folder / "rows"
    begun = time.perf_counter()
    match name:
        case "our xlsx":
            write_xlsx(Book((), (), raw=Sheet("原始数据", COLUMNS, made_up(rows))), path)
        case "our csv":
            write_csv(Sheet("原始数据", COLUMNS, made_up(rows)), path)
        case "rustpy-xlsxwriter":
            names = [column.header for column in COLUMNS]
            records = (dict(zip(names, _plain(row), strict=True)) for row in made_up(rows))
            rustpy_xlsxwriter.write_worksheet(records, str(path))
        case _:
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows(_plain(row) for row in made_up(rows))
    return time.perf_counter() - begun


def _plain(row: Sequence[Any]) -> list[Any]:
    """Moments as others take them: without a zone, as they are shown."""
    return [value.replace(tzinfo=None) if isinstance(value, datetime) else value for value in row]


def _now() -> datetime:
    return datetime.now(UTC)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--write", choices=_WRITERS, help="only write; used by the benchmark itself")
    parser.add_argument("--build", type=Path, help="only write the district into a folder; likewise")
    parser.add_argument("--into", type=Path, help="with --write")
    asked = parser.parse_args()
    if asked.write:
        print(write(asked.write, asked.rows, asked.into))
        return
    if asked.build:
        uvloop.run(district.build(asked.build, max(200, asked.rows // 10), asked.rows, _now()))
        return
    uvloop.run(main(2_000 if asked.tiny else asked.rows, keep=asked.keep, command="python -m benchmarks.reports"))


if __name__ == "__main__":
    _run()

"""Makes the files that were asked for, one after the other in a process of its own, and sends them when ready."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from bot.wanted import EVENT_SHEET, MEDIA_TYPES, OF_ONE, POINTS, PROOF, period_of, report_of, suffix_of
from dialogue.message import File, Reply, encoded
from reports import catalogue, snapshots
from reports.catalogue import REPORTS
from reports.counts import Counts, counts
from reports.files import file_name
from storage import exports, files, outbox
from storage.database import Database, StorageFault, Transaction
from storage.exports import Export
from storage.times import local_date

_CANCELLED = "cancelled"
_COUNTED = frozenset({"attendance", "season", "event_ledger", "event_statistics"})
_LOOK_EVERY = 1.0  # seconds
_LONGEST = 3600  # seconds one file may take
_FAILED = "这个文件没做成，您的数据都在。请过一会儿再要一次，还不行请回“人工”。"

_SAID = {
    EVENT_SHEET: "签到表做好了，打印出来就能用。上面有姓名，用完请收好。",
    POINTS: "您的积分台账做好了，只有您自己看得到。",
    PROOF: "参加活动证明做好了，打印出来请支部盖章。7 天内可以打开。",
}

_log = logging.getLogger(__name__)


class Exporter:
    """One task. The writing is done by `bot.exporting` in another process: a long one slows nobody down."""

    def __init__(
        self,
        database: Database,
        settings_file: Path,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._settings_file = settings_file
        self._clock = clock
        self._wake = wake

    async def run(self) -> None:
        left_over = True
        while True:
            try:
                if left_over:
                    await self._database.write(exports.after_a_stop)
                    left_over = False
                while await self.make_next():
                    pass
            except StorageFault as fault:
                _log.error("exports: nothing can be kept: %s", fault)
            await asyncio.sleep(_LOOK_EVERY)

    async def make_next(self) -> bool:
        """Make the next file, if any is wanted."""
        if not await self._database.read(exports.is_any_wanted):
            return False
        export = await self._database.write(exports.take_next, self._clock())
        if export is None:
            return False
        name = report_of(export.kind, export.wanted)
        suffix = suffix_of(export.kind, export.wanted)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"export.{suffix}"
            fault = await self._write(export, path)
            if fault == _CANCELLED:
                return True
            if fault:
                _log.error("export %d failed: %s", export.id, fault)
                await self._database.write(_failed, export, fault, self._clock())
            else:
                counted = await self._database.read(_counted, export) if name in _COUNTED else None
                token = await self._keep(export, path, suffix)
                await self._database.write(_ready, export, counted, token, suffix, self._clock())
        self._wake()
        return True

    async def _keep(self, export: Export, path: Path, suffix: str) -> str:
        """Returns the token that opens it. A large file is kept piece by piece, and others write between."""
        name, person, now = _name(export, suffix, self._clock()), export.person_id, self._clock()
        with path.open("rb") as file:
            token = await self._database.write(
                files.add, name, MEDIA_TYPES[suffix], file.read(files.PIECE), person, now
            )
            place = 1
            while piece := file.read(files.PIECE):
                await self._database.write(files.add_piece, token, place, piece)
                place += 1
        return token

    async def _write(self, export: Export, path: Path) -> str:
        """Empty when it worked, else what went wrong in a word."""
        command = [sys.executable, "-m", "bot.exporting", "--config", str(self._settings_file)]
        command += ["--export", str(export.id), "-o", str(path)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            return await asyncio.wait_for(self._follow(export, process), _LONGEST)
        except TimeoutError:
            return "timeout"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def _follow(self, export: Export, process: asyncio.subprocess.Process) -> str:
        """Note how far it is, and stop it when nobody wants it any more: also between two lines."""
        reading = asyncio.create_task(self._note_progress(export, process))
        try:
            while not reading.done():
                await asyncio.wait({reading}, timeout=_LOOK_EVERY)
                current = await self._database.read(exports.get, export.id)
                if current is None or current.state == "cancelled":
                    return _CANCELLED
            await reading
        finally:
            reading.cancel()
        code = await process.wait()
        return "" if code == 0 else f"exit {code}"

    async def _note_progress(self, export: Export, process: asyncio.subprocess.Process) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            await self._database.write(exports.progress, export.id, int(line))


def _counted(tx: Transaction, export: Export) -> Counts:
    return counts(tx, period_of(export.wanted))


def _ready(tx: Transaction, export: Export, counted: Counts | None, token: str, suffix: str, now: datetime) -> None:
    """The figures of a report that is handed out are kept, so that a later correction shows."""
    exports.ready(tx, export.id, token, now)
    if counted is not None:
        snapshots.keep(tx, counted, export.person_id, now)
    headline = counted.headline if counted else _SAID.get(export.wanted.get("report", ""), f"{_label(export)}做好了。")
    if _is_from_chat(export):
        sent = File(token, _name(export, suffix, now), MEDIA_TYPES[suffix])
        _tell(tx, export, Reply(headline, file=sent), now)


def _name(export: Export, suffix: str, now: datetime) -> str:
    return file_name(_label(export), local_date(now), str(export.wanted.get("subject") or _subject(export)), suffix)


def _label(export: Export) -> str:
    name = report_of(export.kind, export.wanted)
    if name in OF_ONE:
        return OF_ONE[name]
    return "活动统计" if export.kind == "attendance" else catalogue.label(name)


def _is_from_chat(export: Export) -> bool:
    """What was asked for at the console is taken there; the rest is sent."""
    return export.kind == "attendance" or export.account_id is not None


def _subject(export: Export) -> str:
    name = report_of(export.kind, export.wanted)
    return period_of(export.wanted).name if name not in REPORTS or REPORTS[name].has_period else ""


def _failed(tx: Transaction, export: Export, fault: str, now: datetime) -> None:
    exports.failed(tx, export.id, fault, now)
    if _is_from_chat(export):
        _tell(tx, export, Reply(_FAILED), now)


def _tell(tx: Transaction, export: Export, reply: Reply, now: datetime) -> None:
    if export.person_id is not None:
        planned = outbox.Planned("alert", f"export:{export.id}", encoded(reply), now, person_id=export.person_id)
        outbox.plan(tx, planned, now)

"""Makes the files that were asked for, one after the other in a process of its own, and sends them when ready."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from dialogue.message import File, Reply, encoded
from reports.counts import counts
from reports.files import file_name
from reports.periods import Period
from storage import exports, files, outbox
from storage.database import Database, StorageFault, Transaction
from storage.exports import Export
from storage.times import local_date

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LOOK_EVERY = 1.0  # seconds
_LONGEST = 3600  # seconds one file may take
_FAILED = "这个文件没做成，您的数据都在。请过一会儿再要一次，还不行请回“人工”。"

_log = logging.getLogger(__name__)


class Exporter:
    """One task. The writing is done by `hongyan export` in another process: a long one slows nobody down."""

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
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "export.xlsx"
            fault = await self._write(export, path)
            if fault:
                _log.error("export %d failed: %s", export.id, fault)
                await self._database.write(_failed, export, fault, self._clock())
            else:
                headline = await self._database.read(_headline, export)
                await self._database.write(_ready, export, headline, path.read_bytes(), self._clock())
        self._wake()
        return True

    async def _write(self, export: Export, path: Path) -> str:
        """Empty when it worked, else what went wrong in a word."""
        wanted = export.wanted
        command = [sys.executable, "-m", "bot", "export", "attendance", "--config", str(self._settings_file)]
        command += ["--from", wanted["from"], "--to", wanted["to"], "-o", str(path)]
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            code = await asyncio.wait_for(process.wait(), _LONGEST)
        except TimeoutError:
            process.kill()
            return "timeout"
        return "" if code == 0 else f"exit {code}"


def _period(export: Export) -> Period:
    wanted = export.wanted
    return Period(date.fromisoformat(wanted["from"]), date.fromisoformat(wanted["to"]), wanted.get("name", ""))


def _headline(tx: Transaction, export: Export) -> str:
    return counts(tx, _period(export)).headline


def _ready(tx: Transaction, export: Export, headline: str, content: bytes, now: datetime) -> None:
    name = file_name("活动统计", local_date(now), _period(export).name)
    token = files.add(tx, name, XLSX, content, export.person_id, now)
    exports.ready(tx, export.id, token, now)
    _tell(tx, export, Reply(headline, file=File(token, name, XLSX)), now)


def _failed(tx: Transaction, export: Export, fault: str, now: datetime) -> None:
    exports.failed(tx, export.id, fault, now)
    _tell(tx, export, Reply(_FAILED), now)


def _tell(tx: Transaction, export: Export, reply: Reply, now: datetime) -> None:
    if export.person_id is not None:
        planned = outbox.Planned("alert", f"export:{export.id}", encoded(reply), now, person_id=export.person_id)
        outbox.plan(tx, planned, now)

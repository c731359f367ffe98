"""The nightly backup: made in a process of its own, verified there, and kept for thirty days."""

import asyncio
import logging
import re
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from bot.config import Settings
from storage.times import local_date

KEPT = timedelta(days=30)  # care.md 7
_NAME = re.compile(r"hongyan-(\d{4}-\d{2}-\d{2})\.db")

_log = logging.getLogger(__name__)


class Backups:
    """Beside the database, in the folder `backups`. PostgreSQL is backed up by its own tools."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._settings = settings
        self._clock = clock

    async def make(self) -> None:
        if not self._settings.database_url.startswith("sqlite:"):
            return
        folder = self._settings.folder / "backups"
        folder.mkdir(exist_ok=True)
        target = folder / f"hongyan-{local_date(self._clock()).isoformat()}.db"
        command = (sys.executable, "-m", "bot", "backup", str(target), "--config", str(self._settings.file))
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        if await process.wait():
            _log.error("backup: none was made tonight; see the line above")
            return
        self._forget_old(folder)
        _log.info("backup: %s", target.name)

    def _forget_old(self, folder: Path) -> None:
        oldest = local_date(self._clock() - KEPT).isoformat()
        for path in folder.iterdir():
            if (found := _NAME.fullmatch(path.name)) and found[1] < oldest:
                path.unlink()

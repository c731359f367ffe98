"""The nightly backup: made in a process of its own, verified there, copied elsewhere, and kept by a rule."""

import asyncio
import logging
import re
import sys
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Self

from bot.config import Settings
from bot.figures import Figure
from bot.schedule import NotDone
from storage.times import local_date

KEPT = timedelta(days=30)  # care.md 7
_NAME = re.compile(r"hongyan-(\d{4}-\d{2}-\d{2})\.(?:backup|db)")
_LONGEST_COPY = 3600.0  # seconds; a copy that hangs must not stop tomorrow's

_log = logging.getLogger(__name__)


class Backups:
    """Beside the database, in the folder `backups`. PostgreSQL is backed up by its own tools."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime]) -> None:
        self.made_at: datetime | None = None
        """When the last one was made and verified, since the start or before it."""
        self.copied_at: datetime | None = None
        """When the last one was copied elsewhere, since the start."""
        self._settings = settings
        self._clock = clock
        self._since = clock()

    @property
    def are_made(self) -> bool:
        return self._settings.database_url.startswith("sqlite:")

    @classmethod
    def found(cls, settings: Settings, clock: Callable[[], datetime]) -> Self:
        """Knows of the backups that are there already."""
        backups = cls(settings, clock)
        moments = [path.stat().st_mtime for path in cls.all_in(settings)]
        if moments:
            backups.made_at = datetime.fromtimestamp(max(moments), clock().tzinfo)
        return backups

    @staticmethod
    def all_in(settings: Settings) -> Iterable[Path]:
        """The nightly backups that are there, also those of earlier versions, which were not sealed."""
        folder = settings.folder / "backups"
        return sorted([*folder.glob("hongyan-*.backup"), *folder.glob("hongyan-*.db")])

    def figures(self, now: datetime) -> list[Figure]:
        copied = self.copied_at.timestamp() if self.copied_at is not None else 0
        if not self.are_made:
            return []
        age = (now - (self.made_at or self._since)).total_seconds()
        return [Figure("backup_age_seconds", round(age)), Figure("backup_copied_at_seconds", copied)]

    async def make(self) -> None:
        """Tonight's. Raises `NotDone` when there is none; one that could not be copied elsewhere counts as made."""
        if not self.are_made:
            return
        folder = self._settings.folder / "backups"
        try:
            folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as problem:
            raise NotDone(f"{folder} cannot be made: {problem.strerror}") from None
        target = folder / f"hongyan-{local_date(self._clock()).isoformat()}.backup"
        if target.exists():  # made at the first hour of the night; the others are for when that failed
            return
        command = (sys.executable, "-m", "bot", "backup", str(target), "--config", str(self._settings.file))
        if await _run(command):
            raise NotDone("there is no backup of tonight; see the line above")
        self.made_at = self._clock()
        _log.info("backup: %s", target.name)
        self._forget_old(folder, local_date(self._clock() - KEPT))
        await self._copy(target)

    async def _copy(self, target: Path) -> None:
        words = self._settings.config.storage.backup_copy_command
        if not words:
            return
        if await _run(tuple(word.replace("{file}", str(target)) for word in words)):
            _log.error("backup: storage.backup_copy_command failed; %s lies here alone", target.name)
            return
        self.copied_at = self._clock()
        _log.info("backup: %s was copied elsewhere", target.name)

    def _forget_old(self, folder: Path, oldest: date) -> None:
        for path in folder.iterdir():
            if (found := _NAME.fullmatch(path.name)) and found[1] < oldest.isoformat():
                path.unlink()


async def _run(command: tuple[str, ...]) -> int:
    """The exit code. Its words go where ours go; no shell reads the command."""
    try:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    except OSError as problem:
        _log.error("backup: %s cannot be started: %s", command[0], problem.strerror)
        return 127
    try:
        return await asyncio.wait_for(process.wait(), _LONGEST_COPY)
    except TimeoutError:
        process.kill()
        return await process.wait() or 1
    except asyncio.CancelledError:
        process.kill()
        raise

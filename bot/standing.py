"""Writes down, for the console, which channels are on and heard of their platforms, and when the last backup was."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime

from bot.backups import Backups
from bot.health import LastHeard
from storage import standing
from storage.database import Database
from storage.standing import Standing


class StandingNotes:
    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        channels: Collection[str],
        heard: Mapping[str, LastHeard],
        backups: Backups,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._heard = heard
        self._backups = backups

    async def write_down(self) -> None:
        heard = {name: self._heard[name]() if name in self._heard else None for name in self._channels}
        now = Standing(self._clock(), heard, self._backups.are_made, self._backups.made_at)
        await self._database.write(standing.write_down, now)

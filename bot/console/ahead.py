"""Counts ahead what pages show of a period, so that nobody who opens one waits for it: at start, and after whatever
changes a figure."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from bot.console.reports import quick_periods
from reports.remembered import Remembered
from storage.database import Database, StorageFault
from storage.times import local_date

_LOOK_EVERY = 2.0  # seconds
_REST = 4  # times as long as the last look took: counting never takes more than a fifth of one processor

_log = logging.getLogger(__name__)


class CountingAhead:
    """One task in each process that serves the console: what is counted is remembered there."""

    def __init__(self, database: Database, remembered: Remembered, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._remembered = remembered
        self._clock = clock

    async def run(self) -> None:
        while True:
            begun = time.monotonic()
            try:
                await self.look()
            except StorageFault as fault:
                _log.error("counting ahead: nothing can be read: %s", fault)
            await asyncio.sleep(max(_LOOK_EVERY, _REST * (time.monotonic() - begun)))

    async def look(self) -> None:
        """Count what may have changed, each period in a transaction of its own."""
        for _, period in quick_periods(local_date(self._clock())):
            await self._database.read(self._remembered.counts, period)

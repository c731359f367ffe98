"""Two clocks for the fake server: the wall's, and one that a test moves."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    def time(self) -> float:
        """Seconds since 1970."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class WallClock:
    def time(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class QuickClock:
    """Runs `times` as fast as the wall's: what takes Telegram a minute passes in seconds."""

    def __init__(self, times: float) -> None:
        self._times = times
        self._start = time.time()

    def time(self) -> float:
        return self._start + (time.time() - self._start) * self._times

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._times)


class HandClock:
    """Stands still until it is moved on."""

    def __init__(self, start: float = 1_764_547_200.0) -> None:  # 2025-12-01 00:00 UTC
        self._now = start
        self._sleepers: list[tuple[float, int, asyncio.Event]] = []
        self._order = itertools.count()
        self._slept = asyncio.Event()

    def time(self) -> float:
        return self._now

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._now, UTC)

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken = asyncio.Event()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), woken))
        self._slept.set()
        await woken.wait()

    def advance(self, seconds: float) -> None:
        """Move on. Who is woken begins to run when the test next awaits something."""
        self._now += seconds
        while self._sleepers and self._sleepers[0][0] <= self._now:
            heapq.heappop(self._sleepers)[2].set()

    async def asleep(self, at_least: float) -> None:
        """Wait, in real time, until someone sleeps for `at_least` seconds more."""
        while not any(until - self._now >= at_least and not woken.is_set() for until, _, woken in self._sleepers):
            self._slept.clear()
            await asyncio.wait_for(self._slept.wait(), 10)

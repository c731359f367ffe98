"""A clock that stands still until a test moves it, and wakes who sleeps by it."""

import asyncio
import heapq
import itertools
from datetime import UTC, datetime, timedelta

NOON = datetime(2025, 12, 1, 4, tzinfo=UTC)  # a Monday, 12:00 in 三亚


class Clock:
    def __init__(self, now=NOON):
        self.now = now
        self._sleepers = []
        self._order = itertools.count()
        self._changed = asyncio.Condition()

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        woken = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self.now + timedelta(seconds=seconds), next(self._order), woken))
        async with self._changed:
            self._changed.notify_all()
        await woken

    def _awake(self):
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[2].done()]
        heapq.heapify(self._sleepers)
        return self._sleepers

    async def until_asleep(self, *seconds):
        """Wait until somebody sleeps for each of `seconds` from now."""
        wanted = [self.now + timedelta(seconds=number) for number in seconds]

        def all_there():
            waking = [when for when, _, _ in self._awake()]
            return all(moment in waking for moment in wanted)

        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(all_there)

    async def advance(self, seconds):
        """Move on, waking everyone whose time comes, in order."""
        until = self.now + timedelta(seconds=seconds)
        while self._awake() and self._sleepers[0][0] <= until:
            when, _, woken = heapq.heappop(self._sleepers)
            self.now = max(self.now, when)
            woken.set_result(None)
            for _ in range(3):
                await asyncio.sleep(0)  # lets the woken go on before the next one wakes
        self.now = until

    def jump(self, **delta):
        """Move on where nobody sleeps: days and hours."""
        self.now += timedelta(**delta)

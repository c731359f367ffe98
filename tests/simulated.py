"""Time that jumps to the next moment somebody waits for, and a channel that does as a test says."""

import asyncio
import heapq
import itertools
import math
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.channels.pace import Pace
from bot.delivery import Delivery
from tests.conftest import MORNING


class Time:
    """A clock for delivery. It stands while anybody works, and jumps when all wait."""

    def __init__(self, now=MORNING):
        self.now = now
        self.began = now
        self.lines = 0  # that wait when they have nothing to do
        self.flights = 0  # sends under way
        self._waiting = []  # deadline, number, future, event
        self._numbers = itertools.count()
        self._limit = None
        self._reached = None

    def __call__(self):
        return self.now

    def monotonic(self):
        return (self.now - self.began).total_seconds()

    async def wait(self, event, seconds):
        deadline = self.now + timedelta(milliseconds=math.ceil(seconds * 1_000))  # timers are no finer
        over = asyncio.get_running_loop().create_future()
        entry = (deadline, next(self._numbers), over, event)
        heapq.heappush(self._waiting, entry)
        told = asyncio.create_task(event.wait())
        self._look()
        try:
            await asyncio.wait([over, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            if entry in self._waiting:
                self._waiting.remove(entry)
                heapq.heapify(self._waiting)

    async def until(self, moment):
        """Let everything happen that happens until `moment`."""
        self._limit = moment
        self._reached = asyncio.get_running_loop().create_future()
        self._look()
        await self._reached

    async def passes(self, **duration):
        await self.until(self.now + timedelta(**duration))

    def lands(self):
        """A send is over; perhaps it was the last that anybody waited for."""
        self.flights -= 1
        self._look()

    def _look(self):
        # Twice around the loop: a task made just now must get to its first wait.
        loop = asyncio.get_running_loop()
        loop.call_soon(loop.call_soon, self._jump)

    def _jump(self):
        if self._reached is None or self._reached.done():
            return
        if len(self._waiting) < self.lines + self.flights or any(entry[3].is_set() for entry in self._waiting):
            return
        if not self._waiting or self._waiting[0][0] >= self._limit:
            self.now = max(self.now, self._limit)
            self._reached.set_result(None)
            return
        deadline, _, over, _ = heapq.heappop(self._waiting)
        self.now = max(self.now, deadline)
        over.set_result(None)


class FakeChannel:
    """Sends to people who are only names. `does(user, text, time)` may raise, or return how long it takes."""

    def __init__(self, name, time, does=None, takes=0.05):
        self.name = name
        self.time = time
        self.does = does or (lambda user, text: None)
        self.takes = takes  # seconds
        self.sent = []  # moment, user, text: what the platform has got
        self.tried = []  # moment, user, text
        self.at_once = 0
        self.most_at_once = 0
        self.with_user = set()
        self.two_at_once = False  # to one user

    async def send(self, user, reply, *, urgent=False):
        self.time.flights += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.two_at_once |= user in self.with_user
        self.with_user.add(user)
        try:
            self.tried.append((self.time.now, user, reply.text))
            if self.takes:
                await self.time.wait(asyncio.Event(), self.takes)
            problem = self.does(user, reply.text)
            if getattr(problem, "arrived", problem is None):
                self.sent.append((self.time.now, user, reply.text))
            if problem is not None:
                raise problem
            return f"{user}-{len(self.sent)}"
        finally:
            self.time.lands()
            self.at_once -= 1
            self.with_user.discard(user)

    def texts(self, user=None):
        return [text for _, to, text in self.sent if user in (None, to)]


@asynccontextmanager
async def delivering(database, time, *channels, per_second=1_000.0, **pace):
    """A running delivery; killed at the end of the block, not stopped. `per_second` None leaves out the paces."""
    paces = {one.name: Pace(per_second, monotonic=time.monotonic, **pace) for one in channels if per_second}
    delivery = Delivery(database, {one.name: one for one in channels}, time, paces, tick=600, wait=time.wait)
    time.lines += len(channels)
    task = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        task.cancel()
        await asyncio.wait([task])
        time.lines -= len(channels)
        if not task.cancelled() and task.exception():
            raise task.exception()

"""Updates pushed to the program: queues, connections and repeats the way the server does them."""

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import aiohttp

from tests.telegram.clock import Clock
from tests.telegram.updates import Updates, Waiting

WAITS = (0.0, 2.0, 4.0, 8.0, 16.0, 32.0, 62.0)  # before the next try; then 90 s each
LATER_WAITS = 90.0
GONE_FOR = 23 * 3600.0


@dataclass(frozen=True)
class Target:
    url: str
    secret: str
    max_connections: int


@dataclass
class Pushed:
    """One request made to the program, and what it said."""

    update_id: int
    at: float
    status: int  # 0: no answer
    body: bytes = b""


@dataclass
class Webhook:
    updates: Updates
    clock: Clock
    object_to: Callable[[str], None]
    target: Target | None = None
    pushed: list[Pushed] = field(default_factory=list)
    dropped: list[int] = field(default_factory=list)  # given up because a wait reached past their life
    connections: list[float] = field(default_factory=list)  # when each was opened
    last_error: tuple[int, str] | None = None
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._in_flight: dict[int, Waiting] = {}
        self._changed = asyncio.Event()
        self._recent: deque[float] = deque(maxlen=10)
        self._failing_since: float | None = None
        self._gone_since: float | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.updates.changed.append(self._changed.set)

    async def run(self) -> None:
        """Push until cancelled."""
        trace = aiohttp.TraceConfig()
        trace.on_connection_create_start.append(self._wait_for_connection)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector, trace_configs=[trace]) as session:
            try:
                while True:
                    self._changed.clear()
                    self._start_what_can(session)
                    await self._changed.wait()
            finally:
                for task in self._tasks:
                    task.cancel()
                await asyncio.gather(*self._tasks, return_exceptions=True)

    def wake(self) -> None:
        self._changed.set()

    def _start_what_can(self, session: aiohttp.ClientSession) -> None:
        if self.target is None:
            return
        now = self.clock.time()
        self.updates.forget_the_dead()
        at_most = 1 if self._is_slow() else self.target.max_connections
        loaded = self.updates.waiting[: 2 * self.target.max_connections]
        held = set(self._in_flight)
        for one in loaded:
            if one.queue in held or len(self._in_flight) >= at_most:
                continue
            held.add(one.queue)  # what comes later in this queue waits for it
            if one.not_before <= now:
                self._in_flight[one.queue] = one
                self.most_at_once = max(self.most_at_once, len(self._in_flight))
                self._keep(self._push(session, one, self.target))

    def _is_slow(self) -> bool:
        return self._failing_since is not None and self.clock.time() - self._failing_since > 10

    async def _wait_for_connection(self, _session: Any, _context: Any, _params: Any) -> None:
        while True:
            now = self.clock.time()
            if self._is_slow():
                wait = 2.0 - (now - self._recent[-1]) if self._recent else 0.0
            else:
                full = len(self._recent) == self._recent.maxlen
                wait = 0.5 - (now - self._recent[0]) if full else 0.0
            if wait <= 0:
                break
            await self.clock.sleep(wait)
        self._recent.append(now)
        self.connections.append(now)

    async def _push(self, session: aiohttp.ClientSession, one: Waiting, target: Target) -> None:
        headers = {"Content-Type": "application/json"}
        if target.secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = target.secret
        status, body, asked_to_wait, problem = 0, b"", None, "Connection refused"
        try:
            async with session.post(
                target.url, data=json.dumps(one.raw).encode(), headers=headers, timeout=aiohttp.ClientTimeout(60)
            ) as answer:
                status, body = answer.status, await answer.read()
                asked_to_wait = answer.headers.get("Retry-After")
        except aiohttp.ClientError as error:
            problem = type(error).__name__
        except TimeoutError:
            problem = "Read timeout expired"
        finally:
            self._in_flight.pop(one.queue, None)
        self.pushed.append(Pushed(one.raw["update_id"], self.clock.time(), status, body))
        if 200 <= status < 300:
            self._succeeded(one, body)
        else:
            if status:
                problem = f"Wrong response from the webhook: {status} {HTTPStatus(status).phrase}"
            self._failed(one, status, asked_to_wait, problem)
        self.updates.tell()

    def _succeeded(self, one: Waiting, body: bytes) -> None:
        self._failing_since = self._gone_since = None
        if body:
            self.object_to(f"a webhook answer with a body of {len(body)} bytes would be executed as a call")
        if one in self.updates.waiting:
            self.updates.done(one)

    def _failed(self, one: Waiting, status: int, asked_to_wait: str | None, problem: str) -> None:
        now = self.clock.time()
        self.last_error = (int(now), problem)
        if self._failing_since is None:
            self._failing_since = now
        if status != HTTPStatus.GONE:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since >= GONE_FOR:
            self.target = None
        wait = WAITS[one.tries] if one.tries < len(WAITS) else LATER_WAITS
        if asked_to_wait is not None and asked_to_wait.isdecimal():
            wait = min(float(asked_to_wait), 3600.0)
        one.tries += 1
        one.not_before = now + wait
        if one.not_before >= one.until:
            self.dropped.append(one.raw["update_id"])
            with contextlib.suppress(ValueError):
                self.updates.waiting.remove(one)
        elif wait:
            self._keep(self._wake_after(wait))

    async def _wake_after(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        self._changed.set()

    def _keep(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

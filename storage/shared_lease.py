"""The lease on PostgreSQL: the leader is whoever holds an advisory lock, on a connection that does nothing else.

The lock falls when the connection does: with the process, with the machine, or when the server has heard nothing for
`_SILENT_TOO_LONG`. Each worker holds a lock of its own number too, so that the others see which of them live. Nothing
is heard on that connection: to one that hangs the server would write until there is no more room, and forget the time.
The leader also undoes what a worker that hangs holds: in the middle of a pipeline the server counts no silence either.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import msgspec
import psycopg
from psycopg import AsyncConnection
from sqlalchemy import make_url

from storage.lease import Heard
from storage.postgresql import HANGS_AFTER, SEEN_TO_BE_GONE, WRITER

_SILENT_TOO_LONG = 20  # seconds until the server drops a worker that says nothing
_BEAT = 4.0  # seconds between two signs of life, and between two tries to lead
_PATIENCE = 8.0  # seconds for an answer: with the beat less than the above, so that one stops before another begins
_PAUSE = 1.0  # seconds before a lost connection is made anew
_CHANNEL = "hongyan"
_SETTINGS = (
    f"SET idle_session_timeout = '{_SILENT_TOO_LONG}s'",  # for a worker that hangs
    "SET tcp_keepalives_idle = 5",  # and for one whose machine is gone
    "SET tcp_keepalives_interval = 5",
    "SET tcp_keepalives_count = 3",
)
_BE_SEEN = "SELECT pg_try_advisory_lock(%s)"
_LEAD = "SELECT pg_try_advisory_lock(hashtextextended('hongyan leader', 0))"
_UNDO_WHO_HANGS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
WHERE datname = current_database() AND application_name = %s AND xact_start IS NOT NULL
AND wait_event_type = 'Client' AND state_change < clock_timestamp() - make_interval(secs => %s)"""

_log = logging.getLogger(__name__)


class SharedLease:
    """`storage.lease.Lease` among the workers on one database."""

    def __init__(self, url: str, worker: int, heard: Heard, clock: Callable[[], datetime]) -> None:
        self.leads, self.follows = asyncio.Event(), asyncio.Event()
        self.follows.set()
        self.since = clock()
        self._clock = clock
        self._to = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._worker = worker
        self._heard = heard
        self._words: set[tuple[str, str]] = set()
        self._has_words = asyncio.Event()
        self._hears = asyncio.Event()

    def tell(self, what: str, whom: str = "") -> None:
        self._words.add((what, whom))
        self._has_words.set()

    async def keep(self) -> None:
        """Lead when nobody else does, for as long as a connection holds."""
        await self._connected(self._lead_in_turn)

    async def hear(self) -> None:
        """What workers say, on a connection of its own."""
        await self._connected(self._listen)

    async def pass_on(self) -> None:
        """What this worker says, on a connection of its own, for the other one listens all the time."""
        await self._connected(self._say)

    async def _connected(self, work: Callable[[AsyncConnection[Any]], Awaitable[None]]) -> None:
        while True:
            try:
                async with asyncio.timeout(_PATIENCE):
                    connection = await AsyncConnection.connect(self._to, autocommit=True, **SEEN_TO_BE_GONE)
                async with connection:
                    await work(connection)
            except (psycopg.Error, OSError, TimeoutError) as fault:
                _log.warning("lease: the connection to the database is lost: %s", type(fault).__name__)
            await asyncio.sleep(_PAUSE)

    async def _lead_in_turn(self, connection: AsyncConnection[Any]) -> None:
        try:
            await self._hears.wait()  # what is said to a leader before it listens would be lost
            for setting in _SETTINGS:
                await connection.execute(setting)
            # While our last connection is not gone yet; the server tells nobody when it is.
            while not await self._ask(connection, _BE_SEEN, self._worker):  # noqa: ASYNC110
                await asyncio.sleep(_BEAT)
            while True:
                if self.leads.is_set():
                    if undone := await self._ask(connection, _UNDO_WHO_HANGS, WRITER, HANGS_AFTER):
                        _log.warning("lease: undid %d transactions of a worker that hangs", undone)
                elif await self._ask(connection, _LEAD):
                    self._turn(leads=True)
                await asyncio.sleep(_BEAT)
        finally:
            self._turn(leads=False)

    async def _listen(self, connection: AsyncConnection[Any]) -> None:
        await connection.execute(f"LISTEN {_CHANNEL}")
        self._hears.set()
        async for said in connection.notifies():
            self._heard(*msgspec.json.decode(said.payload, type=tuple[str, str]))

    async def _say(self, connection: AsyncConnection[Any]) -> None:
        while True:
            await self._has_words.wait()
            self._has_words.clear()
            while self._words:
                one = next(iter(self._words))
                await connection.execute("SELECT pg_notify(%s, %s)", (_CHANNEL, msgspec.json.encode(one).decode()))
                self._words.discard(one)

    @staticmethod
    async def _ask(connection: AsyncConnection[Any], question: str, *values: object) -> Any:
        async with asyncio.timeout(_PATIENCE):
            row = await (await connection.execute(question, values)).fetchone()
        return row and row[0]

    def _turn(self, *, leads: bool) -> None:
        if leads == self.leads.is_set():
            return
        _log.info("lease: this worker %s", "leads" if leads else "follows")
        self.since = self._clock()
        for event, is_so in ((self.leads, leads), (self.follows, not leads)):
            event.set() if is_so else event.clear()

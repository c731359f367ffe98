"""Whether the program is alive and ready, and its figures for Prometheus."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.delivery import Delivery
from bot.figures import Figure, written
from storage import settings, vitals
from storage.database import Database, StorageFault
from storage.lease import Lease

LastHeard = Callable[[], datetime | None]
"""When a channel last heard of its platform; None as long as it never did."""

More = Callable[[datetime], Iterable[Figure]]
"""Figures of another part of the program, as they are now."""

SILENT_TOO_LONG = timedelta(seconds=90)
_PATIENCE = 3.0  # seconds; whoever asks waits no longer for an answer

Handler = Callable[[Request], Awaitable[Response]]


class Health:
    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        lease: Lease,
        clock: Callable[[], datetime],
        channels: Mapping[str, LastHeard],
        more: Sequence[More] = (),
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._lease = lease
        self._clock = clock
        self._channels = channels
        self._more = more
        self._started_at = clock()
        self._trying: asyncio.Future[None] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/metrics", self.metrics, methods=["GET"]),
        ]

    async def alive(self, _request: Request) -> Response:
        """The process answers: no more is said, and nothing else is touched."""
        return PlainTextResponse("ok")

    async def ready(self, _request: Request) -> Response:
        """503 while nothing can be kept, or a channel has not heard of its platform for 90 seconds."""
        faults = [] if await self._storage_works() else ["storage"]
        now = self._clock()
        faults += [
            name for name, last in self._channels.items() if now - (last() or self._started_at) > SILENT_TOO_LONG
        ]
        return JSONResponse({"failing": faults, "leads": self._lease.leads.is_set()}, 503 if faults else 200)

    async def metrics(self, _request: Request) -> Response:
        now = self._clock()
        figures = [
            Figure("started_at_seconds", self._started_at.timestamp()),
            Figure("leads", self._lease.leads.is_set()),
            Figure("leads_since_seconds", self._lease.since.timestamp()),
            Figure("storage_fault", not await self._storage_works()),
            *await self._from_storage(now),
            *(
                Figure("sent_total", count, (("channel", channel), ("end", end)))
                for (channel, end), count in self._delivery.ended.items()
            ),
            *(
                Figure("channel_silence_seconds", self._silence(last, now), (("channel", name),))
                for name, last in self._channels.items()
            ),
            *(figure for more in self._more for figure in more(now)),
        ]
        return PlainTextResponse(written(figures), media_type="text/plain; version=0.0.4")

    async def _storage_works(self) -> bool:
        """Tried by keeping something: a full disk is not seen by reading. A spoiled page is seen by who needs it.

        One try at a time: while the database makes everyone wait, those who ask again and again would fill its line.
        """
        if self._trying is None or self._trying.done():
            now = self._clock()
            self._trying = asyncio.ensure_future(self._database.write(settings.put, "probed_at", now.isoformat(), now))
        try:
            async with asyncio.timeout(_PATIENCE):
                await asyncio.shield(self._trying)
        except (StorageFault, TimeoutError):
            return False
        return not self._database.is_spoiled

    async def _from_storage(self, now: datetime) -> list[Figure]:
        """None while nothing can be read: the others must still be there."""
        try:
            seen = await self._database.read(vitals.look, now)
        except StorageFault:
            return []
        return [
            *(Figure("outbox_rows", count, (("state", state),)) for state, count in seen.states.items()),
            Figure("outbox_late_seconds", seen.late_by.total_seconds()),
            Figure("sending_paused", seen.is_paused),
            *(Figure("updates_set_aside", count, (("channel", name),)) for name, count in seen.set_aside.items()),
        ]

    def _silence(self, last: LastHeard, now: datetime) -> float:
        return round((now - (last() or self._started_at)).total_seconds())

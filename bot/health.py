"""Whether the program is alive and ready, and its figures for Prometheus."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.delivery import Delivery
from bot.figures import Figure, written
from storage import outbox, vitals
from storage.database import Database, StorageFault, Transaction

LastHeard = Callable[[], datetime | None]
"""When a channel last heard of its platform; None as long as it never did."""

More = Callable[[datetime], Iterable[Figure]]
"""Figures of another part of the program, as they are now."""

SILENT_TOO_LONG = timedelta(seconds=90)

Handler = Callable[[Request], Awaitable[Response]]


class Health:
    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        clock: Callable[[], datetime],
        channels: Mapping[str, LastHeard],
        more: Sequence[More] = (),
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._channels = channels
        self._more = more
        self._started_at = clock()

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
        faults = []
        try:
            await self._database.write(_touch)
        except StorageFault:
            faults.append("storage")
        now = self._clock()
        faults += [
            name for name, last in self._channels.items() if now - (last() or self._started_at) > SILENT_TOO_LONG
        ]
        return JSONResponse({"failing": faults}, 503 if faults else 200)

    async def metrics(self, _request: Request) -> Response:
        now = self._clock()
        states = await self._database.read(outbox.states)
        seen = await self._database.read(vitals.look, now)
        figures = [
            Figure("started_at_seconds", self._started_at.timestamp()),
            *(Figure("outbox_rows", count, (("state", state),)) for state, count in states.items()),
            Figure("outbox_late_seconds", seen.late_by.total_seconds()),
            *(
                Figure("sent_total", count, (("channel", channel), ("end", end)))
                for (channel, end), count in self._delivery.ended.items()
            ),
            Figure("sending_paused", seen.is_paused),
            *(
                Figure("channel_silence_seconds", self._silence(last, now), (("channel", name),))
                for name, last in self._channels.items()
            ),
            *(Figure("updates_set_aside", count, (("channel", name),)) for name, count in seen.set_aside.items()),
            *(figure for more in self._more for figure in more(now)),
        ]
        return PlainTextResponse(written(figures), media_type="text/plain; version=0.0.4")

    def _silence(self, last: LastHeard, now: datetime) -> float:
        return round((now - (last() or self._started_at)).total_seconds())


def _touch(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("SELECT 1")

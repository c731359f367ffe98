"""Whether the program is alive and ready, and its figures for Prometheus."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot.delivery import Delivery
from storage import outbox
from storage.database import Database, StorageFault, Transaction

LastHeard = Callable[[], datetime | None]
"""When a channel last heard of its platform; None as long as it never did."""

SILENT_TOO_LONG = timedelta(seconds=90)

Handler = Callable[[Request], Awaitable[Response]]


class Health:
    def __init__(
        self,
        database: Database,
        delivery: Delivery,
        clock: Callable[[], datetime],
        channels: Mapping[str, LastHeard],
    ) -> None:
        self._database = database
        self._delivery = delivery
        self._clock = clock
        self._channels = channels
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
        waiting = await self._database.read(outbox.states)
        now = self._clock()
        lines = [
            "# HELP hongyan_outbox_rows Messages by state; planned and waiting have not been sent yet.",
            "# TYPE hongyan_outbox_rows gauge",
            *(f'hongyan_outbox_rows{{state="{state}"}} {count}' for state, count in sorted(waiting.items())),
            "# HELP hongyan_sent_total Messages that ended since the start, by channel and end.",
            "# TYPE hongyan_sent_total counter",
            *(
                f'hongyan_sent_total{{channel="{channel}",end="{end}"}} {count}'
                for (channel, end), count in sorted(self._delivery.ended.items())
            ),
            "# HELP hongyan_channel_silence_seconds Since a channel last heard of its platform.",
            "# TYPE hongyan_channel_silence_seconds gauge",
            *(
                f'hongyan_channel_silence_seconds{{channel="{name}"}} '
                f"{(now - (last() or self._started_at)).total_seconds():.0f}"
                for name, last in sorted(self._channels.items())
            ),
        ]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")


def _touch(tx: Transaction) -> None:
    tx.connection.exec_driver_sql("SELECT 1")

"""Where everything that causes messages turns to: this worker's delivery while it leads, else the leader's."""

from collections.abc import Sequence

from bot.channels.web.pages import Pages
from bot.delivery import Delivery
from storage.lease import Lease
from storage.outbox import Due

_WAKE = "wake"
_NEWS = "news"


class Outgoing:
    """Its parts are made after what turns to it; until they are there, nothing is handed over."""

    def __init__(self) -> None:
        self.lease: Lease | None = None
        self.delivery: Delivery | None = None
        self.pages: Pages | None = None

    def is_open(self) -> bool:
        return self.delivery is not None and self.delivery.is_open()

    def take(self, channel: str, due: Sequence[Due]) -> None:
        if self.delivery is not None:
            self.delivery.take(channel, due)

    def wake(self, channel: str = "") -> None:
        """Something is in the outbox: let whoever leads look at once, in this channel or in all."""
        if self.lease is None or self.lease.leads.is_set():
            self.heard(_WAKE, channel)
        else:
            self.lease.tell(_WAKE, channel)

    def left_waiting(self, channel: str, user: str) -> None:
        """The page of that person may be open at another worker: let it come for what waits."""
        if channel == "web" and self.lease is not None:
            self.lease.tell(_NEWS, user)

    def heard(self, what: str, whom: str) -> None:
        if what == _NEWS and self.pages is not None:
            self.pages.nudge(whom)
        if what == _WAKE and self.delivery is not None and self.delivery.is_open():
            self.delivery.wake(whom or None)

"""Keeps where each channel opens the chat, for links that conversations say; Telegram tells our name only later."""

from collections.abc import Callable
from datetime import datetime

from bot.channels.telegram.assembly import Telegram
from handlers.links import ADDRESSES
from storage import settings
from storage.database import Database

_ANY = "x"


class ChatAddresses:
    """`known` is what is on from the start: by channel, what a payload is put behind, empty where only words work."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], known: dict[str, str], telegram: Telegram | None
    ) -> None:
        self._database = database
        self._clock = clock
        self._known = known
        self._telegram = telegram
        self._kept: dict[str, str] = {}

    async def keep(self) -> None:
        """Write down what is known now, if it is more than before."""
        found = dict(self._known)
        if self._telegram is not None:
            found["telegram"] = (self._telegram.link(_ANY) or "").removesuffix(_ANY)
        if found != self._kept:
            await self._database.write(settings.put, ADDRESSES, found, self._clock())
            self._kept = found

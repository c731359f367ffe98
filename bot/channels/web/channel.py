"""The web chat as delivery sees it: a reply arrives when an open page comes for it, or it waits for the next visit."""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime

from bot.channels import NotNow, Rejected, TryLater, Unsure
from bot.channels.web import chats
from bot.channels.web.chats import CHANNEL, Unasked
from bot.channels.web.pages import Pages, Parcel
from dialogue.message import Reply
from storage import uploads
from storage.chat_history import Turn
from storage.database import Database, StorageFault

_PATIENCE = 5.0  # seconds for a page to answer a nudge; one that does not is asleep
_REST = 30.0  # seconds until the next try while nothing can be kept


class WebChannel:
    """`bot.channels.Channel` for the chat page."""

    name = CHANNEL

    def __init__(self, database: Database, clock: Callable[[], datetime], *, patience: float = _PATIENCE) -> None:
        self.pages = Pages()
        self._database = database
        self._clock = clock
        self._patience = patience

    async def send(self, user: str, reply: Reply, *, urgent: bool = False) -> str:  # noqa: ARG002
        """Returns the id of the reply in the chat. Raises `NotNow` when no page is open, or none answers."""
        nudged = list(self.pages.of(user))
        if not nudged:
            raise NotNow
        parcel = Parcel(f"push-{secrets.token_hex(12)}", reply, asyncio.get_running_loop().create_future())
        self.pages.put(user, parcel)
        try:
            await asyncio.wait({parcel.fetched}, timeout=self._patience)
        finally:
            was_left = self.pages.take_back(user, parcel)
        if was_left:
            for page in nudged:  # asleep: whoever is awake behind one of them connects again
                self.pages.leave(user, page)
            raise NotNow
        await parcel.fetched
        return parcel.id

    async def news(self, user: str) -> list[Turn]:
        """Give a page what waited for it, and return the chat. Raises `StorageFault`, and then nothing is lost."""
        parcels = self.pages.fetch(user)
        brought = [Unasked(parcel.id, parcel.reply) for parcel in parcels]
        outcome: Exception | None = Unsure("stopped while keeping it")
        try:
            turns = await self._database.write(
                chats.visit, user, brought, f"visit-{secrets.token_hex(12)}", self._clock()
            )
            outcome = None
        except StorageFault:
            outcome = TryLater(_REST, reason="nothing could be kept")
            raise
        finally:
            for parcel in parcels:
                parcel.end(outcome)
        if parcels:
            self.pages.nudge(user)  # a second page of the same person shows it too
        return turns

    async def fetch(self, reference: str) -> tuple[bytes, str]:
        """Bytes and media type of an attachment. Raises `Rejected` when they are gone for good."""
        found = await self._database.read(uploads.of, CHANNEL, reference)
        if found is None:
            raise Rejected("no longer there")
        return found

    def close(self) -> None:
        """End all open streams, so that the server need not wait for them."""
        self.pages.close()

"""Brings in what people sent beside words: after the message was answered, before the platform forgets it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from bot.channels import Rejected, TryLater
from storage import attachments
from storage.database import Database, StorageFault

Fetch = Callable[[str], Awaitable[tuple[bytes, str]]]
"""Bytes and media type by the channel's reference. Raises `TryLater` or `Rejected`."""

_EVERY = 5.0  # seconds

_log = logging.getLogger(__name__)


class Fetching:
    """One task for all channels; a channel that cannot be reached holds up no other."""

    def __init__(self, database: Database, channels: Mapping[str, Fetch]) -> None:
        self._database = database
        self._channels = channels

    async def run(self) -> None:
        while True:
            try:
                for channel in self._channels:
                    await self.once(channel)
            except StorageFault as fault:
                _log.error("fetching: nothing can be kept: %s", fault)
            await asyncio.sleep(_EVERY)

    async def once(self, channel: str) -> None:
        """Try each attachment that is still wanted from `channel` once."""
        for wanted in await self._database.read(attachments.wanted, channel):
            try:
                content, media_type = await self._channels[channel](wanted.reference)
            except TryLater as later:
                await self._database.write(attachments.miss, wanted.id, for_good=False)
                if later.everyone:
                    return
            except Rejected:
                await self._database.write(attachments.miss, wanted.id, for_good=True)
            else:
                await self._database.write(attachments.keep, wanted.id, content, media_type)

"""Media that travels: pictures uploaded once while the platform keeps them, and what people sent, fetched in time."""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.channels.wechat.api import Api
from storage import wechat
from storage.database import Database

LARGEST_PICTURE = 2 << 20  # the platform says both 2 and 10 MB
_KEPT = timedelta(days=3) - timedelta(hours=1)
_SUFFIX = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}


class Uploads:
    """Pictures of ours at the platform, by their content."""

    def __init__(self, api: Api, database: Database, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._database = database
        self._clock = clock

    async def picture(self, content: bytes, media_type: str) -> str | None:
        """The media id of a picture; None for what the platform does not take. Raises what `Api` raises."""
        suffix = _SUFFIX.get(media_type)
        if suffix is None or len(content) > LARGEST_PICTURE:
            return None
        digest = hashlib.sha256(b"image\0" + content).digest()
        now = self._clock()
        known = await self._database.read(wechat.uploaded, digest, now)
        if known is not None:
            return known
        media_id = await self._api.upload("image", f"picture.{suffix}", media_type, content)
        await self._database.write(wechat.keep_upload, digest, media_id, now + _KEPT)
        return media_id

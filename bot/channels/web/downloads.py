"""Files we made for people, opened by their token; the same link works from every channel."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.web import texts
from bot.channels.web.limits import Doors
from bot.web.files import in_pieces
from bot.web.limits import address_of
from storage import files
from storage.database import Database, StorageFault

_LONGEST_TOKEN = 64


class Downloads:
    def __init__(self, database: Database, clock: Callable[[], datetime], doors: Doors) -> None:
        self._database = database
        self._clock = clock
        self._doors = doors

    async def file(self, request: Request) -> Response:
        wait = self._doors.file(address_of(request.client.host if request.client else ""))
        if wait:
            return PlainTextResponse(texts.too_fast(wait), 429, {"retry-after": str(int(wait) + 1)})
        token = request.path_params["token"]
        if len(token) > _LONGEST_TOKEN:
            return PlainTextResponse(texts.GONE, 404)
        try:
            found = await self._database.read(files.begin, token, self._clock())
        except StorageFault:
            return PlainTextResponse(texts.NOT_NOW, 503, {"retry-after": "10"})
        if found is None:
            return PlainTextResponse(texts.GONE, 404)
        return in_pieces(self._database, found)

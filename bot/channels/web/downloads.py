"""Files we made for people, opened by their token; the same link works from every channel."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from bot.channels.web import texts
from bot.channels.web.limits import Doors
from bot.web.limits import address_of
from storage import files
from storage.database import Database

_SHOWN_IN_PLACE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
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
        found = await self._database.read(files.opened_by, token, self._clock())
        if found is None:
            return PlainTextResponse(texts.GONE, 404)
        name, media_type, content = found
        return as_file(content, media_type, name)


def as_file(content: bytes, media_type: str, name: str) -> Response:
    """Bytes that a browser shows only if they are a picture or sound, and never runs."""
    in_place = media_type in _SHOWN_IN_PLACE or media_type.startswith(("audio/", "video/"))
    headers = {
        "content-disposition": f"{'inline' if in_place else 'attachment'}; {_called(name)}",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, max-age=3600" if in_place else "no-store",
    }
    # Without a charset browsers guess one, and the Chinese in a calendar entry becomes noise.
    charset = "; charset=utf-8" if media_type.startswith("text/") and "charset" not in media_type else ""
    response = Response(content, headers=headers)
    response.headers["content-type"] = f"{media_type or 'application/octet-stream'}{charset}"
    return response


def _called(name: str) -> str:
    """The name of a download (RFC 5987), with a plain one for programs that do not know the other."""
    suffix = "".join(letter for letter in name.rpartition(".")[2] if letter.isascii() and letter.isalnum())[:8]
    return f"filename=\"file.{suffix or 'bin'}\"; filename*=UTF-8''{quote(name, safe='')}"

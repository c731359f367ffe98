"""Files as they are handed to browsers."""

from collections.abc import AsyncIterator
from urllib.parse import quote

from starlette.responses import Response, StreamingResponse

from storage import files
from storage.database import Database
from storage.files import Begun

_SHOWN_IN_PLACE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


class CutOff(Exception):
    """The rest of a file was forgotten while somebody took it."""


def in_pieces(database: Database, begun: Begun) -> Response:
    """A file of which the rest is read while the browser takes it.

    Where that is gone before its end the connection breaks off: half a file must not look like a whole one.
    """

    if not begun.more:
        return as_file(begun.beginning, begun.media_type, begun.name)

    async def content() -> AsyncIterator[bytes]:
        yield begun.beginning
        for place in range(1, begun.more + 1):
            piece = await database.read(files.piece, begun.token, place)
            if piece is None:
                raise CutOff
            yield piece

    return _as_shown(StreamingResponse(content()), begun.media_type, begun.name)


def as_file(content: bytes, media_type: str, name: str) -> Response:
    """Bytes that a browser shows only if they are a picture or sound, and never runs."""
    return _as_shown(Response(content), media_type, name)


def _as_shown(response: Response, media_type: str, name: str) -> Response:
    in_place = media_type in _SHOWN_IN_PLACE or media_type.startswith(("audio/", "video/"))
    response.headers.update(
        {
            "content-disposition": f"{'inline' if in_place else 'attachment'}; {_called(name)}",
            "content-security-policy": "sandbox; default-src 'none'",
            "cache-control": "private, max-age=3600" if in_place else "no-store",
        }
    )
    # Without a charset browsers guess one, and the Chinese in a calendar entry becomes noise.
    charset = "; charset=utf-8" if media_type.startswith("text/") and "charset" not in media_type else ""
    response.headers["content-type"] = f"{media_type or 'application/octet-stream'}{charset}"
    return response


def _called(name: str) -> str:
    """The name of a download (RFC 5987), with a plain one for programs that do not know the other."""
    suffix = "".join(letter for letter in name.rpartition(".")[2] if letter.isascii() and letter.isalnum())[:8]
    return f"filename=\"file.{suffix or 'bin'}\"; filename*=UTF-8''{quote(name, safe='')}"

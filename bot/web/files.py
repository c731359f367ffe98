"""Files as they are handed to browsers."""

from urllib.parse import quote

from starlette.responses import Response

_SHOWN_IN_PLACE = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})


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

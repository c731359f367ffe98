"""Reading what a page posts, within limits."""

import unicodedata
from typing import NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.types import Message

from bot.web.media import LARGEST

_MOST_BESIDE = 512 * 1024  # bytes of a request beside the file
_MOST = LARGEST + _MOST_BESIDE
_DRAINED = 4 * LARGEST  # read and dropped, so that the browser hears the answer instead of a broken line
_MOST_TEXT = 20_000  # characters handed on


class TooLarge(Exception):
    """More was sent than we take."""


class Unreadable(Exception):
    """What was sent is no form."""


class Upload(NamedTuple):
    name: str
    declared: str  # media type, as the browser says
    content: bytes


async def read(request: Request) -> FormData:
    """The form of a request. Raises `TooLarge`, `Unreadable`."""
    seen = 0

    async def receive() -> Message:
        nonlocal seen
        message = await request.receive()
        seen += len(message.get("body", b""))
        if seen > _MOST:
            more = message.get("more_body", False)
            while more and seen < _DRAINED:
                message = await request.receive()
                seen += len(message.get("body", b""))
                more = message.get("more_body", False)
            raise TooLarge
        return message

    try:
        return await Request(request.scope, receive).form(max_files=4, max_fields=20, max_part_size=_MOST)
    except (HTTPException, MultiPartException, UnicodeError):
        raise Unreadable from None


def text(form: FormData, name: str, at_most: int = _MOST_TEXT) -> str:
    """A field as text without control characters; empty when it is not there."""
    value = form.get(name)
    if not isinstance(value, str):
        return ""
    value = value[:at_most].replace("\r\n", "\n")
    return "".join(letter for letter in value if letter in "\n\t" or unicodedata.category(letter) not in ("Cc", "Cs"))


async def upload(form: FormData, name: str) -> Upload | None:
    """The first file that was really chosen. Raises `TooLarge`."""
    for value in form.getlist(name):
        if isinstance(value, UploadFile) and value.filename:
            if (value.size or 0) > LARGEST:
                raise TooLarge
            return Upload(value.filename, (value.content_type or "").partition(";")[0].lower(), await value.read())
    return None

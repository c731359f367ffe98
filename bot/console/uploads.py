"""A picture or document sent with a form, taken as the chat page takes it: known by its bytes, pictures made anew."""

import asyncio
from pathlib import PurePath

from starlette.datastructures import UploadFile

from bot.console.visit import Visit
from bot.web import media
from bot.web.media import Media, Unusable
from reports.files import safe
from storage.scrub import scrub

_LONGEST_NAME = 60
_NOT_SENT = "这个文件发不了。可以带图片、PDF、Word 和 Excel，最多 10 MB。"
_NOT_READ = {"empty": "这个文件是空的，请换一个。", "unknown": _NOT_SENT, "broken": "这张图片打不开，请截个图再选。"}


def was_sent(visit: Visit) -> bool:
    upload = visit.form.get("file")
    return isinstance(upload, UploadFile) and bool(upload.filename)


async def sent_file(visit: Visit, wrong: list[str]) -> tuple[str, Media] | None:
    """What was chosen to go along: a picture made anew, or a document, known by its bytes. `wrong` gets what is amiss.

    The chat page takes the same ones, in the same way.
    """
    upload = visit.form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        return None
    if (upload.size or 0) > media.LARGEST:
        wrong.append(_NOT_SENT)
        return None
    try:
        found = await asyncio.to_thread(media.read, await upload.read())
    except Unusable as problem:
        wrong.append(_NOT_READ[problem.because])
        return None
    if found.kind not in ("photo", "file"):
        wrong.append(_NOT_SENT)
        return None
    if found.kind == "photo":
        return "图片.jpg", found
    name = PurePath(safe(scrub(upload.filename)[0]) or "文件")
    return f"{name.stem[:_LONGEST_NAME]}.{media.SUFFIXES[found.media_type]}", found

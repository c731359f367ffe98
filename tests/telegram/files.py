"""The files Telegram keeps: sent by people or uploaded by the bot, fetched by getFile and a link that lapses."""

import io
import itertools
from dataclasses import dataclass

from PIL import Image, UnidentifiedImageError

from tests.telegram.clock import Clock
from tests.telegram.updates import Raw

MOST_TO_DOWNLOAD = 20 * 1024 * 1024
MOST_OF_A_PHOTO = 10_000_000
MOST_TO_UPLOAD = 50_000_000
LINK_LIFE = 3600.0


@dataclass
class Kept:
    file_id: str
    unique_id: str
    path: str
    content: bytes
    link_until: float = 0.0


class Files:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self.by_id: dict[str, Kept] = {}
        self.uploads = 0

    def keep(self, content: bytes, folder: str, name: str) -> Raw:
        """The fields every kind of file has."""
        number = next(self._numbers)
        kept = Kept(f"AgACAg{number:08d}", f"AQAD{number:06d}", f"{folder}/{number}_{name}", content)
        self.by_id[kept.file_id] = kept
        return {"file_id": kept.file_id, "file_unique_id": kept.unique_id, "file_size": len(content)}

    def link(self, kept: Kept) -> str:
        kept.link_until = self._clock.time() + LINK_LIFE
        return kept.path

    def at(self, path: str) -> bytes | None:
        for kept in self.by_id.values():
            if kept.path == path and kept.link_until > self._clock.time():
                return kept.content
        return None


def problem_with_photo(content: bytes) -> str:
    """What Telegram says of an uploaded photo; empty when it takes it."""
    if len(content) > MOST_OF_A_PHOTO:
        return "Bad Request: file is too big"
    try:
        width, height = Image.open(io.BytesIO(content)).size
    except UnidentifiedImageError:
        return "Bad Request: IMAGE_PROCESS_FAILED"
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        return "Bad Request: PHOTO_INVALID_DIMENSIONS"
    return ""

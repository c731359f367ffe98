"""What a file is by its bytes, whatever it calls itself, and pictures made anew without what the camera wrote in."""

from dataclasses import dataclass
from io import BytesIO
from typing import Literal
from warnings import catch_warnings, simplefilter

from PIL import Image, ImageOps, UnidentifiedImageError

LARGEST = 10 * 1024 * 1024  # bytes
_MOST_PIXELS = 60_000_000
_LONGEST_SIDE = 2560  # pixels; enough to read a notice that was photographed
_PICTURES = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "MPO")

_SOUND_BRANDS = (b"M4A ", b"M4B ")
_ZIPPED = {
    b"word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    b"xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SUFFIXES = {"application/pdf": "pdf", _ZIPPED[b"word/"]: "docx", _ZIPPED[b"xl/"]: "xlsx"}
"""Of documents, by what they are."""


@dataclass(frozen=True, slots=True)
class Media:
    kind: Literal["photo", "voice", "video", "file"]
    media_type: str
    content: bytes


class Unusable(Exception):
    """This file cannot be kept: `empty`, `unknown` (a kind we do not take), or `broken` (a picture nobody can open)."""

    def __init__(self, because: Literal["empty", "unknown", "broken"]) -> None:
        super().__init__(because)
        self.because = because


def read(content: bytes, declared: str = "") -> Media:
    """Recognise a file. `declared` is believed in one thing: whether a container that may hold film holds sound alone.

    Raises `Unusable`. Takes up to a second for a large picture: not for the event loop.
    """
    if not content:
        raise Unusable("empty")
    head = content[:16]
    if _is_picture(head):
        return Media("photo", "image/jpeg", _made_anew(content))
    if (sound := _sound(head, declared)) is not None:
        return Media("voice", sound, content)
    if (film := _film(head)) is not None:
        return Media("video", film, content)
    if (document := _document(content)) is not None:
        return Media("file", document, content)
    raise Unusable("unknown")


def _is_picture(head: bytes) -> bool:
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM"))
        or (head.startswith(b"RIFF") and head[8:12] == b"WEBP")
        # Photos of some telephones. They are recognised so that the right sentence can be said.
        or (head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif"))
    )


def _made_anew(content: bytes) -> bytes:
    """The picture as JPEG, upright, of a sensible size, and with nothing in it but the picture."""
    try:
        with catch_warnings():
            simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below, more strictly
            with Image.open(BytesIO(content), formats=_PICTURES) as picture:
                if picture.width * picture.height > _MOST_PIXELS:
                    raise Unusable("broken")
                picture.draft("RGB", (_LONGEST_SIDE, _LONGEST_SIDE))
                upright = ImageOps.exif_transpose(picture)
                upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
                # On a new sheet: position, camera, owner and comments stay behind with the old one.
                sheet = Image.new("RGB", upright.size, "white")
                layered = upright.convert("RGBA")
                sheet.paste(layered, mask=layered.getchannel("A"))
    except Unusable:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
        IndexError,
        TypeError,
        OverflowError,
        EOFError,
        KeyError,
        AttributeError,
        MemoryError,
        ZeroDivisionError,
    ):
        # Pillow's decoders raise all of these for bytes that only begin like a picture.
        raise Unusable("broken") from None
    made = BytesIO()
    sheet.save(made, "JPEG", quality=85, optimize=True)
    return made.getvalue()


def _sound(head: bytes, declared: str) -> str | None:
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head.startswith(b"#!AMR"):
        return "audio/amr"
    if head.startswith(b"ID3") or (head[0] == 0xFF and len(head) > 1 and head[1] & 0xE6 == 0xE2):
        return "audio/mpeg"
    if head[0] == 0xFF and len(head) > 1 and head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    if head.startswith(b"RIFF") and head[8:12] == b"WAVE":
        return "audio/wav"
    said_to_be_sound = declared.startswith("audio/")
    if head.startswith(b"\x1aE\xdf\xa3") and said_to_be_sound:
        return "audio/webm"
    if head[4:8] == b"ftyp" and (said_to_be_sound or head[8:12] in _SOUND_BRANDS):
        return "audio/mp4"
    return None


def _film(head: bytes) -> str | None:
    if head.startswith(b"\x1aE\xdf\xa3"):
        return "video/webm"
    if head[4:8] == b"ftyp":
        return "video/3gpp" if head[8:11] == b"3gp" else "video/mp4"
    return None


def _document(content: bytes) -> str | None:
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(b"PK\x03\x04"):
        return next((media_type for inside, media_type in _ZIPPED.items() if inside in content), None)
    return None

"""Pictures and sounds as telephones make them, with what must not stay in them."""

import struct
from io import BytesIO

from PIL import Image

SECRET = b"GPS-18.25-109.50-OWNER-WANG"


def photo(width=640, height=480, format="JPEG", orientation=1):
    """With position, camera and owner in it, as telephones do."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (0, 0, width // 2, height // 2))
    exif = Image.Exif()
    exif[0x010F] = SECRET.decode()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (18.0, 15.0, 0.0)
    made = BytesIO()
    given = {"exif": exif} if format in ("JPEG", "WEBP", "PNG") else {}
    if format == "JPEG":
        given["comment"] = SECRET
    picture.save(made, format, **given)
    return made.getvalue()


def bomb(width=30_000, height=30_000):
    """A PNG of a few kilobytes that unpacks to millions of pixels."""
    made = BytesIO()
    Image.new("1", (width, height)).save(made, "PNG")
    return made.getvalue()


def webm():
    return b"\x1aE\xdf\xa3" + b"\x01" * 400


def heic():
    return struct.pack(">I", 24) + b"ftypheic" + b"\0" * 100


VOICES = {
    "audio/ogg": b"OggS" + b"\0" * 60,
    "audio/amr": b"#!AMR\n" + b"\0" * 60,
    "audio/mpeg": b"ID3" + b"\0" * 60,
    "audio/wav": b"RIFF\0\0\0\0WAVEfmt " + b"\0" * 60,
    "audio/mp4": b"\0\0\0\x20ftypM4A " + b"\0" * 60,
    "audio/aac": b"\xff\xf1" + b"\0" * 60,
    "audio/webm": webm(),
}

"""What files are called on disk and in a download."""

import re
import unicodedata
from datetime import date
from urllib.parse import quote

_FORBIDDEN = re.compile(r'[\\/:*?"<>|]')
_AT_MOST = 200  # bytes of UTF-8; file systems take 255, and browsers add "(1)"


def file_name(kind: str, made_on: date, subject: str = "", suffix: str = "xlsx") -> str:
    """天涯红雁之家_活动签到表_20261208_夕阳红私塾.xlsx (domain rule 8.2), safe on every file system."""
    parts = ["天涯红雁之家", kind, f"{made_on:%Y%m%d}", subject]
    stem = "_".join(part for part in (safe(part) for part in parts) if part)
    while len(stem.encode()) > _AT_MOST:
        stem = stem[:-1]
    return f"{stem.rstrip('. ')}.{suffix}"


def content_disposition(name: str) -> str:
    """The header of a download named `name`, with a plain name for programs that do not know RFC 5987."""
    suffix = name.rpartition(".")[2]
    return f"attachment; filename=\"report.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}"


def safe(part: str) -> str:
    """`part` without what no file system takes in a name, and without what nobody sees."""
    visible = "".join(letter for letter in part if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Zl", "Zp"))
    return _FORBIDDEN.sub("", visible).strip(". ")

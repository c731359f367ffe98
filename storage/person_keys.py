"""The words a person may be searched by. They are kept as keyed hashes only, so each must match whole."""

import re
import unicodedata
from collections.abc import Iterator

from storage import pinyin

_JOINTS = re.compile(r"[\s·•‧・'’.-]+")  # left out or typed differently by everybody


def of(name: str, phone: str | None) -> Iterator[tuple[str, str]]:
    """Kind and word: the name and every end of it, its pinyin and initials, the phone and its last four digits."""
    plain = _plain(name)
    for begin in range(len(plain)):
        yield "name", plain[begin:]
    if len(plain) > 1:
        yield "name", plain[:-1]
    yield "surname", plain[:1]
    syllables = pinyin.syllables(plain)
    yield "pinyin", "".join(syllables)
    yield "pinyin", "".join(syllable[:1] for syllable in syllables)
    if phone:
        yield "phone", phone
        yield "tail", phone[-4:]


def read(text: str) -> Iterator[tuple[str, str]]:
    """What `text` may be, the most telling first."""
    plain = _plain(text)
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if len(digits) >= 7:
        yield "phone", digits
        yield "phone", re.sub(r"^(?:00)?86(?=1\d{10}$)", "", digits)
    if len(digits) == 4:
        yield "tail", digits
    if not plain:
        return
    yield "name", plain
    if len(plain) == 1:
        yield "surname", plain
    yield "pinyin", "".join(pinyin.syllables(plain))


def _plain(text: str) -> str:
    return _JOINTS.sub("", unicodedata.normalize("NFC", text)).lower()

"""The words a person may be searched by. They are kept as keyed hashes only, so each must match whole."""

import re
import unicodedata
from collections.abc import Iterator

from pypinyin import lazy_pinyin


def of(name: str, phone: str | None) -> Iterator[tuple[str, str]]:
    """Kind and word: the name and every end of it, its pinyin and initials, the phone and its last four digits."""
    plain = unicodedata.normalize("NFC", name)
    for begin in range(len(plain)):
        yield "name", plain[begin:]
    if len(plain) > 1:
        yield "name", plain[:-1]
    yield "surname", plain[:1]
    syllables = lazy_pinyin(plain)
    yield "pinyin", "".join(syllables)
    yield "pinyin", "".join(syllable[:1] for syllable in syllables)
    if phone:
        yield "phone", phone
        yield "tail", phone[-4:]


def read(text: str) -> Iterator[tuple[str, str]]:
    """What `text` may be, the most telling first."""
    plain = re.sub(r"[\s·]+", "", unicodedata.normalize("NFKC", text)) if text.isascii() else text.strip()
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    if len(digits) >= 7:
        yield "phone", digits
    if len(digits) == 4:
        yield "tail", digits
    if plain.isascii():
        yield "pinyin", plain.lower()
    elif plain:
        yield "name", unicodedata.normalize("NFC", plain)
        if len(plain) == 1:
            yield "surname", plain
        yield "pinyin", "".join(lazy_pinyin(plain))

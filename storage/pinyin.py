"""How Chinese sounds, in letters."""

import os
from collections.abc import Callable
from functools import cache


def syllables(text: str) -> list[str]:
    """The pinyin of each character, without tones; what is not Chinese stays as it is, in one piece."""
    return _reader()(text)


@cache
def _reader() -> Callable[[str], list[str]]:
    # Its tables are a quarter of a start, and most commands never need them. Its dictionary of phrases, which it reads
    # unless told otherwise before its import, costs more again and tells names and commands nothing.
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
    from pypinyin import lazy_pinyin

    return lazy_pinyin

"""Finds what a person means to do in what they typed: keywords, pinyin, homophones and near misses."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Protocol

from dialogue.questions import bare, bare_label
from dialogue.talk import Conversation
from storage.accounts import Account
from storage.database import Transaction
from storage.pinyin import syllables


class Allowed(Protocol):
    """Who an entry is for; `title` is what they are called, for those who are turned away."""

    @property
    def title(self) -> str: ...

    def __call__(self, tx: Transaction, account: Account, now: datetime, /) -> bool: ...


@dataclass(frozen=True)
class Entry:
    """One thing people can do: how it is called, what else they say for it, and who may."""

    conversation: Conversation
    words: tuple[str, ...] = ()  # other ways to say it; the name in the menu is one anyway
    pattern: str = ""  # a form with its own grammar, tried first: “签到 3 7 12”, “第128号”
    outside: str = ""  # a form read only when no talk is open, so that it takes no answer away: “128”, “路灯坏了”
    link: str = ""  # deep links that begin with this open it: “event” of “event-12”
    allowed: Allowed | None = None  # None is everyone


Menu = Mapping[str, Entry]

_TELLING = 4  # signs of a word that nobody says by chance

_POLITE = re.compile(
    r"^(?:请问|请|麻烦|劳驾|帮我|给我|帮忙|替我|我想要|我想|我要|想要|想|要|我|去|来个|咱|俺|能不能|可以|查查|查一下|查|看看|看一下)+"
)


@dataclass(frozen=True)
class Meant:
    """An entry of the menu, and the words beside those that name it."""

    name: str
    rest: str
    sure: bool  # said outright, not guessed at: enough to leave a question that it does not answer


class Understanding:
    """Knows the words of a menu: how they sound from the first time on that somebody's words are none of them."""

    def __init__(self, menu: Menu) -> None:
        self._words: list[tuple[str, str]] = []
        self._patterns = [(re.compile(entry.pattern), name) for name, entry in menu.items() if entry.pattern]
        self._outside = [(re.compile(entry.outside), name) for name, entry in menu.items() if entry.outside]
        for name, entry in menu.items():
            self._words += [(bare_label(word), name) for word in (name, *entry.words)]
        self._words.sort(key=lambda pair: -len(pair[0]))  # the longest word that fits is meant
        self._exact = dict(reversed(self._words))

    def exactly(self, text: str) -> Meant | None:
        """What is named by nothing but its own words, or has its own grammar."""
        if meant := _formed(self._patterns, text):
            return meant
        name_of_word = self._exact.get(bare(text))
        return None if name_of_word is None else Meant(name_of_word, "", sure=True)

    def of(self, text: str) -> Meant | None:
        """The best reading of free text, or None."""
        meant = self.exactly(text) or _formed(self._outside, text)
        if meant is not None:
            return meant
        plain = unicodedata.normalize("NFKC", text).strip().lower()
        core = _POLITE.sub("", plain) or plain
        squeezed = bare(core)
        for word, name in self._words:
            if squeezed.startswith(word):
                return Meant(name, _after(core, word), sure=True)
        for said in (squeezed, bare(plain)):  # the second, for what looked like courtesy may be the word: 我去不了
            for word, name in self._words:
                if len(word) > 1 and word in said:
                    return Meant(name, said.replace(word, "", 1), sure=len(word) >= _TELLING)
        return self._by_sound(squeezed)

    @cached_property
    def _spoken(self) -> list[tuple[tuple[str, ...], str, str]]:
        return [(_syllables(word), word, name) for word, name in self._words if not word.isascii()]

    @cached_property
    def _sounds(self) -> list[tuple[str, str, str]]:
        return [("".join(each), word, name) for each, word, name in self._spoken]

    @cached_property
    def _initials(self) -> dict[str, str]:
        return _unique(("".join(one[:1] for one in each), name) for each, _, name in self._spoken)

    def _by_sound(self, text: str) -> Meant | None:
        if not text or len(text) > 40:
            return None
        said = text.replace(" ", "") if text.isascii() else sound(text)
        for spoken, _, name in self._sounds:
            if said == spoken:
                return Meant(name, "", sure=True)
        if text.isascii() and (name_of_initials := self._initials.get(said)):
            return Meant(name_of_initials, "", sure=False)
        if not text.isascii():
            for spoken, word, name in self._sounds:
                if len(word) > 1 and said.startswith(spoken) and len(text) > len(word):
                    return Meant(name, text[len(word) :], sure=False)
        near = {name for spoken, _, name in self._sounds if len(spoken) >= 5 and one_slip(said, spoken)}
        return Meant(near.pop(), "", sure=False) if len(near) == 1 else None


def _formed(patterns: list[tuple[re.Pattern[str], str]], text: str) -> Meant | None:
    """What has the form of one of `patterns`; its group `rest` are the words it is about."""
    plain = unicodedata.normalize("NFKC", text).strip()
    for pattern, name in patterns:
        if found := pattern.fullmatch(plain):
            return Meant(name, found.groupdict().get("rest") or plain, sure=True)
    return None


def sound(text: str) -> str:
    """Pinyin without tones and blanks: homophones sound the same."""
    return "".join(syllables(text))


@lru_cache(maxsize=2048)
def _syllables(word: str) -> tuple[str, ...]:
    """Of words on a menu, the same few again and again. What people say is not kept here."""
    return tuple(syllables(word))


def one_slip(one: str, other: str) -> bool:
    """True when a single letter is wrong, missing, too many, or two neighbours are exchanged."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return one == other
    start = next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    a, b = one[start:], other[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])


def _after(text: str, word: str) -> str:
    """What follows `word` in `text`, though blanks or signs may stand inside the word as typed."""
    left = list(word)
    for place, character in enumerate(text):
        if not left:
            return text[place:].strip(" ，,。:：、")
        if character == left[0]:
            left.pop(0)
    return ""


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Only what means one thing: two entries with the same initials would make a guess a lottery."""
    found: dict[str, set[str]] = {}
    for key, name in pairs:
        found.setdefault(key, set()).add(name)
    return {key: names.pop() for key, names in found.items() if len(names) == 1 and len(key) > 1}

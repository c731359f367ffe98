"""Long texts cut into parts that the platform shows: by bytes, by characters, and never inside a link."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

AT_MOST_BYTES = 1900  # the platform drops a text above 2047 without a word
AT_MOST_CHARACTERS = 600
AT_MOST_CHOICES = 8
MORE = "回复“更多”继续"
_MORE_LINE = "\n\n" + MORE

_ENDS = (re.compile(r"[。！？；!?;…]+[”’」』）)]*"), re.compile(r"[，、,：:]"), re.compile(r"\s"))
_URL = re.compile(r"https?://[^\s，。；！？“”（）]+")
_JOINS = "\u200d\ufe0e\ufe0f\u20e3"  # belong to the character before them


@dataclass(slots=True)
class Line:
    """`whole`: never cut. A whole line that fits nowhere is shown as `otherwise`, its words without the link."""

    text: str
    whole: bool = False
    choice: bool = False
    otherwise: str = ""
    gap: str = "\n"


def pages(lines: Sequence[Line], *, more_follows: bool = False) -> list[str]:
    """The parts to show in turn. All but the last (or all, if `more_follows`) end with the word for more."""
    everything = "".join([line.text if not at else line.gap + line.text for at, line in enumerate(lines)])
    few = sum(line.choice for line in lines) <= AT_MOST_CHOICES
    if not lines or (few and _fits(everything + (_MORE_LINE if more_follows else ""))):
        return [everything + (_MORE_LINE if more_follows else "")] if lines else []
    parts: list[str] = []
    page, choices = "", 0
    waiting = [_that_fits(line) for line in reversed(lines)]
    while waiting:
        line = waiting.pop()
        gap = line.gap if page else ""
        if line.choice and choices == AT_MOST_CHOICES:
            parts.append(page)
            page, choices, gap = "", 0, ""
        if _fits(page + gap + line.text + _MORE_LINE):
            page += gap + line.text
            choices += line.choice
            continue
        kept, left = ("", line.text) if line.whole else _cut(line.text, page + gap)
        if kept:
            page += gap + kept
        if page:
            parts.append(page)
        page, choices = "", 0
        waiting.append(Line(left, line.whole, line.choice))
    if page:
        parts.append(page)
    last = len(parts) if more_follows else len(parts) - 1
    return [part + _MORE_LINE if at < last else part for at, part in enumerate(parts)]


def _that_fits(line: Line) -> Line:
    if line.whole and not _fits(line.text + _MORE_LINE):
        return Line(line.otherwise or re.sub(r"<[^>]*>", "", line.text), choice=line.choice, gap=line.gap)
    return line


def _fits(text: str) -> bool:
    return len(text) <= AT_MOST_CHARACTERS and len(text.encode("utf-8", "replace")) <= AT_MOST_BYTES


def _cut(text: str, page: str) -> tuple[str, str]:
    """What still fits on `page`, up to the end of a sentence if possible, and what is left."""
    room = _room(text, page)
    if room == 0:
        return "", text
    # A few words at the foot of a full page read worse than a page that ends a little early.
    least = 0 if page else 1
    for end in _ENDS:
        cuts = [found.end() for found in end.finditer(text, 0, room) if not _inside_a_url(text, found.end())]
        if cuts and cuts[-1] > least:
            return text[: cuts[-1]].rstrip(), text[cuts[-1] :].lstrip()
    if page:
        return "", text
    at = room
    while at > 1 and (text[at] in _JOINS or unicodedata.combining(text[at]) or text[at - 1] == "\u200d"):
        at -= 1
    start = next((found.start() for found in _URL.finditer(text) if found.start() < at < found.end()), at)
    at = start or at
    return text[:at], text[at:]


def _room(text: str, page: str) -> int:
    """How many characters of `text` fit behind `page`, with the word for more."""
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        if _fits(page + text[:middle] + _MORE_LINE):
            low = middle
        else:
            high = middle - 1
    return low if _fits(page + text[:low] + _MORE_LINE) else 0


def _inside_a_url(text: str, at: int) -> bool:
    return any(found.start() < at < found.end() for found in _URL.finditer(text))

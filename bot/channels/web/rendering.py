"""Turns of a chat as the page shows them."""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web import SHARED
from dialogue import texts
from dialogue.message import Choice, File, Link, Reply, Venue, all_decoded
from storage.chat_history import Turn
from storage.geography import Place
from storage.times import local_date

_HERE = Path(__file__).parent
ASSETS = (_HERE / "assets", SHARED)
_LARGEST_CHAT = 110_000  # characters of HTML; with it the whole page stays below 200 KB (care.md E14)

# Landlines and the short numbers people are told to dial. A mobile number in a reply is mostly the reader's own.
_TO_DIAL = re.compile(r"(?<![\d-])(?:0\d{2,3}-\d{4}-?\d{3,4}|96110|12345|12393|12387|110|119|120)(?![\d-])")
_MOST_CALLS = 3
_PHONE = re.compile(rf"({_TO_DIAL.pattern}|(?<!\d)1\d{{2}} \d{{4}} \d{{4}}(?!\d))")

_SENT = {
    "photo": "［照片］",
    "voice": "［语音］",
    "video": "［视频］",
    "file": "［文件］",
    "place": "［我的位置］",
    "link": "［打开了链接］",
}


def fresh_id() -> str:
    """What a page calls a message of its own."""
    return secrets.token_hex(12)


def kind_of(message_id: str) -> str:
    """The ids of this channel begin with what kind of message it is: “photo-…”."""
    return message_id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Mine:
    """What the person sent, in words, and as something to look at or hear again."""

    words: str
    kind: str = ""  # photo, voice, video, file; empty for words alone
    source: str = ""


class Part(NamedTuple):
    """A piece of a line. A number to dial is never broken in two."""

    text: str
    is_number: bool


@dataclass(frozen=True, slots=True)
class Spoken:
    """One reply. `is_open`: its question is the one that waits for an answer."""

    reply: Reply
    is_open: bool

    @property
    def paragraphs(self) -> list[list[list[Part]]]:
        """Lines of each paragraph, in parts."""
        text = self.reply.text.strip()
        return [[_parts(line) for line in part.split("\n")] for part in re.split(r"\n{2,}", text) if part]

    @property
    def choices(self) -> tuple[Choice, ...]:
        return self.reply.choices

    @property
    def is_question(self) -> bool:
        return bool(self.reply.turn)

    @property
    def calls(self) -> list[str]:
        found = dict.fromkeys(_TO_DIAL.findall(self.reply.text))
        return list(found)[:_MOST_CALLS]

    @property
    def photo(self) -> File | None:
        return self.reply.photo

    @property
    def file(self) -> File | None:
        return self.reply.file

    @property
    def venue(self) -> "Card | None":
        return None if self.reply.venue is None else Card.of(self.reply.venue)

    @property
    def has_links(self) -> bool:
        return bool(self.venue or self.file or self.link or self.calls)

    @property
    def names_the_place(self) -> bool:
        """The words say already what would stand on the card."""
        venue = self.reply.venue
        return venue is not None and venue.name in self.reply.text and venue.address in self.reply.text

    @property
    def link(self) -> Link | None:
        link = self.reply.link
        return link if link is not None and urlsplit(link.url).scheme in ("https", "http", "tel") else None


@dataclass(frozen=True, slots=True)
class Card:
    """A place, and how to see it on a map: each map gets the datum it works in."""

    name: str
    address: str
    map_url: str
    geo_url: str

    @classmethod
    def of(cls, venue: Venue) -> "Card":
        return cls(venue.name, venue.address, _amap(venue.place, venue.name), _geo(venue.place, venue.name))


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn as the template wants it. `day` stands above the first turn of each day."""

    id: str
    day: str
    mine: Mine | None
    replies: list[Spoken]


class Rendering:
    """Fills the templates. Built once."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self.assets = {path.name: path.read_bytes() for folder in ASSETS for path in folder.iterdir()}
        digest = hashlib.sha256(b"".join(self.assets[name] for name in sorted(self.assets)))
        self.version = digest.hexdigest()[:12]  # of all assets, so that a browser may keep them for good

    def page(self, **parts: object) -> str:
        return self._templates.get_template("page.html").render(version=self.version, **parts)

    def chat(self, turns: Sequence[Turn], form_token: str, after: str = "") -> str:
        """The turns that come after the one called `after`, or all; the oldest give way when it gets too much."""
        shown = shown_turns(turns)
        known = next((place for place, turn in enumerate(shown) if turn.id == after), -1)
        parts: list[str] = []
        size = 0
        for turn in reversed(shown[known + 1 :]):
            part = self._turn(turn, form_token)
            size += len(part)
            if size > _LARGEST_CHAT and parts:
                break
            parts.append(part)
        return "".join(reversed(parts))

    def greeting(self, replies: Sequence[Reply], form_token: str) -> str:
        spoken = [Spoken(reply, is_open=False) for reply in replies]
        return self._turn(Shown("greeting", "", None, spoken), form_token)

    def _turn(self, turn: Shown, form_token: str) -> str:
        # Each form gets a message id of its own, so that a page without scripts can be sent twice and heard once.
        template = self._templates.get_template("turns.html")
        return template.render(turn=turn, form_token=form_token, fresh_id=fresh_id)


def shown_turns(turns: Sequence[Turn]) -> list[Shown]:
    labels: dict[str, str] = {}  # value -> what stood on the button, of all that was shown so far
    answered = max((place for place, turn in enumerate(turns) if _is_said(turn)), default=-1)
    shown = []
    day = None
    for place, turn in enumerate(turns):
        replies = all_decoded(turn.replies)
        mine = _mine(turn, labels) if _is_said(turn) else None
        labels |= {choice.value: choice.label for reply in replies for choice in reply.choices}
        new_day = local_date(turn.at)
        shown.append(
            Shown(
                turn.id,
                texts.day(turn.at) if new_day != day else "",
                mine,
                [Spoken(reply, bool(reply.turn) and place == answered) for reply in replies],
            )
        )
        day = new_day
    return shown


def _is_said(turn: Turn) -> bool:
    return kind_of(turn.id) not in ("push", "visit", "hello")


def _mine(turn: Turn, labels: dict[str, str]) -> Mine:
    kind = kind_of(turn.id)
    if kind == "tap":
        return Mine(labels.get(turn.said, "［点了按钮］"))
    if kind in ("photo", "voice", "video", "file"):
        return Mine(turn.said or _SENT[kind], kind, f"/chat/sent/{quote(turn.id)}")
    return Mine(turn.said or _SENT.get(kind, "［空白］"))


def _parts(line: str) -> list[Part]:
    return [Part(text, bool(place % 2)) for place, text in enumerate(_PHONE.split(line)) if text]


def _amap(place: Place, name: str) -> str:
    there = place.as_gcj02()
    position = f"{there.longitude:.6f},{there.latitude:.6f}"
    query = urlencode({"position": position, "name": name, "coordinate": "gaode", "callnative": "1"}, safe=",")
    return f"https://uri.amap.com/marker?{query}"


def _geo(place: Place, name: str) -> str:
    there = place.as_wgs84()
    position = f"{there.latitude:.6f},{there.longitude:.6f}"
    return f"geo:{position}?q={position}({quote(name)})"

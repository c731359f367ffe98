"""What an organiser states of the stalls of a market: by questions, one after the other, or in lines of a template."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialogue import numbers, texts
from dialogue.dates import other_half, read_time
from dialogue.message import Choice
from dialogue.questions import Invalid, Number, OneOf, Text
from dialogue.talk import Talk
from storage.conversations import Said
from storage.markets import SlotDraft, StallDraft
from storage.times import local_date

MARKET = "service_market"
LENGTHS = {"15": "15 分钟", "20": "20 分钟", "30": "半小时", "60": "1 小时"}
EXAMPLES = ("摊位：理发，一号桌，30个号", "摊位：义诊，大厅，9点到10点，每20分钟1位")
_USUAL = ("义诊", "理发", "法律咨询", "小修小补")
_ENOUGH = frozenset({"没有了", "没有", "没了", "好了", "完了", "不用了", "无"})
_MOST_STALLS = 30
_MOST_NUMBERS = 2000
_NUMBERS = re.compile(r"(\d{1,4})\s*个?号")
_EVERY = re.compile(r"每(?:段|隔)?\s*(?:(\d{1,3})\s*分钟?|(半个?小时)|[1一]个?小时)")
_PLACES = re.compile(r"(\d{1,3})\s*[位人]")


@dataclass(frozen=True)
class StallName:
    """What a stall is called: one of the usual services by number, or any words."""

    ends: bool = False  # offers to say that there are no more
    at_most: int = 30

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(name, name) for name in (*_USUAL, *(["没有了"] if self.ends else [])))

    def parse(self, said: Said) -> str:
        if said.picked and (not said.text or numbers.read_choice(said.text) is not None):
            return said.picked[0]
        return Text(self.at_most).parse(said)


@dataclass(frozen=True)
class Hours:
    """From when to when on the day of the event, within it; or all of it."""

    starts_at: datetime
    ends_at: datetime
    choices: tuple[Choice, ...] = (Choice("all", "整场都在"),)

    def parse(self, said: Said) -> tuple[datetime, datetime]:
        if said.picked == ["all"] or said.text.strip("。") in ("整场", "整场都在", "都在", "一直在"):
            return self.starts_at, self.ends_at
        reading = read_time(said.text, said.at, local_date(self.starts_at))
        if reading.outcome == "ask_period" and not self._holds(reading.start, reading.end):
            reading = other_half(reading, said.at)
        if reading.start is None or reading.end is None or not self._holds(reading.start, reading.end):
            span = f"{texts.clock(self.starts_at)}到{texts.clock(self.ends_at)}"
            raise Invalid(f"请说几点到几点，在{span}里面，比如：9点到10点半。")
        return reading.start, reading.end

    def _holds(self, start: datetime | None, end: datetime | None) -> bool:
        return start is not None and end is not None and self.starts_at <= start < end <= self.ends_at


async def ask_stalls(talk: Talk, starts_at: datetime, ends_at: datetime) -> tuple[StallDraft, ...]:
    """The stalls of a new market, one after the other until there are no more."""
    found: list[StallDraft] = []
    while len(found) < _MOST_STALLS:
        key = f"stall {len(found) + 1}"
        prompt = "还有摊位吗？办什么？" if found else "集市有哪些摊位？先说第一个办什么，下面没有的就打字。"
        name = await talk.ask(key, prompt, StallName(ends=True))
        if name.strip("。") in _ENOUGH:
            break
        found.append(await ask_stall(talk, key, name, starts_at, ends_at))
    return tuple(found)


async def ask_stall(talk: Talk, key: str, name: str, starts_at: datetime, ends_at: datetime) -> StallDraft:
    place = await talk.ask(f"{key}: place", f"“{name}”摆在哪儿？比如：一号桌。", Text(at_most=40))
    how = {"queue": "到了取号排队", "slots": "分时段预约"}
    if await talk.ask(f"{key}: how", f"“{name}”怎么排？", OneOf(how)) == "queue":
        most = await talk.ask(f"{key}: most", "最多发几个号？不限就回 0。", Number(at_most=2000))
        return StallDraft(name, place, most=most or None)
    hours = Hours(starts_at, ends_at)
    begins, ends = await talk.ask(f"{key}: hours", f"“{name}”几点到几点？比如：9点到10点半。", hours)
    length = timedelta(minutes=int(await talk.ask(f"{key}: length", "每段多长？", OneOf(LENGTHS))))
    places = await talk.ask(f"{key}: places", "每段几位？", Number(at_least=1, at_most=500))
    return StallDraft(name, place, slots_between(begins - starts_at, ends - starts_at, length, places))


def slots_between(begins: timedelta, ends: timedelta, length: timedelta, places: int) -> tuple[SlotDraft, ...]:
    """Slots of that length one after the other; the time left at the end makes none, unless it is all there is."""
    slots: list[SlotDraft] = []
    while begins + length <= ends or not slots:
        until = min(begins + length, ends)
        slots.append(SlotDraft(begins, until, places))
        begins = until
    return tuple(slots)


def read(line: str, starts_at: datetime, ends_at: datetime, at: datetime) -> StallDraft:
    """“理发，一号桌，30个号” or “义诊，大厅，9点到10点，每20分钟1位”. Raises `Invalid`."""
    parts = [part for part in re.split(r"\s*[,;]\s*", unicodedata.normalize("NFKC", line).strip(" 。")) if part]
    if not 2 <= len(parts) <= 5 or len(parts[0]) > 30 or len(parts[1]) > 40:
        raise Invalid(EXAMPLES[0])
    name, place, *how = parts
    said = "，".join(how)
    numbered, every, places = _NUMBERS.search(said), _EVERY.search(said), _PLACES.search(said)
    if every is None:
        if said and numbered is None:
            raise Invalid(EXAMPLES[1])
        return StallDraft(name, place, most=min(int(numbered[1]), _MOST_NUMBERS) or None if numbered else None)
    length = timedelta(minutes=int(every[1]) if every[1] else 30 if every[2] else 60)
    if length < timedelta(minutes=5):
        raise Invalid(EXAMPLES[1])
    begins, ends = starts_at, ends_at
    for part in how:
        if re.search("[点:]", part):
            begins, ends = Hours(starts_at, ends_at).parse(Said(part, at))
    slots = slots_between(begins - starts_at, ends - starts_at, length, max(int(places[1]), 1) if places else 1)
    return StallDraft(name, place, slots)


def read_all(
    lines: Iterable[str], starts_at: datetime, ends_at: datetime, at: datetime
) -> tuple[tuple[StallDraft, ...], list[str]]:
    """The stalls of a template, and the lines that say none."""
    found: list[StallDraft] = []
    unclear = []
    for line in lines:
        try:
            found.append(read(line, starts_at, ends_at, at))
        except Invalid:
            unclear.append(line)
    return tuple(found[:_MOST_STALLS]), unclear

"""Asks for a day or a moment until it is sure: for the time, for 上午 or 下午, for a yes to what was proposed."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, NamedTuple

from dialogue import texts
from dialogue.dates import Reading, in_part, other_half, read_date, read_moment, read_time
from dialogue.message import Choice
from dialogue.questions import Invalid, YesNo, bare
from dialogue.saying import say_date, say_moment, say_near, say_span
from dialogue.talk import Talk
from storage.conversations import Said
from storage.times import local_date

EXAMPLE = "12月8号下午两点半"
_CORRECTION = re.compile(r"^\s*(?:不是|不对|不|错了|改)[,，。、\s]*(?:我说的是|应该是|是|改成|改到|改)?(?=.)")
_SKIPPED = frozenset(
    "跳过 不知道 没定 还没定 没想好 不确定 说不准 不说 再说 随便 没有 长住 常住 不走 不走了 "
    "忘了 忘记了 记不清 记不清了 记不住 记不得了 不记得 不记得了 想不起来 说不好 "
    "好久了 早就来了 刚到 刚来 才到 才来 刚来的 开春 开春就走 过完年 过完年就走".split()
)


class Span(NamedTuple):
    """From when to when; `end` is None when only the start was said. UTC."""

    start: datetime
    end: datetime | None


async def span(talk: Talk, key: str, prompt: str) -> Span:
    """A moment in the future, understood without doubt; for a range also its end.

    Words like 明天 count from when they were said, so a talk taken up days later means the same day.
    """
    reading = await talk.ask(key, prompt, Moment())
    asked = key
    step = 1
    while reading.start is None or reading.outcome != "ok":
        step += 1
        said_at = talk.answers[asked].at
        # Keyed by what is proposed: a yes to one proposal is no yes to another, after the first answer was changed.
        asked = f"{key}: {step} {reading.outcome} {reading.start or reading.day} {reading.part}"
        reading = await talk.ask(asked, _question(reading, said_at), Settled(reading))
    return Span(reading.start, reading.end)


async def moment(talk: Talk, key: str, prompt: str) -> datetime:
    """When something begins, understood without doubt."""
    return (await span(talk, key, prompt)).start


async def day(
    talk: Talk, key: str, prompt: str, *, past: bool = False, rough: Literal["", "first", "last"] = ""
) -> date:
    """A day, understood without doubt. `past` and `rough` as in `read_date`."""
    reading = await talk.ask(key, prompt, Date(past, rough))
    return await _sure(talk, key, reading)


async def day_or_skip(
    talk: Talk, key: str, prompt: str, *, past: bool = False, rough: Literal["", "first", "last"] = ""
) -> date | None:
    """The same for a question that may be left open: 跳过, 还没定."""
    reading = await talk.ask(key, prompt, DateOrSkip(past, rough))
    return None if reading is None else await _sure(talk, key, reading)


async def _sure(talk: Talk, key: str, reading: Reading) -> date:
    meant = reading.day
    if meant is None:
        raise ValueError("a day was read without a day")
    said = say_date(meant, local_date(talk.answers[key].at))
    if reading.outcome != "ok" and not await talk.ask(f"{key}: {meant}", f"是{said}吗？", YesNo()):
        talk.again(key, "那您再说一遍，比如：10月20号。")
    return meant


@dataclass(frozen=True)
class Moment:
    """A moment as said, understood as far as it goes (`Reading`)."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> Reading:
        return _usable(read_moment(said.text, said.at), said.at)


@dataclass(frozen=True)
class Date:
    """A day as said: `ok`, or `confirm` when it is only proposed."""

    past: bool = False
    rough: Literal["", "first", "last"] = ""
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> Reading:
        return _usable(read_date(said.text, said.at, past=self.past, rough=self.rough), said.at, example="10月20号")


@dataclass(frozen=True)
class DateOrSkip:
    """The same, or nothing."""

    past: bool = False
    rough: Literal["", "first", "last"] = ""
    choices: tuple[Choice, ...] = (Choice("skip", texts.LATER),)

    def parse(self, said: Said) -> Reading | None:
        if said.picked == ["skip"] or bare(said.text) in _SKIPPED:
            return None
        return Date(self.past, self.rough).parse(said)


@dataclass(frozen=True)
class Settled:
    """What comes after a question about `pending`: a yes, a no, or a better description."""

    pending: Reading

    @property
    def choices(self) -> tuple[Choice, ...]:
        return () if self.pending.start is None else YesNo().choices

    def parse(self, said: Said) -> Reading:
        pending = self.pending
        if pending.start is None:
            day = pending.day or local_date(said.at)
            return _usable(read_time(said.text, said.at, day, pending.part), said.at)
        if said.picked:
            return _usable(self._answered(said), said.at)
        text = _CORRECTION.sub("", said.text)
        reading = read_time(text, said.at, pending.day or local_date(pending.start))
        if reading.outcome == "ask_time" and reading.part and reading.day == pending.day:
            return _usable(in_part(pending, reading.part, said.at), said.at)
        if reading.outcome in ("unclear", "ask_time"):
            reading = self._answered(said)
        return _usable(reading, said.at)

    def _answered(self, said: Said) -> Reading:
        pending = self.pending
        try:
            yes = YesNo().parse(said)
        except Invalid:
            return Reading("unclear")
        if yes:
            in_time = pending.start is not None and pending.start > said.at
            return replace(pending, outcome="ok") if in_time else Reading("past", missed=pending.start)
        if pending.outcome == "ask_period":
            return other_half(pending, said.at)
        raise Invalid(f"那是什么时候？请连日子带钟点说一遍，比如：{EXAMPLE}。")


def _question(reading: Reading, now: datetime) -> str:
    if reading.start is None:
        day = "" if reading.day is None else say_date(reading.day, local_date(now))
        return f"{day}几点？比如：下午两点半。"
    if reading.outcome == "confirm" and reading.missed is not None:
        return f"{texts.clock(reading.missed)}已经过了。是{say_near(reading.start, now)}吗？"
    return f"是{say_span(reading.start, reading.end, now)}吗？"


def _usable(reading: Reading, now: datetime, example: str = EXAMPLE) -> Reading:
    """`reading`, unless nothing can be made of it. Raises `Invalid` with what to say instead."""
    if reading.outcome == "unclear":
        raise Invalid(f"日子没看明白，您再说一遍，比如：{example}。")
    if reading.outcome == "invalid":
        raise Invalid(f"没有这个日子或者钟点，您再看看，比如：{example}。")
    if reading.outcome == "past":
        when = "那个时候" if reading.missed is None else say_moment(reading.missed, now)
        raise Invalid(f"{when}已经过了，请说后面的日子，比如：{example}。")
    return reading

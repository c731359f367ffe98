"""The pieces that a phrase about time is made of, as they are read from left to right."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal

Part = Literal["dawn", "morning", "noon", "afternoon", "dusk", "evening", "night"]


class Vague(Exception):
    """Too little was said, or too much, to propose anything."""


class NoSuch(Exception):
    """The calendar or the clock has no such thing: 4月31号, 25点."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day as said. When it recurs (周三, 5号, 重阳), `ahead` has its next days and `last` the one before today."""

    ahead: tuple[date, ...]  # the first that is not over is meant
    last: date | None = None
    unsure: bool = False  # propose it, then ask
    weekday: bool = False  # only a day of the week: what else is said decides

    @property
    def dates(self) -> tuple[date, ...]:
        return self.ahead if self.last is None else (self.last, *self.ahead)


@dataclass(frozen=True, slots=True)
class Rough:
    """A part of a month: 四月初, 12月. Its first and last day; when no year was said, also those a year `before`."""

    ahead: tuple[date, date]
    before: tuple[date, date] | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """A word for a part of the day."""

    part: Part


@dataclass(frozen=True, slots=True)
class Clock:
    """A time as said. Spoken ones count to twelve unless they say otherwise; 14:30 never does."""

    hour: int
    minute: int = 0  # below zero for 差五分
    spoken: bool = True


@dataclass(frozen=True, slots=True)
class Later:
    """A time from now: 两小时后."""

    by: timedelta


@dataclass(frozen=True, slots=True)
class Length:
    """How long something lasts: 两个小时."""

    lasts: timedelta


@dataclass(frozen=True, slots=True)
class To:
    """What stands between the two ends of a range."""


Piece = Day | Rough | Period | Clock | Later | Length | To


@dataclass(slots=True)
class Scene:
    """What is known while reading on: the day it is said on, the pieces so far, and a year that waits for its day."""

    today: date
    pieces: list[Piece] = field(default_factory=list)
    read_to: int = 0  # where the last piece ended
    year: int | None = None
    this_year: bool = False  # it was called 今年, which 春节 stretches

    @property
    def latest(self) -> Piece | None:
        return self.pieces[-1] if self.pieces else None


Builder = Callable[[re.Match[str], Scene], Sequence[Piece] | None]
"""Makes the pieces of what a pattern found; None when it means something else after all."""

Patterns = tuple[tuple[re.Pattern[str], Builder], ...]

SMALL = r"(?:[二三四五六七八九]?十[一二三四五六七八九]?|廿[一二三四五六七八九]?|[零一二两三四五六七八九])"
"""A Chinese number below a hundred."""

AFTER = r"(?:之后|以后|过后|后)"
DASH = r"(?:一直)?(?:到|至|[-~—–]+)"

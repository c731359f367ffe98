"""Reads days and moments as people say them in Chinese: a small grammar, not a list of phrases.

`phrases` reads the text into pieces (`clocks`, `days` and `festivals` know their patterns); what these mean together is
decided here. Rule: domain 10.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Literal

from dialogue import phrases
from dialogue.clocks import Doubt, reckon
from dialogue.numbers import read_number
from dialogue.pieces import Clock, Day, Later, Length, NoSuch, Part, Period, Piece, Rough, To, Vague
from storage.times import day_starts, local, local_date

Outcome = Literal["ok", "ask_period", "ask_time", "confirm", "past", "invalid", "unclear"]

_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood. Only `ok` may be used without asking once more. Moments are in UTC.

    `ask_period` (上午 or 下午 not said) and `confirm` (no date said, one more than a year off, one that contradicts its
    weekday, midnight) hold a proposal in `start` and `end`. `ask_time` holds only `day`, and `part` if a part of the
    day was said. `past` holds in `missed` the moment that is over; a proposal for tomorrow, because that time is over
    for today, holds it as well. `invalid` is a day or hour that does not exist.
    """

    outcome: Outcome
    start: datetime | None = None
    end: datetime | None = None
    day: date | None = None
    part: Part | None = None
    missed: datetime | None = None


def read_moment(text: str, now: datetime) -> Reading:
    """The moment that `text`, said at `now`, means; for a range also its end. Never raises."""
    return _read(text, now, None, None)


def read_time(text: str, now: datetime, day: date, part: Part | None = None) -> Reading:
    """The same for an answer to “几点？”: `day` and `part` of the day are known unless `text` says others."""
    hour = read_number(text)
    if hour is not None and hour <= 24:
        text = f"{hour}点"
    return _read(text, now, day, part)


def read_date(text: str, now: datetime, *, past: bool = False, rough: Literal["", "first", "last"] = "") -> Reading:
    """The day alone: `ok` or `confirm` with `day`, else `past`, `invalid` or `unclear`. Never raises.

    With `past`, days gone by are welcome, and a date without a year means the nearest one, before or after today.
    With `rough`, “四月初” or “三月中旬” proposes the first or the last day of that stretch.
    """
    today = local_date(now)
    try:
        pieces = phrases.read(text, today)
        return _the_date(pieces, today, is_over=bool(_OVER.search(text)), past=past, rough=rough)
    except Vague:
        return Reading("unclear")
    except NoSuch:
        return Reading("invalid")


def other_half(reading: Reading, now: datetime) -> Reading:
    """The proposal of `ask_period` twelve hours off: “3点” in the morning after all."""
    if reading.start is None:
        return reading
    by = -_HALF_DAY if local(reading.start).hour >= 12 else _HALF_DAY
    start = reading.start + by
    if start <= now:
        return Reading("past", missed=start)
    return replace(reading, outcome="ok", start=start, end=reading.end and reading.end + by, day=local_date(start))


def in_part(reading: Reading, part: Part, now: datetime) -> Reading:
    """The proposal in another part of its day: “是下午3点吗？” “上午”."""
    if reading.start is None or reading.day is None:
        return reading
    here = local(reading.start)
    try:
        minutes = reckon(Clock((here.hour - 1) % 12 + 1, here.minute), part).minutes
    except NoSuch:
        return Reading("invalid")
    start = day_starts(reading.day) + timedelta(minutes=minutes)
    if start <= now:
        return Reading("past", missed=start)
    return replace(reading, outcome="ok", start=start, end=reading.end and reading.end + (start - reading.start))


# What the pieces mean together


@dataclass(frozen=True, slots=True)
class _Time:
    """A time of day with what was said beside it; without a day it is today or tomorrow."""

    clock: Clock
    part: Part | None
    day: Day | None


def _read(text: str, now: datetime, day: date | None, part: Part | None) -> Reading:
    try:
        return _the_moment(phrases.read(text, local_date(now)), now, day, part)
    except Vague:
        return Reading("unclear")
    except NoSuch:
        return Reading("invalid")


def _the_moment(pieces: Sequence[Piece], now: datetime, known_day: date | None, known_part: Part | None) -> Reading:
    if any(isinstance(piece, Rough) for piece in pieces):
        raise Vague
    if any(isinstance(piece, Later) for piece in pieces):
        return _from_now(pieces, now)
    left, right = _halves(pieces)
    lengths = [piece.lasts for piece in pieces if isinstance(piece, Length)]
    if len(lengths) + bool(right) > 1:
        raise Vague
    said_day = _one_day(left)
    part = _one_part(left) or (None if said_day else known_part)
    day = said_day or (Day((known_day,)) if known_day else None)
    clock = _one_clock(left)
    if clock is None:
        if right or lengths:
            raise Vague
        return _without_time(day, part, now)
    begin = _Time(clock, part, day)
    end = _end_time(right) if right else None
    reading = _start(begin, end, now)
    if reading.start is None or (end is None and not lengths):
        return reading
    return replace(reading, end=_range_end(reading.start, part, end) if end else reading.start + lengths[0])


def _from_now(pieces: Sequence[Piece], now: datetime) -> Reading:
    later, *more = _without_to(pieces)
    if more or not isinstance(later, Later) or not later.by:
        raise Vague
    start = now.replace(second=0, microsecond=0) + later.by
    return Reading("ok", start, day=local_date(start))


def _halves(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Before and after 到. One that ends nothing (“5号到三亚”) counts for nothing; one between days is too much."""
    for place, piece in enumerate(pieces):
        if isinstance(piece, To):
            left, right = _without_to(pieces[:place]), _without_to(pieces[place:])
            if any(isinstance(one, Clock) for one in left) and any(not isinstance(one, Length) for one in right):
                return left, right
            if any(isinstance(one, Day) for one in left) and any(isinstance(one, Day) for one in right):
                raise Vague
    return _without_to(pieces), []


def _without_to(pieces: Sequence[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not isinstance(piece, To)]


def _one_day(pieces: Sequence[Piece]) -> Day | None:
    """The day that all of these mean: 12月8号周二. One that contradicts its weekday is only proposed."""
    days = sorted((piece for piece in pieces if isinstance(piece, Day)), key=lambda day: day.weekday)
    if not days:
        return None
    meant = days[0]
    for other in days[1:]:
        weekday = other.ahead[0].weekday() if other.weekday else None
        fits = {day for day in meant.dates if (day in other.dates if weekday is None else day.weekday() == weekday)}
        if fits:
            last = meant.last if meant.last in fits else None
            meant = Day(tuple(day for day in meant.ahead if day in fits), last, meant.unsure or other.unsure)
        elif other.weekday:
            meant = replace(meant, unsure=True)
        else:
            raise Vague
    return meant


def _one_part(pieces: Sequence[Piece]) -> Part | None:
    parts = [piece.part for piece in pieces if isinstance(piece, Period)]
    if len(set(parts)) > 1 and not set(parts) <= {"dusk", "evening", "night"}:
        raise Vague
    return parts[-1] if parts else None


def _one_clock(pieces: Sequence[Piece]) -> Clock | None:
    clocks = [piece for piece in pieces if isinstance(piece, Clock)]
    if len(clocks) > 1:
        raise Vague
    return clocks[0] if clocks else None


def _end_time(pieces: Sequence[Piece]) -> _Time:
    clock = _one_clock(pieces)
    if clock is None:
        raise Vague
    return _Time(clock, _one_part(pieces), _one_day(pieces))


_OVER_AT: Mapping[Part, int] = MappingProxyType(
    {"dawn": 6, "morning": 12, "noon": 14, "afternoon": 18, "dusk": 20, "evening": 24, "night": 24}
)


def _without_time(day: Day | None, part: Part | None, now: datetime) -> Reading:
    """A day, or only a part of one: the time must still be asked."""
    if day is None and part is None:
        raise Vague
    ends = timedelta(hours=_OVER_AT[part] if part else 24)
    candidates = _candidates(day, now)
    for one in candidates:
        if day_starts(one) + ends > now:
            return Reading("ask_time", day=one, part=part)
    return Reading("past", missed=day_starts(candidates[-1]))


def _candidates(day: Day | None, now: datetime) -> tuple[date, ...]:
    today = local_date(now)
    return day.ahead or day.dates if day else (today, today + _DAY)


def _start(begin: _Time, end: _Time | None, now: datetime) -> Reading:
    clock = begin.clock
    if begin.part is None and end and end.part and clock.spoken and clock.hour <= 12:
        return _dated(begin, _hour_before(clock, end), "", now)  # 三点到下午五点
    reckoned = reckon(clock, begin.part)
    reading = _dated(begin, reckoned.minutes, reckoned.doubt, now)
    if reading.outcome == "past" and begin.part is None and clock.spoken and 7 <= clock.hour <= 11:
        # 今天八点, said in the afternoon: the morning is over, so only the evening can be meant.
        in_the_evening = _dated(begin, reckoned.minutes + 720, "ask_period", now)
        if in_the_evening.start and local_date(in_the_evening.start) == local_date(now):
            return in_the_evening
    return reading


def _hour_before(clock: Clock, end: _Time) -> int:
    """Minutes since midnight of a bare hour whose range ends in a known part of the day: the last before the end.

    Hours from 7 to 11 stay in the morning when the end does not come after the afternoon.
    """
    early = clock.hour % 12 * 60 + clock.minute
    before = [minutes for minutes in (early, early + 720) if minutes < reckon(end.clock, end.part).minutes]
    if not before:
        raise NoSuch
    return before[0] if clock.hour in range(7, 12) and end.part in ("morning", "noon", "afternoon") else before[-1]


def _dated(begin: _Time, minutes: int, doubt: Doubt, now: datetime) -> Reading:
    """The first of the days meant on which that time is still to come."""
    outcome: Outcome = doubt or ("ok" if begin.day and not begin.day.unsure else "confirm")
    missed: datetime | None = None
    for day in _candidates(begin.day, now):
        start = day_starts(day) + timedelta(minutes=minutes)
        if start > now:
            if outcome == "ok" and local_date(start) > _a_year_on(local_date(now)):
                outcome = "confirm"
            return Reading(outcome, start, day=day, part=begin.part, missed=None if begin.day else missed)
        missed = start
    return Reading("past", missed=missed)


def _a_year_on(day: date) -> date:
    return day.replace(year=day.year + 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def _range_end(start: datetime, part: Part | None, end: _Time) -> datetime:
    """The end of a range. Without a period of its own it comes as soon after the start as its hour allows.

    Raises `NoSuch` when it would come first, `Vague` when the range is longer than a day.
    """
    clock = end.clock
    if end.part is None and clock.hour <= 12 and (clock.spoken or part):
        early = clock.hour % 12 * 60 + clock.minute
        minutes = [early, early + 720, early + 1440] if clock.hour in (0, 12) else [early, early + 720]
    else:
        minutes = [reckon(clock, end.part).minutes]
    days = end.day.ahead if end.day else (local_date(start),)
    possible = [day_starts(day) + timedelta(minutes=one) for day in days for one in minutes]
    later = [moment for moment in possible if moment > start]
    if not later and end.day is None and local(start).hour >= 18:
        later = [moment + _DAY for moment in possible]  # 晚上十点到一点
    if not later:
        raise NoSuch
    if later[0] - start > _DAY:
        raise Vague
    return later[0]


# Days without a time

_OVER = re.compile(r"到的|来的|回的|了|已经|早就|刚")


def _the_date(
    pieces: Sequence[Piece], today: date, *, is_over: bool, past: bool, rough: Literal["", "first", "last"]
) -> Reading:
    stretches = [piece for piece in pieces if isinstance(piece, Rough)]
    meant = _one_day(pieces)
    _halves(pieces)  # several days are not one
    if stretches:
        if not rough or len(stretches) > 1 or meant:
            raise Vague
        stretch = stretches[0].ahead
        if past and stretches[0].before and stretch[0] - today > today - stretches[0].before[1]:
            stretch = stretches[0].before
        day = stretch[0 if rough == "first" else 1]
        return Reading("confirm", day=day) if past or day >= today else Reading("past", missed=day_starts(day))
    if meant is None or any(isinstance(piece, Later) for piece in pieces):
        raise Vague
    ahead = next((one for one in meant.ahead if one >= today), None)
    if past and meant.last and not (ahead == today or (ahead and not is_over and ahead - today < today - meant.last)):
        day = meant.last
    else:
        day = ahead or meant.dates[-1]
    if day < today and not past:
        return Reading("past", missed=day_starts(day))
    far = not (today - timedelta(days=366) <= day <= _a_year_on(today))
    return Reading("confirm" if far or meant.unsure else "ok", day=day)

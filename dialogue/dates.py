"""Reads days and moments as people say them in Chinese: a small grammar, not a list of phrases.

A phrase is read from left to right into pieces (`clocks`, `days`, `festivals` know their patterns); what they mean
together is decided here. Rule: domain 10.
"""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal

from dialogue import clocks, days
from dialogue.clocks import reckon
from dialogue.numbers import plain
from dialogue.phrases import (
    Clock,
    Day,
    Later,
    Length,
    NoSuch,
    Part,
    Patterns,
    Period,
    Piece,
    Rough,
    Scene,
    To,
    Vague,
)
from storage.times import at, day_starts, local, local_date

Outcome = Literal["ok", "ask_period", "ask_time", "confirm", "past", "invalid", "unclear"]

_LONGEST = 120  # characters
_HALF_DAY = timedelta(hours=12)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood. Only `ok` may be used without asking once more.

    `ask_period` (上午 or 下午 not said) and `confirm` (no date said, a date a year off, or one that contradicts its
    weekday) hold a proposal in `start` and `end`; `ask_time` holds only `day`, and `part` if a part of the day was said.
    `past` holds in `missed` the moment that is over. `invalid` is a day or hour that does not exist. Moments are in UTC.
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
    return _read(text, now, day, part)


def read_date(text: str, now: datetime, *, past: bool = False, rough: Literal["", "first", "last"] = "") -> Reading:
    """The day alone: `ok` or `confirm` with `day`, else `past`, `invalid` or `unclear`. Never raises.

    With `past`, days gone by are welcome, and a date without a year means the nearest one, before or after today.
    With `rough`, “四月初” or “三月中旬” proposes the first or the last day of that stretch.
    """
    try:
        scene = _scan(text, local_date(now))
        return _the_date(scene, said_as_gone=bool(_GONE.search(text)), past=past, rough=rough)
    except Vague:
        return Reading("unclear")
    except NoSuch:
        return Reading("invalid")


def midday_flipped(reading: Reading, now: datetime) -> Reading:
    """The other half of the day for a proposal of `ask_period`: 3点 in the morning after all."""
    if reading.start is None:
        return reading
    by = -_HALF_DAY if local(reading.start).hour >= 12 else _HALF_DAY
    start = reading.start + by
    if start <= now:
        return Reading("past", missed=start)
    return replace(reading, outcome="ok", start=start, end=reading.end and reading.end + by)


# Reading from left to right

_WIDE = str.maketrans(
    "點週號後個鐘時禮這還過節國慶臘農曆陰歷閏開結東兒剛臺從裡裏",
    "点周号后个钟时礼这还过节国庆腊农历阴历闰开结东儿刚台从里里",
)
_CJK = r"[\u3400-\u9fff]"
_VAGUE = re.compile(
    r"几|不|没|别的|再说|再看|再定|看情况|改天|改日|回头|一会|等会|等下|待会|呆会|过会|有空|随时|随便|都行|都可以|哪天|啥时|何时|多会|多咱"
    r"|什么时候|最近|近期|尽快|马上|立刻|现在|早点|晚点|早一点|晚一点|早些|晚些|或|还是|要么|要不|每|天天|隔|以内|之内|期间|假期|长假|周末"
    r"|年底|年末|年初(?!初?[一二三四五六七八九十])|年前|年后|年中|开春|入冬|上半年|下半年|季度|过年|差点|有点|某|过段|过阵|过些|些天|点多|点来"
    r"|除了|待定|未定"
)
_POLITE = re.compile(r"不好意思|没问题|没事儿?|别忘了|不见不散|不客气|没错|不用谢")
_ASIDE = re.compile(
    r"[0-9一二两三四五六七八九十]+(?:号楼|号院|楼|层|栋|单元|室|个人|位|名(?!字)|人(?!民))|三亚|三沙|五指山|四川|双榆|三门|九江|万宁|千万"
)
_ABOUT_THREE = re.compile(r"(?<![十周初月号年第])[一二两三四五六七八九](?=[一二三四五六七八九][点时])")
_LEFT_NUMBER = re.compile(r"[0-9零二两三四五六七八九十百]|[点号](?!名|召|子)")
_GONE = re.compile(r"到的|来的|回的|了|已经|早就|刚")


def _prepared(text: str) -> str:
    text = plain(text).lower().translate(_WIDE)
    text = _POLITE.sub("", text)
    text = re.sub(r"星期|礼拜", "周", text)
    text = re.sub(r"(?<=[0-9])[;](?=[0-9])", ":", text)
    text = re.sub(r"俩(?=小时|钟头|月|周|天)", "两个", text)
    text = re.sub(r"[()【】\[\]<>《》“”\"'「」]", " ", text)
    text = re.sub(r"\s*([-~—–:/])\s*", r"\1", text)
    text = re.sub(rf"\s+(?={_CJK})|(?<={_CJK})\s+", "", text)
    return _ASIDE.sub("·", text)


def _right_after(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """三点前, 5号以后, 三天内: a bound, not a moment."""
    if scene.pieces and scene.read_to == found.start():
        raise Vague
    return None


def _to(_found: re.Match[str], scene: Scene) -> list[Piece] | None:
    return [To()] if scene.pieces else None


_PATTERNS: Patterns = (
    *clocks.PATTERNS,
    *days.PATTERNS,
    (re.compile(r"(?:之|以)?[前后内](?!往)"), _right_after),
    (re.compile(r"(?:开始|起)?[,、]?(?:一直)?(?:到|至|[-~—–]+)|开始[,、]?|[,、](?=.{1,8}(?:结束|散))"), _to),
)


def _scan(text: str, today: date) -> Scene:
    """The pieces of a phrase. Raises `Vague` when something in it cannot be left aside, and `NoSuch`."""
    if len(text) > _LONGEST:
        raise Vague
    text = _prepared(text)
    if _VAGUE.search(text):
        raise Vague
    scene = Scene(today)
    left = ""
    position = 0
    while position < len(text):
        for pattern, build in _PATTERNS:
            found = pattern.match(text, position)
            if found and found.end() > position:
                if _ABOUT_THREE.match(text, position):
                    raise Vague  # 三四点
                pieces = build(found, scene)
                if pieces is not None:
                    scene.pieces.extend(pieces)
                    scene.read_to = position = found.end()
                    left += " "
                    break
        else:
            left += text[position]
            position += 1
    if _LEFT_NUMBER.search(left) or scene.year is not None:
        raise Vague
    return scene


# What the pieces mean together


@dataclass(frozen=True, slots=True)
class _End:
    """One end of a range, or the whole phrase when there is none."""

    day: Day | None
    part: Part | None
    clock: Clock | None


def _end(pieces: list[Piece]) -> _End:
    said_days = [piece for piece in pieces if isinstance(piece, Day)]
    parts = {piece.part for piece in pieces if isinstance(piece, Period)}
    clock_pieces = [piece for piece in pieces if isinstance(piece, Clock)]
    if len(parts) > 1:
        if not parts <= {"evening", "night", "dusk"}:
            raise Vague
        parts = {next(piece.part for piece in reversed(pieces) if isinstance(piece, Period))}
    if len(clock_pieces) > 1:
        raise Vague
    return _End(
        _one_day(said_days) if said_days else None,
        next(iter(parts), None),
        clock_pieces[0] if clock_pieces else None,
    )


def _one_day(said: list[Day]) -> Day:
    """The day that all of these mean: 12月8号周二. One that contradicts its weekday is proposed."""
    first, *others = sorted(said, key=lambda day: day.weekday)
    for other in others:
        if other.weekday:
            weekday = other.ahead[0].weekday()
            fitting = tuple(day for day in first.ahead if day.weekday() == weekday)
            last = first.last if first.last and first.last.weekday() == weekday else None
        else:
            fitting = tuple(day for day in first.ahead if day in other.ahead)
            last = first.last if first.last == other.last else None
        if fitting or last:
            first = Day(fitting, last, first.unsure or other.unsure)
        elif other.weekday:
            first = Day(first.ahead[:1], first.last, unsure=True)
        else:
            raise Vague
    return first


def _read(text: str, now: datetime, day: date | None, part: Part | None) -> Reading:
    try:
        pieces = _scan(text, local_date(now)).pieces
        return _the_moment(pieces, now, day, part)
    except Vague:
        return Reading("unclear")
    except NoSuch:
        return Reading("invalid")


def _the_moment(pieces: list[Piece], now: datetime, day: date | None, part: Part | None) -> Reading:
    if any(isinstance(piece, Rough) for piece in pieces):
        raise Vague
    if any(isinstance(piece, Later) for piece in pieces):
        return _from_now(pieces, now)
    left, right, lasts = _halves(pieces)
    known = Day((day,)) if day else None
    begin = _end(left)
    begin = _End(begin.day or known, begin.part or (None if begin.day and day else part), begin.clock)
    if begin.clock is None:
        if right or lasts:
            raise Vague
        return _without_time(begin, now)
    end = _end(right) if right else None
    if end and end.clock is None:
        raise Vague
    start = _start(begin, end, now)
    if start.start is None or (end is None and lasts is None):
        return start
    if lasts is not None:
        return replace(start, end=start.start + lasts)
    assert end is not None
    return replace(start, end=_range_end(start.start, begin, end))


def _from_now(pieces: list[Piece], now: datetime) -> Reading:
    later, *more = [piece for piece in pieces if not isinstance(piece, To)]
    if more or not isinstance(later, Later) or not later.by:
        raise Vague
    return Reading("ok", now.replace(second=0, microsecond=0) + later.by)


def _halves(pieces: list[Piece]) -> tuple[list[Piece], list[Piece], timedelta | None]:
    """Before and after the 到, and how long it lasts. A 到 that ends nothing (“5号到三亚”) counts for nothing."""
    lengths = [piece.lasts for piece in pieces if isinstance(piece, Length)]
    rest = [piece for piece in pieces if not isinstance(piece, Length)]
    if len(lengths) > 1 or (lengths and not lengths[0]):
        raise Vague
    split = next(
        (
            place
            for place, piece in enumerate(rest)
            if isinstance(piece, To)
            and any(isinstance(before, Clock) for before in rest[:place])
            and _says(rest[place:])
        ),
        None,
    )
    if split is None:
        dated_ends = [
            place
            for place, piece in enumerate(rest)
            if isinstance(piece, To)
            and any(isinstance(one, Day) for one in rest[:place])
            and any(isinstance(one, Day) for one in rest[place:])
        ]
        if dated_ends:
            raise Vague  # several days are not one moment
    left = rest if split is None else rest[:split]
    right = [] if split is None else rest[split:]
    if right and lengths:
        raise Vague
    return _without_to(left), _without_to(right), lengths[0] if lengths else None


def _says(pieces: list[Piece]) -> bool:
    return any(not isinstance(piece, To) for piece in pieces)


def _without_to(pieces: list[Piece]) -> list[Piece]:
    return [piece for piece in pieces if not isinstance(piece, To)]


_OVER_AT = {"dawn": 6, "morning": 12, "noon": 14, "afternoon": 18, "dusk": 20, "evening": 24, "night": 24}


def _without_time(begin: _End, now: datetime) -> Reading:
    """A day, or only a part of one: the time must still be asked."""
    if begin.day is None and begin.part is None:
        raise Vague
    today = local_date(now)
    candidates = begin.day.ahead if begin.day else (today, today + _DAY)
    over = timedelta(hours=_OVER_AT[begin.part] if begin.part else 24)
    for day in candidates:
        if day_starts(day) + over > now:
            return Reading("ask_time", day=day, part=begin.part)
    return Reading("past", missed=day_starts(candidates[-1]) + over - timedelta(minutes=1))


def _start(begin: _End, end: _End | None, now: datetime) -> Reading:
    assert begin.clock is not None
    part = begin.part
    clock = begin.clock
    if part is None and end and end.part and end.clock and clock.spoken and clock.hour <= 12:
        return _dated(begin, _hour_before(clock, end), "", now)  # 三点到下午五点
    reckoned = reckon(clock, part)
    minutes = timedelta(minutes=reckoned.minutes)
    reading = _dated(begin, minutes, reckoned.doubt, now)
    today = local_date(now)
    if (
        reading.outcome == "past"
        and part is None
        and clock.spoken
        and 7 <= clock.hour <= 11
        and begin.day
        and begin.day.ahead == (today,)
        and day_starts(today) + minutes + _HALF_DAY > now
    ):
        # 今天八点, said in the afternoon: the morning is over, so only the evening can be meant.
        return _dated(begin, minutes + _HALF_DAY, "ask_period", now)
    return reading


def _hour_before(clock: Clock, end: _End) -> timedelta:
    """The later half of the day in which a bare hour still comes before the end of its range."""
    assert end.clock is not None
    ends = reckon(end.clock, end.part).minutes
    hours = [clock.hour % 12 * 60 + clock.minute, clock.hour % 12 * 60 + clock.minute + 720]
    before = [minutes for minutes in hours if minutes < ends]
    if not before:
        raise NoSuch
    if 7 <= clock.hour <= 11 and end.part in ("morning", "noon", "afternoon"):
        return timedelta(minutes=before[0])
    return timedelta(minutes=before[-1])


def _dated(begin: _End, minutes: timedelta, doubt: Literal["", "ask_period", "confirm"], now: datetime) -> Reading:
    """The first of the days meant on which that time is still to come."""
    today = local_date(now)
    candidates = begin.day.ahead if begin.day else (today, today + _DAY)
    outcome: Outcome = doubt or ("ok" if begin.day and not begin.day.unsure else "confirm")
    if not candidates:
        raise Vague
    for day in candidates:
        start = day_starts(day) + minutes
        if start > now:
            far = local_date(start) > _a_year_on(today)
            return Reading("confirm" if far and outcome == "ok" else outcome, start, day=day, part=begin.part)
    return Reading("past", missed=day_starts(candidates[-1]) + minutes)


def _a_year_on(day: date) -> date:
    return (
        day.replace(year=day.year + 1, day=min(day.day, 28))
        if (day.month, day.day) == (2, 29)
        else day.replace(year=day.year + 1)
    )


def _range_end(start: datetime, begin: _End, end: _End) -> datetime:
    """The end of a range. Without a period of its own it comes as soon after the start as its hour allows.

    Raises `NoSuch` when it would come first, `Vague` when the range is longer than a day.
    """
    assert end.clock is not None
    first = local_date(start)
    if end.part is None and end.clock.spoken and 1 <= end.clock.hour <= 12:
        hour = timedelta(minutes=end.clock.hour % 12 * 60 + end.clock.minute)
        possible = [hour, hour + _HALF_DAY] if end.clock.hour < 12 else [_HALF_DAY + hour, 2 * _HALF_DAY + hour]
    elif end.part is None and begin.part and not end.clock.spoken and end.clock.hour < 12:
        hour = timedelta(minutes=end.clock.hour * 60 + end.clock.minute)
        possible = [hour, hour + _HALF_DAY]
    else:
        possible = [timedelta(minutes=reckon(end.clock, end.part).minutes)]
    if end.day:
        ends = [day_starts(day) + hour for day in end.day.ahead for hour in possible]
        return _within_a_day(start, [moment for moment in ends if moment > start])
    same_day = [day_starts(first) + hour for hour in possible]
    later = [moment for moment in same_day if moment > start]
    if not later and local(start).hour >= 18:
        later = [moment + _DAY for moment in same_day]  # 晚上十点到一点
    return _within_a_day(start, later)


def _within_a_day(start: datetime, ends: list[datetime]) -> datetime:
    if not ends:
        raise NoSuch
    if ends[0] - start > _DAY:
        raise Vague
    return ends[0]


# Days without a time


def _the_date(scene: Scene, *, said_as_gone: bool, past: bool, rough: Literal["", "first", "last"]) -> Reading:
    today = scene.today
    pieces = scene.pieces
    said_days = [piece for piece in pieces if isinstance(piece, Day)]
    stretches = [piece for piece in pieces if isinstance(piece, Rough)]
    if stretches:
        if not rough or len(stretches) > 1 or said_days:
            raise Vague
        day = stretches[0].first if rough == "first" else stretches[0].latest
        return Reading("confirm", day=day) if past or day >= today else Reading("past")
    if any(isinstance(piece, Later) for piece in pieces) or not said_days:
        raise Vague
    _halves(pieces)
    meant = _one_day(said_days)
    if past and meant.last:
        ahead = meant.ahead[:1] if not (said_as_gone and meant.ahead[:1] > (today,)) else ()
        day = min((*ahead, meant.last), key=lambda one: (abs((one - today).days), one))
    else:
        day = next((one for one in meant.ahead if one >= today), meant.dates[-1])
        if day < today and not past:
            return Reading("past", missed=at(day, datetime.min.time()))
    far = not (today - timedelta(days=366) <= day <= _a_year_on(today))
    return Reading("confirm" if far or meant.unsure else "ok", day=day)

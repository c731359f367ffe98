"""The time of day as people say it: 下午三点, 差五分八点, 14:30, 半夜十二点."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Literal

from dialogue.numbers import read_spelled
from dialogue.pieces import (
    AFTER,
    DASH,
    SMALL,
    Clock,
    Day,
    Later,
    Length,
    NoSuch,
    Part,
    Patterns,
    Period,
    Piece,
    Scene,
    To,
    Vague,
)

Doubt = Literal["", "ask_period", "confirm"]


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Minutes since midnight; 1440 and more lie in the next day."""

    minutes: int
    doubt: Doubt = ""


def reckon(clock: Clock, part: Part | None) -> Reckoned:
    """What a time means beside a period word, or without one. Raises `NoSuch` when the two cannot go together.

    Rule: domain 10. Bare hours 1–6 are asked, with the afternoon proposed; 7–11 are morning, 12 is noon; midnight at
    the end of a day is confirmed, for it belongs to the next date.
    """
    hour, doubt = _hour_of(clock.hour, part, spoken=clock.spoken)
    return Reckoned(hour * 60 + clock.minute, doubt)


def _hour_of(hour: int, part: Part | None, *, spoken: bool) -> tuple[int, Doubt]:
    if part is None:
        if hour == 24:
            return 24, "confirm"
        return (hour + 12, "ask_period") if spoken and 1 <= hour <= 6 else (hour, "")
    if part in ("evening", "night"):
        small_hours = 5 if part == "evening" else 6  # before it the clock has passed midnight
        if hour in (0, 12, 24):
            return 24, "confirm"
        if hour < small_hours:
            return 24 + hour, "confirm"
        return (hour + 12 if hour < 12 else hour), ""
    fits: Mapping[Part, tuple[range, range]] = {  # hours taken as they are, hours counted from noon
        "dawn": (range(9), range(0)),
        "morning": (range(12), range(0)),
        "noon": (range(10, 15), range(1, 4)),
        "afternoon": (range(12, 24), range(1, 12)),
        "dusk": (range(16, 21), range(4, 9)),
    }
    as_they_are, from_noon = fits[part]
    if hour in as_they_are:
        return hour, ""
    if hour in from_noon:
        return hour + 12, ""
    if hour == 12 and part == "dawn":
        return 0, "confirm"
    if hour == 12 and part == "morning":
        return 12, "confirm"
    raise NoSuch


# Words for parts of the day, northern ones among them

_PARTS: tuple[tuple[Part, str], ...] = (
    ("dawn", "凌晨|后半夜|下半夜|五更天?|天不亮"),
    ("noon", "大中午头?|中午头?|正午|晌午头?|午间|[午中]饭(?!后)"),
    ("afternoon", "下午|午后|过午|后晌午?|下晌午?|过晌午?|下半晌|后半晌|下半天|后半天|[午中]饭后"),
    ("dusk", "傍晚|黄昏|擦黑儿?|傍黑[儿天]?|天擦黑"),
    ("night", "夜里头?|夜间|深夜|大半夜|半夜三更|半夜里?|午夜|夜晚|前半夜|上半夜|子夜"),
    ("evening", "大晚上|晚上|晚间|晚巴晌|晚半晌|下黑儿?|黑天|黑间|黑夜|晚黑|晚饭[前后]?"),
    ("morning", "大?清早[上儿]?|清晨|大?早晨|大?早上|早间|早起|一大?早|起早|大早|头晌午?|前晌午?|[上前]半[晌天]"),
    ("morning", "上午|午前|头午|早饭[前后]?"),
)
_PART_OF_WORD: Mapping[str, Part] = MappingProxyType(
    {"早": "morning", "晨": "morning", "午": "noon", "晚": "evening", "夜": "night", "a": "morning", "p": "afternoon"}
)


def _part(found: re.Match[str], _scene: Scene) -> list[Piece]:
    return [Period(next(part for part, words in _PARTS if re.match(words, found.string[found.start() :])))]


def _short_part(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """早, 晚 and 夜 alone mean a period only right after a day or right before an hour: 周六晚, 早8点."""
    if found["hour"] is None and not isinstance(scene.latest, Day):
        return None
    return [Period(_PART_OF_WORD[found["word"]])]


def period_of_word(word: str) -> Period:
    """The period in 今早, 明晚, 除夕夜."""
    return Period(_PART_OF_WORD[word])


# Times


def _number(said: str, below: int) -> int:
    number = read_spelled(said.lstrip("零0") or "0")
    if number is None or number >= below:
        raise NoSuch
    return number


def _quarters_or_minutes(said: str) -> int:
    if "刻" in said:
        quarters = _number(said.split("刻")[0], 10)
        if quarters > 3:
            raise NoSuch
        return 15 * quarters
    return _number(re.sub(r"[过分钟]", "", said), 60)


def _clock(hour: int, minute: int, *, spoken: bool = True) -> Clock:
    if hour > 24 or minute > 59 or (hour == 24 and minute):
        raise NoSuch
    return Clock(hour, minute, spoken)


def _digital(found: re.Match[str], _scene: Scene) -> list[Piece]:
    half = found["half"]
    clock = _clock(int(found["h"]), int(found["m"] or 0), spoken=bool(half))
    return [Period(_PART_OF_WORD[half]), clock] if half else [clock]


def _to_the_hour(found: re.Match[str], _scene: Scene) -> list[Piece]:
    return [Clock(_number(found["h"], 25), -_quarters_or_minutes(found["less"]))]


def _in_words(found: re.Match[str], _scene: Scene) -> list[Piece]:
    hour = _number(found["h"], 25)
    if found["less"]:
        return [Clock(hour, -_quarters_or_minutes(found["less"]))]
    return [_clock(hour, 30 if found["half"] else _quarters_or_minutes(found["past"] or "零"))]


def _before_dash(found: re.Match[str], _scene: Scene) -> list[Piece]:
    return [_clock(_number(found["h"], 25), 0)]


def _dotted(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """9.30 is a time beside a day or a period; elsewhere it is 30 September."""
    hour, minute = int(found["h"]), int(found["m"])
    if not scene.pieces and 1 <= hour <= 12 and 1 <= minute <= 31:
        return None
    return [_clock(hour, minute)]


def _four_digits(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    return [_clock(int(found["h"]), int(found["m"]), spoken=False)] if scene.pieces else None


def _right_after_period(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """下午3, 下午2-4: a number there is an hour."""
    if not isinstance(scene.latest, Period):
        return None
    first = _clock(_number(found["h"], 25), 0)
    return [first, To(), _clock(_number(found["to"], 25), 0)] if found["to"] else [first]


# Lengths of time


def _amount(said: str) -> float:
    amount = float(said) if said.isascii() else read_spelled(said)
    if amount is None or amount > 1000:
        raise Vague
    return amount


def _length(found: re.Match[str], _scene: Scene) -> list[Piece]:
    said = found.groupdict()
    hours = 0.0
    if said.get("hours"):
        hours = (0 if said["hours"] == "半" else _amount(said["hours"])) + (0.5 if "半" in found["whole"] else 0)
    minutes = _amount(said["minutes"]) if said.get("minutes") else 0
    minutes += 15 * _amount(said["quarters"]) if said.get("quarters") else 0
    length = timedelta(hours=hours, minutes=minutes)
    return [Later(length)] if said["after"] or said["ahead"] else [Length(length)]


_AMOUNT = rf"(?:[0-9]{{1,4}}(?:\.[0-9])?|{SMALL})"
_HOUR = rf"(?:(?<![0-9.])[0-9]{{1,4}}|{SMALL})"
_OCLOCK = r"(?:点|时)(?!间|候|段|代|光|刻|之|儿|心)"
_EXACT_MINUTE = r"(?:[零0][0-9一二三四五六七八九]|[0-5][0-9]|[二三四五]?十[一二三四五六七八九]?)"
_NOT_COUNTED = r"(?![0-9点时:个号日月天周人楼小])"

PATTERNS: Patterns = (
    (
        re.compile(
            rf"(?P<ahead>再过|过|等)?(?P<whole>(?P<hours>{_AMOUNT}|半)个?半?(?:小时|钟头|钟点)半?)"
            rf"(?:零|又|加)?(?:(?P<minutes>{_AMOUNT})分钟?)?(?P<after>{AFTER})?"
        ),
        _length,
    ),
    (
        re.compile(
            rf"(?P<ahead>再过|过|等)?(?:(?P<minutes>{_AMOUNT})分钟?|(?P<quarters>[一二两三123])刻钟?)(?P<after>{AFTER})"
        ),
        _length,
    ),
    (
        re.compile(rf"(?P<ahead>再过|过|等)?(?:(?P<minutes>{_AMOUNT})分钟|(?P<quarters>[一二两三123])刻钟)(?P<after>)"),
        _length,
    ),
    (
        re.compile(rf"差(?P<less>[一1]刻钟?|{_AMOUNT}(?:分钟?)?)(?:不?到|就)?(?P<h>{_HOUR})(?:点|时)"),
        _to_the_hour,
    ),
    (re.compile(r"(?<![0-9])(?P<h>[0-9]{1,2})(?::(?P<m>[0-9]{2}))?(?P<half>[ap])\.?m(?![a-z])\.?"), _digital),
    (
        re.compile(r"(?<![0-9:])(?P<h>[0-9]{1,2}):(?P<m>[0-9]{2})(?::[0-9]{2}(?:\.[0-9]+)?)?(?P<half>)(?![0-9:])分?"),
        _digital,
    ),
    (
        re.compile(
            rf"(?P<h>{_HOUR}){_OCLOCK}(?:(?P<half>半)|差(?P<less>[一1]刻钟?|{_AMOUNT}分钟?)"
            rf"|过?(?P<past>[一二两三四五六七八九0-9]刻钟?|{_AMOUNT}分(?!钟?{AFTER})钟?"
            rf"|{_EXACT_MINUTE}{_NOT_COUNTED}))?(?:钟|整|正)?"
        ),
        _in_words,
    ),
    (re.compile(rf"(?P<h>{_HOUR})(?={DASH}{_HOUR}(?:点|时)(?!间))"), _before_dash),
    (
        re.compile(rf"(?<![0-9.])(?P<h>[0-9]{{1,2}})(?:{DASH}(?P<to>[0-9]{{1,2}}))?(?=$|[,。!;的开集])"),
        _right_after_period,
    ),
    (re.compile(r"(?<![0-9.])(?P<h>[0-9]{1,2})\.(?P<m>[0-5][0-9])(?![0-9.号日])"), _dotted),
    (re.compile(r"(?<![0-9.:/-])(?P<h>[01][0-9]|2[0-4])(?P<m>[0-5][0-9])(?![0-9./年月日号人-])"), _four_digits),
    (re.compile("|".join(words for _, words in _PARTS)), _part),
    (re.compile(rf"(?P<word>[早晚夜])上?(?P<hour>(?={_HOUR}(?:点|时|:)|[0-9]))?(?!些|饭|会|点)"), _short_part),
)

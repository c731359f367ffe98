"""Days as people say them: 明儿, 下周三, 12月8号, 11/30, 三周后, 月底."""

import calendar
import re
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from dialogue import festivals
from dialogue.clocks import period_of_word
from dialogue.festivals import every_year, recurring
from dialogue.numbers import read_number, read_spelled
from dialogue.pieces import AFTER, DASH, SMALL, Day, NoSuch, Patterns, Period, Piece, Rough, Scene, Vague

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_FROM_TODAY: Mapping[str, int] = MappingProxyType(
    {"大大后": 4, "大后": 3, "外后": 3, "后": 2, "明": 1, "今": 0, "本": 0, "昨": -1, "前": -2, "大前": -3}
)
_YEARS: Mapping[str, int] = MappingProxyType(
    {"今": 0, "本": 0, "当": 0, "明": 1, "来": 1, "转": 1, "翌": 1, "后": 2, "大后": 3, "去": -1, "前": -2, "大前": -3}
)
_STEPS: Mapping[str, int] = MappingProxyType({"上上": -2, "上": -1, "这": 0, "本": 0, "当": 0, "下": 1, "下下": 2})


def _date(year: int, month: int, day: int) -> date:
    if not (1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        raise NoSuch
    return date(year, month, day)


def _months_on(day: date, months: int) -> date:
    """The same day some months on; the last of a month that is too short."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


# A day by its date


def _full(found: re.Match[str], _scene: Scene) -> list[Piece]:
    return [Day((_date(int(found["year"]), int(found["month"]), int(found["day"])),))]


def _year(found: re.Match[str], scene: Scene) -> list[Piece]:
    """Waits for its month and day."""
    if found["word"]:
        scene.year = scene.today.year + _YEARS[found["word"]]
        scene.this_year = scene.year == scene.today.year
        return []
    year = read_number(found["digits"])
    if year is None or not (year < 100 or 1900 <= year < 2200):
        raise NoSuch
    scene.year = year + 2000 if year < 100 else year
    return []


def _month_day(found: re.Match[str], scene: Scene) -> list[Piece]:
    month, day = read_spelled(found["month"].lstrip("0")), read_spelled(found["day"].lstrip("0"))
    if month is None or day is None:
        raise NoSuch
    if scene.year is not None:
        year, scene.year = scene.year, None
        return [Day((_date(year, month, day),))]
    this = recurring(scene, every_year(month, day))
    if this.ahead[0] > _months_on(scene.today, 12):
        raise NoSuch  # 29 February, and no leap year before long
    return [this]


def _day_of_month(found: re.Match[str], scene: Scene) -> list[Piece]:
    day = read_spelled(found["day"].lstrip("0"))
    if day is None or not 1 <= day <= 31:
        raise NoSuch
    this_month = scene.today.replace(day=1)
    having = [
        first.replace(day=day)
        for first in (_months_on(this_month, months) for months in range(-2, 4))
        if day <= calendar.monthrange(first.year, first.month)[1]
    ]
    ahead = [one for one in having if one >= scene.today]
    return [Day(tuple(ahead[:2]), max((one for one in having if one < scene.today), default=None))]


def _month_by_word(found: re.Match[str], scene: Scene) -> list[Piece]:
    """下个月5号; 下月底."""
    first = _months_on(scene.today.replace(day=1), _STEPS[found["step"]])
    if not found["day"]:
        return [Rough(_part_of_month(first.year, first.month, found["part"] or ""))]
    day = read_spelled(found["day"].lstrip("0"))
    return [Day((_date(first.year, first.month, day or 0),))]


def _month_alone(found: re.Match[str], scene: Scene) -> list[Piece]:
    """四月, 三月中旬, 月底: the coming one, unless it is running."""
    part = found["part"] or ""
    if not found["month"]:
        return [Rough(_part_of_month(scene.today.year, scene.today.month, part))]
    month = read_spelled(found["month"].lstrip("0"))
    if month is None or not 1 <= month <= 12:
        raise NoSuch
    if scene.year is not None:
        year, scene.year = scene.year, None
        return [Rough(_part_of_month(year, month, part))]
    year = scene.today.year + (month < scene.today.month)
    return [Rough(_part_of_month(year, month, part), _part_of_month(year - 1, month, part))]


def _part_of_month(year: int, month: int, part: str) -> tuple[date, date]:
    length = calendar.monthrange(year, month)[1]
    spans = {"初": (1, 5), "上": (1, 10), "中": (11, 20), "下": (21, length), "底": (length - 4, length)}
    first, latest = spans.get(part[:1].replace("末", "底"), (1, length))
    return date(year, month, first), date(year, month, latest)


# A day from today


def _word(found: re.Match[str], scene: Scene) -> list[Piece]:
    day = Day((scene.today + _FROM_TODAY[found["word"]] * _DAY,))
    short = found.groupdict().get("part")
    return [day, period_of_word(short)] if short else [day]


def _tomorrow(_found: re.Match[str], scene: Scene) -> list[Piece]:
    return [Day((scene.today + _DAY,))]


def _later(found: re.Match[str], scene: Scene) -> list[Piece]:
    """三天后, 两周后, 半个月前; 过两天 without 后 means some day soon."""
    unit, half, count = found["unit"], bool(found["half"]), read_spelled(found["count"])
    direction = -1 if found["before"] else 1
    if not found["after"] and not found["before"] and (found["ahead"] != "再过" and count in (None, 2)):
        raise Vague
    if found["count"] == "半":
        if unit not in "月年" or half:
            raise Vague
        return [Day((_months_on(scene.today, 6 * direction) if unit == "年" else scene.today + 15 * direction * _DAY,))]
    if count is None or count > 1000 or (unit == "月" and not found["counted"]):
        raise Vague
    if unit in "天日周":
        if half or (found["weekday"] and unit != "周"):
            raise Vague
        day = scene.today + count * direction * (_WEEK if unit == "周" else _DAY)
        return [Day((_in_week_of(day, found["weekday"]) if found["weekday"] else day,))]
    months = count * (12 if unit == "年" else 1) + (6 if half and unit == "年" else 0)
    day = _months_on(scene.today, months * direction)
    return [Day((day + 15 * direction * _DAY if half and unit == "月" else day,))]


# A day of the week


def _weekday(found: re.Match[str], scene: Scene) -> list[Piece]:
    in_this_week = _in_week_of(scene.today, found["day"])
    step = found["step"]
    if step:
        return [Day((in_this_week + _STEPS[step] * _WEEK,))]
    coming = in_this_week if in_this_week >= scene.today else in_this_week + _WEEK
    return [Day((coming, coming + _WEEK), coming - _WEEK, weekday=True)]


def _in_week_of(day: date, weekday: str) -> date:
    """The 一, 二 … 日 of the week, Monday first, in which `day` lies."""
    number = "一二三四五六日".find(weekday.replace("天", "日").replace("七", "日"))
    number = int(weekday) - 1 if number < 0 else number
    return day + timedelta(days=number - day.weekday())


def _same_day_of_week(found: re.Match[str], scene: Scene) -> list[Piece]:
    return [Day((scene.today + _STEPS[found["step"]] * _WEEK,))]


def _vague(_found: re.Match[str], _scene: Scene) -> list[Piece]:
    raise Vague


def _no_such(_found: re.Match[str], _scene: Scene) -> list[Piece]:
    raise NoSuch


def _date_by_signs(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """11-30, 11.30; right after a period word it would be hours (下午2-4)."""
    if isinstance(scene.latest, Period):
        return None
    return _month_day(found, scene)


_D = (
    r"(?:[0-9]{1,2}(?![0-9])|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十[一二三四五六七八九]?|卅一?"
    r"|[四五六七八九]十[一二三四五六七八九]?|十[一二三四五六七八九]?|[零]?[一二三四五六七八九])"
)
_M = r"(?:[0-9]{1,2}|十[一二三四五六七八九]?|[一二三四五六七八九])"
_NOT_A_TIME = r"(?!点|时(?!候)|:|[个天月层楼人岁元])"
_NOT_A_NUMBER = r"(?!楼|院|线|门|厅|馆|桌|车|店|桥|机|场|房|室|栋|内|游|[0-9])"
_ONE_TO_SEVEN = r"(?:[一二三四五六七日天]|[1-7](?![0-9:]))"

PATTERNS: Patterns = (
    (
        re.compile(
            rf"(?P<ahead>再过|过|等)?(?P<count>[0-9]{{1,3}}|{SMALL}|半)(?P<counted>个)?(?P<half>半)?(?P<unit>天|日|周|月|年)(?:时间)?"
            rf"(?:(?P<after>{AFTER})|(?P<before>[之以]?前))(?!天|[儿日])(?:的?周(?P<weekday>{_ONE_TO_SEVEN}))?"
        ),
        _later,
    ),
    (
        re.compile(
            rf"(?P<ahead>再过|过|等)(?P<count>[0-9]{{1,3}}|{SMALL}|半)(?P<counted>个)?(?P<half>半)?(?P<unit>天|日|周|月|年)(?P<after>)(?P<before>)(?P<weekday>)"
        ),
        _later,
    ),
    (
        re.compile(
            r"(?<![0-9])(?P<year>(?:19|20|21)[0-9]{2})(?P<sign>[-/.])(?P<month>[0-9]{1,2})(?P=sign)(?P<day>[0-9]{1,2})"
            r"(?![0-9])(?:t(?=[0-9]))?"
        ),
        _full,
    ),
    (re.compile(r"(?<![0-9])(?P<year>20[0-9]{2})(?P<month>[01][0-9])(?P<day>[0-3][0-9])(?![0-9])"), _full),
    (re.compile(r"赶明(?:儿个?|个儿?|天|日)?"), _tomorrow),
    (re.compile(r"(?P<word>今|明|后|昨)(?P<part>[早晚晨夜午])(?:上|间|里)?(?!饭|会)"), _word),
    (
        re.compile(r"(?P<word>大大后|大后|外后|后|大前|前|明|今|本(?=日)|昨)(?:天儿?|儿个?|个儿?|日(?!子))(?:个儿?)?"),
        _word,
    ),
    (re.compile(r"夜来(?:个|儿)?"), lambda _found, scene: [Day((scene.today - _DAY,))]),
    (re.compile(r"翌日|次日|转天"), _tomorrow),
    (re.compile(r"(?P<step>下下|下|上上|上)(?:一)?个?周的?(?:今天|今儿个?|这天|这一天)"), _same_day_of_week),
    (
        re.compile(rf"周{_ONE_TO_SEVEN}(?:{DASH}|[、和与跟或]|)(?:周)?[一二三四五六日天](?![点时:十起早块大定直同下])"),
        _vague,
    ),
    (re.compile(rf"(?P<step>下下|下|上上|上|这|本|当)?(?:一)?个?周(?P<day>{_ONE_TO_SEVEN})"), _weekday),
    (re.compile(r"周[八九0890]"), _no_such),
    (re.compile(r"(?:下下|下|上上|上|这|本|当)个?周(?!末)"), _vague),
    *festivals.PATTERNS,
    (
        re.compile(
            rf"(?P<step>下下|下|上上|上|这|本|当)(?:一)?个?月份?的?(?:(?P<day>{_D}){_NOT_A_TIME}(?:号|日)?"
            rf"|(?P<part>[初底末]|[上中下]旬))?"
        ),
        _month_by_word,
    ),
    (
        re.compile(
            r"(?P<digits>(?<![0-9])[0-9]{4}|(?<![0-9])[0-9]{2}|[一二三四五六七八九零]{4}|二[一二三四五六七八九])年的?"
            r"(?P<word>)"
        ),
        _year,
    ),
    (re.compile(r"(?P<word>大后|大前|今|本|当|明|来|转|翌|后|去|前)年的?(?P<digits>)"), _year),
    (re.compile(rf"(?P<month>{_M})月份?的?(?P<day>{_D}){_NOT_A_TIME}(?:号|日)?"), _month_day),
    (re.compile(rf"(?P<month>{_M})月份?的?(?P<part>[初底末]|[上中下]旬|中(?!午))?"), _month_alone),
    (re.compile(r"(?P<month>)月(?P<part>[初底末]|[上中下]旬)"), _month_alone),
    (re.compile(rf"(?P<day>{_D})(?:号|日){_NOT_A_NUMBER}"), _day_of_month),
    (re.compile(r"(?<![0-9/])(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})(?![0-9/])(?:号|日)?"), _month_day),
    (
        re.compile(
            r"(?<![0-9.-])(?P<month>1[0-2]|0?[1-9])-(?P<day>[0-9]{1,2})(?![0-9-]|点|时|:|[号日月天周年个小分人楼])"
        ),
        _date_by_signs,
    ),
    (re.compile(r"(?<![0-9.])(?P<month>1[0-2]|0?[1-9])\.(?P<day>[0-9]{1,2})(?![0-9.])(?:号|日)?"), _date_by_signs),
)

"""Festivals, lunar days and solar terms by the names people have for them."""

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from dialogue.numbers import read_spelled
from dialogue.pieces import SMALL, Day, NoSuch, Patterns, Period, Piece, Scene, Vague
from storage import lunar

Occurrences = Callable[[int], list[tuple[int, date]]]
"""All the days of a festival around a solar year, each with the year people count it to, in order."""

_SAME_DAY = timedelta()
_STRETCH = timedelta(days=150)  # until then 今年春节 may still mean the one to come

_FIXED: tuple[tuple[int, int, str], ...] = (
    (1, 1, "元旦节?|阳历年|新年第一天"),
    (2, 14, "情人节"),
    (3, 5, "学?雷锋日|学雷锋纪念日"),
    (3, 8, "三八国际(?:劳动)?妇女节|三八妇女节|妇女节|三八节|38妇女节|38节|三八(?![0-9点号日月])"),
    (3, 12, "植树节"),
    (3, 15, "三一五|消费者权益日|消费者日"),
    (5, 1, "五一国际劳动节|五一劳动节|劳动节|五一节|51劳动节|五一(?![点时号日月刻])"),
    (5, 4, "五四青年节|青年节|五四(?![点时号日月分])"),
    (5, 12, "护士节"),
    (6, 1, "六一国际儿童节|六一儿童节|儿童节|六一节|六一(?![点时号日月刻])"),
    (7, 1, "七一建党节|建党节|建党纪念日|建党日|党的生日|党的?生日|七一(?![点时号日月刻])"),
    (8, 1, "八一建军节|建军节|建军日|八一节|八一(?![点时号日月刻])"),
    (9, 3, "抗战胜利(?:纪念)?日|抗日战争胜利纪念日"),
    (9, 10, "教师节"),
    (9, 30, "烈士纪念日"),
    (10, 1, "十一国庆节?|国庆节?|国庆日|十一节|十一(?![点时号日月小个人天分周层楼])"),
    (11, 9, "消防日|消防宣传日"),
    (11, 11, "双十一|光棍节"),
    (12, 4, "宪法日"),
    (12, 5, "国际志愿者日|志愿者日"),
    (12, 12, "双十二"),
    (12, 13, "国家公祭日|公祭日"),
    (12, 24, "平安夜|圣诞前?夜"),
    (12, 25, "圣诞节|圣诞(?!树)"),
    (12, 31, "跨年夜?|元旦前夜"),
)
_LUNAR: tuple[tuple[str, str], ...] = (
    ("春节", "大年初一|春节|农历新年|农历年|过年初一"),
    ("元宵节", "正月十五元宵节?|元宵节?|上元节|灯节|花灯节"),
    ("龙抬头", "二月二龙抬头|龙抬头|春龙节|二月二(?![十日号])"),
    ("端午节", "五月初五端午节?|端午节?|端阳节?|五月节|五月端午"),
    ("七夕", "七夕节?|乞巧节"),
    ("中元节", "中元节|七月半"),
    ("中秋节", "八月十五中秋节?|中秋节?|八月节|仲秋节?|团圆节"),
    ("重阳节", "九九重阳节?|重阳节?|敬老节|老人节|老年节"),
    ("腊八节", "腊八节?"),
)
_EVE = "大年三十儿?|大年30|年三十儿?|除夕|大年夜|年夜|大年晚上|三十儿?(?=晚上|夜)"
_TERMS = (
    *("小寒", "大寒", "立春", "雨水", "惊蛰", "春分", "清明", "谷雨", "立夏", "小满", "芒种", "夏至"),
    *("小暑", "大暑", "立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "小雪", "大雪", "冬至"),
)
_WEATHER = frozenset(
    {"雨水", "小雪", "大雪"}
)  # also plain words, so they count only with 节气 or at the very beginning

_SHIFT = (
    rf"(?:的?(?:(?P<before>前|头)(?P<back>一|{SMALL}|[0-9]{{1,2}})天|过?后(?P<on>{SMALL}|[0-9]{{1,2}})天"
    rf"|第(?P<nth>{SMALL}|[0-9]{{1,2}})天|(?P<next>次日|转天)|当天|当日|那天|这天|正日子))?"
)
_NIGHT = "(?:夜(?!饭|会|校)里?)?"


def recurring(scene: Scene, occurrences: Occurrences, shift: timedelta = _SAME_DAY, *, unsure: bool = False) -> Day:
    """The day meant by something that comes every year, moved by `shift`, in the year said if one was."""
    year = scene.year
    scene.year = None
    known = [(counted, day + shift) for counted, day in occurrences(year or scene.today.year)]
    if year is None:
        ahead = [day for _, day in known if day >= scene.today]
        if not ahead:
            raise Vague
        last = max((day for _, day in known if day < scene.today), default=None)
        return Day((ahead[0],), last, unsure)
    named = sorted({day for counted, day in known if year in (counted, day.year)})
    ahead = [day for day in named if day >= scene.today]
    if ahead:
        return Day(tuple(ahead), unsure=unsure or len(ahead) > 1)
    soon = [day for _, day in known if scene.today <= day <= scene.today + _STRETCH]
    if scene.this_year and soon and any(counted == day.year for counted, day in known if day in soon):
        return Day((soon[0],), unsure=True)
    if not named:
        raise Vague
    return Day((named[-1],))


def every_year(month: int, day: int) -> Occurrences:
    """A solar month and day; years without it are left out. Raises `NoSuch` when no year has it."""
    if not (1 <= month <= 12 and 1 <= day <= (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]):
        raise NoSuch

    def occurrences(year: int) -> list[tuple[int, date]]:
        years = [y for y in range(year - 1, year + 3) if (month, day) != (2, 29) or _is_leap(y)]
        return [(y, date(y, month, day)) for y in years]

    return occurrences


def every_lunar_year(month: int, day: int) -> Occurrences:
    """A lunar month and day; empty when its month cannot be reckoned. 腊月三十 is 除夕 also in a short month."""

    def occurrences(year: int) -> list[tuple[int, date]]:
        found = []
        for lunar_year in range(year - 2, year + 3):
            solar = lunar.solar(lunar_year, month, day)
            if solar is None and (month, day) == (12, 30):
                solar = lunar.new_years_eve(lunar_year)
            if solar is not None:
                found.append((lunar_year, solar))
        return found

    return occurrences


def _every_new_years_eve(year: int) -> list[tuple[int, date]]:
    eves = [(lunar_year, lunar.new_years_eve(lunar_year)) for lunar_year in range(year - 2, year + 3)]
    return [(lunar_year, eve) for lunar_year, eve in eves if eve]


def _every_term(name: str) -> Occurrences:
    def occurrences(year: int) -> list[tuple[int, date]]:
        terms = [(y, lunar.solar_terms(y).get(name)) for y in range(year - 1, year + 3)]
        return [(y, day) for y, day in terms if day]

    return occurrences


def _nth_sunday(month: int, nth: int) -> Occurrences:
    def occurrences(year: int) -> list[tuple[int, date]]:
        firsts = [date(y, month, 1) for y in range(year - 1, year + 3)]
        return [(first.year, first + timedelta(days=6 - first.weekday(), weeks=nth - 1)) for first in firsts]

    return occurrences


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _shift(found: re.Match[str]) -> timedelta:
    if found["back"]:
        return -timedelta(days=_small(found["back"]))
    if found["on"]:
        return timedelta(days=_small(found["on"]))
    if found["nth"]:
        return timedelta(days=_small(found["nth"]) - 1)
    return timedelta(days=1) if found["next"] else _SAME_DAY


def _small(said: str) -> int:
    number = read_spelled(said)
    if number is None:
        raise Vague
    return number


def _named(occurrences: Occurrences) -> Callable[[re.Match[str], Scene], list[Piece]]:
    def build(found: re.Match[str], scene: Scene) -> list[Piece]:
        day = recurring(scene, occurrences, _shift(found))
        return [day, Period("evening")] if re.search("夜里?$", found[0]) else [day]

    return build


def _term(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    name = found["term"]
    if name in _WEATHER and not found["marked"] and (scene.pieces or found.start()):
        return None
    return [recurring(scene, _every_term(name), _shift(found))]


_LUNAR_DIGITS: Mapping[str, int] = MappingProxyType({"正": 1, "腊": 12, "冬": 11})
_CALLED_BY_DAY = frozenset({"三月三", "五月五", "六月六", "七月七", "八月十五", "九月九"})
_MARK = r"(?:农历|阴历|旧历|老历|夏历|古历)的?"
_LUNAR_DAY = (
    r"(?:初十|初[一二三四五六七八九]|初[1-9]0?|二十[一二三四五六七八九]?|廿[一二三四五六七八九]?|三十[一二]?|十[一二三四五六七八九]?"
    r"|[一二三四五六七八九]|[123][0-9]|0?[1-9])(?:日|号)?(?!点|时|:|[0-9个])"
)


def _lunar_day(found: re.Match[str], scene: Scene) -> list[Piece] | None:
    """Lunar when it says so, or when only lunar days are called like that: 正月, 腊月, 初五, 廿三, 八月十五."""
    name, said = found["month"], re.sub(r"[日号]$", "", found["day"])
    month = _LUNAR_DIGITS.get(name) or read_spelled(name)
    day = read_spelled(said.removeprefix("初").lstrip("0"))
    by_name = found["month"] + "月" + found["day"] in _CALLED_BY_DAY
    is_lunar = found["mark"] or found["leap"] or name in _LUNAR_DIGITS or said[0] in "初廿" or by_name
    if not is_lunar:
        return None
    if not month or not day or month > 12 or day > 30:
        raise NoSuch
    if found["leap"]:
        raise Vague
    occurrences = every_lunar_year(month, day)
    if not occurrences(scene.today.year):
        raise Vague  # a month that is not reckoned: only the solar date helps
    eve_in_a_short_month = (month, day) == (12, 30)
    return [recurring(scene, occurrences, unsure=eve_in_a_short_month)]


def _new_year_days(found: re.Match[str], scene: Scene) -> list[Piece]:
    """大年初五, 年初五; a bare 初五 is proposed as that of the first month."""
    day = read_spelled(found["day"])
    if not day or day > 30:
        raise NoSuch
    return [recurring(scene, every_lunar_year(1, day), unsure=not found["sure"])]


def _before_new_year(found: re.Match[str], scene: Scene) -> list[Piece]:
    day = read_spelled(found["day"])
    return [recurring(scene, every_lunar_year(12, day or 29))]


def _vague(_found: re.Match[str], _scene: Scene) -> list[Piece]:
    raise Vague


def _little_new_year(found: re.Match[str], scene: Scene) -> list[Piece]:
    """小年 is the 23rd in the north and the 24th in the south: unless the side is said, nobody can tell."""
    side = found["side"]
    if not side:
        raise Vague
    return [recurring(scene, every_lunar_year(12, 23 if side == "北" else 24))]


PATTERNS: Patterns = (
    (
        re.compile(
            rf"(?P<mark>{_MARK})?(?P<leap>闰)?(?P<month>正|腊|冬|十[一二]?|[一二三四五六七八九]|1[0-2]|[1-9])月份?的?"
            rf"(?P<day>{_LUNAR_DAY})"
        ),
        _lunar_day,
    ),
    (re.compile(r"[正腊冬]月"), _vague),
    (re.compile(r"(?:(?P<side>[南北])方?的?)?小年(?!轻|纪|龄)夜?"), _little_new_year),
    (
        re.compile(r"(?P<sure>大年|年)?初(?P<day>十[一二三四五]?|[一二三四五六七八九]|1[0-5]|[1-9])(?!中)"),
        _new_year_days,
    ),
    (re.compile(r"(?:大年|年)(?P<day>(?:二十|廿)[一二三四五六七八九]|2[0-9])"), _before_new_year),
    (re.compile(rf"(?:{_EVE}){_SHIFT}{_NIGHT}"), _named(_every_new_years_eve)),
    *(
        (re.compile(rf"(?:{names}){_SHIFT}{_NIGHT}"), _named(every_lunar_year(*lunar.FESTIVALS[festival])))
        for festival, names in _LUNAR
    ),
    *((re.compile(rf"(?:{names}){_SHIFT}{_NIGHT}"), _named(every_year(month, day))) for month, day, names in _FIXED),
    (re.compile(rf"母亲节{_SHIFT}{_NIGHT}"), _named(_nth_sunday(5, 2))),
    (re.compile(rf"父亲节{_SHIFT}{_NIGHT}"), _named(_nth_sunday(6, 3))),
    (re.compile(rf"(?P<term>{'|'.join(_TERMS)})(?P<marked>节气?|那天|当天|当日)?{_SHIFT}"), _term),
)

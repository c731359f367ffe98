"""The traditional calendar: festivals and some months of the lunar years 2025 to 2036, and the 24 solar terms."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from chinese_calendar import get_solar_terms  # type: ignore[import-untyped]

FESTIVALS: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "春节": (1, 1),
        "元宵节": (1, 15),
        "龙抬头": (2, 2),
        "端午节": (5, 5),
        "七夕": (7, 7),
        "中元节": (7, 15),
        "中秋节": (8, 15),
        "重阳节": (9, 9),
        "腊八节": (12, 8),
    }
)
"""Lunar month and day of each; 除夕 has none of its own, see `new_years_eve`."""

# 春节 1-1, 龙抬头 2-2, 端午 5-5, 七夕 7-7, 中秋 8-15, 重阳 9-9, 腊八 12-8. Computed with lunar_python 1.4.8 (MIT),
# compared with cnlunar and lunardate. The months between (3, 4, 6, 10, 11 and every 闰月) are not reckoned: leap months
# make counting on from a neighbour wrong, so whoever names a day in them is asked for the solar date.
_ANCHORS: Mapping[int, tuple[str, ...]] = MappingProxyType(
    {
        2025: ("2025-01-29", "2025-03-01", "2025-05-31", "2025-08-29", "2025-10-06", "2025-10-29", "2026-01-26"),
        2026: ("2026-02-17", "2026-03-20", "2026-06-19", "2026-08-19", "2026-09-25", "2026-10-18", "2027-01-15"),
        2027: ("2027-02-06", "2027-03-09", "2027-06-09", "2027-08-08", "2027-09-15", "2027-10-08", "2028-01-04"),
        2028: ("2028-01-26", "2028-02-26", "2028-05-28", "2028-08-26", "2028-10-03", "2028-10-26", "2029-01-22"),
        2029: ("2029-02-13", "2029-03-16", "2029-06-16", "2029-08-16", "2029-09-22", "2029-10-16", "2030-01-11"),
        2030: ("2030-02-03", "2030-03-05", "2030-06-05", "2030-08-05", "2030-09-12", "2030-10-05", "2031-01-01"),
        2031: ("2031-01-23", "2031-02-22", "2031-06-24", "2031-08-24", "2031-10-01", "2031-10-24", "2032-01-20"),
        2032: ("2032-02-11", "2032-03-13", "2032-06-12", "2032-08-12", "2032-09-19", "2032-10-12", "2033-01-08"),
        2033: ("2033-01-31", "2033-03-02", "2033-06-01", "2033-08-01", "2033-09-08", "2033-10-01", "2034-01-27"),
        2034: ("2034-02-19", "2034-03-21", "2034-06-20", "2034-08-20", "2034-09-27", "2034-10-20", "2035-01-16"),
        2035: ("2035-02-08", "2035-03-11", "2035-06-10", "2035-08-10", "2035-09-16", "2035-10-09", "2036-01-05"),
        2036: ("2036-01-28", "2036-02-28", "2036-05-30", "2036-08-28", "2036-10-04", "2036-10-27", "2037-01-23"),
    }
)
_AFTER_THE_LAST = date(2037, 2, 15)  # 春节 of 2037, which ends the last year of the table
_ANCHORED_DAYS = ((1, 1), (2, 2), (5, 5), (7, 7), (8, 15), (9, 9), (12, 8))


def years() -> range:
    """The lunar years known here."""
    return range(min(_ANCHORS), max(_ANCHORS) + 1)


def solar(lunar_year: int, month: int, day: int) -> date | None:
    """The solar date of a lunar one.

    None when the year or month is not in the table, when that month has no such day, or when it cannot be told
    whether it has a 30th.
    """
    first = _first_day(lunar_year, month)
    if first is None or not 1 <= day <= 30:
        return None
    if day == 30:
        after = _first_day(lunar_year, month + 1) if month < 12 else _first_day(lunar_year + 1, 1)
        if after is None or (after - first).days < 30:
            return None
    return first + timedelta(days=day - 1)


def new_years_eve(lunar_year: int) -> date | None:
    """除夕 that ends the lunar year: the day before the next 春节, the 29th or 30th of 腊月."""
    after = _first_day(lunar_year + 1, 1)
    return after - timedelta(days=1) if after and lunar_year in _ANCHORS else None


def solar_terms(year: int) -> Mapping[str, date]:
    """The days of 立春, 清明, 冬至 and the rest in a solar year; empty outside 1901 to 2099."""
    if not 1901 <= year <= 2099:
        return {}
    return {name: day for day, name in get_solar_terms(date(year, 1, 1), date(year, 12, 31))}


def _first_day(lunar_year: int, month: int) -> date | None:
    if (lunar_year, month) == (max(_ANCHORS) + 1, 1):
        return _AFTER_THE_LAST
    for anchored, iso in zip(_ANCHORED_DAYS, _ANCHORS.get(lunar_year, ()), strict=False):
        if anchored[0] == month:
            return date.fromisoformat(iso) - timedelta(days=anchored[1] - 1)
    return None

"""Working days and working hours of 三亚, with public holidays and the working weekends that pay for them (调休)."""

from collections.abc import Container, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

from chinese_calendar.constants import holidays, workdays  # type: ignore[import-untyped]

from storage import lunar
from storage.times import at, local, local_date

OPENS = time(8)
CLOSES = time(18)
WORKING_DAY = timedelta(hours=10)  # one working day of a deadline, on the clock

Overrides = Mapping[date, bool]
"""What staff entered by hand: true makes the day a working day, false a day off. It wins over everything else."""

_NONE: Overrides = MappingProxyType({})
_HOLIDAYS: Container[date] = frozenset(holidays)
_MADE_UP_FOR: Container[date] = frozenset(workdays)  # weekends worked in exchange for a holiday
_PUBLISHED = range(min(holidays).year, max(holidays).year + 1)
_DAY = timedelta(days=1)


def is_estimated(year: int, overrides: Overrides = _NONE) -> bool:
    """Whether the holidays of `year` are our guess, of which the administrator must be warned.

    The State Council decides 调休 each November; until the library knows the year, only weekends and the days named by
    the law are off. A year in which staff entered at least one day counts as looked after.
    """
    return year not in _PUBLISHED and not any(day.year == year for day in overrides)


def is_working_day(day: date, overrides: Overrides = _NONE) -> bool:
    decided = overrides.get(day)
    if decided is not None:
        return decided
    if day.year in _PUBLISHED:
        return day in _MADE_UP_FOR or (day.weekday() < 5 and day not in _HOLIDAYS)
    return day.weekday() < 5 and not _is_lawful_holiday(day)


def is_public_holiday(day: date, overrides: Overrides = _NONE) -> bool:
    """Whether everyone is off that day for another reason than the weekend."""
    decided = overrides.get(day)
    if decided is not None:
        return not decided and day.weekday() < 5
    return day in _HOLIDAYS if day.year in _PUBLISHED else _is_lawful_holiday(day)


def is_open(moment: datetime, overrides: Overrides = _NONE) -> bool:
    """Whether `moment` lies in working hours; 08:00 does, 18:00 no longer does."""
    here = local(moment)
    return OPENS <= here.time() < CLOSES and is_working_day(here.date(), overrides)


def next_working_day(day: date, overrides: Overrides = _NONE) -> date:
    """The first working day after `day`."""
    return next(_working_days(day + _DAY, overrides))


def last_closing(day: date, overrides: Overrides = _NONE) -> datetime:
    """18:00 of the last working day not after `day`."""
    while not is_working_day(day, overrides):
        day -= _DAY
    return at(day, CLOSES)


def next_opening(moment: datetime, overrides: Overrides = _NONE) -> datetime:
    """`moment` itself in working hours, else 08:00 of the next working day (today's, if it is still to come)."""
    if is_open(moment, overrides):
        return moment
    day = local_date(moment)
    if local(moment) >= at(day, CLOSES):
        day += _DAY
    return at(next(_working_days(day, overrides)), OPENS)


def add_working_time(moment: datetime, worked: timedelta, overrides: Overrides = _NONE) -> datetime:
    """The first moment at which `worked` has passed on a clock that runs in working hours only.

    So a deadline that is used up at 18:00 falls on 18:00, not on the next morning; nothing to add gives `moment`
    itself. Rule: domain 7.2 (a working day is 10 hours of this clock). Raises `ValueError` for a negative time.
    """
    if worked < timedelta():
        raise ValueError("working time is added, not taken away")
    if not worked:
        return moment
    for day in _working_days(local_date(moment), overrides):
        begins = max(moment, at(day, OPENS))
        left = max(at(day, CLOSES) - begins, timedelta())
        if worked <= left:
            return begins + worked
        worked -= left
    raise AssertionError("there is always another working day")


def working_time_between(start: datetime, end: datetime, overrides: Overrides = _NONE) -> timedelta:
    """Working hours from `start` to `end`; negative when `end` comes first."""
    if end < start:
        return -working_time_between(end, start, overrides)
    first, last = local_date(start), local_date(end)
    total = timedelta()
    day = first
    while day <= last:
        if is_working_day(day, overrides):
            if first < day < last:
                total += WORKING_DAY
            else:
                total += max(min(end, at(day, CLOSES)) - max(start, at(day, OPENS)), timedelta())
        day += _DAY
    return total


def _working_days(day: date, overrides: Overrides) -> Iterator[date]:
    """Working days from `day` on, without end."""
    while True:
        if is_working_day(day, overrides):
            yield day
        day += _DAY


def _is_lawful_holiday(day: date) -> bool:
    """Days off by 《全国年节及纪念日放假办法》 (as of 2025), without the weekends moved around them."""
    if (day.month, day.day) in {(1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3)}:
        return True
    if day.month == 4:
        return day == lunar.solar_terms(day.year).get("清明")
    spring = lunar.solar(day.year, 1, 1)
    if spring and -1 <= (day - spring).days <= 2:  # 除夕 to 初三
        return True
    return day.month in (5, 6, 9, 10) and day in (lunar.solar(day.year, 5, 5), lunar.solar(day.year, 8, 15))

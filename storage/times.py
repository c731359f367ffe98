"""Moments are kept in UTC and mean Asia/Shanghai when people speak of days and hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def local(moment: datetime) -> datetime:
    """The same moment on the clock of 三亚."""
    return moment.astimezone(SHANGHAI)


def local_date(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def at(day: date, clock: time) -> datetime:
    """The moment, in UTC, when the clock of 三亚 shows `clock` on `day`."""
    return datetime.combine(day, clock, SHANGHAI).astimezone(UTC)


def day_starts(day: date) -> datetime:
    return at(day, time())


def day_ends(day: date) -> datetime:
    """The first moment of the next day: periods are half-open."""
    return day_starts(day + timedelta(days=1))

"""Days and moments as they are said to people, and as they stand in tables."""

from datetime import date, datetime, time

from dialogue import texts
from storage.times import at, local, local_date

_NEAR = 180  # days; farther off a date is said with its year


def say_date(day: date, today: date | None = None) -> str:
    """12月8日（周二）; with the year when it is more than half a year from `today`."""
    year = f"{day.year}年" if today and abs((day - today).days) > _NEAR else ""
    return year + texts.day(at(day, time()))


def say_moment(when: datetime, now: datetime | None = None) -> str:
    """12月8日（周二）下午2点30分; with the year when it is more than half a year from `now` (care.md C10)."""
    return say_date(local_date(when), local_date(now) if now else None) + texts.clock(when)


def say_span(start: datetime, end: datetime | None, now: datetime | None = None) -> str:
    """12月8日（周二）下午3点到5点; the part of the day is said again only when it is another one."""
    if end is None:
        return say_moment(start, now)
    if local_date(end) != local_date(start):
        return f"{say_moment(start, now)}到{say_moment(end, now)}"
    until = texts.clock(end)
    return f"{say_moment(start, now)}到{until[2:] if until[:2] == texts.clock(start)[:2] else until}"


def say_near(when: datetime, now: datetime) -> str:
    """今天, 明天 or 后天 with the time; later ones as `say_moment`."""
    days = (local_date(when) - local_date(now)).days
    return f"{('今天', '明天', '后天')[days]}{texts.clock(when)}" if 0 <= days <= 2 else say_moment(when, now)


def say_in_table(when: datetime) -> str:
    """2026-12-08 14:30."""
    return f"{local(when):%Y-%m-%d %H:%M}"

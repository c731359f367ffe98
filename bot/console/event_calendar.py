"""Events at the console as a calendar: a month by its days, a week by service point."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from starlette.responses import Response

from bot.console.access import ORGANISERS, Staff
from bot.console.events import sees
from bot.console.visit import Visit
from storage import calendar, events, need_clock, points
from storage.calendar import Overrides
from storage.database import Transaction
from storage.events import TYPES, Event
from storage.points import ServicePoint
from storage.times import day_ends, day_starts, local_date

_WEEK = timedelta(days=7)
_ELSEWHERE = "别的地方"
_OF_POINTS = ("point_lead", "organiser", "district_staff", "auditor", "branch_secretary")


@dataclass(frozen=True, slots=True)
class Day:
    """`note` says what the calendar makes of it: 休 for a public holiday, 班 for a weekend that is worked."""

    date: date
    events: tuple[Event, ...]
    note: str
    is_within: bool  # of the month that is shown
    is_today: bool


@dataclass(frozen=True, slots=True)
class Place:
    """A row of the week: a point, and what happens there on each of the seven days."""

    name: str
    days: tuple[tuple[Event, ...], ...]


async def page(visit: Visit) -> Response:
    """?month=2025-12, or ?week=2025-12-08 (any day of it); with &point= and &type= only those."""
    week = visit.asked_day("week")
    first = None if week else _month(visit.asked("month", 7))
    if week is None and first is None:
        first = local_date(visit.now).replace(day=1)
    return await (_week(visit, week) if week else _month_page(visit, first or date.max))


async def _month_page(visit: Visit, first: date) -> Response:
    after = _next(first, 1)
    begins = first - timedelta(days=first.weekday())
    ends = after + timedelta(days=-after.weekday() % 7)

    def look(tx: Transaction) -> dict[str, object]:
        found = _chosen(tx, visit, begins, ends - timedelta(days=1))
        days = _days(visit, begins, ends, found, need_clock.overrides(tx))
        days = [replace(day, is_within=day.date.month == first.month) for day in days]
        weeks = [days[start : start + 7] for start in range(0, len(days), 7)]
        return {"weeks": weeks, "places": _places(tx, visit.staff)}

    around = {"before": _next(first, -1), "after": after, "first": first}
    return visit.page("event_month.html", **around, **_filters(visit), **await visit.read(look))


async def _week(visit: Visit, day: date) -> Response:
    monday = day - timedelta(days=day.weekday())

    def look(tx: Transaction) -> dict[str, object]:
        found = _chosen(tx, visit, monday, monday + timedelta(days=6))
        days = _days(visit, monday, monday + _WEEK, found, need_clock.overrides(tx))
        names = {point.id: point.name for point in points.active(tx)}
        tallies = events.stand(tx, [event.id for event in found])
        rows = _rows(days, found, names)
        return {"days": days, "rows": rows, "tallies": tallies, "places": _places(tx, visit.staff)}

    around = {"before": monday - _WEEK, "after": monday + _WEEK, "monday": monday}
    return visit.page("event_week.html", **around, **_filters(visit), **await visit.read(look))


def _chosen(tx: Transaction, visit: Visit, first: date, last: date) -> list[Event]:
    point, kind = visit.asked_number("point"), visit.asked("type", 30)
    return events.some(
        tx,
        [
            event.id
            for event in events.outlined(tx, day_starts(first), day_ends(last))
            if sees(visit.staff, event) and point in (None, event.point_id) and kind in ("", event.type)
        ],
    )


def _days(visit: Visit, begins: date, ends: date, found: list[Event], overrides: Overrides) -> list[Day]:
    by_day: dict[date, list[Event]] = {}
    for event in found:
        by_day.setdefault(local_date(event.starts_at), []).append(event)
    today = local_date(visit.now)
    all_days = [begins + timedelta(days=number) for number in range((ends - begins).days)]
    return [
        Day(day, tuple(by_day.get(day, ())), _note(day, overrides), is_within=True, is_today=day == today)
        for day in all_days
    ]


def _note(day: date, overrides: Overrides) -> str:
    if calendar.is_public_holiday(day, overrides):
        return "休"
    return "班" if day.weekday() >= 5 and calendar.is_working_day(day, overrides) else ""


def _rows(days: list[Day], found: list[Event], names: dict[int, str]) -> list[Place]:
    """A row for each point that has something this week, by name; what is elsewhere comes last."""

    def row(name: str, point_id: int | None) -> Place:
        return Place(name, tuple(tuple(one for one in day.events if one.point_id == point_id) for day in days))

    used = {event.point_id for event in found}
    rows = [row(names.get(point, "停用的服务点"), point) for point in used if point is not None]
    rows.sort(key=lambda place: place.name)
    return [*rows, row(_ELSEWHERE, None)] if None in used else rows


def _places(tx: Transaction, staff: Staff) -> list[ServicePoint]:
    """What one may choose from: the points that the roles reach."""
    reached = staff.points(*_OF_POINTS)
    return [point for point in points.active(tx) if reached is None or not reached or point.id in reached]


def _filters(visit: Visit) -> dict[str, object]:
    point, kind = visit.asked_number("point"), visit.asked("type", 30)
    chosen = f"&point={point}" if point is not None else ""
    chosen += f"&type={kind}" if kind in TYPES else ""
    may_organise = visit.staff.holds(*ORGANISERS)
    return {"point": point, "kind": kind, "types": TYPES, "chosen": chosen, "may_organise": may_organise}


def _month(text: str) -> date | None:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return None


def _next(first: date, by: int) -> date:
    """The first day of the month before or after."""
    number = first.year * 12 + first.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)

"""Events at the console: the list, one event with who signed up, and what is done about it."""

from dataclasses import dataclass
from datetime import date, timedelta

from starlette.responses import Response

from bot.console.access import ORGANISERS, Staff
from bot.console.visit import Visit
from handlers import notices
from reports.periods import Period
from storage import attendance, communities, counts, events, markets, people, points, series, sign_ups
from storage.database import Transaction
from storage.events import TYPES, Event, Outline
from storage.masks import mask_name, mask_phone
from storage.refusals import NotAllowed, NotFound
from storage.times import day_starts, local_date

_AHEAD = timedelta(days=90)
_ON_A_PAGE = 100
_CAME = ("attended", "excused", "absent")
SIGN_UP_STATES = {
    "confirmed": "有座位",
    "waitlisted": "候补",
    "offered": "等回话",
    "cancelled": "不来了",
    "expired": "没回话",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A sign-up as the page shows it, masked."""

    person_id: int
    number: int
    name: str
    phone: str
    community: str
    state: str
    because: str
    together: bool
    came: str
    position: int  # on the waiting list, from 1; 0 for who does not wait


def sees(staff: Staff, event: Event | Outline) -> bool:
    """Whether any role of theirs reaches the event."""
    return staff.role_for(event, {grant.role for grant in staff.grants} | {"organiser"}) is not None


def seen(tx: Transaction, staff: Staff, event_id: int) -> Event:
    """The event. Raises `NotFound` for one that is none of theirs, as for one that is not there."""
    event = events.get(tx, event_id)
    if not sees(staff, event):
        raise NotFound("活动")
    return event


async def listing(visit: Visit) -> Response:
    """?when=coming (also the default), or ?month=2025-12."""
    today = local_date(visit.now)
    month = _month(visit.asked("month", 7))
    kind, page = visit.asked("type", 30), max(1, visit.asked_number("page") or 1)

    def look(tx: Transaction) -> dict[str, object]:
        if month is None:
            start, end = day_starts(today - timedelta(days=1)), visit.now + _AHEAD
        else:
            start, end = month.begins, month.ends
        found = [event for event in events.outlined(tx, start, end) if kind in ("", event.type)]
        found = [event for event in found if sees(visit.staff, event)]
        last = max(1, -(-len(found) // _ON_A_PAGE))
        on_it = found[(min(page, last) - 1) * _ON_A_PAGE : min(page, last) * _ON_A_PAGE]
        shown = events.some(tx, [event.id for event in on_it])
        stand = events.stand(tx, [event.id for event in shown])
        came = counts.came(tx, [event.id for event in shown if event.state == "held"])
        rows = [(event, *stand[event.id], came.get(event.id)) for event in shown]
        return {"rows": rows, "page": min(page, last), "last": last}

    around = month.first if month else today
    return visit.page(
        "events.html",
        month=month,
        around=around,
        before=_next(around, -1),
        after=_next(around, 1),
        types=TYPES,
        kind=kind,
        may_organise=visit.staff.holds(*ORGANISERS),
        **await visit.read(look),
    )


async def detail(visit: Visit) -> Response:
    return visit.page("event.html", **await visit.read(look_at, visit))


def look_at(tx: Transaction, visit: Visit) -> dict[str, object]:
    """What the page of one event shows."""
    event = seen(tx, visit.staff, visit.path_number())
    names = communities.names(tx)
    came = {entry.person_id: entry for entry in attendance.of_event(tx, event.id)}
    entries = []
    for sign_up in sign_ups.of_event(tx, event.id):
        person = people.find(tx, sign_up.person_id)
        noted = came.get(sign_up.person_id)
        entries.append(
            Entry(
                sign_up.person_id,
                sign_up.number,
                mask_name(person.name) if person else "（已注销）",
                mask_phone(person.phone or "") if person else "",
                names.get(person.community_code or "", "") if person else "",
                sign_up.state,
                sign_up.because or "",
                sign_up.group_id is not None,
                "" if noted is None else noted.state,
                sign_ups.position(tx, sign_up),
            )
        )
    return {
        "event": event,
        "options": [],
        "type": TYPES.get(event.type, event.type),
        "taken": events.taken(tx, event.id),
        "waiting": events.waiting(tx, event.id),
        "entries": [entry for entry in entries if entry.state in events.TAKEN],
        "queue": sorted((entry for entry in entries if entry.position), key=lambda entry: entry.position),
        "is_to_be_drawn": sign_ups.is_to_be_drawn(event),
        "stalls": markets.of_event(tx, event.id),
        "series": series.get(tx, event.series_id) if event.series_id is not None else None,
        "gone": [entry for entry in entries if entry.state not in events.ACTIVE],
        "states": SIGN_UP_STATES,
        "came": sum(entry.state == "attended" for entry in came.values()),
        "heads": attendance.heads(tx, event.id),
        "concerned": len(events.concerned(tx, event.id)),
        "may_organise": visit.staff.role_for(event, ORGANISERS) is not None,
        "may_check_in": visit.staff.role_for(event, ("checker", *ORGANISERS)) is not None,
        "opens_at": event.starts_at - attendance.OPENS_BEFORE,
        "places": points.active(tx) if event.state in ("draft", "published") else [],
    }


async def cancel(visit: Visit) -> Response:
    """Calls it off, with a reason that everyone concerned is told."""
    event_id, reason = visit.path_number(), visit.text("reason", 40)
    if not reason:
        return visit.goes_to(f"/console/events/{event_id}?said=要写明因为什么不办，大家会看到。")

    def work(tx: Transaction) -> int:
        event = seen(tx, visit.staff, event_id)
        actor = visit.staff.acting_on(event, ORGANISERS)
        return notices.cancelled(tx, events.cancel(tx, event.id, reason, actor, visit.now), reason, visit.now)

    told = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/events/{event_id}?said=取消了，已经安排告诉 {told} 个人。")


async def publish(visit: Visit) -> Response:
    event_id = visit.path_number()

    def work(tx: Transaction) -> Event:
        event = seen(tx, visit.staff, event_id)
        return events.publish(tx, event.id, visit.staff.acting_on(event, ORGANISERS), visit.now)

    event = await visit.write(work)
    return visit.goes_to(f"/console/events/{event_id}?said=发布好了，编号 {event.number}。")


async def withdraw(visit: Visit) -> Response:
    """Back to a draft, within ten minutes of publication; whoever signed up meanwhile is told."""
    event_id = visit.path_number()

    def work(tx: Transaction) -> None:
        event = seen(tx, visit.staff, event_id)
        events.withdraw(tx, event.id, visit.staff.acting_on(event, ORGANISERS), visit.now)
        notices.cancelled(tx, event, "还要再安排", visit.now)

    await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/events/{event_id}?said=收回来了，还是草稿，大家看不到。")


def must_organise(staff: Staff) -> None:
    if not staff.holds(*ORGANISERS):
        raise NotAllowed("组织者")


def _month(text: str) -> Period | None:
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return Period.month(first.year, first.month)


def _next(day: date, by: int) -> date:
    """The first day of the month before or after."""
    number = day.year * 12 + day.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)

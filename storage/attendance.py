"""Who came: recorded by staff, undone without losing a row, counted from distinct people (domain 6.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, insert, select, update

from storage import audit, events, people, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.refusals import CheckInNotOpenYet, CheckInOver, EventCancelled, EventNotOpen
from storage.schema.events import attendances as table
from storage.schema.events import head_counts

OPENS_BEFORE = timedelta(minutes=60)
STAFF_UNTIL = timedelta(hours=24)  # after the end

HALF_AN_HOUR = timedelta(minutes=30)
VOLUNTEERING = "volunteering"

METHODS = {"by_staff": "代签", "qr": "扫码", "code_word": "口令", "from_sheet": "补录"}


@dataclass(slots=True)
class CheckIn:
    """How it stands with one person at one event."""

    id: int
    event_id: int
    person_id: int
    state: str
    method: str
    came_at: datetime
    recorded_by: int | None
    walk_in: bool
    list_number: int | None
    is_new: bool = False


@dataclass(slots=True)
class Line:
    """A line of the numbered list that a checker works with."""

    number: int
    person_id: int
    sign_up_state: str
    attendance: CheckIn | None


_COLUMNS = (
    table.c.id,
    table.c.event_id,
    table.c.person_id,
    table.c.state,
    table.c.method,
    table.c.came_at,
    table.c.recorded_by,
    table.c.walk_in,
    table.c.list_number,
)
_STANDING = select(*_COLUMNS).where(
    table.c.event_id == bindparam("event"), table.c.person_id == bindparam("person"), table.c.undone_at.is_(None)
)
_ALL_STANDING = select(*_COLUMNS).where(table.c.event_id == bindparam("event"), table.c.undone_at.is_(None))
_ADD = insert(table).returning(table.c.id)
_UNDO = (
    update(table).where(table.c.id == bindparam("row")).values(undone_at=bindparam("now"), undone_by=bindparam("actor"))
)
_MEASURE = update(table).where(table.c.id == bindparam("row")).values(minutes_measured=bindparam("minutes"))
_CORRECT = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(minutes_corrected=bindparam("minutes"), reason=bindparam("why"), corrected_by=bindparam("by"))
)
_CORRECTED = select(table.c.minutes_corrected).where(table.c.id == bindparam("row"))
_UNMEASURED = select(table.c.id, table.c.came_at).where(
    table.c.event_id == bindparam("event"),
    table.c.undone_at.is_(None),
    table.c.state == "attended",
    table.c.minutes_measured.is_(None),
)
_ADD_COUNT = insert(head_counts)
_UNDO_COUNTS = (
    update(head_counts)
    .where(head_counts.c.event_id == bindparam("event"), head_counts.c.kind == bindparam("of_kind"))
    .where(head_counts.c.undone_at.is_(None))
    .values(undone_at=bindparam("now"))
)
_HEADS = select(func.coalesce(func.sum(head_counts.c.people), 0)).where(
    head_counts.c.event_id == bindparam("event"), head_counts.c.undone_at.is_(None)
)


def check_in(
    tx: Transaction,
    event_id: int,
    person_id: int,
    method: str,
    actor: Actor,
    now: datetime,
    *,
    came_at: datetime | None = None,
    said_at: datetime | None = None,
    state: str = "attended",
    reason: str | None = None,
    may_correct: bool = False,
) -> CheckIn:
    """Note that a person came (or is `excused`, `absent`). Already noted: says by whom and when, and changes nothing.

    `came_at` is earlier than `now` for what was typed in later. `said_at` is when the words were sent, which counts
    when the network brought them late. `may_correct`, for point leads, lifts the time limit and needs a `reason`.
    Raises `CheckInNotOpenYet`, `CheckInOver`, `EventCancelled`, `EventNotOpen`.
    """
    tx.lock(f"event {event_id}")
    event = events.get(tx, event_id)
    own = method in ("qr", "code_word")
    said_at = min(said_at or now, now)
    came_at = min(came_at or said_at, now)
    _must_be_time(event, said_at, own=own, corrects=may_correct and bool(reason))
    standing = of_person(tx, event_id, person_id)
    if standing is not None and standing.state == state:
        return standing
    if standing is not None:
        _undo(tx, standing, actor, now)
    person = people.get(tx, person_id)
    signed_up = sign_ups.active(tx, event_id, person_id)
    walks_in = signed_up is None or signed_up.state == "waitlisted"
    list_number = sign_ups.next_list_number(tx, event_id) if signed_up is None else None
    row = {
        "event_id": event_id,
        "person_id": person_id,
        "state": state,
        "method": method,
        "came_at": came_at,
        "recorded_at": now,
        "recorded_by": actor.person_id,
        "walk_in": walks_in,
        "list_number": list_number,
        "reason": reason,
        "party_member": person.party.member == "yes",
        "residence": person.residence,
        "branch_id": person.host_branch_id,
        "community_code": person.community_code,
        "minutes_planned": _half_hours(event.ends_at - event.starts_at) if _counts_hours(event, state) else None,
    }
    attendance_id = int(tx.execute(_ADD, row).scalar_one())
    if reason is not None:
        about = f"event {event_id} person {person_id}"
        audit.note(tx, actor, "attendance.correct", about, now, after={"state": state}, reason=reason)
    kept = attendance_id, event_id, person_id, state, method, came_at, actor.person_id, walks_in, list_number
    return CheckIn(*kept, is_new=True)


def undo(
    tx: Transaction,
    event_id: int,
    person_id: int,
    actor: Actor,
    now: datetime,
    *,
    said_at: datetime | None = None,
    reason: str | None = None,
    may_correct: bool = False,
) -> CheckIn | None:
    """Take a check-in back; the row stays, marked. Returns what was taken back, or None when there was nothing.

    `said_at`, `reason` and `may_correct` as for `check_in`, and it raises the same.
    """
    tx.lock(f"event {event_id}")
    _must_be_time(events.get(tx, event_id), min(said_at or now, now), own=False, corrects=may_correct and bool(reason))
    standing = of_person(tx, event_id, person_id)
    if standing is not None:
        _undo(tx, standing, actor, now)
        audit.note(tx, actor, "attendance.undo", f"event {event_id} person {person_id}", now, reason=reason)
    return standing


def leave(tx: Transaction, event_id: int, person_id: int, actor: Actor, now: datetime) -> int | None:
    """A volunteer goes: the time since they came, in minutes, is measured. None for who is not there to go."""
    event = events.get(tx, event_id)
    _must_be_time(event, now, own=False, corrects=False)
    standing = of_person(tx, event_id, person_id)
    if standing is None or standing.state != "attended":
        return None
    minutes = _served(event, standing.came_at, now)
    tx.execute(_MEASURE, {"row": standing.id, "minutes": minutes})
    audit.note(tx, actor, "hours.measure", f"event {event_id} person {person_id}", now, after={"minutes": minutes})
    return minutes


def measure_rest(tx: Transaction, event_id: int, now: datetime) -> None:
    """At the end of volunteering: whoever did not say when they left stayed until the event ended."""
    event = events.get(tx, event_id)
    if event.type != VOLUNTEERING:
        return
    for row in tx.execute(_UNMEASURED, {"event": event_id}).all():
        tx.execute(_MEASURE, {"row": row.id, "minutes": _served(event, row.came_at, min(now, event.ends_at))})


def correct_hours(
    tx: Transaction, event_id: int, person_id: int, minutes: int, reason: str, actor: Actor, now: datetime
) -> bool:
    """What staff found to be right, beside what was planned and measured. False for who did not come.

    Who noted the coming stays as it was; who corrected stands beside it.
    """
    standing = of_person(tx, event_id, person_id)
    if standing is None or standing.state != "attended":
        return False
    before = {"minutes": tx.execute(_CORRECTED, {"row": standing.id}).scalar()}
    tx.execute(_CORRECT, {"row": standing.id, "minutes": minutes, "why": reason, "by": actor.person_id})
    about = f"event {event_id} person {person_id}"
    audit.note(tx, actor, "hours.correct", about, now, before=before, after={"minutes": minutes}, reason=reason)
    return True


def count_heads(
    tx: Transaction,
    event_id: int,
    kind: str,
    number: int,
    actor: Actor,
    now: datetime,
    *,
    said_at: datetime | None = None,
    reason: str | None = None,
) -> None:
    """People counted on the spot without a name. A new count of the same kind replaces the one before.

    With a `reason`, which point leads write, also after the event was closed.
    """
    tx.lock(f"event {event_id}")
    _must_be_time(events.get(tx, event_id), min(said_at or now, now), own=False, corrects=bool(reason))
    if reason:
        after = {"kind": kind, "people": number}
        audit.note(tx, actor, "attendance.correct", f"event {event_id}", now, after=after, reason=reason)
    tx.execute(_UNDO_COUNTS, {"event": event_id, "of_kind": kind, "now": now})
    if number:
        row = {"event_id": event_id, "kind": kind, "people": number, "at": now, "recorded_by": actor.person_id}
        tx.execute(_ADD_COUNT, row)


def of_person(tx: Transaction, event_id: int, person_id: int) -> CheckIn | None:
    row = tx.execute(_STANDING, {"event": event_id, "person": person_id}).first()
    return None if row is None else CheckIn(*row)


def of_event(tx: Transaction, event_id: int) -> list[CheckIn]:
    return [CheckIn(*row) for row in tx.execute(_ALL_STANDING, {"event": event_id})]


def heads(tx: Transaction, event_id: int) -> int:
    return int(tx.execute(_HEADS, {"event": event_id}).scalar_one())


def roll(tx: Transaction, event_id: int) -> list[Line]:
    """The numbered list: everyone with a place or waiting, and those who came without."""
    standing = {entry.person_id: entry for entry in of_event(tx, event_id)}
    lines = [
        Line(entry.number, entry.person_id, entry.state, standing.pop(entry.person_id, None))
        for entry in sign_ups.of_event(tx, event_id)
        if entry.state in events.ACTIVE
    ]
    lines += [Line(entry.list_number or 0, entry.person_id, "walked_in", entry) for entry in standing.values()]
    return sorted(lines, key=lambda line: line.number)


def attended(entries: Sequence[Line]) -> int:
    return sum(line.attendance is not None and line.attendance.state == "attended" for line in entries)


def _undo(tx: Transaction, standing: CheckIn, actor: Actor, now: datetime) -> None:
    tx.execute(_UNDO, {"row": standing.id, "now": now, "actor": actor.person_id})


def _counts_hours(event: Event, state: str) -> bool:
    return event.type == VOLUNTEERING and state == "attended"


def _served(event: Event, came_at: datetime, until: datetime) -> int:
    return _half_hours(until - max(came_at, event.starts_at))


def _half_hours(duration: timedelta) -> int:
    """Minutes, in steps of half an hour (domain 7: service hours)."""
    return max(0, round(duration / HALF_AN_HOUR)) * 30


def _must_be_time(event: Event, now: datetime, *, own: bool, corrects: bool) -> None:
    if event.state == "cancelled":
        raise EventCancelled(event.title)
    if event.state == "draft":
        raise EventNotOpen(event.title)
    if now < event.starts_at - OPENS_BEFORE:
        raise CheckInNotOpenYet(event.title, event.starts_at - OPENS_BEFORE)
    if corrects:
        return
    is_closed = event.state == "held" and (event.closed_at is None or now >= event.closed_at)
    if is_closed or now > event.ends_at + (timedelta() if own else STAFF_UNTIL):
        raise CheckInOver(event.title)

"""Events: one occasion at one place and time each, from the draft to the day it was held."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select, update

from storage import audit, lotteries, markets, numbering
from storage.audit import Actor
from storage.database import Transaction
from storage.markets import StallDraft
from storage.refusals import (
    AlreadyClosed,
    CapacityBelowTaken,
    EventCancelled,
    EventNotOpen,
    NobodyCame,
    NotFound,
    StartsInThePast,
    TooLateToUndo,
)
from storage.schema.events import attendances, co_hosts, event_changes, head_counts, sign_ups
from storage.schema.events import events as table
from storage.times import local_date

UNDO_WITHIN = timedelta(minutes=10)
ACTIVE = ("confirmed", "waitlisted", "offered")
TAKEN = ("confirmed", "offered")

TYPES = {
    "sunset_school": "夕阳红私塾",
    "service_market": "党群公益服务集市",
    "free_clinic": "义诊",
    "arts_sports": "文体",
    "volunteering": "志愿服务",
    "policy_talk": "理论宣讲",
    "theme_day": "主题党日",
    "party_lecture": "党课",
    "members_meeting": "党员大会",
    "committee_meeting": "支委会",
    "group_meeting": "党小组会",
    "deliberation": "议事",
    "drill": "应急演练",
    "study_visit": "观摩",
    "reception": "接访",
    "other": "其他",
}


@dataclass(slots=True)
class Draft:
    """What an organiser states of an event."""

    type: str
    title: str
    starts_at: datetime
    ends_at: datetime
    venue: str
    point_id: int | None = None
    organisation_id: int | None = None
    organiser_id: int | None = None
    series_id: int | None = None
    capacity: int | None = None  # None is no limit
    speaker: str | None = None
    contact_phone: str | None = None
    description: str = ""
    members_only: bool = False
    asks_before_seating: bool = False
    allocation: str = "first_come"
    first_timers_first: bool = False
    largest_group: int = 4
    sign_up_opens_at: datetime | None = None
    sign_up_closes_at: datetime | None = None
    code_word: str | None = None
    poster: str | None = None
    budget_planned: int | None = None  # fen
    copied_from: int | None = None
    is_sample: bool = False


@dataclass(slots=True)
class Event(Draft):
    """An event as it is kept."""

    id: int = 0
    number: str | None = None
    lottery_promise: str | None = None  # the hash of the seed, shown while people sign up
    lottery_seed: str | None = None  # published once the lots are drawn
    state: str = "draft"
    revision: int = 1
    reason: str | None = None
    published_at: datetime | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outline:
    """As much of an event as tells whose it is: a list of thousands is looked through by these."""

    id: int
    type: str
    point_id: int | None
    organisation_id: int | None
    organiser_id: int | None


_FIELDS = tuple(field.name for field in fields(Event))
_COLUMNS = tuple(table.c[name] for name in _FIELDS)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_BY_NUMBER = select(*_COLUMNS).where(table.c.number == bindparam("number"))
_ADD = insert(table).returning(table.c.id)
_PUBLISH = (
    update(table)
    .where(table.c.id == bindparam("event"))
    .values(state="published", number=bindparam("given"), published_at=bindparam("now"))
)
_DISCARD_CO_HOSTS = delete(co_hosts).where(co_hosts.c.event_id == bindparam("event"))
_DISCARD = delete(table).where(table.c.id == bindparam("event"), table.c.state == "draft", table.c.number.is_(None))
_STATE = (
    update(table)
    .where(table.c.id == bindparam("event"))
    .values(state=bindparam("to"), reason=bindparam("why"), closed_at=bindparam("at"))
)
_not_over = table.alias("not_over")
_COMING = (  # through the index of what is published: to save a sort, SQLite would rather walk all seasons in order
    select(*_COLUMNS)
    .where(
        table.c.id.in_(
            select(_not_over.c.id).where(
                _not_over.c.state == literal_column("'published'"), _not_over.c.ends_at > bindparam("now")
            )
        )
    )
    .order_by(table.c.starts_at, table.c.id)
    .limit(bindparam("at_most"))
)
_AROUND = (
    select(*_COLUMNS)
    .where(table.c.state.in_(["published", "held"]), table.c.starts_at.between(bindparam("start"), bindparam("end")))
    .order_by(table.c.starts_at, table.c.id)
)
_LISTED = (
    select(*_COLUMNS)
    .where(table.c.starts_at >= bindparam("start"), table.c.starts_at < bindparam("end"))
    .order_by(table.c.starts_at, table.c.id)
)
_OUTLINED = (
    select(*(table.c[field.name] for field in fields(Outline)))
    .where(table.c.starts_at >= bindparam("start"), table.c.starts_at < bindparam("end"))
    .order_by(table.c.starts_at, table.c.id)
)
_SOME = (
    select(*_COLUMNS).where(table.c.id.in_(bindparam("ids", expanding=True))).order_by(table.c.starts_at, table.c.id)
)
_OF_ORGANISER = (
    select(*_COLUMNS)
    .where(table.c.organiser_id == bindparam("organiser"), table.c.state != "cancelled")
    .order_by(table.c.starts_at.desc())
    .limit(bindparam("at_most"))
)
_SAME_TIME = (
    select(table.c.title)
    .where(table.c.point_id == bindparam("point"), table.c.state == "published", table.c.id != bindparam("but"))
    .where(table.c.starts_at < bindparam("ends"), table.c.ends_at > bindparam("starts"))
)
_TAKEN = select(func.count()).where(sign_ups.c.event_id == bindparam("event"), sign_ups.c.state.in_(TAKEN))
_WAITING = select(func.count()).where(sign_ups.c.event_id == bindparam("event"), sign_ups.c.state == "waitlisted")
_STAND = (
    select(sign_ups.c.event_id, sign_ups.c.state, func.count().label("people"))
    .where(sign_ups.c.event_id.in_(bindparam("events", expanding=True)), sign_ups.c.state.in_(ACTIVE))
    .group_by(sign_ups.c.event_id, sign_ups.c.state)
)
_CONCERNED = (
    select(sign_ups.c.person_id, sign_ups.c.id)
    .where(sign_ups.c.event_id == bindparam("event"), sign_ups.c.state.in_(ACTIVE))
    .order_by(sign_ups.c.id)
)
_CAME = select(func.count()).where(
    attendances.c.event_id == bindparam("event"), attendances.c.state == "attended", attendances.c.undone_at.is_(None)
)
_COUNTED = select(func.count()).where(head_counts.c.event_id == bindparam("event"), head_counts.c.undone_at.is_(None))
_NOTE_CHANGE = insert(event_changes)
_ADD_CO_HOST = insert(co_hosts)
_CO_HOSTS = select(co_hosts.c.organisation_id).where(co_hosts.c.event_id == bindparam("event"))
_PHOTO = update(table).where(table.c.id == bindparam("event")).values(photo_taken=bindparam("taken"))
_POSTER = update(table).where(table.c.id == bindparam("event")).values(poster=bindparam("file"))


def get(tx: Transaction, event_id: int) -> Event:
    return _event(tx.execute(_GET, {"id": event_id}).first())


def by_number(tx: Transaction, number: str) -> Event:
    return _event(tx.execute(_BY_NUMBER, {"number": number}).first())


def create(
    tx: Transaction,
    draft: Draft,
    now: datetime,
    co_host_ids: tuple[int, ...] = (),
    stalls: tuple[StallDraft, ...] = (),
) -> int:
    """Keep a draft that only its organiser sees."""
    row = {field.name: getattr(draft, field.name) for field in fields(Draft)}
    event_id = int(tx.execute(_ADD, {**row, "state": "draft", "revision": 1, "created_at": now}).scalar_one())
    for organisation_id in co_host_ids:
        tx.execute(_ADD_CO_HOST, {"event_id": event_id, "organisation_id": organisation_id})
    markets.open_stalls(tx, event_id, draft.starts_at, stalls)
    return event_id


def publish(tx: Transaction, event_id: int, actor: Actor, now: datetime) -> Event:
    """Let everyone see it and sign up. Repeating it is harmless. Raises `StartsInThePast`."""
    tx.lock(f"event {event_id}")
    event = get(tx, event_id)
    if event.state == "published":
        return event
    if event.state != "draft":
        raise AlreadyClosed(event.title)
    if event.starts_at <= now:
        raise StartsInThePast(event.starts_at)
    year = local_date(event.starts_at).year
    number = event.number or f"HD{year}-{numbering.next_number(tx, 'HD', year):04d}"
    if event.allocation == "lottery":
        lotteries.promise(tx, event_id)
    tx.execute(_PUBLISH, {"event": event_id, "given": number, "now": now})
    audit.note(tx, actor, "event.publish", f"event {event_id}", now, after={"number": number})
    return get(tx, event_id)


def discard(tx: Transaction, event_id: int) -> None:
    """Forget a draft that was never published."""
    tx.lock(f"event {event_id}")
    tx.execute(_DISCARD_CO_HOSTS, {"event": event_id})
    markets.forget(tx, event_id)
    tx.execute(_DISCARD, {"event": event_id})


def change(
    tx: Transaction, event_id: int, changes: Mapping[str, Any], actor: Actor, now: datetime
) -> tuple[Event, Event]:
    """Change some fields; returns the event before and after. A new time or place raises the revision.

    Raises `StartsInThePast`, `CapacityBelowTaken`, `EventCancelled`, `AlreadyClosed`. Whoever calls it tells the people
    concerned, and calls `sign_ups.promote` when there are more places now.
    """
    tx.lock(f"event {event_id}")
    before = get(tx, event_id)
    if changed_by(tx, before, changes, now) == before:
        return before, before
    wanted = {name: value for name, value in changes.items() if getattr(before, name) != value}
    revision = before.revision + bool({"starts_at", "ends_at", "venue", "point_id"} & set(wanted))
    values = {**wanted, "revision": revision}
    tx.execute(update(table).where(table.c.id == event_id).values(values))
    if wanted.get("allocation") == "lottery" and before.state == "published":
        lotteries.promise(tx, event_id)
    if "starts_at" in wanted:
        markets.move(tx, event_id, wanted["starts_at"] - before.starts_at)
    what = {name: [getattr(before, name), value] for name, value in wanted.items()}
    row = {"event_id": event_id, "revision": revision, "by_person": actor.person_id, "at": now}
    tx.execute(_NOTE_CHANGE, {**row, "what": audit.written(what)})
    audit.note(tx, actor, "event.change", f"event {event_id}", now, after=what)
    return before, get(tx, event_id)


def changed_by(tx: Transaction, event: Event, changes: Mapping[str, Any], now: datetime) -> Event:
    """How `event` would be; nothing is kept. Raises what `change` would."""
    _must_be_open(event)
    after = replace(event, **changes)
    if after.starts_at != event.starts_at and after.starts_at < now:
        raise StartsInThePast(after.starts_at)
    if after.capacity is not None and (count := taken(tx, event.id)) > after.capacity != event.capacity:
        raise CapacityBelowTaken(count)
    return after


def cancel(tx: Transaction, event_id: int, reason: str, actor: Actor, now: datetime) -> Event:
    """Call it off; sign-ups stay as they were, so that everyone concerned can be told and the ledger shows them."""
    tx.lock(f"event {event_id}")
    event = get(tx, event_id)
    _must_be_open(event)
    tx.execute(_STATE, {"event": event_id, "to": "cancelled", "why": reason, "at": now})
    audit.note(tx, actor, "event.cancel", f"event {event_id}", now, reason=reason)
    return get(tx, event_id)


def set_co_hosts(
    tx: Transaction, event_id: int, organisation_ids: tuple[int, ...], actor: Actor, now: datetime
) -> None:
    """The organisations that hold it together with its host; in totals it stays one event."""
    tx.lock(f"event {event_id}")
    event = get(tx, event_id)
    _must_be_open(event)
    before = co_hosts_of(tx, event_id)
    if set(before) == set(organisation_ids):
        return
    tx.execute(_DISCARD_CO_HOSTS, {"event": event_id})
    for organisation_id in organisation_ids:
        tx.execute(_ADD_CO_HOST, {"event_id": event_id, "organisation_id": organisation_id})
    what = {"co_hosts": [before, list(organisation_ids)]}
    row = {"event_id": event_id, "revision": event.revision, "by_person": actor.person_id, "at": now}
    tx.execute(_NOTE_CHANGE, {**row, "what": audit.written(what)})
    audit.note(tx, actor, "event.change", f"event {event_id}", now, after=what)


def note_photo(tx: Transaction, event_id: int, actor: Actor, now: datetime, *, taken: bool) -> None:
    """照片有无 of the ledger, at any time: a photo is never required (domain 6.1)."""
    tx.execute(_PHOTO, {"event": event_id, "taken": taken})
    audit.note(tx, actor, "event.photo", f"event {event_id}", now, after={"taken": taken})


def withdraw(tx: Transaction, event_id: int, actor: Actor, now: datetime) -> Event:
    """Back to a draft, within ten minutes of publication. Raises `TooLateToUndo`."""
    tx.lock(f"event {event_id}")
    event = get(tx, event_id)
    if event.state != "published" or event.published_at is None or now - event.published_at > UNDO_WITHIN:
        raise TooLateToUndo(int(UNDO_WITHIN.total_seconds() // 60))
    tx.execute(_STATE, {"event": event_id, "to": "draft", "why": None, "at": None})
    audit.note(tx, actor, "event.withdraw", f"event {event_id}", now)
    return get(tx, event_id)


def close(tx: Transaction, event_id: int, actor: Actor, now: datetime, reason: str | None = None) -> Event:
    """Attendance is complete: the event is held. Raises `NobodyCame` with neither an attendance nor a reason."""
    tx.lock(f"event {event_id}")
    event = get(tx, event_id)
    if event.state == "held":
        return event
    if event.state != "published":
        raise EventNotOpen(event.title)
    came = tx.execute(_CAME, {"event": event_id}).scalar_one() + tx.execute(_COUNTED, {"event": event_id}).scalar_one()
    if not came and not reason:
        raise NobodyCame(event.title)
    tx.execute(_STATE, {"event": event_id, "to": "held", "why": reason, "at": now})
    audit.note(tx, actor, "event.close", f"event {event_id}", now, reason=reason)
    return get(tx, event_id)


def coming(tx: Transaction, now: datetime, at_most: int = 100) -> list[Event]:
    """Published events that are not over, the next one first."""
    return [_event(row) for row in tx.execute(_COMING, {"now": now, "at_most": at_most})]


def between(tx: Transaction, start: datetime, end: datetime) -> list[Event]:
    return [_event(row) for row in tx.execute(_AROUND, {"start": start, "end": end})]


def listed(tx: Transaction, start: datetime, end: datetime) -> list[Event]:
    """Every event that begins in the half-open span, drafts and cancelled ones among them."""
    return [_event(row) for row in tx.execute(_LISTED, {"start": start, "end": end})]


def outlined(tx: Transaction, start: datetime, end: datetime) -> list[Outline]:
    """The same, in outline."""
    return [Outline(*row) for row in tx.execute(_OUTLINED, {"start": start, "end": end})]


def some(tx: Transaction, event_ids: Sequence[int]) -> list[Event]:
    """Those with these ids, in order of time."""
    return [_event(row) for row in tx.execute(_SOME, {"ids": list(event_ids)})]


def of_organiser(tx: Transaction, organiser_id: int, at_most: int = 50) -> list[Event]:
    """Drafts and events of a person, the latest first."""
    return [_event(row) for row in tx.execute(_OF_ORGANISER, {"organiser": organiser_id, "at_most": at_most})]


def at_the_same_time(tx: Transaction, draft: Draft, but: int = 0) -> list[str]:
    """Titles of what else happens at the same point then. A warning, not a rule."""
    wanted = {"point": draft.point_id, "starts": draft.starts_at, "ends": draft.ends_at, "but": but}
    return [title for (title,) in tx.execute(_SAME_TIME, wanted)] if draft.point_id is not None else []


def taken(tx: Transaction, event_id: int) -> int:
    return int(tx.execute(_TAKEN, {"event": event_id}).scalar_one())


def waiting(tx: Transaction, event_id: int) -> int:
    return int(tx.execute(_WAITING, {"event": event_id}).scalar_one())


def stand(tx: Transaction, event_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Of each event, how many places are taken and how many wait: for lists, in one look."""
    found = dict.fromkeys(event_ids, (0, 0))
    for row in tx.execute(_STAND, {"events": list(event_ids)}):
        seated, waits = found[row.event_id]
        if row.state in TAKEN:
            seated += row.people
        else:
            waits += row.people
        found[row.event_id] = seated, waits
    return found


def concerned(tx: Transaction, event_id: int) -> list[tuple[int, int]]:
    """Everyone with an active sign-up, who must hear of a change: (person, sign-up)."""
    return [(person, sign_up) for person, sign_up in tx.execute(_CONCERNED, {"event": event_id})]


def co_hosts_of(tx: Transaction, event_id: int) -> list[int]:
    return [organisation for (organisation,) in tx.execute(_CO_HOSTS, {"event": event_id})]


def keep_poster(tx: Transaction, event_id: int, poster: str) -> None:
    tx.execute(_POSTER, {"event": event_id, "file": poster})


def _must_be_open(event: Event) -> None:
    if event.state == "cancelled":
        raise EventCancelled(event.title)
    if event.state == "held":
        raise AlreadyClosed(event.title)


def _event(row: Any) -> Event:
    if row is None:
        raise NotFound("活动")
    return Event(*row)  # the columns are in the order of the fields

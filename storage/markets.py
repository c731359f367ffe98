"""Markets: one event with many stalls, and the slots of each. Coming is noted once, at the door (domain 6.1)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import EventCancelled, EventNotOpen, EventOver, NotFound
from storage.schema.events import events
from storage.schema.markets import queue_numbers
from storage.schema.markets import slots as slots_table
from storage.schema.markets import stalls as stalls_table


@dataclass(frozen=True, slots=True)
class SlotDraft:
    """A bookable time, counted from the start of the event, so that it can be copied to another day."""

    begins: timedelta
    ends: timedelta
    places: int


@dataclass(frozen=True, slots=True)
class StallDraft:
    """What an organiser states of a stall. Without slots it gives queue numbers, `most` at most."""

    name: str
    place: str
    slots: tuple[SlotDraft, ...] = ()
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Stall:
    id: int
    event_id: int
    name: str
    place: str
    most: int | None
    closed_at: datetime | None
    has_slots: bool


@dataclass(frozen=True, slots=True)
class Slot:
    id: int
    stall_id: int
    starts_at: datetime
    ends_at: datetime
    places: int
    free: int


_STALL = (
    stalls_table.c.id,
    stalls_table.c.event_id,
    stalls_table.c.name,
    stalls_table.c.place,
    stalls_table.c.most,
    stalls_table.c.closed_at,
    select(slots_table.c.id).where(slots_table.c.stall_id == stalls_table.c.id).exists().label("has_slots"),
)
_GET_STALL = select(*_STALL).where(stalls_table.c.id == bindparam("stall"))
_STALLS = select(*_STALL).where(stalls_table.c.event_id == bindparam("event")).order_by(stalls_table.c.id)
_ADD_STALL = insert(stalls_table).returning(stalls_table.c.id)
_ADD_SLOT = insert(slots_table)
_CLOSED = update(stalls_table).where(stalls_table.c.id == bindparam("stall")).values(closed_at=bindparam("at"))
_HELD = (
    select(func.count())
    .where(queue_numbers.c.slot_id == slots_table.c.id, queue_numbers.c.state != "given_up")
    .correlate(slots_table)
    .scalar_subquery()
)
_SLOTS = (
    select(
        slots_table.c.id,
        slots_table.c.stall_id,
        slots_table.c.starts_at,
        slots_table.c.ends_at,
        slots_table.c.places,
        (slots_table.c.places - _HELD).label("free"),
    )
    .where(slots_table.c.stall_id == bindparam("stall"))
    .order_by(slots_table.c.starts_at, slots_table.c.id)
)
_MOVE_SLOT = (
    update(slots_table)
    .where(slots_table.c.id == bindparam("slot"))
    .values(starts_at=bindparam("begins"), ends_at=bindparam("ends"))
)
_EVENT = select(events.c.title, events.c.state, events.c.starts_at, events.c.ends_at).where(
    events.c.id == bindparam("event")
)
_of_event = select(stalls_table.c.id).where(stalls_table.c.event_id == bindparam("event"))
_FORGET_SLOTS = delete(slots_table).where(slots_table.c.stall_id.in_(_of_event))
_FORGET_STALLS = delete(stalls_table).where(stalls_table.c.event_id == bindparam("event"))


def open_stalls(tx: Transaction, event_id: int, starts_at: datetime, drafts: Iterable[StallDraft]) -> None:
    """Set up the stalls of a new event that begins at `starts_at`."""
    for draft in drafts:
        row = {"event_id": event_id, "name": draft.name, "place": draft.place, "most": draft.most}
        stall_id = int(tx.execute(_ADD_STALL, row).scalar_one())
        for slot in draft.slots:
            begins, ends = starts_at + slot.begins, starts_at + slot.ends
            tx.execute(_ADD_SLOT, {"stall_id": stall_id, "starts_at": begins, "ends_at": ends, "places": slot.places})


def add(tx: Transaction, event_id: int, draft: StallDraft, actor: Actor, now: datetime) -> Stall:
    """One more stall. Raises as `must_be_on` does."""
    tx.lock(f"event {event_id}")
    event = must_be_on(tx, event_id, now, drafts=True)
    open_stalls(tx, event_id, event.starts_at, [draft])
    stall = of_event(tx, event_id)[-1]
    audit.note(tx, actor, "stall.add", f"event {event_id}", now, after={"stall": stall.id, "name": stall.name})
    return stall


def shut(tx: Transaction, stall: Stall, actor: Actor, now: datetime) -> None:
    """Note that the stall is closed; `queue_numbers.close` also lets those go who wait there."""
    tx.execute(_CLOSED, {"stall": stall.id, "at": now})
    audit.note(tx, actor, "stall.close", f"event {stall.event_id}", now, after={"stall": stall.id})


def reopen(tx: Transaction, stall_id: int, actor: Actor, now: datetime) -> Stall:
    stall = locked(tx, stall_id)
    must_be_on(tx, stall.event_id, now, drafts=True)
    if stall.closed_at is not None:
        tx.execute(_CLOSED, {"stall": stall_id, "at": None})
        audit.note(tx, actor, "stall.reopen", f"event {stall.event_id}", now, after={"stall": stall_id})
    return get(tx, stall_id)


def get(tx: Transaction, stall_id: int) -> Stall:
    row = tx.execute(_GET_STALL, {"stall": stall_id}).first()
    if row is None:
        raise NotFound("摊位")
    return _stall(row)


def of_event(tx: Transaction, event_id: int) -> list[Stall]:
    """Open and closed ones, in the order they were set up."""
    return [_stall(row) for row in tx.execute(_STALLS, {"event": event_id})]


def drafts_of(tx: Transaction, event_id: int) -> tuple[StallDraft, ...]:
    """The stalls of an event as they could be set up again on another day; those that were closed are left out."""
    event = tx.execute(_EVENT, {"event": event_id}).one()
    return tuple(
        StallDraft(
            stall.name,
            stall.place,
            tuple(
                SlotDraft(slot.starts_at - event.starts_at, slot.ends_at - event.starts_at, slot.places)
                for slot in slots(tx, stall.id)
            ),
            stall.most,
        )
        for stall in of_event(tx, event_id)
        if stall.closed_at is None
    )


def slots(tx: Transaction, stall_id: int) -> list[Slot]:
    return [Slot(*row) for row in tx.execute(_SLOTS, {"stall": stall_id})]


def move(tx: Transaction, event_id: int, by: timedelta) -> None:
    """The event begins earlier or later: so does each of its slots."""
    for stall in of_event(tx, event_id):
        for slot in slots(tx, stall.id):
            tx.execute(_MOVE_SLOT, {"slot": slot.id, "begins": slot.starts_at + by, "ends": slot.ends_at + by})


def forget(tx: Transaction, event_id: int) -> None:
    """A draft is dropped, and its stalls with it."""
    tx.execute(_FORGET_SLOTS, {"event": event_id})
    tx.execute(_FORGET_STALLS, {"event": event_id})


def locked(tx: Transaction, stall_id: int) -> Stall:
    """The stall, with nobody else at work on its event until this ends."""
    event_id = get(tx, stall_id).event_id
    tx.lock(f"event {event_id}")
    return get(tx, stall_id)


def must_be_on(tx: Transaction, event_id: int, now: datetime, *, drafts: bool = False) -> Any:
    """Title, state, start and end of the event, with `drafts` also of one not published yet.

    Raises `EventCancelled`, `EventNotOpen`, `EventOver`, `NotFound`.
    """
    event = tx.execute(_EVENT, {"event": event_id}).first()
    if event is None:
        raise NotFound("活动")
    if event.state == "cancelled":
        raise EventCancelled(event.title)
    if event.state != "published" and not (drafts and event.state == "draft"):
        raise EventNotOpen(event.title)
    if now >= event.ends_at:
        raise EventOver(event.title)
    return event


def _stall(row: Any) -> Stall:
    return Stall(row.id, row.event_id, row.name, row.place, row.most, row.closed_at, bool(row.has_slots))

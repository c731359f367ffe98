"""排号: who has which number at the stalls of a market, in which slot, and whose turn it is."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, insert, select, update

from storage import audit, markets
from storage.audit import Actor
from storage.database import Transaction
from storage.markets import Stall
from storage.refusals import NoNumberLeft, NoPlaceYet, NotFound, SlotGone, StallClosed
from storage.schema.events import attendances, events, sign_ups
from storage.schema.markets import queue_numbers as table
from storage.schema.markets import slots as slots_table
from storage.schema.markets import stalls as stalls_table

IN_LINE = ("waiting", "called", "skipped")
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class QueueNumber:
    """A person's number at a stall, in a slot where the stall has slots."""

    id: int
    stall_id: int
    slot_id: int | None
    person_id: int
    number: int
    state: str
    back_at: datetime | None
    event_id: int
    stall: str
    place: str
    starts_at: datetime | None  # of the slot


@dataclass(frozen=True, slots=True)
class Called:
    """After a call: who is asked to come (None: nobody waits), and who may get ready, with how many before them."""

    stall: Stall
    current: QueueNumber | None
    waiting: list[QueueNumber]  # in the order they will be called
    is_new: bool


_numbers = (
    select(
        table.c.id,
        table.c.stall_id,
        table.c.slot_id,
        table.c.person_id,
        table.c.number,
        table.c.state,
        table.c.back_at,
        stalls_table.c.event_id,
        stalls_table.c.name,
        stalls_table.c.place,
        slots_table.c.starts_at,
    )
    .join(stalls_table, stalls_table.c.id == table.c.stall_id)
    .outerjoin(slots_table, slots_table.c.id == table.c.slot_id)
)
_GET = _numbers.where(table.c.id == bindparam("number"))
_AT_STALL = _numbers.where(table.c.stall_id == bindparam("stall"), table.c.state.in_(IN_LINE)).order_by(table.c.number)
_OF_PERSON = _numbers.where(
    table.c.person_id == bindparam("person"), stalls_table.c.event_id == bindparam("event"), table.c.state.in_(IN_LINE)
).order_by(slots_table.c.starts_at, table.c.id)
_ANYWHERE = (
    _numbers.join(events, events.c.id == stalls_table.c.event_id)
    .where(table.c.person_id == bindparam("person"), table.c.state.in_(IN_LINE))
    .where(events.c.state == "published", events.c.ends_at > bindparam("now"))
    .order_by(events.c.starts_at, slots_table.c.starts_at, table.c.id)
)
_LAST = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.stall_id == bindparam("stall"))
_GIVEN = select(func.count()).where(table.c.stall_id == bindparam("stall"), table.c.state != "given_up")
_ADD = insert(table).returning(table.c.id)
_STATE = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(state=bindparam("to"), changed_at=bindparam("now"), back_at=bindparam("back"))
)
_HAS_PLACE = select(sign_ups.c.id).where(
    sign_ups.c.event_id == bindparam("event"),
    sign_ups.c.person_id == bindparam("person"),
    sign_ups.c.state.in_(["confirmed", "offered"]),
)
_CAME = select(attendances.c.id).where(
    attendances.c.event_id == bindparam("event"),
    attendances.c.person_id == bindparam("person"),
    attendances.c.state == "attended",
    attendances.c.undone_at.is_(None),
)


def take(
    tx: Transaction, stall_id: int, person_id: int, actor: Actor, now: datetime, slot_id: int | None = None
) -> tuple[QueueNumber, bool]:
    """A number for the person, in a slot where the stall has slots, and whether it is new. Repeating it is harmless.

    Who has a place at the event may take one beforehand; while it is on, whoever is there may. Raises `EventCancelled`,
    `EventNotOpen`, `EventOver`, `NoPlaceYet`, `StallClosed`, `NoNumberLeft`, `SlotGone`.
    """
    stall = markets.locked(tx, stall_id)
    event = markets.must_be_on(tx, stall.event_id, now)
    for entry in of_person(tx, stall.event_id, person_id):
        if entry.stall_id == stall_id:
            return entry, False
    who = {"event": stall.event_id, "person": person_id}
    has_place = tx.execute(_HAS_PLACE, who).first() or tx.execute(_CAME, who).first()
    if has_place is None and now < event.starts_at:
        raise NoPlaceYet(event.title)
    if stall.closed_at is not None:
        raise StallClosed(stall.name)
    if stall.has_slots:
        slot = next((each for each in markets.slots(tx, stall_id) if each.id == slot_id), None)
        if slot is None or slot.free < 1 or slot.ends_at <= now:
            raise SlotGone(stall.name)
    elif stall.most is not None and _given(tx, stall_id) >= stall.most:
        raise NoNumberLeft(stall.name, stall.most)
    row = {
        "stall_id": stall_id,
        "slot_id": slot_id if stall.has_slots else None,
        "person_id": person_id,
        "number": tx.execute(_LAST, {"stall": stall_id}).scalar_one() + 1,
        "state": "waiting",
        "taken_at": now,
        "changed_at": now,
        "by_person": actor.person_id,
    }
    return get(tx, int(tx.execute(_ADD, row).scalar_one())), True


def give_up(tx: Transaction, number_id: int, now: datetime) -> QueueNumber:
    """The person does not want their turn any more; a slot is free again. Repeating it is harmless."""
    entry = get(tx, number_id)
    markets.locked(tx, entry.stall_id)
    entry = get(tx, number_id)
    if entry.state in IN_LINE:
        _set(tx, entry, "given_up", now)
    return entry


def take_again(tx: Transaction, number_id: int, now: datetime) -> None:
    """The number was given up by mistake: it waits again, unless its slot is full, or the person has another there."""
    entry = get(tx, number_id)
    stall = markets.locked(tx, entry.stall_id)
    entry = get(tx, number_id)
    taken = any(each.stall_id == stall.id for each in of_person(tx, stall.event_id, entry.person_id))
    slot = next((each for each in markets.slots(tx, stall.id) if each.id == entry.slot_id), None)
    fits = slot.free > 0 if slot else stall.most is None or _given(tx, stall.id) < stall.most
    if entry.state == "given_up" and not taken and stall.closed_at is None and fits:
        _set(tx, entry, "waiting", now)


def come_back(tx: Transaction, number_id: int, now: datetime) -> QueueNumber:
    """Whose number was skipped is called next. Does nothing for another number."""
    entry = get(tx, number_id)
    markets.locked(tx, entry.stall_id)
    entry = get(tx, number_id)
    if entry.state == "skipped":
        _set(tx, entry, "waiting", now, back_at=now)
    return entry


def call_next(
    tx: Transaction, stall_id: int, actor: Actor, now: datetime, after: int = 0, *, skips: bool = False
) -> Called:
    """Call the next number; the one called before was served, or with `skips` did not come.

    `after` is the number that stands on the caller's screen, 0 for none: when another was called meanwhile, by a
    second tap or a second helper, nothing changes. Raises as `markets.must_be_on` does.
    """
    stall = markets.locked(tx, stall_id)
    markets.must_be_on(tx, stall.event_id, now)
    before = current(tx, stall_id)
    if (before.number if before else 0) != after:
        return Called(stall, before, _waiting(tx, stall_id), is_new=False)
    if before is not None:
        _set(tx, before, "skipped" if skips else "served", now)
    waiting = _waiting(tx, stall_id)
    if not waiting:
        return Called(stall, None, [], is_new=before is not None)
    following = waiting.pop(0)
    _set(tx, following, "called", now)
    what = {"stall": stall_id, "number": following.number}
    audit.note(tx, actor, "stall.call", f"event {stall.event_id}", now, after=what)
    return Called(stall, following, waiting, is_new=True)


def standing(tx: Transaction, stall_id: int) -> Called:
    """Whose turn it is, and who waits."""
    return Called(markets.get(tx, stall_id), current(tx, stall_id), _waiting(tx, stall_id), is_new=False)


def current(tx: Transaction, stall_id: int) -> QueueNumber | None:
    """The number called last, until it is served or skipped."""
    return next((entry for entry in _line(tx, stall_id) if entry.state == "called"), None)


def skipped(tx: Transaction, stall_id: int) -> list[QueueNumber]:
    """Who was called and did not come, and may come back."""
    return [entry for entry in _line(tx, stall_id) if entry.state == "skipped"]


def ahead(tx: Transaction, entry: QueueNumber) -> int:
    """How many are called before this one: 0 for the next, and for who is called already."""
    return next((place for place, each in enumerate(_waiting(tx, entry.stall_id)) if each.id == entry.id), 0)


def get(tx: Transaction, number_id: int) -> QueueNumber:
    row = tx.execute(_GET, {"number": number_id}).first()
    if row is None:
        raise NotFound("号")
    return QueueNumber(*row)


def of_person(tx: Transaction, event_id: int, person_id: int) -> list[QueueNumber]:
    """The turns a person still has at this event, by their time."""
    return [QueueNumber(*row) for row in tx.execute(_OF_PERSON, {"event": event_id, "person": person_id})]


def everywhere(tx: Transaction, person_id: int, now: datetime) -> list[QueueNumber]:
    """The turns a person still has at any market that is not over, the next market first."""
    return [QueueNumber(*row) for row in tx.execute(_ANYWHERE, {"person": person_id, "now": now})]


def release(tx: Transaction, event_id: int, person_id: int, now: datetime) -> None:
    """The person does not come to the event: their turns are free again."""
    for entry in of_person(tx, event_id, person_id):
        _set(tx, entry, "given_up", now)


def close(tx: Transaction, stall_id: int, actor: Actor, now: datetime) -> list[QueueNumber]:
    """Nobody gets a number there any more; those who waited are returned, to be told. Repeating it is harmless."""
    stall = markets.locked(tx, stall_id)
    if stall.closed_at is not None:
        return []
    markets.shut(tx, stall, actor, now)
    let_go = [entry for entry in _line(tx, stall_id) if entry.state != "called"]
    for entry in let_go:
        _set(tx, entry, "given_up", now)
    if (called := current(tx, stall_id)) is not None:
        _set(tx, called, "served", now)
    return let_go


def _given(tx: Transaction, stall_id: int) -> int:
    return int(tx.execute(_GIVEN, {"stall": stall_id}).scalar_one())


def _line(tx: Transaction, stall_id: int) -> list[QueueNumber]:
    return [QueueNumber(*row) for row in tx.execute(_AT_STALL, {"stall": stall_id})]


def _waiting(tx: Transaction, stall_id: int) -> list[QueueNumber]:
    """Whoever came back after being skipped goes first; then by slot; then by number."""
    waiting = [entry for entry in _line(tx, stall_id) if entry.state == "waiting"]
    return sorted(waiting, key=lambda entry: (entry.back_at or _FAR, entry.starts_at or _FAR, entry.number))


def _set(tx: Transaction, entry: QueueNumber, to: str, now: datetime, back_at: datetime | None = None) -> None:
    tx.execute(_STATE, {"row": entry.id, "to": to, "now": now, "back": back_at})
    entry.state, entry.back_at = to, back_at

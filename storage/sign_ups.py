"""Sign-ups: who has a place, who waits, and who moves up. The rules of domain 6.2, each held in one transaction."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, insert, literal_column, select, text, update

from storage import events, lotteries, outbox, people, queue_numbers
from storage.audit import Actor
from storage.database import Transaction
from storage.events import ACTIVE, Event
from storage.refusals import (
    EventCancelled,
    EventNotOpen,
    EventOver,
    GroupTooLarge,
    GroupTooLargeForEvent,
    MembersOnly,
    NotSignedUp,
    NotToBeDrawn,
    SignUpClosed,
    SignUpNotOpenYet,
)
from storage.schema.events import attendances
from storage.schema.events import events as events_table
from storage.schema.events import sign_ups as table

PROMOTION_STOPS = timedelta(hours=3)  # before the start: later, staff phone
NOTICE_AT_LEAST = timedelta(hours=1)  # before the start, and in message hours
OFFER_LASTS = timedelta(hours=24)


@dataclass(slots=True)
class SignUp:
    id: int
    event_id: int
    person_id: int
    state: str
    group_id: int | None
    number: int
    because: str | None
    comes: bool | None


@dataclass(slots=True)
class Outcome:
    """How it stands after signing up. `position` counts the waiting list from 1; 0 for who has a place."""

    event: Event
    sign_ups: list[SignUp]
    position: int
    is_new: bool

    @property
    def state(self) -> str:
        return self.sign_ups[0].state


@dataclass(slots=True)
class Promotion:
    """Who moved up from the waiting list, to be told by whoever caused it."""

    event: Event
    sign_ups: list[SignUp]
    because: str


_COLUMNS = (
    table.c.id,
    table.c.event_id,
    table.c.person_id,
    table.c.state,
    table.c.group_id,
    table.c.number,
    table.c.because,
    table.c.comes,
)
_IS_ACTIVE = text("sign_ups.state IN ('confirmed', 'waitlisted', 'offered')")  # word for word as in its index
_ACTIVE_OF = select(*_COLUMNS).where(
    table.c.event_id == bindparam("event"), table.c.person_id == bindparam("person"), _IS_ACTIVE
)
_BY_ID = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_LAST_NUMBERS = select(
    select(func.coalesce(func.max(table.c.number), 0))
    .where(table.c.event_id == bindparam("event"))
    .scalar_subquery()
    .label("last_on_list"),
    select(func.coalesce(func.max(attendances.c.list_number), 0))
    .where(attendances.c.event_id == bindparam("event"))
    .scalar_subquery()
    .label("last_walk_in"),
)
_of_the_event = select(func.count()).where(table.c.event_id == bindparam("event"))
_STANDING = select(  # one look for all that a claim asks: of a rush each statement less is heard
    _of_the_event.where(table.c.state.in_(events.TAKEN)).scalar_subquery().label("taken"),
    _of_the_event.where(table.c.state.in_(["cancelled", "expired"])).scalar_subquery().label("gone"),
    select(func.count())
    .where(attendances.c.event_id == bindparam("event"), attendances.c.list_number.is_not(None))
    .scalar_subquery()
    .label("walked_in"),
    *_LAST_NUMBERS.selected_columns,
    exists()
    .where(table.c.event_id == bindparam("event"), table.c.person_id == bindparam("person"), _IS_ACTIVE)
    .label("has_joined"),
)
_ADD = insert(table).returning(table.c.id)
_MOVE = (
    update(table)
    .where(table.c.id == bindparam("sign_up"))
    .values(
        state=bindparam("to"),
        changed_at=bindparam("now"),
        because=bindparam("why"),
        offer_ends_at=bindparam("until"),
    )
)
_GROUP = update(table).where(table.c.id == bindparam("sign_up")).values(group_id=bindparam("group"))
_COMES = update(table).where(table.c.id == bindparam("sign_up")).values(comes=bindparam("answer"))
_QUEUE = (
    select(*_COLUMNS).where(table.c.event_id == bindparam("event"), table.c.state == "waitlisted").order_by(table.c.id)
)
_NOT_WAITING = ("confirmed", "offered", "cancelled", "expired")
_BEFORE_BUT_NOT_AHEAD = select(
    select(func.count())
    .where(table.c.event_id == bindparam("event"), table.c.state.in_(_NOT_WAITING), table.c.id < bindparam("id"))
    .scalar_subquery(),
    select(func.count())
    .where(attendances.c.event_id == bindparam("event"), attendances.c.list_number < bindparam("number"))
    .scalar_subquery(),
)
_OF_EVENT = select(*_COLUMNS).where(table.c.event_id == bindparam("event")).order_by(table.c.number)
_OF_PERSON = (
    select(*_COLUMNS)
    .join(events_table, events_table.c.id == table.c.event_id)
    .where(table.c.person_id == bindparam("person"), table.c.state.in_(ACTIVE))
    .where(events_table.c.state == "published", events_table.c.ends_at > bindparam("now"))
    .order_by(events_table.c.starts_at, table.c.id)
)
_CAME_BEFORE = (
    select(attendances.c.person_id)
    .join(events_table, events_table.c.id == attendances.c.event_id)
    .where(events_table.c.type == bindparam("type"), events_table.c.starts_at < bindparam("before"))
    .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .distinct()
)
_DRAWS = (
    select(events_table.c.id)
    .where(text("events.state = 'published' AND events.allocation = 'lottery'"))  # as in the index
    .where(events_table.c.lottery_seed.is_(None), events_table.c.sign_up_closes_at <= bindparam("now"))
    .order_by(events_table.c.sign_up_closes_at, events_table.c.id)
)
_LAPSED = (
    select(*_COLUMNS)
    .where(table.c.state == literal_column("'offered'"), table.c.offer_ends_at <= bindparam("now"))
    .order_by(table.c.offer_ends_at, table.c.id)
)


def sign_up(
    tx: Transaction,
    event_id: int,
    person_ids: Sequence[int],
    actor: Actor,
    now: datetime,
    *,
    override: str | None = None,
) -> Outcome:
    """Claim places, for all of `person_ids` or none. Repeating it is harmless and answers how it stands.

    With `override`, a written reason of staff, capacity and times do not bind. Raises a kind of `Refused`.
    """
    tx.lock(f"event {event_id}")
    event = events.get(tx, event_id)
    if event.state == "cancelled":
        raise EventCancelled(event.title)
    stands = tx.execute(_STANDING, {"event": event_id, "person": person_ids[0]}).one()
    has_joined = len(person_ids) > 1 or stands.has_joined
    known = [found for person in person_ids if has_joined and (found := active(tx, event_id, person)) is not None]
    if len(known) == len(person_ids):
        return _outcome(tx, event, known, is_new=False)
    joining = [person for person in person_ids if person not in {found.person_id for found in known}]
    if override is None:
        _may_join(tx, event, joining, now)
    size = len(joining)
    fits = override is not None or event.capacity is None or stands.taken + size <= event.capacity
    if override is None and is_to_be_drawn(event):
        fits = False
    if fits and override is None and _promotion_is_over(tx, event, now):
        fits = events.waiting(tx, event_id) == 0  # free seats belong to those who wait; staff phone them
    state = "confirmed" if fits else "waitlisted"
    first = int(max(stands.last_on_list, stands.last_walk_in)) + 1
    added = [
        _add(tx, event, person, number, state, actor, now, override) for number, person in enumerate(joining, first)
    ]
    if size > 1:
        for entry in added:
            tx.execute(_GROUP, {"sign_up": entry.id, "group": added[0].id})
            entry.group_id = added[0].id
    if state == "waitlisted" and _waits_in_order(event):
        return Outcome(event, added, first - stands.taken - stands.gone - stands.walked_in, is_new=True)
    return _outcome(tx, event, added, is_new=True)


def cancel(tx: Transaction, event_id: int, person_id: int, actor: Actor, now: datetime) -> list[Promotion]:
    """Give a place or a turn back; whoever moves up is returned. Raises `NotSignedUp`."""
    tx.lock(f"event {event_id}")
    event = events.get(tx, event_id)
    entry = active(tx, event_id, person_id)
    if entry is None:
        raise NotSignedUp(event.title)
    why = "本人取消" if actor.person_id == person_id else f"由 {actor.person_id or '红雁'} 取消"
    _move(tx, entry, "cancelled", now, why)
    queue_numbers.release(tx, event_id, person_id, now)
    outbox.withdraw(tx, entry.id, "sign-up cancelled", now)
    return promote(tx, event_id, now)


def promote(tx: Transaction, event_id: int, now: datetime) -> list[Promotion]:
    """Give free seats, at once and in the order of joining, to the entries they suffice for (rules 3 to 5)."""
    event = events.get(tx, event_id)
    if event.state != "published" or is_to_be_drawn(event) or _promotion_is_over(tx, event, now):
        return []
    return _seat(tx, event, now)


def is_to_be_drawn(event: Event) -> bool:
    """Whether places are given by lot and have not been yet: until then everyone waits."""
    return event.allocation == "lottery" and event.lottery_seed is None


def draw(tx: Transaction, event_id: int, now: datetime) -> list[Promotion]:
    """Give the places by lot, and publish the seed: whoever knows it can draw the same lots again, see `lot`.

    Raises `NotToBeDrawn` unless it is a published lottery whose sign-up is closed and that was not drawn before.
    """
    tx.lock(f"event {event_id}")
    event = events.get(tx, event_id)
    closes_at = event.sign_up_closes_at or event.starts_at
    if event.state != "published" or not is_to_be_drawn(event) or now < closes_at:
        raise NotToBeDrawn(event.title, closes_at)
    lotteries.reveal(tx, event_id)
    return _seat(tx, events.get(tx, event_id), now)


def to_draw(tx: Transaction, now: datetime) -> list[int]:
    """Lotteries whose sign-up is closed."""
    return [event for (event,) in tx.execute(_DRAWS, {"now": now})]


def lot(seed: str, number: int) -> str:
    """The lot of an entry: the SHA-256 of "seed:number", `number` being the first on the list of those together."""
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()


def _seat(tx: Transaction, event: Event, now: datetime) -> list[Promotion]:
    free = None if event.capacity is None else event.capacity - events.taken(tx, event.id)
    promoted: list[Promotion] = []
    passed_over = 0
    for entries in _queued(tx, event):
        if free is not None and free <= 0:
            break
        if free is not None and len(entries) > free:
            passed_over += 1
            continue
        first = "抽签排在最前" if event.lottery_seed else "排在最前"
        because = first if not passed_over else f"前面 {passed_over} 组人多坐不下，这是第一组坐得下的"
        to = "offered" if event.asks_before_seating else "confirmed"
        until = min(now + OFFER_LASTS, event.starts_at - PROMOTION_STOPS) if to == "offered" else None
        for entry in entries:
            _move(tx, entry, to, now, because, until)
        promoted.append(Promotion(event, entries, because))
        if free is not None:
            free -= len(entries)
    return promoted


def accept(tx: Transaction, event_id: int, person_id: int, now: datetime) -> SignUp:
    """Say yes to an offer, or to a reminder: the place is theirs. Raises `NotSignedUp`."""
    tx.lock(f"event {event_id}")
    entry = active(tx, event_id, person_id)
    if entry is None:
        raise NotSignedUp(events.get(tx, event_id).title)
    if entry.state == "offered":
        _move(tx, entry, "confirmed", now, entry.because)
    tx.execute(_COMES, {"sign_up": entry.id, "answer": True})
    return entry


def lapse(tx: Transaction, now: datetime) -> list[Promotion]:
    """Offers that nobody took up in time go to the next."""
    promoted: list[Promotion] = []
    for row in tx.execute(_LAPSED, {"now": now}).all():
        tx.lock(f"event {row.event_id}")
        entry = get(tx, row.id)
        if entry.state != "offered":
            continue  # accepted at the last moment
        _move(tx, entry, "expired", now, "没有回音")
        queue_numbers.release(tx, entry.event_id, entry.person_id, now)
        outbox.withdraw(tx, entry.id, "offer lapsed", now)
        promoted += promote(tx, entry.event_id, now)
    return promoted


def active(tx: Transaction, event_id: int, person_id: int) -> SignUp | None:
    row = tx.execute(_ACTIVE_OF, {"event": event_id, "person": person_id}).first()
    return None if row is None else SignUp(*row)


def get(tx: Transaction, sign_up_id: int) -> SignUp:
    return SignUp(*tx.execute(_BY_ID, {"id": sign_up_id}).one())


def position(tx: Transaction, entry: SignUp, event: Event | None = None) -> int:
    """Place on the waiting list, from 1; 0 for who does not wait."""
    if entry.state != "waitlisted":
        return 0
    event = event or events.get(tx, entry.event_id)
    if _waits_in_order(event):
        # Numbers have no gaps: to count who has a seat, left or walked in is short where the queue is long.
        wanted = {"event": entry.event_id, "id": entry.id, "number": entry.number}
        seated_or_gone, walked_in = tx.execute(_BEFORE_BUT_NOT_AHEAD, wanted).one()
        return entry.number - int(seated_or_gone) - int(walked_in)
    queue = [waiting.id for entries in _queued(tx, event) for waiting in entries]
    return queue.index(entry.id) + 1


def _waits_in_order(event: Event) -> bool:
    """Whether the waiting list is in the order of joining."""
    return event.lottery_seed is None and not event.first_timers_first


def of_event(tx: Transaction, event_id: int) -> list[SignUp]:
    """Everyone who ever signed up, by the number on the printed list."""
    return [SignUp(*row) for row in tx.execute(_OF_EVENT, {"event": event_id})]


def of_person(tx: Transaction, person_id: int, now: datetime) -> list[SignUp]:
    """Active sign-ups for events that are still to come, the next one first."""
    return [SignUp(*row) for row in tx.execute(_OF_PERSON, {"person": person_id, "now": now})]


def next_list_number(tx: Transaction, event_id: int) -> int:
    """The next number on the printed list: numbers given never change."""
    return int(max(tx.execute(_LAST_NUMBERS, {"event": event_id}).one())) + 1


def _may_join(tx: Transaction, event: Event, person_ids: list[int], now: datetime) -> None:
    if event.state != "published":
        raise EventNotOpen(event.title)
    if now >= event.ends_at:
        raise EventOver(event.title)
    if event.sign_up_opens_at is not None and now < event.sign_up_opens_at:
        raise SignUpNotOpenYet(event.title, event.sign_up_opens_at)
    if now >= (event.sign_up_closes_at or event.starts_at):
        raise SignUpClosed(event.title, event.contact_phone or "")
    if len(person_ids) > event.largest_group:
        raise GroupTooLarge(event.largest_group)
    if event.capacity is not None and len(person_ids) > event.capacity:
        raise GroupTooLargeForEvent(event.title, event.capacity)
    if event.members_only and any(people.get(tx, person).party.member != "yes" for person in person_ids):
        raise MembersOnly(event.title)


def _promotion_is_over(tx: Transaction, event: Event, now: datetime) -> bool:
    """Three hours before the start, or when the good news could not arrive an hour before it."""
    return now > event.starts_at - PROMOTION_STOPS or tx.hours.next(now) > event.starts_at - NOTICE_AT_LEAST


def _queued(tx: Transaction, event: Event) -> list[list[SignUp]]:
    """The waiting list, those who signed up together as one entry.

    In the order of joining, or of the lots; where the organiser wished so, who never came to such an event before goes
    first, and of a group it is enough that one never did.
    """
    found: dict[int, list[SignUp]] = {}
    for row in tx.execute(_QUEUE, {"event": event.id}).all():
        entry = SignUp(*row)
        found.setdefault(entry.group_id or entry.id, []).append(entry)
    queue = list(found.values())
    if (seed := event.lottery_seed) is not None:
        queue.sort(key=lambda entries: lot(seed, entries[0].number))
    if event.first_timers_first:
        wanted = {"type": event.type, "before": event.starts_at}
        known = {row.person_id for row in tx.execute(_CAME_BEFORE, wanted)}
        queue.sort(key=lambda entries: all(entry.person_id in known for entry in entries))
    return queue


def _add(
    tx: Transaction,
    event: Event,
    person_id: int,
    number: int,
    state: str,
    actor: Actor,
    now: datetime,
    override: str | None,
) -> SignUp:
    row: dict[str, Any] = {"event_id": event.id, "person_id": person_id, "state": state, "number": number}
    row |= {"joined_at": now, "changed_at": now, "by_person": actor.person_id, "because": override}
    sign_up_id = int(tx.execute(_ADD, row).scalar_one())
    return SignUp(sign_up_id, event.id, person_id, state, None, number, override, None)


def _move(
    tx: Transaction, entry: SignUp, to: str, now: datetime, why: str | None, until: datetime | None = None
) -> None:
    tx.execute(_MOVE, {"sign_up": entry.id, "to": to, "now": now, "why": why, "until": until})
    entry.state, entry.because = to, why


def _outcome(tx: Transaction, event: Event, entries: list[SignUp], *, is_new: bool) -> Outcome:
    return Outcome(event, entries, position(tx, entries[0], event), is_new)

"""Two registrations of one human being made into one, and taken apart again when that was wrong (domain 4.2.3)."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from sqlalchemy import BindParameter, ColumnElement, bindparam, delete, select, update

from storage import audit, events, outbox, people, queue_numbers, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import ACTIVE
from storage.people import Person
from storage.refusals import NotFound
from storage.schema.call_list import call_list
from storage.schema.credit_points import point_cards
from storage.schema.events import attendances as attendances_table
from storage.schema.events import events as events_table
from storage.schema.events import sign_ups as sign_ups_table
from storage.schema.exports import exports
from storage.schema.markets import queue_numbers as numbers_table
from storage.schema.needs import need_assignments, needs, routing_rules
from storage.schema.people import accounts, consents, grants, proxies
from storage.schema.people import people as people_table
from storage.schema.polls import suggestions, votes
from storage.schema.records import audit_log
from storage.schema.report_ins import report_ins
from storage.schema.sessions import sessions
from storage.schema.talks import files
from storage.schema.talks import outbox as outbox_table
from storage.schema.wishes import wish_claims, wishes
from storage.sign_ups import Promotion

MOVED = (  # whose a thing is; who wrote something down (recorded_by, granted_by …) stays as it was
    accounts.c.person_id,
    consents.c.person_id,
    grants.c.person_id,
    proxies.c.person_id,
    proxies.c.proxy_id,
    sign_ups_table.c.person_id,
    attendances_table.c.person_id,
    numbers_table.c.person_id,
    events_table.c.organiser_id,
    needs.c.person_id,
    needs.c.told_by,
    need_assignments.c.person_id,
    routing_rules.c.owner_id,
    routing_rules.c.supervisor_id,
    wishes.c.person_id,
    wishes.c.told_by,
    wish_claims.c.person_id,
    suggestions.c.person_id,
    report_ins.c.person_id,
    point_cards.c.person_id,
    votes.c.person_id,
    outbox_table.c.person_id,
    call_list.c.person_id,
    files.c.person_id,
    exports.c.person_id,
    sessions.c.person_id,
    people_table.c.added_by,
)

_FILLED = (  # of the one who stays, from the other, where nothing was stated
    "phone residence origin arrives_on leaves_on community_code estate point_id salutation birth_year interests "
    "host_branch_id party_group"
).split()
_BETTER = ("waitlisted", "offered", "confirmed")
_BOTH = "合并：同一个人报了两次"


@dataclass(slots=True)
class Record:
    """What a merge did, as it stands in the audit log: numbers of rows and states, nothing personal."""

    into: int
    moved: dict[str, list[int]] = field(default_factory=dict)  # column -> rows
    sign_ups: list[tuple[int, str, int, str, str]] = field(default_factory=list)
    # kept row, its state before, dropped row, its state before, state of the kept one since
    undone: list[int] = field(default_factory=list)  # attendances
    numbers: list[int] = field(default_factory=list)  # at a stall where both had one
    ended: list[int] = field(default_factory=list)  # proxies between the two
    given_up: list[int] = field(default_factory=list)  # claims on one wish
    filled: list[str] = field(default_factory=list)  # fields of the one who stays


def _name(column: ColumnElement[Any]) -> str:
    return str(column)


_FIND = {
    _name(column): select(column.table.c.id).where(column == bindparam("gone")).order_by(column.table.c.id)
    for column in MOVED
}
_MOVE = {
    _name(column): update(column.table)
    .where(column == bindparam("from_person"), column.table.c.id.in_(bindparam("rows", expanding=True)))
    .values({column.key: bindparam("to_person")})
    for column in MOVED
}
_PAIR: BindParameter[Any] = bindparam("pair", expanding=True)
_TWICE_SIGNED_UP = (
    select(sign_ups_table.c.event_id, sign_ups_table.c.id, sign_ups_table.c.state)
    .where(sign_ups_table.c.person_id.in_(_PAIR), sign_ups_table.c.state.in_(ACTIVE))
    .order_by(sign_ups_table.c.event_id, sign_ups_table.c.id)
)
_SIGN_UP_IS = (
    update(sign_ups_table)
    .where(sign_ups_table.c.id == bindparam("row"))
    .values(state=bindparam("to"), because=bindparam("why"), changed_at=bindparam("now"))
)
_SIGN_UP = select(sign_ups_table.c.event_id, sign_ups_table.c.state, sign_ups_table.c.because).where(
    sign_ups_table.c.id == bindparam("row")
)
_TWICE_CAME = (
    select(
        attendances_table.c.event_id,
        attendances_table.c.id,
        attendances_table.c.state,
        attendances_table.c.came_at,
    )
    .where(attendances_table.c.person_id.in_(_PAIR), attendances_table.c.undone_at.is_(None))
    .order_by(attendances_table.c.event_id, attendances_table.c.came_at, attendances_table.c.id)
)
_UNDO = (
    update(attendances_table)
    .where(attendances_table.c.id == bindparam("row"))
    .values(undone_at=bindparam("now"), undone_by=bindparam("actor"))
)
_stands = attendances_table.alias("stands")
_STANDS_AGAIN = (
    update(attendances_table)
    .where(
        attendances_table.c.id == bindparam("row"),
        ~select(_stands.c.id)
        .where(
            _stands.c.event_id == attendances_table.c.event_id,
            _stands.c.person_id == attendances_table.c.person_id,
            _stands.c.undone_at.is_(None),
        )
        .exists(),
    )
    .values(undone_at=None, undone_by=None)
)
_TWICE_IN_LINE = (
    select(numbers_table.c.stall_id, numbers_table.c.id)
    .where(numbers_table.c.person_id.in_(_PAIR), numbers_table.c.state.in_(queue_numbers.IN_LINE))
    .order_by(numbers_table.c.stall_id, numbers_table.c.id)
)
_TWICE_CLAIMED = (
    select(wish_claims.c.wish_id, wish_claims.c.id)
    .where(wish_claims.c.person_id.in_(_PAIR), wish_claims.c.ended_at.is_(None))
    .order_by(wish_claims.c.wish_id, wish_claims.c.id)
)
_END_CLAIM = (
    update(wish_claims)
    .where(wish_claims.c.id == bindparam("row"))
    .values(ended_at=bindparam("at"), because=bindparam("why"))
)
_VOTED_TWICE = delete(votes).where(
    votes.c.person_id == bindparam("gone"),
    votes.c.poll_id.in_(select(votes.c.poll_id).where(votes.c.person_id == bindparam("kept"))),
)
_EACH_OTHER = select(proxies.c.id).where(
    proxies.c.person_id.in_(_PAIR), proxies.c.proxy_id.in_(_PAIR), proxies.c.ended_at.is_(None)
)
_END_PROXY = update(proxies).where(proxies.c.id == bindparam("row")).values(ended_at=bindparam("at"))
_STATE = (
    update(people_table)
    .where(people_table.c.id == bindparam("person"))
    .values(state=bindparam("to"), merged_into=bindparam("into"))
)
_STATE_OF = select(people_table.c.state, people_table.c.name).where(people_table.c.id == bindparam("person"))
_MERGES = (
    select(audit_log.c.after)
    .where(audit_log.c.object == bindparam("of"), audit_log.c.action == "person.merge")
    .order_by(audit_log.c.id.desc())
    .limit(1)
)


def merge(tx: Transaction, kept_id: int, gone_id: int, actor: Actor, now: datetime, reason: str) -> list[Promotion]:
    """Give all that `gone_id` has to `kept_id`; whoever moves up into a place held twice is returned.

    Where both signed up for one event the earlier sign-up stays, with the better state of the two; where both were
    noted at one event, that they came stays. Raises `NotFound` unless both are registered and not the same.
    """
    _lock(tx, kept_id, gone_id)
    _must_be_active(tx, kept_id)
    _must_be_active(tx, gone_id)
    if kept_id == gone_id:
        raise NotFound("人")
    record = Record(kept_id)
    pair = {"pair": [kept_id, gone_id]}
    for event_id in _events_of_both(tx, pair):
        tx.lock(f"event {event_id}")
    free = _one_sign_up(tx, pair, record, now)
    _one_attendance(tx, pair, record, actor, now)
    _one_number(tx, pair, record, now)
    _one_claim(tx, pair, record, now)
    tx.execute(_VOTED_TWICE, {"gone": gone_id, "kept": kept_id})
    for (row,) in tx.execute(_EACH_OTHER, pair).all():
        tx.execute(_END_PROXY, {"row": row, "at": now})
        record.ended.append(row)
    for column, statement in _FIND.items():
        if rows := [row for (row,) in tx.execute(statement, {"gone": gone_id})]:
            tx.execute(_MOVE[column], {"rows": rows, "from_person": gone_id, "to_person": kept_id})
            record.moved[column] = rows
    outbox.tell_once(tx, kept_id, now)
    record.filled = _fill(tx, people.get(tx, kept_id), people.get(tx, gone_id), now)
    tx.execute(_STATE, {"person": gone_id, "to": "merged", "into": kept_id})
    audit.note(tx, actor, "person.merge", f"person {gone_id}", now, after=asdict(record), reason=reason)
    return [promotion for event_id in free for promotion in sign_ups.promote(tx, event_id, now)]


def unmerge(tx: Transaction, gone_id: int, actor: Actor, now: datetime, reason: str) -> None:
    """Take the newest merge of `gone_id` apart: each has again what was theirs, as far as it still stands.

    What came after the merge stays with the one who stayed. A place both had held is waited for when it was given to
    somebody else. Raises `NotFound` when there is no such merge, or when the other was erased or merged since.
    """
    tx.lock("merges")
    written = tx.execute(_MERGES, {"of": f"person {gone_id}"}).scalar()
    if written is None:
        raise NotFound("合并")
    record = msgspec.convert(json.loads(written), Record)
    _lock(tx, record.into, gone_id)
    state = tx.execute(_STATE_OF, {"person": gone_id}).first()
    if state is None or state.state != "merged" or state.name is None:
        raise NotFound("合并")
    _must_be_active(tx, record.into)
    for event_id in sorted(tx.execute(_SIGN_UP, {"row": kept}).one().event_id for kept, *_ in record.sign_ups):
        tx.lock(f"event {event_id}")
    tx.execute(_STATE, {"person": gone_id, "to": "active", "into": None})
    apart = [pair for pair in record.sign_ups if _still_as_merged(tx, pair)]
    for column, rows in record.moved.items():
        tx.execute(_MOVE[column], {"rows": rows, "from_person": record.into, "to_person": gone_id})
    for kept, kept_before, dropped, dropped_before, _ in apart:
        _part(tx, kept, kept_before, dropped, dropped_before, now)
    for row in record.undone:
        tx.execute(_STANDS_AGAIN, {"row": row})
    for row in record.numbers:
        queue_numbers.take_again(tx, row, now)
    for row in record.given_up:
        tx.execute(_END_CLAIM, {"row": row, "at": None, "why": None})
    for row in record.ended:
        tx.execute(_END_PROXY, {"row": row, "at": None})
    kept_person, gone_person = people.get(tx, record.into), people.get(tx, gone_id)
    for name in record.filled:
        if getattr(kept_person, name) == getattr(gone_person, name):
            setattr(kept_person, name, people.Party() if name == "party" else None)
    if record.filled:
        people.change(tx, kept_person, now)
    audit.note(tx, actor, "person.unmerge", f"person {gone_id}", now, before={"into": record.into}, reason=reason)


def _lock(tx: Transaction, *person_ids: int) -> None:
    """One merge at a time, for each may undo or go on from another; and nobody else changes these persons."""
    tx.lock("merges")
    for number in sorted(person_ids):
        tx.lock(f"person {number}")


def _must_be_active(tx: Transaction, person_id: int) -> None:
    row = tx.execute(_STATE_OF, {"person": person_id}).first()
    if row is None or row.state != "active":
        raise NotFound("人")


def _by_matter(rows: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Rows of the two about the same thing: events, or wishes, both are in."""
    return [(one, other) for one, other in pairwise(rows) if one[0] == other[0]]


def _events_of_both(tx: Transaction, pair: dict[str, Any]) -> list[int]:
    both = [_by_matter(tx.execute(statement, pair).all()) for statement in (_TWICE_SIGNED_UP, _TWICE_CAME)]
    return sorted({one.event_id for found in both for one, _ in found})


def _one_sign_up(tx: Transaction, pair: dict[str, Any], record: Record, now: datetime) -> list[int]:
    """Of two active sign-ups for an event the earlier stays. Returns the events where a place came free."""
    free = []
    for kept, dropped in _by_matter(tx.execute(_TWICE_SIGNED_UP, pair).all()):
        better = max(kept.state, dropped.state, key=_BETTER.index)
        outbox.withdraw(tx, dropped.id, "merged", now)
        tx.execute(_SIGN_UP_IS, {"row": dropped.id, "to": "cancelled", "why": _BOTH, "now": now})
        if better != kept.state:
            tx.execute(_SIGN_UP_IS, {"row": kept.id, "to": better, "why": _BOTH, "now": now})
        elif better != "waitlisted" and dropped.state != "waitlisted":
            free.append(kept.event_id)
        record.sign_ups.append((kept.id, kept.state, dropped.id, dropped.state, better))
    return free


def _one_attendance(tx: Transaction, pair: dict[str, Any], record: Record, actor: Actor, now: datetime) -> None:
    for one, other in _by_matter(tx.execute(_TWICE_CAME, pair).all()):
        dropped = one if other.state == "attended" and one.state != "attended" else other
        tx.execute(_UNDO, {"row": dropped.id, "now": now, "actor": actor.person_id})
        record.undone.append(dropped.id)


def _one_number(tx: Transaction, pair: dict[str, Any], record: Record, now: datetime) -> None:
    for _, dropped in _by_matter(tx.execute(_TWICE_IN_LINE, pair).all()):
        queue_numbers.give_up(tx, dropped.id, now)
        record.numbers.append(dropped.id)


def _one_claim(tx: Transaction, pair: dict[str, Any], record: Record, now: datetime) -> None:
    for _, dropped in _by_matter(tx.execute(_TWICE_CLAIMED, pair).all()):
        tx.execute(_END_CLAIM, {"row": dropped.id, "at": now, "why": "given_up"})
        record.given_up.append(dropped.id)


def _fill(tx: Transaction, kept: Person, gone: Person, now: datetime) -> list[str]:
    filled = [name for name in _FILLED if getattr(kept, name) is None and getattr(gone, name) is not None]
    if kept.party.member == "undeclared" and gone.party.member != "undeclared":
        filled.append("party")
    for name in filled:
        setattr(kept, name, getattr(gone, name))
    if filled:
        people.change(tx, kept, now)
    return filled


def _still_as_merged(tx: Transaction, pair: tuple[int, str, int, str, str]) -> bool:
    """Whether nobody changed the two sign-ups since; asked while both still belong to one person."""
    kept, _, dropped, _, since = pair
    one, other = tx.execute(_SIGN_UP, {"row": kept}).one(), tx.execute(_SIGN_UP, {"row": dropped}).one()
    return bool(one.state == since and other.state == "cancelled" and other.because == _BOTH)


def _part(tx: Transaction, kept: int, kept_before: str, dropped: int, dropped_before: str, now: datetime) -> None:
    event = events.get(tx, tx.execute(_SIGN_UP, {"row": kept}).one().event_id)
    tx.execute(_SIGN_UP_IS, {"row": kept, "to": kept_before, "why": None, "now": now})
    is_ahead = event.state == "published" and event.starts_at > now
    full = event.capacity is not None and events.taken(tx, event.id) >= event.capacity
    to = "waitlisted" if is_ahead and full else dropped_before
    tx.execute(_SIGN_UP_IS, {"row": dropped, "to": to, "why": None, "now": now})

"""Messages that did not arrive: for whom, about what, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, bindparam, func, or_, select, text

from storage.database import Transaction
from storage.ledgers import PERSON, called
from storage.schema.events import events
from storage.schema.people import people
from storage.schema.talks import outbox

_LOST = text(  # word for word as in the index, which would not be used otherwise
    "(outbox.state IN ('refused', 'unreachable', 'expired', 'unknown') OR outbox.because = 'messages stopped')"
)
_BETWEEN = and_(outbox.c.due_at >= bindparam("begins"), outbox.c.due_at < bindparam("ends"), _LOST)
_MISSED = (
    select(outbox.c.kind, outbox.c.due_at, outbox.c.state, outbox.c.because, events.c.title, *PERSON)
    .select_from(
        outbox.join(people, people.c.id == outbox.c.person_id).outerjoin(events, events.c.id == outbox.c.event_id)
    )
    .where(_BETWEEN)
    .limit(bindparam("at_most"))
)
_IN_ORDER = _MISSED.order_by(outbox.c.due_at, outbox.c.id)
_NEWEST = (
    _MISSED.where(or_(bindparam("state", type_=String) == "", outbox.c.state == bindparam("state", type_=String)))
    .where(or_(bindparam("kind", type_=String) == "", outbox.c.kind == bindparam("kind", type_=String)))
    .order_by(outbox.c.due_at.desc(), outbox.c.id.desc())
)
_STATES = select(outbox.c.state, func.count()).where(_BETWEEN).group_by(outbox.c.state)
_TALLIES = (
    select(outbox.c.state, outbox.c.kind, func.count())
    .where(_BETWEEN, outbox.c.person_id.is_not(None))
    .group_by(outbox.c.state, outbox.c.kind)
)
_COUNT = select(func.count()).select_from(outbox).where(_BETWEEN, outbox.c.person_id.is_not(None))


@dataclass(frozen=True, slots=True)
class Missed:
    name: str
    phone: str
    kind: str
    title: str  # of the event it spoke of; empty for others
    due_at: datetime
    state: str
    because: str


def states(tx: Transaction, begins: datetime, ends: datetime) -> dict[str, int]:
    """How many there are of each end."""
    return {row[0]: row[1] for row in tx.execute(_STATES, {"begins": begins, "ends": ends})}


def count(tx: Transaction, begins: datetime, ends: datetime) -> int:
    """How many that would be."""
    return int(tx.execute(_COUNT, {"begins": begins, "ends": ends}).scalar_one())


def tallies(tx: Transaction, begins: datetime, ends: datetime) -> dict[tuple[str, str], int]:
    """How many there are of each end and kind of message."""
    return {(state, kind): number for state, kind, number in tx.execute(_TALLIES, {"begins": begins, "ends": ends})}


def newest(
    tx: Transaction, begins: datetime, ends: datetime, state: str = "", kind: str = "", *, at_most: int
) -> list[Missed]:
    """Masked, of one end or kind where one is given."""
    wanted = {"begins": begins, "ends": ends, "state": state, "kind": kind, "at_most": at_most}
    return [_missed(tx, row, masked=True) for row in tx.execute(_NEWEST, wanted)]


def between(
    tx: Transaction, begins: datetime, ends: datetime, *, masked: bool = True, at_most: int = 1_000_000
) -> list[Missed]:
    """What was to go out in the period and reached nobody. The words of the message stay sealed."""
    wanted = {"begins": begins, "ends": ends, "at_most": at_most}
    return [_missed(tx, row, masked=masked) for row in tx.execute(_IN_ORDER, wanted)]


def _missed(tx: Transaction, row: Any, *, masked: bool) -> Missed:
    name, phone = called(tx, row, masked=masked)
    return Missed(name, phone, row.kind, row.title or "", row.due_at, row.state, row.because or "")

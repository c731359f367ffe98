"""Messages that did not arrive: for whom, about what, and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, bindparam, func, select, text

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
    .order_by(outbox.c.due_at, outbox.c.id)
    .limit(bindparam("at_most"))
)
_STATES = select(outbox.c.state, func.count()).where(_BETWEEN).group_by(outbox.c.state)
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


def between(
    tx: Transaction, begins: datetime, ends: datetime, *, masked: bool = True, at_most: int = 1_000_000
) -> list[Missed]:
    """What was to go out in the period and reached nobody. The words of the message stay sealed."""
    missed = []
    for row in tx.execute(_MISSED, {"begins": begins, "ends": ends, "at_most": at_most}):
        name, phone = called(tx, row, masked=masked)
        missed.append(Missed(name, phone, row.kind, row.title or "", row.due_at, row.state, row.because or ""))
    return missed

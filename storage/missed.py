"""Messages that did not arrive: for whom, about what, and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from storage.database import Transaction
from storage.ledgers import PERSON, called
from storage.outbox import MESSAGES_STOPPED
from storage.schema.events import events
from storage.schema.people import people
from storage.schema.talks import outbox

_NOT_REACHED = ("refused", "unreachable", "expired", "unknown")
_MISSED = (
    select(outbox.c.kind, outbox.c.due_at, outbox.c.state, outbox.c.because, events.c.title, *PERSON)
    .select_from(
        outbox.join(people, people.c.id == outbox.c.person_id).outerjoin(events, events.c.id == outbox.c.event_id)
    )
    .where(outbox.c.due_at >= bindparam("begins"), outbox.c.due_at < bindparam("ends"))
    .where(outbox.c.state.in_(_NOT_REACHED) | (outbox.c.because == MESSAGES_STOPPED))
    .order_by(outbox.c.due_at, outbox.c.id)
)


@dataclass(frozen=True, slots=True)
class Missed:
    name: str
    phone: str
    kind: str
    title: str  # of the event it spoke of; empty for others
    due_at: datetime
    state: str
    because: str


def between(tx: Transaction, begins: datetime, ends: datetime, *, masked: bool = True) -> list[Missed]:
    """What was to go out in the period and reached nobody. The words of the message stay sealed."""
    missed = []
    for row in tx.execute(_MISSED, {"begins": begins, "ends": ends}):
        name, phone = called(tx, row, masked=masked)
        missed.append(Missed(name, phone, row.kind, row.title or "", row.due_at, row.state, row.because or ""))
    return missed

"""What events cost: planned, spent, and how far the accounts are."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, or_, select

from storage.database import Transaction
from storage.schema.events import events
from storage.schema.organisations import organisations

_BUDGETS = (
    select(
        events.c.id,
        events.c.number,
        events.c.title,
        organisations.c.name.label("host"),
        events.c.budget_planned,
        events.c.budget_spent,
        events.c.receipt_number,
        events.c.budget_state,
        events.c.state,
    )
    .select_from(events.outerjoin(organisations, organisations.c.id == events.c.organisation_id))
    .where(events.c.starts_at >= bindparam("begins"), events.c.starts_at < bindparam("ends"))
    .where(events.c.state.in_(["published", "held", "cancelled"]))
    .where(or_(events.c.budget_planned.is_not(None), events.c.budget_spent.is_not(None)))
    .order_by(organisations.c.id, events.c.starts_at, events.c.id)
)


@dataclass(frozen=True, slots=True)
class Budget:
    """Money in fen; None where nothing was entered."""

    event_id: int
    number: str
    title: str
    host: str
    planned: int | None
    spent: int | None
    receipt_number: str
    budget_state: str | None  # open, reported, checked
    state: str  # of the event


def between(tx: Transaction, begins: datetime, ends: datetime) -> list[Budget]:
    """The events of the period that have a budget, by branch. A cancelled one may have cost something too."""
    return [
        Budget(
            row.id,
            row.number or "",
            row.title,
            row.host or "",
            row.budget_planned,
            row.budget_spent,
            row.receipt_number or "",
            row.budget_state,
            row.state,
        )
        for row in tx.execute(_BUDGETS, {"begins": begins, "ends": ends})
    ]

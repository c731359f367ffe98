"""What events cost: planned, spent, and how far the accounts are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Row, bindparam, insert, or_, select, update

from storage import attachments, audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import BudgetChecked, NotFound
from storage.schema.budgets import spendings
from storage.schema.events import events
from storage.schema.organisations import organisations

State = Literal["open", "reported", "checked"]

_select = select(
    events.c.id,
    events.c.number,
    events.c.title,
    organisations.c.name.label("host"),
    events.c.budget_planned,
    events.c.budget_spent,
    events.c.receipt_number,
    events.c.budget_state,
    events.c.state,
).select_from(events.outerjoin(organisations, organisations.c.id == events.c.organisation_id))
_BUDGETS = (
    _select.where(events.c.starts_at >= bindparam("begins"), events.c.starts_at < bindparam("ends"))
    .where(events.c.state.in_(["published", "held", "cancelled"]))
    .where(or_(events.c.budget_planned.is_not(None), events.c.budget_spent.is_not(None)))
    .order_by(organisations.c.id, events.c.starts_at, events.c.id)
)
_GET = _select.where(events.c.id == bindparam("event"))
_PLAN = update(events).where(events.c.id == bindparam("event")).values(budget_planned=bindparam("fen"))
_STATE = update(events).where(events.c.id == bindparam("event")).values(budget_state=bindparam("to"))
_SPENT = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(budget_spent=bindparam("fen"), receipt_number=bindparam("receipts"))
)
_ADD = insert(spendings).returning(spendings.c.id)
_SPENDINGS = (
    select(spendings.c.id, spendings.c.event_id, spendings.c.fen, spendings.c.what, spendings.c.receipt_number)
    .where(spendings.c.event_id == bindparam("event"), spendings.c.undone_at.is_(None))
    .order_by(spendings.c.id)
)
_EVENT_OF = select(spendings.c.event_id).where(spendings.c.id == bindparam("spending"), spendings.c.undone_at.is_(None))
_UNDO = update(spendings).where(spendings.c.id == bindparam("spending")).values(undone_at=bindparam("now"))
_MOST_LETTERS = 400  # of the numbers of all receipts


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


@dataclass(frozen=True, slots=True)
class Spending:
    """One sum, in fen, with the number on its receipt."""

    id: int
    event_id: int
    fen: int
    what: str
    receipt_number: str

    @property
    def subject(self) -> str:
        """Under which the picture of the receipt is kept (`storage.attachments`)."""
        return f"spending {self.id}"


def get(tx: Transaction, event_id: int) -> Budget:
    row = tx.execute(_GET, {"event": event_id}).first()
    if row is None:
        raise NotFound("活动")
    return _budget(row)


def plan(tx: Transaction, event_id: int, fen: int, actor: Actor, now: datetime) -> None:
    """What it may cost. Raises `BudgetChecked`."""
    before = _locked(tx, event_id)
    tx.execute(_PLAN, {"event": event_id, "fen": fen})
    what = {"planned": [before.planned, fen]}
    audit.note(tx, actor, "budget.plan", f"event {event_id}", now, after=what)


def spend(
    tx: Transaction,
    event_id: int,
    fen: int,
    actor: Actor,
    now: datetime,
    *,
    what: str = "",
    receipt_number: str = "",
    pictures: tuple[int, ...] = (),
) -> Budget:
    """Note one more sum; two noted at once both count. `pictures` are rows of attachments. Raises `BudgetChecked`."""
    _locked(tx, event_id)
    row = {"event_id": event_id, "fen": fen, "what": what, "receipt_number": receipt_number}
    spending = int(tx.execute(_ADD, {**row, "noted_at": now, "by_person": actor.person_id}).scalar_one())
    attachments.belong_to(tx, pictures, f"spending {spending}")
    _sum_up(tx, event_id)
    audit.note(tx, actor, "budget.spend", f"event {event_id}", now, after={"spending": spending, "fen": fen})
    return get(tx, event_id)


def undo(tx: Transaction, spending_id: int, actor: Actor, now: datetime) -> Budget:
    """The sum was noted by mistake; its row stays. Raises `NotFound`, `BudgetChecked`."""
    event_id = tx.execute(_EVENT_OF, {"spending": spending_id}).scalar()
    if event_id is None:
        raise NotFound("支出")
    _locked(tx, event_id)
    tx.execute(_UNDO, {"spending": spending_id, "now": now})
    _sum_up(tx, event_id)
    audit.note(tx, actor, "budget.undo", f"event {event_id}", now, after={"spending": spending_id})
    return get(tx, event_id)


def settle(tx: Transaction, event_id: int, to: State, actor: Actor, now: datetime) -> Budget:
    """待报 → 已报 → 已核, or back."""
    tx.lock(f"event {event_id}")
    before = get(tx, event_id)
    tx.execute(_STATE, {"event": event_id, "to": to})
    what = {"state": [before.budget_state, to]}
    audit.note(tx, actor, "budget.settle", f"event {event_id}", now, after=what)
    return get(tx, event_id)


def spendings_of(tx: Transaction, event_id: int) -> list[Spending]:
    return [Spending(*row) for row in tx.execute(_SPENDINGS, {"event": event_id})]


def between(tx: Transaction, begins: datetime, ends: datetime) -> list[Budget]:
    """The events of the period that have a budget, by branch. A cancelled one may have cost something too."""
    return [_budget(row) for row in tx.execute(_BUDGETS, {"begins": begins, "ends": ends})]


def _locked(tx: Transaction, event_id: int) -> Budget:
    """The budget as it stands, while nobody else notes anything about it."""
    tx.lock(f"event {event_id}")
    budget = get(tx, event_id)
    if budget.budget_state == "checked":
        raise BudgetChecked(budget.title)
    return budget


def _sum_up(tx: Transaction, event_id: int) -> None:
    kept = spendings_of(tx, event_id)
    receipts = "、".join(each.receipt_number for each in kept if each.receipt_number)[:_MOST_LETTERS]
    tx.execute(_SPENT, {"event": event_id, "fen": sum(each.fen for each in kept), "receipts": receipts or None})


def _budget(row: Row[Any]) -> Budget:
    return Budget(
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

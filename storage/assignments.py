"""Who works on a need: one lead owner, others in support, and the supervisor who stands behind them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, insert, select, update

from storage.database import Transaction
from storage.schema.needs import need_assignments as table
from storage.schema.needs import needs as needs_table

Role = Literal["lead", "support", "supervisor"]


@dataclass(frozen=True, slots=True)
class Assignment:
    id: int
    need_id: int
    person_id: int
    role: Role
    called: str
    began_at: datetime
    accepted_at: datetime | None


_COLUMNS = (
    table.c.id,
    table.c.need_id,
    table.c.person_id,
    table.c.role,
    table.c.called,
    table.c.began_at,
    table.c.accepted_at,
)
_OF = select(*_COLUMNS).where(table.c.need_id == bindparam("need"), table.c.ended_at.is_(None)).order_by(table.c.id)
_LEADS = select(*_COLUMNS).where(
    table.c.need_id.in_(bindparam("needs", expanding=True)), table.c.ended_at.is_(None), table.c.role == "lead"
)
_ADD = insert(table)
_END = (
    update(table)
    .where(table.c.need_id == bindparam("need"), table.c.ended_at.is_(None), table.c.role == bindparam("of_role"))
    .values(ended_at=bindparam("at"), because=bindparam("why"))
)
_ACCEPT = (
    update(table)
    .where(table.c.need_id == bindparam("need"), table.c.ended_at.is_(None), table.c.role == "lead")
    .values(accepted_at=bindparam("at"))
)
_UNACCEPTED = (
    select(*_COLUMNS)
    .join(needs_table, needs_table.c.id == table.c.need_id)
    .where(table.c.role == "lead", table.c.ended_at.is_(None), table.c.accepted_at.is_(None))
    .where(needs_table.c.stage == "assigned")
    .order_by(table.c.id)
)
_WORK = (
    select(table.c.need_id)
    .join(needs_table, needs_table.c.id == table.c.need_id)
    .where(table.c.person_id == bindparam("person"), table.c.ended_at.is_(None), needs_table.c.stage != "closed")
    .where(table.c.role.in_(["lead", "support", "supervisor"]))
    .group_by(table.c.need_id, needs_table.c.due_at)
    .order_by(needs_table.c.due_at, table.c.need_id)
)
_EVER = select(func.count()).where(table.c.person_id == bindparam("person"), table.c.ended_at.is_(None))


def of(tx: Transaction, need_id: int) -> list[Assignment]:
    """Everyone on it now."""
    return [Assignment(*row) for row in tx.execute(_OF, {"need": need_id})]


def lead(tx: Transaction, need_id: int) -> Assignment | None:
    return next((one for one in of(tx, need_id) if one.role == "lead"), None)


def leads(tx: Transaction, need_ids: Sequence[int]) -> dict[int, Assignment]:
    """The lead of each need that has one."""
    return {row.need_id: Assignment(*row) for row in tx.execute(_LEADS, {"needs": list(need_ids)})}


def supervisor(tx: Transaction, need_id: int) -> Assignment | None:
    return next((one for one in of(tx, need_id) if one.role == "supervisor"), None)


def roles_of(tx: Transaction, need_id: int, person_id: int | None) -> set[Role]:
    return {one.role for one in of(tx, need_id) if person_id is not None and one.person_id == person_id}


def add(tx: Transaction, need_id: int, person_id: int, role: Role, called: str, now: datetime) -> None:
    row = {"need_id": need_id, "person_id": person_id, "role": role, "called": called[:40], "began_at": now}
    tx.execute(_ADD, row)


def end(tx: Transaction, need_id: int, role: Role, because: str, now: datetime) -> None:
    tx.execute(_END, {"need": need_id, "of_role": role, "at": now, "why": because})


def hand_over_again(tx: Transaction, need_id: int, now: datetime) -> None:
    """To the same lead, who has to accept it anew."""
    before = lead(tx, need_id)
    if before is not None:
        end(tx, need_id, "lead", "reopened", now)
        add(tx, need_id, before.person_id, "lead", before.called, now)


def note_accepted(tx: Transaction, need_id: int, now: datetime) -> None:
    tx.execute(_ACCEPT, {"need": need_id, "at": now})


def work_of(tx: Transaction, person_id: int) -> list[int]:
    """Needs under way that the person owns, supports or supervises; what is due first comes first."""
    return [row.need_id for row in tx.execute(_WORK, {"person": person_id})]


def unaccepted(tx: Transaction) -> list[Assignment]:
    """Leads that were handed a need and did not accept it yet."""
    return [Assignment(*row) for row in tx.execute(_UNACCEPTED)]


def works_on_needs(tx: Transaction, person_id: int) -> bool:
    return bool(tx.execute(_EVER, {"person": person_id}).scalar())

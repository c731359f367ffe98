"""Everything said and done about a need, in order: what the resident reads, and what staff note for each other."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, insert, select, update

from storage.audit import Actor
from storage.database import Transaction
from storage.schema.needs import need_entries as table

Kind = Literal[
    "told",
    "added",
    "assigned",
    "accepted",
    "begun",
    "note",
    "paused",
    "resumed",
    "returned",
    "ruled",
    "answer",
    "follow_up",
    "reopened",
    "decided",
    "merged",
    "separated",
    "visit",
    "withdrawn",
    "closed",
]


@dataclass(frozen=True, slots=True)
class Entry:
    place: int
    round: int
    at: datetime
    kind: Kind
    by_person: int | None
    role: str | None
    text: str  # empty once erased
    for_resident: bool


_LAST = select(func.coalesce(func.max(table.c.place), 0)).where(table.c.need_id == bindparam("need"))
_ADD = insert(table)
_OF = select(table).where(table.c.need_id == bindparam("need")).order_by(table.c.place)
_ERASE = update(table).where(table.c.need_id == bindparam("need")).values(text=None)


def add(
    tx: Transaction,
    need_id: int,
    number: str,
    round_number: int,
    kind: Kind,
    text: str,
    actor: Actor,
    now: datetime,
    *,
    for_resident: bool = True,
) -> None:
    place = int(tx.execute(_LAST, {"need": need_id}).scalar_one()) + 1
    row = {
        "need_id": need_id,
        "place": place,
        "round": round_number,
        "at": now,
        "kind": kind,
        "by_person": actor.person_id,
        "role": actor.role,
        "text": tx.vault.seal(text, _context(number, place)) if text else None,
        "for_resident": for_resident,
    }
    tx.execute(_ADD, row)


def of(tx: Transaction, need_id: int, number: str) -> list[Entry]:
    return [
        Entry(
            row.place,
            row.round,
            row.at,
            row.kind,
            row.by_person,
            row.role,
            "" if row.text is None else tx.vault.open(row.text, _context(number, row.place)),
            row.for_resident,
        )
        for row in tx.execute(_OF, {"need": need_id})
    ]


def erase(tx: Transaction, need_id: int) -> None:
    """Forget the words; who did what and when stays."""
    tx.execute(_ERASE, {"need": need_id})


def _context(number: str, place: int) -> str:
    return f"need_entries.text|{number}/{place}"

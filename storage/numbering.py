"""The running numbers of a year that people can say: HD2026-0012, XQ2026-0128."""

from sqlalchemy import bindparam, select, update

from storage.database import Transaction
from storage.schema.records import numbers as table
from storage.upsert import upsert

_BEGIN = upsert(table, key=("kind", "year"))
_NEXT = (
    update(table)
    .where(table.c.kind == bindparam("of_kind"), table.c.year == bindparam("of_year"))
    .values(last=table.c.last + 1)
)
_LAST = select(table.c.last).where(table.c.kind == bindparam("of_kind"), table.c.year == bindparam("of_year"))


def next_number(tx: Transaction, kind: str, year: int) -> int:
    """One more than the last of `kind` in `year`, from 1. Undone with the transaction, so that none is left out."""
    tx.execute(_BEGIN(tx), {"kind": kind, "year": year, "last": 0})
    which = {"of_kind": kind, "of_year": year}
    tx.execute(_NEXT, which)  # the changed row stays locked: two transactions cannot read the same number
    return int(tx.execute(_LAST, which).scalar_one())

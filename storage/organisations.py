"""The tree of Party organisations and units that host events."""

from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select

from storage.database import Transaction
from storage.refusals import NotFound
from storage.schema.organisations import organisations as table


@dataclass(slots=True)
class Organisation:
    id: int
    name: str
    kind: str
    parent_id: int | None
    community_code: str | None


_COLUMNS = (table.c.id, table.c.name, table.c.kind, table.c.parent_id, table.c.community_code)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_ACTIVE = select(*_COLUMNS).where(table.c.active).order_by(table.c.id)
_ADD = insert(table).returning(table.c.id)


def get(tx: Transaction, organisation_id: int) -> Organisation:
    row = tx.execute(_GET, {"id": organisation_id}).first()
    if row is None:
        raise NotFound("组织")
    return Organisation(*row)


def active(tx: Transaction) -> list[Organisation]:
    return [Organisation(*row) for row in tx.execute(_ACTIVE)]


def add(tx: Transaction, name: str, kind: str, parent_id: int | None = None, *, is_sample: bool = False) -> int:
    row = {"name": name, "kind": kind, "parent_id": parent_id, "active": True, "is_sample": is_sample}
    return int(tx.execute(_ADD, row).scalar_one())

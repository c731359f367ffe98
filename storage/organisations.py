"""The tree of Party organisations and units that host events."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, insert, select, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import BranchInUse, NotFound
from storage.schema.organisations import organisations as table
from storage.schema.people import people


@dataclass(slots=True)
class Organisation:
    id: int
    name: str
    kind: str
    parent_id: int | None
    community_code: str | None


KINDS = {
    "committee": "党委",
    "general_branch": "党总支",
    "branch": "党支部",
    "temporary_branch": "临时党支部",
    "estate_branch": "小区党支部",
    "group": "党小组",
    "unit": "单位",
}

_COLUMNS = (table.c.id, table.c.name, table.c.kind, table.c.parent_id, table.c.community_code)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_STANDING = _GET.where(table.c.active)
_ACTIVE = select(*_COLUMNS).where(table.c.active).order_by(table.c.id)
_ADD = insert(table).returning(table.c.id)
_CLOSE = update(table).where(table.c.id == bindparam("closed")).values(active=False)
_BELOW = select(table.c.id).where(table.c.parent_id == bindparam("above"), table.c.active).limit(1)
_PLACED = select(people.c.id).where(people.c.host_branch_id == bindparam("there"), people.c.state == "active").limit(1)


def get(tx: Transaction, organisation_id: int) -> Organisation:
    row = tx.execute(_GET, {"id": organisation_id}).first()
    if row is None:
        raise NotFound("组织")
    return Organisation(*row)


def held(tx: Transaction, organisation_id: int) -> Organisation:
    """One that stands, and that nobody closes or hangs something on until this ends. Raises `NotFound`."""
    tx.lock(f"organisation {organisation_id}")
    row = tx.execute(_STANDING, {"id": organisation_id}).first()
    if row is None:
        raise NotFound("组织")
    return Organisation(*row)


def active(tx: Transaction) -> list[Organisation]:
    return [Organisation(*row) for row in tx.execute(_ACTIVE)]


def add(tx: Transaction, name: str, kind: str, parent_id: int | None = None, *, is_sample: bool = False) -> int:
    row = {"name": name, "kind": kind, "parent_id": parent_id, "active": True, "is_sample": is_sample}
    return int(tx.execute(_ADD, row).scalar_one())


def establish(
    tx: Transaction, name: str, kind: str, parent_id: int | None, ends_on: date | None, actor: Actor, now: datetime
) -> int:
    """A new node of the tree; a temporary branch has an end. Raises `NotFound` for a parent that is none."""
    if parent_id is not None:
        held(tx, parent_id)
    row = {"name": name, "kind": kind, "parent_id": parent_id, "ends_on": ends_on, "active": True, "is_sample": False}
    number = int(tx.execute(_ADD, row).scalar_one())
    audit.note(tx, actor, "organisation.add", f"organisation {number}", now, after={"name": name, "kind": kind})
    return number


def close(tx: Transaction, organisation_id: int, actor: Actor, now: datetime) -> None:
    """Off the tree; what it hosted stays. Raises `BranchInUse` while members or other nodes hang on it."""
    closed = held(tx, organisation_id)
    if tx.execute(_PLACED, {"there": closed.id}).first() or tx.execute(_BELOW, {"above": closed.id}).first():
        raise BranchInUse(closed.name)
    tx.execute(_CLOSE, {"closed": closed.id})
    audit.note(tx, actor, "organisation.close", f"organisation {closed.id}", now, before={"name": closed.name})


def as_tree(every: Sequence[Organisation]) -> Iterator[tuple[Organisation, int]]:
    """Each after what it belongs to, with how deep it lies."""
    known = {each.id for each in every}
    waiting = [(each, 0) for each in reversed(every) if each.parent_id not in known]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        waiting += [(each, depth + 1) for each in reversed(every) if each.parent_id == one.id]

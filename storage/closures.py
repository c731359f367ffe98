"""The days on which a service point is closed beside its hours: a season's break, a holiday, repairs."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, delete, insert, select

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound
from storage.schema.places import point_closures as table


@dataclass(frozen=True, slots=True)
class Closure:
    """From `first` to `last`, both of them closed; without `last` until somebody says otherwise."""

    id: int
    first: date
    last: date | None
    note: str

    def covers(self, day: date) -> bool:
        return self.first <= day <= (self.last or date.max)


_COLUMNS = (table.c.id, table.c.first, table.c.last, table.c.note)
_OF = select(*_COLUMNS).where(table.c.point_id == bindparam("point")).order_by(table.c.first, table.c.id)
_ALL = select(table.c.point_id, *_COLUMNS).order_by(table.c.first, table.c.id)
_ADD = insert(table)
_DROP = delete(table).where(table.c.id == bindparam("closure"), table.c.point_id == bindparam("point"))


def of(tx: Transaction, point_id: int) -> tuple[Closure, ...]:
    """The earliest first."""
    return tuple(Closure(*row) for row in tx.execute(_OF, {"point": point_id}))


def by_point(tx: Transaction) -> dict[int, tuple[Closure, ...]]:
    """Those of all points that have any."""
    found: dict[int, tuple[Closure, ...]] = {}
    for point_id, *row in tx.execute(_ALL):
        found[point_id] = (*found.get(point_id, ()), Closure(*row))
    return found


def close(
    tx: Transaction, point_id: int, first: date, last: date | None, note: str, actor: Actor, now: datetime
) -> None:
    tx.execute(_ADD, {"point_id": point_id, "first": first, "last": last, "note": note[:60]})
    audit.note(tx, actor, "point.close", f"point {point_id}", now, after={"first": first, "last": last})


def reopen(tx: Transaction, point_id: int, closure_id: int, actor: Actor, now: datetime) -> None:
    """Open on these days after all. Raises `NotFound` for one that is none of this point's."""
    found = next((each for each in of(tx, point_id) if each.id == closure_id), None)
    if found is None:
        raise NotFound("关门的日子")
    tx.execute(_DROP, {"closure": closure_id, "point": point_id})
    gone = {"first": found.first, "last": found.last}
    audit.note(tx, actor, "point.reopen", f"point {point_id}", now, before=gone)

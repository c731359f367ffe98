"""服务菜单: what a service point offers in a month, in versions; old months stay for the report (domain 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.schema.places import service_menus as table
from storage.schema.places import service_points

REMINDED_FROM = 25  # day of the month
MOST_ITEMS = 30
LONGEST_ITEM = 60  # characters


@dataclass(frozen=True, slots=True)
class ServiceMenu:
    """`month` is its first day; one item is one line, as it was written."""

    point_id: int
    month: date
    version: int
    items: tuple[str, ...]
    written_at: datetime


_COLUMNS = (table.c.point_id, table.c.month, table.c.version, table.c.services, table.c.written_at)
_NEWEST = (
    select(*_COLUMNS)
    .where(table.c.point_id == bindparam("point"), table.c.month == bindparam("of_month"))
    .order_by(table.c.version.desc())
    .limit(1)
)
_later = table.alias("later")
_OF_MONTH = select(*_COLUMNS).where(
    table.c.month == bindparam("of_month"),
    ~select(_later.c.id)
    .where(_later.c.point_id == table.c.point_id, _later.c.month == table.c.month, _later.c.version > table.c.version)
    .exists(),
)
_LAST_MONTH = select(func.max(table.c.month)).where(
    table.c.point_id == bindparam("point"), table.c.month < bindparam("before")
)
_ADD = insert(table)
_WITHOUT = (
    select(service_points.c.id)
    .where(
        service_points.c.active,
        ~select(table.c.id)
        .where(table.c.point_id == service_points.c.id, table.c.month == bindparam("of_month"))
        .exists(),
    )
    .order_by(service_points.c.code)
)


def first_of(day: date) -> date:
    """The month of `day`, as menus name it."""
    return day.replace(day=1)


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def read_items(text: str) -> tuple[str, ...]:
    """One item a line; numbers and dashes that people put in front are taken off."""
    lines = (line.strip().lstrip("0123456789.、-—·•*①②③④⑤⑥⑦⑧⑨ ").strip() for line in text.splitlines())
    return tuple(line[:LONGEST_ITEM] for line in lines if line)[:MOST_ITEMS]


def of(tx: Transaction, point_id: int, month: date) -> ServiceMenu | None:
    """As it was written last; None while there is none."""
    row = tx.execute(_NEWEST, {"point": point_id, "of_month": month}).first()
    return None if row is None else _menu(row)


def last_before(tx: Transaction, point_id: int, month: date) -> ServiceMenu | None:
    """The menu of the newest earlier month, to begin from."""
    before = tx.execute(_LAST_MONTH, {"point": point_id, "before": month}).scalar()
    return None if before is None else of(tx, point_id, before)


def of_month(tx: Transaction, month: date) -> dict[int, ServiceMenu]:
    """By point."""
    return {row.point_id: _menu(row) for row in tx.execute(_OF_MONTH, {"of_month": month})}


def without(tx: Transaction, month: date) -> list[int]:
    """Active points that have none for this month."""
    return [point for (point,) in tx.execute(_WITHOUT, {"of_month": month})]


def missing_next(tx: Transaction, today: date) -> list[int]:
    """Active points that have none for the coming month, from the day on when leads are reminded (domain 5)."""
    return without(tx, following(first_of(today))) if today.day >= REMINDED_FROM else []


def keep(tx: Transaction, point_id: int, month: date, items: Sequence[str], actor: Actor, now: datetime) -> ServiceMenu:
    """A new version; writing the same again is harmless. An empty one says that there is nothing this month."""
    tx.lock(f"menu of point {point_id}")
    before = of(tx, point_id, month)
    if before is not None and before.items == tuple(items):
        return before
    version = 1 if before is None else before.version + 1
    row = {"point_id": point_id, "month": month, "version": version, "services": "\n".join(items), "written_at": now}
    tx.execute(_ADD, row)
    about = {"month": f"{month:%Y-%m}", "version": version, "items": len(items)}
    audit.note(tx, actor, "point.menu", f"point {point_id}", now, after=about)
    return ServiceMenu(point_id, month, version, tuple(items), now)


def _menu(row: Any) -> ServiceMenu:
    items = tuple(row.services.split("\n")) if row.services else ()
    return ServiceMenu(row.point_id, row.month, row.version, items, row.written_at)

"""Figures as they were handed in, to be held against what the rows say today."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from storage.audit import Act
from storage.database import Transaction
from storage.schema.records import audit_log
from storage.schema.snapshots import report_snapshots as table


@dataclass(frozen=True, slots=True)
class Snapshot:
    id: int
    first: date
    last: date
    figures: dict[str, int]
    made_at: datetime
    made_by: int | None


_ADD = insert(table).returning(table.c.id)
_COLUMNS = (table.c.id, table.c.first, table.c.last, table.c.figures, table.c.made_at, table.c.made_by)
_OF_PERIOD = (
    select(*_COLUMNS)
    .where(table.c.first == bindparam("first_day"), table.c.last == bindparam("last_day"))
    .order_by(table.c.id.desc())
)
_RECENT = select(*_COLUMNS).order_by(table.c.id.desc()).limit(bindparam("at_most"))
_CORRECTIONS = (
    select(
        audit_log.c.id,
        audit_log.c.at,
        audit_log.c.actor_id,
        audit_log.c.role,
        audit_log.c.channel,
        audit_log.c.action,
        audit_log.c.object,
        audit_log.c.before,
        audit_log.c.after,
        audit_log.c.reason,
    )
    .where(audit_log.c.at >= bindparam("since"))
    .where(audit_log.c.action.like("attendance.%") | audit_log.c.action.in_(["event.close", "event.cancel"]))
    .order_by(audit_log.c.id)
)


def keep(
    tx: Transaction, first: date, last: date, figures: Mapping[str, int], made_by: int | None, now: datetime
) -> int:
    row = {"first": first, "last": last, "figures": json.dumps(dict(figures)), "made_at": now, "made_by": made_by}
    return int(tx.execute(_ADD, row).scalar_one())


def of_period(tx: Transaction, first: date, last: date) -> list[Snapshot]:
    """Those of exactly these days, the newest first."""
    return [_snapshot(row) for row in tx.execute(_OF_PERIOD, {"first_day": first, "last_day": last})]


def recent(tx: Transaction, at_most: int = 50) -> list[Snapshot]:
    return [_snapshot(row) for row in tx.execute(_RECENT, {"at_most": at_most})]


def corrections_since(tx: Transaction, since: datetime) -> list[Act]:
    """What was done afterwards that can change a figure: by whom and why."""
    return [Act(*row) for row in tx.execute(_CORRECTIONS, {"since": since})]


def _snapshot(row: Any) -> Snapshot:
    return Snapshot(row.id, row.first, row.last, json.loads(row.figures), row.made_at, row.made_by)

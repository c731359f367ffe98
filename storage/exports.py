"""Files asked for in a chat or at the console, made one after the other by the program around."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from storage.database import Transaction
from storage.schema.exports import exports as table

SCENE_CODE = "scene_code"
"""The kind of a code that WeChat makes; every other kind is written from what is kept here."""

WRITTEN = ("attendance", "report")


@dataclass(slots=True)
class Export:
    id: int
    kind: str
    wanted: dict[str, Any]
    person_id: int | None
    account_id: int | None
    state: str
    rows_done: int


_COLUMNS = (
    table.c.id,
    table.c.kind,
    table.c.wanted,
    table.c.person_id,
    table.c.account_id,
    table.c.state,
    table.c.rows_done,
)
_ADD = insert(table).returning(table.c.id)
_KINDS = table.c.kind.in_(bindparam("kinds", expanding=True))
_NEXT = select(*_COLUMNS).where(table.c.state == "wanted", _KINDS).order_by(table.c.id).limit(1)
_TAKE = _NEXT.with_for_update(skip_locked=True)  # what another worker takes just now is not taken here too
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_STATE = (
    update(table)
    .where(table.c.id == bindparam("export"), table.c.state.in_(["wanted", "making"]))
    .values(state=bindparam("to"), ended_at=bindparam("at"), file_token=bindparam("token"), fault=bindparam("problem"))
)
_PROGRESS = (
    update(table)
    .where(table.c.id == bindparam("export"), table.c.state == "making")
    .values(rows_done=bindparam("rows"))
)
_RECENT = (
    select(*_COLUMNS, table.c.asked_at, table.c.fault)
    .where(table.c.person_id == bindparam("person"), table.c.account_id.is_(None))
    .order_by(table.c.id.desc())
    .limit(bindparam("at_most"))
)
_TOKEN = select(table.c.file_token).where(table.c.id == bindparam("id"))
_LEFT = update(table).where(table.c.state == "making", _KINDS).values(state="wanted")


def ask(
    tx: Transaction,
    kind: str,
    wanted: dict[str, Any],
    person_id: int | None,
    account_id: int | None,
    now: datetime,
) -> int:
    row = {"kind": kind, "wanted": json.dumps(wanted), "person_id": person_id, "account_id": account_id}
    return int(tx.execute(_ADD, {**row, "state": "wanted", "rows_done": 0, "asked_at": now}).scalar_one())


def is_any_wanted(tx: Transaction, kinds: Sequence[str] = WRITTEN) -> bool:
    return tx.execute(_NEXT, {"kinds": list(kinds)}).first() is not None


def take_next(tx: Transaction, now: datetime, kinds: Sequence[str] = WRITTEN) -> Export | None:
    """Claim the next file to make of these kinds."""
    row = tx.execute(_TAKE, {"kinds": list(kinds)}).first()
    if row is None:
        return None
    _move(tx, row.id, "making", now)
    return Export(row.id, row.kind, json.loads(row.wanted), *row[3:])


def get(tx: Transaction, export_id: int) -> Export | None:
    row = tx.execute(_GET, {"id": export_id}).first()
    return None if row is None else Export(row.id, row.kind, json.loads(row.wanted), *row[3:])


def of_person(tx: Transaction, person_id: int, at_most: int = 20) -> list[tuple[Export, datetime]]:
    """What a person asked for at the console, the newest first, with when."""
    rows = tx.execute(_RECENT, {"person": person_id, "at_most": at_most}).all()
    return [(Export(row.id, row.kind, json.loads(row.wanted), *row[3:7]), row.asked_at) for row in rows]


def progress(tx: Transaction, export_id: int, rows: int) -> bool:
    """Note how far it is. False when somebody cancelled it meanwhile."""
    return tx.execute(_PROGRESS, {"export": export_id, "rows": rows}).rowcount == 1


def ready(tx: Transaction, export_id: int, token: str, now: datetime) -> None:
    _move(tx, export_id, "ready", now, token=tx.vault.seal(token, f"exports.file_token|{export_id}"))


def failed(tx: Transaction, export_id: int, fault: str, now: datetime) -> None:
    _move(tx, export_id, "failed", now, fault=fault)


def cancel(tx: Transaction, export_id: int, now: datetime) -> None:
    _move(tx, export_id, "cancelled", now)


def file_token(tx: Transaction, export_id: int) -> str | None:
    sealed = tx.execute(_TOKEN, {"id": export_id}).scalar()
    return None if sealed is None else tx.vault.open(sealed, f"exports.file_token|{export_id}")


def after_a_stop(tx: Transaction, kinds: Sequence[str] = WRITTEN) -> int:
    """At start: what was being made when the program stopped is made anew."""
    return tx.execute(_LEFT, {"kinds": list(kinds)}).rowcount


def _move(
    tx: Transaction, export_id: int, to: str, now: datetime, token: bytes | None = None, fault: str | None = None
) -> None:
    at = None if to == "making" else now
    tx.execute(_STATE, {"export": export_id, "to": to, "at": at, "token": token, "problem": fault})

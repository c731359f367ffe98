"""Who did what, in a chain of hashes: a row that is changed or taken out later shows.

Rows that are old enough are forgotten from the beginning; a row says each time where the chain goes on from.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, literal_column, select

from storage.database import Transaction
from storage.schema.records import audit_log as table

_NEWEST = select(table.c.chain).order_by(table.c.id.desc()).limit(1)
_NEWEST_AT = select(func.max(table.c.at))
_ADD = insert(table)
_ALL = select(table).where(table.c.id > bindparam("after")).order_by(table.c.id).limit(1000)
_START = bytes(32)
_FORGOTTEN = "audit.forgotten"
_ANCHOR = (  # word for word as in the index, which would not be used otherwise
    select(table.c.after)
    .where(table.c.action == literal_column(f"'{_FORGOTTEN}'"))
    .order_by(table.c.id.desc())
    .limit(1)
)
_OLDEST = select(table.c.id, table.c.at, table.c.chain).order_by(table.c.id).limit(bindparam("at_most"))
_FORGET = delete(table).where(table.c.id <= bindparam("last"))
_COUNT = select(func.count()).select_from(table)
_LINK = select(table.c.id).where(table.c.chain == bindparam("chain_is"))
_BETWEEN = (
    select(
        table.c.id,
        table.c.at,
        table.c.actor_id,
        table.c.role,
        table.c.channel,
        table.c.action,
        table.c.object,
        table.c.before,
        table.c.after,
        table.c.reason,
    )
    .where(table.c.at >= bindparam("begins"), table.c.at < bindparam("ends"))
    .order_by(table.c.id)
)

_KINDS = (
    select(table.c.action, func.count())
    .where(table.c.at >= bindparam("begins"), table.c.at < bindparam("ends"))
    .group_by(table.c.action)
)
_NEWEST_BETWEEN = (
    _BETWEEN.where(table.c.action.in_(bindparam("kinds", expanding=True)))
    .order_by(None)
    .order_by(table.c.at.desc(), table.c.id.desc())
    .limit(bindparam("at_most"))
    .offset(bindparam("skip"))
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, in a role, through a channel. None of them is the program itself."""

    person_id: int | None = None
    role: str | None = None
    channel: str | None = None


def note(
    tx: Transaction,
    actor: Actor,
    action: str,
    about: str,
    now: datetime,
    *,
    before: Any = None,
    after: Any = None,
    reason: str | None = None,
) -> None:
    """Add a row. `about` is "event 12" or "person 5"; no name, phone or free text of residents belongs here."""
    tx.lock("audit log")
    row = {
        "at": now,
        "actor_id": actor.person_id,
        "role": actor.role,
        "channel": actor.channel,
        "action": action,
        "object": about,
        "before": None if before is None else written(before),
        "after": None if after is None else written(after),
        "reason": reason,
    }
    previous = tx.execute(_NEWEST).scalar() or _START
    tx.execute(_ADD, {**row, "chain": _link(previous, row)})


def written(facts: Any) -> str:
    """Facts as they stand in a row."""
    return json.dumps(facts, ensure_ascii=False, default=str)


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the log, to be read."""

    id: int
    at: datetime
    actor_id: int | None
    role: str | None
    channel: str | None
    action: str
    about: str
    before: str | None
    after: str | None
    reason: str | None


def between(tx: Transaction, begins: datetime, ends: datetime) -> Iterator[Act]:
    """What was done from `begins` until before `ends`, read as it is fetched."""
    period = {"begins": begins, "ends": ends}
    found: Iterable[Any] = tx.connection.execute(_BETWEEN, period, execution_options={"yield_per": 1000})
    return (Act(*row) for row in found)


def kinds(tx: Transaction, begins: datetime, ends: datetime) -> dict[str, int]:
    """How often each kind of act was done in the time."""
    return {row[0]: row[1] for row in tx.execute(_KINDS, {"begins": begins, "ends": ends})}


def newest(
    tx: Transaction, begins: datetime, ends: datetime, kinds: Sequence[str], skip: int, at_most: int
) -> list[Act]:
    """Some acts of these kinds, the newest first."""
    wanted = {"begins": begins, "ends": ends, "kinds": list(kinds), "skip": skip, "at_most": at_most}
    return [Act(*row) for row in tx.execute(_NEWEST_BETWEEN, wanted).all()]


@dataclass(frozen=True, slots=True)
class Head:
    """How long the log is, and its last hash. Noted elsewhere, it tells later whether the end was cut off."""

    rows: int
    chain: bytes
    forgotten: int = 0  # rows before these, whose time was over


def head(tx: Transaction) -> Head:
    newest = tx.execute(_NEWEST).scalar() or _START
    return Head(int(tx.execute(_COUNT).scalar_one()), newest, _anchor(tx).forgotten)


def newest_at(tx: Transaction) -> datetime | None:
    """When the last row was written; later than now, the clock went back."""
    return tx.execute(_NEWEST_AT).scalar()  # type: ignore[no-any-return]


def has_link(tx: Transaction, chain: bytes) -> bool:
    """Whether a row with this hash is there, as one was when the hash was noted."""
    return chain == _START or tx.execute(_LINK, {"chain_is": chain}).first() is not None


def first_broken(tx: Transaction) -> int | None:
    """The number of the first row that does not fit the chain; None when every row is as it was written.

    The newest rows could be cut off without a trace here: compare the last hash with the one in the backup report.
    """
    previous, after = _anchor(tx).chain, 0
    while rows := tx.execute(_ALL, {"after": after}).all():
        for row in rows:
            kept = {name: value for name, value in row._mapping.items() if name not in ("id", "chain")}
            if row.chain != _link(previous, kept):
                return int(row.id)
            previous, after = row.chain, row.id
    return None


def forget_before(tx: Transaction, before: datetime, now: datetime, at_most: int = 500) -> int:
    """Take out the oldest rows, as far as they are from `before` then. Returns how many.

    The last of them is named by its hash in a new row, in the same transaction: from it the rest still verifies.
    """
    tx.lock("audit log")
    old = []
    for row in tx.execute(_OLDEST, {"at_most": at_most}).all():
        if row.at >= before:
            break
        old.append(row)
    if not old:
        return 0
    last = old[-1]
    forgotten = _anchor(tx).forgotten + len(old)
    note(tx, Actor(), _FORGOTTEN, f"row {last.id}", now, after={"forgotten": forgotten, "chain": last.chain.hex()})
    tx.execute(_FORGET, {"last": last.id})  # after the note: it hangs on the row before it, which may be the last one
    return len(old)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """What the chain goes on from, and how many rows it had up to there."""

    chain: bytes
    forgotten: int


def _anchor(tx: Transaction) -> _Anchor:
    kept = tx.execute(_ANCHOR).scalar()
    if kept is None:
        return _Anchor(_START, 0)
    found = json.loads(kept)
    return _Anchor(bytes.fromhex(found["chain"]), found["forgotten"])


def _link(previous: bytes, row: dict[str, Any]) -> bytes:
    written = json.dumps({**row, "at": row["at"].timestamp()}, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(previous + written.encode()).digest()

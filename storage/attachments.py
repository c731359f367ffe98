"""What people sent beside words; the bytes are fetched from the channel after the message was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

from storage.database import Transaction
from storage.schema.talks import attachments as table

MOST_TRIES = 5


@dataclass(slots=True)
class Wanted:
    """Bytes still to be fetched from a channel, by the channel's own reference."""

    id: int
    channel: str
    kind: str
    reference: str


_ADD = insert(table).returning(table.c.id)
_WANTED = (
    select(table.c.id, table.c.channel, table.c.kind, table.c.reference)
    .where(table.c.state == "wanted", table.c.channel == bindparam("channel"))
    .order_by(table.c.id)
    .limit(20)
)
_KEPT = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(state="kept", content=bindparam("bytes"), media_type=bindparam("type"))
)
_MISSED = update(table).where(table.c.id == bindparam("row")).values(state=bindparam("to"), tries=table.c.tries + 1)
_STATE = select(table.c.state).where(table.c.id == bindparam("row"))
_FORGET = delete(table).where(table.c.id == bindparam("row"))
_TRIES = select(table.c.tries).where(table.c.id == bindparam("row"))
_BELONGS = update(table).where(table.c.id == bindparam("row")).values(subject=bindparam("to"))
_first = table.alias("first")
_FOLLOW = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(subject=select(_first.c.subject).where(_first.c.id == bindparam("first")).scalar_subquery())
)
_OF = (
    select(table.c.id, table.c.kind, table.c.name, table.c.media_type, table.c.state)
    .where(table.c.subject == bindparam("of"))
    .order_by(table.c.id)
)
_CONTENT = select(table.c.content, table.c.media_type, table.c.name).where(table.c.id == bindparam("row"))


def add(
    tx: Transaction, account_id: int, channel: str, kind: str, reference: str, name: str, media_type: str, now: datetime
) -> int:
    row = {"account_id": account_id, "channel": channel, "kind": kind, "reference": reference, "name": name[:120]}
    row |= {"media_type": media_type[:80], "state": "wanted", "tries": 0}
    return int(tx.execute(_ADD, {**row, "created_at": now}).scalar_one())


def wanted(tx: Transaction, channel: str) -> list[Wanted]:
    return [Wanted(*row) for row in tx.execute(_WANTED, {"channel": channel})]


def keep(tx: Transaction, attachment_id: int, content: bytes, media_type: str) -> None:
    sealed = tx.vault.seal_bytes(content, f"attachments.content|{attachment_id}")
    tx.execute(_KEPT, {"row": attachment_id, "bytes": sealed, "type": media_type[:80]})


def miss(tx: Transaction, attachment_id: int, *, for_good: bool) -> None:
    """The channel did not give it. After `MOST_TRIES`, or `for_good`, it counts as lost and staff see that."""
    tries = tx.execute(_TRIES, {"row": attachment_id}).scalar_one()
    lost = for_good or tries + 1 >= MOST_TRIES
    tx.execute(_MISSED, {"row": attachment_id, "to": "lost" if lost else "wanted"})


def is_lost(tx: Transaction, attachment_id: int) -> bool:
    """Whether the channel will never give it; also when there is no such thing any more."""
    return tx.execute(_STATE, {"row": attachment_id}).scalar() in ("lost", None)


def forget(tx: Transaction, attachment_id: int) -> None:
    tx.execute(_FORGET, {"row": attachment_id})


def belong_to(tx: Transaction, attachment_ids: tuple[int, ...], subject: str) -> None:
    for attachment_id in attachment_ids:
        tx.execute(_BELONGS, {"row": attachment_id, "to": subject})


def follow(tx: Transaction, attachment_ids: Sequence[int], first: int) -> None:
    """Further pictures of an album belong where the first one does."""
    for attachment_id in attachment_ids:
        tx.execute(_FOLLOW, {"row": attachment_id, "first": first})


def of(tx: Transaction, subject: str) -> list[dict[str, object]]:
    return [dict(row._mapping) for row in tx.execute(_OF, {"of": subject})]


def content(tx: Transaction, attachment_id: int) -> tuple[bytes, str, str] | None:
    """Bytes, media type and name; None while they are not here."""
    row = tx.execute(_CONTENT, {"row": attachment_id}).first()
    if row is None or row[0] is None:
        return None
    return tx.vault.open_bytes(row[0], f"attachments.content|{attachment_id}"), row[1], row[2]

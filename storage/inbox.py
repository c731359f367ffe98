"""Messages already answered, so that one delivered twice is answered once; and updates that could not be read."""

from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select

from storage.database import Transaction
from storage.schema.talks import inbox as table
from storage.schema.talks import quarantine as quarantine_table

_ANSWER = select(table.c.replies).where(
    table.c.channel == bindparam("channel"), table.c.message == bindparam("message")
)
_KEEP = insert(table)
_QUARANTINE = insert(quarantine_table)
_SPOKEN = (
    select(table.c.channel, table.c.message, table.c.said, table.c.replies, table.c.received_at)
    .where(table.c.account_id == bindparam("account"))
    .order_by(table.c.received_at.desc(), table.c.message.desc())
    .limit(bindparam("at_most"))
)
_OLD = delete(table).where(table.c.received_at < bindparam("before"))
_OF_ACCOUNT = delete(table).where(table.c.account_id == bindparam("account"))


def answer_to(tx: Transaction, channel: str, message: str) -> str | None:
    """The replies, as JSON, that this message was answered with; None when it is new."""
    row = tx.execute(_ANSWER, {"channel": channel, "message": message}).first()
    return None if row is None else tx.vault.open(row[0], f"inbox.replies|{channel}:{message}")


def keep(
    tx: Transaction, channel: str, message: str, account_id: int | None, said: str, replies: str, now: datetime
) -> None:
    where = f"{channel}:{message}"
    row = {
        "channel": channel,
        "message": message,
        "account_id": account_id,
        "said": tx.vault.seal(said, f"inbox.said|{where}"),
        "replies": tx.vault.seal(replies, f"inbox.replies|{where}"),
        "received_at": now,
    }
    tx.execute(_KEEP, row)


def spoken(tx: Transaction, account_id: int, at_most: int = 30) -> list[tuple[datetime, str, str]]:
    """The last turns of a chat, oldest first: when, what was said, and the replies as JSON."""
    turns = []
    for channel, message, said, replies, received_at in tx.execute(
        _SPOKEN, {"account": account_id, "at_most": at_most}
    ):
        where = f"{channel}:{message}"
        words = tx.vault.open(said, f"inbox.said|{where}")
        turns.append((received_at, words, tx.vault.open(replies, f"inbox.replies|{where}")))
    return turns[::-1]


def quarantine(tx: Transaction, channel: str, message: str, problem: str, kind: str, raw: str, now: datetime) -> None:
    """Set aside an update that could not be read. `raw` is sealed: it may hold anything a person sent."""
    sealed = tx.vault.seal(raw, f"quarantine.raw|{channel}:{message}")
    row = {"channel": channel, "message": message[:80], "problem": problem[:80], "kind": kind[:40], "raw": sealed}
    tx.execute(_QUARANTINE, {**row, "received_at": now})


def forget_before(tx: Transaction, before: datetime) -> int:
    return tx.execute(_OLD, {"before": before}).rowcount


def forget_account(tx: Transaction, account_id: int) -> None:
    tx.execute(_OF_ACCOUNT, {"account": account_id})

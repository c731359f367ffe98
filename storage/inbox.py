"""Messages already answered, so that one delivered twice is answered once; and updates that could not be read."""

import secrets
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, update

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
_NUMBERED = (
    select(table.c.channel, table.c.message, table.c.said, table.c.replies, table.c.received_at)
    .where(table.c.received_at >= bindparam("since"), table.c.received_at < bindparam("before"))
    .where(table.c.message.not_like("~%"))
    .order_by(table.c.received_at)
    .limit(bindparam("at_most"))
)
_RENUMBER = (
    update(table)
    .where(table.c.channel == bindparam("of_channel"), table.c.message == bindparam("of_message"))
    .values(message=bindparam("to"), said=bindparam("sealed_said"), replies=bindparam("sealed_replies"))
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


def forget_numbers(tx: Transaction, since: datetime, before: datetime, at_most: int) -> tuple[int, datetime]:
    """Give what was said between the two moments a number of our own in place of the platform's.

    Returns how many, and up to which moment all are done.
    """
    found = tx.execute(_NUMBERED, {"since": since, "before": before, "at_most": at_most}).all()
    for row in found:
        old, new = f"{row.channel}:{row.message}", f"~{int(row.received_at.timestamp())}-{secrets.token_hex(6)}"
        sealed = {
            f"sealed_{name}": None
            if value is None
            else tx.vault.seal(tx.vault.open(value, f"inbox.{name}|{old}"), f"inbox.{name}|{row.channel}:{new}")
            for name, value in (("said", row.said), ("replies", row.replies))
        }
        tx.execute(_RENUMBER, {"of_channel": row.channel, "of_message": row.message, "to": new, **sealed})
    return len(found), found[-1].received_at if len(found) == at_most else before


def forget_before(tx: Transaction, before: datetime) -> int:
    return tx.execute(_OLD, {"before": before}).rowcount


def forget_account(tx: Transaction, account_id: int) -> None:
    tx.execute(_OF_ACCOUNT, {"account": account_id})

"""A chat as its page shows it: what was said and answered, and what we said unasked, in one order."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from storage import inbox
from storage.database import Transaction
from storage.schema.talks import inbox as table


@dataclass(slots=True)
class Turn:
    """One message of a person with its replies; `said` is empty in what we said unasked."""

    id: str  # of the message, within its channel
    at: datetime
    said: str
    replies: str  # JSON, several


_LAST = (
    select(table.c.channel, table.c.message, table.c.said, table.c.replies, table.c.received_at)
    .where(table.c.account_id == bindparam("account"))
    .order_by(table.c.received_at.desc(), table.c.message.desc())
    .limit(bindparam("at_most"))
)


def last(tx: Transaction, account_id: int, at_most: int = 30) -> list[Turn]:
    """The last turns of a chat, oldest first."""
    turns = []
    for channel, message, said, replies, received_at in tx.execute(_LAST, {"account": account_id, "at_most": at_most}):
        where = f"{channel}:{message}"
        words = tx.vault.open(said, f"inbox.said|{where}")
        turns.append(Turn(message, received_at, words, tx.vault.open(replies, f"inbox.replies|{where}")))
    return turns[::-1]


def add(tx: Transaction, channel: str, message: str, account_id: int, replies: str, now: datetime) -> None:
    """Keep what we said unasked. The same `message` twice is kept once."""
    if inbox.answer_to(tx, channel, message) is None:
        inbox.keep(tx, channel, message, account_id, "", replies, now)

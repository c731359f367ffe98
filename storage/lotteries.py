"""The seed of a lottery: drawn and sealed before anybody signs up, its hash shown at once, itself after the draw."""

import hashlib
import secrets

from sqlalchemy import bindparam, select, update

from storage.database import Transaction
from storage.schema.events import events

_PROMISED = select(events.c.id, events.c.lottery_promise, events.c.lottery_secret).where(
    events.c.id == bindparam("event")
)
_PROMISE = (
    update(events)
    .where(events.c.id == bindparam("event"))
    .values(lottery_promise=bindparam("hash"), lottery_secret=bindparam("sealed"))
)
_REVEAL = update(events).where(events.c.id == bindparam("event")).values(lottery_seed=bindparam("seed"))


def promise(tx: Transaction, event_id: int) -> None:
    """Bind the house to a seed nobody could choose once names are known. Repeating it changes nothing."""
    if tx.execute(_PROMISED, {"event": event_id}).one().lottery_promise is None:
        seed = secrets.token_hex(16)
        sealed = tx.vault.seal(seed, _context(event_id))
        tx.execute(_PROMISE, {"event": event_id, "hash": fingerprint(seed), "sealed": sealed})


def reveal(tx: Transaction, event_id: int) -> str:
    """Publish the seed, and return it."""
    promise(tx, event_id)
    seed = tx.vault.open(tx.execute(_PROMISED, {"event": event_id}).one().lottery_secret, _context(event_id))
    tx.execute(_REVEAL, {"event": event_id, "seed": seed})
    return seed


def fingerprint(seed: str) -> str:
    """The SHA-256 of the seed, in hexadecimal: what was shown before the draw must be this."""
    return hashlib.sha256(seed.encode()).hexdigest()


def _context(event_id: int) -> str:
    return f"events.lottery_secret|{event_id}"

"""Whether messages go out at all: paused by a restore, released by a person who has looked."""

from datetime import datetime

from storage import audit, outbox, settings
from storage.audit import Actor
from storage.database import Transaction


def is_paused(tx: Transaction) -> bool:
    return bool(settings.get(tx, outbox.PAUSED, default=False))


def release(tx: Transaction, actor: Actor, now: datetime) -> int | None:
    """Let messages out again. How many were held back; None when nothing was paused."""
    if not is_paused(tx):
        return None
    settings.put(tx, outbox.PAUSED, value=False, now=now)
    audit.note(tx, actor, "sending.released", "outbox", now)
    return outbox.under_way(tx).get("planned", 0)

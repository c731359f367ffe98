"""hongyan release: what was held back after a restore goes out again."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from storage import audit, outbox, settings
from storage.audit import Actor
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    read = config.read(asked.config)

    async def release() -> int | None:
        async with opening.database(read) as database:
            return await database.write(_release, datetime.now(UTC))

    waiting = asyncio.run(release())
    if waiting is None:
        print("Sending was not paused.")
    else:
        print(f"Sending goes on; {waiting} messages wait to be sent. What is out of date among them is not sent.")
    return 0


def _release(tx: Transaction, now: datetime) -> int | None:
    """How many messages were held back; None when nothing was."""
    if not settings.get(tx, outbox.PAUSED, default=False):
        return None
    settings.put(tx, outbox.PAUSED, value=False, now=now)
    audit.note(tx, Actor(), "sending.released", "outbox", now)
    return outbox.states(tx).get("planned", 0)

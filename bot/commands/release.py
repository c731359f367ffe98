"""hongyan release: what was held back after a restore goes out again."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from storage import sending
from storage.audit import Actor


def run(asked: argparse.Namespace) -> int:
    read = config.read(asked.config)

    async def release() -> int | None:
        async with opening.database(read) as database:
            return await database.write(sending.release, Actor(channel="command"), datetime.now(UTC))

    waiting = asyncio.run(release())
    if waiting is None:
        print("Sending was not paused.")
    else:
        print(f"Sending goes on; {waiting} messages wait to be sent. What is out of date among them is not sent.")
    return 0

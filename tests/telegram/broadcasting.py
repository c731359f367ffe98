"""The part of the program that sends broadcasts, in a process of its own that may be killed at any moment.

Everything is the real thing but the clock, which runs `SPEED` times as fast: a broadcast takes minutes of Telegram's
pace, and a test has none to spare.
"""

import asyncio
import sys
import time
from datetime import timedelta
from pathlib import Path

from bot.channels.pace import Pace
from bot.channels.telegram.client import open_client
from bot.channels.telegram.sending import TelegramChannel
from bot.delivery import Delivery
from bot.schedule import Schedule
from storage import recipients
from storage.database import open_database
from storage.vault import Vault
from tests.conftest import MORNING

SPEED = 20
PER_SECOND = 25


async def main(database_url, key, token, url, began):
    """Until every broadcast is finished. `began`: when, on the wall, the clock stood at `MORNING`."""

    def clock():
        return MORNING + timedelta(seconds=(time.time() - float(began)) * SPEED)

    async def wait(event, seconds):
        try:
            async with asyncio.timeout(seconds / SPEED):
                await event.wait()
        except TimeoutError:
            pass

    async def no_file(_token):
        raise LookupError

    async with (
        open_database(database_url, Vault.load_or_create(Path(key))) as database,
        open_client(token, url) as client,
    ):
        pace = Pace(PER_SECOND, monotonic=lambda: time.monotonic() * SPEED)
        channel = TelegramChannel(client, pace, no_file)
        delivery = Delivery(database, {"telegram": channel}, clock, {"telegram": pace}, wait=wait)
        schedule = Schedule(database, clock, delivery.wake)
        async with delivery.running():
            while await database.read(recipients.unfinished):
                await schedule.carry_on_broadcasts()
                await schedule.expire()
                await asyncio.sleep(0.2)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""hongyan restore FILE."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.config import Settings
from handlers import leaving
from storage import erasure
from storage.backup import BadBackup, erased_in, restore
from storage.database import Transaction, sqlite_path


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use pg_restore; docs/operations.md has the command", file=sys.stderr)
        return 1
    erased = _known_as_erased(settings)
    try:
        moved = restore(asked.file, settings.database_url)
    except (BadBackup, OSError) as problem:
        print(f"hongyan: nothing was changed: {problem}", file=sys.stderr)
        return 1
    if moved is not None:
        print(f"The database that was there is now {moved}.")
    print("Restored. Sending is paused until a member of staff releases it, so that nothing goes out twice.")
    if again := asyncio.run(_erase_again(settings, erased)):
        print(f"{again} people who had been erased since that backup was made are erased again.")
    return 0


def _known_as_erased(settings: Settings) -> set[str]:
    """From the database as it is now and from every backup, for either may be lost."""
    files = [sqlite_path(settings.database_url), *(settings.folder / "backups").glob("hongyan-*.db")]
    return set().union(*(erased_in(path) for path in files))


async def _erase_again(settings: Settings, uids: set[str]) -> int:
    async with opening.database(settings) as database:
        return await database.write(_replay, uids, datetime.now(UTC))


def _replay(tx: Transaction, uids: set[str], now: datetime) -> int:
    erased = erasure.replay(tx, sorted(uids), now)
    for one in erased:
        leaving.tell_others(tx, one, now)
    return len(erased)

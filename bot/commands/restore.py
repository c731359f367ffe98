"""hongyan restore FILE."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.backups import Backups
from bot.config import Settings
from handlers import leaving
from storage import erasure
from storage.backup import BadBackup, erased_in, restore
from storage.database import Transaction, sqlite_path
from storage.vault import Vault


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.database_url.startswith("sqlite:"):
        print("hongyan: for PostgreSQL use pg_restore; docs/operations.md has the command", file=sys.stderr)
        return 1
    if not settings.key_file.exists():
        print(f"hongyan: nothing was changed: put the key file of that backup at {settings.key_file}", file=sys.stderr)
        return 1
    vault = opening.vault(settings)
    erased = _known_as_erased(settings, vault)
    try:
        moved = restore(asked.file, settings.database_url, vault)
    except (BadBackup, OSError) as problem:
        print(f"hongyan: nothing was changed: {problem}", file=sys.stderr)
        return 1
    if moved is not None:
        print(f"The database that was there is now {moved}.")
    print("Restored. Answers go out; everything else is held back until `hongyan release`, so that nothing goes twice.")
    print("If the keys were changed since it was made: `hongyan rotate-keys --only-finish`.")
    if again := asyncio.run(_erase_again(settings, erased)):
        print(f"{again} people who had been erased since that backup was made are erased again.")
    return 0


def _known_as_erased(settings: Settings, vault: Vault) -> set[str]:
    """From the database as it is now and from every backup, for either may be lost."""
    database = sqlite_path(settings.database_url)
    files = [database, *Backups.all_in(settings)]
    return set().union(*(erased_in(path, vault, database) for path in files))


async def _erase_again(settings: Settings, uids: set[str]) -> int:
    async with opening.database(settings) as database:
        return await database.write(_replay, uids, datetime.now(UTC))


def _replay(tx: Transaction, uids: set[str], now: datetime) -> int:
    erased = erasure.replay(tx, sorted(uids), now)
    for one in erased:
        leaving.tell_others(tx, one, now)
    return len(erased)

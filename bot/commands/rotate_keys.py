"""hongyan rotate-keys: a new key from now on, and everything sealed with an older one sealed anew."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from storage import audit, resealing
from storage.audit import Actor
from storage.database import Database, Transaction
from storage.times import local_date


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    now = datetime.now(UTC)
    opening.vault(settings)  # said now when the key file cannot be used
    number = None
    if not asked.only_finish:
        number = resealing.add_key(settings.key_file, settings.config.storage.cipher, local_date(now))
        print(f"Key {number} ({settings.config.storage.cipher}) seals from now on; it stands in {settings.key_file}.")

    async def reseal() -> tuple[int, int, frozenset[int]]:
        async with opening.database(settings) as database:
            if number is not None:
                await database.write(_note, number, now)
            return await _all(database)

    rows, unread, uses = asyncio.run(reseal())
    gone = resealing.drop_keys(settings.key_file, uses, local_date(now))
    print(f"{rows} rows sealed anew.")
    if unread:
        print(f"{unread} rows cannot be opened with any key there is; they were left as they are.")
    for old in gone:
        print(f"Key {old} is used by nothing any more, and was taken out of the key file.")
    for old, since in resealing.retired(settings.key_file).items():
        print(f"Key {old} stays for the backups, retired on {since}; `rotate-keys --only-finish` removes it later.")
    print("Copy the key file to its safe place again.")
    return 1 if unread else 0


def _note(tx: Transaction, number: int, now: datetime) -> None:
    audit.note(tx, Actor(), "key.rotated", f"key {number}", now)


async def _all(database: Database) -> tuple[int, int, frozenset[int]]:
    """Rows sealed anew, rows nobody can open, and the keys still in use. Others write between the steps."""
    rows = unread = 0
    uses: frozenset[int] = frozenset()
    for sealed in resealing.EVERYTHING:
        at: tuple[object, ...] | None = None
        while True:
            step = await database.write(resealing.step, sealed, at)
            rows, unread, uses = rows + step.sealed, unread + step.unread, uses | step.uses
            if step.at is None:
                break
            at = step.at
    return rows, unread, uses

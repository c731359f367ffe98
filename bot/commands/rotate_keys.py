"""hongyan rotate-keys: new keys; what an older one sealed is sealed anew, and people are found by new hashes."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from storage import audit, people, resealing
from storage.audit import Actor
from storage.database import Database, Transaction
from storage.times import local_date

_PEOPLE_AT_ONCE = 50  # in one transaction: each has about ten hashes, and others wait for it


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    now = datetime.now(UTC)
    opening.vault(settings)  # said now when the key file cannot be used
    number = None
    if not asked.only_finish:
        number = resealing.add_key(settings.key_file, settings.config.storage.cipher, local_date(now))
        print(f"Key {number} ({settings.config.storage.cipher}) seals from now on; it stands in {settings.key_file}.")

    async def renew() -> tuple[int, int, frozenset[int], int]:
        async with opening.database(settings) as database:
            if number is not None:
                await database.write(_note, number, now)
            return *await _all(database), await _people(database)

    rows, unread, uses, hashed = asyncio.run(renew())
    gone = resealing.drop_keys(settings.key_file, uses, local_date(now))
    print(f"{rows} rows sealed anew; {hashed} people are found by new hashes.")
    if unread:
        print(f"{unread} rows cannot be opened with any key there is; they were left as they are.")
    for old in gone:
        print(f"Key {old} is used by nothing any more, and was taken out of the key file.")
    if not unread and (dropped := resealing.drop_people_keys(settings.key_file, local_date(now))):
        print(f"{dropped} older keys by which people were found were taken out of the key file.")
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


async def _people(database: Database) -> int:
    """How many people were kept by an older key. Whoever is looked for meanwhile is found by either."""
    changed = 0
    at: int | None = 0
    while at is not None:
        at, now_changed, _ = await database.write(people.hash_anew, at, _PEOPLE_AT_ONCE)
        changed += now_changed
    return changed

"""hongyan audit verify: whether every row of the audit log is as it was written."""

import argparse
import asyncio

from bot import config, opening
from storage import audit
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)

    async def verify() -> tuple[int | None, audit.Head]:
        async with opening.database(settings) as database:
            return await database.read(_verify)

    broken, head = asyncio.run(verify())
    if broken is not None:
        print(f"The audit log was changed: row {broken} does not fit the one before it.")
        return 1
    print(f"The audit log is whole: {head.rows} rows, the last hash is {head.chain.hex()}.")
    if head.forgotten:
        print(f"{head.forgotten} older rows were forgotten when their time was over.")
    if asked.last_hash and not asyncio.run(_knows(settings, asked.last_hash)):
        print(f"But no row has the hash {asked.last_hash.hex()}: rows at the end were cut off after it was noted,")
        print("unless it was noted so long ago that its row is forgotten by now.")
        return 1
    return 0


async def _knows(settings: config.Settings, chain: bytes) -> bool:
    async with opening.database(settings) as database:
        return await database.read(audit.has_link, chain)


def _verify(tx: Transaction) -> tuple[int | None, audit.Head]:
    return audit.first_broken(tx), audit.head(tx)

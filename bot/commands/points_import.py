"""hongyan points import FILE: the list of service points, row by row."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from bot.commands.importing import lines_of, say
from storage import communities, point_import
from storage.audit import Actor
from storage.database import Transaction
from storage.point_import import Judged


def run(asked: argparse.Namespace) -> int:
    """Exit 1 when a row cannot be used; the others are taken in all the same."""
    settings = config.read(asked.config)
    lines = lines_of(asked.file, point_import.HEADERS)
    if lines is None:
        return 1

    def work(tx: Transaction) -> tuple[list[Judged], int]:
        communities.lay_out(tx)
        judged = point_import.judge(tx, lines)
        if asked.dry_run:
            return judged, 0
        return judged, point_import.take_in(tx, judged, Actor(channel="command"), datetime.now(UTC))

    async def take_in() -> tuple[list[Judged], int]:
        async with opening.database(settings) as database:
            return await database.write(work)

    judged, retired = asyncio.run(take_in())
    say(((one.number, one.verdict, one.called, one.says) for one in judged), is_dry=asked.dry_run)
    if retired:
        print(f"{retired} sample points were taken off.")
    return 1 if any(one.verdict == "bad" for one in judged) else 0

"""hongyan people import FILE: residents from a list, row by row. What is printed names nobody, only rows."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from bot.commands.importing import lines_of, say
from reports.incoming import read_day
from storage import communities, people_import
from storage.audit import Actor
from storage.database import Transaction
from storage.people_import import Judged


def run(asked: argparse.Namespace) -> int:
    """Exit 1 when a row is bad or in conflict with what is kept; the others are taken in all the same."""
    settings = config.read(asked.config)
    lines = lines_of(asked.file, people_import.HEADERS)
    if lines is None:
        return 1

    def work(tx: Transaction) -> list[Judged]:
        communities.lay_out(tx)
        judged = people_import.judge(tx, lines, read_day)
        if not asked.dry_run:
            people_import.take_in(tx, judged, Actor(channel="command"), datetime.now(UTC))
        return judged

    async def take_in() -> list[Judged]:
        async with opening.database(settings) as database:
            return await database.write(work)

    judged = asyncio.run(take_in())
    say(((one.number, one.verdict, "", one.says) for one in judged), is_dry=asked.dry_run)
    return 1 if any(one.verdict in ("bad", "conflict") for one in judged) else 0

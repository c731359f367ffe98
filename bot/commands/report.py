"""hongyan report season YEAR: the report of the season that begins in October of YEAR."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from reports import attendance
from reports.counts import counts
from reports.periods import Period
from reports.season import season_book
from reports.xlsx import write_xlsx
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    now = datetime.now(UTC)

    def write(tx: Transaction) -> str:
        period = Period.season(asked.year)
        write_xlsx(season_book(tx, period, attendance.paper(tx, now)), asked.output)
        return counts(tx, period).headline

    async def read() -> str:
        async with opening.database(settings) as database:
            return await database.read(write)

    print(asyncio.run(read()))
    print(f"Written to {asked.output}")
    return 0

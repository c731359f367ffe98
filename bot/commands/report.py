"""hongyan report season YEAR: the report of the season that begins in October of YEAR, as a workbook or as pages."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from reports import attendance, snapshots
from reports.counts import Counts, counts
from reports.periods import Period
from reports.season import season_book
from reports.season_document import season_document
from reports.xlsx import write_xlsx
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    now = datetime.now(UTC)

    def write(tx: Transaction) -> Counts:
        period = Period.season(asked.year)
        paper = attendance.paper(tx, now)
        if asked.output.suffix.lower() == ".pdf":
            season_document(tx, period, paper).output(str(asked.output))
        else:
            write_xlsx(season_book(tx, period, paper), asked.output)
        return counts(tx, period)

    async def make() -> Counts:
        async with opening.database(settings) as database:
            counted = await database.read(write)
            await database.write(snapshots.keep, counted, None, now)  # so that a later correction shows
            return counted

    print(asyncio.run(make()).headline)
    print(f"Written to {asked.output}")
    return 0

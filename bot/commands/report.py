"""hongyan report season YEAR: the report of the season that begins in October of YEAR, as a workbook or as pages."""

import argparse
import asyncio
from datetime import UTC, datetime

from bot import config, opening
from reports import attendance
from reports.counts import counts
from reports.periods import Period
from reports.season import season_book
from reports.season_document import season_document
from reports.xlsx import write_xlsx
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    now = datetime.now(UTC)

    def write(tx: Transaction) -> str:
        period = Period.season(asked.year)
        paper = attendance.paper(tx, now)
        if asked.output.suffix.lower() == ".pdf":
            season_document(tx, period, paper).output(str(asked.output))
        else:
            write_xlsx(season_book(tx, period, paper), asked.output)
        return counts(tx, period).headline

    async def read() -> str:
        async with opening.database(settings) as database:
            return await database.read(write)

    print(asyncio.run(read()))
    print(f"Written to {asked.output}")
    return 0

"""hongyan export attendance: the ledger, the counts and the rows behind them, as a workbook or as CSV."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from reports import attendance, snapshots
from reports.counts import Counts, counts
from reports.csv import write_csv
from reports.periods import Period
from reports.xlsx import write_xlsx
from storage.database import Transaction


def run(asked: argparse.Namespace) -> int:
    if asked.last < asked.first:
        print("hongyan: --to lies before --from", file=sys.stderr)
        return 2
    settings = config.read(asked.config)
    now = datetime.now(UTC)

    def write(tx: Transaction) -> Counts:
        period = Period.between(asked.first, asked.last)
        paper = attendance.paper(tx, now)
        if asked.format == "csv":
            write_csv(attendance.event_ledger(tx, period, paper), asked.output)
        else:
            write_xlsx(attendance.attendance_book(tx, period, paper), asked.output)
        return counts(tx, period)

    async def make() -> Counts:
        async with opening.database(settings) as database:
            counted = await database.read(write)
            await database.write(snapshots.keep, counted, None, now)  # so that a later correction shows
            return counted

    print(asyncio.run(make()).headline)
    print(f"Written to {asked.output}")
    return 0

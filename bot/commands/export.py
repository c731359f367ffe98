"""hongyan export attendance: the ledger, the counts and the rows behind them, as a workbook or as CSV."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from reports import attendance
from reports.counts import counts
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

    def write(tx: Transaction) -> str:
        period = Period.between(asked.first, asked.last)
        paper = attendance.paper(tx, now)
        if asked.format == "csv":
            write_csv(attendance.event_ledger(tx, period, paper), asked.output)
        else:
            write_xlsx(attendance.attendance_book(tx, period, paper), asked.output)
        return counts(tx, period).headline

    async def read() -> str:
        async with opening.database(settings) as database:
            return await database.read(write)

    print(asyncio.run(read()))
    print(f"Written to {asked.output}")
    return 0

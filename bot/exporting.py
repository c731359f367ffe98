"""Makes one file that was asked for, in a process of its own.

`python -m bot.exporting --config FILE --export N -o PATH`; it prints how many rows are written, a number on each line.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot import config, opening
from bot.wanted import EVENT_SHEET, POINTS, PROOF, period_of, report_of, suffix_of
from reports import attendance, catalogue, documents
from reports.catalogue import Wanted
from reports.credit_points import POINTS_DEFINITIONS, points_ledger
from reports.csv import write_csv
from reports.pdf import Document
from reports.season_document import season_document
from reports.sheet import Book, Sheet, Unmasked
from reports.xlsx import write_xlsx
from storage import exports
from storage.database import Transaction


def main() -> int:
    parser = argparse.ArgumentParser(prog="bot.exporting")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--export", type=int, required=True)
    parser.add_argument("-o", dest="output", type=Path, required=True)
    asked = parser.parse_args()
    settings = config.read(asked.config)

    async def make() -> None:
        async with opening.database(settings) as database:
            await database.read(write, asked.export, asked.output, datetime.now(UTC), _say)

    asyncio.run(make())
    return 0


def write(tx: Transaction, export_id: int, path: Path, now: datetime, progress: Callable[[int], None]) -> None:
    """Write the file of an export to `path`. Raises `KeyError` for an export or report that is none."""
    export = exports.get(tx, export_id)
    if export is None:
        raise KeyError(export_id)
    name, suffix = report_of(export.kind, export.wanted), suffix_of(export.kind, export.wanted)
    wanted = _wanted(tx, export.wanted, now)
    if suffix == "pdf":
        _document(tx, name, export.wanted, wanted).output(str(path))
    elif suffix == "csv":
        write_csv(
            _of_one(tx, name, export.wanted, wanted) or catalogue.sheet(tx, name, wanted), path, progress=progress
        )
    elif sheet := _of_one(tx, name, export.wanted, wanted):
        definitions = POINTS_DEFINITIONS if name == POINTS else ()
        write_xlsx(Book((sheet,), definitions, None, wanted.unmasked), path, progress=progress)
    else:
        write_xlsx(catalogue.book(tx, name, wanted), path, progress=progress)


def _of_one(tx: Transaction, name: str, asked: dict[str, Any], wanted: Wanted) -> Sheet | None:
    """The table of one event or one person; None for a report that is of neither."""
    if name == POINTS:
        return points_ledger(tx, int(asked["person"]), wanted.on)
    if name != EVENT_SHEET:
        return None
    return attendance.attendance_sheet(
        tx,
        int(asked["event"]),
        wanted.on,
        masked=wanted.masked,
        sees_party=wanted.sees_party,
        blank=bool(asked.get("blank")),
    )


def _document(tx: Transaction, name: str, asked: dict[str, Any], wanted: Wanted) -> Document:
    if name == PROOF:
        return documents.proof(tx, int(asked["person"]), wanted.period, wanted.on)
    if name == EVENT_SHEET:
        return documents.sign_in_sheet(
            tx,
            int(asked["event"]),
            wanted.on,
            sees_party=wanted.sees_party,
            blank=bool(asked.get("blank")),
            unmasked=wanted.unmasked,
        )
    return season_document(tx, wanted.period, wanted.on, says_why=wanted.sees_party)


def _wanted(tx: Transaction, wanted: dict[str, Any], now: datetime) -> Wanted:
    return Wanted(
        period_of(wanted),
        attendance.paper(tx, now),
        sees_party=bool(wanted.get("sees_party")),
        point_ids=_reach(wanted.get("points")),
        branch_ids=_reach(wanted.get("branches")),
        unmasked=Unmasked(str(wanted["unmasked"]), now) if wanted.get("unmasked") else None,
    )


def _reach(ids: list[int] | None) -> frozenset[int] | None:
    return None if ids is None else frozenset(ids)


def _say(rows: int) -> None:
    print(rows, flush=True)


if __name__ == "__main__":
    sys.exit(main())

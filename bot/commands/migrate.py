"""hongyan migrate: to the tables of this version; with --to, out of a SQLite file into PostgreSQL."""

import argparse
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.config import Settings
from reports.counts import Figures, counts
from reports.periods import Period
from storage import events
from storage.copying import NotEmpty, NotTheSame, copy
from storage.database import StorageFault, Transaction, sqlite_path
from storage.lease import InUse, alone_with
from storage.migrations import migrate
from storage.times import local_date

_EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if asked.to is not None:
        return _move(settings, asked.to)
    migrate(settings.database_url)
    print("The database is up to date.")
    return 0


def _move(settings: Settings, target: str) -> int:
    if not settings.database_url.startswith("sqlite:") or not target.startswith("postgresql://"):
        print("hongyan: --to copies the SQLite file of storage.url into postgresql://…", file=sys.stderr)
        return 2
    seasons: dict[str, Figures] = {}

    def same_figures(source: Transaction, copied: Transaction) -> None:
        seasons.update(_seasons(source))
        if _seasons(copied) != seasons:
            raise NotTheSame("the figures of the seasons")

    path = sqlite_path(settings.database_url)
    try:
        with alone_with(path):
            tables = copy(settings.database_url, target, opening.vault(settings), same_figures)
    except InUse:
        return _refused(f"a program is running on {path}; stop it first")
    except NotEmpty as found:
        return _refused(f"the target is not empty: there are rows in {found}; nothing was changed")
    except NotTheSame as found:
        return _refused(f"{found}: what was written is not what was read; nothing was kept")
    except StorageFault as fault:
        return _refused(f"nothing was kept: {fault}")
    for table in tables:
        print(f"{table.name:24} {table.rows:>10}  {table.checksum[:16]}")
    print(f"{sum(table.rows for table in tables)} rows in {len(tables)} tables, each read again and found the same.")
    for name, figures in seasons.items():
        print(f"{name}: {figures.events} 场, {figures.attendances} 人次, {figures.people} 人, before and after.")
    print("Set storage.url to the new address and keep the key file; never start the program on the old file again.")
    return 0


def _refused(why: str) -> int:
    print(f"hongyan: {why}", file=sys.stderr)
    return 1


def _seasons(tx: Transaction) -> dict[str, Figures]:
    days = [local_date(event.starts_at) for event in events.listed(tx, *_EVER)]
    years = {Period.season_around(day).first.year for day in days}
    periods = [Period.season(year) for year in sorted(years)]
    return {period.name: counts(tx, period).total for period in periods}

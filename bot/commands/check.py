"""hongyan check: everything that will not work as it is set, and how to mend it."""

import argparse
import asyncio
import stat
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from bot import config, opening
from bot.channels.wechat import check as wechat_check
from bot.channels.wechat import settings as wechat_settings
from bot.config import Settings, WrongSettings
from bot.sample import SAMPLE_POINTS, must_not_be_sample
from storage import grants, points
from storage.audit import first_broken
from storage.backup import BadBackup, verify
from storage.database import Database, StorageFault, Transaction, sqlite_path


def run(asked: argparse.Namespace) -> int:
    """Exit 0 when it would start and serve, 1 when something stops it. Notes say what will be missing."""
    settings = config.read(asked.config)
    found = asyncio.run(_all(settings))
    for is_problem, text in found:
        print(f"{'problem' if is_problem else 'note'}: {text}", file=sys.stderr if is_problem else sys.stdout)
    problems = sum(is_problem for is_problem, _ in found)
    print("Something must be mended first." if problems else "Everything needed is there.")
    return 1 if problems else 0


async def _all(settings: Settings) -> list[tuple[bool, str]]:
    return [each async for each in _looked_at(settings)]


async def _looked_at(settings: Settings) -> AsyncIterator[tuple[bool, str]]:
    """Each finding, with whether it stops the service."""
    if settings.key_file.exists() and settings.key_file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        yield True, f"storage.key_file: others can read {settings.key_file}; chmod 600 it"
    try:
        _look_at_file(settings)
        async with opening.database(settings) as database:
            for each in await _of_database(settings, database):
                yield each
    except (WrongSettings, BadBackup, StorageFault) as problem:
        yield True, f"the database cannot be used: {problem}"
    public_url = settings.config.bot.public_url
    if not public_url:
        yield False, "bot.public_url: empty, so links to files and to the console work on this machine alone"
    elif not public_url.startswith("https://"):
        yield False, "bot.public_url: not https, so what people say and see can be read on the way"
    if settings.config.wechat.enabled:
        account = wechat_settings.from_section(settings.config.wechat)
        missing = wechat_check.limits(account, public_url) if not wechat_settings.wrong(account) else []
        for text in await wechat_check.problems(account, public_url, clock=lambda: datetime.now(UTC)):
            yield text not in missing, text


def _look_at_file(settings: Settings) -> None:
    """An SQLite file that is there must be sound, before anything is written to it."""
    if settings.database_url.startswith("sqlite:"):
        path = sqlite_path(settings.database_url)
        if path.exists():
            verify(path)


async def _of_database(settings: Settings, database: Database) -> list[tuple[bool, str]]:
    def look(tx: Transaction) -> list[tuple[bool, str]]:
        found = []
        try:
            must_not_be_sample(settings, is_sample=points.has_sample(tx))
        except WrongSettings:
            found.append((True, SAMPLE_POINTS))
        if not points.active(tx):
            found.append((False, "there are no service points yet; `hongyan points import FILE` reads them"))
        if not grants.holders(tx, "district_staff", datetime.now(UTC)):
            found.append((False, "nobody has the role district_staff yet; `hongyan grant` gives it"))
        if (broken := first_broken(tx)) is not None:
            found.append((True, f"the audit log was changed at row {broken}; compare it with the backups"))
        return found

    return await database.read(look)

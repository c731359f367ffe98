"""hongyan check: everything that will not work as it is set, and how to mend it."""

import argparse
import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from bot import config, opening, surroundings
from bot.channels.telegram import check as telegram_check
from bot.channels.wechat import check as wechat_check
from bot.channels.wechat import settings as wechat_settings
from bot.config import BotSection, Settings, WrongSettings
from bot.sample import SAMPLE_POINTS, must_not_be_sample
from bot.surroundings import Finding
from storage import grants, outbox, points
from storage import settings as settings_of_house
from storage.audit import first_broken, newest_at
from storage.backup import BadBackup, verify
from storage.database import Database, StorageFault, Transaction, sqlite_path

_SKEW = timedelta(minutes=2)


def run(asked: argparse.Namespace) -> int:
    """Exit 0 when it would start and serve, 1 when something stops it. Notes say what will be missing."""
    settings = config.read(asked.config)
    found = asyncio.run(_all(settings))
    for is_problem, text in found:
        print(f"{'problem' if is_problem else 'note'}: {text}", file=sys.stderr if is_problem else sys.stdout)
    problems = sum(is_problem for is_problem, _ in found)
    print("Something must be mended first." if problems else "Everything needed is there.")
    return 1 if problems else 0


async def _all(settings: Settings) -> list[Finding]:
    return [each async for each in _looked_at(settings)]


async def _looked_at(settings: Settings) -> AsyncIterator[Finding]:
    """Each finding, with whether it stops the service."""
    now = datetime.now(UTC)
    for finding in surroundings.findings(settings, now):
        yield finding
    try:
        _look_at_file(settings)
        async with opening.database(settings) as database:
            for each in await _of_database(settings, database, now):
                yield each
    except (WrongSettings, BadBackup, StorageFault) as problem:
        yield True, f"the database cannot be used: {problem}"
    for finding in _as_set(settings):
        yield finding
    public_url, telegram = settings.config.bot.public_url, settings.config.telegram
    if telegram.enabled:
        for text in await telegram_check.problems(telegram, public_url, clock=lambda: datetime.now(UTC)):
            yield True, text
    if settings.config.wechat.enabled:
        try:
            account = wechat_settings.from_section(settings.config.wechat)
        except WrongSettings as problem:
            yield True, str(problem)
            return
        missing = wechat_check.limits(account, public_url)
        for text in await wechat_check.problems(account, public_url, clock=lambda: datetime.now(UTC)):
            yield text not in missing, text


def _as_set(settings: Settings) -> Iterator[Finding]:
    config = settings.config
    public_url = config.bot.public_url
    if not (config.telegram.enabled or config.wechat.enabled or config.web.chat):
        yield True, "nobody can write to it: enable telegram or wechat, or set web.chat = true"
    if not public_url:
        yield False, "bot.public_url: empty, so links to files and to the console work on this machine alone"
    elif not public_url.startswith("https://"):
        yield False, "bot.public_url: not https, so what people say and see can be read on the way"
    if public_url and (host := urlsplit(public_url).hostname) and not _is_known(host):
        yield False, f"bot.public_url: the name {host} cannot be looked up from here; is it registered?"
    if config.bot.support_phone == BotSection().support_phone:
        yield False, f"bot.support_phone: still {config.bot.support_phone}; put the telephone of the house"


def _is_known(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False


def _look_at_file(settings: Settings) -> None:
    """An SQLite file that is there must be sound, before anything is written to it."""
    if settings.database_url.startswith("sqlite:"):
        path = sqlite_path(settings.database_url)
        if path.exists():
            verify(path)


async def _of_database(settings: Settings, database: Database, now: datetime) -> list[Finding]:
    def look(tx: Transaction) -> list[Finding]:
        found = []
        try:
            must_not_be_sample(settings, is_sample=points.has_sample(tx))
        except WrongSettings:
            found.append((True, SAMPLE_POINTS))
        if not points.active(tx):
            found.append((False, "there are no service points yet; `hongyan points import FILE` reads them"))
        if not grants.holders(tx, "district_staff", now):
            found.append((False, "nobody has the role district_staff yet; `hongyan grant` gives it"))
        if (broken := first_broken(tx)) is not None:
            found.append((True, f"the audit log was changed at row {broken}; compare it with the backups"))
        if (newest := newest_at(tx)) is not None and newest > now + _SKEW:
            ahead = newest.isoformat(timespec="minutes")
            found.append((True, f"the clock of this machine went back: something was done at {ahead}; set the clock"))
        if settings_of_house.get(tx, outbox.PAUSED) is True:
            found.append((False, "sending is paused since a restore; `hongyan release` ends it"))
        return found

    return await database.read(look)

"""hongyan console-link: a one-time address that signs in to the console."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.address import address
from bot.commands.account import NoSuchAccount, account_named
from storage import grants, people, sessions
from storage.database import Transaction
from storage.refusals import NotAllowed


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not settings.config.web.console:
        print("hongyan: the console is off; set web.console = true", file=sys.stderr)
        return 1

    async def issue() -> tuple[str, str]:
        async with opening.database(settings) as database:
            return await database.write(link_for, asked.account, datetime.now(UTC))

    try:
        token, name = asyncio.run(issue())
    except NoSuchAccount as problem:
        print(f"hongyan: {problem}", file=sys.stderr)
        return 1
    except NotAllowed:
        print(f"hongyan: {asked.account} has no role; give one with `hongyan grant`", file=sys.stderr)
        return 1
    minutes = int(sessions.LINK_LASTS.total_seconds() // 60)
    print(f"{address(settings)}/console/in/{token}")
    print(f"Signs in as {name}, once, within {minutes} minutes.", file=sys.stderr)
    return 0


def link_for(tx: Transaction, account: str | None, now: datetime) -> tuple[str, str]:
    """The token and whose it is: of the account, else of the first district staff.

    Raises `NoSuchAccount`, `NotAllowed`.
    """
    if account is None:
        staff = next(iter(grants.holders(tx, "district_staff", now)), None)
        if staff is None:
            raise NoSuchAccount(
                "nobody has the role district_staff yet: write to the bot, register, then "
                "`hongyan grant district_staff --account CHANNEL:ID`"
            )
    else:
        staff = account_named(tx, account).person_id
        if staff is None:
            raise NoSuchAccount(f"{account} has not registered yet: send 登记 to the bot first")
    return sessions.link_for(tx, staff, now), people.get(tx, staff).name

"""hongyan grant ROLE: a role for an account, given from the machine itself."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.commands.account import NoSuchAccount, account_named
from storage import grants, points
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound


def run(asked: argparse.Namespace) -> int:
    if asked.role not in grants.ROLES:
        print(f"hongyan: no such role: {asked.role}; there are {', '.join(grants.ROLES)}", file=sys.stderr)
        return 2
    settings = config.read(asked.config)

    async def give() -> None:
        async with opening.database(settings) as database:
            await database.write(_give, asked.role, asked.account, asked.point, datetime.now(UTC))

    try:
        asyncio.run(give())
    except NoSuchAccount as problem:
        print(f"hongyan: {problem}", file=sys.stderr)
        return 1
    except NotFound:
        print(f"hongyan: --point {asked.point}: there is no point with this code", file=sys.stderr)
        return 1
    scope = f" at {asked.point}" if asked.point else ""
    print(f"{asked.account} is {asked.role}{scope}.")
    return 0


def _give(tx: Transaction, role: str, named: str, point: str | None, now: datetime) -> None:
    """Giving it again changes nothing. An account that is not registered keeps it when it registers."""
    account = account_named(tx, named)
    point_id = points.by_code(tx, point).id if point else None
    held = grants.roles_of(tx, account, now)
    scope = point_id, None, None
    if any((one.role, one.point_id, one.organisation_id, one.event_id) == (role, *scope) for one in held):
        return
    grants.grant(
        tx,
        role,
        Actor(channel="command"),
        now,
        person_id=account.person_id,
        account_id=account.id if account.person_id is None else None,
        point_id=point_id,
    )

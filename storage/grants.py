"""Roles: who may do what, where and until when. Each is given and taken back with a row in the audit log."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, or_, select, update

from storage import audit
from storage.accounts import Account
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import LastDistrictAccount
from storage.schema.people import accounts as accounts_table
from storage.schema.people import grants as table

ROLES = ("checker", "organiser", "point_lead", "branch_secretary", "district_staff", "auditor")


@dataclass(slots=True)
class Grant:
    """A role with what it reaches; none of the three is the whole district."""

    id: int
    role: str
    point_id: int | None
    organisation_id: int | None
    event_id: int | None
    ends_at: datetime | None


_COLUMNS = (table.c.id, table.c.role, table.c.point_id, table.c.organisation_id, table.c.event_id, table.c.ends_at)
_IN_FORCE = (
    table.c.revoked_at.is_(None),
    table.c.starts_at <= bindparam("now"),
    or_(table.c.ends_at.is_(None), table.c.ends_at > bindparam("now")),
)
_OF = (
    select(*_COLUMNS)
    .where(
        or_(
            table.c.person_id == bindparam("person"),
            table.c.account_id == bindparam("account"),
            table.c.account_id.in_(
                select(accounts_table.c.id).where(accounts_table.c.person_id == bindparam("person"))
            ),
        ),
        *_IN_FORCE,
    )
    .order_by(table.c.id)
)
_OFFICES = (
    select(accounts_table.c.user, table.c.role)
    .join(
        accounts_table,
        or_(accounts_table.c.id == table.c.account_id, accounts_table.c.person_id == table.c.person_id),
    )
    .where(accounts_table.c.channel == bindparam("of_channel"), accounts_table.c.reachable, *_IN_FORCE)
)
_ON_DUTY = (
    select(table.c.person_id)
    .where(table.c.person_id.is_not(None), *_IN_FORCE)
    .where(
        or_(
            table.c.role == "district_staff",
            (table.c.role == "point_lead") & (table.c.point_id == bindparam("point")),
        )
    )
    .distinct()
)
_HOLDERS = (
    select(table.c.person_id)
    .where(table.c.role == bindparam("held"), table.c.person_id.is_not(None), *_IN_FORCE)
    .order_by(table.c.id)
)
_ALL_IN_FORCE = (
    select(*_COLUMNS, table.c.person_id, table.c.account_id, table.c.starts_at).where(*_IN_FORCE).order_by(table.c.id)
)
_ADD = insert(table).returning(table.c.id)
_REVOKE = (
    update(table)
    .where(table.c.id == bindparam("grant"), table.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"), revoked_by=bindparam("actor"))
)
_ROLE_OF = select(table.c.role).where(table.c.id == bindparam("grant"))
_DISTRICT = select(func.count()).where(table.c.role == "district_staff", *_IN_FORCE)


def roles_of(tx: Transaction, account: Account, now: datetime) -> list[Grant]:
    """What the person behind the account may do; before registering, what the account itself was given."""
    wanted = {"person": account.person_id or -1, "account": account.id, "now": now}
    return [Grant(*row) for row in tx.execute(_OF, wanted)]


def of_person(tx: Transaction, person_id: int, now: datetime) -> list[Grant]:
    """What a person may do, wherever they are."""
    return [Grant(*row) for row in tx.execute(_OF, {"person": person_id, "account": -1, "now": now})]


def in_force(tx: Transaction, now: datetime) -> list[tuple[Grant, int | None, int | None, datetime]]:
    """Every role held now: with the person or the account that holds it, and since when."""
    found = tx.execute(_ALL_IN_FORCE, {"now": now}).all()
    return [(Grant(*row[:6]), row.person_id, row.account_id, row.starts_at) for row in found]


def holders(tx: Transaction, role: str, now: datetime) -> list[int]:
    """Persons who have this role now, the first first."""
    return [person for (person,) in tx.execute(_HOLDERS, {"held": role, "now": now})]


def offices(tx: Transaction, channel: str, now: datetime) -> dict[str, set[str]]:
    """The roles of everyone who has an account in `channel`, by their id there."""
    found: dict[str, set[str]] = {}
    for user, role in tx.execute(_OFFICES, {"of_channel": channel, "now": now}):
        found.setdefault(user, set()).add(role)
    return found


def on_duty(tx: Transaction, point_id: int | None, now: datetime) -> list[int]:
    """Persons to be told at once: leads of the point, and district staff."""
    return [person for (person,) in tx.execute(_ON_DUTY, {"point": point_id or -1, "now": now})]


def grant(
    tx: Transaction,
    role: str,
    actor: Actor,
    now: datetime,
    *,
    person_id: int | None = None,
    account_id: int | None = None,
    point_id: int | None = None,
    organisation_id: int | None = None,
    event_id: int | None = None,
    ends_at: datetime | None = None,
) -> int:
    if role not in ROLES:
        raise ValueError(f"no such role: {role}")
    row = {"role": role, "person_id": person_id, "account_id": account_id, "point_id": point_id}
    row |= {"organisation_id": organisation_id, "event_id": event_id}
    given = {**row, "starts_at": now, "ends_at": ends_at, "granted_by": actor.person_id}
    grant_id = int(tx.execute(_ADD, given).scalar_one())
    audit.note(tx, actor, "role.grant", f"grant {grant_id}", now, after={**row, "ends_at": ends_at})
    return grant_id


def revoke(tx: Transaction, grant_id: int, actor: Actor, now: datetime) -> None:
    """Takes effect at once. Raises `LastDistrictAccount`."""
    tx.lock("grants")
    role = tx.execute(_ROLE_OF, {"grant": grant_id}).scalar()
    if role == "district_staff" and tx.execute(_DISTRICT, {"now": now}).scalar_one() <= 1:
        raise LastDistrictAccount
    tx.execute(_REVOKE, {"grant": grant_id, "now": now, "actor": actor.person_id})
    audit.note(tx, actor, "role.revoke", f"grant {grant_id}", now, before={"role": role})

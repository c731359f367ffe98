"""Where a Party member takes part here, and what staff found out about the membership (domain 4.2)."""

from datetime import datetime
from typing import Literal

from sqlalchemy import func, select

from storage import audit, organisations, people
from storage.audit import Actor
from storage.database import Transaction
from storage.people import Person
from storage.refusals import NotFound
from storage.schema.people import people as table

Verification = Literal["verified", "not_confirmed", "self_reported"]
BRANCHES = ("branch", "temporary_branch", "estate_branch")
TYPES = ("mobile_member", "short_stay_member", "transferred_member", "local_member")

_IN_BRANCHES = (
    select(table.c.host_branch_id, table.c.verification, func.count())
    .where(table.c.state == "active", table.c.host_branch_id.is_not(None))
    .group_by(table.c.host_branch_id, table.c.verification)
)


def place(tx: Transaction, person: Person, branch_id: int, group: str | None, actor: Actor, now: datetime) -> None:
    """编入支部: the one branch here; the affiliation at home stays as it is. Raises `NotFound` for who is no member."""
    _must_be_member(person)
    if organisations.held(tx, branch_id).kind not in BRANCHES:
        raise NotFound("支部")
    before = {"host_branch": person.host_branch_id}
    person.host_branch_id, person.party_group = branch_id, group or None
    _keep(tx, person, "place", actor, now, before, {"host_branch": branch_id})


def take_out(tx: Transaction, person: Person, actor: Actor, now: datetime, reason: str) -> None:
    """Out of the branch here, as when a member goes home for good."""
    before = {"host_branch": person.host_branch_id}
    person.host_branch_id = person.party_group = None
    _keep(tx, person, "take_out", actor, now, before, None, reason)


def verify(tx: Transaction, person: Person, found: Verification, actor: Actor, now: datetime) -> None:
    """核实. Raises `NotFound` for who is no member."""
    _must_be_member(person)
    before, person.verification = person.verification, found
    _keep(tx, person, "verify", actor, now, before, found)


def decide_type(tx: Transaction, person: Person, member_type: str | None, actor: Actor, now: datetime) -> None:
    """身份类别, which Party organisations decide (domain 4.2.4). Raises `NotFound` for who is no member."""
    _must_be_member(person)
    if member_type is not None and member_type not in TYPES:
        raise NotFound("身份类别")
    before, person.party.member_type = person.party.member_type, member_type
    _keep(tx, person, "member_type", actor, now, before, member_type)


def counts(tx: Transaction) -> dict[int, tuple[int, int]]:
    """By branch: how many members are placed there, and how many of them are verified."""
    found: dict[int, tuple[int, int]] = {}
    for branch_id, verification, number in tx.execute(_IN_BRANCHES):
        placed, verified = found.get(branch_id, (0, 0))
        found[branch_id] = placed + number, verified + (number if verification == "verified" else 0)
    return found


def _must_be_member(person: Person) -> None:
    if person.party.member != "yes":
        raise NotFound("党员")


def _keep(
    tx: Transaction,
    person: Person,
    what: str,
    actor: Actor,
    now: datetime,
    before: object,
    after: object,
    reason: str | None = None,
) -> None:
    people.change(tx, person, now)
    audit.note(tx, actor, f"person.{what}", f"person {person.id}", now, before=before, after=after, reason=reason)

"""One person on several channels: a code given on one, typed on the other (domain 4.2.2)."""

from datetime import datetime

from storage import accounts, audit, consents, people, tokens
from storage.accounts import Account
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import AlreadyLinked

_PURPOSE = "link"


def offer(tx: Transaction, person_id: int, actor: Actor, now: datetime) -> str:
    """Six digits that make another account the person's own, once and within `tokens.CODE_LASTS`.

    Staff give one to somebody they registered themselves, who has no account yet.
    """
    audit.note(tx, actor, "account.offer", f"person {person_id}", now)
    return tokens.issue_code(tx, _PURPOSE, {"person": person_id}, now)


def accept(tx: Transaction, account: Account, code: str, now: datetime) -> int | None:
    """Make `account` that of the person whose code this is. None for a wrong code, which is counted.

    Raises `TooManyTries`, and `AlreadyLinked` when somebody else is registered here.
    """
    subject = tokens.redeem_code(tx, _PURPOSE, code, account, now)
    if subject is None:
        return None
    person = people.get(tx, subject["person"])
    if account.person_id is not None and people.get(tx, account.person_id).id != person.id:
        raise AlreadyLinked(people.get(tx, account.person_id).name)
    join(tx, account, person.id, now)
    return person.id


def join(tx: Transaction, account: Account, person_id: int, now: datetime) -> None:
    """Make `account` the person's, with all it had agreed to."""
    accounts.belongs_to(tx, account.id, person_id)
    consents.adopt(tx, account, person_id)
    account.person_id = person_id
    audit.note(tx, Actor(person_id, "resident", account.channel), "account.link", f"person {person_id}", now)


def others(tx: Transaction, account: Account) -> list[Account]:
    """The person's other accounts."""
    if account.person_id is None:
        return []
    return [other for other in accounts.of_person(tx, account.person_id) if other.id != account.id]


def part(tx: Transaction, account: Account, now: datetime) -> None:
    """The account is nobody's again. What the person has stays with the person."""
    actor = Actor(account.person_id, "resident", account.channel)
    audit.note(tx, actor, "account.part", f"person {account.person_id}", now)
    accounts.belongs_to(tx, account.id, None)

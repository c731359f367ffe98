"""What people agreed to: for which purpose, to which words, when and where; nothing of it is changed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, or_, select, update

from storage.accounts import Account
from storage.database import Transaction
from storage.schema.people import consents as table


@dataclass(frozen=True, slots=True)
class ConsentText:
    """The words somebody is asked to agree to. A change of meaning is a new version, and is asked again."""

    purpose: str
    version: str
    text: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


_ADD = insert(table)
_CURRENT = (
    select(table.c.given)
    .where(or_(table.c.account_id == bindparam("account"), table.c.person_id == bindparam("person")))
    .where(table.c.purpose == bindparam("of_purpose"), table.c.version == bindparam("of_version"))
    .where(table.c.withdrawn_at.is_(None))
    .order_by(table.c.id.desc())
    .limit(1)
)
_GIVEN = (
    select(table.c.purpose, table.c.version, table.c.at)
    .where(or_(table.c.account_id == bindparam("account"), table.c.person_id == bindparam("person")))
    .where(table.c.given, table.c.withdrawn_at.is_(None))
    .order_by(table.c.id)
)
_WITHDRAW = (
    update(table)
    .where(or_(table.c.account_id == bindparam("account"), table.c.person_id == bindparam("person")))
    .where(table.c.purpose == bindparam("of_purpose"), table.c.withdrawn_at.is_(None))
    .values(withdrawn_at=bindparam("now"))
)
_ADOPT = update(table).where(table.c.account_id == bindparam("account"), table.c.person_id.is_(None))


def give(tx: Transaction, account: Account, text: ConsentText, now: datetime, *, given: bool = True) -> None:
    """Note a yes, or a no, to exactly these words."""
    row = {"person_id": account.person_id, "account_id": account.id, "purpose": text.purpose, "version": text.version}
    row |= {"text_hash": text.hash, "given": given, "channel": account.channel}
    tx.execute(_ADD, {**row, "at": now})


def current(tx: Transaction, account: Account, text: ConsentText) -> bool:
    """Whether a yes to this version stands, given here or on another account of the person."""
    wanted = {**_whose(account), "of_purpose": text.purpose, "of_version": text.version}
    return bool(tx.execute(_CURRENT, wanted).scalar())


def standing(tx: Transaction, account: Account) -> list[tuple[str, str, datetime]]:
    """Purpose, version and moment of every yes that stands."""
    return [(purpose, version, at) for purpose, version, at in tx.execute(_GIVEN, _whose(account))]


def withdraw(tx: Transaction, account: Account, purpose: str, now: datetime) -> None:
    tx.execute(_WITHDRAW, {**_whose(account), "of_purpose": purpose, "now": now})


def adopt(tx: Transaction, account: Account, person_id: int) -> None:
    """What the account agreed to before its person was known is that person's."""
    tx.execute(_ADOPT.values(person_id=person_id), {"account": account.id})


def _whose(account: Account) -> dict[str, int]:
    return {"account": account.id, "person": account.person_id or -1}

"""What people agreed to: for which purpose, to which words, when and where; nothing of it is changed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, bindparam, cast, delete, exists, insert, literal, literal_column, or_, select, update

from storage.accounts import Account
from storage.database import Transaction
from storage.schema.people import accounts, people
from storage.schema.people import consents as table
from storage.schema.talks import outbox
from storage.spans import EVERYONE, WITHIN, Span


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
_NUMBER = cast(people.c.id, String)
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
_newer = table.alias("newer")
_EARLIER = (
    select(people.c.id)
    .where(WITHIN, people.c.state == "active", exists().where(accounts.c.person_id == people.c.id))
    .where(
        exists().where(
            table.c.person_id == people.c.id,
            table.c.purpose == bindparam("of_purpose"),
            table.c.given,
            table.c.withdrawn_at.is_(None),
        ),
        ~exists().where(
            _newer.c.person_id == people.c.id,
            _newer.c.purpose == bindparam("of_purpose"),
            _newer.c.version == bindparam("of_version"),
        ),
        ~exists().where(outbox.c.key == literal("consent:").concat(bindparam("asked_as")).concat(_NUMBER)),
    )
    .order_by(people.c.id)
    .limit(bindparam("at_most"))
)
_GONE = select(people.c.id).where(people.c.state == literal_column("'anonymised'"))  # as in its index
_FORGET = (
    delete(table).where(table.c.person_id.in_(_GONE), table.c.withdrawn_at < bindparam("before")),
    delete(table).where(table.c.person_id.is_(None), table.c.at < bindparam("before")),
)
_ADOPT = (
    update(table)
    .where(table.c.account_id == bindparam("account"), table.c.person_id.is_(None))
    .values(person_id=bindparam("person"))
)


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


def of_earlier_words(tx: Transaction, text: ConsentText, at_most: int, among: Span = EVERYONE) -> list[int]:
    """Persons who agreed to an earlier version, neither answered this one nor were asked about it (`asking_key`)."""
    wanted = {"of_purpose": text.purpose, "of_version": text.version, "asked_as": f"{text.purpose}:{text.version}:"}
    return [person for (person,) in tx.execute(_EARLIER, {**wanted, **among.bounds, "at_most": at_most})]


def asking_key(text: ConsentText, person_id: int) -> str:
    """Of the message in the outbox that asks the person about this version."""
    return f"consent:{text.purpose}:{text.version}:{person_id}"


def forget_before(tx: Transaction, before: datetime) -> int:
    """Drop what ended before that with the registration itself, and what was said before by who never registered."""
    return sum(tx.execute(statement, {"before": before}).rowcount for statement in _FORGET)


def adopt(tx: Transaction, account: Account, person_id: int) -> None:
    """What the account agreed to before its person was known is that person's."""
    tx.execute(_ADOPT, {"account": account.id, "person": person_id})


def _whose(account: Account) -> dict[str, int]:
    return {"account": account.id, "person": account.person_id or -1}

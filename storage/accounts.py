"""Chat accounts: one identity in one channel, with or without a person behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from storage.database import Transaction
from storage.schema.people import accounts as table

_HEARD_EVERY = timedelta(minutes=1)  # closer would cost a write for each message and tell nobody more


@dataclass(slots=True)
class Account:
    id: int
    channel: str
    user: str
    person_id: int | None
    reachable: bool
    last_heard_at: datetime | None


_COLUMNS = (table.c.id, table.c.channel, table.c.user, table.c.person_id, table.c.reachable, table.c.last_heard_at)
_BY_ADDRESS = select(*_COLUMNS).where(table.c.channel == bindparam("channel"), table.c.user == bindparam("user"))
_BY_ID = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_OF_PERSON = select(*_COLUMNS).where(table.c.person_id == bindparam("person")).order_by(table.c.last_heard_at.desc())
_ADD = insert(table).returning(table.c.id)
_HEARD = (
    update(table)
    .where(table.c.id == bindparam("account"))
    .values(last_heard_at=bindparam("now"), reachable=True, unreachable_because=None)
)
_LOST = (
    update(table)
    .where(table.c.id == bindparam("account"))
    .values(reachable=False, unreachable_because=bindparam("because"))
)
_BELONGS = update(table).where(table.c.id == bindparam("account")).values(person_id=bindparam("person"))


def find(tx: Transaction, channel: str, user: str) -> Account | None:
    row = tx.execute(_BY_ADDRESS, {"channel": channel, "user": user}).first()
    return None if row is None else Account(*row)


def get(tx: Transaction, account_id: int) -> Account:
    return Account(*tx.execute(_BY_ID, {"id": account_id}).one())


def hold(tx: Transaction, channel: str, user: str) -> None:
    """No other worker answers this chat until this ends."""
    tx.lock(f"{channel} {user}")


def hold_chats(tx: Transaction, person_id: int) -> list[Account]:
    """`hold` every account of the person, and return them."""
    found = sorted(of_person(tx, person_id), key=lambda account: account.id)
    for account in found:
        hold(tx, account.channel, account.user)
    return found


def heard(tx: Transaction, channel: str, user: str, now: datetime) -> Account:
    """The account that writes just now; a new one when it is heard for the first time. Whoever writes is reachable."""
    account = find(tx, channel, user)
    if account is None:
        number = tx.execute(
            _ADD, {"channel": channel, "user": user, "reachable": True, "last_heard_at": now, "created_at": now}
        ).scalar_one()
        return Account(number, channel, user, None, True, now)
    if not account.reachable or account.last_heard_at is None or now - account.last_heard_at >= _HEARD_EVERY:
        tx.execute(_HEARD, {"account": account.id, "now": now})
        account.reachable, account.last_heard_at = True, now
    return account


def lost(tx: Transaction, account_id: int, because: str) -> None:
    """No message reaches this account until it writes again."""
    tx.execute(_LOST, {"account": account_id, "because": because[:80]})


def belongs_to(tx: Transaction, account_id: int, person_id: int | None) -> None:
    tx.execute(_BELONGS, {"account": account_id, "person": person_id})


def of_person(tx: Transaction, person_id: int) -> list[Account]:
    """Every account of the person, the one used last first."""
    return [Account(*row) for row in tx.execute(_OF_PERSON, {"person": person_id})]

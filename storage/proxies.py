"""Who acts for whom: asked by the relative, agreed to by the resident, ended by either with one word."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, or_, select, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound
from storage.schema.people import proxies as table


@dataclass(slots=True)
class Proxy:
    """`proxy_id` acts for `person_id`, from `agreed_at` on; asked only while that is None."""

    id: int
    person_id: int
    proxy_id: int
    sees_party: bool
    agreed_at: datetime | None


_COLUMNS = (table.c.id, table.c.person_id, table.c.proxy_id, table.c.sees_party, table.c.agreed_at)
_STANDS = table.c.ended_at.is_(None)
_BY_ID = select(*_COLUMNS).where(table.c.id == bindparam("proxy"), _STANDS)
_BETWEEN = select(*_COLUMNS).where(
    table.c.person_id == bindparam("person"), table.c.proxy_id == bindparam("helper"), _STANDS
)
_OF = (
    select(*_COLUMNS)
    .where(or_(table.c.person_id == bindparam("person"), table.c.proxy_id == bindparam("person")), _STANDS)
    .order_by(table.c.id)
)
_ADD = insert(table).returning(table.c.id)
_AGREE = (
    update(table)
    .where(table.c.id == bindparam("proxy"), table.c.agreed_at.is_(None))
    .values(agreed_at=bindparam("now"), sees_party=bindparam("party"))
)
_END = update(table).where(table.c.id == bindparam("proxy"), _STANDS).values(ended_at=bindparam("now"))


def ask(tx: Transaction, person_id: int, proxy_id: int, actor: Actor, now: datetime) -> Proxy:
    """Note the wish to act for somebody. Asking again is harmless and answers how it stands."""
    tx.lock(f"person {person_id}")
    row = tx.execute(_BETWEEN, {"person": person_id, "helper": proxy_id}).first()
    if row is not None:
        return Proxy(*row)
    asked = {"person_id": person_id, "proxy_id": proxy_id, "sees_party": False, "asked_at": now}
    number = int(tx.execute(_ADD, asked).scalar_one())
    audit.note(tx, actor, "proxy.ask", f"person {person_id}", now, after={"proxy": proxy_id})
    return Proxy(number, person_id, proxy_id, False, None)


def agree(tx: Transaction, proxy: Proxy, actor: Actor, now: datetime, *, sees_party: bool = False) -> None:
    """The resident's yes, or that of staff with the resident beside them."""
    tx.execute(_AGREE, {"proxy": proxy.id, "now": now, "party": sees_party})
    after = {"proxy": proxy.proxy_id, "sees_party": sees_party}
    audit.note(tx, actor, "proxy.agree", f"person {proxy.person_id}", now, after=after)


def end(tx: Transaction, proxy: Proxy, actor: Actor, now: datetime) -> None:
    """From now on nothing more is done or told; also the resident's no. Doing it twice is harmless."""
    if tx.execute(_END, {"proxy": proxy.id, "now": now}).rowcount:
        audit.note(tx, actor, "proxy.end", f"person {proxy.person_id}", now, before={"proxy": proxy.proxy_id})


def get(tx: Transaction, number: int) -> Proxy:
    """One that has not ended. Raises `NotFound`."""
    row: Any = tx.execute(_BY_ID, {"proxy": number}).first()
    if row is None:
        raise NotFound("代办")
    return Proxy(*row)


def helpers_of(tx: Transaction, person_id: int) -> list[Proxy]:
    """Who acts for the person, or asked to (`agreed_at` is None)."""
    return [proxy for proxy in _standing(tx, person_id) if proxy.person_id == person_id]


def acts_for(tx: Transaction, proxy_id: int) -> list[Proxy]:
    """For whom this person acts, or asked to act."""
    return [proxy for proxy in _standing(tx, proxy_id) if proxy.proxy_id == proxy_id]


def may_act_for(tx: Transaction, person_id: int, proxy_id: int | None) -> bool:
    return any(proxy.agreed_at and proxy.proxy_id == proxy_id for proxy in helpers_of(tx, person_id))


def _standing(tx: Transaction, person_id: int) -> list[Proxy]:
    return [Proxy(*row) for row in tx.execute(_OF, {"person": person_id})]

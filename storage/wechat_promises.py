"""One-time subscription in WeChat: what was offered, and which consents can still be used for one message each."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage.database import Transaction
from storage.schema.events import events, sign_ups
from storage.schema.people import accounts
from storage.schema.wechat import wechat_promises as table

_SCENES = 10_000  # the platform's largest; 0 is never used: nothing arrived with it in one report
_OFFER_LASTS = timedelta(days=7)
_SOON = timedelta(hours=24)  # before an event so near no reminder is sent

_LAST_SCENE = select(func.max(table.c.scene)).where(table.c.user == bindparam("who"))
_OFFER = insert(table)
_OFFERED = select(table.c.user, table.c.scene, table.c.state, table.c.changed_at).where(
    table.c.key == bindparam("which")
)
_CHANGE = (
    update(table).where(table.c.key == bindparam("which")).values(state=bindparam("to"), changed_at=bindparam("at"))
)
_GIVEN = (
    select(table.c.key, table.c.scene)
    .where(table.c.user == bindparam("who"), table.c.state == "given")
    .order_by(table.c.changed_at, table.c.scene)
)
_OF_SCENE = (
    update(table)
    .where(table.c.user == bindparam("who"), table.c.scene == bindparam("which"))
    .values(state=bindparam("to"), changed_at=bindparam("at"))
)
_WITHOUT = (
    select(sign_ups.c.id)
    .join(accounts, accounts.c.person_id == sign_ups.c.person_id)
    .join(events, events.c.id == sign_ups.c.event_id)
    .where(accounts.c.channel == "wechat", accounts.c.user == bindparam("who"))
    .where(sign_ups.c.state == "confirmed", events.c.starts_at > bindparam("from_then"))
    .where(~select(table.c.key).where(table.c.sign_up_id == sign_ups.c.id).exists())
    .order_by(sign_ups.c.changed_at.desc(), sign_ups.c.id.desc())
    .limit(1)
)
_OLD = delete(table).where(table.c.state != "given", table.c.changed_at < bindparam("before"))


@dataclass(frozen=True, slots=True)
class Offer:
    """`token` comes back with the answer and proves that it belongs to this offer: letters and digits."""

    token: str
    scene: int


def offer_if_wanted(tx: Transaction, user: str, now: datetime) -> Offer | None:
    """An offer to be reminded of the last sign-up that nothing was offered for yet; None when there is none."""
    sign_up: int | None = tx.execute(_WITHOUT, {"who": user, "from_then": now + _SOON}).scalar()
    return None if sign_up is None else offer(tx, user, sign_up, now)


def offer(tx: Transaction, user: str, sign_up_id: int, now: datetime) -> Offer:
    """A fresh offer. Consents on one scene do not add up, so each gets its own."""
    last: int | None = tx.execute(_LAST_SCENE, {"who": user}).scalar()
    scene = (last or 0) % _SCENES + 1
    token = secrets.token_hex(16)
    row: dict[str, Any] = {"key": _key(tx, token), "user": user, "scene": scene, "state": "offered"}
    tx.execute(_OFFER, {**row, "sign_up_id": sign_up_id, "changed_at": now})
    return Offer(token, scene)


def answer(tx: Transaction, token: str, user: str | None, scene: int, now: datetime) -> bool:
    """The person agreed (`user` is who did) or not (None). False for anything but the first answer to a real offer."""
    row = tx.execute(_OFFERED, {"which": _key(tx, token)}).first()
    if row is None or row.state != "offered" or row.scene != scene or now - row.changed_at > _OFFER_LASTS:
        return False
    if user is not None and user != row.user:
        return False
    tx.execute(_CHANGE, {"which": _key(tx, token), "to": "refused" if user is None else "given", "at": now})
    return True


def use(tx: Transaction, user: str, now: datetime) -> int | None:
    """Take the oldest unused consent: its scene, or None."""
    row = tx.execute(_GIVEN, {"who": user}).first()
    if row is None:
        return None
    tx.execute(_CHANGE, {"which": row.key, "to": "used", "at": now})
    return int(row.scene)


def give_back(tx: Transaction, user: str, scene: int, now: datetime) -> None:
    """The message certainly did not leave: its consent can be used again."""
    tx.execute(_OF_SCENE, {"who": user, "which": scene, "to": "given", "at": now})


def unused(tx: Transaction, user: str) -> int:
    return len(tx.execute(_GIVEN, {"who": user}).all())


def forget_before(tx: Transaction, before: datetime) -> int:
    return tx.execute(_OLD, {"before": before}).rowcount


def _key(tx: Transaction, token: str) -> bytes:
    return tx.vault.lookup("wechat promise", token)

"""Sessions of the console: begun by a one-time link, ended by rest, by the day, or by signing out."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, or_, select, update

from storage import grants, tokens
from storage.database import Transaction
from storage.refusals import NotAllowed
from storage.schema.sessions import sessions as table

LINK = "console"
LINK_LASTS = timedelta(minutes=15)
LASTS = timedelta(hours=12)
REST = timedelta(hours=1)
_SEEN_EVERY = timedelta(minutes=1)  # closer would cost a write for each page

_ADD = insert(table)
_GET = select(table.c.person_id, table.c.began_at, table.c.seen_at).where(table.c.key == bindparam("session_key"))
_SEEN = update(table).where(table.c.key == bindparam("session_key")).values(seen_at=bindparam("now"))
_END = delete(table).where(table.c.key == bindparam("session_key"))
_OVER = delete(table).where(or_(table.c.began_at <= bindparam("began"), table.c.seen_at <= bindparam("seen")))


def link_for(tx: Transaction, person_id: int, now: datetime) -> str:
    """A one-time token that signs this person in. Raises `NotAllowed` for whoever has no office."""
    if not grants.of_person(tx, person_id, now):
        raise NotAllowed("工作人员")
    return tokens.issue(tx, LINK, {"person": person_id}, now, LINK_LASTS)


def begin(tx: Transaction, token: str, now: datetime) -> tuple[str, int]:
    """Use up the link; returns the secret for the browser and the person. Raises `CodeNotValid`."""
    person_id = int(tokens.redeem(tx, LINK, token, now)["person"])
    secret = secrets.token_urlsafe(32)
    row = {"key": _key(tx, secret), "person_id": person_id, "began_at": now, "seen_at": now}
    tx.execute(_ADD, row)
    return secret, person_id


def person_of(tx: Transaction, secret: str, now: datetime) -> int | None:
    """Who is signed in with this secret; None when nobody is, or no longer."""
    row = tx.execute(_GET, {"session_key": _key(tx, secret)}).first()
    if row is None or now - row.began_at > LASTS or now - row.seen_at > REST:
        return None
    return int(row.person_id)


def must_note(tx: Transaction, secret: str, now: datetime) -> bool:
    row = tx.execute(_GET, {"session_key": _key(tx, secret)}).first()
    return row is not None and now - row.seen_at >= _SEEN_EVERY


def seen(tx: Transaction, secret: str, now: datetime) -> None:
    tx.execute(_SEEN, {"session_key": _key(tx, secret), "now": now})


def end(tx: Transaction, secret: str) -> None:
    tx.execute(_END, {"session_key": _key(tx, secret)})


def forget_over(tx: Transaction, now: datetime) -> int:
    return tx.execute(_OVER, {"began": now - LASTS, "seen": now - REST}).rowcount


def _key(tx: Transaction, secret: str) -> bytes:
    return tx.vault.lookup("console session", secret)

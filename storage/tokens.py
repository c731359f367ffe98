"""One-time codes and links. Only keyed hashes are kept: who reads the database can open nothing with it."""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from storage.accounts import Account
from storage.database import Transaction
from storage.refusals import CodeNotValid, TooManyTries
from storage.schema.people import tokens as table
from storage.upsert import upsert

CODE_LASTS = timedelta(minutes=10)
LINK_LASTS = timedelta(days=7)
REST = timedelta(minutes=30)  # after too many wrong codes
MOST_WRONG = 5  # by one account within `REST`
MOST_WRONG_IN_ALL = 40  # by everyone within `REST`: accounts of the web chat cost nothing

_ADD = insert(table)
_STANDING = select(table.c.subject).where(
    table.c.key == bindparam("token_key"),
    table.c.purpose == bindparam("for_purpose"),
    table.c.used_at.is_(None),
    table.c.expires_at > bindparam("now"),
)
_USE = (
    update(table)
    .where(
        table.c.key == bindparam("token_key"),
        table.c.purpose == bindparam("for_purpose"),
        table.c.used_at.is_(None),
        table.c.expires_at > bindparam("now"),
    )
    .values(used_at=bindparam("now"))
    .returning(table.c.subject)
)
_TAKEN = select(table.c.key).where(table.c.key == bindparam("token_key"), table.c.expires_at > bindparam("now"))
_DROP = delete(table).where(table.c.key == bindparam("token_key"))
_EXPIRED = delete(table).where(table.c.expires_at <= bindparam("now"))
_COUNT = upsert(table, key=("key",), change=("subject", "expires_at"))
_COUNTED = select(table.c.subject).where(table.c.key == bindparam("token_key"), table.c.expires_at > bindparam("now"))


def issue(tx: Transaction, purpose: str, subject: dict[str, Any], now: datetime, lasts: timedelta = LINK_LASTS) -> str:
    """A token for a link, 24 characters. `subject` is what it stands for; no name or phone belongs in it."""
    token = secrets.token_urlsafe(18)
    _keep(tx, purpose, token, subject, now + lasts)
    return token


def issue_code(
    tx: Transaction, purpose: str, subject: dict[str, Any], now: datetime, lasts: timedelta = CODE_LASTS
) -> str:
    """Six digits to be read on one screen and typed on another. Short, so it lives short: see `redeem_code`."""
    while True:
        code = f"{secrets.randbelow(1_000_000):06d}"
        key = tx.vault.lookup(f"token {purpose}", code)
        if tx.execute(_TAKEN, {"token_key": key, "now": now}).first() is None:
            tx.execute(_DROP, {"token_key": key})  # an old one of the same digits
            _keep(tx, purpose, code, subject, now + lasts)
            return code


def read(tx: Transaction, purpose: str, token: str, now: datetime) -> dict[str, Any]:
    """What the token stands for, without using it up. Raises `CodeNotValid`."""
    wanted = {"token_key": tx.vault.lookup(f"token {purpose}", token), "for_purpose": purpose, "now": now}
    return _subject(tx.execute(_STANDING, wanted).scalar())


def redeem(tx: Transaction, purpose: str, token: str, now: datetime) -> dict[str, Any]:
    """The same, once. Raises `CodeNotValid` when it is wrong, used or expired."""
    wanted = {"token_key": tx.vault.lookup(f"token {purpose}", token), "for_purpose": purpose, "now": now}
    return _subject(tx.execute(_USE, wanted).scalar())


def redeem_code(tx: Transaction, purpose: str, code: str, account: Account, now: datetime) -> dict[str, Any] | None:
    """The same for six digits; None for a wrong code, which is counted: so the caller must let its transaction stand.

    Raises `TooManyTries` once this account, or all together, typed too many wrong ones.
    """
    tx.lock(f"codes {purpose}")  # wrong ones typed at once all count
    if _wrong(tx, purpose, account.id, now) >= MOST_WRONG or _wrong(tx, purpose, None, now) >= MOST_WRONG_IN_ALL:
        raise TooManyTries(int(REST.total_seconds() // 60))
    try:
        return redeem(tx, purpose, code, now)
    except CodeNotValid:
        for account_id in (account.id, None):
            count = _wrong(tx, purpose, account_id, now) + 1
            key = _counter(tx, purpose, account_id)
            row = {"key": key, "purpose": "wrong codes", "subject": json.dumps(count), "expires_at": now + REST}
            tx.execute(_COUNT(tx), row)
        return None


def forget_expired(tx: Transaction, now: datetime) -> int:
    return tx.execute(_EXPIRED, {"now": now}).rowcount


def _keep(tx: Transaction, purpose: str, token: str, subject: dict[str, Any], expires_at: datetime) -> None:
    key = tx.vault.lookup(f"token {purpose}", token)
    tx.execute(_ADD, {"key": key, "purpose": purpose, "subject": json.dumps(subject), "expires_at": expires_at})


def _subject(kept: str | None) -> dict[str, Any]:
    if kept is None:
        raise CodeNotValid
    subject: dict[str, Any] = json.loads(kept)
    return subject


def _counter(tx: Transaction, purpose: str, account_id: int | None) -> bytes:
    return tx.vault.lookup(f"wrong {purpose}", str(account_id))


def _wrong(tx: Transaction, purpose: str, account_id: int | None, now: datetime) -> int:
    kept = tx.execute(_COUNTED, {"token_key": _counter(tx, purpose, account_id), "now": now}).scalar()
    return 0 if kept is None else int(json.loads(kept))

"""Files made for people (a calendar entry, a workbook), opened by a token that only they were given."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select

from storage.database import Transaction
from storage.schema.talks import files as table

KEPT = timedelta(days=7)  # care.md 7: export files on the server

_ADD = insert(table)
_BY_KEY = select(table.c.name, table.c.media_type, table.c.content, table.c.expires_at).where(
    table.c.key == bindparam("token_key")
)
_FORGET = delete(table).where(table.c.key == bindparam("token_key"))
_EXPIRED = delete(table).where(table.c.expires_at <= bindparam("now"))


def add(
    tx: Transaction,
    name: str,
    media_type: str,
    content: bytes,
    person_id: int | None,
    now: datetime,
    lasts: timedelta = KEPT,
) -> str:
    """Keep a file, for seven days unless something else is said.

    Returns the token that opens it; only its keyed hash is stored.
    """
    token = secrets.token_urlsafe(18)
    context = tx.vault.lookup("file", token).hex()
    row = {
        "key": tx.vault.lookup("file", token),
        "name": tx.vault.seal(name, f"files.name|{context}"),
        "media_type": media_type,
        "content": tx.vault.seal_bytes(content, f"files.content|{context}"),
        "person_id": person_id,
        "expires_at": now + lasts,
        "created_at": now,
    }
    tx.execute(_ADD, row)
    return token


def opened_by(tx: Transaction, token: str, now: datetime) -> tuple[str, str, bytes] | None:
    """Name, media type and content of the file; None when there is none, or no longer."""
    key = tx.vault.lookup("file", token)
    row = tx.execute(_BY_KEY, {"token_key": key}).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    context = key.hex()
    name = tx.vault.open(row.name, f"files.name|{context}")
    return name, row.media_type, tx.vault.open_bytes(row.content, f"files.content|{context}")


def forget(tx: Transaction, token: str) -> None:
    """Drop a file before its time. Does nothing when there is none."""
    tx.execute(_FORGET, {"token_key": tx.vault.lookup("file", token)})


def forget_expired(tx: Transaction, now: datetime) -> int:
    return tx.execute(_EXPIRED, {"now": now}).rowcount

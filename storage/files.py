"""Files made for people (a calendar entry, a workbook), opened by a token that only they were given."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, insert, select

from storage.database import Transaction
from storage.schema.talks import file_pieces as pieces
from storage.schema.talks import files as table

KEPT = timedelta(days=7)  # care.md 7: export files on the server
PIECE = 1 << 18  # bytes: a file that may be large is kept and read in such pieces, never whole

_ADD = insert(table)
_BY_KEY = select(table.c.name, table.c.media_type, table.c.content, table.c.expires_at).where(
    table.c.key == bindparam("token_key")
)
_FORGET = delete(table).where(table.c.key == bindparam("token_key"))
_ADD_PIECE = insert(pieces)
_PIECE = select(pieces.c.content).where(pieces.c.key == bindparam("token_key"), pieces.c.place == bindparam("at_place"))
_COUNT_PIECES = select(func.count()).select_from(pieces).where(pieces.c.key == bindparam("token_key"))
_PIECES = select(pieces.c.place, pieces.c.content).where(pieces.c.key == bindparam("token_key")).order_by("place")
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


def add_piece(tx: Transaction, token: str, place: int, content: bytes) -> None:
    """Add to a file what comes after its beginning: the piece at `place`, from 1 on.

    Nobody is given the token before all are there. What a stop leaves unfinished is forgotten in its time.
    """
    key = tx.vault.lookup("file", token)
    sealed = tx.vault.seal_bytes(content, f"file_pieces.content|{key.hex()}/{place}")
    tx.execute(_ADD_PIECE, {"key": key, "place": place, "content": sealed})


def piece(tx: Transaction, token: str, place: int) -> bytes | None:
    """The piece at `place`, from 1 on; None when there is none."""
    key = tx.vault.lookup("file", token)
    sealed = tx.execute(_PIECE, {"token_key": key, "at_place": place}).scalar()
    return None if sealed is None else _opened(tx, key, place, sealed)


@dataclass(frozen=True, slots=True)
class Begun:
    """A file of which the `beginning` is read; `more` pieces follow, at the places from 1 on."""

    token: str
    name: str
    media_type: str
    beginning: bytes
    more: int


def begin(tx: Transaction, token: str, now: datetime) -> Begun | None:
    """None when there is no such file, or no longer."""
    key = tx.vault.lookup("file", token)
    row = tx.execute(_BY_KEY, {"token_key": key}).first()
    if row is None or (row.expires_at is not None and row.expires_at <= now):
        return None
    context = key.hex()
    name = tx.vault.open(row.name, f"files.name|{context}")
    beginning = tx.vault.open_bytes(row.content, f"files.content|{context}")
    more = int(tx.execute(_COUNT_PIECES, {"token_key": key}).scalar_one())
    return Begun(token, name, row.media_type, beginning, more)


def opened_by(tx: Transaction, token: str, now: datetime) -> tuple[str, str, bytes] | None:
    """Name, media type and content of the file, whole; None when there is none, or no longer."""
    found = begin(tx, token, now)
    if found is None:
        return None
    key = tx.vault.lookup("file", token)
    rest = [_opened(tx, key, row.place, row.content) for row in tx.execute(_PIECES, {"token_key": key}).all()]
    return found.name, found.media_type, b"".join([found.beginning, *rest])


def _opened(tx: Transaction, key: bytes, place: int, sealed: bytes) -> bytes:
    return tx.vault.open_bytes(sealed, f"file_pieces.content|{key.hex()}/{place}")


def forget(tx: Transaction, token: str) -> None:
    """Drop a file before its time. Does nothing when there is none."""
    tx.execute(_FORGET, {"token_key": tx.vault.lookup("file", token)})


def forget_expired(tx: Transaction, now: datetime) -> int:
    return tx.execute(_EXPIRED, {"now": now}).rowcount

"""Changing the keys: what is sealed is sealed anew and people are found by new hashes, a little at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Table, bindparam, select, tuple_, update

from storage.database import Transaction
from storage.schema import needs, people, talks, wechat
from storage.schema.broadcasts import broadcasts
from storage.schema.events import events, handouts
from storage.schema.exports import exports
from storage.schema.polls import suggestions
from storage.schema.wishes import wishes
from storage.vault import CipherName, KeyFile, Unreadable, fresh_hash_key, fresh_key

KEPT = timedelta(days=31)  # a retired key: backups are kept for 30 days, and are sealed with it inside

_AT_ONCE = 100  # rows in one transaction

Context = Callable[[Any], str]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A table's sealed columns, and what identifies a row inside them: `table.column|` and this."""

    table: Table
    columns: tuple[str, ...]
    bound_to: Context

    @property
    def key(self) -> list[Column[Any]]:
        return list(self.table.primary_key.columns)


def _number(row: Any) -> str:
    return str(row.number)


def _id(row: Any) -> str:
    return str(row.id)


def _where(row: Any) -> str:
    return f"{row.channel}:{row.message}"


EVERYTHING: Sequence[Sealed] = (
    Sealed(people.people, ("name", "phone", "party"), lambda row: str(row.uid)),
    Sealed(talks.conversations, ("state",), lambda row: str(row.account_id)),
    Sealed(talks.inbox, ("said", "replies"), _where),
    Sealed(talks.quarantine, ("raw",), _where),
    Sealed(talks.outbox, ("reply",), lambda row: str(row.key)),
    Sealed(talks.files, ("name", "content"), lambda row: row.key.hex()),
    Sealed(talks.file_pieces, ("content",), lambda row: f"{row.key.hex()}/{row.place}"),
    Sealed(talks.attachments, ("content",), _id),
    Sealed(exports, ("file_token",), _id),
    Sealed(events, ("lottery_secret",), _id),
    Sealed(handouts, ("content",), _id),
    Sealed(broadcasts, ("reply",), _id),
    Sealed(needs.needs, ("text", "place", "obstacle"), _number),
    Sealed(needs.need_entries, ("text",), lambda row: f"{row.need_number}/{row.place}"),
    Sealed(needs.need_visits, ("result",), _id),
    Sealed(wishes, ("text", "public_text"), _number),
    Sealed(suggestions, ("text",), _number),
    Sealed(wechat.wechat_followers, ("rest",), lambda row: str(row.user)),
    Sealed(wechat.wechat_answers, ("body",), lambda row: str(row.message)),
    Sealed(wechat.wechat_late, ("push",), lambda row: str(row.message)),
    Sealed(wechat.wechat_notices, ("reply",), lambda row: str(row.token)),
)


@dataclass(frozen=True, slots=True)
class Step:
    """What one transaction did: `at` is where the next begins (None: the table is done), `unread` rows stay."""

    at: tuple[Any, ...] | None
    sealed: int
    unread: int
    uses: frozenset[int]  # keys that rows looked at still need


def step(tx: Transaction, sealed: Sealed, after: tuple[Any, ...] | None) -> Step:
    """Seal the next rows of a table with the current key. Rows that cannot be opened stay as they are."""
    number = [needs.needs.c.number.label("need_number")] if sealed.table is needs.need_entries else []
    query = select(sealed.table, *number)
    if number:
        query = query.join(needs.needs, needs.needs.c.id == needs.need_entries.c.need_id)
    if after is not None:
        query = query.where(
            tuple_(*sealed.key)
            > tuple_(*(bindparam(None, part, key.type) for key, part in zip(sealed.key, after, strict=True)))
        )
    rows = tx.connection.execute(query.order_by(*sealed.key).limit(_AT_ONCE)).all()
    done = unread = 0
    uses = set()
    for row in rows:
        values, could = _sealed_anew(tx, sealed, row)
        unread += not could
        if values:
            this = [key == getattr(row, key.name) for key in sealed.key]
            tx.connection.execute(update(sealed.table).where(*this).values(**values))
            done += 1
        uses |= {kept[0] for name in sealed.columns if (kept := values.get(name) or getattr(row, name))}
    at = tuple(getattr(rows[-1], key.name) for key in sealed.key) if len(rows) == _AT_ONCE else None
    return Step(at, done, unread, frozenset(uses))


def _sealed_anew(tx: Transaction, sealed: Sealed, row: Any) -> tuple[dict[str, bytes], bool]:
    values = {}
    could = True
    for name in sealed.columns:
        kept = getattr(row, name)
        if not kept or kept[0] == tx.vault.current:
            continue
        context = f"{sealed.table.name}.{name}|{sealed.bound_to(row)}"
        try:
            values[name] = tx.vault.seal_bytes(tx.vault.open_bytes(kept, context), context)
        except Unreadable:
            could = False
    return values, could


def add_key(path: Path, cipher: CipherName, today: date) -> int:
    """Put a new key into the file and make it the current one, and a new one by which people are found.

    Returns the number of the first. Raises `ValueError` after 255.
    """
    kept = KeyFile.read(path)
    number = max(kept.keys) + 1
    if number > 255:  # it stands in one byte
        raise ValueError("the key file holds number 255 already: start a new one by export and import")
    kept.keys[number] = fresh_key()
    kept.ciphers[number] = cipher
    kept.retired[kept.current] = today.isoformat()
    kept.current = number
    newest, *earlier = kept.finds_people()
    newest.since = today.isoformat()
    kept.people, kept.people_before = fresh_hash_key(cipher), [newest, *earlier]
    kept.write(path)
    return number


def drop_keys(path: Path, uses: frozenset[int], today: date) -> list[int]:
    """Take out the keys that were retired longer than `KEPT` ago and that nothing in the database uses."""
    kept = KeyFile.read(path)
    oldest = (today - KEPT).isoformat()
    gone = [number for number, since in kept.retired.items() if since <= oldest and number not in uses]
    for number in gone:
        for held in (kept.keys, kept.ciphers, kept.retired):
            held.pop(number, None)
    if gone:
        kept.write(path)
    return gone


def drop_people_keys(path: Path, today: date) -> int:
    """Take out those that were replaced longer than `KEPT` ago, when nobody is kept by them. Returns how many."""
    kept = KeyFile.read(path)
    oldest = (today - KEPT).isoformat()
    still = [one for one in kept.people_before if one.since > oldest]
    gone = len(kept.people_before) - len(still)
    if gone:
        kept.people_before = still
        kept.write(path)
    return gone


def retired(path: Path) -> Mapping[int, str]:
    """Keys that seal nothing any more, and since which day."""
    return KeyFile.read(path).retired

"""Copies of the database taken while it is in use, sealed, verified by opening them, and brought back."""

import hashlib
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import sealed_files
from storage.database import sqlite_path
from storage.outbox import PAUSED
from storage.sealed_files import BadSeal
from storage.vault import CipherName, Vault

_PURPOSE = "backup"  # of the key, which stays the same when the sealing key is changed


class BadBackup(Exception):
    """The copy cannot be trusted; the text says why."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup: its size in bytes, and the audit log as it is in there (`storage.audit.Head`)."""

    size: int
    audit_rows: int
    audit_hash: str


def back_up(url: str, to: Path, vault: Vault, cipher: CipherName = "aes-256-gcm") -> Made:
    """Copy the SQLite database at `url` to `to`, sealed; the file appears only when it is whole and was opened again.

    Run it in a process of its own: copying step by step beside writers never ends, and in one step it blocks its
    thread for as long as the disk takes. Raises `BadBackup` when the copy does not pass SQLite's own check.
    """
    database = sqlite_path(url)
    # Beside the database and never beside `to`, which may be another machine's disk.
    plain = database.with_name(f"{database.name}.copy-{secrets.token_hex(4)}")
    unfinished = to.with_name(to.name + ".part")
    unfinished.unlink(missing_ok=True)
    key = vault.derived(_PURPOSE)[0]
    try:
        os.close(os.open(plain, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with (
            closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(plain)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        verify(plain)
        rows, last = _audit_head(plain)
        sealed_files.seal(plain, unfinished, key, cipher)
        _compare(plain, unfinished, key)
        unfinished.replace(to)
    finally:
        unfinished.unlink(missing_ok=True)
        plain.unlink(missing_ok=True)
    return Made(to.stat().st_size, rows, last)


def _compare(plain: Path, sealed: Path, key: bytes) -> None:
    opened = hashlib.sha256()
    try:
        for piece in sealed_files.open_pieces(sealed, key):
            opened.update(piece)
    except BadSeal as problem:
        raise BadBackup(f"what was written cannot be opened: {problem}") from None
    with plain.open("rb") as file:
        if hashlib.file_digest(file, "sha256").digest() != opened.digest():
            raise BadBackup("what was written is not what was copied: look at the disk")


def _audit_head(path: Path) -> tuple[int, str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
        last = copy.execute("SELECT chain FROM audit_log ORDER BY id DESC LIMIT 1").fetchone()
        rows = copy.execute("SELECT count(*) FROM audit_log").fetchone()[0]
    return int(rows), bytes(last[0] if last else bytes(32)).hex()


def verify(path: Path) -> None:
    """Raises `BadBackup` unless the file opens, passes SQLite's check and is a database of ours."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            found = copy.execute("PRAGMA quick_check").fetchone()[0]
            if found != "ok":
                raise BadBackup(found)
            copy.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.DatabaseError as problem:
        raise BadBackup(f"{path.name} is no backup of 红雁: {problem}") from None


def holds_people(path: Path) -> bool:
    """Whether there is anything in this database that needs its key. A file that cannot be read holds nobody."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as file:
            return file.execute("SELECT 1 FROM people WHERE name IS NOT NULL LIMIT 1").fetchone() is not None
    except sqlite3.Error:
        return False


def erased_in(path: Path, vault: Vault, beside: Path) -> set[str]:
    """Who was erased as far as this database or backup knows, by names that say nothing of them (`erasure.replay`).

    Empty for a file that cannot be read: it cannot be why a restore fails. What is opened lies in the folder of
    `beside` meanwhile.
    """
    try:
        with _opened(path, vault, beside) as plain, closing(sqlite3.connect(f"file:{plain}?mode=ro", uri=True)) as copy:
            return {uid for (uid,) in copy.execute("SELECT uid FROM people WHERE state = 'anonymised'")}
    except (sqlite3.Error, BadBackup, OSError):
        return set()


@contextmanager
def _opened(path: Path, vault: Vault, beside: Path) -> Iterator[Path]:
    """A file that SQLite can open: `path` itself, or for the time of the block what is sealed in it."""
    if not path.exists() or not sealed_files.is_sealed(path):
        yield path
        return
    plain = beside.with_name(f"{beside.name}.opened-{secrets.token_hex(4)}")
    try:
        _open_sealed(path, plain, vault.derived(_PURPOSE))
        yield plain
    finally:
        plain.unlink(missing_ok=True)


def _open_sealed(path: Path, to: Path, keys: Sequence[bytes]) -> None:
    """With the key that made it: it may have been changed since."""
    for place, key in enumerate(keys, start=1):
        try:
            sealed_files.open_to(path, to, key)
        except BadSeal as problem:
            if place == len(keys):
                raise BadBackup(f"{path.name} cannot be opened: {problem}") from None
        else:
            return


def restore(backup: Path, url: str, vault: Vault) -> Path | None:
    """Put `backup` in the place of the database at `url`, with sending paused. Returns where the old one was moved.

    The program must not be running. A file that is not sealed is taken too. Raises `BadBackup`; then nothing was
    touched.
    """
    target = sqlite_path(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restored")
    fresh.unlink(missing_ok=True)
    try:
        with _opened(backup, vault, target) as plain:
            verify(plain)
            fresh.write_bytes(b"")
            fresh.chmod(0o600)
            with closing(sqlite3.connect(plain)) as source, closing(sqlite3.connect(fresh)) as copy:
                source.backup(copy)
                _pause_sending(copy)
        moved = move_away(target, "before-restore")
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return moved


def _pause_sending(copy: sqlite3.Connection) -> None:
    copy.execute(
        "INSERT INTO settings (key, value, changed_at) VALUES (?, 'true', ?)"
        " ON CONFLICT (key) DO UPDATE SET value = 'true', changed_at = excluded.changed_at",
        (PAUSED, datetime.now(UTC).replace(tzinfo=None).isoformat(" ")),
    )
    copy.commit()


def move_away(target: Path, why: str) -> Path | None:
    """Out of the way of a new file, under a name with `why` and the time; None when there is nothing."""
    moved = None
    if target.exists():
        with closing(sqlite3.connect(target)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        moved = target.with_name(f"{target.name}.{why}-{datetime.now(UTC):%Y%m%d%H%M%S}")
        target.replace(moved)
    for left in ("-wal", "-shm"):
        target.with_name(target.name + left).unlink(missing_ok=True)
    return moved

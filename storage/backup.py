"""Copies of the database taken while it is in use, verified by opening them, and brought back."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from storage.database import sqlite_path


class BadBackup(Exception):
    """The copy cannot be trusted; the text says why."""


def back_up(url: str, to: Path) -> int:
    """Copy the SQLite database at `url` to `to`, which appears only when it is whole. Returns its size in bytes.

    Run it in a process of its own: copying step by step beside writers never ends, and in one step it blocks its
    thread for as long as the disk takes. Raises `BadBackup` when the copy does not pass SQLite's own check.
    """
    unfinished = to.with_name(to.name + ".part")
    unfinished.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{sqlite_path(url)}?mode=ro", uri=True)) as source,
            closing(sqlite3.connect(unfinished)) as copy,
        ):
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        verify(unfinished)
        with unfinished.open("rb") as file:
            os.fsync(file.fileno())
        unfinished.replace(to)
    finally:
        unfinished.unlink(missing_ok=True)
    return to.stat().st_size


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


def erased_in(path: Path) -> set[str]:
    """Who was erased as far as this database or backup knows, by names that say nothing of them (`erasure.replay`).

    Empty for a file that cannot be read: it cannot be why a restore fails.
    """
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as copy:
            return {uid for (uid,) in copy.execute("SELECT uid FROM people WHERE state = 'anonymised'")}
    except sqlite3.Error:
        return set()


def restore(backup: Path, url: str) -> Path | None:
    """Put `backup` in the place of the database at `url`, with sending paused. Returns where the old one was moved.

    The program must not be running. Raises `BadBackup`; then nothing was touched.
    """
    verify(backup)
    target = sqlite_path(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(target.name + ".restored")
    fresh.write_bytes(backup.read_bytes())
    with closing(sqlite3.connect(fresh)) as copy:
        copy.execute(
            "INSERT INTO settings (key, value, changed_at) VALUES ('sending_paused', 'true', ?)"
            " ON CONFLICT (key) DO UPDATE SET value = 'true', changed_at = excluded.changed_at",
            (datetime.now(UTC).replace(tzinfo=None).isoformat(" "),),
        )
        copy.commit()
    moved = None
    if target.exists():
        with closing(sqlite3.connect(target)) as old:
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        moved = target.with_name(f"{target.name}.before-restore-{datetime.now(UTC):%Y%m%d%H%M%S}")
        target.replace(moved)
    for left in ("-wal", "-shm"):
        target.with_name(target.name + left).unlink(missing_ok=True)
    fresh.replace(target)
    return moved

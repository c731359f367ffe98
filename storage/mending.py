"""A file with a spoiled page written anew, where nothing but what can be made again was on that page: an index."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.backup import move_away
from storage.database import sqlite_path
from storage.lease import alone_with


class RowsLost(Exception):
    """A table cannot be read whole, so that writing it anew would lose what was acknowledged; the text says which."""


@dataclass(frozen=True, slots=True)
class Mended:
    rows: int
    moved: Path
    """Where the old file is now."""


def mend(url: str) -> Mended:
    """Write all rows of the SQLite database at `url` into a fresh file, make its indexes anew, and put it in place.

    Raises `InUse` while the program runs, `RowsLost`, `sqlite3.Error` or `OSError`; then nothing was touched.
    """
    target = sqlite_path(url)
    with alone_with(target):
        return _mend(target)


def _mend(target: Path) -> Mended:
    fresh = target.with_name(target.name + ".mended")
    fresh.unlink(missing_ok=True)
    try:
        fresh.touch(mode=0o600)
        with (
            closing(sqlite3.connect(f"file:{target}?mode=rw", uri=True)) as old,
            closing(sqlite3.connect(fresh, isolation_level=None)) as new,
        ):
            new.execute("BEGIN")
            rows = _copy(old, new)
            new.execute("COMMIT")
            _must_be_whole(new)
        moved = move_away(target, "before-mending")
        if moved is None:
            raise FileNotFoundError(target)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return Mended(rows, moved)


def _copy(old: sqlite3.Connection, new: sqlite3.Connection) -> int:
    """Returns how many rows. No index of the old file is looked at, for any of them may be the spoiled one."""
    known = old.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    tables = [(name, sql) for kind, name, sql in known if kind == "table" and name != "sqlite_sequence"]
    for _, sql in tables:
        new.execute(sql)
    rows = sum(_copy_rows(old, new, name) for name, _ in tables)
    if any(name == "sqlite_sequence" for _, name, _ in known):
        new.execute("DELETE FROM sqlite_sequence")
        _copy_rows(old, new, "sqlite_sequence")
    for kind, _, sql in known:
        if kind != "table":
            new.execute(sql)
    return rows


def _copy_rows(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> int:
    # The names come from the file's own list of tables, and a name cannot be bound.
    width = len(old.execute(f'PRAGMA table_info("{table}")').fetchall())
    into = f'INSERT INTO "{table}" VALUES ({", ".join("?" * width)})'  # noqa: S608  # nosec B608
    try:
        return new.executemany(into, old.execute(f'SELECT * FROM "{table}" NOT INDEXED')).rowcount  # noqa: S608  # nosec B608
    except sqlite3.DatabaseError as problem:
        raise RowsLost(f"{table}: {problem}") from None


def _must_be_whole(new: sqlite3.Connection) -> None:
    """What lay on a spoiled page and still looks like rows shows here: as rows that point nowhere, or in no order."""
    for check in ("integrity_check", "foreign_key_check"):
        found = [row for row in new.execute(f"PRAGMA {check}").fetchmany(3) if row != ("ok",)]
        if found:
            raise RowsLost(f"{check}: {found[0][0]}")

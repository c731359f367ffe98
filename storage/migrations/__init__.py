"""Brings a database to the tables this version knows; each step and the record of it are one transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import DBAPIError

from storage.database import StorageFault, sqlite_engine, sqlite_path
from storage.postgresql import engine_of

_HANGS_AFTER = 60  # seconds between two statements; a step may think about what it has read


def migrate(url: str) -> None:
    """Create or upgrade everything at `url`. Does nothing when it is up to date.

    Raises `StorageFault` when the database cannot be used, or was made by a version that this one does not know.
    """
    try:
        with engine_for(url) as engine, engine.connect() as connection:
            _prepare(connection)
            with as_file(files(__package__)) as folder:
                config = _config(str(folder))
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except DBAPIError as problem:
        raise StorageFault(str(problem.orig)) from None  # SQLAlchemy's own text would quote the statement
    except sqlite3.Error as problem:
        raise StorageFault(str(problem)) from None
    except CommandError:
        raise StorageFault("it was made by another version of the program, which this one does not know") from None


def is_current(connection: Connection) -> bool:
    with as_file(files(__package__)) as folder:
        newest = ScriptDirectory.from_config(_config(str(folder))).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == newest


def _config(folder: str) -> Config:
    config = Config()
    config.set_main_option("script_location", folder)
    return config


def _prepare(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        # With it on, rebuilding a table in a batch deletes the rows that refer to it.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    else:  # workers that start at once do it one after the other; the lock goes with the connection
        for silence in ("idle_session_timeout", "idle_in_transaction_session_timeout"):  # of one that hangs
            connection.execute(text(f"SET {silence} = '{_HANGS_AFTER}s'"))
        connection.execute(text("SELECT pg_advisory_lock(hashtextextended('hongyan migrations', 0))"))
        connection.commit()


@contextmanager
def engine_for(url: str) -> Iterator[Engine]:
    """A plain engine for one command, closed when the block ends."""
    if make_url(url).get_backend_name() == "sqlite":
        path = sqlite_path(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        engine = sqlite_engine(path)
    else:
        engine = engine_of(url)
    try:
        yield engine
    finally:
        engine.dispose()

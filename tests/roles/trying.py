"""Trying something in a transaction that is taken back, and knowing which tables it changed."""

import itertools
from contextlib import contextmanager

from sqlalchemy import text

from storage.schema import metadata


class Undone(Exception):
    """Takes back what was tried, so that everyone finds the district as it was."""


class Within:
    """A database that is a transaction which somebody else has begun, and will take back."""

    tx = None

    async def write(self, work, *args, **kwargs):
        with self.tx.savepoint():
            return work(self.tx, *args, **kwargs)

    read = write


def watch(tx):
    """Have the database itself note which tables are written to, what is rolled back not among them."""
    run = tx.connection.exec_driver_sql
    if tx.connection.dialect.name == "sqlite":
        run("CREATE TEMP TABLE changes (name TEXT)")
        for table, verb in itertools.product(metadata.tables, ("INSERT", "UPDATE", "DELETE")):
            run(
                f"CREATE TEMP TRIGGER watch_{table}_{verb} AFTER {verb} ON main.{table}"
                f" BEGIN INSERT INTO changes VALUES ('{table}'); END"
            )
        return
    run("CREATE TABLE changes (name TEXT)")
    run(
        "CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO changes VALUES (TG_TABLE_NAME); RETURN NULL; END $$"
    )
    for table in metadata.tables:
        run(
            f"CREATE TRIGGER watch AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " FOR EACH ROW EXECUTE FUNCTION note_change()"
        )


def no_longer_watch(tx):
    """A database of PostgreSQL is used again by the next test."""
    if tx.connection.dialect.name == "postgresql":
        tx.connection.exec_driver_sql("DROP FUNCTION note_change CASCADE")
        tx.connection.exec_driver_sql("DROP TABLE changes")


@contextmanager
def changes(tx):
    """Gives a function that tells the tables changed since."""
    tx.execute(text("DELETE FROM changes"))
    yield lambda: set(tx.execute(text("SELECT DISTINCT name FROM changes")).scalars())

"""Trying something in a transaction that is taken back, and knowing which tables it changed."""

import itertools
from contextlib import contextmanager

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
    """Have the file itself note which tables are written to, what is rolled back not among them."""
    run = tx.connection.exec_driver_sql
    run("CREATE TEMP TABLE changes (name TEXT)")
    for table, verb in itertools.product(metadata.tables, ("INSERT", "UPDATE", "DELETE")):
        run(
            f"CREATE TEMP TRIGGER watch_{table}_{verb} AFTER {verb} ON main.{table}"
            f" BEGIN INSERT INTO changes VALUES ('{table}'); END"
        )


@contextmanager
def changes(tx):
    """Gives a function that tells the tables changed since."""
    run = tx.connection.exec_driver_sql
    run("DELETE FROM temp.changes")
    yield lambda: {name for (name,) in run("SELECT DISTINCT name FROM temp.changes")}

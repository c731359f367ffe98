"""Insert or change one row, on each engine in its own words, built once."""

from collections.abc import Callable, Sequence
from functools import cache

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from storage.database import Transaction


def upsert(table: Table, key: Sequence[str], change: Sequence[str] = ()) -> Callable[[Transaction], Executable]:
    """The statement for `tx`'s engine. A row with the same `key` gets the new `change` columns; with none it stays."""

    @cache
    def statement(dialect: str) -> Executable:
        insert = sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)
        if not change:
            return insert.on_conflict_do_nothing(index_elements=list(key))
        return insert.on_conflict_do_update(
            index_elements=list(key), set_={name: insert.excluded[name] for name in change}
        )

    return lambda tx: statement(tx.dialect)

"""What Alembic runs: the connection is handed in, and every migration is one transaction on SQLite too."""

from typing import Any, Literal

from alembic import context

from storage.schema import metadata
from storage.schema.base import Moment


def _plain_types(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration says what the column was on that day, and must not change when our own type does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, Moment) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # true here only because our engine begins in earnest
    transaction_per_migration=True,
    render_as_batch=True,
    compare_type=True,
    render_item=_plain_types,
)
with context.begin_transaction():
    context.run_migrations()

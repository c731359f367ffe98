"""What was done by whom, numbers given out, and what staff may set."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, LargeBinary, String, Table, Text, text

from storage.schema.base import Big, Moment, identity, metadata

_FORGOTTEN = text("action = 'audit.forgotten'")  # where the chain goes on from

audit_log = Table(
    "audit_log",
    metadata,
    identity(),
    Column("at", Moment, nullable=False, index=True),
    Column("actor_id", Big),  # a person; NULL is the program itself
    Column("role", String(24)),
    Column("channel", String(16)),
    Column("action", String(40), nullable=False),
    Column("object", String(60), nullable=False),
    Column("before", Text),
    Column("after", Text),
    Column("reason", String(200)),
    Column("chain", LargeBinary(32), nullable=False),  # hash over this row and the one before it
    Index("ix_audit_log_object", "object"),
    Index("ix_audit_log_forgotten", "id", sqlite_where=_FORGOTTEN, postgresql_where=_FORGOTTEN),
)

numbers = Table(  # the last number given out, so that numbers have no gaps
    "numbers",
    metadata,
    Column("kind", String(8), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
)

settings = Table(
    "settings",
    metadata,
    Column("key", String(60), primary_key=True),
    Column("value", Text, nullable=False),  # JSON
    Column("changed_at", Moment, nullable=False),
)

holiday_overrides = Table(
    "holiday_overrides",
    metadata,
    Column("day", Date, primary_key=True),
    Column("works", Boolean, nullable=False),
    Column("note", String(60), nullable=False, default=""),
)

"""What was spent on events, one row for each sum."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from storage.schema.base import Moment, identity, metadata

spendings = Table(
    "spendings",
    metadata,
    identity(),
    Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
    Column("fen", Integer, nullable=False),
    Column("what", String(60), nullable=False, default=""),
    Column("receipt_number", String(40), nullable=False, default=""),
    Column("noted_at", Moment, nullable=False),
    Column("by_person", ForeignKey("people.id")),
    Column("undone_at", Moment),
)

"""Files that were asked for and are made beside the conversation, however long that takes."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from storage.schema.base import Moment, identity, metadata

exports = Table(
    "exports",
    metadata,
    identity(),
    Column("kind", String(32), nullable=False),
    Column("wanted", Text, nullable=False),  # JSON: period, format, masks
    Column("person_id", ForeignKey("people.id")),
    Column("account_id", ForeignKey("accounts.id")),  # where to send it; NULL when it was asked for at the console
    Column("state", String(16), nullable=False),  # wanted, making, ready, failed, cancelled
    Column("rows_done", Integer, nullable=False, default=0),
    Column("file_token", LargeBinary),  # sealed
    Column("fault", String(16)),
    Column("asked_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_exports_state", "state"),
)

"""Who is signed in to the console; only the keyed hash of what their browser holds is kept."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, Table

from storage.schema.base import Moment, identity, metadata

sessions = Table(
    "sessions",
    metadata,
    identity(),
    Column("key", LargeBinary(16), nullable=False, unique=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("seen_at", Moment, nullable=False),
    Index("ix_sessions_person_id", "person_id"),
)

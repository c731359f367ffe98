"""The figures of reports as they were when somebody took them away."""

from sqlalchemy import Column, Date, ForeignKey, Index, Table, Text

from storage.schema.base import Moment, identity, metadata

report_snapshots = Table(
    "report_snapshots",
    metadata,
    identity(),
    Column("first", Date, nullable=False),
    Column("last", Date, nullable=False),
    Column("figures", Text, nullable=False),  # JSON; numbers only, kept without limit (care.md 7)
    Column("made_at", Moment, nullable=False),
    Column("made_by", ForeignKey("people.id")),
    Index("ix_report_snapshots_first_last", "first", "last"),
)

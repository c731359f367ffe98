"""The stalls of a market, their slots, and who has which number there."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table, text

from storage.schema.base import Moment, identity, metadata

stalls = Table(
    "stalls",
    metadata,
    identity(),
    Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
    Column("name", String(30), nullable=False),  # the service: 理发, 义诊
    Column("place", String(40), nullable=False),  # where in the market: 一号桌
    Column("most", Integer),  # queue numbers given out at most; NULL is no limit; of no meaning beside slots
    Column("closed_at", Moment),
)

slots = Table(
    "slots",
    metadata,
    identity(),
    Column("stall_id", ForeignKey("stalls.id"), nullable=False, index=True),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),
    Column("places", Integer, nullable=False),
)

_IN_LINE = text("state IN ('waiting', 'called', 'skipped')")

queue_numbers = Table(
    "queue_numbers",
    metadata,
    identity(),
    Column("stall_id", ForeignKey("stalls.id"), nullable=False),
    Column("slot_id", ForeignKey("slots.id"), index=True),  # NULL at a stall without slots
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("number", Integer, nullable=False),  # at its stall; never changes
    Column("state", String(16), nullable=False),  # waiting, called, skipped, served, given_up
    Column("taken_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("back_at", Moment),  # when one whose number was skipped came back: called before those who wait
    Column("by_person", ForeignKey("people.id")),
    Index(
        "uq_queue_numbers_in_line",
        "stall_id",
        "person_id",
        unique=True,
        sqlite_where=_IN_LINE,
        postgresql_where=_IN_LINE,
    ),
    Index("uq_queue_numbers_number", "stall_id", "number", unique=True),
)

"""People whom staff must phone, and what came of the calls."""

from sqlalchemy import Column, ForeignKey, Index, Integer, String, Table

from storage.schema.base import Moment, identity, metadata

call_list = Table(
    "call_list",
    metadata,
    identity(),
    Column("key", String(80), nullable=False, unique=True),  # the same matter is one entry
    Column("kind", String(16), nullable=False),  # expected, or the kind of the message that did not arrive
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("event_id", ForeignKey("events.id"), index=True),
    Column("point_id", ForeignKey("service_points.id")),  # whose list it is on; NULL is the district's
    Column("outbox_id", ForeignKey("outbox.id")),  # the message to pass on by phone
    Column("subject", String(60)),  # "need 128": what it is about when it is no event
    Column("why", String(16), nullable=False),  # no_account, stopped, waiting, or how the message ended
    Column("made_at", Moment, nullable=False, index=True),
    Column("gone_at", Moment),  # no call is needed any more
    Column("result", String(16)),  # told, no_answer, not_coming; NULL while nobody phoned
    Column("called_by", ForeignKey("people.id")),
    Column("called_at", Moment),
    Column("calls", Integer, nullable=False, default=0),
    Index("ix_call_list_point_id", "point_id"),
    Index("ix_call_list_person_id", "person_id"),
    Index("ix_call_list_outbox_id", "outbox_id"),
)

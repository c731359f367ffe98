"""Suggestions on community matters, and polls about them."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from storage.schema.base import Moment, identity, metadata

suggestions = Table(
    "suggestions",
    metadata,
    identity(),
    Column("number", String(16), nullable=False, unique=True),  # JY2026-0003, bound into what is sealed
    Column("said_as", Integer, nullable=False),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("community_code", ForeignKey("communities.code")),
    Column("text", LargeBinary),  # sealed
    Column("public_text", String(200)),  # without names, for those who read the answer
    Column("answer", String(500)),  # public
    Column("answered_by", ForeignKey("people.id")),
    Column("at", Moment, nullable=False),
    Column("answered_at", Moment),
    Column("published", Boolean, nullable=False, default=False),
)

polls = Table(
    "polls",
    metadata,
    identity(),
    Column("number", String(16), nullable=False, unique=True),  # YS2026-0002
    Column("said_as", Integer, nullable=False),
    Column("community_code", ForeignKey("communities.code")),  # whose matter it is; NULL is the district's
    Column("estate", String(60)),
    Column("question", String(120), nullable=False),
    Column("options", Text, nullable=False),  # JSON list of labels
    Column("opens_at", Moment, nullable=False),
    Column("closes_at", Moment, nullable=False),
    Column("made_by", ForeignKey("people.id"), nullable=False),
    Column("result", Text),  # JSON list of counts, once closed; who voted what is then forgotten
    Column("answer", String(500)),  # what was decided, published
    Column("answered_at", Moment),
)

votes = Table(
    "votes",
    metadata,
    identity(),
    Column("poll_id", ForeignKey("polls.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("option", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("poll_id", "person_id"),
    Index("ix_votes_person_id", "person_id"),
)

"""诚信积分: cards that residents asked for, what was put on them, and the rules it was put on by."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, Table

from storage.schema.base import Moment, identity, metadata

point_rules = Table(
    "point_rules",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("begins_at", Moment, nullable=False),  # events from then on go by it
    Column("per_event", Integer, nullable=False),
    Column("per_hour", Integer, nullable=False),  # of volunteering, besides
    Column("months", Integer, nullable=False),  # that points last
    Column("made_by", ForeignKey("people.id")),
)

point_cards = Table(
    "point_cards",
    metadata,
    identity(),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("opened_at", Moment, nullable=False),  # at the own wish; what was before does not count
    Column("closed_at", Moment),
    Index("ix_point_cards_person_id", "person_id"),
)

credit_points = Table(  # appended to, never changed: what was wrong is taken back by a row of its own
    "credit_points",
    metadata,
    identity(),
    Column("card_id", ForeignKey("point_cards.id"), nullable=False, index=True),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("rule_version", ForeignKey("point_rules.version"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("points", Integer, nullable=False),  # below zero where it takes back
    Column("takes_back", ForeignKey("credit_points.id")),
    Column("expires_on", Date, nullable=False),  # the last day they count
)

"""双报到: members in service and their units, announced to a community for a year."""

from sqlalchemy import Column, Date, ForeignKey, String, Table

from storage.schema.base import Moment, identity, metadata

report_ins = Table(
    "report_ins",
    metadata,
    identity(),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("unit", String(40), nullable=False),  # where the member serves, as the member says it
    Column("community_code", ForeignKey("communities.code"), nullable=False),
    Column("reported_at", Moment, nullable=False),
    Column("ends_on", Date, nullable=False),  # the last day it counts
)

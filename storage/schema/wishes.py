"""Small wishes of residents, and who took them on."""

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from storage.schema.base import Moment, identity, metadata

wishes = Table(
    "wishes",
    metadata,
    identity(),
    Column("number", String(16), nullable=False, unique=True),  # XY2026-0007, bound into what is sealed
    Column("said_as", Integer, nullable=False),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("told_by", ForeignKey("people.id")),
    Column("community_code", ForeignKey("communities.code")),
    Column("text", LargeBinary),  # sealed: as the person said it
    Column("public_text", LargeBinary),  # sealed: without names and addresses, written by staff
    Column("state", String(16), nullable=False, index=True),
    # submitted, posted, claimed, contacted, done, confirmed, withdrawn
    Column("sharers", Integer, nullable=False, default=1),  # how many may take it on together
    Column("due_on", Date),  # before the person leaves
    Column("submitted_at", Moment, nullable=False),
    Column("posted_at", Moment),
    Column("posted_by", ForeignKey("people.id")),
    Column("contacted_at", Moment),
    Column("done_at", Moment),
    Column("ended_at", Moment),  # confirmed or withdrawn
)

_STANDS = text("ended_at IS NULL")

wish_claims = Table(
    "wish_claims",
    metadata,
    identity(),
    Column("wish_id", ForeignKey("wishes.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("organisation_id", ForeignKey("organisations.id")),  # the unit it is claimed for
    Column("team", String(40)),
    Column("claimed_at", Moment, nullable=False),
    Column("lapses_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("because", String(16)),  # lapsed, given_up, withdrawn
    Index(
        "uq_wish_claims_standing", "wish_id", "person_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS
    ),
    Index("ix_wish_claims_person_id", "person_id"),
)

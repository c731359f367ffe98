"""Persons, their chat accounts, what they agreed to, and who may do what."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from storage.schema.base import Moment, identity, metadata

_ANONYMISED = text("state = 'anonymised'")
_MERGED = text("merged_into IS NOT NULL")
_ADDED = text("added_by IS NOT NULL")

people = Table(
    "people",
    metadata,
    identity(),
    Column("uid", String(32), nullable=False, unique=True),  # bound into what is sealed
    Column("name", LargeBinary),  # sealed; NULL once anonymised
    Column("phone", LargeBinary),  # sealed
    Column("party", LargeBinary),  # sealed JSON: `storage.people.Party`
    Column("person_key", LargeBinary(16), index=True),  # keyed hash of phone and name: the identity (domain 4.2)
    Column("residence", String(16)),  # seasonal, local
    Column("origin", String(40)),
    Column("arrives_on", Date),
    Column("leaves_on", Date),
    Column("community_code", ForeignKey("communities.code")),
    Column("estate", String(60)),
    Column("point_id", ForeignKey("service_points.id")),
    Column("salutation", String(16)),
    Column("birth_year", Integer),
    Column("interests", Text),  # JSON list of need categories
    Column("host_branch_id", ForeignKey("organisations.id")),
    Column("party_group", String(40)),
    Column("verification", String(16), nullable=False, default="self_reported"),
    Column("shows_membership", Boolean, nullable=False, default=False),
    Column("messages", String(16), nullable=False, default="all"),  # all, point, own, none
    Column("state", String(16), nullable=False, default="active"),  # active, merged, anonymised
    Column("merged_into", ForeignKey("people.id")),
    Column("added_by", ForeignKey("people.id")),  # staff who registered a person without a phone
    Column("is_sample", Boolean, nullable=False, default=False),
    Column("created_at", Moment, nullable=False),
    Column("last_contact_at", Moment),
    Index("ix_people_point_id", "point_id"),
    Index("ix_people_branch", "host_branch_id", "state", "verification"),  # enough to count who is placed where
    # And to count who is in town. Led by the state, which nearly all share, it would draw every list to itself.
    Index("ix_people_stay", "arrives_on", "leaves_on", "residence", "state"),
    Index("ix_people_merged_into", "merged_into", sqlite_where=_MERGED, postgresql_where=_MERGED),
    Index("ix_people_added_by", "added_by", sqlite_where=_ADDED, postgresql_where=_ADDED),
    Index("ix_people_anonymised", "id", sqlite_where=_ANONYMISED, postgresql_where=_ANONYMISED),
)

person_keys = Table(  # what staff may search by, as keyed hashes: name, parts of it, pinyin, phone, phone tail
    "person_keys",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("person_id", ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_person_keys_person_id", "person_id"),
)

accounts = Table(
    "accounts",
    metadata,
    identity(),
    Column("channel", String(16), nullable=False),
    Column("user", String(80), nullable=False),
    Column("person_id", ForeignKey("people.id")),
    Column("reachable", Boolean, nullable=False, default=True),
    Column("unreachable_because", String(80)),
    Column("last_heard_at", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("channel", "user"),
    Index("ix_accounts_person_id", "person_id"),
)

consents = Table(
    "consents",
    metadata,
    identity(),
    Column("person_id", ForeignKey("people.id")),
    Column("account_id", ForeignKey("accounts.id")),
    Column("purpose", String(32), nullable=False),
    Column("version", String(16), nullable=False),
    Column("text_hash", String(64), nullable=False),
    Column("given", Boolean, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    Index("ix_consents_person_id", "person_id"),
    Index("ix_consents_account_id", "account_id"),
)

proxies = Table(
    "proxies",
    metadata,
    identity(),
    Column("person_id", ForeignKey("people.id"), nullable=False),  # for whom
    Column("proxy_id", ForeignKey("people.id"), nullable=False),  # who acts
    Column("sees_party", Boolean, nullable=False, default=False),
    Column("asked_at", Moment, nullable=False),
    Column("agreed_at", Moment),
    Column("ended_at", Moment),
    Index("ix_proxies_person_id", "person_id"),
    Index("ix_proxies_proxy_id", "proxy_id"),
)

grants = Table(
    "grants",
    metadata,
    identity(),
    Column("person_id", ForeignKey("people.id")),
    Column("account_id", ForeignKey("accounts.id")),  # granted before the account was registered
    Column("role", String(24), nullable=False),
    Column("point_id", ForeignKey("service_points.id")),
    Column("organisation_id", ForeignKey("organisations.id")),
    Column("event_id", ForeignKey("events.id")),
    Column("starts_at", Moment, nullable=False),
    Column("ends_at", Moment),
    Column("granted_by", ForeignKey("people.id")),
    Column("revoked_at", Moment),
    Column("revoked_by", ForeignKey("people.id")),
    Index("ix_grants_person_id", "person_id"),
    Index("ix_grants_account_id", "account_id"),
)

tokens = Table(  # one-time links and codes; only their keyed hash is kept
    "tokens",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),
    Column("purpose", String(24), nullable=False),
    Column("subject", Text, nullable=False),  # JSON
    Column("expires_at", Moment, nullable=False, index=True),
    Column("used_at", Moment),
)

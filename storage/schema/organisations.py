"""The tree of Party organisations."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, String, Table

from storage.schema.base import identity, metadata

organisations = Table(
    "organisations",
    metadata,
    identity(),
    Column("name", String(80), nullable=False),
    Column("kind", String(24), nullable=False),  # committee, general_branch, branch, group, unit
    Column("parent_id", ForeignKey("organisations.id"), index=True),
    Column("community_code", ForeignKey("communities.code")),
    Column("estate", String(60)),
    Column("ends_on", Date),  # a temporary branch has one
    Column("active", Boolean, nullable=False, default=True),
    Column("is_sample", Boolean, nullable=False, default=False),
)

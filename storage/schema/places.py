"""Communities, service points, and the names people have for places."""

from sqlalchemy import Boolean, Column, Date, Float, ForeignKey, Index, String, Table, Text

from storage.schema.base import Moment, identity, metadata

communities = Table(
    "communities",
    metadata,
    Column("code", String(12), primary_key=True),
    Column("official_name", String(60), nullable=False),
    Column("display_name", String(40), nullable=False),
    Column("short_name", String(40), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("active", Boolean, nullable=False, default=True),
)

service_points = Table(
    "service_points",
    metadata,
    identity(),
    Column("code", String(24), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("community_code", ForeignKey("communities.code"), index=True),
    Column("address", String(120), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("datum", String(8), nullable=False, default="wgs84"),
    Column("phone", String(24), nullable=False),
    Column("hours", String(200), nullable=False),
    Column("services", Text, nullable=False, default=""),  # separated by ;
    Column("duty_person", String(40)),
    Column("duty_phone", String(24)),
    Column("step_free", Boolean),
    Column("toilet", Boolean),
    Column("closed_from", Date),
    Column("closed_until", Date),
    Column("active", Boolean, nullable=False, default=True),
    Column("is_sample", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),
    Column("updated_at", Moment),
)

place_names = Table(  # landmarks, roads, estates and other words people say; kept by staff
    "place_names",
    metadata,
    identity(),
    Column("name", String(60), nullable=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("datum", String(8), nullable=False, default="wgs84"),
    Column("community_code", ForeignKey("communities.code")),
    Column("is_sample", Boolean, nullable=False, default=False),
    Index("ix_place_names_name", "name"),
)

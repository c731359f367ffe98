"""Communities, service points, and the names people have for places."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

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
    Column("active", Boolean, nullable=False, default=True),
    Column("is_sample", Boolean, nullable=False, default=False),
    Column("note", Text, nullable=False, default=""),
    Column("updated_at", Moment),
)

point_closures = Table(  # days on which a point is closed beside its hours
    "point_closures",
    metadata,
    identity(),
    Column("point_id", ForeignKey("service_points.id"), nullable=False, index=True),
    Column("first", Date, nullable=False),
    Column("last", Date),  # NULL until somebody says otherwise
    Column("note", String(60), nullable=False, default=""),
)

service_menus = Table(  # what a point offers in a month; the highest version counts
    "service_menus",
    metadata,
    identity(),
    Column("point_id", ForeignKey("service_points.id"), nullable=False),
    Column("month", Date, nullable=False),  # its first day
    Column("version", Integer, nullable=False),
    Column("services", Text, nullable=False),  # one a line
    Column("written_at", Moment, nullable=False),
    UniqueConstraint("point_id", "month", "version"),
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

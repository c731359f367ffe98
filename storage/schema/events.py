"""Events and series, who signed up, and who came."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from storage.schema.base import Big, Moment, identity, metadata

series = Table(
    "series",
    metadata,
    identity(),
    Column("name", String(60), nullable=False),
    Column("type", String(24), nullable=False),
    Column("organisation_id", ForeignKey("organisations.id")),
    Column("point_id", ForeignKey("service_points.id")),
    Column("active", Boolean, nullable=False, default=True),
    Column("is_sample", Boolean, nullable=False, default=False),
)

handouts = Table(  # 讲义, for those who come (domain 6.1)
    "handouts",
    metadata,
    identity(),
    Column("series_id", ForeignKey("series.id"), nullable=False, index=True),
    Column("name", String(120), nullable=False),
    Column("media_type", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("added_by", ForeignKey("people.id")),
    Column("added_at", Moment, nullable=False),
)

_PUBLISHED = text("state = 'published'")
_TO_DRAW = text("state = 'published' AND allocation = 'lottery' AND lottery_seed IS NULL")

events = Table(
    "events",
    metadata,
    identity(),
    Column("number", String(16), unique=True),  # HD2026-0012, given at publication
    Column("series_id", ForeignKey("series.id"), index=True),
    Column("type", String(24), nullable=False),
    Column("title", String(60), nullable=False),
    Column("starts_at", Moment, nullable=False, index=True),
    Column("ends_at", Moment, nullable=False),
    Column("point_id", ForeignKey("service_points.id"), index=True),
    Column("venue", String(120), nullable=False),  # the point's name, or another place in words
    Column("organisation_id", ForeignKey("organisations.id"), index=True),  # the host
    Column("organiser_id", ForeignKey("people.id"), index=True),
    Column("speaker", String(40)),
    Column("contact_phone", String(24)),
    Column("description", Text, nullable=False, default=""),
    Column("capacity", Integer),  # places; NULL is no limit
    Column("state", String(16), nullable=False, default="draft"),  # draft, published, held, cancelled
    Column("revision", Integer, nullable=False, default=1),
    Column("sign_up_opens_at", Moment),
    Column("sign_up_closes_at", Moment),
    Column("asks_before_seating", Boolean, nullable=False, default=False),  # offer mode
    Column("allocation", String(16), nullable=False, default="first_come"),  # first_come, lottery
    Column("lottery_promise", String(64)),  # the SHA-256 of the seed, shown while people sign up
    Column("lottery_secret", LargeBinary),  # sealed: the seed until the lots are drawn
    Column("lottery_seed", String(64)),  # shown once they are
    Column("first_timers_first", Boolean, nullable=False, default=False),
    Column("largest_group", Integer, nullable=False, default=4),
    Column("members_only", Boolean, nullable=False, default=False),
    Column("code_word", String(20)),
    Column("poster", String(64)),  # token of a file
    Column("photo_taken", Boolean),
    Column("budget_planned", Integer),  # fen
    Column("budget_spent", Integer),  # fen; the sum of its spendings
    Column("receipt_number", String(400)),  # of all of them
    Column("budget_state", String(16)),  # open, reported, checked
    Column("reason", String(200)),  # why cancelled, or why held with nobody there
    Column("copied_from", ForeignKey("events.id")),
    Column("created_at", Moment, nullable=False),
    Column("published_at", Moment),
    Column("closed_at", Moment),
    Column("is_sample", Boolean, nullable=False, default=False),
    # What is still to come: a few rows, however many seasons lie behind.
    Index("ix_events_to_draw", "sign_up_closes_at", sqlite_where=_TO_DRAW, postgresql_where=_TO_DRAW),
    # Whether there is any: every paper says so.
    Index("ix_events_sample", "id", sqlite_where=text("is_sample = 1"), postgresql_where=text("is_sample")),
    Index("ix_events_published", "ends_at", sqlite_where=_PUBLISHED, postgresql_where=_PUBLISHED),
)

co_hosts = Table(
    "co_hosts",
    metadata,
    Column("event_id", ForeignKey("events.id"), primary_key=True),
    Column("organisation_id", ForeignKey("organisations.id"), primary_key=True),
)

event_changes = Table(
    "event_changes",
    metadata,
    identity(),
    Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
    Column("revision", Integer, nullable=False),
    Column("what", Text, nullable=False),  # JSON: field -> [before, after]
    Column("by_person", ForeignKey("people.id")),
    Column("at", Moment, nullable=False),
    Column("undone_at", Moment),
)

_OFFERED = text("state = 'offered'")
_ACTIVE = text("state IN ('confirmed', 'waitlisted', 'offered')")

sign_ups = Table(
    "sign_ups",
    metadata,
    identity(),  # the order of joining
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("state", String(16), nullable=False),  # confirmed, waitlisted, offered, cancelled, expired
    Column("group_id", Big),  # the first sign-up of those admitted together
    Column("number", Integer, nullable=False),  # on the printed list; never changes
    Column("joined_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    Column("by_person", ForeignKey("people.id")),
    Column("because", String(120)),  # why this entry was promoted, or by whose override
    Column("offer_ends_at", Moment),
    Column("comes", Boolean),  # the answer to a reminder
    Index("uq_sign_ups_active", "event_id", "person_id", unique=True, sqlite_where=_ACTIVE, postgresql_where=_ACTIVE),
    Index("ix_sign_ups_event_id_state", "event_id", "state"),
    Index("uq_sign_ups_number", "event_id", "number", unique=True),
    Index("ix_sign_ups_person_id", "person_id"),
    Index("ix_sign_ups_offered", "offer_ends_at", sqlite_where=_OFFERED, postgresql_where=_OFFERED),
)

_STANDS = text("undone_at IS NULL")

attendances = Table(
    "attendances",
    metadata,
    identity(),
    Column("event_id", ForeignKey("events.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("state", String(16), nullable=False),  # attended, excused, absent; no row is unrecorded
    Column("method", String(16), nullable=False),  # by_staff, qr, code_word, from_sheet
    Column("came_at", Moment, nullable=False),  # when they came or the fact was stated; may be typed in later
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", ForeignKey("people.id")),
    Column("walk_in", Boolean, nullable=False, default=False),
    Column("list_number", Integer),  # of a walk-in on the numbered list; others have the one of their sign-up
    Column("reason", String(200)),
    Column("party_member", Boolean, nullable=False),  # this and the next three: facts of that day (domain 6.3.8)
    Column("residence", String(16)),
    Column("branch_id", ForeignKey("organisations.id")),
    Column("community_code", ForeignKey("communities.code")),
    Column("minutes_planned", Integer),
    Column("minutes_measured", Integer),
    Column("minutes_corrected", Integer),
    Column("corrected_by", ForeignKey("people.id")),  # who approved the hours, beside who noted the coming
    Column("undone_at", Moment),
    Column("undone_by", ForeignKey("people.id")),
    Index(
        "uq_attendances_standing", "event_id", "person_id", unique=True, sqlite_where=_STANDS, postgresql_where=_STANDS
    ),
    Index("ix_attendances_person_id", "person_id"),
    Index("ix_attendances_event_id_list_number", "event_id", "list_number"),
)

head_counts = Table(
    "head_counts",
    metadata,
    identity(),
    Column("event_id", ForeignKey("events.id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),  # unnamed, companion
    Column("people", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("recorded_by", ForeignKey("people.id")),
    Column("undone_at", Moment, index=True),
)

"""Needs: what residents ask to have solved, who works on it, its clock, and whether it was solved in the end."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from storage.schema.base import Moment, identity, metadata

need_categories = Table(  # empty until staff change the list: `storage.need_categories` then has the first one
    "need_categories",
    metadata,
    Column("code", String(24), primary_key=True),
    Column("label", String(20), nullable=False),
    Column("position", Integer, nullable=False),
    Column("asks_place", Boolean, nullable=False, default=False),
    Column("is_health", Boolean, nullable=False, default=False),
    Column("active", Boolean, nullable=False, default=True),
)

routing_tables = Table(  # a version of 网格办件直派表; the newest is in force
    "routing_tables",
    metadata,
    identity(),
    Column("made_by", ForeignKey("people.id")),
    Column("made_at", Moment, nullable=False),
    Column("note", String(120), nullable=False, default=""),
)

routing_rules = Table(
    "routing_rules",
    metadata,
    identity(),
    Column("version", ForeignKey("routing_tables.id"), nullable=False),
    Column("category", String(24)),  # NULL is any
    Column("community_code", ForeignKey("communities.code")),
    Column("grid", String(40)),
    Column("owner_id", ForeignKey("people.id"), nullable=False),
    Column("called", String(40), nullable=False),  # how residents are told of the owner: 三亚湾社区的李干事
    Column("supervisor_id", ForeignKey("people.id")),
    Column("mode", String(8), nullable=False, default="direct"),  # direct, joint
    Column("supports", Text, nullable=False, default="[]"),  # JSON list of people
    Index("ix_routing_rules_version", "version"),
)

_OPEN = text("stage <> 'closed'")

needs = Table(
    "needs",
    metadata,
    identity(),
    Column("number", String(16), nullable=False, unique=True),  # XQ2026-0128, bound into what is sealed
    Column("said_as", Integer, nullable=False),  # 128
    Column("kind", String(16), nullable=False, default="need"),  # need, custom_request
    Column("person_id", ForeignKey("people.id")),  # whose it is; NULL once anonymised
    Column("told_by", ForeignKey("people.id")),
    Column("channel", String(16), nullable=False),  # wechat, telegram, web, phone, counter
    Column("category", String(24), nullable=False),
    Column("community_code", ForeignKey("communities.code")),
    Column("grid", String(40)),
    Column("text", LargeBinary),  # sealed; NULL once erased
    Column("place", LargeBinary),  # sealed, in words; a position is never kept
    Column("pressing", Boolean, nullable=False, default=False),
    Column("urgent", Boolean, nullable=False, default=False),
    Column("mode", String(8), nullable=False, default="direct"),
    Column("stage", String(16), nullable=False),
    Column("outcome", String(16)),
    Column("answered_with", String(16)),  # done, explained, referred_12345
    Column("round", Integer, nullable=False, default=1),  # one more with each reopening
    Column("ruled", Boolean, nullable=False, default=False),  # a final ruling cannot be returned
    Column("parent_id", ForeignKey("needs.id")),
    Column("previous_id", ForeignKey("needs.id")),  # told again more than 30 days after that one was closed
    Column("routing_version", ForeignKey("routing_tables.id")),
    Column("ticket_12345", String(40)),
    Column("received_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),  # of its newest deadline
    Column("closed_at", Moment),
    Column("well_asked_at", Moment),  # when 还好吗 was asked; once
    Column("listed_at", Moment),  # on the priority list since
    Column("listed_because", String(16)),  # overdue, pressing, staff
    Column("obstacle", LargeBinary),  # sealed: 卡点
    Column("is_sample", Boolean, nullable=False, default=False),
    Index("ix_needs_person_id", "person_id"),
    Index("ix_needs_told_by", "told_by"),
    Index("ix_needs_said_as", "said_as"),
    Index("ix_needs_received_at", "received_at"),
    Index("ix_needs_parent_id", "parent_id"),
    Index("ix_needs_closed_at", "closed_at"),
    Index("ix_needs_under_way", "stage", sqlite_where=_OPEN, postgresql_where=_OPEN),
)

need_entries = Table(  # everything said and done about a need, in order
    "need_entries",
    metadata,
    Column("need_id", ForeignKey("needs.id"), primary_key=True),
    Column("place", Integer, primary_key=True),  # 1, 2, 3 … within the need, bound into what is sealed
    Column("round", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("by_person", ForeignKey("people.id")),
    Column("role", String(24)),
    Column("text", LargeBinary),  # sealed
    Column("for_resident", Boolean, nullable=False),
)

need_assignments = Table(
    "need_assignments",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", String(16), nullable=False),  # lead, support, supervisor
    Column("called", String(40), nullable=False, default=""),
    Column("began_at", Moment, nullable=False),
    Column("accepted_at", Moment),
    Column("ended_at", Moment),
    Column("because", String(16)),  # returned, reassigned, reopened
    Index("ix_need_assignments_need_id", "need_id"),
    Index("ix_need_assignments_person_id", "person_id"),
)

need_deadlines = Table(
    "need_deadlines",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("began_at", Moment, nullable=False),  # the clock starts here
    Column("allowed", Integer, nullable=False),  # minutes of working time
    Column("due_at", Moment, nullable=False),  # follows from these two, the pauses and the calendar
    Column("ended_at", Moment),
    Column("because", String(16)),  # answered, withdrawn, duplicate, changed
    Index("ix_need_deadlines_need_id", "need_id"),
    Index("ix_need_deadlines_due_at", "due_at"),
)

need_pauses = Table(
    "need_pauses",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False),
    Column("began_at", Moment, nullable=False),
    Column("ends_at", Moment, nullable=False),  # as planned, or when it was ended earlier
    Column("ended", Boolean, nullable=False, default=False),  # and everyone concerned was told
    Index("ix_need_pauses_need_id", "need_id"),
)

need_returns = Table(
    "need_returns",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by_person", ForeignKey("people.id"), nullable=False),
    Column("proposed_id", ForeignKey("people.id"), nullable=False),
    Column("ruled_at", Moment),
    Column("ruled_by", ForeignKey("people.id")),
    Index("ix_need_returns_need_id", "need_id"),
    Index("ix_need_returns_at", "at"),
)

need_warnings = Table(  # each level once for each deadline
    "need_warnings",
    metadata,
    Column("deadline_id", ForeignKey("need_deadlines.id"), primary_key=True),
    Column("level", String(16), primary_key=True),  # soon, due, overdue
    Column("need_id", ForeignKey("needs.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
)

need_follow_ups = Table(  # one for each answer
    "need_follow_ups",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False),
    Column("round", Integer, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("asked_at", Moment),
    Column("result", String(16)),  # solved, partly_solved, unsolved
    Column("satisfaction", String(20)),
    Column("answered_at", Moment),
    Column("method", String(8)),  # chat, call
    Column("by_person", ForeignKey("people.id")),  # who phoned; NULL is the bot
    Column("decide_by", Moment),  # the supervisor, when it is solved in part
    Column("decided_at", Moment),
    Column("chased_at", Moment),  # the decision was late, and district staff were told
    Column("void", Boolean, nullable=False, default=False),  # withdrawn or merged before it could be asked
    Index("uq_need_follow_ups_round", "need_id", "round", unique=True),
    Index("ix_need_follow_ups_due_at", "due_at"),
)

need_calls = Table(  # attempts to phone for a follow-up that reached nobody
    "need_calls",
    metadata,
    identity(),
    Column("follow_up_id", ForeignKey("need_follow_ups.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("day", Date, nullable=False),
    Column("by_person", ForeignKey("people.id"), nullable=False),
)

need_visits = Table(  # 现场协调
    "need_visits",
    metadata,
    identity(),
    Column("need_id", ForeignKey("needs.id"), nullable=False, index=True),
    Column("at", Moment, nullable=False),
    Column("units", String(200), nullable=False),  # who took part, as bodies, not as persons
    Column("result", LargeBinary),  # sealed; NULL once erased
    Column("noted_by", ForeignKey("people.id"), nullable=False),
)

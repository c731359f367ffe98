"""Messages in, messages out, and where each talk stands."""

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, text

from storage.schema.base import Big, Moment, identity, metadata

inbox = Table(
    "inbox",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("message", String(80), primary_key=True),
    Column("account_id", Big),
    Column("said", LargeBinary),  # sealed; kept 30 days for the chat page
    Column("replies", LargeBinary),  # sealed JSON, so that a repeat is answered the same
    Column("received_at", Moment, nullable=False, index=True),
    Index("ix_inbox_account_id_received_at", "account_id", "received_at"),
)

quarantine = Table(  # updates that could not be read: set aside, so that they stop nobody
    "quarantine",
    metadata,
    identity(),
    Column("channel", String(16), nullable=False),
    Column("message", String(80), nullable=False),
    Column("problem", String(80), nullable=False),  # class of the exception
    Column("kind", String(40), nullable=False),
    Column("raw", LargeBinary, nullable=False),  # sealed
    Column("received_at", Moment, nullable=False),
)

conversations = Table(
    "conversations",
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("state", LargeBinary, nullable=False),  # sealed JSON: `storage.conversations.Desk`
    Column("updated_at", Moment, nullable=False, index=True),
)

# Indexes hold only what is under way, so that history slows nothing down.
_UNDER_WAY = text("ended_at IS NULL")
# Answers, most of all rows, have neither, and need not be written to these indexes.
_EXPIRING = text("ended_at IS NULL AND expires_at IS NOT NULL")
_OF_A_PERSON = text("ended_at IS NULL AND person_id IS NOT NULL")
_OF_AN_EVENT = text("event_id IS NOT NULL")
_OF_A_BROADCAST = text("broadcast_id IS NOT NULL")
_NOT_DELIVERED = text("broadcast_id IS NOT NULL AND state <> 'delivered'")
_ACKNOWLEDGED = text("acknowledged_at IS NOT NULL")
_MISSED = text("event_id IS NOT NULL AND ended_at IS NOT NULL AND state <> 'delivered'")
_ENDED = text("ended_at IS NOT NULL")
_ENDED_OF_PERSON = text("ended_at IS NOT NULL AND person_id IS NOT NULL")
_LOST = text(
    "state IN ('refused', 'unreachable', 'expired', 'unknown') OR because = 'messages stopped'"
)  # as `storage.missed` asks for it

outbox = Table(
    "outbox",
    metadata,
    identity(),
    Column("key", String(120), unique=True),  # the same message planned twice is one row
    Column("person_id", ForeignKey("people.id")),
    Column("account_id", ForeignKey("accounts.id")),  # an answer goes where it was asked; else chosen at release
    Column("channel", String(16)),  # of the account, once chosen
    Column("kind", String(16), nullable=False),  # `storage.outbox.Kind`
    Column("lane", Integer, nullable=False),  # 0 goes first
    Column("reply", LargeBinary, nullable=False),  # sealed JSON
    Column("event_id", ForeignKey("events.id")),
    Column("revision", Integer),  # of the event, when this was written
    Column("sign_up_id", ForeignKey("sign_ups.id")),
    Column("broadcast_id", Big),
    Column("due_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("state", String(16), nullable=False),
    # planned, waiting (for the person to write), sending; then exactly one of
    # delivered, refused, unreachable, expired, superseded, unknown
    Column("because", String(120)),
    Column("sender", Big),  # the worker that sends it, or did
    Column("tries", Integer, nullable=False, default=0),
    Column("platform_id", String(80)),
    Column("acknowledged_at", Moment),  # “收到” to an emergency
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index(
        "ix_outbox_open",
        *("state", "channel", "lane", "due_at"),
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    ),
    Index("ix_outbox_expires_at", "expires_at", sqlite_where=_EXPIRING, postgresql_where=_EXPIRING),
    Index("ix_outbox_account_id", "account_id", sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY),
    Index("ix_outbox_person_id", "person_id", sqlite_where=_OF_A_PERSON, postgresql_where=_OF_A_PERSON),
    # To take their words away when somebody leaves.
    Index("ix_outbox_ended_of_person", "person_id", sqlite_where=_ENDED_OF_PERSON, postgresql_where=_ENDED_OF_PERSON),
    Index("ix_outbox_ended_of_account", "account_id", sqlite_where=_ENDED, postgresql_where=_ENDED),
    Index("ix_outbox_event_id", "event_id", sqlite_where=_OF_AN_EVENT, postgresql_where=_OF_AN_EVENT),
    Index(
        "ix_outbox_broadcast_id",
        *("broadcast_id", "person_id"),
        sqlite_where=_OF_A_BROADCAST,
        postgresql_where=_OF_A_BROADCAST,
    ),
    # Of a broadcast to everyone nearly all rows say that it arrived; what is still asked of it is asked of the others.
    Index(
        "ix_outbox_not_delivered",
        *("broadcast_id", "state", "person_id", "because"),
        sqlite_where=_NOT_DELIVERED,
        postgresql_where=_NOT_DELIVERED,
    ),
    Index(
        "ix_outbox_acknowledged",
        "broadcast_id",
        "acknowledged_at",
        sqlite_where=_ACKNOWLEDGED,
        postgresql_where=_ACKNOWLEDGED,
    ),
    Index("ix_outbox_lost", "due_at", sqlite_where=_LOST, postgresql_where=_LOST),
    Index("ix_outbox_missed", "ended_at", sqlite_where=_MISSED, postgresql_where=_MISSED),
)

files = Table(
    "files",
    metadata,
    identity(),
    Column("key", LargeBinary(16), nullable=False, unique=True),  # keyed hash of the token that opens it
    Column("name", LargeBinary, nullable=False),  # sealed
    Column("media_type", String(80), nullable=False),
    Column("content", LargeBinary, nullable=False),  # sealed
    Column("person_id", ForeignKey("people.id")),
    Column("expires_at", Moment, index=True),
    Column("created_at", Moment, nullable=False),
)

file_pieces = Table(  # what a large file has beyond its first piece
    "file_pieces",
    metadata,
    Column("key", ForeignKey("files.key", ondelete="CASCADE"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),  # 1 and so on, bound into what is sealed
    Column("content", LargeBinary, nullable=False),  # sealed
)

attachments = Table(  # what people sent; the bytes are fetched from the channel after the message was answered
    "attachments",
    metadata,
    identity(),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reference", String(300), nullable=False),
    Column("name", String(120), nullable=False, default=""),
    Column("media_type", String(80), nullable=False, default=""),
    Column("content", LargeBinary),  # sealed
    Column("state", String(16), nullable=False),  # wanted, kept, lost
    Column("tries", Integer, nullable=False, default=0),
    Column("subject", String(40)),  # "need 128": what it belongs to
    Column("created_at", Moment, nullable=False),
    Index("ix_attachments_account_id", "account_id"),
    Index("ix_attachments_state", "state"),
    Index("ix_attachments_subject", "subject"),
)

"""What WeChat allows us to say to whom, and what was shown there."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from storage.schema.base import Big, Moment, metadata

wechat_followers = Table(
    "wechat_followers",
    metadata,
    Column("user", String(80), primary_key=True),
    Column("shown", Integer, nullable=False, default=0),  # how many answers were numbered for their links
    Column("no_templates", Boolean, nullable=False, default=False),  # turned “接收消息” off
    Column("rest", LargeBinary),  # sealed JSON: parts of the last answer not shown yet
    Column("heard_at", Moment, nullable=False, index=True),
)

wechat_windows = Table(  # how many messages may go out unasked, and until when; one row for each kind of permission
    "wechat_windows",
    metadata,
    Column("user", String(80), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("messages", Integer, nullable=False),  # left
    Column("ends_at", Moment, nullable=False),  # the safety margin is taken off already
)

wechat_answers = Table(  # what was answered to a push, so that its repeat is answered the same
    "wechat_answers",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("user", String(80), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),  # sealed JSON
    Column("at", Moment, nullable=False, index=True),
)

wechat_links = Table(  # the choices behind the links of an answer, by the answer's number
    "wechat_links",
    metadata,
    Column("user", String(80), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("choices", Text, nullable=False),  # JSON list of value, label, turn
    Column("at", Moment, nullable=False, index=True),
)

wechat_late = Table(  # pushes confirmed before their answer was ready; the answer is still owed
    "wechat_late",
    metadata,
    Column("message", String(80), primary_key=True),
    Column("user", String(80), nullable=False, index=True),
    Column("push", LargeBinary, nullable=False),  # sealed XML
    Column("at", Moment, nullable=False),
)

wechat_notices = Table(  # what a short template message could only announce; shown in full with the next answer
    "wechat_notices",
    metadata,
    Column("id", Big, primary_key=True),
    Column("user", String(80), nullable=False, index=True),
    Column("reply", LargeBinary, nullable=False),  # sealed JSON
    Column("token", String(32), nullable=False, unique=True),  # bound into what is sealed
    Column("at", Moment, nullable=False),
)

wechat_promises = Table(  # one-time subscription: each consent allows one message, on a scene of its own
    "wechat_promises",
    metadata,
    Column("key", LargeBinary(16), primary_key=True),  # keyed hash of the token that came with the offer
    Column("user", String(80), nullable=False),
    Column("scene", Integer, nullable=False),
    Column("sign_up_id", Big, nullable=False),  # for whose reminder it was offered
    Column("state", String(8), nullable=False),  # offered, given, used, refused
    Column("changed_at", Moment, nullable=False, index=True),
    Index("ix_wechat_promises_user_state", "user", "state"),
    Index("ix_wechat_promises_sign_up_id", "sign_up_id"),
)

wechat_media = Table(  # uploads that can be shown again while the platform keeps them
    "wechat_media",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),  # SHA-256 of kind and bytes
    Column("media_id", String(200), nullable=False),
    Column("ends_at", Moment, nullable=False, index=True),
)

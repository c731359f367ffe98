"""What is told to many at once. Who gets it, and what became of it, stands in the outbox."""

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table, Text

from storage.schema.base import Big, Moment, identity, metadata

broadcasts = Table(
    "broadcasts",
    metadata,
    identity(),
    Column("kind", String(16), nullable=False),  # broadcast, emergency
    Column("reply", LargeBinary, nullable=False),  # sealed JSON, as everyone gets it
    Column("attachment_id", ForeignKey("attachments.id")),  # a picture or file that is still to be put into the reply
    Column("audience", Text, nullable=False),  # JSON: `storage.audiences.Audience`
    Column("reason", String(200)),  # why the rules about hours and number do not bind
    Column("state", String(16), nullable=False),  # draft, asked, sending, paused, stopped, finished
    Column("made_by", ForeignKey("people.id"), nullable=False),
    Column("role", String(24), nullable=False),  # in which it was made
    Column("approved_by", ForeignKey("people.id")),
    Column("counted", Integer, nullable=False, default=0),  # people meant, when it was handed in
    Column("after_person", Big, nullable=False, default=0),  # everyone up to this one has a row in the outbox
    Column("all_planned", Integer, nullable=False, default=0),  # 1 when no one is left to plan for
    Column("created_at", Moment, nullable=False),
    Column("begun_at", Moment, index=True),
    Column("expires_at", Moment),
    Column("ended_at", Moment),
)

"""Suggestions of residents on community matters, and the answers published to them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update

from storage import audit, numbering
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotAllowed, NotFound
from storage.schema.polls import suggestions as table
from storage.times import local

_STAFF = ("district_staff", "point_lead")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`public_text` and `answer` are what everyone may read, once staff wrote them."""

    id: int
    number: str
    said_as: int
    person_id: int | None
    community_code: str | None
    public_text: str | None
    answer: str | None
    at: datetime
    answered_at: datetime | None
    published: bool

    @property
    def name(self) -> str:
        return f"建议第{self.said_as}号"


_COLUMNS = tuple(table.c[name] for name in Suggestion.__dataclass_fields__)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_BY_NUMBER = select(*_COLUMNS).where(table.c.said_as == bindparam("number")).order_by(table.c.id.desc())
_WAITING = select(*_COLUMNS).where(table.c.answered_at.is_(None)).order_by(table.c.id)
_PUBLISHED = select(*_COLUMNS).where(table.c.published).order_by(table.c.answered_at.desc()).limit(bindparam("at_most"))
_TEXT = select(table.c.text).where(table.c.id == bindparam("id"))
_ADD = insert(table).returning(table.c.id)
_ANSWER = (
    update(table)
    .where(table.c.id == bindparam("suggestion"))
    .values(
        answer=bindparam("words"),
        public_text=bindparam("shown"),
        answered_by=bindparam("actor"),
        answered_at=bindparam("now"),
        published=bindparam("in_public"),
    )
)


def make(
    tx: Transaction, person_id: int, text: str, community_code: str | None, actor: Actor, now: datetime
) -> Suggestion:
    year = local(now).year
    said_as = numbering.next_number(tx, "JY", year)
    number = f"JY{year}-{said_as:04d}"
    row = {
        "number": number,
        "said_as": said_as,
        "person_id": person_id,
        "community_code": community_code,
        "text": tx.vault.seal(text, f"suggestions.text|{number}"),
        "at": now,
        "published": False,
    }
    suggestion_id = int(tx.execute(_ADD, row).scalar_one())
    audit.note(tx, actor, "suggestion.made", f"suggestion {suggestion_id}", now)
    return get(tx, suggestion_id)


def answer(
    tx: Transaction, suggestion: Suggestion, words: str, public_text: str | None, actor: Actor, now: datetime
) -> Suggestion:
    """Answer it; with `public_text`, its gist without names, both are published."""
    if actor.role not in _STAFF:
        raise NotAllowed("点长")
    values = {
        "suggestion": suggestion.id,
        "words": words[:500],
        "shown": None if public_text is None else public_text[:200],
        "actor": actor.person_id,
        "now": now,
        "in_public": public_text is not None,
    }
    tx.execute(_ANSWER, values)
    audit.note(tx, actor, "suggestion.answered", f"suggestion {suggestion.id}", now)
    return get(tx, suggestion.id)


def get(tx: Transaction, suggestion_id: int) -> Suggestion:
    """Raises `NotFound`."""
    row = tx.execute(_GET, {"id": suggestion_id}).first()
    if row is None:
        raise NotFound("建议")
    return Suggestion(*row)


def with_number(tx: Transaction, said_as: int) -> Suggestion:
    """The newest of this number. Raises `NotFound`."""
    row = tx.execute(_BY_NUMBER, {"number": said_as}).first()
    if row is None:
        raise NotFound("号的建议")
    return Suggestion(*row)


def waiting(tx: Transaction) -> list[Suggestion]:
    """Those nobody answered yet, the oldest first."""
    return [Suggestion(*row) for row in tx.execute(_WAITING)]


def published(tx: Transaction, at_most: int = 5) -> list[Suggestion]:
    """What everyone may read, the newest answer first."""
    return [Suggestion(*row) for row in tx.execute(_PUBLISHED, {"at_most": at_most})]


def text_of(tx: Transaction, suggestion: Suggestion) -> str:
    """As the person said it, for staff and the person."""
    sealed = tx.execute(_TEXT, {"id": suggestion.id}).scalar()
    return "" if sealed is None else tx.vault.open(sealed, f"suggestions.text|{suggestion.number}")

"""议事: suggestions on community matters, polls about them, and the published answers. Never a Party election."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, func, insert, select, update

from storage import audit, communities, numbering
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotAllowed, NotFound, NotNow, NotRegistered, NotYourCommunity, PartyMatter, PollOver
from storage.schema.people import people
from storage.schema.polls import polls as table
from storage.schema.polls import votes
from storage.times import local
from storage.upsert import upsert

_PARTY = re.compile(
    "党内|党员大会|支委|支部书记|副书记|党代表|换届|选举|候选人|党委委员|纪委|发展党员|入党|预备党员|罢免"
)
_MAKERS = ("district_staff", "point_lead", "branch_secretary")


@dataclass(frozen=True, slots=True)
class Poll:
    """`result` are the counts of `options`, in their order, once it is closed; `answer` what was decided then."""

    id: int
    number: str
    said_as: int
    community_code: str | None
    estate: str | None
    question: str
    options: tuple[str, ...]
    opens_at: datetime
    closes_at: datetime
    made_by: int
    result: tuple[int, ...] | None
    answer: str | None
    answered_at: datetime | None

    def is_open(self, now: datetime) -> bool:
        return self.result is None and self.opens_at <= now < self.closes_at

    @property
    def subject(self) -> str:
        return f"poll {self.id}"


_COLUMNS = tuple(table.c[name] for name in Poll.__dataclass_fields__)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_BY_NUMBER = select(*_COLUMNS).where(table.c.said_as == bindparam("number")).order_by(table.c.id.desc())
_RECENT = select(*_COLUMNS).order_by(table.c.id.desc()).limit(bindparam("at_most"))
_DUE = select(*_COLUMNS).where(table.c.result.is_(None), table.c.closes_at <= bindparam("now")).order_by(table.c.id)
_ADD = insert(table).returning(table.c.id)
_VOTE = upsert(votes, key=("poll_id", "person_id"), change=("option", "at"))
_MINE = select(votes.c.option).where(votes.c.poll_id == bindparam("poll"), votes.c.person_id == bindparam("person"))
_COUNT = select(votes.c.option, func.count()).where(votes.c.poll_id == bindparam("poll")).group_by(votes.c.option)
_CLOSE = update(table).where(table.c.id == bindparam("poll")).values(result=bindparam("counted"))
_FORGET = delete(votes).where(votes.c.poll_id == bindparam("poll"))
_ANSWER = (
    update(table).where(table.c.id == bindparam("poll")).values(answer=bindparam("words"), answered_at=bindparam("now"))
)
_COMMUNITY_OF = select(people.c.community_code).where(people.c.id == bindparam("person"))


def is_party_matter(words: str) -> bool:
    """Whether it is for Party organisations to decide, where members who stay elsewhere have no vote (domain 4.2.5)."""
    return _PARTY.search(words) is not None


def ask(
    tx: Transaction,
    question: str,
    options: Sequence[str],
    closes_at: datetime,
    actor: Actor,
    now: datetime,
    community_code: str | None = None,
    estate: str | None = None,
) -> Poll:
    """Begin to collect opinions, at once. Raises `PartyMatter`."""
    if actor.role not in _MAKERS or actor.person_id is None:
        raise NotAllowed("点长")
    if any(is_party_matter(words) for words in (question, *options)):
        raise PartyMatter
    year = local(now).year
    said_as = numbering.next_number(tx, "YS", year)
    row = {
        "number": f"YS{year}-{said_as:04d}",
        "said_as": said_as,
        "community_code": community_code,
        "estate": estate,
        "question": question,
        "options": json.dumps(list(options), ensure_ascii=False),
        "opens_at": now,
        "closes_at": closes_at,
        "made_by": actor.person_id,
    }
    poll_id = int(tx.execute(_ADD, row).scalar_one())
    audit.note(tx, actor, "poll.asked", f"poll {poll_id}", now, after={"options": len(options)})
    return get(tx, poll_id)


def vote(tx: Transaction, poll: Poll, person_id: int | None, option: int, now: datetime) -> bool:
    """An opinion, by whoever lives there; it may be changed until the poll closes. Returns whether it is the first.

    What was said stands nowhere but in the count, once the poll is closed. Raises `PollOver`, `NotYourCommunity`.
    """
    if person_id is None:
        raise NotRegistered
    poll = _held(tx, poll)
    if not poll.is_open(now):
        raise PollOver(poll.question, poll.closes_at)
    if poll.community_code is not None and _community_of(tx, person_id) != poll.community_code:
        community = communities.get(tx, poll.community_code)
        raise NotYourCommunity(community.display_name if community else "别的社区")
    if not 0 <= option < len(poll.options):
        raise NotFound("选项")
    is_first = opinion_of(tx, poll, person_id) is None
    tx.execute(_VOTE(tx), {"poll_id": poll.id, "person_id": person_id, "option": option, "at": now})
    return is_first


def opinion_of(tx: Transaction, poll: Poll, person_id: int) -> int | None:
    """What the person said, while the poll is open."""
    option: int | None = tx.execute(_MINE, {"poll": poll.id, "person": person_id}).scalar()
    return option


def close_due(tx: Transaction, now: datetime) -> list[Poll]:
    """Count what has run its time, each once; who said what is forgotten with it."""
    closed = []
    for row in tx.execute(_DUE, {"now": now}).all():
        poll = _held(tx, _poll(row))
        if poll.result is not None:
            continue  # by another worker, just now
        result = [0] * len(poll.options)
        for option, number in tx.execute(_COUNT, {"poll": poll.id}):
            result[option] = number
        tx.execute(_CLOSE, {"poll": poll.id, "counted": json.dumps(result)})
        tx.execute(_FORGET, {"poll": poll.id})
        audit.note(tx, Actor(), "poll.closed", poll.subject, now, after={"votes": sum(result)})
        closed.append(get(tx, poll.id))
    return closed


def answer(tx: Transaction, poll: Poll, words: str, actor: Actor, now: datetime) -> Poll:
    """Publish what was decided. Raises `NotNow` while opinions are still collected."""
    if actor.role not in _MAKERS:
        raise NotAllowed("点长")
    if poll.result is None:
        raise NotNow(poll.number, "正在听意见")
    tx.execute(_ANSWER, {"poll": poll.id, "words": words[:500], "now": now})
    audit.note(tx, actor, "poll.answered", poll.subject, now)
    return get(tx, poll.id)


def get(tx: Transaction, poll_id: int) -> Poll:
    """Raises `NotFound`."""
    row = tx.execute(_GET, {"id": poll_id}).first()
    if row is None:
        raise NotFound("议事")
    return _poll(row)


def with_number(tx: Transaction, said_as: int) -> Poll:
    """The newest of this number. Raises `NotFound`."""
    row = tx.execute(_BY_NUMBER, {"number": said_as}).first()
    if row is None:
        raise NotFound("议事")
    return _poll(row)


def recent(tx: Transaction, person_id: int | None, at_most: int = 20) -> list[Poll]:
    """Those of the person's community and of the district, open and closed, the newest first."""
    home = _community_of(tx, person_id)
    return [
        poll
        for poll in (_poll(row) for row in tx.execute(_RECENT, {"at_most": at_most}).all())
        if poll.community_code in (None, home)
    ]


def everywhere(tx: Transaction, at_most: int = 50) -> list[Poll]:
    """Those of every community, open and closed, the newest first."""
    return [_poll(row) for row in tx.execute(_RECENT, {"at_most": at_most}).all()]


def opinions(tx: Transaction, poll: Poll) -> int:
    """How many have said something so far; what they said is counted when it closes."""
    if poll.result is not None:
        return sum(poll.result)
    return sum(number for _, number in tx.execute(_COUNT, {"poll": poll.id}))


def _held(tx: Transaction, poll: Poll) -> Poll:
    """As it is now, and nobody says anything or counts until this ends."""
    tx.lock(poll.subject)
    return get(tx, poll.id)


def _community_of(tx: Transaction, person_id: int | None) -> str | None:
    code: str | None = tx.execute(_COMMUNITY_OF, {"person": person_id}).scalar()
    return code


def _poll(row: object) -> Poll:
    facts = dict(row._mapping)  # type: ignore[attr-defined]
    facts["options"] = tuple(json.loads(facts["options"]))
    facts["result"] = None if facts["result"] is None else tuple(json.loads(facts["result"]))
    return Poll(**facts)

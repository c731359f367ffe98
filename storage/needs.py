"""Needs: something a resident asks to have solved, from telling it to reading how it stands. Rule: domain 7.1."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, insert, literal_column, or_, select, update

from storage import (
    assignments,
    attachments,
    audit,
    need_clock,
    need_entries,
    need_limits,
    need_stages,
    numbering,
    proxies,
    routing,
)
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound, NotNow
from storage.schema.needs import need_follow_ups
from storage.schema.needs import needs as table
from storage.schema.people import people
from storage.schema.talks import attachments as attachments_table
from storage.times import local

Outcome = Literal[
    "solved", "partly_solved", "explained", "referred_12345", "withdrawn", "duplicate", "unconfirmed"
]  # the last: answered, but three calls on different days reached nobody
Kind = Literal["need", "custom_request"]
PROGRAM = Actor()
_SENT_BEFORE = timedelta(minutes=10)  # pictures of one album may arrive before the words that go with them


@dataclass(slots=True)
class Told:
    """What is known when a need is told."""

    person_id: int
    text: str
    channel: str
    category: str
    told_by: int | None = None  # a proxy, or staff who wrote it down
    place: str = ""
    community_code: str | None = None
    grid: str | None = None
    attachment_ids: Sequence[int] = ()
    account_id: int | None = None  # whose pictures of the last minutes belong to it
    kind: Kind = "need"
    urgent: bool = False
    pressing: bool = False
    previous_id: int | None = None
    is_sample: bool = False


@dataclass(slots=True)
class Need:
    """A need as it is kept, without its words (`text_of`)."""

    id: int
    number: str
    said_as: int
    kind: str
    person_id: int | None
    told_by: int | None
    channel: str
    category: str
    community_code: str | None
    grid: str | None
    pressing: bool
    urgent: bool
    mode: routing.Mode
    stage: str
    outcome: str | None
    answered_with: str | None
    round: int
    ruled: bool
    parent_id: int | None
    previous_id: int | None
    ticket_12345: str | None
    received_at: datetime
    due_at: datetime
    closed_at: datetime | None
    well_asked_at: datetime | None
    listed_at: datetime | None

    @property
    def name(self) -> str:
        """As it is said: 第128号."""
        return f"第{self.said_as}号"

    @property
    def subject(self) -> str:
        """As attachments and call lists refer to it."""
        return f"need {self.id}"

    @property
    def is_open(self) -> bool:
        return self.stage != "closed"


_COLUMNS = tuple(table.c[field.name] for field in fields(Need))
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
UNDER_WAY = table.c.stage != literal_column("'closed'")  # not a parameter, which would keep the index out
_SOME = select(*_COLUMNS).where(table.c.id.in_(bindparam("ids", expanding=True)))
_SEALED = select(table.c.text, table.c.place).where(table.c.id == bindparam("id"))
_WORDS = select(table.c.id, table.c.text).where(table.c.id.in_(bindparam("ids", expanding=True)))
_ADD = insert(table).returning(table.c.id)
_THEIRS = or_(table.c.person_id == bindparam("person"), table.c.told_by == bindparam("person"))
_BY_NUMBER = select(*_COLUMNS).where(table.c.said_as == bindparam("number")).order_by(table.c.id.desc())
_OF_PERSON = select(*_COLUMNS).where(_THEIRS).order_by(table.c.id.desc()).limit(bindparam("at_most"))
_CHILDREN = select(*_COLUMNS).where(table.c.parent_id == bindparam("parent")).order_by(table.c.id)
_LEAVES = select(people.c.leaves_on).where(people.c.id == bindparam("person"))
_CLOSE = (
    update(table)
    .where(table.c.id == bindparam("need"))
    .values(outcome=bindparam("with_outcome"), closed_at=bindparam("at"))
)
_VOID = (
    update(need_follow_ups)
    .where(need_follow_ups.c.need_id == bindparam("need"), need_follow_ups.c.answered_at.is_(None))
    .values(void=True)
)
_SENT_WITH_IT = select(attachments_table.c.id).where(
    attachments_table.c.account_id == bindparam("account"),
    attachments_table.c.subject.is_(None),
    attachments_table.c.created_at >= bindparam("since"),
)


def tell(tx: Transaction, told: Told, actor: Actor, now: datetime, since: datetime | None = None) -> Need:
    """Keep a need: it has its number and its clock at once, and goes to whoever the routing table names.

    `since` is when the person began to tell it: pictures sent meanwhile belong to it, whichever question they met.
    """
    year = local(now).year
    said_as = numbering.next_number(tx, "XQ", year)
    number = f"XQ{year}-{said_as:04d}"
    row = {
        "number": number,
        "said_as": said_as,
        "kind": told.kind,
        "person_id": told.person_id,
        "told_by": told.told_by,
        "channel": told.channel,
        "category": told.category,
        "community_code": told.community_code,
        "grid": told.grid,
        "text": tx.vault.seal(told.text, f"needs.text|{number}"),
        "place": tx.vault.seal(told.place, f"needs.place|{number}") if told.place else None,
        "pressing": told.pressing,
        "urgent": told.urgent,
        "mode": "direct",
        "stage": "received",
        "round": 1,
        "ruled": False,
        "previous_id": told.previous_id,
        "received_at": now,
        "due_at": now,
        "is_sample": told.is_sample,
    }
    need_id = int(tx.execute(_ADD, row).scalar_one())
    audit.note(tx, actor, "need.stage", f"need {need_id}", now, after={"stage": "received", "category": told.category})
    need_entries.add(tx, need_id, number, 1, "told", "", actor, now)
    sent = list(told.attachment_ids)
    if told.account_id is not None:
        sent += _sent_meanwhile(tx, told.account_id, (since or now) - _SENT_BEFORE)
    attachments.belong_to(tx, tuple(sent), f"need {need_id}")
    rule = routing.route(tx, told.category, told.community_code, told.grid)
    if rule is not None:
        assign(tx, get(tx, need_id), rule, PROGRAM, now, routing.version(tx))
    need = get(tx, need_id)
    need_clock.begin(tx, need_id, 1, now, normal_time(tx, need), leaves_on(tx, told.person_id))
    return get(tx, need_id)


_ROUTED = (
    update(table)
    .where(table.c.id == bindparam("need"))
    .values(mode=bindparam("by_mode"), routing_version=bindparam("by_version"))
)


def assign(
    tx: Transaction, need: Need, rule: routing.Rule, actor: Actor, now: datetime, version: int | None = None
) -> None:
    """Hand the need to the owner of `rule`, with its supports and supervisor, in place of those before."""
    for role in ("lead", "support", "supervisor"):
        if role != "supervisor" or rule.supervisor_id is not None:
            assignments.end(tx, need.id, role, "reassigned", now)
    assignments.add(tx, need.id, rule.owner_id, "lead", rule.called, now)
    for support in rule.supports:
        assignments.add(tx, need.id, support, "support", "", now)
    if rule.supervisor_id is not None:
        assignments.add(tx, need.id, rule.supervisor_id, "supervisor", "", now)
    tx.execute(_ROUTED, {"need": need.id, "by_mode": rule.mode, "by_version": version})
    need_stages.move(tx, need.id, need.number, need.stage, "assigned", actor, now)
    need_entries.add(tx, need.id, need.number, need.round, "assigned", rule.called, actor, now)


def get(tx: Transaction, need_id: int) -> Need:
    """Raises `NotFound`."""
    row = tx.execute(_GET, {"id": need_id}).first()
    if row is None:
        raise NotFound("难处")
    return Need(*row)


def with_number(tx: Transaction, said_as: int) -> list[Need]:
    """Those said as 第N号, of this year and those before, the newest first. The caller sees to who may know."""
    return [Need(*row) for row in tx.execute(_BY_NUMBER, {"number": said_as})]


def of_person(tx: Transaction, person_id: int, at_most: int = 20) -> list[Need]:
    """Their own and those they told for others, the newest first."""
    return [Need(*row) for row in tx.execute(_OF_PERSON, {"person": person_id, "at_most": at_most})]


def some(tx: Transaction, need_ids: Sequence[int]) -> list[Need]:
    """Those with these ids, in their order."""
    found = {row.id: Need(*row) for row in tx.execute(_SOME, {"ids": list(need_ids)})}
    return [found[need_id] for need_id in need_ids]


def children(tx: Transaction, need_id: int) -> list[Need]:
    """Those merged into it as the same matter."""
    return [Need(*row) for row in tx.execute(_CHILDREN, {"parent": need_id})]


def concerns(tx: Transaction, need: Need, person_id: int | None) -> Literal["resident", "proxy"] | None:
    """As what the person may read, add to and withdraw it: their own, or that of someone they act for."""
    if person_id is None:
        return None
    if need.person_id == person_id:
        return "resident"
    if need.person_id is not None and proxies.may_act_for(tx, need.person_id, person_id):
        return "proxy"
    return None


def text_of(tx: Transaction, need: Need) -> tuple[str, str]:
    """The words of the need and of its place; empty where nothing was said or it was erased."""
    row = tx.execute(_SEALED, {"id": need.id}).one()
    text = "" if row.text is None else tx.vault.open(row.text, f"needs.text|{need.number}")
    place = "" if row.place is None else tx.vault.open(row.place, f"needs.place|{need.number}")
    return text, place


def words_of(tx: Transaction, some: Sequence[Need]) -> dict[int, str]:
    """The words of each, for lists; empty where nothing was said or it was erased."""
    numbers = {need.id: need.number for need in some}
    return {
        row.id: "" if row.text is None else tx.vault.open(row.text, f"needs.text|{numbers[row.id]}")
        for row in tx.execute(_WORDS, {"ids": list(numbers)})
    }


def held(tx: Transaction, need: Need) -> Need:
    """As it is now, and nobody else changes it until this ends."""
    tx.lock(need.subject)
    return get(tx, need.id)


def add_to(tx: Transaction, need: Need, text: str, attachment_ids: Sequence[int], actor: Actor, now: datetime) -> None:
    """More words or pictures from the resident's side. Raises `NotNow` once it is closed."""
    need = held(tx, need)
    if not need.is_open:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    attachments.belong_to(tx, tuple(attachment_ids), need.subject)
    need_entries.add(tx, need.id, need.number, need.round, "added", text, actor, now)
    audit.note(tx, actor, "need.added", need.subject, now, after={"attachments": len(attachment_ids)})


def withdraw(tx: Transaction, need: Need, actor: Actor, now: datetime) -> Need:
    """The resident no longer wants it; it needs no follow-up. Raises `NotNow` once it is closed."""
    need = held(tx, need)
    if not need.is_open:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    audit.note(tx, actor, "need.withdrawn", need.subject, now)
    need_entries.add(tx, need.id, need.number, need.round, "withdrawn", "", actor, now)
    return close(tx, need, "withdrawn", now)


def close(tx: Transaction, need: Need, outcome: Outcome, now: datetime) -> Need:
    """The last step, always the program's: the verbs that lead here see to what must have come before."""
    need_stages.move(tx, need.id, need.number, need.stage, "closed", PROGRAM, now)
    need_clock.cut_pause(tx, need.id, now)
    need_clock.refresh_running(tx, need.id)
    need_clock.end(tx, need.id, outcome, now)
    tx.execute(_CLOSE, {"need": need.id, "with_outcome": outcome, "at": now})
    if outcome in ("withdrawn", "duplicate"):
        tx.execute(_VOID, {"need": need.id})  # nobody is asked whether it is solved
    return get(tx, need.id)


def normal_time(tx: Transaction, need: Need) -> timedelta:
    """Working time to the answer, before the season limit."""
    return need_limits.normal_time(tx, need.category, need.mode, urgent=need.urgent)


def leaves_on(tx: Transaction, person_id: int | None) -> date | None:
    day: date | None = tx.execute(_LEAVES, {"person": person_id}).scalar()
    return day


def sent_lately(tx: Transaction, account_id: int, now: datetime) -> list[int]:
    """Pictures and voices of the account that belong to nothing yet."""
    return _sent_meanwhile(tx, account_id, now - _SENT_BEFORE)


def _sent_meanwhile(tx: Transaction, account_id: int, since: datetime) -> list[int]:
    return [row.id for row in tx.execute(_SENT_WITH_IT, {"account": account_id, "since": since})]

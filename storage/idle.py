"""People who were away: for a season, and welcomed back; for a year, and asked whether to be kept (care.md 7).

That somebody was asked to stay is noted in the audit log, which outlasts the time they have to answer.
"""

from datetime import date, datetime, timedelta

from sqlalchemy import String, and_, bindparam, cast, func, literal, or_, select, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.people import Person
from storage.schema.events import attendances, sign_ups
from storage.schema.needs import needs
from storage.schema.people import accounts, grants, people
from storage.schema.records import audit_log
from storage.schema.talks import outbox
from storage.spans import EVERYONE, WITHIN, Span
from storage.times import local_date

AFTER = timedelta(days=365)  # without any contact
ANSWER_WITHIN = timedelta(days=30)

_ASKED = "person.ask_to_stay"
_NUMBER = cast(people.c.id, String)
_SINCE = bindparam("since", type_=people.c.created_at.type)
_NOW = bindparam("now", type_=people.c.created_at.type)

_no_contact = (
    people.c.state == "active",
    ~people.c.is_sample,
    func.coalesce(people.c.last_contact_at, people.c.created_at) < _SINCE,
    ~select(accounts.c.id).where(accounts.c.person_id == people.c.id, accounts.c.last_heard_at >= _SINCE).exists(),
    ~select(sign_ups.c.id).where(sign_ups.c.person_id == people.c.id, sign_ups.c.joined_at >= _SINCE).exists(),
    ~select(attendances.c.id)
    .where(attendances.c.person_id == people.c.id, attendances.c.recorded_at >= _SINCE)
    .exists(),
    ~select(needs.c.id)
    .where(
        or_(needs.c.person_id == people.c.id, needs.c.told_by == people.c.id),
        or_(needs.c.received_at >= _SINCE, needs.c.stage != "closed"),
    )
    .exists(),
    ~select(grants.c.id)  # whoever has an office is known to those who gave it
    .where(grants.c.person_id == people.c.id, grants.c.revoked_at.is_(None))
    .where(or_(grants.c.ends_at.is_(None), grants.c.ends_at > _NOW))
    .exists(),
)
_asked = select(audit_log.c.id).where(
    audit_log.c.object == literal("person ").concat(_NUMBER), audit_log.c.action == _ASKED
)
_TO_ASK = (
    select(people.c.id)
    .where(WITHIN, *_no_contact, ~_asked.where(audit_log.c.at >= _SINCE).exists())
    .order_by(people.c.id)
    .limit(bindparam("at_most"))
)
_TO_FORGET = (
    select(people.c.id)
    .where(
        WITHIN, *_no_contact, _asked.where(audit_log.c.at >= _SINCE, audit_log.c.at <= bindparam("asked_by")).exists()
    )
    .order_by(people.c.id)
    .limit(bindparam("at_most"))
)
_AWAY = (
    select(people.c.id)
    .where(WITHIN, people.c.state == "active", ~people.c.is_sample, people.c.messages != "none")
    .where(people.c.residence == "seasonal", people.c.leaves_on < bindparam("today"), ~and_(*_no_contact))
    .where(
        ~select(outbox.c.id)
        .where(outbox.c.key == literal("welcome:").concat(_NUMBER).concat(bindparam("of_year", type_=String)))
        .exists()
    )
    .order_by(people.c.id)
    .limit(bindparam("at_most"))
)
_CONTACT = update(people).where(people.c.id == bindparam("person")).values(last_contact_at=bindparam("at"))


def to_ask(tx: Transaction, now: datetime, at_most: int = 200, among: Span = EVERYONE) -> list[int]:
    """Who was neither heard from nor seen for a year and has not been asked yet. Nobody with an open need or a role."""
    found = tx.execute(_TO_ASK, {"since": now - AFTER, "now": now, "at_most": at_most, **among.bounds})
    return [person for (person,) in found]


def asked(tx: Transaction, person_id: int, now: datetime) -> None:
    """From now on `ANSWER_WITHIN` runs."""
    audit.note(tx, Actor(), _ASKED, f"person {person_id}", now)


def to_forget(tx: Transaction, now: datetime, at_most: int = 50, among: Span = EVERYONE) -> list[int]:
    """Who was asked thirty days ago or earlier and has still given no sign of any kind."""
    wanted = {"since": now - AFTER, "now": now, "asked_by": now - ANSWER_WITHIN, "at_most": at_most}
    wanted |= among.bounds
    return [person for (person,) in tx.execute(_TO_FORGET, wanted)]


def stays(tx: Transaction, person_id: int, actor: Actor, now: datetime) -> None:
    """The person's word, or that of staff who phoned: a contact like any other."""
    tx.execute(_CONTACT, {"person": person_id, "at": now})
    audit.note(tx, actor, "person.stays", f"person {person_id}", now)


def away(tx: Transaction, now: datetime, at_most: int = 200, among: Span = EVERYONE) -> list[int]:
    """Seasonal residents who left after an earlier season and were not welcomed back this year (`welcome_key`).

    Whoever is to be asked whether to stay is not among them.
    """
    today = local_date(now)
    wanted = {"today": today, "of_year": f":{today.year}", "since": now - AFTER, "now": now, "at_most": at_most}
    wanted |= among.bounds
    return [person for (person,) in tx.execute(_AWAY, wanted)]


def welcome_key(person_id: int, today: date) -> str:
    """Of the one message of the year, in the outbox."""
    return f"welcome:{person_id}:{today.year}"


def stay_again(person: Person, today: date) -> bool:
    """Move a stay that is over to the same days of the coming winter, in `person` alone. False when none is over."""
    moved = False
    while person.leaves_on is not None and person.leaves_on < today:
        person.leaves_on = _next_year(person.leaves_on)
        person.arrives_on = None if person.arrives_on is None else _next_year(person.arrives_on)
        moved = True
    return moved


def _next_year(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:  # 29 February
        return date(day.year + 1, 2, 28)

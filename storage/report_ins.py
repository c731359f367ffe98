"""双报到: a member in service and their unit report in to a community in one step, for a year."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from storage import audit, people
from storage.audit import Actor
from storage.database import Transaction
from storage.ledgers import HELD, PERSON, called
from storage.refusals import AlreadyReportedIn, NotAPartyMember
from storage.schema.events import attendances, events
from storage.schema.organisations import organisations
from storage.schema.people import people as people_table
from storage.schema.places import communities
from storage.schema.report_ins import report_ins as table
from storage.schema.wishes import wish_claims, wishes
from storage.times import local_date


@dataclass(frozen=True, slots=True)
class ReportIn:
    person_id: int
    name: str  # masked unless it was asked for in full
    unit: str
    community_code: str
    community: str
    reported_at: datetime
    ends_on: date


@dataclass(frozen=True, slots=True)
class Service:
    """What a person did at one event: `minutes` of volunteering, 0 where it was none."""

    event_id: int
    minutes: int


@dataclass(frozen=True, slots=True)
class Claimed:
    """A wish taken on. `unit` is the one it was taken on for, if any."""

    wish_id: int
    person_id: int
    unit: str
    is_done: bool


_ADD = insert(table)
_COLUMNS = (table.c.person_id, table.c.unit, table.c.community_code, communities.c.display_name.label("community"))
_ALL = (
    select(*_COLUMNS, table.c.reported_at, table.c.ends_on, *PERSON)
    .select_from(
        table.join(communities, communities.c.code == table.c.community_code).join(
            people_table, people_table.c.id == table.c.person_id
        )
    )
    .order_by(table.c.community_code, table.c.reported_at, table.c.id)
)
_WITHIN = _ALL.where(table.c.reported_at < bindparam("ends"), table.c.ends_on >= bindparam("first_day"))
_OF_PERSON = _ALL.where(table.c.person_id == bindparam("person"))
_SERVICE = (
    select(
        attendances.c.person_id,
        events.c.id,
        events.c.type,
        attendances.c.minutes_measured,
        attendances.c.minutes_corrected,
    )
    .select_from(events.join(attendances, attendances.c.event_id == events.c.id))
    .where(HELD, attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .where(attendances.c.person_id.in_(select(table.c.person_id)))
)
_CLAIMED = (
    select(wish_claims.c.wish_id, wish_claims.c.person_id, organisations.c.name, wishes.c.state, wish_claims.c.ended_at)
    .select_from(
        wish_claims.join(wishes, wishes.c.id == wish_claims.c.wish_id).outerjoin(
            organisations, organisations.c.id == wish_claims.c.organisation_id
        )
    )
    .where(wish_claims.c.claimed_at >= bindparam("begins"), wish_claims.c.claimed_at < bindparam("ends"))
    .order_by(wish_claims.c.id)
)


def report_in(tx: Transaction, person_id: int, unit: str, community_code: str, actor: Actor, now: datetime) -> date:
    """Returns the last day it counts: it is said once a year. Raises `NotAPartyMember` and `AlreadyReportedIn`."""
    tx.lock(f"person {person_id}")
    if people.get(tx, person_id).party.member != "yes":
        raise NotAPartyMember
    today = local_date(now)
    for standing in of_person(tx, person_id):
        if standing.community_code == community_code and standing.unit == unit and standing.ends_on >= today:
            raise AlreadyReportedIn(standing.community, standing.ends_on)
    # 29 February ends on the 28th.
    ends_on = date(today.year + 1, today.month, min(today.day, 28) if today.month == 2 else today.day)
    row = {"person_id": person_id, "unit": unit, "community_code": community_code}
    tx.execute(_ADD, row | {"reported_at": now, "ends_on": ends_on})
    audit.note(tx, actor, "person.report_in", f"person {person_id}", now, after={"community": community_code})
    return ends_on


def of_person(tx: Transaction, person_id: int) -> list[ReportIn]:
    return [_report_in(tx, row, masked=True) for row in tx.execute(_OF_PERSON, {"person": person_id})]


def within(tx: Transaction, first: date, ends: datetime, *, masked: bool = True) -> list[ReportIn]:
    """Those that counted on some day from `first` until before `ends`, by community and time."""
    return [_report_in(tx, row, masked=masked) for row in tx.execute(_WITHIN, {"first_day": first, "ends": ends})]


def service(tx: Transaction, begins: datetime, ends: datetime) -> dict[int, list[Service]]:
    """What each of those who ever reported in came to by name in the period."""
    found: dict[int, list[Service]] = defaultdict(list)
    for row in tx.execute(_SERVICE, {"begins": begins, "ends": ends}):
        corrected = row.minutes_measured if row.minutes_corrected is None else row.minutes_corrected
        minutes = corrected or 0 if row.type == "volunteering" else 0
        found[row.person_id].append(Service(row.id, minutes))
    return found


def claimed(tx: Transaction, begins: datetime, ends: datetime) -> list[Claimed]:
    """Wishes taken on in the period."""
    return [
        Claimed(row.wish_id, row.person_id, row.name or "", row.state in ("done", "confirmed") and row.ended_at is None)
        for row in tx.execute(_CLAIMED, {"begins": begins, "ends": ends})
    ]


def _report_in(tx: Transaction, row: Any, *, masked: bool) -> ReportIn:
    name, _ = called(tx, row, masked=masked)
    return ReportIn(row.person_id, name, row.unit, row.community_code, row.community, row.reported_at, row.ends_on)

"""What is counted, straight from the rows: no figure is kept anywhere (domain rule 6.3.5).

Only held events of the period count. Whoever came to an event has one standing row there; merging two persons moves
their rows to the one who stays, and making a person anonymous leaves the rows: so a person is a `person_id` here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, bindparam, case, distinct, func, or_, select

from storage.database import Transaction
from storage.schema.events import attendances, co_hosts, events, head_counts, series, sign_ups
from storage.schema.organisations import organisations
from storage.schema.places import communities, service_points
from storage.schema.records import audit_log

Grouping = Literal["month", "type", "series", "community", "point", "organisation"]
Key = str | int | None


@dataclass(frozen=True, slots=True)
class EventTally:
    """One held event in numbers. `organisation_ids` are the host and every co-host."""

    event_id: int
    starts_at: datetime
    type: str
    series_id: int | None
    point_id: int | None
    community_code: str | None
    organisation_ids: tuple[int, ...]
    named: int  # distinct persons who came
    members: int  # of them, Party members on that day
    seasonal: int  # of them, seasonal residents on that day
    unnamed: int  # counted on the spot
    signed_up: int  # had a place when it began
    signed_up_and_came: int


_held = and_(
    events.c.state == "held",
    events.c.starts_at >= bindparam("begins"),
    events.c.starts_at < bindparam("ends"),
)
_of_period = events.alias("of_period")
_held_ids = select(_of_period.c.id).where(
    _of_period.c.state == "held",
    _of_period.c.starts_at >= bindparam("begins"),
    _of_period.c.starts_at < bindparam("ends"),
)
# The rows of the period's events and no others: from a plain join SQLite may choose to read every attendance there is.
_came = and_(
    attendances.c.event_id.in_(_held_ids), attendances.c.state == "attended", attendances.c.undone_at.is_(None)
)
_came_to = attendances.join(events, events.c.id == attendances.c.event_id)

_EVENTS = (
    select(
        events.c.id,
        events.c.starts_at,
        events.c.type,
        events.c.series_id,
        events.c.point_id,
        events.c.organisation_id,
        service_points.c.community_code,
    )
    .select_from(events.outerjoin(service_points, service_points.c.id == events.c.point_id))
    .where(_held)
    .order_by(events.c.starts_at, events.c.id)
)
_CO_HOSTS = (
    select(co_hosts.c.event_id, co_hosts.c.organisation_id)
    .select_from(co_hosts.join(events, events.c.id == co_hosts.c.event_id))
    .where(_held)
    .order_by(co_hosts.c.organisation_id)
)
_BY_NAME = (
    func.count().label("named"),
    func.count(case((attendances.c.party_member, 1))).label("members"),
    func.count(case((attendances.c.residence == "seasonal", 1))).label("seasonal"),
)
_NAMED = select(attendances.c.event_id.label("id"), *_BY_NAME).where(_came).group_by(attendances.c.event_id)
_UNNAMED = (
    select(head_counts.c.event_id, func.sum(head_counts.c.people).label("unnamed"))
    .select_from(head_counts.join(events, events.c.id == head_counts.c.event_id))
    .where(_held, head_counts.c.undone_at.is_(None))
    .group_by(head_counts.c.event_id)
)

# Who had a place when the event began: a place given back later than that still counts as expected.
_had_a_place = and_(
    sign_ups.c.joined_at <= events.c.starts_at,
    or_(
        sign_ups.c.state == "confirmed",
        and_(sign_ups.c.state == "cancelled", sign_ups.c.changed_at > events.c.starts_at),
    ),
)
_attended = attendances.alias("attended")
_EXPECTED = (
    select(
        sign_ups.c.event_id.label("id"),
        func.count(distinct(sign_ups.c.person_id)).label("signed_up"),
        func.count(distinct(_attended.c.person_id)).label("came"),
    )
    .select_from(
        sign_ups.join(events, events.c.id == sign_ups.c.event_id).outerjoin(
            _attended,
            and_(
                _attended.c.event_id == sign_ups.c.event_id,
                _attended.c.person_id == sign_ups.c.person_id,
                _attended.c.state == "attended",
                _attended.c.undone_at.is_(None),
            ),
        )
    )
    .where(sign_ups.c.event_id.in_(_held_ids), _had_a_place)
    .group_by(sign_ups.c.event_id)
)


def held_events(tx: Transaction, begins: datetime, ends: datetime) -> list[EventTally]:
    """Every event held from `begins` until before `ends`, by its start, in order of time."""
    period = {"begins": begins, "ends": ends}
    co_hosting: dict[int, list[int]] = {}
    for row in tx.execute(_CO_HOSTS, period):
        co_hosting.setdefault(row.event_id, []).append(row.organisation_id)
    named = {row.id: row for row in tx.execute(_NAMED, period)}
    unnamed = {row.event_id: int(row.unnamed) for row in tx.execute(_UNNAMED, period)}
    expected = {row.id: row for row in tx.execute(_EXPECTED, period)}
    tallies = []
    for event in tx.execute(_EVENTS, period):
        came, places = named.get(event.id), expected.get(event.id)
        hosts = [] if event.organisation_id is None else [event.organisation_id]
        hosts += [host for host in co_hosting.get(event.id, ()) if host not in hosts]
        tallies.append(
            EventTally(
                event_id=event.id,
                starts_at=event.starts_at,
                type=event.type,
                series_id=event.series_id,
                point_id=event.point_id,
                community_code=event.community_code,
                organisation_ids=tuple(hosts),
                named=came.named if came else 0,
                members=came.members if came else 0,
                seasonal=came.seasonal if came else 0,
                unnamed=unnamed.get(event.id, 0),
                signed_up=places.signed_up if places else 0,
                signed_up_and_came=places.came if places else 0,
            )
        )
    return tallies


_CAME_TO = (
    select(attendances.c.event_id, func.count().label("people"))
    .where(attendances.c.event_id.in_(bindparam("events", expanding=True)))
    .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .group_by(attendances.c.event_id)
)
_COUNTED_AT = (
    select(head_counts.c.event_id, func.sum(head_counts.c.people).label("people"))
    .where(head_counts.c.event_id.in_(bindparam("events", expanding=True)), head_counts.c.undone_at.is_(None))
    .group_by(head_counts.c.event_id)
)


def came(tx: Transaction, event_ids: Sequence[int]) -> dict[int, int]:
    """人次 of each of these events, named and counted on the spot."""
    found = dict.fromkeys(event_ids, 0)
    for statement in (_CAME_TO, _COUNTED_AT):
        for row in tx.execute(statement, {"events": list(event_ids)}):
            found[row.event_id] += int(row.people)
    return found


_PEOPLE = select(func.count(distinct(attendances.c.person_id))).where(_came)


def people(tx: Transaction, begins: datetime, ends: datetime) -> int:
    """How many different persons came by name to something held in the period."""
    return int(tx.execute(_PEOPLE, {"begins": begins, "ends": ends}).scalar_one())


def people_by(tx: Transaction, begins: datetime, ends: datetime, grouping: Grouping) -> dict[Key, int]:
    """The same for each group of events; a person may be one in several. Months are those of 三亚, as 2025-10."""
    counted = tx.execute(_people_by(grouping, tx.dialect), {"begins": begins, "ends": ends})
    return {row.key: row.people for row in counted}


def _people_by(grouping: Grouping, dialect: str) -> Any:
    source = _came_to
    key: ColumnElement[Any]
    match grouping:
        case "month" if dialect == "sqlite":
            key = func.strftime("%Y-%m", events.c.starts_at, "+8 hours")
        case "month":
            key = func.to_char(func.timezone("Asia/Shanghai", events.c.starts_at), "YYYY-MM")
        case "type":
            key = events.c.type
        case "series":
            key = events.c.series_id
        case "point":
            key = events.c.point_id
        case "community":
            source = source.outerjoin(service_points, service_points.c.id == events.c.point_id)
            key = service_points.c.community_code
        case "organisation":
            hosting = (
                select(events.c.id.label("event_id"), events.c.organisation_id)
                .where(events.c.organisation_id.is_not(None))
                .union(select(co_hosts.c.event_id, co_hosts.c.organisation_id))
                .subquery("hosting")
            )
            source = source.outerjoin(hosting, hosting.c.event_id == events.c.id)
            key = hosting.c.organisation_id
    return (
        select(key.label("key"), func.count(distinct(attendances.c.person_id)).label("people"))
        .select_from(source)
        .where(_came)
        .group_by(key)
    )


@dataclass(frozen=True, slots=True)
class KindTally:
    """Those who came by name, of one kind on that day."""

    events: int  # with at least one of them
    named: int
    members: int
    seasonal: int
    people: int


_KIND = {"member": attendances.c.party_member, "residence": attendances.c.residence}
_BY_KIND = {
    name: select(
        column.label("key"),
        func.count(distinct(attendances.c.event_id)).label("events"),
        *_BY_NAME,
        func.count(distinct(attendances.c.person_id)).label("people"),
    )
    .where(_came)
    .group_by(column)
    for name, column in _KIND.items()
}


def by_kind(
    tx: Transaction, begins: datetime, ends: datetime, kind: Literal["member", "residence"]
) -> dict[bool | str | None, KindTally]:
    """By what each person was on that day: Party member or not, `seasonal` or `local`. Head-counts belong to none."""
    counted = tx.execute(_BY_KIND[kind], {"begins": begins, "ends": ends})
    return {row.key: KindTally(row.events, row.named, row.members, row.seasonal, row.people) for row in counted}


_NAMES = {
    "series": select(series.c.id.label("key"), series.c.name),
    "point": select(service_points.c.id.label("key"), service_points.c.name),
    "community": select(communities.c.code.label("key"), communities.c.display_name.label("name")),
    "organisation": select(organisations.c.id.label("key"), organisations.c.name),
}


def names(tx: Transaction, grouping: Literal["series", "point", "community", "organisation"]) -> dict[Key, str]:
    """What the groups are called, in the order in which they are listed."""
    return {row.key: row.name for row in tx.execute(_NAMES[grouping].order_by("key"))}


@dataclass(frozen=True, slots=True)
class Marks:
    """How far the tables had grown when something was counted."""

    attendance: int
    head_count: int
    undone_at: datetime
    audit: int


_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_MARKS = select(
    select(func.max(attendances.c.id)).scalar_subquery().label("attendance"),
    select(func.max(head_counts.c.id)).scalar_subquery().label("head_count"),
    select(func.max(head_counts.c.undone_at)).scalar_subquery().label("undone_at"),
    select(func.max(audit_log.c.id)).scalar_subquery().label("audit"),
)
_NO_MATTER = ("broadcast", "console", "need", "poll", "proxy", "report", "role", "suggestion", "wish")
"""Kinds of acts, as they begin in the audit log, that move no figure."""
_ADDED = tuple(
    (
        mark,
        select(column)
        .where(column > bindparam("since", type_=column.type), table.c.event_id == events.c.id, _held)
        .limit(1),
    )
    for mark, table, column in (
        ("attendance", attendances, attendances.c.id),
        ("head_count", head_counts, head_counts.c.id),
        ("undone_at", head_counts, head_counts.c.undone_at),
    )
)
_DONE = (
    select(audit_log.c.object)
    .where(audit_log.c.id > bindparam("since"), *(~audit_log.c.action.like(f"{each}.%") for each in _NO_MATTER))
    .distinct()
    .limit(bindparam("at_most"))
)
_HELD_AMONG = select(events.c.id).where(events.c.id.in_(bindparam("events", expanding=True)), _held).limit(1)
_MANY = 500  # acts since the last count: then counting again is as quick as looking at each


def marks(tx: Transaction) -> Marks:
    row = tx.execute(_MARKS).one()
    return Marks(row.attendance or 0, row.head_count or 0, row.undone_at or _LONG_AGO, row.audit or 0)


def may_differ(tx: Transaction, begins: datetime, ends: datetime, since: Marks) -> bool:
    """Whether a figure of the period may have changed: reads only what was added, whatever the size of the tables.

    A coming or a head-count is a new row, and moves a figure only of an event that is held. Holding, moving,
    cancelling, undoing and merging stand in the audit log. Who gives a place back or takes one is counted when the
    event is held.
    """
    period = {"begins": begins, "ends": ends}
    for mark, statement in _ADDED:
        if tx.execute(statement, {**period, "since": getattr(since, mark)}).first() is not None:
            return True
    touched = tx.execute(_DONE, {"since": since.audit, "at_most": _MANY}).scalars().all()
    of_events = [int(number[1]) for about in touched if (number := _OF_EVENT.match(about))]
    if len(touched) == _MANY or len(of_events) < len(touched):
        return True
    return bool(of_events) and tx.execute(_HELD_AMONG, {**period, "events": of_events}).first() is not None


_OF_EVENT = re.compile(r"event (\d+)\b")

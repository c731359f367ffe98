"""The lists behind the reports, row by row: names and phones leave here masked unless the caller may see them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from storage import people
from storage.database import Transaction
from storage.masks import mask_name, mask_phone
from storage.refusals import NotFound
from storage.schema.events import attendances, co_hosts, events, head_counts, series, sign_ups
from storage.schema.organisations import organisations
from storage.schema.people import people as people_table
from storage.schema.places import communities, service_points

NAMELESS = "（已注销）"  # a person whose data were erased at their wish


@dataclass(frozen=True, slots=True)
class EventFacts:
    """What a ledger says of an event. `hosts` are all of them, the leading one first; `place` is the point or words."""

    id: int
    number: str
    type: str
    title: str
    starts_at: datetime
    ends_at: datetime
    series: str
    hosts: str
    place: str
    speaker: str  # or the contact
    photo_taken: bool | None
    remark: str


@dataclass(frozen=True, slots=True)
class RollEntry:
    """A person on the list of an event. `state` is None while nothing was recorded (未记)."""

    number: int
    name: str
    phone: str
    party_member: bool
    residence: str | None
    community: str
    expected: bool  # had a place when the event began
    state: str | None
    came_at: datetime | None
    method: str | None
    walk_in: bool


@dataclass(frozen=True, slots=True)
class Came:
    """One coming, or with no `person_id` those counted on the spot at one event."""

    event_number: str
    starts_at: datetime
    title: str
    type: str
    person_id: int | None
    name: str
    phone: str
    party_member: bool
    residence: str | None
    community: str
    came_at: datetime | None
    method: str | None
    walk_in: bool
    people: int


_FACTS = select(
    events.c.id,
    events.c.number,
    events.c.type,
    events.c.title,
    events.c.starts_at,
    events.c.ends_at,
    series.c.name.label("series"),
    organisations.c.name.label("host"),
    events.c.venue,
    service_points.c.name.label("point"),
    events.c.speaker,
    events.c.contact_phone,
    events.c.photo_taken,
    events.c.revision,
    events.c.reason,
).select_from(
    events.outerjoin(series, series.c.id == events.c.series_id)
    .outerjoin(organisations, organisations.c.id == events.c.organisation_id)
    .outerjoin(service_points, service_points.c.id == events.c.point_id)
)
HELD = and_(events.c.state == "held", events.c.starts_at >= bindparam("begins"), events.c.starts_at < bindparam("ends"))
_ONE = _FACTS.where(events.c.id == bindparam("event"))
_HELD = _FACTS.where(HELD).order_by(events.c.starts_at, events.c.id)
_CO_HOSTS = (
    select(co_hosts.c.event_id, organisations.c.name)
    .select_from(
        co_hosts.join(organisations, organisations.c.id == co_hosts.c.organisation_id).join(
            events, events.c.id == co_hosts.c.event_id
        )
    )
    .order_by(organisations.c.id)
)
_CO_HOSTS_OF_ONE = _CO_HOSTS.where(events.c.id == bindparam("event"))
_CO_HOSTS_OF_HELD = _CO_HOSTS.where(HELD)
_SAMPLES = select(exists().where(events.c.is_sample))

PERSON = (people_table.c.uid, people_table.c.name, people_table.c.phone)
_had_a_place = and_(
    sign_ups.c.joined_at <= events.c.starts_at,
    or_(
        sign_ups.c.state == "confirmed",
        and_(sign_ups.c.state == "cancelled", sign_ups.c.changed_at > events.c.starts_at),
    ),
)
_EXPECTED = (
    select(
        sign_ups.c.number,
        sign_ups.c.person_id,
        *PERSON,
        people_table.c.party,
        people_table.c.residence,
        communities.c.display_name.label("community"),
    )
    .select_from(
        sign_ups.join(events, events.c.id == sign_ups.c.event_id)
        .join(people_table, people_table.c.id == sign_ups.c.person_id)
        .outerjoin(communities, communities.c.code == people_table.c.community_code)
    )
    .where(events.c.id == bindparam("event"), _had_a_place)
    .order_by(sign_ups.c.number)
)
_RECORDED = (
    select(
        attendances.c.list_number,
        attendances.c.person_id,
        *PERSON,
        attendances.c.party_member,
        attendances.c.residence,
        communities.c.display_name.label("community"),
        attendances.c.state,
        attendances.c.came_at,
        attendances.c.method,
        attendances.c.walk_in,
        sign_ups.c.number,
    )
    .select_from(
        attendances.join(people_table, people_table.c.id == attendances.c.person_id)
        .outerjoin(communities, communities.c.code == attendances.c.community_code)
        .outerjoin(
            sign_ups,
            and_(
                sign_ups.c.event_id == attendances.c.event_id,
                sign_ups.c.person_id == attendances.c.person_id,
                sign_ups.c.state.in_(["confirmed", "waitlisted", "offered"]),
            ),
        )
    )
    .where(attendances.c.event_id == bindparam("event"), attendances.c.undone_at.is_(None))
    .order_by(attendances.c.list_number, attendances.c.id)
)
_CAME = (
    select(
        events.c.id.label("event_id"),
        events.c.number,
        events.c.starts_at,
        events.c.title,
        events.c.type,
        events.c.point_id,
        attendances.c.person_id,
        *PERSON,
        attendances.c.party_member,
        attendances.c.residence,
        communities.c.display_name.label("community"),
        attendances.c.came_at,
        attendances.c.method,
        attendances.c.walk_in,
    )
    .select_from(
        events.join(attendances, attendances.c.event_id == events.c.id)
        .join(people_table, people_table.c.id == attendances.c.person_id)
        .outerjoin(communities, communities.c.code == attendances.c.community_code)
    )
    .where(HELD, attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .order_by(events.c.starts_at, events.c.id, attendances.c.came_at, attendances.c.id)
)
_COUNTED = (
    select(
        events.c.number,
        events.c.starts_at,
        events.c.title,
        events.c.type,
        events.c.point_id,
        func.min(head_counts.c.at).label("counted_at"),
        func.sum(head_counts.c.people).label("people"),
    )
    .select_from(events.join(head_counts, head_counts.c.event_id == events.c.id))
    .where(HELD, head_counts.c.undone_at.is_(None))
    .group_by(events.c.id)
    .order_by(events.c.starts_at, events.c.id)
)


def event(tx: Transaction, event_id: int) -> EventFacts:
    """Raises `NotFound`."""
    row = tx.execute(_ONE, {"event": event_id}).first()
    if row is None:
        raise NotFound("活动")
    return _facts(row, [name for _, name in tx.execute(_CO_HOSTS_OF_ONE, {"event": event_id})])


def held_events(tx: Transaction, begins: datetime, ends: datetime) -> list[EventFacts]:
    """In order of time: the order of `storage.counts.held_events`."""
    period = {"begins": begins, "ends": ends}
    hosts: dict[int, list[str]] = defaultdict(list)
    for event_id, name in tx.execute(_CO_HOSTS_OF_HELD, period):
        hosts[event_id].append(name)
    return [_facts(row, hosts[row.id]) for row in tx.execute(_HELD, period)]


def holds_samples(tx: Transaction) -> bool:
    """Whether invented events are among the real ones: every sheet must then say so."""
    return bool(tx.execute(_SAMPLES).scalar())


def roll(tx: Transaction, event_id: int, *, masked: bool = True) -> list[RollEntry]:
    """Everyone who had a place and everyone of whom something was recorded, by number on the printed list.

    Membership, residence and community are those of that day where they were recorded, else those of today.
    """
    entries: dict[int, RollEntry] = {}
    for row in tx.execute(_EXPECTED, {"event": event_id}):
        name, phone = called(tx, row, masked=masked)
        member = people.party_of(tx, row.uid, row.party).member == "yes"
        entries[row.person_id] = RollEntry(
            row.number, name, phone, member, row.residence, row.community or "", True, None, None, None, False
        )
    for row in tx.execute(_RECORDED, {"event": event_id}):
        name, phone = called(tx, row, masked=masked)
        before = entries.get(row.person_id)
        entries[row.person_id] = RollEntry(
            number=before.number if before else row.number or row.list_number or 0,
            name=name,
            phone=phone,
            party_member=row.party_member,
            residence=row.residence,
            community=row.community or "",
            expected=before is not None,
            state=row.state,
            came_at=row.came_at,
            method=row.method,
            walk_in=row.walk_in,
        )
    return sorted(entries.values(), key=lambda entry: entry.number)


def came(
    tx: Transaction,
    begins: datetime,
    ends: datetime,
    *,
    masked: bool = True,
    point_ids: frozenset[int] | None = None,
) -> Iterator[Came]:
    """Every coming of the period, then what was counted on the spot at each event. Read as it is fetched.

    Of events of `point_ids` alone; None is the whole district.
    """
    period = {"begins": begins, "ends": ends}
    for row in tx.connection.execute(_CAME, period, execution_options={"yield_per": 1000}):
        if point_ids is not None and row.point_id not in point_ids:
            continue
        name, phone = called(tx, row, masked=masked)
        yield Came(
            event_number=row.number or "",
            starts_at=row.starts_at,
            title=row.title,
            type=row.type,
            person_id=row.person_id,
            name=name,
            phone=phone,
            party_member=row.party_member,
            residence=row.residence,
            community=row.community or "",
            came_at=row.came_at,
            method=row.method,
            walk_in=row.walk_in,
            people=1,
        )
    for row in tx.execute(_COUNTED, period):
        if point_ids is not None and row.point_id not in point_ids:
            continue
        about = (row.number or "", row.starts_at, row.title, row.type)
        yield Came(*about, None, "", "", False, None, "", row.counted_at, None, False, int(row.people))


def _facts(row: Any, co_hosting: list[str]) -> EventFacts:
    moved = "时间或地点改过" if row.revision > 1 else ""
    together = "联合主办" if co_hosting else ""
    return EventFacts(
        id=row.id,
        number=row.number or "",
        type=row.type,
        title=row.title,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        series=row.series or "",
        hosts="、".join(name for name in (row.host, *co_hosting) if name),
        place=row.point or row.venue,
        speaker=row.speaker or row.contact_phone or "",
        photo_taken=row.photo_taken,
        remark="；".join(remark for remark in (moved, together, row.reason) if remark),
    )


def called(tx: Transaction, row: Any, *, masked: bool) -> tuple[str, str]:
    """Name and phone of a person's row, as the reader may see them."""
    if row.name is None:
        return NAMELESS, ""
    name, phone = people.opened(tx, row.uid, row.name, row.phone)
    return (mask_name(name), mask_phone(phone or "")) if masked else (name, phone or "")


_TOOK_PART = (
    select(attendances.c.person_id)
    .select_from(events.join(attendances, attendances.c.event_id == events.c.id))
    .where(HELD, attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .distinct()
)


def took_part(tx: Transaction, begins: datetime, ends: datetime) -> set[int]:
    """The persons who came by name to something held in the period."""
    return set(tx.execute(_TOOK_PART, {"begins": begins, "ends": ends}).scalars())


_CAME_TO = (
    select(events.c.id)
    .select_from(events.join(attendances, attendances.c.event_id == events.c.id))
    .where(
        HELD,
        attendances.c.person_id == bindparam("person"),
        attendances.c.state == "attended",
        attendances.c.undone_at.is_(None),
    )
)


def came_to(tx: Transaction, person_id: int, begins: datetime, ends: datetime) -> list[EventFacts]:
    """What the person came to by name, in order of time."""
    period = {"begins": begins, "ends": ends}
    mine = set(tx.execute(_CAME_TO, {**period, "person": person_id}).scalars())
    return [event for event in held_events(tx, begins, ends) if event.id in mine]

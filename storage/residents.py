"""Everyone registered, as lists of staff show them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, bindparam, case, func, or_, select

from storage import people
from storage.database import Transaction
from storage.ledgers import PERSON, called
from storage.refusals import NotFound
from storage.schema.organisations import organisations
from storage.schema.people import people as people_table
from storage.schema.places import communities, service_points


@dataclass(frozen=True, slots=True)
class Resident:
    """A registered person as a ledger shows them. Dates and place are those of today."""

    id: int
    name: str
    phone: str
    member: bool
    member_type: str | None
    verification: str
    home_branch: str
    residence: str | None
    origin: str
    arrives_on: date | None
    leaves_on: date | None
    community_code: str | None
    community: str
    estate: str
    point_id: int | None
    point: str
    host_branch_id: int | None
    host_branch: str
    party_group: str
    registered_at: datetime

    def is_in_town(self, day: date) -> bool:
        """在琼: who lives here all year, and a seasonal resident between the two dates of the stay."""
        return self.was_in_town(day, day)

    def was_in_town(self, first: date, last: date) -> bool:
        if self.residence != "seasonal":
            return True
        if self.arrives_on is None or self.arrives_on > last:
            return False
        return self.leaves_on is None or self.leaves_on >= first


_RESIDENTS = (
    select(
        people_table.c.id,
        *PERSON,
        people_table.c.party,
        people_table.c.verification,
        people_table.c.residence,
        people_table.c.origin,
        people_table.c.arrives_on,
        people_table.c.leaves_on,
        people_table.c.community_code,
        communities.c.display_name.label("community"),
        people_table.c.estate,
        people_table.c.point_id,
        service_points.c.name.label("point"),
        people_table.c.host_branch_id,
        organisations.c.name.label("host_branch"),
        people_table.c.party_group,
        people_table.c.created_at,
    )
    .select_from(
        people_table.outerjoin(communities, communities.c.code == people_table.c.community_code)
        .outerjoin(service_points, service_points.c.id == people_table.c.point_id)
        .outerjoin(organisations, organisations.c.id == people_table.c.host_branch_id)
    )
    .where(people_table.c.state == "active")
    .order_by(people_table.c.id)
)
_RESIDENT = _RESIDENTS.where(people_table.c.id == bindparam("person"))
_AFTER = _RESIDENTS.where(people_table.c.id > bindparam("after")).limit(bindparam("at_most"))
_OF_REACH = or_(
    people_table.c.point_id.in_(bindparam("points", expanding=True)),
    people_table.c.host_branch_id.in_(bindparam("branches", expanding=True)),
)
_REACHED = _AFTER.where(_OF_REACH)
_HERE = and_(
    people_table.c.state == "active",
    or_(
        people_table.c.residence.is_(None),
        people_table.c.residence != "seasonal",
        and_(
            people_table.c.arrives_on <= bindparam("last"),
            or_(people_table.c.leaves_on.is_(None), people_table.c.leaves_on >= bindparam("first")),
        ),
    ),
)
_IS_SEASONAL = people_table.c.residence == "seasonal"
_COUNT_HERE = select(func.count(), func.count(case((_IS_SEASONAL, 1)))).select_from(people_table).where(_HERE)
_COUNT_REACHED_HERE = _COUNT_HERE.where(_OF_REACH)
_SHOWN_HERE = {
    (is_whole, only_seasonal): (
        _RESIDENTS.where(_HERE, *([] if is_whole else [_OF_REACH]), *([_IS_SEASONAL] if only_seasonal else []))
        .limit(bindparam("at_most"))
        .offset(bindparam("skip"))
    )
    for is_whole in (True, False)
    for only_seasonal in (True, False)
}
_NO_BRANCH = (  # in the order of numbers: by the index of branches, everyone who has none would be sorted for it
    select(people_table.c.id, people_table.c.uid, people_table.c.party)
    .where(people_table.c.id > bindparam("after"), people_table.c.state == "active")
    .where(func.coalesce(people_table.c.host_branch_id, 0) == 0)
    .order_by(people_table.c.id)
    .limit(bindparam("at_most"))
)
_PLACED = (
    select(people_table.c.id)
    .where(people_table.c.host_branch_id == bindparam("branch"), people_table.c.state == "active")
    .order_by(people_table.c.id)
    .limit(bindparam("at_most"))
    .offset(bindparam("skip"))
)
_OF_BRANCH = _RESIDENTS.where(people_table.c.id.in_(_PLACED))
_COUNT_PLACED = (
    select(func.count())
    .select_from(people_table)
    .where(people_table.c.host_branch_id == bindparam("branch"), people_table.c.state == "active")
)
_A_LOOK, _MOST_LOOKS = 500, 6
_COMMUNITY_NAMES = select(communities.c.code, communities.c.display_name).order_by(communities.c.code)


def everyone(tx: Transaction, *, masked: bool = True) -> Iterator[Resident]:
    """Everyone registered and neither merged nor erased."""
    for row in tx.connection.execute(_RESIDENTS, execution_options={"yield_per": 1000}):
        yield _resident(tx, row, masked=masked)


def page(
    tx: Transaction,
    after: int,
    at_most: int,
    *,
    point_ids: frozenset[int] | None,
    branch_ids: frozenset[int] | None,
) -> list[Resident]:
    """Some of everyone, masked, from the number `after` on: those of these points or branches; None is everyone."""
    wanted: dict[str, Any] = {"after": after, "at_most": at_most}
    if point_ids is None or branch_ids is None:
        return [_resident(tx, row, masked=True) for row in tx.execute(_AFTER, wanted)]
    wanted |= {"points": sorted(point_ids), "branches": sorted(branch_ids)}
    return [_resident(tx, row, masked=True) for row in tx.execute(_REACHED, wanted)]


@dataclass(frozen=True, slots=True)
class InTown:
    """Who was in town some time from one day to another: how many, how many of them 候鸟, and some of them."""

    people: int
    seasonal: int
    shown: list[Resident]


def in_town(
    tx: Transaction,
    first: date,
    last: date,
    *,
    point_ids: frozenset[int] | None,
    branch_ids: frozenset[int] | None,
    only_seasonal: bool = False,
    skip: int = 0,
    at_most: int = 50,
    is_masked: bool = True,
) -> InTown:
    """By the dates of the stay, of these points or branches; None is everyone."""
    is_whole = point_ids is None or branch_ids is None
    wanted: dict[str, Any] = {"first": first, "last": last}
    if not is_whole:
        wanted |= {"points": sorted(point_ids or ()), "branches": sorted(branch_ids or ())}
    counted = tx.execute(_COUNT_HERE if is_whole else _COUNT_REACHED_HERE, wanted).one()
    rows = tx.execute(_SHOWN_HERE[is_whole, only_seasonal], {**wanted, "skip": skip, "at_most": at_most}).all()
    return InTown(counted[0], counted[1], [_resident(tx, row, masked=is_masked) for row in rows])


def of_branch(tx: Transaction, branch_id: int, skip: int, at_most: int) -> tuple[list[Resident], int]:
    """Some of those who are placed there, masked, and how many there are."""
    count = int(tx.execute(_COUNT_PLACED, {"branch": branch_id}).scalar_one())
    rows = tx.execute(_OF_BRANCH, {"branch": branch_id, "skip": skip, "at_most": at_most}).all()
    return [_resident(tx, row, masked=True) for row in rows], count


def members_without_branch(tx: Transaction, after: int, at_most: int) -> tuple[list[Resident], int | None]:
    """Party members placed nowhere, masked, from the number `after` on, and from which number to go on.

    Who is a member is sealed, so rows are opened one by one: a few thousand at most in one call.
    """
    found: list[Resident] = []
    for _ in range(_MOST_LOOKS):
        rows = tx.execute(_NO_BRANCH, {"after": after, "at_most": _A_LOOK}).all()
        for row in rows:
            after = row.id
            if people.party_of(tx, row.uid, row.party).member == "yes":
                found.append(masked(tx, row.id))
                if len(found) == at_most:
                    return found, after
        if len(rows) < _A_LOOK:
            return found, None
    return found, after


def _resident(tx: Transaction, row: Any, *, masked: bool) -> Resident:
    name, phone = called(tx, row, masked=masked)
    party = people.party_of(tx, row.uid, row.party)
    return Resident(
        id=row.id,
        name=name,
        phone=phone,
        member=party.member == "yes",
        member_type=party.member_type,
        verification=row.verification,
        home_branch=party.home_branch or "",
        residence=row.residence,
        origin=row.origin or "",
        arrives_on=row.arrives_on,
        leaves_on=row.leaves_on,
        community_code=row.community_code,
        community=row.community or "",
        estate=row.estate or "",
        point_id=row.point_id,
        point=row.point or "",
        host_branch_id=row.host_branch_id,
        host_branch=row.host_branch or "",
        party_group=row.party_group or "",
        registered_at=row.created_at,
    )


def one(tx: Transaction, person_id: int) -> Resident:
    """One person, unmasked: for a paper handed to themself. Raises `NotFound`."""
    row = tx.execute(_RESIDENT, {"person": person_id}).first()
    if row is None:
        raise NotFound("居民")
    return _resident(tx, row, masked=False)


def masked(tx: Transaction, person_id: int) -> Resident:
    """One person as a page shows them. Raises `NotFound`."""
    row = tx.execute(_RESIDENT, {"person": person_id}).first()
    if row is None:
        raise NotFound("居民")
    return _resident(tx, row, masked=True)


def community_names(tx: Transaction) -> dict[str, str]:
    """Display names by code, in the order of codes."""
    return {row.code: row.display_name for row in tx.execute(_COMMUNITY_NAMES)}

"""Series: events that belong together, each with its own date; changed one at a time or from now on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, case, func, insert, select, update

from storage import calendar, events
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NotFound
from storage.schema.events import attendances
from storage.schema.events import events as events_table
from storage.schema.events import series as table
from storage.times import local_date


@dataclass(frozen=True, slots=True)
class Series:
    id: int
    name: str
    type: str
    organisation_id: int | None
    point_id: int | None


@dataclass(frozen=True, slots=True)
class Completed:
    """How many events of a series a person came to, of those held."""

    person_id: int
    came: int
    held: int


_COLUMNS = (table.c.id, table.c.name, table.c.type, table.c.organisation_id, table.c.point_id)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_ACTIVE = select(*_COLUMNS).where(table.c.active).order_by(table.c.id.desc())
_ADD = insert(table).returning(table.c.id)
_JOIN = update(events_table).where(events_table.c.id == bindparam("event")).values(series_id=bindparam("series"))
_FOLLOWING = (
    select(events_table.c.id)
    .where(events_table.c.series_id == bindparam("series"), events_table.c.state.in_(["draft", "published"]))
    .where(events_table.c.starts_at > bindparam("since"))
    .order_by(events_table.c.starts_at, events_table.c.id)
)
_OF_SERIES = (
    select(events_table.c.id)
    .where(events_table.c.series_id == bindparam("series"))
    .order_by(events_table.c.starts_at, events_table.c.id)
)
_HELD = select(func.count()).where(events_table.c.series_id == bindparam("series"), events_table.c.state == "held")
_TALLIES = (
    select(
        events_table.c.series_id,
        func.count().label("all"),
        func.sum(case((events_table.c.state == "held", 1), else_=0)),
    )
    .where(events_table.c.series_id.in_(bindparam("series", expanding=True)))
    .group_by(events_table.c.series_id)
)
_CAME = (
    select(attendances.c.person_id, func.count(attendances.c.event_id.distinct()).label("came"))
    .join(events_table, events_table.c.id == attendances.c.event_id)
    .where(events_table.c.series_id == bindparam("series"), events_table.c.state == "held")
    .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .group_by(attendances.c.person_id)
    .order_by(func.count(attendances.c.event_id.distinct()).desc(), attendances.c.person_id)
)


def get(tx: Transaction, series_id: int) -> Series:
    row = tx.execute(_GET, {"id": series_id}).first()
    if row is None:
        raise NotFound("系列")
    return Series(*row)


def active(tx: Transaction) -> list[Series]:
    """The newest first."""
    return [Series(*row) for row in tx.execute(_ACTIVE)]


def create(
    tx: Transaction, name: str, type_: str, organisation_id: int | None = None, point_id: int | None = None
) -> int:
    row = {"name": name, "type": type_, "organisation_id": organisation_id, "point_id": point_id}
    return int(tx.execute(_ADD, {**row, "active": True, "is_sample": False}).scalar_one())


def join(tx: Transaction, series_id: int, event_id: int) -> None:
    tx.execute(_JOIN, {"series": series_id, "event": event_id})


def days(first: datetime, times: int, overrides: calendar.Overrides) -> tuple[list[datetime], list[date]]:
    """`times` starts, a week apart, and the days left out because they are public holidays.

    A weekend is no holiday: whoever meets on Saturdays goes on meeting on Saturdays. A day of the week that the
    calendar makes free (国庆, 春节) is left out, and the series ends later.
    """
    starts: list[datetime] = []
    skipped: list[date] = []
    start = first
    while len(starts) < times:
        day = local_date(start)
        if calendar.is_public_holiday(day, overrides):
            skipped.append(day)
        else:
            starts.append(start)
        start += timedelta(days=7)
    return starts, skipped


def following(tx: Transaction, event: Event) -> list[Event]:
    """The events of the same series after `event` that are not over; none when it is in no series."""
    if event.series_id is None:
        return []
    wanted = {"series": event.series_id, "since": event.starts_at}
    return [events.get(tx, row.id) for row in tx.execute(_FOLLOWING, wanted).all()]


def meetings(tx: Transaction, series_id: int) -> list[Event]:
    """Every event of the series by its date, drafts and cancelled ones among them."""
    return events.some(tx, [row.id for row in tx.execute(_OF_SERIES, {"series": series_id}).all()])


def tallies(tx: Transaction, series_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Of each of these that has events: how many were held, and how many there are."""
    found = tx.execute(_TALLIES, {"series": list(series_ids)})
    return {series_id: (int(held), total) for series_id, total, held in found}


def held(tx: Transaction, series_id: int) -> int:
    """How many of its events were held."""
    return int(tx.execute(_HELD, {"series": series_id}).scalar_one())


def completions(tx: Transaction, series_id: int, at_least: int = 1) -> list[Completed]:
    """结业: who came to at least so many of the events held, the most faithful first."""
    of_all = held(tx, series_id)
    rows = tx.execute(_CAME, {"series": series_id}).all()
    return [Completed(row.person_id, row.came, of_all) for row in rows if row.came >= at_least]

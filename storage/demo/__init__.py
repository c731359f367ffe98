"""Sample data to try everything with: invented, marked as such, and always the same but for the coming days.

The season 2025-26 has the figures of the acceptance: 38 events, 826 attendances, 231 people.
"""

from datetime import datetime, timedelta

from sqlalchemy import select

from storage import grants, residents
from storage.audit import Actor
from storage.database import Transaction
from storage.demo import coming, crowd, inhabitants, needs, oddities, places, report_ins, season
from storage.demo.places import Ground
from storage.demo.programme import programme
from storage.schema.events import series as series_table
from storage.schema.people import grants as grants_table
from storage.schema.people import people as people_table
from storage.times import local_date

_MORE = 40  # people who came to no event of the season
_STAFF = (
    select(grants_table.c.role, grants_table.c.person_id)
    .join(people_table, people_table.c.id == grants_table.c.person_id)
    .where(people_table.c.is_sample)
)
_SERIES = select(series_table.c.name, series_table.c.id).where(series_table.c.is_sample)


def build_demo(tx: Transaction, now: datetime) -> dict[str, int]:
    """Keep the sample in a database without events; returns the staff, persons by role.

    On a database that has it already nothing is added but coming events, and those only when they run out.
    """
    empty = tx.execute(_SERIES).first() is None
    if empty:
        ground, staff = _past(tx, now)
    else:
        ground = places.found(tx)
        staff = {row.role: row.person_id for row in tx.execute(_STAFF)}
    if coming.are_running_out(tx, now):
        here = _in_town(tx, staff, now)
        _coming(tx, ground, staff, here, now)
        if empty:
            needs.keep(tx, now, ground, staff, here)
    return staff


def _past(tx: Transaction, now: datetime) -> tuple[Ground, dict[str, int]]:
    planned = programme()
    ground = places.lay_out(tx, now)
    staff = inhabitants.employ(tx, ground, now)
    neighbours = crowd.gather(planned, _MORE)
    ids = inhabitants.settle(tx, neighbours, ground, now)
    event_ids = season.keep(tx, planned, neighbours, ids, ground, staff)
    oddities.happen(tx, planned, neighbours, ids, event_ids, staff, now)
    report_ins.keep(tx, now)
    return ground, staff


def _in_town(tx: Transaction, staff: dict[str, int], now: datetime) -> list[tuple[int, bool]]:
    """Residents in town, each with whether a Party member."""
    today = local_date(now)
    return [
        (person.id, person.member)
        for person in residents.everyone(tx)
        if person.is_in_town(today) and person.id not in staff.values()
    ]


def _coming(
    tx: Transaction, ground: Ground, staff: dict[str, int], here: list[tuple[int, bool]], now: datetime
) -> None:
    of_series = {row.name: row.id for row in tx.execute(_SERIES)}
    fresh = coming.keep(tx, now, ground, of_series, staff, here)
    ends_at = now + timedelta(days=30)
    grants.grant(tx, "checker", Actor(), now, person_id=staff["checker"], event_id=fresh[0], ends_at=ends_at)

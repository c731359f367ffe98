"""Forgetting people leaves every figure of the past as it was (care.md P8)."""

from sqlalchemy import text

from reports.counts import counts
from reports.periods import Period
from storage import erasure, people
from storage.audit import Actor
from tests.reports.conftest import NOW

SEASON = Period.season(2025)
GROUPINGS = ("month", "type", "series", "community", "point", "organisation", "member", "residence")
WHO_CAME = text(
    "SELECT DISTINCT a.person_id FROM attendances a JOIN people p ON p.id = a.person_id "
    "WHERE p.state = 'active' AND a.undone_at IS NULL AND p.id NOT IN (SELECT person_id FROM grants) "
    "ORDER BY a.person_id LIMIT :n"
)


def visitors(tx, number):
    return [row for (row,) in tx.execute(WHO_CAME, {"n": number})]


def figures(tx):
    return counts(tx, SEASON, *GROUPINGS)


async def test_erasing_twenty_people_leaves_38_events_826_attendances_231_people(own_season):
    before = await own_season.read(figures)
    for person in await own_season.read(visitors, 20):
        await own_season.write(erasure.erase, person, Actor(person, "resident", "web"), NOW, "own wish")
        assert await own_season.read(people.find, person) is None
    after = await own_season.read(figures)
    assert after == before
    total = after.total
    assert (total.events, total.attendances, total.people) == (38, 826, 231)

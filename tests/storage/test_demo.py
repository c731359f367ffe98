"""The sample season holds every case that has ever made a count wrong, and the figures stand all the same."""

import shutil
import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from reports.counts import counts
from reports.periods import Period
from storage import people, points
from storage.database import open_database
from storage.demo import build_demo
from storage.times import local
from storage.vault import Vault

pytestmark = pytest.mark.of_sqlite  # what is kept is asked in plain SQL; the figures are promised in tests/reports

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday 09:00 in 三亚
IN_SEASON = "e.starts_at >= '2025-09-30 16:00' AND e.starts_at < '2026-04-30 16:00'"


@pytest.fixture(scope="module")
async def built(tmp_path_factory, empty_database):
    """The file of the built sample, to copy, and its keys."""
    path = tmp_path_factory.mktemp("demo") / "hongyan.db"
    shutil.copyfile(empty_database, path)
    vault = Vault.load_or_create(path.with_name("hongyan.key"))
    async with open_database(f"sqlite:///{path}", vault) as database:
        await database.write(build_demo, NOW)
    return path, vault


@pytest.fixture
async def filled(built, tmp_path):
    """A database with the sample in it."""
    path, vault = built
    shutil.copyfile(path, tmp_path / "filled.db")
    async with open_database(f"sqlite:///{tmp_path / 'filled.db'}", vault) as database:
        yield database


@pytest.fixture
def demo(filled, tmp_path):
    """The sample, to be asked in plain SQL."""
    with closing(sqlite3.connect(tmp_path / "filled.db")) as connection:
        yield lambda statement: connection.execute(statement).fetchall()


async def test_it_is_built_in_less_than_two_seconds(database):
    begun = time.process_time()
    await database.write(build_demo, NOW)
    assert time.process_time() - begun < 2


async def test_it_is_the_same_each_time_but_for_keys(database, empty_database, tmp_path, vault):
    other = tmp_path / "other.db"
    other.write_bytes(empty_database.read_bytes())
    await database.write(build_demo, NOW)
    async with open_database(f"sqlite:///{other}", vault) as second:
        await second.write(build_demo, NOW)
    kept = []
    for path in (tmp_path / "hongyan.db", other):
        connection = sqlite3.connect(path)
        tables = ("events", "attendances", "head_counts", "sign_ups", "service_points", "organisations", "co_hosts")
        kept.append([connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in tables])
        connection.close()
    assert kept[0] == kept[1]


async def test_building_it_again_adds_nothing_until_the_coming_events_run_out(filled, demo):
    before = demo("SELECT count(*) FROM events")
    await filled.write(build_demo, NOW + timedelta(days=1))
    assert demo("SELECT count(*) FROM events") == before
    later = NOW + timedelta(days=40)
    staff = await filled.write(build_demo, later)
    fresh = demo(f"SELECT count(*) FROM events WHERE state = 'published' AND starts_at > '{later:%Y-%m-%d %H:%M}'")
    assert fresh[0][0] >= 9
    assert set(staff) == {"district_staff", "point_lead", "organiser", "checker", "branch_secretary", "auditor"}
    total = (await filled.read(counts, Period.season(2025))).total
    assert (total.events, total.attendances, total.people) == (38, 826, 231)


async def test_the_67_points_are_marked_as_samples(filled, demo):
    kept = await filled.read(points.active)
    assert len(kept) == 67
    assert all(point.is_sample for point in kept)
    assert demo("SELECT count(*) FROM service_points WHERE note NOT LIKE '【示例数据·非官方】%'") == [(0,)]
    assert await filled.read(points.has_sample)
    assert demo("SELECT count(*) FROM communities") == [(45,)]


async def test_everything_invented_says_so(demo):
    assert demo("SELECT count(*) FROM events WHERE NOT is_sample OR title NOT LIKE '%（示例）'") == [(0,)]
    assert demo("SELECT count(*) FROM people WHERE NOT is_sample") == [(0,)]
    assert demo("SELECT count(*) FROM organisations WHERE name NOT LIKE '%（示例）'") == [(0,)]
    assert demo("SELECT count(*) FROM series WHERE name NOT LIKE '%（示例）'") == [(0,)]


async def test_there_is_something_to_sign_up_for_in_the_coming_days(demo):
    rows = demo("SELECT starts_at, capacity, id FROM events WHERE state = 'published' ORDER BY starts_at")
    begins = [datetime.fromisoformat(row[0]).replace(tzinfo=UTC) for row in rows]
    assert NOW < begins[0] < NOW + timedelta(hours=1), "one is about to begin, to try checking in"
    assert sum(begin < NOW + timedelta(days=8) for begin in begins) >= 7
    assert all(8 <= local(begin).hour <= 19 for begin in begins)
    full = "SELECT count(*) FROM sign_ups WHERE event_id = {} AND state = 'confirmed'"
    assert any(demo(full.format(row[2])) == [(row[1],)] for row in rows), "one of them is full"


async def test_no_event_has_more_places_taken_than_it_has(demo):
    over = """SELECT e.id FROM events e JOIN sign_ups s ON s.event_id = e.id AND s.state IN ('confirmed', 'offered')
              WHERE e.capacity IS NOT NULL GROUP BY e.id HAVING count(*) > e.capacity"""
    assert demo(over) == []


async def test_a_few_needs_are_under_way(demo):
    assert demo("SELECT count(*), min(is_sample), min(stage) FROM needs") == [(5, 1, "assigned")]


TRAPS = {
    "three cancelled events with sign-ups": (
        "SELECT count(DISTINCT e.id) FROM events e JOIN sign_ups s ON s.event_id = e.id AND s.state = 'confirmed' "
        f"WHERE e.state = 'cancelled' AND {IN_SEASON}",
        3,
    ),
    "one moved event, across the end of a month": (
        "SELECT count(*) FROM events e JOIN event_changes c ON c.event_id = e.id "
        f"WHERE e.revision = 2 AND e.state = 'held' AND {IN_SEASON} AND c.what LIKE '%2025-11-29%2025-12-03%'",
        1,
    ),
    "one co-hosted event": ("SELECT count(DISTINCT event_id) FROM co_hosts", 1),
    "people checked in twice": (
        "SELECT count(*) FROM attendances a JOIN attendances b ON a.event_id = b.event_id "
        "AND a.person_id = b.person_id AND a.undone_at IS NOT NULL AND b.undone_at IS NULL "
        "AND a.state = 'attended' AND b.state = 'attended' "
        "AND NOT EXISTS (SELECT 1 FROM people p WHERE p.merged_into = a.person_id)",
        4,
    ),
    "two check-ins taken back for good": (
        "SELECT count(*) FROM attendances a JOIN people p ON p.id = a.person_id WHERE a.undone_at IS NOT NULL "
        "AND p.state <> 'merged' AND NOT EXISTS (SELECT 1 FROM attendances b WHERE b.event_id = a.event_id "
        "AND b.person_id = a.person_id AND b.undone_at IS NULL)",
        2,
    ),
    "people waiting in vain": (
        f"SELECT count(*) > 5 FROM sign_ups s JOIN events e ON e.id = s.event_id "
        f"WHERE s.state = 'waitlisted' AND e.state = 'held' AND {IN_SEASON}",
        1,
    ),
    "somebody who waited and came all the same": (
        "SELECT count(*) > 0 FROM sign_ups s JOIN attendances a ON a.event_id = s.event_id "
        "AND a.person_id = s.person_id AND a.walk_in WHERE s.state = 'waitlisted'",
        1,
    ),
    "named walk-ins": (
        "SELECT count(*) > 20 FROM attendances a WHERE a.walk_in AND a.state = 'attended' AND NOT EXISTS "
        "(SELECT 1 FROM sign_ups s WHERE s.event_id = a.event_id AND s.person_id = a.person_id)",
        1,
    ),
    "people of whom nothing was recorded": (
        "SELECT count(*) > 10 FROM sign_ups s JOIN events e ON e.id = s.event_id AND e.state = 'held' "
        "WHERE s.state = 'confirmed' AND NOT EXISTS (SELECT 1 FROM attendances a WHERE a.event_id = s.event_id "
        "AND a.person_id = s.person_id AND a.undone_at IS NULL)",
        1,
    ),
    "absences and excuses": ("SELECT count(DISTINCT state) FROM attendances WHERE state <> 'attended'", 2),
    "one merged duplicate": ("SELECT count(*) FROM people WHERE state = 'merged' AND merged_into IS NOT NULL", 1),
    "somebody who was ticked twice under two registrations": (
        "SELECT count(*) FROM attendances a JOIN attendances b ON a.event_id = b.event_id "
        "AND a.person_id = b.person_id AND a.undone_at > '2025-12' AND b.undone_at IS NULL "
        "JOIN people p ON p.merged_into = a.person_id",
        1,
    ),
    "one anonymised person who came": (
        "SELECT count(DISTINCT p.id) FROM people p JOIN attendances a ON a.person_id = p.id "
        "WHERE p.state = 'anonymised' AND p.name IS NULL AND p.phone IS NULL AND a.undone_at IS NULL",
        1,
    ),
    "a head-count that was corrected": ("SELECT count(*) FROM head_counts WHERE undone_at IS NOT NULL", 4),
    "unnamed people and companions": ("SELECT count(DISTINCT kind) FROM head_counts", 2),
    "one starts while UTC is still in September": (
        "SELECT count(*) FROM events WHERE state = 'held' AND starts_at LIKE '2025-09-30 23:30%'",
        1,
    ),
    "two held events just outside": (
        "SELECT count(*) FROM events WHERE state = 'held' AND "
        "(starts_at LIKE '2025-09-30 07:00%' OR starts_at LIKE '2026-04-30 23:00%')",
        2,
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
async def test_the_season_holds(demo, trap):
    statement, expected = TRAPS[trap]
    assert demo(statement) == [(expected,)]


async def test_one_person_became_a_member_later_and_counts_as_what_they_were(filled, demo):
    others = [row[0] for row in demo("SELECT DISTINCT person_id FROM attendances WHERE NOT party_member")]
    found = [await filled.read(people.find, person_id) for person_id in others]
    assert sum(person is not None and person.party.member == "yes" for person in found) == 1


async def test_only_invented_phones_are_kept(filled, demo):
    for (person_id,) in demo("SELECT id FROM people WHERE state = 'active'"):
        person = await filled.read(people.get, person_id)
        assert person.phone.startswith("08980000")

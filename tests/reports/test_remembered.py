"""Remembered figures are the true ones: whatever can change a figure makes them be counted again."""

from datetime import UTC, datetime, timedelta

import pytest

from reports.counts import counts
from reports.periods import Period
from reports.remembered import Remembered
from storage import attendance, events, merging
from storage.audit import Actor

SEASON = Period(datetime(2025, 10, 1).date(), datetime(2026, 12, 31).date())  # noqa: DTZ001 - days only
NOW = datetime(2026, 11, 24, 2, 30, tzinfo=UTC)  # the sample's event of today is on


def today(tx):
    """The event under way, somebody expected there, and somebody else."""
    event_id = tx.connection.exec_driver_sql(
        "SELECT id FROM events WHERE state = 'published' ORDER BY starts_at LIMIT 1"
    ).scalar_one()
    people = tx.connection.exec_driver_sql(
        f"SELECT person_id FROM sign_ups WHERE event_id = {event_id} AND state = 'confirmed' ORDER BY id"
    ).all()
    return event_id, people[0][0], people[1][0]


ACTOR = Actor(None, "organiser")


def come(tx):
    event_id, one, other = today(tx)
    attendance.check_in(tx, event_id, one, "by_staff", ACTOR, NOW)
    attendance.check_in(tx, event_id, other, "by_staff", ACTOR, NOW)


def hold(tx):
    events.close(tx, today(tx)[0], ACTOR, NOW)


def count_heads(tx):
    attendance.count_heads(tx, today(tx)[0], "unnamed", 5, ACTOR, NOW)


def forget_heads(tx):
    attendance.count_heads(tx, today(tx)[0], "unnamed", 0, ACTOR, NOW)


def come_late_in_the_net(tx):
    """Said at the door before the event was closed, and heard after it."""
    find = tx.connection.exec_driver_sql
    event_id = find("SELECT max(id) FROM events WHERE state = 'held' AND closed_at IS NOT NULL").scalar_one()
    late = f"SELECT max(person_id) FROM sign_ups WHERE event_id = {event_id} AND state = 'confirmed'"
    found = attendance.check_in(
        tx, event_id, find(late).scalar_one(), "by_staff", ACTOR, NOW + timedelta(minutes=2), said_at=NOW
    )
    assert found.is_new


def hold_later(tx):
    events.close(tx, today(tx)[0], ACTOR, NOW + timedelta(minutes=1))


def correct(tx):
    event_id = tx.connection.exec_driver_sql("SELECT max(event_id) FROM attendances").scalar_one()
    person_id = tx.connection.exec_driver_sql(
        f"SELECT person_id FROM attendances WHERE event_id = {event_id} AND undone_at IS NULL"
    ).first()[0]
    attendance.undo(tx, event_id, person_id, ACTOR, NOW, reason="记错了", may_correct=True)


def merge(tx):
    _, one, other = today(tx)
    merging.merge(tx, one, other, ACTOR, NOW, "同一人（示例）")


@pytest.mark.parametrize(
    "acts",
    [
        (come, hold),
        (come, count_heads, hold),
        (come, count_heads, forget_heads, hold),
        (correct,),
        (merge,),
        (come, hold_later, come_late_in_the_net),
    ],
)
async def test_whatever_happens_the_figures_are_those_of_a_fresh_count(own_season, acts):
    remembered = Remembered()
    await own_season.read(remembered.counts, SEASON)
    for act in acts:
        await own_season.write(act)
        fresh = await own_season.read(counts, SEASON, "month", "type", "point")
        assert await own_season.read(remembered.counts, SEASON) == fresh


async def test_nothing_is_counted_twice_until_an_event_of_the_period_is_held(own_season):
    """Check-ins by the hundred must not make every page count a season of a million rows again."""
    remembered = Remembered()
    first = await own_season.read(remembered.counts, SEASON)
    before = await own_season.read(remembered.counts, Period.season(2024))
    assert await own_season.read(remembered.counts, SEASON) is first
    await own_season.write(come)
    await own_season.write(count_heads)
    assert await own_season.read(remembered.counts, SEASON) is first
    await own_season.write(hold)
    assert await own_season.read(remembered.counts, SEASON) is not first
    assert await own_season.read(remembered.counts, Period.season(2024)) is before


async def test_no_more_than_64_answers_are_kept(own_season):
    remembered = Remembered()
    first = await own_season.read(remembered.counts, SEASON)
    for year in range(1960, 2025):
        await own_season.read(remembered.counts, Period.year(year))
    assert await own_season.read(remembered.counts, SEASON) is not first

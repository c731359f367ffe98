"""What was handed in stays known, and a later correction shows with who and why."""

from datetime import UTC, datetime, timedelta

from reports import snapshots
from reports.counts import counts
from reports.periods import Period
from storage import attendance
from storage import snapshots as kept
from storage.audit import Actor
from storage.schema.snapshots import report_snapshots

SEASON = Period.season(2025)
HANDED_IN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


async def test_a_correction_after_handing_in_shows_as_a_difference_with_its_reason(own_season):
    def hand_in(tx):
        report_snapshots.create(tx.connection, checkfirst=True)
        return snapshots.keep(tx, counts(tx, SEASON), None, HANDED_IN)

    await own_season.write(hand_in)
    (snapshot,) = await own_season.read(kept.of_period, SEASON.first, SEASON.last)
    assert snapshot.figures["attendances"] == 826
    assert (await own_season.read(snapshots.compare, snapshot)).differences == ()

    def correct(tx):
        event_id, person_id = tx.connection.exec_driver_sql(
            "SELECT a.event_id, a.person_id FROM attendances a JOIN events e ON e.id = a.event_id "
            "JOIN people p ON p.id = a.person_id AND p.state = 'active' WHERE a.state = 'absent' "
            "AND substr(e.title, 1, 3) = '十一月'"
        ).first()
        lead = Actor(person_id, "point_lead")
        later = HANDED_IN + timedelta(hours=1)
        attendance.check_in(
            tx, event_id, person_id, "from_sheet", lead, later, reason="纸质签到表漏录", may_correct=True
        )
        return event_id

    event_id = await own_season.write(correct)
    comparison = await own_season.read(snapshots.compare, snapshot)
    changed = {each.label: (each.then, each.now) for each in comparison.differences}
    assert changed["人次"] == (826, 827)
    assert changed["实名签到"] == (802, 803)
    assert "场次" not in changed
    (act,) = comparison.corrections
    assert act.reason == "纸质签到表漏录"
    assert act.about.startswith(f"event {event_id} ")


async def test_snapshots_hold_numbers_and_nothing_else(own_season):
    def hand_in(tx):
        report_snapshots.create(tx.connection, checkfirst=True)
        snapshots.keep(tx, counts(tx, SEASON), None, HANDED_IN)
        return kept.recent(tx)

    (snapshot,) = await own_season.write(hand_in)
    assert all(isinstance(value, int) for value in snapshot.figures.values())

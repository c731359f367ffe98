"""双报到汇总, held against a count of every row."""

from collections import defaultdict
from datetime import UTC, datetime

from reports.attendance import paper
from reports.periods import Period
from reports.report_ins import dual_report_in

SEASON = Period.season(2025)
MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


def recount(tx):
    """Events and minutes of everyone who reported in, and the units with their members, row by row."""
    came, minutes = defaultdict(set), defaultdict(int)
    for person, event, kind, measured, corrected in tx.connection.exec_driver_sql(
        "SELECT a.person_id, e.id, e.type, a.minutes_measured, a.minutes_corrected FROM attendances a "
        "JOIN events e ON e.id = a.event_id WHERE e.state = 'held' AND a.state = 'attended' AND a.undone_at IS NULL "
        "AND e.starts_at >= '2025-09-30 16:00:00' AND e.starts_at < '2026-04-30 16:00:00'"
    ).all():
        came[person].add(event)
        if kind == "volunteering":
            minutes[person] += (measured if corrected is None else corrected) or 0
    units = defaultdict(list)
    for person, unit, community in tx.connection.exec_driver_sql(
        "SELECT person_id, unit, community_code FROM report_ins ORDER BY community_code, reported_at, id"
    ).all():
        units[community, unit].append(person)
    lines = []
    for people in units.values():
        lines.append((len(set().union(*(came[one] for one in people))), sum(minutes[one] for one in people) / 60))
        lines += [(len(came[one]), minutes[one] / 60) for one in people]
    everyone = {one for people in units.values() for one in people}
    return lines, (len(set().union(*(came[one] for one in everyone))), sum(minutes[one] for one in everyone) / 60)


async def test_every_number_equals_a_naive_recount(season):
    def made(tx):
        sheet = dual_report_in(tx, SEASON, paper(tx, MADE))
        return list(sheet.rows), sheet.total(), recount(tx)

    rows, total, (lines, whole) = await season(made)
    assert [(row[4], row[5]) for row in rows] == lines
    assert (total[4], total[5]) == whole
    assert total[1] == "2个单位，6名党员"
    assert any(events for events, _ in lines)
    assert all("（示例）" in row[1] or "*" in row[1] for row in rows)

"""What pages show of a period is counted before anyone opens one, and counted anew after what changes it."""

from bot.console.ahead import CountingAhead
from reports.counts import counts
from reports.periods import Period
from reports.remembered import Remembered
from storage import attendance, events
from storage.audit import Actor
from storage.times import local_date

_STAFF = Actor(None, "organiser")


async def test_whoever_looks_finds_it_counted(house):
    remembered = Remembered()
    season = Period.season_around(local_date(house.clock()))
    ahead = CountingAhead(house.database, remembered, house.clock)
    await ahead.look()

    def look(tx):
        kept = remembered._kept[season][1]
        return kept, remembered.counts(tx, season)

    before, shown = await house.database.read(look)
    assert shown is before
    on_now = (await house.database.read(events.coming, house.clock()))[0]

    def hold(tx):
        attendance.count_heads(tx, on_now.id, "unnamed", 5, _STAFF, on_now.starts_at)
        events.close(tx, on_now.id, _STAFF, on_now.starts_at)

    await house.does(hold)
    await ahead.look()
    after, shown = await house.database.read(look)
    assert shown is after
    assert shown.total.events == before.total.events + 1
    assert shown == await house.database.read(counts, season, "month", "type", "point")

"""The calendar of events: by month and by week, each within one's own reach."""

import re

from storage import events
from storage.times import local_date


async def test_a_month_shows_each_event_on_its_day_and_a_week_at_its_point(house, desk):
    event = next(each for each in await house.database.read(events.coming, house.clock()) if "书法" in each.title)
    day = local_date(event.starts_at)
    await desk.reads(f"/console/events/calendar?month={day:%Y-%m}")
    cell = re.search(rf'aria-label="{day.month}月{day.day}日，1 场，看这一周".*?</td>', desk.html, re.S)[0]
    assert f'href="/console/events/{event.id}"' in cell
    await desk.reads(f"/console/events/calendar?week={day}")
    row = re.search(rf'<th scope="row">{event.venue}</th>.*?</tr>', desk.html, re.S)[0]
    assert f'href="/console/events/{event.id}"' in row
    assert f"周{'一二三四五六日'[day.weekday()]} {day.month}月{day.day}日" in row


async def test_a_point_and_a_type_are_chosen_and_stay_chosen_from_month_to_month(house, desk):
    event = next(each for each in await house.database.read(events.coming, house.clock()) if "书法" in each.title)
    read = await desk.reads(f"/console/events/calendar?month=2026-11&point={event.point_id}&type={event.type}")
    assert event.title in read
    assert "主题党日" not in re.sub(r"<select.*?</select>", "", desk.html, flags=re.S)
    assert f"month=2026-12&amp;point={event.point_id}&amp;type={event.type}" in desk.html


async def test_holidays_and_the_weekends_worked_for_them_are_marked(desk):
    await desk.reads("/console/events/calendar?month=2026-10")
    notes = dict(
        re.findall(r'>(\d+)<span class="narrow-only">[^<]*</span></a> <span class="note">(\w)</span>', desk.html)
    )
    assert notes["1"] == "休"
    assert "班" in notes.values()


async def test_what_is_asked_for_wrongly_shows_this_month(desk):
    for query in ("month=2026-13", "week=soon", "month=", "point=x"):
        assert "2026年11月" in await desk.reads(f"/console/events/calendar?{query}")


async def test_a_checker_sees_the_own_event_alone(house, somebody):
    checker = await somebody("checker")
    await checker.reads("/console/events/calendar?month=2026-11")
    assert len(set(re.findall(r'class="entry \w+" href="([^"]+)"', checker.html))) == 1

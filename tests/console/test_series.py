"""Series at the console: one changed or all that follow, and who came often enough."""

import re
from datetime import timedelta

from storage import audit, events, series, sign_ups
from storage.audit import Actor
from storage.events import Draft
from storage.times import day_ends, day_starts, local_date
from tests.console.test_work import told_of


async def three_lessons(house):
    """A new series of three Tuesdays, with somebody signed up for the last."""

    def make(tx):
        now = house.clock()
        of = series.create(tx, "新的书法班", "sunset_school")
        made = []
        for week in range(3):
            starts = now + timedelta(days=8 + 7 * week, hours=4)
            draft = Draft(
                "sunset_school", f"书法{week + 1}", starts, starts + timedelta(hours=2), "活动室", series_id=of
            )
            made.append(events.create(tx, draft, now))
            events.publish(tx, made[-1], Actor(), now)
        sign_ups.sign_up(tx, made[2], [house.staff["organiser"]], Actor(), now)
        return of, made

    return await house.does(make)


def filled(html):
    given = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"', html))
    given.pop("form_token")
    return {**given, "point": "", "words": ""}


async def starts(house, event_ids):
    found = [await house.database.read(events.get, event) for event in event_ids]
    return [event.starts_at for event in found]


async def test_changed_once_the_others_stay(house, desk):
    _, lessons = await three_lessons(house)
    path = f"/console/events/{lessons[1]}/change"
    before = await starts(house, lessons)
    assert "后面还有 1 次" in await desk.reads(path)
    await desk.posts(path, **{**filled(desk.html), "day": "2026-12-11", "reach": "once"}, sure="yes")
    after = await starts(house, lessons)
    assert [one != other for one, other in zip(before, after, strict=True)] == [False, True, False]


async def test_changed_from_now_on_those_after_it_move_as_far_and_who_signed_up_is_told(house, desk):
    _, lessons = await three_lessons(house)
    path = f"/console/events/{lessons[1]}/change"
    before = await starts(house, lessons)
    await desk.opens(path)
    given = {**filled(desk.html), "day": "2026-12-11", "ends": "17:00", "reach": "following"}  # three days on, longer
    shown = await desk.posts(path, **given)
    assert "后面 1 次也照这样改" in shown.text
    assert "<strong>1</strong> 个人" in shown.text
    assert await starts(house, lessons) == before
    await desk.posts(path, **given, sure="yes")
    moved = [before[0], before[1] + timedelta(days=3), before[2] + timedelta(days=3)]
    assert await starts(house, lessons) == moved
    last = await house.database.read(events.get, lessons[2])
    assert last.ends_at - last.starts_at == timedelta(hours=3)
    assert last.title == "书法3"  # what was not changed stays each one's own
    assert await told_of(house, lessons[2]) == {house.staff["organiser"]}
    assert await told_of(house, lessons[0]) == set()


async def test_the_page_lists_every_meeting_and_who_came_often_enough_masked(house, desk):
    found = (await house.database.read(series.active))[0]
    held = await house.database.read(series.held, found.id)
    meetings = await house.database.read(series.meetings, found.id)
    faithful = await house.database.read(series.completions, found.id, 2)
    read = await desk.reads(f"/console/events/series/{found.id}?times=2")
    assert f"一共 {len(meetings)} 次，办过 {held} 次" in read
    assert f"结业名单（{len(faithful)}）" in read
    assert len(re.findall(r"<li>.\*.?　", desk.html)) == len(faithful)


async def test_full_names_need_a_reason_that_stays_in_the_log(house, desk):
    found = (await house.database.read(series.active))[0]
    path = f"/console/events/series/{found.id}/unmask"
    await desk.opens(f"/console/events/series/{found.id}")
    assert (await desk.posts(path, times="2", reason="")).status_code == 422
    shown = await desk.posts(path, times="2", reason="写结业证书")
    assert "<li>" in shown.text
    assert not re.findall(r"<li>.\*", shown.text)

    def noted(tx):
        today = local_date(house.clock())
        return [
            act.reason for act in audit.between(tx, day_starts(today), day_ends(today)) if act.action == "series.unmask"
        ]

    assert await house.database.read(noted) == ["写结业证书"]


async def test_a_series_of_another_point_is_not_there(house, somebody):
    def elsewhere(tx):
        lead = series.active(tx)
        return lead, series.create(tx, "别处的班", "sunset_school", point_id=67)

    _, other = await house.does(elsewhere)
    lead = await somebody("point_lead")
    assert "别处的班" not in await lead.reads("/console/events/series")
    assert (await lead.opens(f"/console/events/series/{other}")).status_code == 404

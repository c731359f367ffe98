"""Series at the console: one changed or all that follow, and who came often enough."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from storage import audit, events, handouts, holidays, series, sign_ups
from storage.audit import Actor
from storage.events import Draft
from storage.schema.talks import outbox as table
from storage.times import day_ends, day_starts, local_date
from tests.console.conftest import words
from tests.console.test_work import told_of
from tests.web.pictures import SECRET, photo


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


NEW = {"type": "sunset_school", "title": "二胡", "day": "2026-12-22", "starts": "09:00", "ends": "10:30"}
NEW |= {"capacity": "12", "point": "", "venue": "活动室", "words": "请自带二胡", "series_name": "二胡班", "times": "3"}


async def test_a_series_is_made_at_once_after_a_look_at_its_days_holidays_left_out(house, desk):
    boss = Actor(house.staff["district_staff"], "district_staff")
    day = local_date(house.clock()).replace(month=12, day=29)
    await house.does(holidays.put, day, day, False, "停课", boss, house.clock())
    await desk.opens("/console/events/series/new")
    before = len(await house.database.read(series.active))
    read = words((await desk.posts("/console/events/series/new", **NEW)).text)
    assert "12月22日（周二）上午9点 1月5日（周二）上午9点 1月12日（周二）上午9点 12月29日放假" in read
    assert len(await house.database.read(series.active)) == before
    await desk.posts("/console/events/series/new", **NEW, sure="yes")
    assert "3 次都发布好了" in words(desk.html)
    made = (await house.database.read(series.active))[0]
    meetings = await house.database.read(series.meetings, made.id)
    assert [(each.title, each.state, each.capacity) for each in meetings] == [
        (f"二胡（{place}）", "published", 12) for place in (1, 2, 3)
    ]
    assert [local_date(each.starts_at).day for each in meetings] == [22, 5, 12]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("times", "1", "一共几次？填 2 到 30。"),
        ("series_name", "", "系列的名字至少两个字"),
        ("day", "2026-01-01", "已经过了"),
    ],
)
async def test_what_is_missing_of_a_series_is_said_and_the_rest_stays(house, desk, field, value, said):
    await desk.opens("/console/events/series/new")
    shown = await desk.posts("/console/events/series/new", **NEW | {field: value})
    assert shown.status_code == 422
    assert said in shown.text
    assert filled(shown.text)["title"] == "二胡"
    assert "请自带二胡" in shown.text


async def test_handouts_are_put_up_told_of_opened_and_taken_back(house, desk):
    made, _ = await three_lessons(house)
    path = f"/console/events/series/{made}"
    await desk.opens(path)
    assert "请选一个文件。" in (await desk.posts(f"{path}/handouts", files={"none": ("", b"")})).text
    await desk.opens(path)
    picture = {"file": ("笔法.png", photo(format="PNG"))}
    await desk.posts(f"{path}/handouts", files=picture, name="第一课笔法", tell="yes")
    (kept,) = await house.database.read(handouts.of_series, made)
    assert (kept.name, kept.media_type) == ("第一课笔法.jpg", "image/jpeg")
    told = await house.database.read(_told_of, kept.id)
    assert told == [house.staff["organiser"]]
    content = (await desk.opens(f"{path}/handouts/{kept.id}")).content
    assert content.startswith(b"\xff\xd8")
    assert SECRET not in content
    assert (await desk.opens(f"/console/events/series/1/handouts/{kept.id}")).status_code == 404
    await desk.opens(path)
    await desk.posts(f"{path}/handouts/{kept.id}/drop")
    assert await house.database.read(handouts.of_series, made) == []


def _told_of(tx, handout):
    wanted = select(table.c.person_id).where(table.c.key.like(f"handout:{handout}:%"))
    return [person for (person,) in tx.execute(wanted)]

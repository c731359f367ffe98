"""What is done at the console: told to everyone concerned, noted in the log, and never beyond one's scope."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from dialogue import texts
from storage import (
    attendance,
    audit,
    call_list,
    events,
    grants,
    outbox,
    people,
    residents,
    sending,
    settings,
    sign_ups,
    standing,
    vitals,
)
from storage.audit import Actor
from storage.people import Facts
from storage.schema.talks import outbox as outbox_table
from storage.standing import Standing
from storage.times import day_ends, day_starts, local_date
from tests.conftest import MORNING
from tests.console.conftest import words


async def coming(house):
    return await house.database.read(events.coming, house.clock())


async def told_of(house, event_id):
    def planned(tx):
        wanted = select(outbox_table.c.person_id).where(
            outbox_table.c.event_id == event_id, outbox_table.c.kind == "change"
        )
        return {person for (person,) in tx.execute(wanted)}

    return await house.database.read(planned)


async def acts(house, action):
    def look(tx):
        day = local_date(house.clock())
        return [act for act in audit.between(tx, day_starts(day), day_ends(day)) if act.action == action]

    return await house.database.read(look)


async def test_the_overview_says_the_sentence_of_the_season(desk):
    read = await desk.reads("/console")
    assert "共计开展活动38场，惠及826人次（其中实名签到802人次，现场清点24人次），参加人数231人" in read


async def test_a_change_is_shown_first_and_then_told_to_everyone_concerned(house, desk):
    event = next(each for each in await coming(house) if "手机课堂" in each.title)
    path = f"/console/events/{event.id}/change"
    await desk.opens(path)
    given = dict(re.findall(r'<input [^>]*name="(\w+)"[^>]* value="([^"]*)"', desk.html))
    given |= {"point": str(event.point_id), "words": "", "day": "2026-12-01", "starts": "15:00", "ends": "16:30"}
    given.pop("form_token")
    shown = await desk.posts(path, **given)
    concerned = {person for person, _ in await house.database.read(events.concerned, event.id)}
    assert f"会告诉报名和候补的 {len(concerned)} 个人" in words(shown.text)
    assert (await house.database.read(events.get, event.id)).starts_at == event.starts_at
    await desk.posts(path, **given, sure="yes")
    assert (await house.database.read(events.get, event.id)).revision == event.revision + 1
    assert await told_of(house, event.id) == concerned
    assert house.woken


async def test_calling_off_needs_a_reason_and_is_told_to_everyone_concerned(house, desk):
    event = (await coming(house))[1]
    concerned = {person for person, _ in await house.database.read(events.concerned, event.id)}
    await desk.opens(f"/console/events/{event.id}")
    await desk.posts(f"/console/events/{event.id}/cancel", reason="")
    assert (await house.database.read(events.get, event.id)).state == "published"
    await desk.posts(f"/console/events/{event.id}/cancel", reason="台风")
    assert (await house.database.read(events.get, event.id)).state == "cancelled"
    assert await told_of(house, event.id) == concerned
    assert "台风" in await desk.reads(f"/console/events/{event.id}")


async def test_a_new_event_is_a_draft_until_it_is_published(house, desk):
    form = {"type": "free_clinic", "title": "义诊日", "day": "2026-12-08", "starts": "09:00", "ends": "11:00"}
    wrong = await desk.posts("/console/events/new", **{**form, "ends": "08:00", "venue": "广场"})
    assert wrong.status_code == 422
    assert "结束要晚于开始" in words(wrong.text)
    made = await desk.posts("/console/events/new", **form, venue="海月广场", capacity="30")
    event_id = int(re.search(r"/events/(\d+)", str(made.url))[1])
    assert (await house.database.read(events.get, event_id)).state == "draft"
    await desk.posts(f"/console/events/{event_id}/publish")
    assert (await house.database.read(events.get, event_id)).number.startswith("HD2026-")


async def test_the_desk_says_who_noted_it_already(house, desk, somebody):
    event = (await coming(house))[0]
    person = (await house.database.read(attendance.roll, event.id))[0].person_id
    other = await somebody("checker")
    await other.opens(f"/console/events/{event.id}/desk")
    await other.posts(f"/console/events/{event.id}/note", person=person, what="came")
    again = await desk.posts(f"/console/events/{event.id}/note", person=person, what="came")
    assert "已经签过到了，孙乐群帮着记的" in words(again.text)
    assert attendance.attended(await house.database.read(attendance.roll, event.id)) == 1


async def test_someone_who_did_not_sign_up_is_added_and_counted(house, desk):
    event = (await coming(house))[0]
    path = f"/console/events/{event.id}"
    await desk.posts(f"{path}/walk-in", name="钱多福", phone="13800138000")
    await desk.posts(f"{path}/count", kind="companion", number="3")
    came = await house.database.read(attendance.roll, event.id)
    assert [line.sign_up_state for line in came if line.attendance] == ["walked_in"]
    assert await house.database.read(attendance.heads, event.id) == 3
    assert (await house.database.read(people.search, "13800138000"))[0].name == "钱多福"


async def test_desks_that_have_the_list_already_are_sent_nothing(house, desk):
    event = (await coming(house))[0]
    await desk.opens(f"/console/events/{event.id}/desk")
    mark = re.search(r"roll\?mark=(\w+)", desk.html)[1]
    assert (await desk.http.get(f"/console/events/{event.id}/roll?mark={mark}")).status_code == 204


@pytest.mark.parametrize("said", ["wangshouyi", "wsy", "王守一", "9002"])
async def test_people_are_found_and_shown_masked(desk, said):
    read = await desk.reads(f"/console/people?q={said}")
    assert "王*一" in read
    assert "0898-****9002" in read
    assert "王守一" not in read.replace("“王守一”", "")


async def test_a_full_name_needs_a_reason_that_stays_in_the_log(house, desk):
    person = (await house.database.read(people.search, "王守一"))[0]
    path = f"/console/people/{person.id}"
    assert "08980000" not in await desk.reads(path)
    refused = await desk.posts(f"{path}/unmask", reason="")
    assert refused.status_code == 422
    assert "王守一" not in words(refused.text)
    shown = await desk.posts(f"{path}/unmask", reason="打电话问活动来不来")
    assert "王守一" in words(shown.text)
    (act,) = await acts(house, "person.unmask")
    assert (act.reason, act.about) == ("打电话问活动来不来", f"person {person.id}")
    assert "王守一" not in await desk.reads(path)


async def test_a_point_lead_sees_the_people_of_their_point_alone(house, somebody):
    lead = await somebody("point_lead")
    held = await house.database.read(grants.of_person, house.staff["point_lead"], house.clock())
    point = held[0].point_id
    page = await lead.opens("/console/people")
    listed = {int(number) for number in re.findall(r"/console/people/(\d+)", page.text)}
    assert listed
    for number in listed:
        assert (await house.database.read(people.get, number)).point_id == point
    everyone = await house.database.read(lambda tx: [one.id for one in residents.everyone(tx)])
    shown = {number: await house.database.read(people.get, number) for number in everyone}
    stranger = next(person.id for person in shown.values() if person.point_id != point)
    assert (await lead.opens(f"/console/people/{stranger}")).status_code == 404
    await lead.opens("/console")
    assert (await lead.posts(f"/console/people/{stranger}/unmask", reason="想看")).status_code == 404


async def test_membership_is_shown_to_the_own_branch_alone(house, somebody):
    def member(tx):
        point = grants.of_person(tx, house.staff["point_lead"], MORNING)[0].point_id
        facts = Facts(name="党小红", phone="13900139000", point_id=point, residence="local")
        facts.party = people.Party("yes", "某支部")
        return people.add(tx, facts, MORNING)

    number = await house.does(member)
    read = await (await somebody("point_lead")).reads(f"/console/people/{number}")
    assert "某支部" not in read
    assert "某支部" in await (await somebody("district_staff")).reads(f"/console/people/{number}")


async def test_a_role_is_given_with_its_scope_and_taken_back(house, desk):
    person = (await house.database.read(people.search, "李建国"))[0]
    found = await desk.reads("/console/roles?q=李建国")
    assert "李建国" in found
    await desk.posts("/console/roles", person=person.id, role="organiser", point=1, until="2026-12-31")
    (held,) = await house.database.read(grants.of_person, person.id, house.clock())
    assert (held.role, held.point_id, held.ends_at.isoformat()) == ("organiser", 1, "2026-12-31T16:00:00+00:00")
    await desk.posts(f"/console/roles/{held.id}/revoke")
    assert await house.database.read(grants.of_person, person.id, house.clock()) == []
    assert len(await acts(house, "role.revoke")) == 1


async def test_the_last_district_account_stays(house, desk):
    held = await house.database.read(grants.of_person, house.staff["district_staff"], house.clock())
    answer = await desk.posts(f"/console/roles/{held[0].id}/revoke")
    assert answer.status_code == 409
    assert "至少要留一个" in words(answer.text)


async def test_a_call_is_noted_and_the_seat_goes_to_the_next(house, desk):
    event = next(each for each in await coming(house) if "手机课堂" in each.title)
    first = (await house.database.read(sign_ups.of_event, event.id))[0]
    house.clock.now = event.starts_at - timedelta(hours=23)
    await house.does(call_list.make, house.clock())
    entry = next(
        each
        for each in await house.database.read(call_list.to_call, house.clock())
        if (each.event_id, each.person_id) == (event.id, first.person_id)
    )
    await desk.signs_in()
    assert entry.name in await desk.reads("/console/calls")
    answer = await desk.posts(f"/console/calls/{entry.id}/note", result="not_coming")
    assert "座位让给候补的了" in words(answer.text)
    assert await house.database.read(events.waiting, event.id) == 2


async def test_another_points_call_list_is_not_shown(house, somebody):
    event = next(each for each in await coming(house) if "手机课堂" in each.title)
    house.clock.now = event.starts_at - timedelta(hours=23)
    await house.does(call_list.make, house.clock())
    entries = await house.database.read(call_list.to_call, house.clock())
    lead = await somebody("point_lead")
    read = await lead.reads("/console/calls")
    strange = [each for each in entries if each.event_id == event.id]
    assert strange
    assert not any(f"/calls/{each.id}/note" in lead.html for each in strange)
    assert "手机课堂" not in read
    answer = await lead.posts(f"/console/calls/{strange[0].id}/note", result="told")
    assert answer.status_code == 403


async def test_sending_is_released_by_a_person_and_noted(house, desk):
    await house.does(settings.put, outbox.PAUSED, True, house.clock())
    assert "不往外发消息" in await desk.reads("/console")
    await desk.opens("/console/health")
    await desk.posts("/console/health/release")
    assert not await house.database.read(sending.is_paused)
    assert len(await acts(house, "sending.released")) == 1


async def test_what_is_said_about_health_is_for_those_who_work_on_it(house, somebody):
    from storage import needs
    from storage.needs import Told

    def tell(tx):
        person = next(one for one in range(60, 90) if people.find(tx, one) is not None)
        return needs.tell(tx, Told(person, "心脏不舒服想找医院", "web", "medical"), Actor(), house.clock()).id

    number = await house.does(tell)
    auditor = await somebody("auditor")
    read = await auditor.reads(f"/console/needs/{number}")
    assert "心脏" not in read
    assert "只有经办的同志能看" in read
    assert "心脏" not in await auditor.reads("/console/needs")


async def test_the_audit_log_is_read_by_day_and_says_no_name_of_residents(house, desk):
    await desk.posts("/console/roles", person=house.staff["checker"], role="checker", event=1)
    read = await desk.reads("/console/audit")
    assert "李秋实 区级工作人员 工作台 给职务 职务" in read
    assert "职务：签到员" in read
    assert "district_staff" not in read
    assert "给职务" not in await desk.reads("/console/audit?action=登录")
    assert "这一天 0 条" in await desk.reads("/console/audit?day=2020-01-01")


async def test_health_says_how_long_the_queue_is_which_channels_are_silent_and_when_the_last_backup_was(house, desk):
    now = house.clock()
    assert "收发消息 还没有开始，请告诉管机器的同志 要看看" in await desk.reads("/console/health")
    heard = {"telegram": now - timedelta(minutes=30), "wechat": now, "web": None}
    await house.does(standing.write_down, Standing(now, heard, True, now - timedelta(hours=3)))
    read = await desk.reads("/console/health")
    assert f"Telegram 从{texts.moment(now - timedelta(minutes=30))}起没有回音 要看看 微信 通着 网页 开着" in read
    assert f"备份 最近一次是{texts.moment(now - timedelta(hours=3))} 消息" in read
    waiting = (await house.database.read(vitals.look, now)).states.get("planned", 0)
    assert f"排着队的有 {waiting} 条" in read
    await house.does(standing.write_down, Standing(now, {}, True, now - timedelta(hours=31)))
    assert re.search("备份 最近一次是[^要]+要看看", await desk.reads("/console/health"))
    await house.does(standing.write_down, Standing(now - timedelta(minutes=9), {}, True, now))
    assert "收发消息 从" in await desk.reads("/console/health")

"""People, branches, points and settings at the console: looked at first, within one's reach, and noted in the log."""

import io
import re
from datetime import date, timedelta

import pytest
from openpyxl import Workbook
from sqlalchemy import update

from storage import (
    audit,
    broadcasts,
    events,
    files,
    grants,
    holidays,
    organisations,
    outbox,
    people,
    points,
    residents,
    service_menus,
    sign_ups,
)
from storage.people import Facts, Party
from storage.schema.places import service_points as points_table
from storage.schema.talks import outbox as outbox_table
from storage.times import local_date
from tests.conftest import MORNING
from tests.console.conftest import words
from tests.console.test_work import acts, coming

PEOPLE = "姓名,联系方式,候鸟/常住,社区,小区\n"
NEW = "钱多福,13800138000,常住,春园社区,示例花园\n"


async def point_of(house, role="point_lead"):
    held = await house.database.read(grants.of_person, house.staff[role], house.clock())
    return held[0].point_id or held[0].organisation_id


async def sends(desk, path, name, content):
    await desk.opens(path)
    answer = await desk.posts(path, files={"file": (name, content)})
    desk.html = answer.text
    return answer


def workbook(*rows):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


async def test_a_list_is_looked_at_line_by_line_before_anything_is_kept(house, desk):
    known = (await house.database.read(people.search, "王守一"))[0]
    rows = NEW + f"{known.name},{known.phone},常住,春园社区,别的花园\n" + "坏了,12345,常住,春园社区,\n"
    answer = await sends(desk, "/console/people/import", "名单.csv", (PEOPLE + rows).encode("gb18030"))
    read = words(answer.text)
    assert "钱多福" not in read
    assert "钱*福 138****8000" in read
    assert "小区：登记的是“没有”，文件里是“别的花园”" in read
    assert "手机号不对" in read
    assert await house.database.read(people.search, "钱多福") == []
    token = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    done = await desk.posts("/console/people/import/take-in", file=token)
    assert "登记了 1 位，照文件改了 0 位，2 行没有动" in words(done.text)
    assert (await house.database.read(people.search, "钱多福"))[0].estate == "示例花园"
    assert (await house.database.read(people.get, known.id)).estate == known.estate
    assert await house.database.read(files.opened_by, token, house.clock()) is None
    assert len(await acts(house, "person.import")) == 1


async def test_what_does_not_fit_is_overwritten_only_where_somebody_ticked_it(house, desk):
    known = (await house.database.read(people.search, "王守一"))[0]
    book = workbook(("姓名", "手机号", "小区"), (known.name, known.phone, "新花园"))
    answer = await sends(desk, "/console/people/import", "名单.xlsx", book)
    token = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    assert "照文件改" in words(answer.text)
    await desk.posts("/console/people/import/take-in", file=token, agreed="2")
    assert (await house.database.read(people.get, known.id)).estate == "新花园"
    (act,) = await acts(house, "person.import")
    assert act.about == f"person {known.id}"


@pytest.mark.parametrize("content", [b"\x00\x01\x02", b"", "没有,表头\n".encode(), b"PK\x03\x04broken"])
async def test_what_is_no_table_is_said_to_be_none(desk, content):
    answer = await sends(desk, "/console/people/import", "名单.xlsx", content)
    assert answer.status_code == 422
    assert "读不出表格" in words(answer.text)


async def test_a_file_looked_at_too_long_ago_is_sent_again(house, desk):
    answer = await sends(desk, "/console/people/import", "名单.csv", (PEOPLE + NEW).encode())
    token = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    await house.does(files.forget_expired, house.clock() + timedelta(hours=2))
    done = await desk.posts("/console/people/import/take-in", file=token)
    assert "请再传一次" in words(done.text)
    assert await house.database.read(people.search, "钱多福") == []


async def test_points_are_taken_in_with_their_datum_checked(house, desk):
    header = "编号,名称,社区,地址,纬度,经度,坐标系,电话,开放时间\n"
    good = "R1,红雁之家·新点,春园社区,某路1号,18.2511,109.5160,GCJ-02,0898-0000-0012,周一至周五 08:30-12:00\n"
    bad = good.replace("R1", "R2").replace("GCJ-02", "")
    answer = await sends(desk, "/console/points/import", "点.csv", (header + good + bad).encode())
    assert "没写坐标系" in words(answer.text)
    token = re.search(r'name="file" value="([^"]+)"', answer.text)[1]
    done = await desk.posts("/console/points/import/take-in", file=token)
    assert "收进来 1 个服务点。示例的 67 个撤下了" in words(done.text)
    assert [point.code for point in await house.database.read(points.active)] == ["R1"]


async def test_two_registrations_are_compared_masked_merged_and_taken_apart(house, desk):
    first = (await house.database.read(people.search, "王守一"))[0]
    event = (await coming(house))[1]

    def second(tx):
        number = people.add(tx, Facts(name="王守一", phone="13900139000"), MORNING)
        sign_ups.sign_up(tx, event.id, [number], audit.Actor(number), MORNING)
        return number

    twice = await house.does(second)
    read = await desk.reads(f"/console/people/merge?kept={first.id}")
    assert f"第 {twice} 号" in read
    read = await desk.reads(f"/console/people/merge?kept={first.id}&gone={twice}")
    assert "139****9000" in read
    assert "王守一" not in read
    refused = await desk.posts("/console/people/merge", kept=first.id, gone=twice, reason="")
    assert refused.status_code == 422
    await desk.posts("/console/people/merge", kept=first.id, gone=twice, reason="本人来说的")
    assert (await house.database.read(people.get, twice)).id == first.id
    assert "本人来说的" in await desk.reads("/console/people/merge")
    await desk.posts(f"/console/people/merge/{twice}/part", reason="弄错了")
    assert (await house.database.read(people.get, twice)).id == twice
    assert [act.reason for act in await acts(house, "person.unmerge")] == ["弄错了"]


async def test_someone_is_registered_only_with_their_yes_and_at_the_own_point(house, somebody):
    lead = await somebody("point_lead")
    own = await point_of(house)
    await lead.opens("/console/people/new")
    form = {"name": "孙淑珍", "residence": "local", "point_id": own}
    form["community_code"] = next(iter(await house.database.read(residents.community_names)))
    refused = await lead.posts("/console/people/new", **form)
    assert "要本人在场" in words(refused.text)
    elsewhere = await lead.posts("/console/people/new", **{**form, "point_id": own + 1}, agreed="yes")
    assert "请选您管的服务点" in words(elsewhere.text)
    numbered = await lead.posts("/console/people/new", **{**form, "estate": "460204195801011234"}, agreed="yes")
    assert "身份证号和银行卡号不收" in words(numbered.text)
    assert "460204195801011234" not in numbered.text
    await lead.posts("/console/people/new", **form, agreed="yes")
    (made,) = await house.database.read(people.search, "孙淑珍")
    assert (made.phone, made.point_id, made.added_by) == (None, own, house.staff["point_lead"])
    assert len(await acts(house, "person.register")) == 1


async def test_a_correction_keeps_name_and_phone_masked_and_says_why_in_the_log(house, desk):
    person = (await house.database.read(people.search, "王守一"))[0]
    path = f"/console/people/{person.id}/correct"
    await desk.opens(path)
    assert "王守一" not in desk.html
    given = {"residence": "local", "community_code": person.community_code, "point_id": person.point_id}
    assert (await desk.posts(path, **given, estate="新花园", reason="")).status_code == 422
    await desk.posts(path, **given, estate="新花园", reason="本人打电话来改的")
    kept = await house.database.read(people.get, person.id)
    assert (kept.name, kept.phone, kept.estate) == (person.name, person.phone, "新花园")
    (act,) = await acts(house, "person.correct")
    assert "新花园" not in (act.after or "")
    assert "estate" in act.after


async def test_a_secretary_works_in_the_own_branch_alone(house, somebody):
    own = await point_of(house, "branch_secretary")

    def two_members(tx):
        other = next(each.id for each in organisations.active(tx) if each.kind == "branch" and each.id != own)
        facts = [Facts(name=name, phone=f"1390013900{at}") for at, name in enumerate(("党小红", "党小明"))]
        facts[0].party = facts[1].party = Party("yes", "某支部")
        facts[1].host_branch_id = other
        return [people.add(tx, each, MORNING) for each in facts], other

    (free, taken), other = await house.does(two_members)
    secretary = await somebody("branch_secretary")
    assert (await secretary.opens(f"/console/branches/{other}")).status_code == 404
    read = await secretary.reads(f"/console/branches/{own}?q=党小红")
    assert "党*红" in read
    assert "没找到" in await secretary.reads(f"/console/branches/{own}?q=党小明")
    await secretary.posts(f"/console/branches/{own}/place", person=free, group="一组")
    assert (await secretary.posts(f"/console/branches/{own}/place", person=taken)).status_code == 404
    await secretary.posts(f"/console/branches/{own}/note", person=free, what="verified")
    kept = await house.database.read(people.get, free)
    assert (kept.host_branch_id, kept.party_group, kept.verification) == (own, "一组", "verified")
    assert (await secretary.posts(f"/console/branches/{other}/note", person=taken, what="verified")).status_code == 404
    await secretary.posts(f"/console/branches/{own}/note", person=free, what="out", reason="回原籍了")
    assert (await house.database.read(people.get, free)).host_branch_id is None
    assert [act.reason for act in await acts(house, "person.take_out")] == ["回原籍了"]


async def test_a_branch_in_use_stays_and_an_empty_one_goes(house, desk):
    used = next(each.id for each in await house.database.read(organisations.active) if each.kind == "committee")
    answer = await desk.posts(f"/console/branches/{used}/close")
    assert answer.status_code == 409
    assert "请先移走，再撤" in words(answer.text)
    await desk.opens("/console/branches")
    form = {"name": "示例临时党支部", "kind": "temporary_branch", "parent": used}
    assert "要写到哪天为止" in words((await desk.posts("/console/branches", **form)).text)
    await desk.posts("/console/branches", **form, ends_on="2027-04-30")
    made = (await house.database.read(organisations.active))[-1]
    assert (made.name, made.parent_id) == ("示例临时党支部", used)
    await desk.posts(f"/console/branches/{made.id}/close")
    assert made.id not in {each.id for each in await house.database.read(organisations.active)}


async def test_who_is_in_town_is_shown_masked_and_of_the_own_point_alone(house, somebody):
    lead, own = await somebody("point_lead"), await point_of(house)
    page = await lead.opens("/console/people/in-town?week=2026-11-25")
    listed = {int(number) for number in re.findall(r"/console/people/(\d+)", page.text)}
    here = await house.database.read(
        lambda tx: {
            one.id
            for one in residents.everyone(tx)
            if one.point_id == own and one.was_in_town(date(2026, 11, 23), date(2026, 11, 29))
        }
    )
    assert listed == here
    assert f"在琼 {len(here)} " in words(page.text)


async def test_a_lead_keeps_hours_and_phone_of_the_own_point_and_nothing_else(house, somebody):
    lead, own = await somebody("point_lead"), await point_of(house)
    before = await house.database.read(points.get, own)
    await lead.opens(f"/console/points/{own}/change")
    form = {"phone": "0898-0000-0099", "hours": "周一至周五 09:00-17:00", "name": "换了名字", "active": "no"}
    await lead.posts(f"/console/points/{own}/change", **form)
    kept = await house.database.read(points.get, own)
    assert (kept.phone, kept.hours) == ("0898-0000-0099", form["hours"])
    assert (kept.name, kept.active, kept.latitude) == (before.name, True, before.latitude)
    stranger = await lead.posts(f"/console/points/{own + 1}/change", **form)
    assert stranger.status_code == 404
    assert len(await acts(house, "point.change")) == 1


async def test_closed_days_of_a_point_are_listed_added_and_taken_back(house, somebody):
    lead, own = await somebody("point_lead"), await point_of(house)
    event = next(one for one in await house.database.read(events.coming, house.clock()) if one.point_id == own)
    day = local_date(event.starts_at)
    page = f"/console/points/{own}"
    await lead.opens(page)
    refused = await lead.posts(f"{page}/closures", first=f"{day}", last="2020-01-01", note="装修")
    assert refused.status_code == 422
    assert 'value="装修"' in refused.text
    await lead.posts(f"{page}/closures", first=f"{day}", last=f"{day}", note="装修")
    assert f"那几天这里还要办《{event.title}》" in words(lead.html)
    assert "装修" in await lead.reads(page)
    point = await house.database.read(points.get, own)
    assert point.is_open(event.starts_at) is False
    (closure,) = point.closures
    assert (await lead.posts(f"/console/points/{own + 1}/closures", first="2027-02-05")).status_code == 404
    assert (await lead.posts(f"{page}/closures/{closure.id + 1}/drop")).status_code == 404
    await lead.opens(page)
    await lead.posts(f"{page}/closures/{closure.id}/drop")
    assert (await house.database.read(points.get, own)).is_open(event.starts_at)
    assert len(await acts(house, "point.close")) == len(await acts(house, "point.reopen")) == 1


async def test_a_position_that_looks_wrong_is_said_before_it_is_kept(house, desk):
    point = (await house.database.read(points.active))[0]
    shifted = point.place.as_gcj02()
    await desk.opens(f"/console/points/{point.id}/change")
    form = {
        name: getattr(point, name) or "" for name in ("name", "kind", "community_code", "address", "phone", "hours")
    }
    form |= {"latitude": f"{shifted.latitude:.6f}", "longitude": f"{shifted.longitude:.6f}", "datum": "wgs84"}
    asked = await desk.posts(f"/console/points/{point.id}/change", **form, active="yes")
    assert "坐标系写错了" in words(asked.text)
    assert (await house.database.read(points.get, point.id)).latitude == point.latitude
    far = await desk.posts(
        f"/console/points/{point.id}/change", **{**form, "latitude": "20.1"}, active="yes", sure="yes"
    )
    assert "坐标不在天涯区" in words(far.text)
    await desk.posts(f"/console/points/{point.id}/change", **form, active="yes", sure="yes")
    assert (await house.database.read(points.get, point.id)).latitude == pytest.approx(shifted.latitude, abs=1e-5)


async def test_a_menu_is_written_by_the_own_point_and_read_by_everyone(house, somebody):
    lead, own = await somebody("point_lead"), await point_of(house)
    await lead.opens(f"/console/points/{own}/menu?month=2026-12")
    await lead.posts(f"/console/points/{own}/menu", month="2026-12", items="1. 周二上午 义诊\n理发")
    menu = await house.database.read(service_menus.of, own, date(2026, 12, 1))
    assert (menu.version, menu.items) == (1, ("周二上午 义诊", "理发"))
    assert (await lead.posts(f"/console/points/{own + 1}/menu", month="2026-12", items="理发")).status_code == 404
    assert "周二上午 义诊" in await (await somebody("checker")).reads("/console/menus?month=2026-12")
    assert (await lead.posts(f"/console/points/{own}/menu", month="2026-12", items=" \n")).status_code == 422


async def test_days_off_and_the_second_yes_are_set_and_noted(house, desk):
    await desk.opens("/console/settings")
    await desk.posts(
        "/console/settings/days", **{"from": "2027-02-05", "to": "2027-02-11", "works": "no", "note": "春节"}
    )
    await desk.posts("/console/settings/days", **{"from": "2027-02-14", "works": "yes", "note": "调休"})
    listed = await house.database.read(holidays.listed)
    assert [(each.day.day, each.works) for each in listed] == [*((day, False) for day in range(5, 12)), (14, True)]
    assert "上班" in await desk.reads("/console/settings")
    refused = await desk.posts("/console/settings/days", **{"from": "2027-02-05", "to": "2027-01-01"})
    assert "结束不能早于开始" in words(refused.text)
    assert 'value="2027-01-01"' in refused.text  # what was filled in stays
    await desk.posts("/console/settings/approval", above="20")
    assert await house.database.read(broadcasts.approval_above) == 20
    for action in ("holiday.put", "setting.approval"):
        assert await acts(house, action)


async def test_a_name_for_a_place_finds_the_points_around_it(house, desk):
    await desk.opens("/console/settings")
    place = {"name": "老槐树", "latitude": "18.2511", "longitude": "109.5160", "datum": "gcj02"}
    await desk.posts("/console/settings/places", **place)
    assert (await house.database.read(points.landmark, "老槐树旁边")).datum == "gcj02"
    far = await desk.posts("/console/settings/places", **{**place, "latitude": "28.0"})
    assert far.status_code == 409
    number = re.search(r"places/(\d+)/drop\"[^>]*>.{0,200}?去掉老槐树", await html_of(desk), re.S)[1]
    await desk.posts(f"/console/settings/places/{number}/drop")
    assert await house.database.read(points.landmark, "老槐树旁边") is None


async def html_of(desk):
    return (await desk.opens("/console/settings")).text


async def test_what_did_not_arrive_is_listed_masked_with_why(house, desk):
    person = (await house.database.read(people.search, "王守一"))[0]

    def lose(tx):
        planned = outbox.Planned("broadcast", "lost", '{"text": "保密的话"}', MORNING, person_id=person.id)
        outbox.plan(tx, planned, MORNING)
        tx.execute(update(outbox_table).where(outbox_table.c.key == "lost").values(state="unreachable"))

    await house.does(lose)
    house.clock.now = MORNING + timedelta(hours=1)
    read = await desk.reads("/console/undelivered?state=unreachable&kind=broadcast")
    assert "王*一" in read
    assert "群发" in read
    assert "保密的话" not in read
    assert "王*一" not in await desk.reads("/console/undelivered?state=expired")


async def test_the_overview_says_what_the_calendar_and_the_menus_lack(house, desk):
    read = await desk.reads("/console")
    assert "1 个年份的放假安排要录" in read
    assert "下月的菜单没写" not in read
    house.clock.passes(days=2)  # the 25th
    await desk.signs_in()
    assert "67 个服务点下月的菜单没写" in await desk.reads("/console")
    assert "2026年12月的服务菜单" in await desk.reads("/console/menus?month=next")
    await desk.opens("/console/settings")
    await desk.posts("/console/settings/days", **{"from": "2027-02-05", "works": "no", "note": "春节"})
    assert "放假安排要录" not in await desk.reads("/console")


async def test_a_point_that_was_taken_off_is_found_again_by_the_district(house, desk, somebody):
    point = (await house.database.read(points.active))[0]
    shut = update(points_table).where(points_table.c.id == point.id).values(active=False, is_sample=False)
    await house.does(lambda tx: tx.execute(shut))
    assert f"停用的（1） {point.name}" in await desk.reads("/console/points")
    assert point.name not in await (await somebody("checker")).reads("/console/points")


async def test_who_is_known_is_said_to_be_and_not_written_down_twice(house, desk):
    known = (await house.database.read(people.search, "王守一"))[0]
    community = next(iter(await house.database.read(residents.community_names)))
    form = {"name": known.name, "phone": known.phone, "residence": "local", "community_code": community}
    await desk.opens("/console/people/new")
    answer = await desk.posts("/console/people/new", **form, agreed="yes")
    assert answer.status_code == 409
    assert "登记过了，到名册里找一找" in words(answer.text)
    other = await house.does(people.add, Facts(name="王守二", phone=known.phone), MORNING)
    await desk.opens(f"/console/people/{other}/correct")
    answer = await desk.posts(f"/console/people/{other}/correct", name=known.name, reason="写错了")
    assert "把两份合并" in words(answer.text)
    assert (await house.database.read(people.get, other)).name == "王守二"


async def test_a_secretary_corrects_a_member_without_taking_the_point_away(house, somebody):
    own = await point_of(house, "branch_secretary")

    def member(tx):
        facts = Facts(name="党小红", phone="13900139000", point_id=3, residence="local", host_branch_id=own)
        facts.party = Party("yes", "某支部")
        return people.add(tx, facts, MORNING)

    number = await house.does(member)
    secretary = await somebody("branch_secretary")
    page = await secretary.opens(f"/console/people/{number}/correct")
    assert '<option value="3" selected>' in page.text
    form = {"residence": "local", "point_id": "3", "salutation": "党阿姨", "reason": "本人来说的"}
    await secretary.posts(f"/console/people/{number}/correct", **form)
    kept = await house.database.read(people.get, number)
    assert (kept.point_id, kept.salutation) == (3, "党阿姨")
    for wrong, status in ((("community_code", "nowhere"), 422), (("point_id", "999999"), 404)):
        await secretary.opens(f"/console/people/{number}/correct")
        answer = await secretary.posts(f"/console/people/{number}/correct", **{**form, wrong[0]: wrong[1]})
        assert answer.status_code == status

"""What staff keep of residents, branches, points and days: noted in the log, and never two for one person."""

from datetime import date, timedelta

import pytest

from storage import (
    audit,
    holidays,
    membership,
    merges,
    merging,
    need_clock,
    needs,
    organisations,
    people,
    people_import,
    point_import,
    point_keeping,
    points,
    registering,
    residents,
    service_menus,
)
from storage.audit import Actor
from storage.geography import Place
from storage.needs import Told
from storage.people import Facts, Party
from storage.refusals import AlreadyRegistered, NotFound, ThirdOnOnePhone
from tests.conftest import MORNING
from tests.dialogues.town import CHUNYUAN, person, town

STAFF = Actor(None, "district_staff", "console")
MONTH = date(2026, 11, 1)


@pytest.fixture
async def does(database):
    await database.write(town)
    return database.write


async def acts(does, action):
    def look(tx):
        return [act for act in audit.between(tx, MORNING, MORNING + timedelta(days=1)) if act.action == action]

    return await does(look)


async def test_a_correction_names_the_fields_in_the_log_and_no_values(does):
    number = await does(person, "王建国", "13800138000")
    values = {"name": "王建囯", "estate": "示例花园", "residence": "local"}
    assert await does(registering.correct, number, values, STAFF, MORNING, "本人来改的") == ["name", "estate"]
    (act,) = await acts(does, "person.correct")
    assert (act.reason, act.after) == ("本人来改的", '{"changed": ["name", "estate"]}')
    assert [one.id for one in await does(people.search, "王建囯")] == [number]
    assert await does(registering.correct, number, values, STAFF, MORNING, "再来") == []


async def test_a_correction_never_makes_two_of_one(does):
    await does(person, "王建国", "13800138000")
    other = await does(person, "王建囯", "13800138000")
    with pytest.raises(AlreadyRegistered):
        await does(registering.correct, other, {"name": "王建国"}, STAFF, MORNING, "写错了")


async def test_who_is_known_is_not_registered_by_staff_again(does):
    await does(person, "王建国", "13800138000")
    with pytest.raises(AlreadyRegistered):
        await does(registering.by_staff, Facts(name="王建国", phone="13800138000"), STAFF, MORNING)


async def test_a_phone_may_be_taken_over_by_a_second_person_and_not_by_a_third(does):
    for name in ("王一一", "王二二"):
        await does(person, name, "13800138000")
    number = await does(person, "王三三", "13900139000")

    def take_over(tx):
        before = people.get(tx, number)
        after = people.get(tx, number)
        after.phone = "13800138000"
        people.must_be_the_only_one(tx, before, after)

    with pytest.raises(ThirdOnOnePhone):
        await does(take_over)


async def test_only_members_are_placed_and_only_in_branches(does):
    committee = await does(organisations.add, "候鸟党委", "committee")
    branch = await does(organisations.add, "一支部", "branch", committee)
    member = await does(person, "党小红", "13800138000", member="yes")
    other = await does(person, "王群众", "13800138001")

    def place(tx, who, where):
        membership.place(tx, people.get(tx, who), where, "一组", STAFF, MORNING)

    for who, where in ((other, branch), (member, committee)):
        with pytest.raises(NotFound):
            await does(place, who, where)
    found, rest = await does(residents.members_without_branch, 0, 50)
    assert ([one.id for one in found], rest) == ([member], None)
    await does(place, member, branch)
    assert await does(membership.counts) == {branch: (1, 0)}
    placed, count = await does(residents.of_branch, branch, 0, 50)
    assert ([one.id for one in placed], count) == ([member], 1)
    assert await does(residents.members_without_branch, 0, 50) == ([], None)
    await does(lambda tx: membership.verify(tx, people.get(tx, member), "verified", STAFF, MORNING))
    await does(lambda tx: membership.decide_type(tx, people.get(tx, member), "mobile_member", STAFF, MORNING))
    assert await does(membership.counts) == {branch: (1, 1)}
    kept = await does(people.get, member)
    assert (kept.party, kept.verification) == (Party("yes", "", "mobile_member"), "verified")


async def test_in_town_is_counted_like_the_ledger_counts_it(does):
    stays = (("早到", date(2026, 10, 1), None), ("刚走", date(2026, 10, 1), date(2026, 11, 20)))
    stays += (
        ("下周来", date(2026, 12, 1), None),
        ("没说", None, None),
        ("周五走", date(2026, 10, 1), date(2026, 11, 27)),
    )
    for at, (name, arrives, leaves) in enumerate(stays):
        stay = {"residence": "seasonal", "arrives_on": arrives, "leaves_on": leaves}
        await does(person, name, f"1380013800{at}", point_id=at % 2 + 1, **stay)
    await does(person, "常住的", "13900139000", point_id=2)
    monday, sunday = date(2026, 11, 23), date(2026, 11, 29)
    everyone = await does(residents.in_town, monday, sunday, point_ids=None, branch_ids=None)
    counted = await does(lambda tx: [one.id for one in residents.everyone(tx) if one.was_in_town(monday, sunday)])
    assert [one.id for one in everyone.shown] == counted
    assert (everyone.people, everyone.seasonal) == (3, 2)
    one_point = {"point_ids": frozenset({2}), "branch_ids": frozenset()}
    here = await does(residents.in_town, monday, sunday, **one_point, is_masked=False)
    assert [one.name for one in here.shown] == ["常住的"]
    seasonal = await does(
        residents.in_town, monday, sunday, point_ids=None, branch_ids=None, only_seasonal=True, skip=1
    )
    assert [one.name for one in seasonal.shown] == ["周*走"]


async def test_merges_that_stand_are_listed_until_they_are_taken_apart(does):
    kept = await does(person, "王秀英", "13800138000")
    gone = await does(person, "王秀瑛", "13800138000")
    await does(merging.merge, kept, gone, STAFF, MORNING, "本人来说的")
    (merge,) = await does(merges.standing)
    assert (merge.gone_id, merge.kept_id, merge.name, merge.reason) == (gone, kept, "王*瑛", "本人来说的")
    await does(merging.unmerge, gone, STAFF, MORNING, "弄错了")
    assert await does(merges.standing) == []


async def test_interests_go_along_with_a_merge_and_are_given_back(does):
    kept = await does(person, "王秀英", "13800138000")
    gone = await does(person, "王秀瑛", "13800138000", interests=("learning",))
    await does(merging.merge, kept, gone, STAFF, MORNING, "本人来说的")
    assert (await does(people.get, kept)).interests == ("learning",)
    await does(merging.unmerge, gone, STAFF, MORNING, "弄错了")
    assert (await does(people.get, kept)).interests is None


async def test_an_import_overwrites_only_the_lines_that_were_agreed(does):
    number = await does(person, "王建国", "13800138000", estate="旧花园")
    other = await does(person, "李秀兰", "13900139000", estate="旧花园")
    blank = dict.fromkeys(people_import.HEADERS, "")
    lines = [
        (2, {**blank, "name": "王建国", "phone": "13800138000", "estate": "新花园"}),
        (3, {**blank, "name": "李秀兰", "phone": "13900139000", "estate": "新花园"}),
    ]
    judged = await does(people_import.judge, lines, lambda _text: None)
    assert [(one.verdict, one.person_id) for one in judged] == [("conflict", number), ("conflict", other)]
    (told,) = await does(people_import.differences, judged[0])
    assert (told.label, told.kept, told.listed) == ("小区", "旧花园", "新花园")
    assert await does(people_import.take_in, judged, STAFF, MORNING, {2}) == (0, 1)
    assert [(await does(people.get, each)).estate for each in (number, other)] == ["新花园", "旧花园"]


async def test_what_a_list_says_of_membership_and_places_is_told_in_words(does):
    number = await does(person, "王建国", "13800138000", member="no")
    blank = dict.fromkeys(people_import.HEADERS, "")
    line = {**blank, "name": "王建国", "phone": "13800138000", "member": "党员", "community": "河西", "point": "T-2"}
    (one,) = await does(people_import.judge, [(2, line)], lambda _text: None)
    told = {each.label: (each.kept, each.listed) for each in await does(people_import.differences, one)}
    points_told = ("天涯红雁之家·春园社区", "天涯红雁之家·河西社区")
    assert told == {"党员身份": ("群众", "党员"), "社区": ("春园社区", "河西社区"), "服务点": points_told}
    await does(people_import.take_in, [one], STAFF, MORNING, {2})
    kept = await does(people.get, number)
    assert (kept.party.member, kept.point_id, kept.verification) == ("yes", 2, "self_reported")


async def test_a_point_changes_with_a_row_in_the_log_and_no_name_in_it(does):
    changed = await does(point_keeping.change, 1, {"phone": "0898-0000-0099", "duty_person": "李干事"}, STAFF, MORNING)
    assert changed == ["phone", "duty_person"]
    (act,) = await acts(does, "point.change")
    assert "0898-0000-0099" in act.after
    assert "李干事" not in act.after
    assert await does(point_keeping.change, 1, {"phone": "0898-0000-0099"}, STAFF, MORNING) == []
    with pytest.raises(NotFound):
        await does(point_keeping.kept_by, 1, frozenset({2}))


async def test_a_position_in_the_other_datum_is_noticed(does):
    before = await does(points.get, 1)
    read_wrong = Place(CHUNYUAN.as_gcj02().latitude, CHUNYUAN.as_gcj02().longitude)
    found = await does(point_keeping.doubts, read_wrong, before.community_code, before)
    assert found.moved_like_datum
    assert "坐标系写错了" in point_import.in_words(found)[0]
    nearby = Place(CHUNYUAN.latitude + 0.0004, CHUNYUAN.longitude)
    assert not (await does(point_keeping.doubts, nearby, before.community_code, before)).moved_like_datum
    assert (await does(point_keeping.doubts, Place(20.0, 110.3), None, before)).outside
    elsewhere = Place(CHUNYUAN.latitude + 0.1, CHUNYUAN.longitude - 0.05)
    assert (await does(point_keeping.doubts, elsewhere, before.community_code, None)).far_from_community > 5000


async def test_menus_are_kept_in_versions_and_old_months_stay(does):
    for items in (("义诊",), ("义诊",), ("义诊", "理发")):
        await does(service_menus.keep, 1, MONTH, items, STAFF, MORNING)
    menu = await does(service_menus.of, 1, MONTH)
    assert (menu.version, menu.items) == (2, ("义诊", "理发"))
    december = service_menus.following(MONTH)
    assert await does(service_menus.without, december) == [1, 2]
    assert (await does(service_menus.last_before, 1, december)).items == ("义诊", "理发")
    await does(service_menus.keep, 1, december, ("书法",), STAFF, MORNING)
    assert await does(service_menus.without, december) == [2]
    assert {point: menu.version for point, menu in (await does(service_menus.of_month, MONTH)).items()} == {1: 2}


def test_lines_become_items_whatever_stands_in_front():
    assert service_menus.read_items("1. 义诊 周二上午\n\n② 理发\n- 书法\n") == ("义诊 周二上午", "理发", "书法")
    assert service_menus.following(date(2026, 12, 1)) == date(2027, 1, 1)


async def test_a_day_off_moves_what_is_due_and_back(does):
    number = await does(person, "王建国", "13800138000")
    need = await does(needs.tell, Told(number, "路灯不亮", "web", "safety"), STAFF, MORNING)
    before = (await does(need_clock.of, need.id))[-1].due_at
    assert await does(holidays.put, date(2026, 11, 24), date(2026, 11, 25), False, "示例放假", STAFF, MORNING) == 1
    moved = (await does(need_clock.of, need.id))[-1].due_at
    assert moved - before == timedelta(days=2)
    assert [one.day.day for one in await does(holidays.listed)] == [24, 25]
    for day in (24, 25):
        await does(holidays.drop, date(2026, 11, day), STAFF, MORNING)
    assert (await does(need_clock.of, need.id))[-1].due_at == before
    assert len(await acts(does, "holiday.drop")) == 2


async def test_a_year_nobody_entered_is_named_from_november_on(does):
    assert await does(holidays.guessed, date(2040, 11, 2)) == [2040, 2041]
    assert await does(holidays.guessed, date(2040, 10, 2)) == [2040]
    await does(holidays.put, date(2040, 2, 1), date(2040, 2, 1), False, "春节", STAFF, MORNING)
    assert await does(holidays.guessed, date(2040, 10, 2)) == []

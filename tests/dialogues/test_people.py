"""查人, 登记别人, 合并, 编入支部: staff and registrations, each within the own reach."""

import pytest
from sqlalchemy import insert

from storage import people, sign_ups
from storage.audit import Actor
from storage.schema.organisations import organisations
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.town import address, class_of, person, registered, staff

LEAD = address("lead")
SECRETARY = address("secretary")


@pytest.fixture
async def office(town_chat):
    """District, the lead of 春园, the secretary of one of two branches, and residents of both points."""

    def branches(tx):
        tx.execute(insert(organisations).values(name="示例一支部", kind="branch"))
        tx.execute(insert(organisations).values(name="示例二支部", kind="branch"))

    await town_chat.does(branches)
    for name, phone, who, role, scope in (
        ("李干事", "13700137000", ME, "district_staff", {}),
        ("王点长", "13700137001", LEAD, "point_lead", {"point_id": 1}),
        ("赵书记", "13700137002", SECRETARY, "branch_secretary", {"organisation_id": 1}),
    ):
        await town_chat.does(staff, await registered(town_chat, name, phone, who), role, **scope)
    await town_chat.does(person, "王秀英", "13900001001", None, member="yes")
    await town_chat.does(person, "王秀英", "13900001002", None, point_id=2, residence="seasonal")
    return town_chat


async def test_someone_without_a_phone_is_registered_with_their_yes(office):
    office.who = LEAD
    answer = await office.says("登记别人", "同意", "孙淑珍", "没有", "春园", "候鸟")
    assert "孙淑珍，没有电话，春园社区，候鸟。" in answer
    assert "登记好了，孙淑珍" in await office("对")
    [found] = await office.does(people.search, "孙淑珍")
    assert (found.phone, found.point_id, found.added_by, found.residence) == (None, 1, 2, "seasonal")


async def test_without_their_yes_nothing_is_kept(office):
    office.who = LEAD
    assert "什么都没记" in await office.says("登记别人", "没同意")


async def test_whoever_is_registered_is_not_registered_again(office):
    answer = await office.says("登记别人", "同意", "王秀英", "有", "13900001001")
    assert "登记过了" in answer


@pytest.mark.parametrize("said", ["王秀英", "wangxiuying", "wxy"])
async def test_everyone_finds_whom_their_role_reaches(office, said):
    answer = await office(f"查人 {said}")
    assert "139 0000 1001" in answer
    assert "139 0000 1002" in answer
    office.who = LEAD
    answer = await office(f"查人 {said}")
    assert "139 0000 1001" in answer
    assert "1002" not in answer
    office.who = SECRETARY
    assert "您管的人里没找到" in await office(f"查人 {said}")


async def test_by_the_end_of_the_phone(office):
    assert "139 0000 1002" in await office("找人 1002")


async def test_two_registrations_become_one_and_are_taken_apart_again(office):
    answer = await office.says("合并", "1001", "1002", "本人来说的")
    assert "王秀英（139 0000 1002） 并进 王秀英（139 0000 1001）" in answer
    assert "合好了" in await office("对")
    assert "1002" not in await office("查人 王秀英")
    await office.taps("拆开") if "拆开" in office.buttons else await office("拆开合并 5")
    assert "拆开了" in await office("弄错了")
    assert "139 0000 1002" in await office("查人 王秀英")


async def test_a_seat_held_twice_goes_to_who_waits_and_they_are_told(office):
    def arrange(tx):
        event = class_of(tx, capacity=2)
        waiting = person(tx, "等着的", "13900001003")
        for number in (4, 5, waiting):
            sign_ups.sign_up(tx, event, [number], Actor(number), office.clock())
        return waiting

    waiting = await office.does(arrange)
    await office.says("合并", "1001", "1002", "本人来说的", "对")
    assert [person_id for person_id, _ in await office.does(news, "promotion")] == [waiting]


async def test_merging_is_for_the_district(office):
    office.who = LEAD
    assert "要区级工作人员来办" in await office("合并")
    assert "要区级工作人员来办" in await office("拆开合并 5")


async def test_a_secretary_places_in_the_own_branch_and_verifies_there(office):
    office.who = SECRETARY
    answer = await office.says("编入支部", "1001", "第一小组")
    assert "王秀英编入示例一支部" in answer
    assert "编好了" in await office("对")
    assert "记下了：王秀英，已核实。" in await office.says("核实党员", "1001", "已核实")
    found = await office.does(people.get, 4)
    assert (found.host_branch_id, found.party_group, found.verification) == (1, "第一小组", "verified")
    assert "139 0000 1001" in await office("查人 王秀英")


async def test_whom_another_branch_has_a_secretary_leaves_alone(office):
    await office.says("编入支部", "1001", "示例二支部", "没有", "对")
    office.who = SECRETARY
    assert "没找到" in await office.says("编入支部", "1001")
    assert "没找到" in await office.says("核实党员", "1001")


async def test_who_is_no_member_is_in_no_branch(office):
    assert "没找到这个党员" in await office.says("编入支部", "1002")


async def test_who_is_in_town_is_told_of_the_own_people_alone(office):
    answer = await office("谁在三亚")
    assert "这一周在三亚的 4 人" in answer
    office.who = SECRETARY
    assert "没有在三亚的" in await office("谁在三亚")


async def test_residents_find_nobody(office):
    await registered(office, "周国庆", "13600136789", SOMEONE_ELSE)
    office.who = SOMEONE_ELSE
    for said in ("查人 王秀英", "登记别人", "编入支部", "核实党员", "谁在三亚"):
        assert "来办。需要的话" in await office(said)

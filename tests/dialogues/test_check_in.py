"""签到: forty people at the door and one thumb."""

from datetime import timedelta

import pytest

from storage import accounts, attendance, events, grants, sign_ups
from storage.audit import Actor
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import class_of, person, registered, staff

NAMES = ("张桂芳", "王秀英", "李建华", "赵玉兰", "王秀荣")


def at_the_door(tx, checker):
    """A checker, and a class that begins in half an hour with five people on its list."""
    staff(tx, checker, "checker", point_id=1)
    event = class_of(tx, capacity=5, starts_in=timedelta(days=1))
    for number, name in enumerate(NAMES, 1):
        who = person(tx, name, f"1390000100{number}", None)
        sign_ups.sign_up(tx, event, [who], Actor(who), MORNING)
    return event


@pytest.fixture
async def door(town_chat):
    await town_chat.does(at_the_door, await registered(town_chat, "李干事", "13700137000"))
    town_chat.clock.passes(hours=23, minutes=30)
    return town_chat


async def test_the_list_is_numbered_with_the_end_of_the_phone(door):
    answer = await door("签到")
    assert "《书法班》应到 5，已签 0。" in answer
    assert "1. 张桂芳（1001）" in answer


async def test_numbers_and_ranges_are_noted_in_one_message(door):
    answer = await door("签到 1 3-4")
    assert "签到 3 位：1 张桂芳、3 李建华、4 赵玉兰。" in answer
    assert "一共签到 3 位" in answer
    assert "1. ✓ 张桂芳" in await door("签到")


@pytest.mark.parametrize("said", ["签到 王秀英", "签到 1002", "签到2", "签到 wangxiuying", "签到 ２", "签到二"])
async def test_by_name_phone_tail_pinyin_or_number(door, said):
    assert "签到 1 位：2 王秀英。" in await door(said)


@pytest.mark.parametrize("said", ["2", "2号", "王秀英", "2 王秀英到了", "1002"])
async def test_after_the_list_a_number_is_a_line_of_it_and_never_a_place_among_the_buttons(door, said):
    await door("签到 1")
    assert "\n2 王秀英到了" in await door("签到")
    assert "签到 1 位：2 王秀英。" in await door(said)


async def test_numbers_go_on_one_after_another(door):
    await door("签到")
    assert "签到 2 位：3 李建华、5 王秀荣。" in await door("3、5")
    assert "签到 1 位：1 张桂芳。" in await door("1")
    assert "名单上没有：9。" in await door("9")
    assert "名单上没有：孙悟空。没报名的回“加人 姓名”。" in await door("孙悟空")
    assert "结束登记" in await door("结束签到")
    assert "登记完了：3 人次" in await door("1")


async def test_initials_that_fit_two_are_asked_about(door):
    answer = await door("签到 wxy")
    assert "签到 1 位：2 王秀英" in answer or "有几位" in answer


async def test_a_second_time_says_who_noted_it_and_when(door):
    await door("签到 1")
    door.clock.passes(minutes=5)
    answer = await door("签到 1")
    assert "张桂芳 09:30 已经签过到了，李干事帮着记的。" in answer
    assert "一共签到 1 位" in answer


async def test_what_is_not_on_the_list_is_said_and_the_rest_is_noted(door):
    answer = await door("签到 1 99 孙悟空")
    assert "签到 1 位：1 张桂芳" in answer
    assert "名单上没有：99、孙悟空" in answer


async def test_undoing_keeps_both_rows(door):
    await door("签到 1 2")
    assert "撤销 1 位：1 张桂芳" in await door("撤销签到 1")
    assert "一共签到 1 位" in await door("签到 2")


async def test_a_walk_in_is_on_the_list_at_once(door):
    assert "加上了：孙淑珍，签好了" in await door("加人 孙淑珍 尾号1234")
    assert "6. ✓ 孙淑珍" in await door("签到")


async def test_a_known_walk_in_is_found_by_name_and_tail(door):
    known = await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    await door("加人 周国庆 6789")
    assert (await door.does(attendance.of_person, 1, known)).walk_in


async def test_more_than_the_places_is_said_and_stops_nobody(door):
    await door("签到 1-5")
    assert "座位要加" in await door("加人 孙淑珍")


async def test_people_without_a_name_are_counted_apart(door):
    await door("签到 1-3")
    assert "没记名的 4 位" in await door("人数 4")
    assert "随行的 2 位" in await door("随行 2")
    assert "没记名的 5 位" in await door("人数 5")
    answer = await door("结束签到")
    assert "签到 3 位，另外清点 7 位，一共 10 人次" in answer
    assert "登记完了：10 人次" in await door("对")
    assert (await door.does(events.get, 1)).state == "held"


async def test_nobody_came_needs_a_reason(door):
    await door.says("结束签到")
    assert "什么原因" in await door("对")
    assert "登记完了" in await door("下大雨")


async def test_before_the_hour_there_is_nothing_to_check(door):
    door.clock.passes(hours=-10)
    assert "现在没有要您签到的活动" in await door("签到 1")


async def test_a_day_after_the_end_only_a_lead_may_add(door):
    door.clock.passes(days=2)
    assert "现在没有要您签到的活动" in await door("签到 1")


async def test_a_checker_of_another_point_sees_nothing(door):
    other = await registered(door, "外人", "13600136000", SOMEONE_ELSE)
    await door.does(staff, other, "checker", point_id=2)
    door.who = SOMEONE_ELSE
    assert "现在没有要您签到的活动" in await door("签到 1")


async def test_a_resident_who_says_it_is_told_they_need_do_nothing(door):
    await registered(door, "老张", "13600136000", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    assert "不用您自己办" in await door("签到")
    assert "要签到员来办" in await door("加人 孙淑珍")


async def test_two_checkers_at_once_agree(door):
    second = await registered(door, "陈志愿", "13600136000", SOMEONE_ELSE)
    await door.does(staff, second, "checker", event_id=1)
    await door("签到 1")
    door.who = SOMEONE_ELSE
    assert "李干事帮着记的" in await door("签到 1")
    assert "一共签到 2 位" in await door("签到 2")
    door.who = ME
    assert "一共签到 3 位" in await door("签到 3")


async def test_a_role_taken_back_ends_at_once(door):
    await door("签到 1")

    def revoke(tx):
        [held] = grants.roles_of(tx, accounts.find(tx, *door.who), door.clock())
        grants.revoke(tx, held.id, Actor(), door.clock())

    await door.does(revoke)
    assert "不用您自己办" in await door("签到 2")

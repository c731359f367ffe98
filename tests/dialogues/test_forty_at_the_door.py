"""Forty people at the door, and one thumb: taps in turn, pages, excuses, and who turned out to be one person."""

from datetime import timedelta

import pytest

from storage import attendance, events, merging, sign_ups
from storage.audit import Actor
from storage.schema.events import attendances
from tests.conftest import MORNING
from tests.dialogues.town import class_of, person, registered, staff


@pytest.fixture
async def door(town_chat):
    """A checker, and forty people on a list at half past nine."""

    def forty(tx, checker):
        staff(tx, checker, "checker", point_id=1)
        event = class_of(tx, capacity=50, starts_in=timedelta(days=1))
        for number in range(1, 41):
            who = person(tx, f"老人{number}", f"139000{number:05d}", None)
            sign_ups.sign_up(tx, event, [who], Actor(who), MORNING)

    await town_chat.does(forty, await registered(town_chat, "李干事", "13700137000"))
    town_chat.clock.passes(hours=23, minutes=30)
    return town_chat


async def test_they_come_in_turn_and_each_is_one_tap(door):
    await door("签到")
    for number in range(1, 7):
        answer = await door.taps(f"{number} 老人{number}到了")
    assert "签到 1 位：6 老人6。" in answer
    assert "现在一共签到 6 位" in answer
    assert "7 老人7到了" in door.buttons


async def test_the_list_has_pages_and_goes_on_from_whoever_was_tapped(door):
    first = await door("签到")
    assert "应到 40，已签 0" in first
    assert "30. 老人30" in first
    assert "31. 老人31" not in first
    assert "31. 老人31" in await door.taps("下一页（1/2）")
    await door.taps("33 老人33到了")
    await door.taps("34 老人34到了")
    await door("签到 39 40")
    assert "1 老人1到了" in door.buttons
    assert "✓ 老人40" in await door("签到 第2页")


async def test_an_excuse_is_no_coming_and_may_turn_into_one(door):
    assert "请假 1 位：5 老人5。\n现在一共签到 0 位。" in await door("请假 5")
    assert "5. 请假 老人5" in await door("签到")
    assert "签到 1 位：5 老人5。\n现在一共签到 1 位。" in await door("签到 5")


async def test_a_check_in_taken_back_stays_as_a_row_beside_the_one_that_counts(door):
    await door.says("签到 3", "撤销签到 3", "签到 3")
    rows = (await door.does(lambda tx: tx.execute(attendances.select()))).all()
    assert [row.undone_at is None for row in rows] == [False, True]
    assert "老人3" in await door("撤销签到 3")


async def test_two_who_turn_out_to_be_one_are_one_line_and_one_coming(door):
    await door.says("签到 1", "签到 2")
    one, other = [entry.person_id for entry in await door.does(attendance.of_event, 1)]
    await door.does(merging.merge, one, other, Actor(), door.clock(), "示例")
    answer = await door("签到")
    assert "应到 39，已签 1" in answer
    assert "2. " not in answer.partition("3. ")[0].partition("1. ")[2]
    await door.does(merging.unmerge, other, Actor(), door.clock(), "示例")
    assert "应到 40，已签 2" in await door("签到")
    assert "登记完了：2 人次" in await door.says("结束签到", "对")
    assert (await door.does(events.get, 1)).state == "held"

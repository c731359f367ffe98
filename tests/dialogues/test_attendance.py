"""Attendance beside the list at the door: by oneself, from paper, late, corrected, and volunteers' hours."""

import re
from datetime import timedelta

import pytest

from reports import qr_codes
from storage import attendance, events, settings, sign_ups
from storage.audit import Actor
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.test_check_in import at_the_door
from tests.dialogues.town import address, class_of, registered, staff

LEAD = address("lead")


@pytest.fixture
async def door(town_chat):
    """A checker, five people on a list at half past nine, and the lead of the point."""
    await town_chat.does(at_the_door, await registered(town_chat, "李干事", "13700137000"))
    lead = await registered(town_chat, "王点长", "13700137001", LEAD)
    await town_chat.does(staff, lead, "point_lead", point_id=1)
    town_chat.clock.passes(hours=23, minutes=30)
    return town_chat


async def opened(door, **changes):
    """The event, with a word or another setting."""
    await door.does(events.change, 1, changes, Actor(), door.clock())


# By oneself.


async def test_whoever_says_the_word_is_checked_in_once(door):
    await opened(door, code_word="春天")
    await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    assert "周国庆，签好了，请进。" in await door("口令 春天")
    door.clock.passes(minutes=4)
    assert "周国庆，09:30 已经签过到了。" in await door("口令 春天。")
    [entry] = await door.does(attendance.of_event, 1)
    assert (entry.method, entry.walk_in) == ("code_word", True)


async def test_another_word_or_an_event_without_one_checks_nobody_in(door):
    await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    assert "口令不对" in await door("口令 春天")
    await opened(door, code_word="春天")
    assert "口令不对" in await door("口令 秋天")
    assert await door.does(attendance.of_event, 1) == []


async def test_the_word_ends_with_the_event(door):
    await opened(door, code_word="春天")
    await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    door.clock.passes(hours=3)
    assert "口令不对" in await door("口令 春天")


async def test_the_code_on_the_wall_brings_who_scans_it_to_this_event(door):
    found = {"web": "https://hy.example/chat?start=", "telegram": "https://t.me/hy?start=", "wechat": ""}
    await door.does(settings.put, "chat_addresses", found, door.clock())
    answer = await door("签到码")
    codes = [reply.photo.name for reply in door.replies if reply.photo]
    assert codes == ["签到码 书法班 网页.png", "签到码 书法班 Telegram.png"]
    assert "微信里要用口令签到，还没设" in answer
    assert door.replies[0].photo is not None
    assert door.replies[0].photo.media_type == qr_codes.MEDIA_TYPE
    payload = re.search(r"start=(checkin-[\w-]+)", answer)[1]
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", payload)
    await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    assert "周国庆，签好了，请进。《书法班》" in await door(payload=payload)
    [entry] = await door.does(attendance.of_event, 1)
    assert entry.method == "qr"
    assert "这个码不对" in await door(payload="checkin-" + "x" * 24)
    door.clock.passes(hours=3)
    assert "这个码不对" in await door(payload=payload)


async def test_who_is_not_registered_registers_first_and_is_checked_in(door):
    await opened(door, code_word="春天")
    door.who = address("new")
    assert "签到要先登记" in await door("口令 春天")


async def test_a_code_is_for_checkers_to_make(door):
    await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    door.who = SOMEONE_ELSE
    assert "要签到员来办" in await door("签到码")


async def test_one_of_a_couple_checks_both_in(door):
    await opened(door, code_word="春天", capacity=9)
    one = await registered(door, "周国庆", "13600136789", SOMEONE_ELSE)
    other = await registered(door, "李秀兰", "13600136780", address("wife"))
    door.clock.passes(hours=-4)
    await door.does(sign_ups.sign_up, 1, [one, other], Actor(one), door.clock())
    door.clock.passes(hours=4)
    door.who = SOMEONE_ELSE
    await door("口令 春天")
    assert "李秀兰，签好了，请进。" in await door.taps("李秀兰也到了")
    assert len(await door.does(attendance.of_event, 1)) == 2
    stranger = 2
    assert "不用取消" in await door(f"一起到了 1 {stranger}")


async def test_a_word_is_set_by_the_organiser(door):
    door.who = LEAD
    door.clock.passes(hours=-2)
    await door.says("改活动 1", "签到口令", "春天", "对")
    assert (await door.does(events.get, 1)).code_word == "春天"


# From paper.


async def test_a_sheet_is_typed_in_with_its_own_times(door):
    door.clock.passes(hours=5)
    answer = await door("补录 9:40 1 3\n10:15 王秀英")
    assert "补录了 3 位：1 张桂芳 09:40、3 李建华 09:40、2 王秀英 10:15。" in answer
    assert {entry.method for entry in await door.does(attendance.of_event, 1)} == {"from_sheet"}


async def test_without_a_time_the_start_is_meant(door):
    door.clock.passes(hours=5)
    await door.says("补录")
    assert "1 张桂芳 10:00" in await door("1")


async def test_what_does_not_fit_is_listed_and_the_rest_taken(door):
    await door("签到 1")
    door.clock.passes(hours=5)
    answer = await door("补录 9:40 1 2 99\n9:50 2\n23:00 3\n10:00 孙悟空")
    assert "补录了 1 位：2 王秀英 09:40。" in answer
    assert "1 张桂芳：09:30 已经签过，李干事记的，纸上是 09:40，没有改。" in answer
    assert "“99”：名单上没有" in answer
    assert "2 王秀英：纸上有 09:40 和 09:50，记了前一个。" in answer
    assert "“23:00 3”：这个时间不在活动里。" in answer
    assert "“孙悟空”：名单上没有" in answer
    assert "现在一共签到 2 位" in answer


async def test_the_same_sheet_twice_changes_nothing(door):
    door.clock.passes(hours=5)
    await door("补录 9:40 1 3")
    answer = await door("补录 9:40 1 3")
    assert "补录了 0 位。" in answer
    assert "对不上" not in answer


async def test_an_afternoon_on_paper_needs_no_word_for_it(town_chat):
    checker = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, checker, "checker", point_id=1)
    await town_chat.does(class_of)
    await town_chat.does(sign_ups.sign_up, 1, [checker], Actor(checker), town_chat.clock())
    town_chat.clock.passes(days=15, hours=7)
    assert "1 李干事 14:40" in await town_chat("补录 2:40 1")


# The network was down.


async def test_what_was_typed_while_the_network_was_down_keeps_its_own_time(door):
    typed = door.clock()
    door.clock.passes(minutes=50)
    assert "签到 1 位：1 张桂芳" in await door("签到 1", sent_at=typed)
    [entry] = await door.does(attendance.of_event, 1)
    assert entry.came_at == typed


async def test_it_is_taken_though_the_time_for_it_or_the_event_is_over(door):
    typed = door.clock()
    await door("签到 2")
    door.clock.passes(minutes=90)
    await door.says("结束签到", "对")
    door.clock.passes(days=2)
    assert "签到 1 位：1 张桂芳" in await door("签到 1号活动 1", sent_at=typed)
    assert "没有要您签到的活动" in await door("签到 3")


async def test_a_clock_that_is_ahead_gives_no_time_to_come(door):
    await door("签到 1", sent_at=door.clock() + timedelta(hours=1))
    [entry] = await door.does(attendance.of_event, 1)
    assert entry.came_at == door.clock()


# Put right afterwards.


@pytest.fixture
async def closed(door):
    """The event is over and closed: two came."""
    await door.says("签到 1 2", "结束签到", "对")
    door.clock.passes(days=3)
    return door


async def test_after_the_end_only_a_lead_puts_right_with_the_reason(closed):
    assert "要点长来办" in await closed("改签到 1")
    assert "签到已经过时间了" in await closed("撤销签到 1号活动 1")
    closed.who = LEAD
    answer = await closed.says("改签到 1", "补记到场", "3 王秀荣", "当天漏记了")
    assert "《书法班》李建华、王秀荣，补记到场，因为当天漏记了" in answer
    assert "现在一共 4 人次（签到 4，清点 0）" in await closed("对")


@pytest.mark.parametrize(("how", "state"), [("撤掉签到", None), ("改成请假", "excused"), ("改成未到", "absent")])
async def test_a_check_in_is_taken_back_or_changed(closed, how, state):
    closed.who = LEAD
    await closed.says("改签到 1", how, "1", "记错人了")
    assert "一共 1 人次" in await closed("对")
    standing = {entry.list_number or entry.person_id: entry for entry in await closed.does(attendance.of_event, 1)}
    assert len(standing) == (1 if state is None else 2)
    assert state in [None, *(entry.state for entry in standing.values())]


async def test_people_without_a_name_are_counted_anew(closed):
    closed.who = LEAD
    await closed.says("改签到 1", "改清点人数", "7", "数错了")
    assert "一共 9 人次（签到 2，清点 7）" in await closed("对")


async def test_a_no_changes_nothing(closed):
    closed.who = LEAD
    await closed.says("改签到 1", "撤掉签到", "1", "记错人了")
    assert "没有改" in await closed("改")
    assert len(await closed.does(attendance.of_event, 1)) == 2


async def test_a_lead_of_another_point_cannot(closed):
    other = await registered(closed, "外人", "13600136000", SOMEONE_ELSE)
    await closed.does(staff, other, "point_lead", point_id=2)
    closed.who = SOMEONE_ELSE
    assert "要点长来办" in await closed("改签到 1")


# Volunteers' hours.


def hours(tx):
    text = "SELECT minutes_planned, minutes_measured, minutes_corrected FROM attendances WHERE undone_at IS NULL"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


async def test_hours_are_planned_measured_and_corrected_apart(door):
    await opened(door, type="volunteering")
    await door("签到 1 2")
    door.clock.passes(minutes=100)
    assert "签退 1 位：1 张桂芳（1 小时）" in await door("签退 1")
    door.clock.passes(hours=2)
    await door.says("结束签到", "对")
    assert await door.does(hours) == [(120, 60, None), (120, 120, None)]
    door.who = LEAD
    answer = await door.says("改时长 1", "1", "两个半小时", "2.5", "多留下来收拾了")
    assert "张桂芳，2.5 小时，因为多留下来收拾了" in answer
    await door("对")
    assert (await door.does(hours))[0] == (120, 60, 150)
    text = "SELECT recorded_by, corrected_by FROM attendances WHERE minutes_corrected IS NOT NULL"
    [(recorded, corrected)] = await door.does(lambda tx: tx.connection.exec_driver_sql(text).all())
    assert recorded is not None
    assert corrected not in (None, recorded)


async def test_who_did_not_come_has_no_hours(door):
    await opened(door, type="volunteering")
    assert "张桂芳还没有签到" in await door("签退 1")
    door.who = LEAD
    await door.says("改时长 1", "1", "2", "多做了")
    assert "张桂芳没有到场" in await door("对")


async def test_other_events_count_no_hours(door):
    await door.says("签到 1", "结束签到", "对")
    assert await door.does(hours) == [(None, None, None)]

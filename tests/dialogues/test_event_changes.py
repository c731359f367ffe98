"""改活动、取消活动、撤回: every field by itself, and ten minutes to take back whatever was done last."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert

from dialogue.message import Attachment
from reports.attendance import event_ledger, paper
from reports.periods import Period
from storage import attachments, attendance, closures, events, series, sign_ups
from storage.audit import Actor
from storage.schema.organisations import organisations
from tests.conftest import MORNING
from tests.dialogues.test_events import news
from tests.dialogues.town import address, class_of, registered, staff


@pytest.fixture
async def office(town_chat):
    """An organiser with one class on 8 December, 14:30, and one person signed up for it."""
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    await town_chat.does(class_of, organiser_id=organiser)
    who = await registered(town_chat, "老人", "13900000001", address(1))
    await town_chat.does(sign_ups.sign_up, 1, [who], Actor(who), town_chat.clock())
    return town_chat


def units(tx):
    for name in ("候鸟党委", "春园支部"):
        tx.execute(insert(organisations), {"name": name, "kind": "branch", "active": True, "is_sample": False})


EACH = (
    (("类型", "义诊"), "type", "free_clinic"),
    (("名字", "国画班"), "title", "国画班"),
    (("时长", "1 小时"), "ends_at", "one hour"),
    (("地点", "别的地方", "三亚湾小广场"), "venue", "三亚湾小广场"),
    (("名额", "5"), "capacity", 5),
    (("嘱咐的话", "带笔墨"), "description", "带笔墨"),
    (("嘱咐的话", "没有"), "description", ""),
    (("主讲人", "周老师"), "speaker", "周老师"),
    (("联系电话", "0898-0000-0099"), "contact_phone", "089800000099"),
    (("签到口令", "春天"), "code_word", "春天"),
    (("只限党员", "只限党员"), "members_only", True),
    (("没来过的优先", "优先"), "first_timers_first", True),
    (("空位先问要不要来", "先问"), "asks_before_seating", True),
    (("一起报名最多几位", "2"), "largest_group", 2),
    (("抽签还是先到先得", "抽签"), "allocation", "lottery"),
    (("几时开始报名", "12月1号上午九点"), "sign_up_opens_at", None),
    (("几时截止报名", "12月7号上午九点"), "sign_up_closes_at", None),
    (("放进系列", "书法"), "series_id", 1),
    (("主办单位", "春园支部"), "organisation_id", 2),
)


@pytest.mark.parametrize(("said", "column", "value"), EACH, ids=[f"{said[0]} {said[-1]}" for said, _, _ in EACH])
async def test_each_field_is_changed_by_itself_and_taken_back_within_ten_minutes(office, said, column, value):
    await office.does(units)
    await office.does(series.create, "书法", "sunset_school")
    before = await office.does(events.get, 1)
    assert "对吗" in await office.says("改活动", *said)
    answer = await office("对")
    assert "改好了" in answer
    after = await office.does(events.get, 1)
    assert getattr(after, column) != getattr(before, column) or value == ""
    if value == "one hour":
        assert after.ends_at - after.starts_at == timedelta(hours=1)
    elif value is not None:
        assert getattr(after, column) == value
    if value != "":
        assert "改回原来的了" in await office("撤回")
        assert getattr(await office.does(events.get, 1), column) == getattr(before, column)


async def test_the_poster_is_a_picture_sent_in_the_chat(office):
    await office.says("改活动", "海报图片")
    await office(attachment=Attachment("photo", "poster"))
    await office("对")
    await office.does(attachments.keep, 1, b"picture", "image/jpeg")
    await office("活动 1")
    assert [reply.photo.name for reply in office.replies if reply.photo] == ["书法班.jpg"]


async def test_those_who_hold_it_together_stand_on_the_card(office):
    await office.does(units)
    assert "联办：候鸟党委、春园支部" in await office.says("改活动", "联办单位", "1 2")
    assert "改好了" in await office("对")
    assert "联办：候鸟党委、春园支部" in await office("活动 1")
    await office.says("改活动", "联办单位", "没有，只有我们办", "对")
    assert "联办" not in await office("活动 1")


async def test_whether_there_is_a_photo_stands_in_the_ledger(office):
    await office.says("活动照片 1", "有")
    office.clock.passes(days=15, hours=5)
    await office.does(attendance.check_in, 1, 2, "by_staff", Actor(1), office.clock())
    await office.does(events.close, 1, Actor(1), office.clock())
    sheet = await office.does(lambda tx: event_ledger(tx, Period.season(2026), paper(tx, office.clock())))
    assert [row[15] for row in sheet.rows] == ["有"]


async def test_a_new_time_taken_back_is_told_as_the_time_that_holds(office):
    await office.says("改活动", "时间", "12月9号上午九点", "对")
    assert "改回原来的了，已经安排告诉 1 个人" in await office.taps("改回来")
    told = [text for _, text in await office.does(news)]
    assert "现在定在12月8日（周二）下午2点30分" in told[-1]


async def test_a_cancellation_taken_back_is_told_and_everyone_keeps_their_place(office):
    await office.says("取消活动", "台风", "对")
    assert "照常办，已经安排告诉 1 个人" in await office.taps("弄错了，照常办")
    assert (await office.does(events.get, 1)).state == "published"
    assert (await office.does(sign_ups.active, 1, 2)).state == "confirmed"
    assert "《书法班》照常办" in (await office.does(news))[-1][1]
    office.who = address(1)
    assert "报上了" in await office("我的活动")


async def test_the_last_is_taken_back_first(office):
    await office.says("改活动", "名字", "国画班", "对")
    await office.says("改活动", "名字", "剪纸班", "对")
    await office("撤回")
    assert (await office.does(events.get, 1)).title == "国画班"
    await office("撤回")
    assert (await office.does(events.get, 1)).title == "书法班"
    assert "收回来了，存着没删" in await office("撤回")


@pytest.mark.parametrize("done", [("改活动", "名字", "国画班"), ("取消活动", "台风")])
async def test_after_ten_minutes_it_stays(office, done):
    office.clock.passes(minutes=30)
    await office.says(*done, "对")
    office.clock.passes(minutes=11)
    assert "不能撤回了" in await office("撤回 1")
    assert "不能撤回了" in await office("撤回") or done[0] == "取消活动"


async def test_another_point_takes_nothing_back(office):
    await office.says("取消活动", "台风", "对")
    other = await registered(office, "外人", "13600136000", address(9))
    await office.does(staff, other, "organiser", point_id=2)
    office.who = address(9)
    assert "要组织者来办" in await office("撤回 1")
    assert "没有可以撤回的" in await office("撤回")


WARNED = (
    ("12月8号下午两点半", "同一个地方那时还有《书法班》"),
    ("12月5号下午两点半", "那时服务点不开门"),  # a Saturday
    ("12月9号上午十一点半", "没结束服务点就关门了"),
    ("12月9号早上七点", "早上 7点30分以前"),
    ("12月9号晚上八点半", "晚上 9点以后"),
    ("2027年2月6号上午九点", "那天是春节"),
    ("2027年1月1号上午九点", "那天是法定假日"),
)


@pytest.mark.parametrize(("when", "warning"), WARNED, ids=[warning for _, warning in WARNED])
async def test_what_to_think_of_is_said_and_nothing_forbidden(office, when, warning):
    preview = await office.says("发布活动", "1", "晨练", when, "1 小时", "1", "0", "没有")
    assert warning in preview
    assert "发布好了" in await office("发布")


async def test_a_point_that_is_closed_for_a_while_is_said(office):
    first = date(2026, 12, 1)
    await office.does(closures.close, 1, first, None, "休季", Actor(), MORNING)
    preview = await office.says("发布活动", "1", "晨练", "12月9号上午九点", "1 小时", "1", "0", "没有")
    assert "那几天服务点不开" in preview


async def test_nothing_is_said_of_what_nobody_has_to_think_of(office):
    assert "请留意" not in await office.says("发布活动", "1", "晨练", "12月9号上午九点", "1 小时", "1", "0", "没有")

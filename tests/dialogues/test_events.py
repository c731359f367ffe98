"""活动: seeing, signing up, waiting, and not coming after all."""

from datetime import timedelta

import pytest

from dialogue.message import decoded
from storage import events, sign_ups
from storage.audit import Actor
from storage.schema.talks import outbox
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.town import address, class_of, registered


def news(tx, kind=None):
    """What was planned for anyone: person and text."""
    rows = tx.execute(outbox.select().order_by(outbox.c.id)).all()
    return [
        (row.person_id, decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}")).text)
        for row in rows
        if row.kind != "answer" and kind in (None, row.kind)
    ]


@pytest.fixture
async def lesson(town_chat):
    """A registered person, and a class of two places on 8 December. Returns the chat."""
    await registered(town_chat)
    await town_chat.does(class_of)
    return town_chat


async def test_what_is_on_is_a_list_to_pick_from_by_number(lesson):
    answer = await lesson("有什么活动")
    assert "最近有 1 场活动" in answer
    assert "1. 书法班　12月8日（周二）下午2点30分" in answer
    card = await lesson("1")
    assert "还有 2 个名额" in card
    assert "0898-0000-0011" in card
    assert "春园路1号" in card
    assert "报上了" in await lesson("1")


@pytest.mark.parametrize(
    "said", ["报名书法", "报名 书法班", "我想报名书法班", "我要报名参加书法", "baoming", "报明书法", "报名1"]
)
async def test_signing_up_in_one_sentence(lesson, said):
    answer = await lesson(said)
    if "报哪个活动" in answer:
        answer = await lesson("1")
    assert "报上了！《书法班》，12月8日（周二）下午2点30分，春园社区红雁之家。来不了回“不来”。" in answer


async def test_a_calendar_entry_is_one_tap_away(lesson):
    await lesson("报名书法")
    await lesson.taps("记到手机日历")
    [entry] = [reply.file for reply in lesson.replies if reply.file]
    assert entry.name == "书法班.ics"


async def test_who_is_not_registered_registers_on_the_way(town_chat):
    await town_chat.does(class_of)
    assert "要先登记" in await town_chat("报名书法")
    answer = await town_chat.says("1", "王建国", "13800138000", "2", "春园", "跳过", "2", "对")
    assert "登记好了" in answer
    assert "报上了" in answer


async def test_signing_up_twice_says_how_it_stands(lesson):
    await lesson("报名书法")
    assert "您已经报上了" in await lesson("报名书法")


async def test_a_full_class_means_a_place_on_the_list_and_good_news_later(lesson):
    others = [await registered(lesson, f"老人{n}", f"1390000000{n}", address(n)) for n in range(2)]
    for other in others:
        await lesson.does(sign_ups.sign_up, 1, [other], Actor(other), lesson.clock())
    assert "您排在候补第 1 位" in await lesson("报名书法")
    assert "候补第 1 位" in await lesson("我的活动")

    lesson.who = address(0)
    assert "您不来了" in await lesson("不来")
    assert await lesson.does(news) == [
        (1, "好消息：有人退出，《书法班》您有座位了。12月8日（周二）下午2点30分，春园社区红雁之家。")
    ]
    lesson.who = ME
    assert "报上了" in await lesson("我的活动")


async def test_two_come_together(lesson):
    answer = await lesson("一起报名书法")
    assert "和谁一起来" in answer
    assert "2 位一起" in await lesson("李秀兰")
    assert [entry.state for entry in await lesson.does(sign_ups.of_event, 1)] == ["confirmed", "confirmed"]


async def test_only_one_seat_does_not_part_a_pair(lesson):
    other = await registered(lesson, "老人", "13900000000", SOMEONE_ELSE)
    await lesson.does(sign_ups.sign_up, 1, [other], Actor(other), lesson.clock())
    answer = await lesson.says("一起报名 1", "李秀兰")
    assert "您几位一起等" in answer


@pytest.mark.parametrize("said", ["不来", "来不了", "不去了", "取消报名", "不来 1", "不来了。"])
async def test_one_word_cancels_and_is_echoed_with_its_subject(lesson, said):
    await lesson("报名书法")
    assert "好的，12月8日（周二）《书法班》您不来了" in await lesson(said)
    assert (await lesson.does(sign_ups.of_event, 1))[0].state == "cancelled"


async def test_a_slip_is_mended_by_one_tap(lesson):
    await lesson.says("报名书法", "不来")
    assert "报上了" in await lesson.taps("点错了，我还是来")


async def test_with_several_events_the_one_is_asked_for(lesson):
    await lesson.does(class_of, "太极", starts_in=timedelta(days=20))
    await lesson.says("报名书法", "报名太极")
    assert "哪一场不来了" in await lesson("不来")
    assert "《太极》您不来了" in await lesson("2")


async def test_coming_is_noted(lesson):
    await lesson("报名书法")
    assert "等您来" in await lesson("来")
    assert (await lesson.does(sign_ups.of_event, 1))[0].comes is True


async def test_an_event_called_off_is_said_to_whoever_asks(lesson):
    await lesson("报名书法")
    await lesson.does(events.cancel, 1, "台风", Actor(), lesson.clock())
    assert "不办了" in await lesson("报名 1")


async def test_a_link_on_a_poster_opens_the_event(lesson):
    assert "《书法班》" in await lesson(payload="event-1")


async def test_an_event_of_last_year_gets_a_clear_answer(lesson):
    lesson.clock.passes(days=400)
    assert "已经结束了" in await lesson("报名 1")
    assert "没找到这个活动" in await lesson("报名 999")


async def test_nothing_is_on(town_chat):
    await registered(town_chat)
    assert "最近还没有活动" in await town_chat("活动")
    assert "没找到这个活动" in await town_chat("报名")
    assert "没有报活动" in await town_chat("不来")

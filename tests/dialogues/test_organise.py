"""发布活动: by questions, by copying, changed and called off with everyone told."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot import looks
from handlers import HOUSE
from storage import events, sign_ups
from storage.audit import Actor
from storage.schema.talks import outbox
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.town import address, class_of, registered, staff

CREATE = ("发布活动", "1", "书法班第三课", "12月8号下午两点半", "3", "1", "20", "请自带笔墨")


@pytest.fixture
async def office(town_chat):
    """An organiser of the point of 春园社区."""
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    return town_chat


async def test_an_event_is_made_by_questions_and_shown_as_an_elder_sees_it(office):
    preview = await office.says(*CREATE)
    assert "《书法班第三课》\n12月8日（周二）下午2点30分到下午4点30分\n天涯红雁之家·春园社区" in preview
    assert "请自带笔墨" in preview
    published = await office("发布")
    assert "发布好了，编号 HD2026-0001" in published
    office.who = SOMEONE_ELSE
    assert "书法班第三课" in await office("活动")


async def test_nothing_is_seen_before_it_is_published(office):
    await office.says(*CREATE, "先存着")
    office.who = SOMEONE_ELSE
    assert "还没有活动" in await office("活动")


async def test_a_draft_is_published_later_by_one_tap(office):
    await office.says(*CREATE, "先存着")
    assert "发布好了，编号 HD2026-0001" in await office.taps("发布它")


async def test_what_is_dropped_leaves_nothing(office):
    await office.says(*CREATE, "不要了")
    assert "没有要办的活动" in await office("我办的活动")


@pytest.mark.parametrize(
    ("said", "answer"),
    [("昨天下午三点", "已经过了"), ("4月31号上午九点", "没有这个日子"), ("过几天", "没看明白")],
)
async def test_an_impossible_time_is_asked_again(office, said, answer):
    assert answer in await office.says(*CREATE[:3], said)


async def test_an_unclear_hour_is_asked_about(office):
    assert "下午3点吗" in await office.says(*CREATE[:3], "12月8号三点")
    assert "多长时间" in await office("是")


async def test_what_an_organiser_should_think_of_is_said_and_nothing_forbidden(office):
    await office.does(class_of)
    preview = await office.says(*CREATE)
    assert "同一个地方那时还有《书法班》" in preview
    assert "发布好了" in await office("发布")
    preview = await office.says("发布活动", "1", "晨练", "12月6号早上七点", "1", "1", "0", "没有")
    assert "早上 7点30分以前" in preview
    assert "服务点不开门" in preview


async def test_the_last_one_again_on_another_day(office):
    await office.says(*CREATE, "发布")
    preview = await office.says("和上次一样", "12月15号下午两点半")
    assert "《书法班第三课》\n12月15日（周二）下午2点30分到下午4点30分" in preview
    assert "HD2026-0002" in await office("发布")


async def test_within_ten_minutes_it_can_be_taken_back(office):
    await office.says(*CREATE, "发布")
    assert "收回来了" in await office("撤回")
    office.who = SOMEONE_ELSE
    assert "还没有活动" in await office("活动")


async def test_later_it_can_not(office):
    await office.says(*CREATE, "发布")
    office.clock.passes(minutes=11)
    assert "不能撤回了" in await office("撤回")


@pytest.fixture
async def lesson(office):
    """A class of the organiser's with one person in each state. Returns the chat."""
    await office.does(class_of, organiser_id=1, capacity=1)
    for number in range(2):
        who = await registered(office, f"老人{number}", f"1390000000{number}", address(number))
        await office.does(sign_ups.sign_up, 1, [who], Actor(who), office.clock())
    return office


async def test_a_new_time_is_told_to_everyone_concerned_with_what_changed(lesson):
    answer = await lesson.says("改活动", "时间", "12月9号上午九点")
    assert "会告诉报名和候补的 2 个人" in answer
    assert "改好了" in await lesson("对")
    told = await lesson.does(news)
    assert [person for person, _ in told] == [2, 3]
    assert "时间改到12月9日（周三）上午9点，地点不变" in told[0][1]
    assert (await lesson.does(events.get, 1)).revision == 2


async def test_of_two_changes_before_anybody_was_told_only_the_whole_is_told(lesson):
    """The second alone would say “地点不变” to people who never heard of the new place."""
    assert "改好了" in await lesson.says("改活动", "地点", "别的地方", "鹿回头广场东侧", "对")
    await lesson.says("改活动", "时间", "12月9号上午九点", "对")
    told = await lesson.does(news)
    assert [person for person, _ in told] == [2, 3] * 2
    assert "现在定在12月9日（周三）上午9点，鹿回头广场东侧" in told[-1][1]

    def revisions(tx):
        rows = tx.execute(
            select(outbox.c.revision, outbox.c.state).where(outbox.c.kind == "change").order_by(outbox.c.id)
        )
        return [tuple(row) for row in rows]

    assert await lesson.does(revisions) == [(2, "superseded")] * 2 + [(3, "planned")] * 2


async def test_a_no_changes_nothing_and_tells_nobody(lesson):
    await lesson.says("改活动", "时间", "12月9号上午九点")
    assert "没有改" in await lesson("改")
    assert await lesson.does(news) == []
    assert (await lesson.does(events.get, 1)).revision == 1


async def test_more_places_let_the_waiting_in_and_tell_them(lesson):
    await lesson.says("改活动", "名额", "5", "对")
    assert [(person, text[:4]) for person, text in await lesson.does(news)] == [(3, "好消息：")]


async def test_fewer_places_than_people_is_refused(lesson):
    await lesson.says("改活动", "名额", "5", "对")
    assert "已经有 2 个人报上了" in await lesson.says("改活动", "名额", "1")


async def test_calling_it_off_tells_everyone_why(lesson):
    answer = await lesson.says("取消活动", "台风")
    assert "告诉 2 个人" in answer
    assert "取消了" in await lesson("对")
    [(_, text), _] = await lesson.does(news)
    assert text == "12月8日（周二）下午2点30分的《书法班》不办了，因为台风。给您添麻烦了，有新日子马上告诉您。"


async def test_the_organiser_sees_how_full_it_is(lesson):
    assert "书法班　12月8日（周二）下午2点30分（报了 1/1 人，候补 1）" in await lesson("我办的活动")


async def test_another_points_event_is_out_of_reach(lesson):
    other = await registered(lesson, "外人", "13600136000", SOMEONE_ELSE)
    await lesson.does(staff, other, "organiser", point_id=2)
    lesson.who = SOMEONE_ELSE
    assert "要组织者来办" in await lesson("改活动 1")
    assert "没有可以取消的活动" in await lesson("取消活动")


async def test_a_resident_cannot_publish(office):
    await registered(office, "老张", "13600136000", SOMEONE_ELSE)
    office.who = SOMEONE_ELSE
    assert "要组织者来办" in await office("发布活动")


async def test_an_ended_role_is_gone(office):
    organiser = await registered(office, "临时工", "13600136000", SOMEONE_ELSE)
    await office.does(staff, organiser, "organiser", ends_at=office.clock() + timedelta(days=1))
    office.who = SOMEONE_ELSE
    assert "哪一类" in await office("发布活动")
    office.clock.passes(days=2)
    await office("取消")
    assert "要组织者来办" in await office("发布活动")


async def test_before_publishing_it_is_seen_as_each_channel_will_show_it(office):
    office.house = replace(HOUSE, looks=looks.of({"wechat", "telegram", "web"}))
    assert "各个聊天里什么样" in await office.says(*CREATE)
    answer = await office("各个聊天里什么样")
    assert "微信里是这样：\n《书法班第三课》\n12月8日（周二）下午2点30分到下午4点30分" in answer
    assert "1 我要报名\n2 两个人一起报" in answer
    assert "Telegram里是这样：" in answer
    assert "［1. 我要报名］" in answer
    assert "网页里是这样：" in answer
    assert "［我要报名］" in answer
    assert "还有 20 个名额。" in answer
    assert "发布好了" in await office("发布")
    office.who = SOMEONE_ELSE
    assert "还有 20 个名额。" in await office("活动 1")

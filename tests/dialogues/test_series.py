"""Series, lots, and whatever else an event may have."""

import hashlib
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import insert

from dialogue.message import Attachment
from handlers import lotteries
from storage import attachments, attendance, events, series, sign_ups
from storage.audit import Actor
from storage.refusals import NotToBeDrawn
from storage.schema.organisations import organisations
from storage.schema.records import holiday_overrides
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.test_organise import CREATE
from tests.dialogues.town import address, registered, staff


@pytest.fixture
async def office(town_chat):
    """An organiser of the point of 春园社区."""
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    return town_chat


@pytest.fixture
async def course(office):
    """Four Tuesdays from 8 December on."""
    await office.says(*CREATE, "办成一个系列", "书法班", "4", "对")
    return office


async def test_a_series_is_made_at_once_with_an_event_for_each_week(course):
    found = await course.does(events.coming, course.clock())
    assert [event.title for event in found] == [f"书法班第三课（{place}）" for place in (1, 2, 3, 4)]
    assert {(later.starts_at - earlier.starts_at).days for earlier, later in pairwise(found)} == {7}
    assert len({event.number for event in found}) == 4


async def test_public_holidays_are_left_out_and_said(office):
    day = {"day": (office.clock() + timedelta(days=22)).date(), "works": False, "note": "示例假日"}
    await office.does(lambda tx: tx.execute(insert(holiday_overrides), [day]))
    answer = await office.says(*CREATE, "办成一个系列", "书法班", "3")
    assert "一共 3 次" in answer
    assert "到12月29日（周二）（12月15日放假，不上）" in answer
    await office("对")
    days = [event.starts_at.day for event in await office.does(events.coming, office.clock())]
    assert days == [8, 22, 29]


async def test_one_is_changed_alone(course):
    await course.says("改活动 2", "时间", "12月16号上午九点", "只改这一次")
    await course("对")
    days = [event.starts_at.day for event in await course.does(events.coming, course.clock())]
    assert days == [8, 16, 22, 29]


async def test_or_all_from_now_on_and_everyone_in_any_of_them_is_told(course):
    for number, event in enumerate((1, 3, 4)):
        who = await registered(course, f"老人{number}", f"1390000000{number}", address(number))
        await course.does(sign_ups.sign_up, event, [who], Actor(who), course.clock())
    answer = await course.says("改活动 2", "时间", "12月16号上午九点", "以后都改")
    assert "从12月15日（周二）起的 3 次都改时间，告诉 2 个人" in answer
    assert "3 次都改好了" in await course("对")
    found = await course.does(events.coming, course.clock())
    assert [(event.starts_at.day, event.starts_at.hour) for event in found] == [(8, 6), (16, 1), (23, 1), (30, 1)]
    told = await course.does(news, "change")
    assert [person for person, _ in told] == [3, 4]
    assert "时间改到12月23日（周三）上午9点" in told[0][1]


async def test_what_was_changed_at_one_stroke_is_taken_back_at_one(course):
    before = [event.starts_at for event in await course.does(events.coming, course.clock())]
    second = (await course.does(events.coming, course.clock()))[1].id
    await course.says(f"改活动 {second}", "时间", "12月16号上午九点", "以后都改", "对")
    assert [event.starts_at for event in await course.does(events.coming, course.clock())] != before
    assert "一起改的 3 场都改回原来的了" in await course(f"撤回 {second}")
    assert [event.starts_at for event in await course.does(events.coming, course.clock())] == before


async def test_the_last_one_of_a_series_is_asked_nothing_more(course):
    answer = await course.says("改活动 4", "名额", "5")
    assert "以后都改" not in answer


async def test_who_came_often_enough_completed_it(course):
    def held(tx):
        persons = [2, 3]
        for place, event in enumerate(events.coming(tx, course.clock())[:3]):
            for person in persons[: 2 if place < 1 else 1]:
                attendance.check_in(tx, event.id, person, "by_staff", Actor(), event.starts_at)
            events.close(tx, event.id, Actor(), event.ends_at)

    for number in range(2):
        await registered(course, f"老人{number}", f"1390000000{number}", address(number))
    await course.does(held)
    assert "办过 3 次，来过的有 2 人" in await course("系列 1")
    await course.taps("结业名单")
    answer = await course("2")
    assert "来过 2 次以上的 1 人：\n老人0　3/3" in answer


async def test_another_point_sees_no_completion_list(course):
    other = await registered(course, "外人", "13600136000", SOMEONE_ELSE)
    await course.does(staff, other, "organiser", point_id=2)
    course.who = SOMEONE_ELSE
    assert "要组织者来办" in await course("结业名单 1")


# By lot.


@pytest.fixture
async def lottery(office):
    """Two places, five people, and lots drawn at noon on the day before."""
    await office.says(*CREATE[:6], "2", "没有", "再设别的", "人多就抽签", "发布")
    for number in range(5):
        who = await registered(office, f"老人{number}", f"1390000000{number}", address(number))
        office.who = address(number)
        assert "接着抽签，结果我告诉您" in await office("报名 1")
        assert who == number + 2
    return office


def due(chat):
    return chat.does(lotteries.draw_due, chat.clock())


async def test_places_by_lot_are_nobodys_until_they_are_drawn(lottery):
    assert await lottery.does(events.taken, 1) == 0
    assert await due(lottery) == 0
    with pytest.raises(NotToBeDrawn):
        await lottery.does(sign_ups.draw, 1, lottery.clock())
    assert "等抽签" in await lottery("我的活动")
    answer = await lottery("活动 1")
    assert "2 个名额，现在 5 人报名。" in answer
    assert "报名截止以后抽签" in answer


async def test_the_lots_can_be_checked_by_anyone_who_knows_the_seed(lottery):
    lottery.clock.passes(days=14, hours=5)
    assert await due(lottery) == 1
    assert await due(lottery) == 0
    seed = (await lottery.does(events.get, 1)).lottery_seed
    entries = await lottery.does(sign_ups.of_event, 1)
    order = sorted(entries, key=lambda entry: hashlib.sha256(f"{seed}:{entry.number}".encode()).hexdigest())
    assert [entry.state for entry in order] == ["confirmed"] * 2 + ["waitlisted"] * 3
    told = dict(await lottery.does(news))
    assert len(told) == 5
    assert "您抽中了！12月8日（周二）下午2点30分" in told[order[0].person_id]
    assert (
        f"排在候补第 1 位。有人退出就轮到您，我会告诉您。抽签种子 {seed}，您的签号 {order[2].number}。"
        in told[order[2].person_id]
    )
    assert f"已经抽过签，抽签种子 {seed}。" in await lottery("活动 1")


async def test_the_house_is_bound_to_a_seed_before_anybody_signs_up_and_shows_it_after_the_draw(lottery):
    told = re.search("抽签凭据：([0-9a-f]{20})。", await lottery("活动 1"))[1]
    assert (await lottery.does(events.get, 1)).lottery_seed is None
    kept = await lottery.does(lambda tx: tx.connection.exec_driver_sql("SELECT lottery_secret FROM events").scalar())
    lottery.clock.passes(days=14, hours=5)
    await due(lottery)
    seed = (await lottery.does(events.get, 1)).lottery_seed
    assert seed.encode() not in bytes(kept)
    assert hashlib.sha256(seed.encode()).hexdigest().startswith(told)
    assert f"抽签凭据：{told}，和种子对得上" in await lottery("活动 1")


async def test_two_lotteries_have_two_seeds(lottery):
    lottery.who = ME
    await lottery.says("和上次一样", "12月15号下午两点半", "发布")
    one, other = [(await lottery.does(events.get, number)).lottery_promise for number in (1, 2)]
    assert one != other


async def test_a_seat_that_comes_free_goes_by_the_same_lots(lottery):
    lottery.clock.passes(days=14, hours=5)
    await due(lottery)
    entries = await lottery.does(sign_ups.of_event, 1)
    seed = (await lottery.does(events.get, 1)).lottery_seed
    order = sorted(entries, key=lambda entry: sign_ups.lot(seed, entry.number))
    [promotion] = await lottery.does(sign_ups.cancel, 1, order[0].person_id, Actor(), lottery.clock())
    assert [entry.person_id for entry in promotion.sign_ups] == [order[2].person_id]
    assert promotion.because == "抽签排在最前"


async def test_the_same_event_again_is_drawn_again(lottery):
    lottery.who = ME
    await lottery.says("和上次一样", "12月15号下午两点半", "发布")
    again = await lottery.does(events.get, 2)
    assert again.lottery_seed is None
    assert again.starts_at - again.sign_up_closes_at == timedelta(days=1)


async def test_who_never_came_before_goes_first(office):
    await office.says(*CREATE[:6], "1", "没有", "再设别的", "没来过的优先", "发布")

    def arrange(tx):
        old, one, two, three = (
            sign_ups.people.add(tx, sign_ups.people.Facts(name=f"老人{n}"), office.clock()) for n in range(4)
        )
        earlier = events.Draft(
            "sunset_school", "上一课", office.clock(), office.clock() + timedelta(hours=1), "春园社区"
        )
        before = events.create(tx, earlier, office.clock())
        tx.execute(events.table.update().where(events.table.c.id == before).values(state="published"))
        attendance.check_in(tx, before, one, "by_staff", Actor(), office.clock())
        for person in (old, one, two, three):
            sign_ups.sign_up(tx, 1, [person], Actor(person), office.clock())
        assert sign_ups.position(tx, sign_ups.active(tx, 1, one)) == 3
        return sign_ups.cancel(tx, 1, old, Actor(old), office.clock()), two

    [promotion], two = await office.does(arrange)
    assert [entry.person_id for entry in promotion.sign_ups] == [two]


# And the rest.


async def test_what_else_was_wished_for_is_asked_and_shown(office):
    def more(tx):
        tx.execute(insert(organisations).values(name="示例联办支部", kind="branch"))

    await office.does(more)
    await office.says(*CREATE, "再设别的", "几时截止报名、主讲人、联办单位、经费预算、签到口令")
    await office.says("12月7号上午九点", "王老师", "春天")
    preview = await office.says("示例联办支部", "300")
    assert "主讲：王老师" in preview
    assert "联办：示例联办支部" in preview
    assert "报名到12月7日（周一）上午9点截止。" in preview
    assert "发布好了" in await office("发布")
    event = await office.does(events.get, 1)
    assert (event.budget_planned, event.code_word) == (30000, "春天")
    assert await office.does(events.co_hosts_of, 1) == [1]


async def test_a_host_taken_in_by_mistake_is_taken_back_in_time(office):
    def more(tx):
        for name in ("示例联办支部", "示例第二支部"):
            tx.execute(insert(organisations).values(name=name, kind="branch"))

    await office.does(more)
    await office.says(*CREATE, "再设别的", "联办单位", "示例联办支部", "发布")
    office.clock.passes(minutes=20)
    await office.says("改活动 1", "联办单位", "示例联办支部、示例第二支部")
    assert "10 分钟内回“撤回”可以改回来" in await office("对")
    assert await office.does(events.co_hosts_of, 1) == [1, 2]
    assert "《书法班第三课》改回原来的了。" in await office("撤回")
    assert await office.does(events.co_hosts_of, 1) == [1]
    assert "已经超过 10 分钟，不能撤回了" in await office("撤回")


async def test_a_deadline_after_the_start_is_asked_again(office):
    await office.says(*CREATE, "再设别的", "几时截止报名")
    assert "要在活动开始以前" in await office("12月9号上午九点")


async def test_a_poster_is_shown_once_it_is_here(office):
    await office.says(*CREATE, "再设别的", "海报图片")
    await office(attachment=Attachment("photo", "reference"))
    await office("发布")
    await office("活动 1")
    assert all(reply.photo is None for reply in office.replies)
    await office.does(attachments.keep, 1, b"\xff\xd8poster", "image/jpeg")
    office.clock.passes(days=10)
    for _ in range(2):
        await office("活动 1")
        assert office.replies[0].photo.media_type == "image/jpeg"


async def test_a_draft_that_is_dropped_leaves_no_series(office):
    await office.says(*CREATE, "办成一个系列", "书法班", "4", "改")
    assert await office.does(series.active) == []
    assert await office.does(events.coming, office.clock()) == []

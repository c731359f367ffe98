"""群发: written, looked at, agreed to by a second person, sent once to each, and accounted for."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from dialogue.message import Address, Attachment
from handlers import broadcasts as handler
from storage import attachments, attendance, delivery, outbox, settings, sign_ups
from storage import broadcasts as store
from storage.audit import Actor
from storage.outbox import Ended
from storage.refusals import NotFound
from storage.schema.events import events
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import address, class_of, person, registered, staff

WORDS = "明天上午停水，请先接好水。"
LEAD = Address("telegram", "lead")


@pytest.fixture
async def office(town_chat):
    """Two of the district's staff, a point's lead, and three residents of 春园."""
    for name, who, role, scope in (
        ("李干事", ME, "district_staff", {}),
        ("陈干事", SOMEONE_ELSE, "district_staff", {}),
        ("王点长", LEAD, "point_lead", {"point_id": 1}),
    ):
        number = await registered(town_chat, name, f"1370013700{len(name + role) % 10}", who)
        await town_chat.does(staff, number, role, **scope)
    for number in range(3):
        await registered(town_chat, f"老人{number}", f"1390000000{number}", address(number))
    return town_chat


async def carried_on(chat, numbers=(1, 2, 3)):
    """What the schedule does, until there is nothing more to do."""
    for number in numbers:
        try:
            while await chat.does(handler.carry_on, number, chat.clock()):
                pass
        except NotFound:
            return


async def sent(chat, lost=(), numbers=(1, 2, 3)):
    """Let everything due go out. Returns user -> text."""

    def go(tx):
        got = {}
        delivery.route(tx, chat.clock(), ["telegram", "web"], at_most=1000)
        while (turn := delivery.turn(tx, "telegram", [], 100, chat.clock())).due:
            for due in turn.due:
                state = "unreachable" if due.user in lost else "delivered"
                outbox.settle(tx, Ended(due.id, state, account_id=due.account_id if lost else None), chat.clock())
                if state == "delivered" and due.kind != "answer":
                    got[due.user] = due.reply
        return got

    await carried_on(chat, numbers)
    got = await chat.does(go)
    await carried_on(chat, numbers)
    return got


async def test_it_is_seen_on_ones_own_phone_with_how_many_are_reached_before_anything_leaves(office):
    await office.does(person, "没有账号", "13600136000")
    answer = await office.says("群发", WORDS, "就这些字", "所有人", "普通通知")
    assert f"大家收到的是这样：\n{WORDS}" in answer
    assert "群发 1（存着）发给：在三亚的。" in answer
    assert (
        "一共 7 人：Telegram 5 人、网页 1 人；其中 1 人要等他们下次来看才收得到；1 人没有聊天账号或者发不过去。"
        in answer
    )
    assert await sent(office) == {}
    assert "开始发了" in await office.taps("发出去")
    assert sorted(await sent(office)) == ["lead", "someone else", "user 0", "user 1", "user 2"]


async def test_above_the_number_a_second_person_must_agree(office):
    await office.does(settings.put, store.APPROVAL_ABOVE, 3, office.clock())
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知")
    assert "已经请另一位区级工作人员看" in await office.taps("发出去")
    assert list(await sent(office)) == ["someone else"]
    assert "自己写的群发" in await office("同意群发 1")
    office.who = SOMEONE_ELSE
    assert WORDS in await office("看群发 1")
    assert "同意了，开始发" in await office.taps("同意，发出去")
    assert len(await sent(office)) == 5


async def test_a_second_person_may_send_it_back(office):
    await office.does(settings.put, store.APPROVAL_ABOVE, 3, office.clock())
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知", "发出群发 1")
    office.who = SOMEONE_ELSE
    assert "退回了，没有发" in await office("退回群发 1")
    assert WORDS not in "".join((await sent(office)).values())
    office.who = ME
    assert "群发 1（存着）" in await office("看群发 1")


async def test_without_a_second_person_it_says_so(office):
    await office.does(settings.put, store.APPROVAL_ABOVE, 3, office.clock())

    def alone(tx):
        tx.connection.exec_driver_sql("UPDATE grants SET ends_at = starts_at WHERE person_id = 2")

    await office.does(alone)
    answer = await office.says("群发", WORDS, "就这些字", "所有人", "普通通知", "发出群发 1")
    assert "现在没有第二位" in answer


async def test_one_a_day_and_three_a_week_reach_a_person_and_the_result_says_who_had_enough(office):
    async def one(number):
        await office.says("群发", f"第{number}条通知。", "就这些字", "所有人", "普通通知", f"发出群发 {number}")
        reached = await sent(office, numbers=(number,))
        return len(reached), await office(f"看群发 {number}")

    assert (await one(1))[0] == 5
    reached, answer = await one(2)
    assert reached == 0
    assert "今天或这周已经收过，没再发 6 人" in answer
    for number in (3, 4):
        office.clock.passes(days=1)
        assert (await one(number))[0] == 5
    office.clock.passes(days=1)
    reached, answer = await one(5)
    assert reached == 0
    assert "今天或这周已经收过，没再发 6 人" in answer
    office.clock.passes(days=4)
    assert (await one(6))[0] == 5


async def test_an_emergency_asks_why_and_counts_who_read_it(office):
    office.clock.passes(hours=13)
    answer = await office.says("群发", "台风要来了，请关好门窗。", "就这些字", "所有人", "紧急通知", "台风红色预警")
    assert "【紧急通知】台风要来了，请关好门窗。\n看到请回“收到”。" in answer
    assert "紧急原因：台风红色预警。" in answer
    assert "已经请另一位" in await office.taps("发出去")
    office.who = SOMEONE_ELSE
    assert "开始发" in await office("同意群发 1")
    assert len(await sent(office)) == 5
    office.who = address(0)
    assert "记下您收到了" in await office("收到")
    assert await office("收到") == "好的。"
    office.who = address(1)
    assert "记下您收到了" in await office("收到 1")
    office.who = ME
    assert "回了“收到”的 2 人" in await office("看群发 1")


async def test_who_missed_an_emergency_is_phoned(office):
    office.who = ME
    await office.says("群发", "台风要来了，请关好门窗。", "就这些字", "所有人", "紧急通知", "台风", "发出群发 1")
    office.who = SOMEONE_ELSE
    await office("同意群发 1")
    await sent(office, lost=("user 1",))
    office.who = ME
    await office("看群发 1")  # the page shows what waits for me
    await carried_on(office)
    assert "老人1" in await office("电话名单")


async def test_a_pause_and_a_stop(office):
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知", "发出群发 1")
    await carried_on(office)
    assert "（暂停了）" in await office("暂停群发 1")
    assert await sent(office) == {}
    assert "（正在发）" in await office("接着群发 1")
    await office("停掉群发 1")
    answer = await office("停")
    assert "（停了）" in answer
    assert "送到了 1 人\n停下以后没发 5 人" in answer  # 1: who wrote it saw it on the page, with the next answer
    assert await sent(office) == {}


async def test_the_result_says_who_was_not_reached_and_lists_them_for_calls(office):
    await office.does(person, "没有账号", "13600136000")
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知", "发出群发 1")
    await sent(office, lost=("user 2",))
    assert "排着队 1 人" in await office("看群发 1")  # who wrote it sees it on the page, with this very answer
    await carried_on(office)
    answer = await office("看群发 1")
    assert "群发 1（发完了）" in answer
    assert "送到了 5 人" in answer
    assert "发不过去 2 人" in answer
    answer = await office("没收到群发 1")
    assert "老人2　发不过去" in answer
    assert "没有账号　发不过去" in answer
    assert "列进电话名单 2 人" in await office.taps("都列进电话名单")
    answer = await office("电话名单")
    assert "老人2" in answer
    assert "群发 1：明天上午停水" in answer


async def test_a_lead_reaches_the_own_point_alone(office):
    await office.does(person, "河西的", "13600136000", ("telegram", "hexi"), point_id=2)
    office.who = LEAD
    answer = await office.says("群发", WORDS, "就这些字", "所有人", "普通通知")
    assert "发给：天涯红雁之家·春园社区，在三亚的。" in answer
    assert "一共 6 人" in answer
    assert "按服务点" not in await office.says("群发", WORDS, "就这些字")


async def test_an_organiser_reaches_people_of_own_events_alone(office):
    who = await registered(office, "小赵", "13600136001", Address("telegram", "zhao"))
    await office.does(staff, who, "organiser", point_id=1)
    await office.does(class_of, organiser_id=who, capacity=1)
    for number in range(2):
        await office.does(sign_ups.sign_up, 1, [4 + number], Actor(4 + number), office.clock())
    office.who = Address("telegram", "zhao")
    answer = await office.says("群发", WORDS, "就这些字")
    assert "哪几场活动" in answer
    answer = await office.says("1", "报上名的、候补的")
    assert "《书法班》，报上名的、候补的" in answer
    assert "一共 2 人" in answer
    await office("发出群发 1")
    assert sorted(await sent(office)) == ["user 0", "user 1"]


async def test_conditions_together_mean_who_fits_them_all(office):
    await office.does(person, "候鸟", "13600136000", ("telegram", "bird"), residence="seasonal")
    await office.does(person, "河西候鸟", "13600136001", ("telegram", "other bird"), residence="seasonal", point_id=2)
    await office.says("群发", WORDS, "就这些字", "按服务点、候鸟或常住", "春园社区")
    answer = await office.says("候鸟", "普通通知")
    assert "发给：天涯红雁之家·春园社区，候鸟，在三亚的。" in answer
    assert "一共 1 人" in answer


async def test_a_past_season_is_a_condition_like_the_others(office):
    def came(tx):
        event, day = class_of(tx), MORNING - timedelta(days=300)
        tx.execute(update(events).where(events.c.id == event).values(starts_at=day, ends_at=day))
        attendance.check_in(tx, event, 4, "by_staff", Actor(1), day)

    await office.does(came)
    asked = await office.says("群发", WORDS, "就这些字", "哪个候鸟季来过活动")
    assert "1. 2026—2027候鸟季\n2. 2025—2026候鸟季" in asked
    answer = await office.says("2", "普通通知")
    assert "发给：2025—2026候鸟季来过活动的，在三亚的。" in answer
    assert "一共 1 人" in answer


async def test_an_event_goes_with_it_and_can_be_signed_up_for(office):
    await office.does(class_of)
    answer = await office.says("群发", "欢迎来上课。", "一场活动", "1", "所有人", "普通通知")
    assert "欢迎来上课。\n《书法班》\n12月8日（周二）下午2点30分" in answer
    assert "我要报名" in answer
    await office("发出群发 1")
    assert "报名 1" in (await sent(office))["user 0"]


async def test_a_picture_goes_with_it_once_it_is_here(office):
    await office.says("群发", WORDS, "一张图片")
    await office(attachment=Attachment("photo", "reference"))
    answer = await office.says("所有人", "普通通知")
    assert "图片正在取" in answer
    assert "图片还没取到" in await office("发出群发 1")
    await office.does(attachments.keep, 1, b"\xff\xd8picture", "image/jpeg")
    await office("看群发 1")
    assert any(reply.photo is not None for reply in office.replies)
    assert "开始发了" in await office("发出群发 1")
    assert '"photo":{"token"' in (await sent(office))["user 0"]


async def test_nobody_meant_is_said_and_nothing_kept(office):
    answer = await office.says("群发", WORDS, "就这些字", "按社区", "河西社区")
    assert "一个人也没有" in answer
    assert "还没有群发过" in await office("看群发")


async def test_a_resident_is_refused_and_others_broadcasts_stay_closed(office):
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知")
    office.who = address(0)
    assert "要组织者来办" in await office("群发")
    assert "要组织者来办" in await office("看群发 1")
    office.who = LEAD
    assert "要区级工作人员来办" in await office("看群发 1")
    assert "要区级工作人员来办" in await office("发出群发 1")
    assert "还没有群发过" in await office("看群发")


async def test_with_the_role_goes_the_broadcast(office):
    office.who = LEAD
    await office.says("群发", WORDS, "就这些字", "所有人", "普通通知")

    def over(tx):
        tx.connection.exec_driver_sql("UPDATE grants SET ends_at = starts_at WHERE person_id = 3")

    await office.does(over)
    assert "要组织者来办" in await office("发出群发 1")
    office.clock.passes(hours=1)
    assert await sent(office) == {}


async def test_received_said_out_of_the_blue_is_only_friendly(office):
    office.who = address(0)
    assert await office("收到") == "好的。"
    assert await office("收到 7") == "好的。"

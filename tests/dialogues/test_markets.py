"""集市: one sign-up and one check-in for many stalls; slots, queue numbers, and whose turn it is."""

from datetime import timedelta

import pytest

from handlers import reminders as words
from reports.counts import counts
from reports.periods import Period
from storage import attendance, merging, queue_numbers, reminders, sign_ups
from storage.audit import Actor
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.town import address, registered, staff

MARKET = ("发布活动", "党群公益服务集市", "腊八集市", "12月8号上午九点", "2 小时", "1")
BARBER = ("理发", "一号桌", "1", "3")
DOCTOR = ("义诊", "大厅", "2", "9点到10点", "20 分钟", "1")
START = timedelta(days=14, hours=23)  # from the morning on which everything begins


@pytest.fixture
async def office(town_chat):
    """An organiser of the point of 春园社区."""
    organiser = await registered(town_chat, "李干事", "13700137000", SOMEONE_ELSE)
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    town_chat.who = SOMEONE_ELSE
    return town_chat


@pytest.fixture
async def market(office):
    """A published market with a barber who takes three by number, and a doctor with three slots of one place each."""
    await office.says(*MARKET, *BARBER, *DOCTOR, "没有了", "没有", "发布")
    await registered(office)
    office.who = ME
    return office


async def on_the_day(chat):
    """Nine o'clock on the day of the market, with three neighbours waiting at the barber's."""
    chat.clock.passes(days=START.days, seconds=START.seconds)
    for number, name in enumerate(("张大爷", "刘大爷", "赵大妈"), 1):
        chat.who = address(number)
        await registered(chat, name, f"1390000000{number}", chat.who)
        await chat("取号 1")
    chat.who = SOMEONE_ELSE
    return chat


async def test_a_market_is_made_with_its_stalls_and_has_no_limit_of_its_own(office):
    preview = await office.says(*MARKET, *BARBER, *DOCTOR, "没有了", "没有")
    assert "摊位：理发（一号桌）、义诊（大厅，分时段）。" in preview
    assert "名额" not in preview
    assert "发布好了" in await office("发布")


async def test_times_outside_the_market_are_asked_again(office):
    answer = await office.says(*MARKET, *DOCTOR[:3], "8点到10点")
    assert "在上午9点到上午11点里面" in answer
    assert "每段多长" in await office("九点到十点")


async def test_dropped_and_begun_anew_it_leaves_no_stall_behind(office):
    await office.says(*MARKET, *BARBER, "没有了", "没有", "不要了")
    assert "没找到这个集市" in await office("管摊位")


async def test_a_slot_is_one_choice_and_signs_up_on_the_way(market):
    shown = await market("摊位")
    assert "理发，一号桌，等着 0 位" in shown
    assert "义诊，大厅，最早上午9点，还有 3 位" in shown
    assert "您几点去“义诊”" in await market("2")
    answer = await market("2")
    assert "拿到了：义诊 1 号，12月8日（周二）上午9点20分，大厅" in answer
    assert "《腊八集市》也报好了" in answer
    assert "义诊（大厅）上午9点20分，1 号" in await market("我的活动")
    assert "义诊（大厅）上午9点20分，1 号（到时候叫您）" in await market("我的号")


async def test_several_stalls_need_one_sign_up_and_count_one_person_once(market):
    await market.says("取号 1", "取号 2", "1")
    assert len(await market.does(sign_ups.of_event, 1)) == 1
    market.clock.passes(days=START.days, seconds=START.seconds)
    market.who = SOMEONE_ELSE
    assert "签到 1 位" in await market("签到 1")
    assert "已经签过到了" in await market("签到 1")
    await market.says("结束签到", "对")
    found = (await market.does(counts, Period.season(2026))).total
    assert (found.events, found.attendances, found.people) == (1, 1, 1)


async def test_a_slot_that_is_taken_is_not_offered_to_the_next(market):
    await market.says("取号 2", "1")
    market.who = address(1)
    await registered(market, "李秀兰", "13900000001", address(1))
    asked = await market("取号 2")
    assert "上午9点（" not in asked
    assert "上午9点20分（剩 1 位）" in asked


async def test_a_slot_lost_while_choosing_is_said_and_another_offered(market):
    await market("取号 2")
    other = await registered(market, "李秀兰", "13900000001", address(1))
    market.who = address(1)
    await market.says("取号 2", "1")
    market.who = ME
    assert "几点去“义诊”" in await market("上午9点（剩 1 位）")
    assert len(await market.does(queue_numbers.of_person, 1, other)) == 1


async def test_when_all_numbers_are_out_that_is_said(market):
    for number in range(1, 4):
        market.who = address(number)
        await registered(market, f"邻居{number}", f"1390000000{number}", market.who)
        assert f"理发 {number} 号" in await market("取号 1")
    market.who = ME
    assert "“理发”的 3 个号都发完了" in await market("取号 1")


async def test_taking_a_number_twice_is_harmless(market):
    await market("取号 1")
    assert "您已经有号了：理发 1 号" in await market("取号 理发")


async def test_those_who_come_together_take_their_numbers_together(market):
    await market.says("一起报名 1", "李秀兰")
    assert "给谁取号" in await market("取号 1")
    answer = await market("都取")
    assert "拿到了：理发 1 号" in answer
    assert "李秀兰也拿到了：理发 2 号" in answer


async def test_a_number_given_back_leaves_the_sign_up(market):
    await market.says("取号 2", "1")
    assert "集市您还是来" in await market("退号")
    assert "腊八集市" in await market("我的活动")
    assert "最早上午9点，还有 3 位" in await market("摊位")


async def test_who_does_not_come_frees_all_their_stalls(market):
    await market.says("取号 1", "取号 2", "1", "不来")
    assert "还有 3 位" in await market("摊位")
    assert "您现在没有号" in await market("我的号")


async def test_the_next_is_called_with_one_thumb_and_told_at_once(market):
    await on_the_day(market)
    assert "等着 3 位" in await market("管摊位")
    await market.taps("理发叫号")
    answer = await market.taps("叫下一个")
    assert "现在：1 号 张大爷，门口还没签到" in answer
    told = await market.does(news, "alert")
    assert told == [(3, "1 号，轮到您了！请到一号桌，理发。")]
    market.who = address(2)
    assert "理发（一号桌）2 号（下一个就是您）" in await market("我的号")
    market.who = address(3)
    assert "（前面还有 1 位）" in await market("前面还有几位")


async def test_a_second_tap_or_a_second_helper_calls_nobody_too_many(market):
    await on_the_day(market)
    await market("叫号 1 0")
    assert "刚才已经有人叫过了" in await market("叫号 1 0")
    assert "现在：1 号" in await market("看号 1")


async def test_a_number_that_was_skipped_comes_back_next(market):
    await on_the_day(market)
    await market.says("叫号 1 0", "过号 1 1")
    market.who = address(1)
    assert "叫过您了，您没在" in await market("我的号")
    assert "理发 1 号给您接上了，下一个就是您" in await market("我回来了")
    market.who = SOMEONE_ELSE
    assert "现在：1 号 张大爷" in await market("叫号 1 2")


async def test_who_has_two_before_them_is_told_to_come_near(market):
    await on_the_day(market)
    market.who = ME
    await market.does(lambda tx: tx.connection.exec_driver_sql("UPDATE stalls SET most = NULL"))
    await market("取号 1")
    market.who = SOMEONE_ELSE
    await market("叫号 1 0")
    assert (2, "理发快轮到您了，您是 4 号，前面还有 2 位。请往一号桌走。") in await market.does(news, "alert")


async def test_a_number_for_who_has_no_phone(market):
    await market("报名 1")
    market.who = SOMEONE_ELSE
    assert "理发取号 1 位：王建国 1 号" in await market.says("代取号 1", "王建国")


async def test_the_last_one_served_ends_the_line(market):
    await market("取号 1")
    market.clock.passes(days=START.days, seconds=START.seconds)
    market.who = SOMEONE_ELSE
    await market("叫号 1 0")
    assert "等着 0 位" in await market.taps("这位办完了")


async def test_a_stall_is_added_and_closed_and_those_who_wait_are_told(market):
    await market("取号 1")
    market.who = SOMEONE_ELSE
    assert "加好了：修鞋，门口" in await market.says("加摊位 1", "修鞋", "门口", "1", "0")
    assert "告诉还等着的 1 位" in await market("关摊位 1")
    assert "收摊了" in await market("对")
    [(_, text)] = await market.does(news, "alert")
    assert "“理发”收摊了，您的 1 号叫不到了" in text
    market.who = ME
    assert "理发，一号桌" not in await market("摊位")
    assert "收摊了，不再发号" in await market("取号 1")
    market.who = SOMEONE_ELSE
    await market("开摊位 1")
    market.who = ME
    assert "理发，一号桌" in await market("摊位")


async def test_of_more_than_five_stalls_each_is_reached_with_one_thumb(market):
    market.who = SOMEONE_ELSE
    for number, what in enumerate(("修鞋", "剪纸", "写春联", "修伞", "配钥匙"), 3):
        await market.says("加摊位 1", what, f"{number}号桌", "1", "0")
    first = await market("管摊位 1")
    assert "理发，一号桌" in first
    assert "修伞" not in first
    second = await market.taps("别的摊位（第 1 页，共 2 页）")
    assert "修伞，6号桌：等着 0 位\n配钥匙，7号桌：等着 0 位" in second
    assert "理发" not in second
    await market.says("关摊位 7", "对", "管摊位 1 第2页")
    assert "配钥匙（7号桌），等着 0 位" in await market.taps("配钥匙又开了")
    await market("管摊位 1 第2页")
    assert "理发，一号桌" in await market.taps("别的摊位（第 2 页，共 2 页）")


async def test_reminder_change_and_cancellation_carry_the_slot(market):
    await market.says("取号 2", "2")
    market.clock.passes(days=14, hours=8)
    await market.does(reminders.plan_due, market.clock(), words.written)
    [(_, text)] = await market.does(news, "reminder")
    assert "您约的摊位：义诊（大厅）上午9点20分，1 号。" in text
    market.who = SOMEONE_ELSE
    await market.says("改活动 1", "时间", "12月9号上午十点", "对")
    await market.says("取消活动 1", "台风", "对")
    changed, cancelled = [text for _, text in await market.does(news, "change")]
    assert "您约的摊位：义诊（大厅）上午10点20分，1 号。" in changed
    assert "您约的摊位：义诊（大厅）上午10点20分，1 号，也不办了。" in cancelled


async def test_the_market_again_has_the_same_stalls_at_the_same_hours(market):
    market.who = SOMEONE_ELSE
    assert "摊位：理发（一号桌）、义诊（大厅，分时段）" in await market.says("和上次一样", "12月15号上午九点")
    await market("发布")
    market.who = ME
    assert "义诊，大厅，最早上午9点，还有 3 位" in await market("摊位 2")


async def test_a_resident_calls_nobody_and_another_point_neither(market):
    assert "来办" in await market("叫号 1")
    other = await registered(market, "外人", "13600136000", address(9))
    await market.does(staff, other, "organiser", point_id=2)
    market.who = address(9)
    for said in ("管摊位 1", "看号 1", "叫号 1 0", "过号 1 0", "代取号 1 1", "关摊位 1", "开摊位 1", "加摊位 1"):
        assert "来办" in await market(said), said


async def test_a_checker_of_the_event_calls_but_opens_no_stall(market):
    checker = await registered(market, "小陈", "13600136000", address(9))
    await market.does(staff, checker, "checker", event_id=1)
    await on_the_day(market)
    market.who = address(9)
    assert "现在：1 号" in await market("叫号 1 0")
    assert "来办" in await market("加摊位 1")


async def test_two_registrations_of_one_person_have_one_number_afterwards_and_two_when_parted(market):
    await market("取号 1")
    other = await registered(market, "王建园", "13900000009", address(5))
    market.who = address(5)
    await market("取号 1")
    await market.does(merging.merge, 2, other, Actor(), market.clock(), "示例")
    assert [entry.number for entry in await market.does(queue_numbers.of_person, 1, 2)] == [1]
    await market.does(merging.unmerge, other, Actor(), market.clock(), "示例")
    assert [entry.number for entry in await market.does(queue_numbers.of_person, 1, other)] == [2]


async def test_who_comes_without_signing_up_takes_a_number_on_the_spot_and_is_noted_at_the_door(market):
    await on_the_day(market)
    assert await market.does(attendance.roll, 1) == []
    assert "加上了：张大爷" in await market("加人 张大爷")
    assert "现在：1 号 张大爷。" in await market("叫号 1 0")

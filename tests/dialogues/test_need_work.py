"""办件: a need from both sides, the resident's and the owner's, until the resident says that it is solved."""

import pytest

from dialogue.message import Address, decoded
from handlers import need_chores
from storage import assignments, attachments, call_list, need_clock, need_entries, needs, routing
from storage.audit import Actor
from storage.routing import Rule
from storage.schema.records import audit_log
from storage.schema.talks import outbox as outbox_table
from storage.times import local
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import registered, staff

OWNER = Address("telegram", "owner")
OTHER_OWNER = Address("telegram", "other owner")
SUPERVISOR = Address("telegram", "supervisor")
DISTRICT = Address("telegram", "district")
LEAD = Address("telegram", "lead")
TOLD = "楼下路灯不亮了"


def lay_out(tx, owner, other, supervisor):
    rules = [
        Rule(owner, "春园社区的李干事", community_code="460204000001", supervisor_id=supervisor),
        Rule(other, "环卫站的赵师傅", "sanitation", "460204000002"),
    ]
    routing.publish(tx, rules, Actor(), MORNING)


class House:
    """The people around a need, each behind their own account."""

    def __init__(self, chat):
        self.chat = chat
        self.read = set()

    async def says(self, who, *texts):
        self.chat.who = who
        return await self.chat.says(*texts)

    async def news(self, who_id):
        """What this person was told unasked since the last look."""

        def unread(tx):
            rows = tx.execute(outbox_table.select().where(outbox_table.c.person_id == who_id)).all()
            fresh = [row for row in rows if row.id not in self.read]
            self.read |= {row.id for row in fresh}
            return [decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}")).text for row in fresh]

        return "\n".join(await self.chat.does(unread))

    async def tick(self, **duration):
        self.chat.clock.passes(**duration)
        await self.chat.does(need_chores.tick, self.chat.clock())

    async def need(self, number=1):
        return (await self.chat.does(needs.with_number, number))[0]


@pytest.fixture
async def house(town_chat):
    house = House(town_chat)
    house.resident = await registered(town_chat)
    house.owner = await registered(town_chat, "李明", "13900139000", OWNER)
    house.other = await registered(town_chat, "赵强", "13900139001", OTHER_OWNER)
    house.supervisor = await registered(town_chat, "孙主任", "13900139002", SUPERVISOR)
    house.district = await registered(town_chat, "区干事", "13700137000", DISTRICT)
    house.lead = await registered(town_chat, "点长", "13700137001", LEAD)
    await town_chat.does(lay_out, house.owner, house.other, house.supervisor)
    await town_chat.does(staff, house.district, "district_staff")
    await town_chat.does(staff, house.lead, "point_lead", point_id=1)
    await house.says(ME, "说难处", TOLD, "1")
    return house


async def answered(house):
    await house.says(OWNER, "答复 1 路灯今天修好了", "办好了", "对")


async def test_the_owner_reads_it_accepts_it_and_answers_in_plain_words(house):
    shown = await house.says(OWNER, "办件")
    assert "您手上有 1 件" in shown
    detail = await house.says(OWNER, "办件 1")
    assert f"内容：{TOLD}" in detail
    assert "王建国，138 0013 8000" in detail
    assert "签收了，第1号" in await house.says(OWNER, "签收 1")
    assert "收到了，马上办" in await house.says(ME, "第1号")
    assert "怎么答复本人" in await house.says(OWNER, "答复 1")
    assert "算哪一种" in await house.says(OWNER, "路灯今天修好了")
    assert "第1号有回音了：路灯今天修好了" in await house.says(OWNER, "办好了")
    assert "答复发出去了" in await house.says(OWNER, "对")
    told = await house.news(house.resident)
    assert "第1号有回音了：路灯今天修好了" in told
    assert "问题解决了吗" in told
    assert "有回音了" in await house.says(ME, "第1号")


async def test_solved_and_satisfied_closes_it(house):
    await answered(house)
    await house.news(house.resident)
    await house.tick(hours=4)
    assert await house.news(house.resident) == ""
    await house.tick(hours=18)  # Tuesday 08:00
    assert "问题解决了吗" in await house.news(house.resident)
    assert (await house.need()).stage == "follow_up"
    assert "您满意吗" in await house.says(ME, "解决了 1")
    assert "谢谢您" in await house.says(ME, "满意 1")
    need = await house.need()
    assert (need.stage, need.outcome) == ("closed", "solved")
    assert "办完了" in await house.says(ME, "第1号")


async def test_the_bare_words_and_the_shown_numbers_mean_the_need_asked_last(house):
    await answered(house)
    assert "您满意吗" in await house.says(ME, "问题解决了！")
    assert "记下了，谢谢您" in await house.says(ME, "很满意")


async def test_an_explanation_is_closed_as_explained(house):
    await house.says(OWNER, "答复 1 路灯明年统一换，今年先装了手电桩", "说明了情况", "对")
    await house.says(ME, "解决了 1")
    assert (await house.need()).outcome == "explained"


async def test_not_solved_goes_on_under_the_same_number_with_half_the_time(house):
    await answered(house)
    await house.news(house.owner)
    await house.news(house.supervisor)
    reply = await house.says(ME, "没解决 1")
    assert "明白了，没解决。第1号接着办，还是春园社区的李干事，我也请他的上级一起盯着。" in reply
    need = await house.need()
    assert (need.number, need.round, need.stage) == ("XQ2026-0001", 2, "assigned")
    first, second = await house.chat.does(need_clock.of, need.id)
    assert second.allowed * 2 == first.allowed
    assert "没解决，接着办" in await house.news(house.owner)
    assert "没解决，接着办" in await house.news(house.supervisor)
    assert "没解决，接着办" in await house.says(ME, "第1号")


async def test_solved_in_part_is_decided_by_the_supervisor_with_a_reason_the_resident_reads(house):
    await answered(house)
    assert "我请上级两个工作日内定" in await house.says(ME, "解决了一部分 1")
    assert "请在两个工作日内定" in await house.news(house.supervisor)
    await house.news(house.resident)
    assert "写一句原因" in await house.says(SUPERVISOR, "部分办结 1")
    assert "按部分解决办结" in await house.says(SUPERVISOR, "另一盏灯归电力公司，已经报修")
    assert "先办到这里：另一盏灯归电力公司，已经报修" in await house.news(house.resident)
    assert (await house.need()).outcome == "partly_solved"


async def test_a_supervisor_may_let_it_go_on(house):
    await answered(house)
    await house.says(ME, "解决了一部分 1")
    assert "接着办" in await house.says(SUPERVISOR, "重办 1 还有一盏没修")
    assert (await house.need()).round == 2
    assert "还没全解决，接着办：还有一盏没修" in await house.news(house.resident)


async def test_a_late_decision_goes_to_the_district_once(house):
    await answered(house)
    await house.says(ME, "解决了一部分 1")
    await house.news(house.district)
    await house.tick(days=3)
    assert "督办人两个工作日没有定" in await house.news(house.district)
    await house.tick(days=1)
    assert "没有定" not in await house.news(house.district)


async def test_closed_for_less_than_thirty_days_it_is_opened_again_by_a_word(house):
    await answered(house)
    await house.says(ME, "解决了 1", "满意 1")
    house.chat.clock.passes(days=20)
    assert "接着办" in await house.says(ME, "没解决")
    assert (await house.need()).round == 2


async def test_closed_longer_ago_it_is_told_anew_and_linked(house):
    await answered(house)
    await house.says(ME, "解决了 1", "满意 1")
    house.chat.clock.passes(days=35)  # still in December
    assert "再说一次" in await house.says(ME, "没解决 1")
    assert "记下了，第2号" in await house.says(ME, "再说难处 1", "楼下路灯又不亮了", "1")
    assert (await house.need(2)).previous_id == (await house.need()).id


async def test_a_week_after_it_was_solved_they_are_asked_once_how_it_is(house):
    await answered(house)
    await house.says(ME, "解决了 1")
    await house.news(house.resident)
    await house.tick(days=6)
    assert "还好吗" not in await house.news(house.resident)
    await house.tick(days=1)
    assert "第1号的事办完一周了，现在还好吗？" in await house.news(house.resident)
    await house.tick(days=1)
    assert "还好吗" not in await house.news(house.resident)
    assert "那就好" in await house.says(ME, "还好 1")


async def test_the_silent_are_phoned_by_their_point_and_not_by_the_owner(house):
    await answered(house)
    await house.tick(days=1)
    await house.tick(days=2)
    [entry] = await house.chat.does(call_list.to_call, house.chat.clock())
    assert (entry.person_id, entry.point_id, entry.why) == (house.resident, 1, "waiting")
    assert "第1号" in await house.says(LEAD, "做回访")
    assert "请打给王建国" in await house.says(LEAD, "回访 1")
    assert "满意吗" in await house.says(LEAD, "回访 1 解决了")
    assert "记下了" in await house.says(LEAD, "回访 1 基本满意")
    assert (await house.need()).outcome == "solved"
    assert await house.chat.does(call_list.to_call, house.chat.clock()) == []


async def test_the_owner_does_not_follow_up_in_their_own_matter(house):
    await house.chat.does(staff, house.owner, "point_lead", point_id=1)
    await answered(house)
    assert "回访要换一位同志来问" in await house.says(OWNER, "回访 1 解决了")


async def test_three_calls_on_different_days_close_it_as_not_confirmed(house):
    await answered(house)
    await house.tick(days=1)
    assert "1 个不同的日子" in await house.says(LEAD, "没人接 1")
    assert "1 个不同的日子" in await house.says(LEAD, "没人接 1")
    house.chat.clock.passes(days=1)
    assert "2 个不同的日子" in await house.says(LEAD, "没人接 1")
    house.chat.clock.passes(days=1)
    assert "办结了" in await house.says(LEAD, "没人接 1")
    assert (await house.need()).outcome == "unconfirmed"
    assert "没联系上" in await house.news(house.resident)
    assert "接着办" in await house.says(ME, "没解决 1")


async def test_a_return_goes_to_the_proposed_owner_and_the_second_to_the_coordinator(house):
    await house.news(house.other)
    assert "为什么不归您办" in await house.says(OWNER, "退单 1")
    assert "该给谁办" in await house.says(OWNER, "归环卫管")
    assert "转给环卫站的赵师傅了。时间照样在走" in await house.says(OWNER, "环卫站的赵师傅")
    assert "新的难处，第1号" in await house.news(house.other)
    assert "要承办人来办" in await house.says(OWNER, "签收 1")
    await house.news(house.district)
    assert "第二次退回" in await house.says(OTHER_OWNER, "退单 1 灯不归环卫", "春园社区的李干事")
    assert "请终审" in await house.news(house.district)
    assert (await house.need()).stage == "received"
    assert "退过 2 次" in await house.says(DISTRICT, "派单")
    assert "终审" in await house.says(DISTRICT, "派单 1")
    assert "由春园社区的李干事办" in await house.says(DISTRICT, "春园社区的李干事")
    assert "已经终审，不能再退" in await house.says(OWNER, "退单 1 真不归我", "环卫站的赵师傅")
    [deadline] = await house.chat.does(need_clock.of, 1)
    assert f"{local(deadline.due_at):%m-%d %H:%M}" == "12-02 10:00"


async def test_a_pause_is_told_with_its_reason_and_day_and_ends_by_itself(house):
    assert "要等什么" in await house.says(OWNER, "暂停 1")
    assert "等到哪天？最晚12月7日" in await house.says(OWNER, "厂家送配件")
    assert "停到11月27日" in await house.says(OWNER, "11月27号")
    assert "第1号要等厂家送配件，预计11月27日（周五）。到时候我再告诉您。" in await house.news(house.resident)
    assert "要等厂家送配件" in await house.says(ME, "第1号")
    assert f"{local((await house.need()).due_at):%m-%d %H:%M}" == "12-07 18:00"
    await house.tick(days=3, hours=22)  # Friday 08:00
    assert "接着办了，最晚12月7日（周一）答复您" in await house.news(house.resident)
    assert "时间接着走" in await house.news(house.owner)


async def test_a_pause_beyond_ten_working_days_is_refused_with_the_last_day_possible(house):
    await house.says(OWNER, "暂停 1 等配件")
    assert "这次最晚到12月7日" in await house.says(OWNER, "12月20号")
    assert "停到12月7日" in await house.says(OWNER, "12月7号")


async def test_a_pause_ends_earlier_by_a_word(house):
    await house.says(OWNER, "暂停 1 等配件", "11月27号")
    house.chat.clock.passes(days=1)
    assert "第1号接着办，最晚12月3日（周四）上午10点答复" in await house.says(OWNER, "接着做 1")


async def test_staff_notes_are_never_read_by_the_resident(house):
    assert "只有工作人员看得到" in await house.says(OWNER, "备注 1 电工老周下周才有空")
    assert "备注：电工老周下周才有空" in await house.says(OWNER, "办件 1")
    assert "电工" not in await house.says(ME, "第1号")
    assert "电工" not in await house.news(house.resident)


async def test_pictures_reach_the_owner_as_files(house):
    def send(tx):
        number = attachments.add(tx, 1, "web", "photo", "p1", "灯.jpg", "image/jpeg", MORNING)
        attachments.keep(tx, number, b"\xff\xd8picture", "image/jpeg")
        attachments.belong_to(tx, (number,), "need 1")

    await house.chat.does(send)
    assert "［文件］灯.jpg" in await house.says(OWNER, "办件 1")


async def test_it_is_handed_over_to_12345_with_its_number(house):
    assert "工单号是" in await house.says(OWNER, "转12345 1")
    assert "工单号 GD2026112300012" in await house.says(OWNER, "GD2026112300012")
    assert "转给12345" in await house.says(OWNER, "对")
    assert "打 12345 报这个号就能问" in await house.news(house.resident)
    await house.says(ME, "解决了 1")
    need = await house.need()
    assert (need.outcome, need.ticket_12345) == ("referred_12345", "GD2026112300012")
    assert "12345的工单号是GD2026112300012" in await house.says(ME, "第1号")


async def test_the_same_matter_is_worked_on_once_and_everyone_is_answered(house):
    second = await registered(house.chat, "张阿姨", "13600136000", SOMEONE_ELSE)
    await house.says(SOMEONE_ELSE, "说难处", "楼下的路灯坏了", "1")
    assert "并入第1号" in await house.says(DISTRICT, "并入 2 1")
    assert "同一件事，一起办" in await house.news(second)
    assert "同一件事，一起办。这件事已经交给" in await house.says(SOMEONE_ELSE, "第2号")
    await answered(house)
    assert await house.news(second) == ""
    await house.says(ME, "解决了 1")
    assert "办完了。回音是：路灯今天修好了" in await house.news(second)
    child = await house.need(2)
    assert (child.stage, child.outcome, child.parent_id) == ("closed", "duplicate", 1)
    assert "第2号接着办" in await house.says(SOMEONE_ELSE, "没解决 2")
    assert (await house.need()).round == 2


async def test_a_wrong_merge_is_taken_back_and_the_clock_has_run_on(house):
    await registered(house.chat, "张阿姨", "13600136000", SOMEONE_ELSE)
    await house.says(SOMEONE_ELSE, "说难处", "楼下的门禁坏了", "1")
    due = (await house.need(2)).due_at
    await house.says(DISTRICT, "并入 2 1")
    house.chat.clock.passes(days=1)
    assert "时间一直在走" in await house.says(DISTRICT, "拆开 2", "春园社区的李干事")
    need = await house.need(2)
    assert (need.stage, need.outcome, need.parent_id, need.due_at) == ("assigned", None, None, due)


async def test_urgent_means_one_working_day_and_joint_fifteen(house):
    assert "最晚11月24日（周二）上午10点" in await house.says(DISTRICT, "加急 1")
    await house.says(DISTRICT, "不急 1")
    assert "协办" in await house.says(DISTRICT, "联合办 1")
    await house.says(DISTRICT, "赵强")
    assert "最晚12月14日（周一）上午10点" in await house.says(DISTRICT, "没有了")
    assert await house.chat.does(assignments.roles_of, 1, house.other) == {"support"}
    assert "请您协办" in await house.news(house.other)


async def test_warnings_come_once_each_to_whom_they_concern(house):
    for person in (house.owner, house.supervisor, house.district):
        await house.news(person)
    await house.tick(days=7, hours=5)  # Monday 15:00: five and a half of seven working days
    assert "时间用了八成" not in await house.news(house.owner)
    await house.tick(hours=19)  # Tuesday 10:00: six
    assert "时间用了八成" in await house.news(house.owner)
    await house.tick(days=1)
    assert "到期了" in await house.news(house.owner)
    assert "到期了" in await house.news(house.supervisor)
    assert await house.news(house.district) == ""
    await house.tick(days=2)
    assert "超期 2 个工作日，进了重点督办清单" in await house.news(house.district)
    await house.tick(days=1)
    assert await house.news(house.owner) != ""  # the one of two days overdue
    await house.tick(days=3)
    assert "第1号" not in await house.news(house.owner)
    assert "比说好的日子晚了，我们正在催" in await house.says(ME, "第1号")


async def test_the_priority_list_tells_what_stands_in_the_way_and_is_taken_away_as_a_file(house):
    await house.tick(days=14)
    assert "记下了，第1号的卡点" in await house.says(SUPERVISOR, "卡点 1 灯杆归两家管")
    assert "哪些单位" in await house.says(SUPERVISOR, "现场 1")
    await house.says(SUPERVISOR, "春园社区、供电所、物业", "供电所周五换灯")
    shown = await house.says(DISTRICT, "督办清单")
    assert "重点督办清单有 1 件" in shown
    assert "现场 1 次" in shown
    assert "［文件］天涯红雁之家_重点督办清单_20261207.xlsx" in shown
    assert "到现场看过" in await house.says(ME, "第1号")


async def test_the_list_is_sent_for_once_a_week(house):
    await house.tick(days=14)
    assert "本周重点督办清单有 1 件" in await house.news(house.district)
    await house.tick(days=1)
    assert "本周重点督办清单" not in await house.news(house.district)
    await house.tick(days=6)
    assert "本周重点督办清单" in await house.news(house.district)


async def test_the_routing_table_is_read_and_changed_rule_by_rule(house):
    assert "春园社区，所有类别：春园社区的李干事，孙主任督办，直接办" in await house.says(DISTRICT, "直派表")
    await house.says(DISTRICT, "改直派表", "环境卫生", "河西社区", "李明", "河西社区的小李", "没有", "直接办")
    assert "第 2 版生效" in await house.says(DISTRICT, "对")
    assert "河西社区的小李来办" in await house.says(ME, "河西社区门口的垃圾没人管")
    assert await house.chat.does(lambda tx: len(routing.rules(tx, 1))) == 2
    assert "第 3 版生效" in await house.says(DISTRICT, "删直派表", "2")


@pytest.mark.parametrize("word", ["派单 1", "加急 1", "并入 1 1", "督办清单", "直派表", "改直派表"])
async def test_who_has_no_office_decides_nothing(house, word):
    for who in (ME, OWNER):
        assert "区级工作人员" in await house.says(who, word) or "承办人来办" in await house.says(who, word)


async def test_health_is_read_by_its_owner_alone(house):
    await house.says(ME, "医保异地报销找谁", "同意")
    assert "内容：医保异地报销找谁" in await house.says(OWNER, "办件 2")
    for who in (SUPERVISOR, DISTRICT, LEAD):
        shown = await house.says(who, "办件 2")
        assert "内容只有承办人能看" in shown
        assert "报销" not in shown


async def test_the_lead_of_another_point_sees_nothing(house):
    stranger = await registered(house.chat, "别处点长", "13700137009", SOMEONE_ELSE, point_id=2)
    await house.chat.does(staff, stranger, "point_lead", point_id=2)
    assert "没找到" in await house.says(SOMEONE_ELSE, "办件 1")


async def test_every_reading_by_staff_is_noted(house):
    await house.says(LEAD, "办件 1")

    def readings(tx):
        rows = tx.execute(audit_log.select().where(audit_log.c.action == "need.read")).all()
        return [(row.actor_id, row.role, row.object) for row in rows]

    assert await house.chat.does(readings) == [(house.lead, "point_lead", "need 1")]


async def test_the_reporter_has_left_and_is_asked_by_chat_only(house):
    await answered(house)
    await house.says(ME, "解决了 1")

    def leaves(tx):
        from storage import accounts, people

        person = people.get(tx, house.resident)
        person.residence, person.arrives_on, person.leaves_on = "seasonal", MORNING.date(), MORNING.date()
        people.change(tx, person, MORNING)
        for account in accounts.of_person(tx, house.resident):
            accounts.lost(tx, account.id, "gone")

    await house.chat.does(leaves)
    await house.news(house.resident)
    await house.tick(days=7)
    assert await house.news(house.resident) == ""
    assert await house.chat.does(call_list.to_call, house.chat.clock()) == []


async def test_nothing_of_the_history_is_lost(house):
    await house.says(OWNER, "签收 1", "备注 1 问过物业")
    await answered(house)
    await house.says(ME, "没解决 1")
    kinds = [one.kind for one in await house.chat.does(need_entries.of, 1, "XQ2026-0001")]
    assert kinds == ["told", "assigned", "accepted", "note", "begun", "answer", "follow_up", "reopened"]


async def test_what_is_not_accepted_in_four_working_hours_is_brought_up_once(house):
    await house.news(house.owner)
    await house.tick(hours=3, minutes=55)
    assert await house.news(house.owner) == ""
    await house.tick(minutes=5)
    assert "交给您半天了，还没签收" in await house.news(house.owner)
    await house.tick(hours=1)
    assert await house.news(house.owner) == ""
    await answered(house)
    await house.says(ME, "没解决 1")
    await house.news(house.owner)
    await house.tick(days=1)
    assert "还没签收" in await house.news(house.owner)


async def test_staff_write_down_what_somebody_says_by_phone(house):
    elder = await registered(house.chat, "张阿姨", "13600136000", None)
    assert "是谁的难处" in await house.says(LEAD, "代记难处")
    answer = await house.says(LEAD, "张阿姨", "打电话说的", "楼下的门禁坏了")
    assert "记下了，第2号。春园社区的李干事来办" in answer
    assert "请把号告诉张阿姨" in answer
    need = await house.need(2)
    assert (need.person_id, need.told_by, need.channel) == (elder, house.lead, "phone")
    assert "记下了，第2号" in await house.news(elder)
    assert await house.news(house.lead) == ""


async def test_a_need_about_health_is_written_down_only_with_a_yes(house):
    await registered(house.chat, "张阿姨", "13600136000", None)
    assert "只有经办人能看" in await house.says(LEAD, "代记难处", "张阿姨", "打电话说的", "想找人陪着去医院看病")
    assert "没有记" in await house.says(LEAD, "不同意")
    assert "第2号" in await house.says(LEAD, "代记难处", "张阿姨", "打电话说的", "想找人陪着去医院看病", "同意")


async def test_a_service_that_is_on_no_menu_is_asked_for_like_a_need(house):
    assert "什么样的服务" in await house.says(ME, "想要的没有")
    await house.says(ME, "周末能不能开书法班")
    assert (await house.need(2)).kind == "custom_request"

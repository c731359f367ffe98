"""说难处: what a resident says, and what they and the owner read."""

import pytest

from dialogue.message import Address, Attachment, decoded
from storage import attachments, audit, need_clock, need_entries, needs, outbox, routing
from storage.audit import Actor
from storage.routing import Rule
from storage.schema.people import proxies
from storage.schema.talks import outbox as outbox_table
from storage.times import local
from tests.conftest import ME, MORNING, SOMEONE_ELSE, content_of
from tests.dialogues.town import registered, staff

OWNER = Address("telegram", "owner")
STAFF = Address("telegram", "staff")
VOICE = Attachment("voice", "voice-1")
PHOTO = Attachment("photo", "photo-1")


def publish(tx, owner):
    """李干事 works on what is needed in 春园社区."""
    routing.publish(tx, [Rule(owner, "春园社区的李干事", community_code="460204000001")], Actor(), MORNING)


def told(tx, number=1):
    """The need of that number, its words, and what was sent with it."""
    need = needs.with_number(tx, number)[0]
    return need, needs.text_of(tx, need), attachments.of(tx, need.subject)


def messages_to(tx, person_id):
    rows = tx.execute(outbox_table.select().where(outbox_table.c.person_id == person_id)).all()
    return [decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}")).text for row in rows]


@pytest.fixture
async def needy(town_chat):
    """A chat of a registered person, with an owner in the routing table."""
    await registered(town_chat)
    town_chat.owner = await registered(town_chat, "李明", "13900139000", OWNER)
    await town_chat.does(publish, town_chat.owner)
    return town_chat


async def test_a_need_told_in_words_has_its_number_at_once(needy):
    assert "是什么事" in await needy("说难处")
    assert "什么地方" in await needy("楼下路灯不亮了")
    answer = await needy("1")
    assert "记下了，第1号。春园社区的李干事来办，最晚12月2日（周三）答复您。随时回“1”看进度。" in answer

    need, words, _ = await needy.does(told)
    assert need.number == "XQ2026-0001"
    assert need.stage == "assigned"
    assert need.category == "transport"
    assert words == ("楼下路灯不亮了", "")
    assert need.community_code == "460204000001"


async def test_whoever_says_what_is_wrong_need_not_say_that_they_have_a_need(needy):
    assert "什么地方" in await needy("春元路的电梯坏了")
    assert "第1号" in await needy("3栋楼下")
    _, words, _ = await needy.does(told)
    assert words == ("春元路的电梯坏了", "3栋楼下")


async def test_a_community_named_in_the_words_is_not_asked_for_again(needy):
    assert "记下了，第1号" in await needy("河西社区门口的垃圾没人管")
    need, _, _ = await needy.does(told)
    assert need.community_code == "460204000002"
    assert need.stage == "received"


async def test_what_no_words_give_away_is_asked_by_kind(needy):
    asked = await needy.says("说难处", "有件事想请你们帮帮忙")
    assert "哪方面" in asked
    assert "就医医保" in asked
    assert "社保证件" in await needy("看更多")
    assert "记下了，第1号" in await needy("其他")
    need, _, _ = await needy.does(told)
    assert need.category == "other"


async def test_the_owner_is_told_without_the_words(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    [message] = await needy.does(messages_to, needy.owner)
    assert "新的难处，第1号：春园社区，交通出行" in message
    assert "12月2日（周三）上午10点" in message
    assert "路灯" not in message


async def test_a_need_without_an_owner_goes_to_the_coordinators(needy):
    coordinator = await registered(needy, "区干事", "13700137000", STAFF)
    await needy.does(staff, coordinator, "district_staff")
    answer = await needy.says("说难处", "河西社区门口的垃圾没人管")
    assert "区里的同志马上安排人来办" in answer
    [message] = await needy.does(messages_to, coordinator)
    assert "还没有承办人" in message


async def test_a_voice_message_is_kept_and_acknowledged_in_words(needy):
    lead = await registered(needy, "点长", "13700137000", STAFF)
    await needy.does(staff, lead, "point_lead", point_id=1)
    asked = await needy("说难处")
    asked = await needy(attachment=VOICE)
    assert "哪方面" in asked
    answer = await needy("其他")
    assert "您的语音收到了，记成第1号" in answer
    assert "今天下班前给您打电话" in answer

    _, words, sent = await needy.does(told)
    assert words[0] == ""
    assert [(one["kind"], one["state"]) for one in sent] == [("voice", "wanted")]
    assert any("语音" in text for text in await needy.does(messages_to, lead))


async def test_a_voice_message_in_the_evening_promises_the_next_working_day(needy):
    needy.clock.passes(days=4, hours=9)  # Friday 19:00
    await needy("说难处")
    await needy(attachment=VOICE)
    assert "11月30日（周一）下班前" in await needy("其他")


async def test_a_picture_out_of_the_blue_begins_a_need(needy):
    assert "哪方面" in await needy(attachment=PHOTO)
    await needy("住房物业")
    _, _, sent = await needy.does(told)
    assert [one["kind"] for one in sent] == ["photo"]


async def test_pictures_that_meet_another_question_are_not_lost(needy):
    await needy("说难处")
    await needy("有件事想请你们帮帮忙")
    await needy(attachment=PHOTO)
    await needy(attachment=Attachment("photo", "photo-2"))
    assert "第1号" in await needy("其他")
    _, _, sent = await needy.does(told)
    assert len(sent) == 2


async def test_a_picture_just_after_the_number_belongs_to_the_same_need(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    needy.clock.passes(minutes=3)
    assert "放进第1号了" in await needy(attachment=PHOTO)
    _, _, sent = await needy.does(told)
    assert len(sent) == 1
    assert any("又补充了" in text for text in await needy.does(messages_to, needy.owner))


async def test_a_picture_days_later_is_asked_where_it_belongs(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    needy.clock.passes(days=2)
    asked = await needy(attachment=PHOTO)
    assert "哪一件事" in asked
    assert "第1号　楼下路灯不亮了" in asked
    assert "放进第1号了" in await needy("1")


@pytest.mark.parametrize("said", ["第1号", "第一号", "第１号", "XQ2026-0001", "我的难处 1", "办得怎么样了"])
async def test_its_state_is_told_whenever_its_number_is_said(needy, said):
    await needy.says("说难处", "楼下路灯不亮了", "1", "菜单")
    answer = await needy(said)
    assert "第1号" in answer
    if said != "办得怎么样了":
        assert "已经交给春园社区的李干事" in answer
        assert "11月23日（周一）您说了这件事" in answer


async def test_a_bare_number_is_enough(needy):
    for _ in range(12):
        await needy.says("河西社区门口的垃圾没人管")
    assert "第12号记下了" in await needy.says("菜单", "12")
    assert "第12号记下了" in await needy("12号")


async def test_a_number_answers_an_open_question_before_it_means_a_need(needy):
    for _ in range(12):
        await needy.says("河西社区门口的垃圾没人管")
    await needy.says("说难处", "楼下路灯不亮了")
    assert "记下了，第13号" in await needy("12")
    _, words, _ = await needy.does(told, 13)
    assert words[1] == "12"


async def test_nobody_reads_the_need_of_another(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    await registered(needy, "张三", "13600136000", SOMEONE_ELSE)
    needy.who = SOMEONE_ELSE
    assert "没找到" in await needy("第1号")
    assert "没找到" in await needy("补充 1 我也是")
    assert "没找到" in await needy("不用办了 1")


async def test_a_need_is_added_to_in_words(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    assert "补上了，第1号" in await needy("补充 1 晚上更黑")
    assert "请接着说" in await needy("补充")
    assert "补上了，第1号" in await needy("老人都不敢出门")

    def added(tx):
        need = needs.with_number(tx, 1)[0]
        return [one.text for one in need_entries.of(tx, need.id, need.number) if one.kind == "added"]

    assert await needy.does(added) == ["晚上更黑", "老人都不敢出门"]
    assert await needy.does(lambda tx: audit.first_broken(tx)) is None


async def test_a_need_is_dropped_by_who_told_it_and_its_clock_stops(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    assert "不用办了，对吗" in await needy("不用办了")
    assert "第1号不办了" in await needy("1")
    need, _, _ = await needy.does(told)
    assert (need.stage, need.outcome) == ("closed", "withdrawn")
    assert all(one.because == "withdrawn" for one in await needy.does(need_clock.of, need.id))
    assert any("本人说不用办了" in text for text in await needy.does(messages_to, needy.owner))
    assert "办完了" in await needy("第1号")


async def test_about_health_nothing_is_kept_without_a_yes_of_its_own(needy):
    assert "只有经办人能看" in await needy("医保异地报销找谁")
    assert "12393" in await needy("不写了")
    with pytest.raises(IndexError):
        await needy.does(told)
    await needy("医保异地报销找谁")
    assert "记下了，第1号" in await needy("同意")
    need, _, _ = await needy.does(told)
    assert need.category == "medical"
    assert "记下了，第2号" in await needy("想找人陪着去医院看病")


async def test_who_is_not_registered_registers_first_and_need_not_say_it_again(town_chat):
    chat = town_chat
    assert "要先登记" in await chat("河西社区门口的垃圾没人管")
    await chat.says("1", "王建国", "13800138000", "2", "春园社区", "示例小区", "2")
    answer = await chat("对")
    assert "记下了，第1号" in answer
    _, words, _ = await chat.does(told)
    assert words[0] == "河西社区门口的垃圾没人管"


async def test_a_proxy_tells_it_for_a_relative_who_sees_it_too(needy):
    child = await registered(needy, "王小明", "13600136000", SOMEONE_ELSE)

    def agree(tx):
        row = {"person_id": 1, "proxy_id": child, "asked_at": MORNING, "agreed_at": MORNING, "sees_party": False}
        tx.execute(proxies.insert(), row)

    await needy.does(agree)
    needy.who = SOMEONE_ELSE
    assert "谁的事" in await needy("河西社区门口的垃圾没人管")
    assert "记下了，第1号" in await needy("2")
    need, _, _ = await needy.does(told)
    assert (need.person_id, need.told_by) == (1, child)
    assert "第1号" in await needy("第1号")
    needy.who = ME
    assert "第1号" in await needy("第1号")


async def test_words_of_danger_come_first_and_the_need_is_taken_up_again(needy):
    await needy.says("说难处", "楼下路灯不亮了")
    assert "120" in await needy("我妈摔倒了")
    assert "第1号" in await needy.says("接着办", "1")


async def test_the_clock_starts_when_the_offices_open(needy):
    needy.clock.passes(days=5)  # Saturday
    await needy.says("说难处", "楼下路灯不亮了", "1")
    need, _, _ = await needy.does(told)
    [deadline] = await needy.does(need_clock.of, need.id)
    assert f"{local(deadline.began_at):%m-%d %H:%M}" == "11-30 08:00"
    assert f"{local(need.due_at):%m-%d %H:%M}" == "12-08 18:00"


async def test_what_is_written_down_of_it_is_sealed(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1", "补充 1 晚上更黑")
    await needy.close()
    content = content_of(needy.url)
    assert "路灯不亮".encode() not in content
    assert "晚上更黑".encode() not in content


async def test_the_notice_of_new_work_is_planned_once(needy):
    await needy.says("说难处", "楼下路灯不亮了", "1")
    assert await needy.does(outbox.states) == {"planned": 1}

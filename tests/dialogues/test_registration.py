"""登记: what a person says, and what they read."""

import pytest

from dialogue.message import Contact
from storage import accounts, consents, people
from storage.schema.people import consents as consents_table
from storage.schema.people import people as people_table
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.town import person

LOCAL = ("登记", "1", "王建国", "13800138000", "2", "春园社区", "示例小区", "2")


def everyone(tx):
    return [people.find(tx, row.id) for row in tx.execute(people_table.select())]


async def test_a_seasonal_member_registers_in_twelve_questions(town_chat):
    chat = town_chat
    assert "同意" in await chat("登记")
    assert "怎么称呼" in await chat("1")
    assert "王建国，您的手机号是？" in await chat("王建国")
    assert "候鸟" in await chat("138 0013 8000")
    assert "哪个省市" in await chat("1")
    assert "哪天到三亚" in await chat("黑龙江哈尔滨")
    assert "哪天回去" in await chat("10月20号")
    assert "哪个社区" in await chat("4月5号")
    assert "哪个小区" in await chat("春园")
    assert "您是党员吗" in await chat("示例小区甲")
    assert "组织关系" in await chat("1")
    echo = await chat("哈尔滨市道里区示例社区党支部")
    assert "王建国，138 0013 8000，候鸟，从黑龙江哈尔滨来，10月20日到，4月5日回，春园社区示例小区甲，党员" in echo
    done = await chat("对")
    assert "登记好了，王建国。" in done
    assert "0898-0000-0011" in done

    [kept] = await chat.does(everyone)
    assert (kept.name, kept.phone, kept.residence, kept.party.member) == ("王建国", "13800138000", "seasonal", "yes")
    assert kept.party.home_branch == "哈尔滨市道里区示例社区党支部"
    assert str(kept.arrives_on) == "2026-10-20"
    assert str(kept.leaves_on) == "2027-04-05"


async def test_a_local_resident_registers_in_eight_questions(town_chat):
    assert "登记好了" in await town_chat.says(*LOCAL, "对")


async def test_nothing_is_kept_before_the_yes_and_a_no_leaves_points_and_events(town_chat):
    chat = town_chat
    await chat("登记")
    assert "什么都没记" in await chat("不同意")
    assert await chat.does(everyone) == []
    assert "春园" in await chat("春园社区的服务点")
    assert "还没有活动" in await chat("活动")


async def test_the_full_text_can_be_read_first(town_chat):
    chat = town_chat
    await chat("登记")
    assert "加密存放" in await chat("看全文")
    assert "怎么称呼" in await chat("同意")


async def test_what_is_wrong_is_said_once_more_and_the_rest_stays(town_chat):
    chat = town_chat
    await chat.says(*LOCAL)
    assert "哪里不对" in await chat("改")
    assert "您的手机号是？" in await chat("手机号")
    assert "王建国，139 0013 9000，常住三亚，春园社区示例小区" in await chat("13900139000")
    await chat("对")
    [kept] = await chat.does(everyone)
    assert kept.phone == "13900139000"


async def test_the_same_answer_after_a_correction_does_not_go_round_in_circles(town_chat):
    chat = town_chat
    await chat.says(*LOCAL, "改", "手机号")
    assert "对吗" in await chat("13800138000")
    assert "登记好了" in await chat("对")


@pytest.mark.parametrize("phone", ["１３８００１３８０００", "+86 138-0013-8000", "138 0013 8000", "8613800138000"])
async def test_a_phone_is_understood_as_people_write_it(town_chat, phone):
    assert "候鸟" in await town_chat.says("登记", "1", "王建国", phone)


async def test_a_wrong_phone_is_asked_again_with_an_example(town_chat):
    answer = await town_chat.says("登记", "1", "王建国", "1380013800")
    assert "手机号是 11 位，这个是 10 位" in answer


@pytest.mark.parametrize("name", ["𠮷田䶮", "欧阳修", "买买提·艾力", "我叫王建国"])
async def test_every_name_is_a_name(town_chat, name):
    assert "您的手机号是" in await town_chat.says("登记", "1", name)


@pytest.mark.parametrize("name", ["王", "123", "您好", "13800138000"])
async def test_what_is_no_name_is_asked_again(town_chat, name):
    assert "比如：王建国" in await town_chat.says("登记", "1", name)


async def test_membership_may_be_left_unsaid(town_chat):
    chat = town_chat
    await chat.says(*LOCAL[:-1], "不想说", "对")
    [kept] = await chat.does(everyone)
    assert kept.party.member == "undeclared"


async def test_each_consent_is_a_row_with_the_hash_of_its_words(town_chat):
    chat = town_chat
    await chat.says(*LOCAL, "对")

    def rows(tx):
        account = accounts.find(tx, *chat.who)
        return consents.standing(tx, account), tx.execute(consents_table.select()).all()

    standing, kept = await chat.does(rows)
    assert [purpose for purpose, _, _ in standing] == ["registration", "party"]
    assert all(len(row.text_hash) == 64 and row.channel == chat.who.channel for row in kept)


async def test_a_community_that_does_not_exist_is_asked_again(town_chat):
    answer = await town_chat.says(*LOCAL[:5], "月亮社区")
    assert "“月亮社区”我没找到" in answer


async def test_registering_once_is_enough(town_chat):
    await town_chat.says(*LOCAL, "对")
    assert "登记过了" in await town_chat("登记")


async def test_a_couple_may_share_a_phone_and_a_third_is_looked_at_by_staff(town_chat):
    chat = town_chat
    await chat.does(person, "李秀兰", "13800138000", None)
    assert "登记好了" in await chat.says(*LOCAL, "对")
    chat.who = SOMEONE_ELSE
    answer = await chat.says("登记", "1", "王小明", *LOCAL[3:], "对")
    assert "已经有两位登记了" in answer


async def test_the_same_name_and_phone_elsewhere_leads_to_linking(town_chat):
    chat = town_chat
    await chat.says(*LOCAL, "对")
    chat.who = SOMEONE_ELSE
    assert "回“关联账号”" in await chat.says(*LOCAL[:4])


async def test_an_identity_number_is_masked_and_the_question_stays(town_chat):
    answer = await town_chat.says("登记", "1", "王建国", "460200195001011234")
    assert "遮住了" in answer
    assert "您的手机号是" in answer


async def test_a_message_delivered_twice_registers_once(town_chat):
    chat = town_chat
    await chat.says(*LOCAL)
    await chat("对", id="last")
    await chat("对", id="last")
    assert len(await chat.does(everyone)) == 1


async def test_a_phone_the_platform_vouches_for_needs_no_code(town_chat):
    """Who was registered by staff, or elsewhere, is known again by the shared contact."""
    chat = town_chat
    known = await chat.does(person, "王建国", "13800138000")
    await chat.says("登记", "1", "王建国")
    answer = await chat(contact=Contact("+86 138 0013 8000", own=True))
    assert "认出您了，王建国" in answer
    assert await chat.does(lambda tx: accounts.find(tx, *ME).person_id) == known


async def test_a_contact_of_somebody_else_vouches_for_nothing(town_chat):
    chat = town_chat
    await chat.does(person, "王建国", "13800138000")
    await chat.says("登记", "1", "王建国")
    await chat(contact=Contact("13800138000", own=False))
    assert await chat.does(lambda tx: accounts.find(tx, *ME).person_id) is None


async def test_a_companion_noted_by_name_registers_later_as_the_same_person(town_chat):
    chat = town_chat
    husband = await chat.does(person, "王建国", "13800138000", SOMEONE_ELSE)
    wife = await chat.does(lambda tx: people.add_companion(tx, "李秀兰", people.get(tx, husband), chat.clock()))
    await chat.says("登记", "1", "李秀兰", "13800138000", "1", "黑龙江哈尔滨", "10月20号", "跳过", "春园", "跳过", "2")
    assert "登记好了，李秀兰" in await chat("对")
    kept = await chat.does(people.get, wife)
    assert (kept.residence, kept.origin) == ("seasonal", "黑龙江哈尔滨")
    assert len(await chat.does(everyone)) == 2


async def test_whom_staff_registered_needs_a_code_from_them(town_chat):
    """Name and phone alone are known to many; they open nothing of somebody else's."""
    chat = town_chat
    lead = await chat.does(person, "李干事", "13600136000")
    await chat.does(lambda tx: people.add_by_staff(tx, "王建国", "13800138000", lead, chat.clock()))
    assert "回“关联账号”" in await chat.says("登记", "1", "王建国", "13800138000")


async def test_one_step_back_and_cancel_leave_nothing(town_chat):
    chat = town_chat
    await chat.says("登记", "1", "王建国", "13800138000")
    assert "王建国，您的手机号是？" in await chat("上一步")
    assert "不办了" in await chat("取消")
    assert await chat.does(everyone) == []


async def test_the_first_words_name_the_phone_to_call(town_chat):
    assert "0898-0000-0000" in await town_chat("登记")

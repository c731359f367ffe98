"""活动模板: filled in and sent, read line by line; only what is missing is asked."""

import pytest

from dialogue.message import Attachment
from storage import attachments, events, markets
from tests.dialogues.town import registered, staff

FILLED = """活动模板
类型：夕阳红私塾
名字：书法班第三课
时间：12月8号下午两点半
时长：2 小时
地点：三亚湾小广场
名额：20
主讲人：周老师
嘱咐的话：请自带笔墨
联系电话：0898-0000-0011
报名截止：12月7号上午九点
签到口令：春天
预算：300"""


@pytest.fixture
async def office(town_chat):
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    return town_chat


async def test_the_form_is_given_to_be_filled_in(office):
    answer = await office("活动模板")
    assert "类型：\n名字：\n时间：" in answer


async def test_a_full_form_needs_no_further_question(office):
    answer = await office(FILLED)
    assert "看明白了：类型 夕阳红私塾；名字 书法班第三课；" in answer
    assert "没看明白" not in answer
    assert "还要问您" not in answer
    preview = await office("接着办")
    assert (
        "《书法班第三课》\n12月8日（周二）下午2点30分到下午4点30分\n三亚湾小广场\n主讲：周老师\n请自带笔墨" in preview
    )
    assert "现在发布吗" in preview
    await office("发布")
    event = await office.does(events.get, 1)
    assert (event.capacity, event.code_word, event.budget_planned) == (20, "春天", 30000)
    assert event.sign_up_closes_at is not None


async def test_what_is_missing_or_unclear_is_said_and_asked_for_alone(office):
    answer = await office(
        "活动模板\n名字：书法班第三课\n时间：过几天\n地点：三亚湾小广场\n电话：0898-0000-0011\n天气：晴"
    )
    assert "没看明白：天气：晴；时间：过几天。" in answer
    assert "还要问您：类型、时间、时长。" in answer
    assert "哪一类" in await office("接着办")
    assert "哪天几点" in await office("夕阳红私塾")
    assert "多长" in await office("12月8号下午两点半")
    assert "现在发布吗" in await office("2 小时")


async def test_it_may_come_in_two_messages_or_as_a_file(office):
    await office("活动模板")
    await office(attachment=Attachment("file", "form", "模板.txt", "text/plain"))
    await office.does(attachments.keep, 1, FILLED.encode("gb18030"), "text/plain")
    assert "看明白了：类型 夕阳红私塾" in await office("好了")


async def test_a_file_that_is_no_text_is_asked_again(office):
    await office("活动模板")
    await office(attachment=Attachment("file", "form", "模板.docx"))
    await office.does(attachments.keep, 1, b"PK\x03\x04\x00\x00", "application/zip")
    assert "这个文件我看不懂" in await office("好了")
    assert "看明白了" in await office(FILLED)


async def test_words_that_are_no_form_are_asked_again(office):
    assert "一行一项" in await office.says("活动模板", "书法班第三课")


async def test_what_was_filled_in_can_be_taken_back_one_by_one(office):
    await office.says(FILLED.replace("时长：2 小时\n", ""), "接着办")
    assert "哪天几点" in await office("上一步")
    assert "多长" in await office("12月9号下午两点半")
    assert "12月9日（周三）下午2点30分到下午3点30分" in await office("1 小时")


async def test_filled_in_anew_it_leaves_nothing(office):
    assert "再整段发给我" in await office.says(FILLED, "重新填")
    assert await office.does(events.of_organiser, 1) == []


MARKET = """活动模板
类型：党群公益服务集市
名字：腊八集市
时间：12月8号上午九点
时长：2 小时
地点：三亚湾小广场
联系电话：0898-0000-0011
摊位：理发，一号桌，30个号
摊位：义诊，大厅，9点到10点，每20分钟1位
摊位：法律咨询，二号桌"""


async def test_a_market_with_its_stalls_stands_in_the_form(office):
    assert "一个摊位写一行，比如：\n摊位：理发，一号桌，30个号" in await office("活动模板")
    answer = await office(MARKET)
    assert "摊位 理发，一号桌，30个号；摊位 义诊，大厅，9点到10点，每20分钟1位；摊位 法律咨询，二号桌。" in answer
    assert "没看明白" not in answer
    assert "摊位：理发（一号桌）、义诊（大厅，分时段）、法律咨询（二号桌）。" in await office("接着办")
    await office("发布")
    barber, doctor, _ = await office.does(markets.of_event, 1)
    assert barber.most == 30
    slots = await office.does(markets.slots, doctor.id)
    assert [(slot.starts_at.minute, slot.places) for slot in slots] == [(0, 1), (20, 1), (40, 1)]


async def test_a_stall_that_is_not_understood_is_said_and_the_rest_taken(office):
    answer = await office(MARKET.replace("9点到10点", "7点到8点").replace("，二号桌", ""))
    assert "没看明白：摊位：义诊，大厅，7点到8点，每20分钟1位；摊位：法律咨询。" in answer
    assert "摊位：理发（一号桌）。" in await office("接着办")


async def test_a_market_without_a_stall_is_asked_for_them(office):
    await office(MARKET.partition("\n摊位")[0])
    assert "集市有哪些摊位" in await office("接着办")


async def test_only_a_market_has_stalls(office):
    assert "没看明白：摊位：只有集市才设。" in await office(f"{FILLED}\n摊位：理发，一号桌")

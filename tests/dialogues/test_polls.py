"""议事: suggestions and polls on community matters, and the answers that are published."""

import pytest

from dialogue.message import Address
from storage import polls
from storage.schema.polls import votes
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_need_work import House
from tests.dialogues.town import registered, staff

LEAD = Address("telegram", "lead")


@pytest.fixture
async def house(town_chat):
    house = House(town_chat)
    house.resident = await registered(town_chat)
    house.other = await registered(town_chat, "李明", "13900139000", SOMEONE_ELSE)
    house.lead = await registered(town_chat, "点长", "13700137001", LEAD)
    await town_chat.does(staff, house.lead, "point_lead", point_id=1)
    return house


async def asked(house, *where):
    await house.says(LEAD, "发起议事", "长椅放在东门还是西门？", "东门、西门、都行", *where, "12月10号")
    return await house.says(LEAD, "对")


async def test_a_poll_is_asked_answered_counted_and_its_result_published(house):
    assert "发出去了，编号 YS2026-0001" in await asked(house)
    assert "长椅放在东门还是西门？（在听意见）" in await house.says(ME, "议事")
    assert "您怎么看" in await house.says(ME, "议事 1")
    assert "您说的是“东门”" in await house.says(ME, "议事 1 1")
    assert "改好了" in await house.says(ME, "议事 1 2")
    await house.says(SOMEONE_ELSE, "议事 1 2")
    await house.tick(days=18)
    assert "东门 0 人，西门 2 人，都行 0 人" in await house.says(ME, "议事 1")
    assert "公布了" in await house.says(LEAD, "公布 1 长椅放西门，下周装")
    assert "结果：长椅放西门，下周装" in await house.says(ME, "议事 1")


async def test_once_counted_nobody_can_see_who_said_what(house):
    await asked(house)
    await house.says(ME, "议事 1 1")
    await house.tick(days=18)
    assert await house.chat.does(lambda tx: tx.execute(votes.select()).all()) == []
    assert "收完了" in await house.says(ME, "议事 1 1")


async def test_opinions_come_from_the_community_it_is_about(house):
    await house.chat.does(staff, house.lead, "point_lead", point_id=2)
    await asked(house, "河西社区")
    assert "问的是河西社区的居民" in await house.says(ME, "议事 1 1")
    assert "现在没有正在商量的事" in await house.says(ME, "议事")


@pytest.mark.parametrize("question", ["选谁当支部书记？", "党员大会换届选谁？", "谁当党代表候选人？"])
async def test_no_poll_is_ever_a_party_election(house, question):
    assert "要在党组织里办" in await house.says(LEAD, "发起议事", question)
    assert await house.chat.does(polls.recent, house.resident) == []


async def test_who_has_no_office_asks_nobody(house):
    assert "要点长来办" in await house.says(ME, "发起议事")


async def test_what_was_decided_cannot_be_published_before_it_is_counted(house):
    await asked(house)
    assert "正在听意见" in await house.says(LEAD, "公布 1 放东门")


async def test_a_suggestion_is_answered_and_published_without_a_name(house):
    assert "有什么建议" in await house.says(ME, "提建议")
    assert "建议第1号" in await house.says(ME, "王建国建议小区门口加个长椅")
    assert "请看一看" in await house.news(house.lead)
    assert "王建国建议" in await house.says(LEAD, "答建议 1")
    assert "要公开吗" in await house.says(LEAD, "下周装好")
    assert "大意" in await house.says(LEAD, "公开给大家看")
    assert "答复了" in await house.says(LEAD, "小区门口加个长椅")
    assert "有答复了：下周装好" in await house.news(house.resident)
    shown = await house.says(SOMEONE_ELSE, "议事")
    assert "建议第1号：小区门口加个长椅\n答复：下周装好" in shown
    assert "王建国" not in shown


async def test_what_waits_for_an_answer_is_listed(house):
    await house.says(ME, "提建议", "小区门口加个长椅")
    assert "建议第1号　等答复" in await house.says(LEAD, "公布结果")

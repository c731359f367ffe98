"""微心愿: a small wish from the elder who makes it, those who take it on, and staff who bring them together."""

import pytest

from dialogue.message import Address
from storage import organisations, wishes
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_need_work import House
from tests.dialogues.town import registered, staff

LEAD = Address("telegram", "lead")
HELPER = SOMEONE_ELSE
SECOND = Address("telegram", "second helper")


@pytest.fixture
async def house(town_chat):
    house = House(town_chat)
    house.elder = await registered(town_chat, estate="示例小区")
    house.helper = await registered(town_chat, "李明", "13900139000", HELPER)
    house.second = await registered(town_chat, "赵强", "13900139001", SECOND)
    house.lead = await registered(town_chat, "点长", "13700137001", LEAD)
    await town_chat.does(staff, house.lead, "point_lead", point_id=1)
    return house


async def posted(house, sharers="1"):
    await house.says(ME, "许心愿", "我是王建国，想有人教我用手机视频")
    await house.says(LEAD, "发布心愿 1", "一位老人想学用手机视频", sharers)


async def test_a_wish_goes_all_the_way(house):
    assert "什么小心愿" in await house.says(ME, "许心愿")
    assert "记下了，心愿第1号" in await house.says(ME, "我是王建国，想有人教我用手机视频")
    assert "请去掉姓名" in await house.news(house.lead)
    assert "本人的话：我是王建国" in await house.says(LEAD, "发布心愿 1")
    assert "几个人" in await house.says(LEAD, "一位老人想学用手机视频")
    assert "发布了" in await house.says(LEAD, "1")

    shown = await house.says(HELPER, "微心愿")
    assert "心愿第1号　一位老人想学用手机视频（春园社区）" in shown
    assert "王" not in shown
    assert "自己认领" in await house.says(HELPER, "认领 1")
    await house.says(HELPER, "我自己")
    assert "谢谢您认领" in await house.says(HELPER, "认领")
    assert "您认领的心愿第1号：有人认领" in await house.says(HELPER, "微心愿")
    told = await house.news(house.elder)
    assert "有人认领了，工作人员会先打电话问您" in told
    assert "李明" not in told

    both = await house.says(LEAD, "牵线 1")
    assert "王建国，138 0013 8000" in both
    assert "李明，139 0013 9000" in both
    assert "两边联系上了" in await house.says(LEAD, "牵上线了 1")
    assert "王建国" not in await house.news(house.helper)
    assert "是不是实现了" in await house.says(HELPER, "心愿办好了 1")
    assert "帮忙的人说办好了" in await house.news(house.elder)
    assert "太好了" in await house.says(ME, "心愿实现了 1")
    assert (await house.chat.does(wishes.get, 1)).state == "confirmed"


@pytest.mark.parametrize("words", ["王建国想学手机视频", "示例小区有老人想学手机", "打13800138000教他用手机"])
async def test_words_that_give_the_elder_away_are_not_posted(house, words):
    await house.says(ME, "许心愿", "想有人教我用手机视频")
    assert "请去掉再发" in await house.says(LEAD, "发布心愿 1", words)
    assert "没有等人认领" in await house.says(HELPER, "微心愿")


async def test_a_claim_that_lapses_returns_to_the_pool_and_is_told_once(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    await house.tick(days=6, hours=23)
    assert "七天" not in await house.news(house.helper)
    await house.tick(hours=1)
    assert "七天了还没联系上" in await house.news(house.helper)
    await house.tick(days=1)
    assert "七天了还没联系上" not in await house.news(house.helper)
    assert "等人认领" in await house.says(SECOND, "微心愿")
    await house.says(SECOND, "认领 1", "我自己", "认领")
    assert (await house.chat.does(wishes.get, 1)).state == "claimed"


async def test_a_claim_does_not_lapse_once_they_met(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    await house.says(LEAD, "牵上线了 1")
    await house.tick(days=10)
    assert (await house.chat.does(wishes.get, 1)).state == "contacted"


async def test_several_share_a_wish_but_no_more_than_it_takes(house):
    await posted(house, "2")
    await house.says(HELPER, "认领 1", "我自己", "认领")
    assert "心愿第1号" in await house.says(SECOND, "微心愿")
    await house.says(SECOND, "认领 1", "我自己", "认领")
    assert "已经有人认领了" in await house.says(LEAD, "认领 1", "我自己", "认领")
    assert "没有等人认领" in await house.says(LEAD, "微心愿")


async def test_a_unit_takes_on_a_wish_by_its_name(house):
    unit = await house.chat.does(organisations.add, "区司法局", "unit")
    await posted(house)
    await house.says(HELPER, "认领 1", "区司法局", "认领")
    [claim] = await house.chat.does(wishes.claims, 1)
    assert claim.organisation_id == unit


async def test_who_cannot_do_it_gives_it_back(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    assert "放回去了" in await house.says(HELPER, "不认领了 1")
    assert (await house.chat.does(wishes.get, 1)).state == "posted"


async def test_an_elder_who_says_not_yet_is_believed(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    await house.says(LEAD, "牵上线了 1")
    await house.says(HELPER, "心愿办好了 1")
    await house.news(house.helper)
    assert "再跟您联系" in await house.says(ME, "心愿还没有 1")
    assert "本人说还没有" in await house.news(house.helper)
    assert (await house.chat.does(wishes.get, 1)).state == "contacted"


async def test_a_wish_is_withdrawn_at_any_time_and_by_nobody_else(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    await house.news(house.helper)
    assert "点长来办" in await house.says(SECOND, "撤回心愿 1")
    assert "撤回了" in await house.says(ME, "撤回心愿 1")
    assert "本人撤回了" in await house.news(house.helper)


async def test_nobody_confirms_for_the_elder(house):
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    await house.says(LEAD, "牵上线了 1")
    await house.says(HELPER, "心愿办好了 1")
    assert "没找到" in await house.says(SECOND, "心愿实现了 1")


async def test_who_wished_is_seen_by_staff_of_their_point_alone(house):
    stranger = await registered(house.chat, "别处点长", "13700137009", SECOND, point_id=2)
    await house.chat.does(staff, stranger, "point_lead", point_id=2)
    await posted(house)
    await house.says(HELPER, "认领 1", "我自己", "认领")
    assert "点长来办" in await house.says(SECOND, "牵线 1")
    assert "点长来办" in await house.says(SECOND, "发布心愿 1")


async def test_a_wish_is_due_before_the_elder_leaves(town_chat):
    house = House(town_chat)
    await registered(town_chat, leaves_on=town_chat.clock().date().replace(month=12, day=6))
    await house.says(ME, "许心愿", "想有人教我用手机视频")
    assert str((await town_chat.does(wishes.get, 1)).due_on) == "2026-12-04"

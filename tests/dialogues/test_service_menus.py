"""本月菜单 and 更新服务点: what a point offers and when it is open, kept by its lead from the chat."""

from datetime import date, datetime

import pytest
from sqlalchemy import select

from handlers import service_menus as handler
from storage import grants, points, service_menus
from storage.audit import Actor
from storage.schema.talks import outbox
from storage.times import SHANGHAI
from tests.conftest import ME, MORNING
from tests.dialogues.town import address, registered, staff

LEAD = address("lead")


@pytest.fixture
async def office(town_chat):
    """A resident of 春园, and the lead of that point."""
    await registered(town_chat, "王建国", "13800138000", ME)
    await town_chat.does(staff, await registered(town_chat, "王点长", "13700137001", LEAD), "point_lead", point_id=1)
    return town_chat


async def test_a_menu_is_written_line_by_line_and_read_by_residents(office):
    office.who = LEAD
    answer = await office.says("写菜单", "12月", "1. 周二上午 义诊\n2. 周四下午 理发")
    assert "1. 周二上午 义诊" in answer
    assert "12月一共 2 样" in await office("对")
    office.who = ME
    answer = await office("下月菜单")
    assert "· 周二上午 义诊" in answer
    assert "0898-0000-0011" in answer
    assert "11月的菜单还没有写" in await office("本月菜单")


async def test_writing_it_again_makes_a_new_version(office):
    office.who = LEAD
    await office.says("写菜单", "11月", "义诊；理发", "对")
    answer = await office.says("写菜单", "11月")
    assert "现在写的是：义诊；理发" in answer
    await office.says("书法", "对")
    menu = await office.does(service_menus.of, 1, date(2026, 11, 1))
    assert (menu.version, menu.items) == (2, ("书法",))


async def test_without_a_registration_the_place_is_asked_for(town_chat):
    await town_chat.does(service_menus.keep, 2, date(2026, 11, 1), ("理发",), Actor(), MORNING)
    assert "· 理发" in await town_chat.says("本月菜单", "河西")
    assert "· 理发" in await town_chat("本月菜单 河西社区")
    assert "“火星”我没找到" in await town_chat("本月菜单 火星")
    assert "· 理发" in await town_chat("河西")


async def test_the_lead_is_reminded_once_from_the_25th_on(office):
    async def told():
        return await office.does(lambda tx: [row.key for row in tx.execute(select(outbox.c.key))])

    assert await office.does(handler.remind, datetime(2026, 11, 24, 9, tzinfo=SHANGHAI)) == 0
    for day in (25, 26):
        await office.does(handler.remind, datetime(2026, 11, day, 9, tzinfo=SHANGHAI))
    assert [key for key in await told() if key.startswith("menu:")] == ["menu:1:2026-12:2"]
    await office.does(service_menus.keep, 1, date(2026, 12, 1), ("义诊",), Actor(), MORNING)
    assert await office.does(handler.remind, datetime(2026, 11, 27, 9, tzinfo=SHANGHAI)) == 0


async def test_hours_phone_and_duty_are_changed_after_a_yes(office):
    office.who = LEAD
    assert "没看明白" in await office.says("更新服务点", "开放时间", "上午")
    assert "开放时间：周一至周六 09:00-17:00。对吗？" in await office("周一至周六 09:00-17:00")
    assert "改好了" in await office("对")
    await office.says("更新服务点", "值班的同志", "李干事", "0898 0000 0099", "对")
    await office.says("更新服务点", "电话", "089800000098", "不对")
    kept = await office.does(points.get, 1)
    assert (kept.hours, kept.duty_person, kept.duty_phone) == ("周一至周六 09:00-17:00", "李干事", "0898-0000-0099")
    assert kept.phone == "0898-0000-0011"


async def test_closed_days_close_the_point_and_are_taken_back(office):
    office.who = LEAD
    answer = await office.says("更新服务点", "关门的日子", "要关几天", "明天", "12月1号")
    assert "11月24日" in answer
    await office("对")
    kept = await office.does(points.get, 1)
    assert [(each.first, each.last) for each in kept.closures] == [(date(2026, 11, 24), date(2026, 12, 1))]
    assert kept.is_open(datetime(2026, 11, 25, 10, tzinfo=SHANGHAI)) is False
    await office.says("更新服务点", "关门的日子", "照常开门", "对")
    assert (await office.does(points.get, 1)).is_open(datetime(2026, 11, 25, 10, tzinfo=SHANGHAI))


async def test_others_points_and_residents_words_change_nothing(office):
    for said in ("更新服务点", "写菜单"):
        assert "来办" in await office(said)
    await office.does(grants.grant, "district_staff", Actor(), MORNING, person_id=1)
    assert "河西社区，改哪一样" in await office.says("更新服务点", "河西")

"""我的积分: only for who wants a card, read by nobody else, with every mistake taken back in the open."""

import json

import openpyxl
import pytest

from bot.exporting import write
from storage import attendance, credit_points, events, sign_ups
from storage.audit import Actor
from storage.schema.exports import exports
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.town import class_of, registered, staff


@pytest.fixture
async def district(town_chat):
    """A resident who is me, and a district where points are not given yet."""
    town_chat.me = await registered(town_chat)
    town_chat.office = await registered(town_chat, "李主任", "13700137000", SOMEONE_ELSE)
    await town_chat.does(staff, town_chat.office, "district_staff")
    return town_chat


@pytest.fixture
async def carded(district):
    """With a rule, and my card open."""
    await district.does(credit_points.set_rule, 1, 2, 12, Actor(district.office, "district_staff"), district.clock())
    await district.does(credit_points.open_card, district.me, district.clock())
    return district


def come(tx, person_id, now, title="书法班"):
    event_id = class_of(tx, title)
    starts_at = events.get(tx, event_id).starts_at
    sign_ups.sign_up(tx, event_id, [person_id], Actor(person_id), now)
    attendance.check_in(tx, event_id, person_id, "by_staff", Actor(), starts_at)
    events.close(tx, event_id, Actor(), starts_at)
    return event_id


async def test_without_a_rule_there_are_no_points(district):
    assert "还没有开积分" in await district("我的积分")
    await district("开积分卡")
    assert "还没有开积分" in await district("1")


async def test_the_district_sets_the_rule_and_a_new_one_is_a_new_version(district):
    district.who = SOMEONE_ELSE
    assert "现在没有开积分" in await district("积分规则")
    assert "一次活动 1 分，志愿每小时再加 2 分，12 个月有效" in await district("活动1分，志愿每小时2分，12个月有效")
    assert "第 1 版" in await district("对")
    assert "现在是第 1 版" in await district("积分规则")
    assert "没看明白" in await district("多给点")
    await district("2 2 6")
    assert "第 2 版" in await district("对")
    district.who = ME
    assert "要区级工作人员来办" in await district("积分规则")


async def test_a_card_is_opened_at_ones_own_wish_and_closed_again(district):
    await district.does(credit_points.set_rule, 1, 2, 12, Actor(district.office, "district_staff"), district.clock())
    assert "还没有积分卡" in await district("我的积分")
    assert "只有您自己看得到" in await district("开积分卡")
    assert "好的，不开" in await district("2")
    await district("开积分卡")
    assert "开好了。现在一次活动 1 分" in await district("1")
    assert "您有 0 分" in await district("我的积分")
    assert "不再记分" in await district("关积分卡")
    assert "不用关" in await district("关积分卡")


async def test_coming_is_written_down_once_and_what_was_before_the_card_is_not(carded):
    await carded.does(come, carded.me, carded.clock())
    carded.clock.passes(days=16)
    for _ in range(2):
        said = await carded("我的积分")
        assert "您有 1 分" in said
        assert said.count("+1　书法班") == 1


async def test_a_mistake_is_taken_back_by_a_row_of_its_own(carded):
    event_id = await carded.does(come, carded.me, carded.clock())
    carded.clock.passes(days=15, hours=8)
    await carded("我的积分")
    lead = Actor(carded.office, "district_staff")
    await carded.does(attendance.undo, event_id, carded.me, lead, carded.clock(), reason="记错人了", may_correct=True)
    said = await carded("我的积分")
    assert "您有 0 分" in said
    assert "-1　书法班（冲正）" in said
    card = await carded.does(credit_points.card, carded.me)
    assert [entry.points for entry in await carded.does(credit_points.entries, card)] == [1, -1]


async def test_points_end_and_stay_on_the_card(carded):
    await carded.does(come, carded.me, carded.clock())
    carded.clock.passes(days=16)
    assert "您有 1 分" in await carded("我的积分")
    carded.clock.passes(days=366)
    said = await carded("我的积分")
    assert "您有 0 分" in said
    assert "+1　书法班" in said


async def test_the_own_card_is_had_as_a_table(carded, tmp_path):
    await carded.does(come, carded.me, carded.clock(), "=1+1")
    carded.clock.passes(days=16)
    assert "正在做您的积分台账" in await carded("积分台账")
    await carded("积分台账 CSV")
    asked = await carded.does(lambda tx: [(row.id, json.loads(row.wanted)) for row in tx.execute(exports.select())])
    assert [wanted["format"] for _, wanted in asked] == ["xlsx", "csv"]
    book, text = tmp_path / "card.xlsx", tmp_path / "card.csv"
    await carded.does(write, asked[0][0], book, carded.clock(), lambda rows: None)
    await carded.does(write, asked[1][0], text, carded.clock(), lambda rows: None)
    first = openpyxl.load_workbook(book).worksheets[0]
    assert [cell.value for cell in first[3]] == "序号 时间 来源活动 规则版本 分值 冲正 余额 有效期".split()
    assert first["C4"].value == "=1+1"
    assert first["C4"].data_type == "s"
    assert first["E5"].value == 1
    header, row, *_ = text.read_text("utf-8-sig").splitlines()
    assert header == "序号,时间,来源活动,规则版本,分值,冲正,余额,有效期"
    assert ",'=1+1,1,1,,1,2027-12-08" in row

"""经费: planned, spent, receipts, and the sheet that says the same."""

import pytest

from dialogue.message import Attachment
from reports.attendance import paper
from reports.budget import budget_ledger
from reports.periods import Period
from storage import attachments, budgets
from storage.audit import Actor
from storage.refusals import BudgetChecked
from storage.schema.records import audit_log
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.town import class_of, registered, staff


@pytest.fixture
async def office(town_chat):
    """An organiser with one event."""
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    await town_chat.does(class_of, organiser_id=organiser)
    return town_chat


async def rows(chat):
    return (await chat.does(lambda tx: budget_ledger(tx, Period.season(2026), paper(tx, chat.clock())))).rows


async def test_a_sum_is_noted_with_its_receipt_and_stands_in_the_ledger(office):
    await office.says("改预算 1", "300")
    checked = await office.says("记支出", "86.5", "笔墨", "0012345", "没有")
    assert "《书法班》笔墨 86.50 元，票据号 0012345" in checked
    answer = await office("对")
    assert "预算 300 元，花了 86.50 元（待报）" in answer
    [row] = await rows(office)
    assert row[4:7] == (300, 86.5, "0012345")


async def test_the_photo_of_a_receipt_is_kept_and_shown_again(office):
    await office.says("记支出", "86.5", "笔墨", "没有")
    await office(attachment=Attachment("photo", "receipt"))
    await office("对")
    await office.does(attachments.keep, 1, b"picture", "image/jpeg")
    await office("看票据 1")
    assert [reply.photo.name for reply in office.replies if reply.photo] == ["票据 笔墨 86.50 元.jpg"]


async def test_what_was_noted_by_mistake_is_taken_back_and_its_row_stays(office):
    await office.says("记支出", "86.5", "笔墨", "1", "没有", "对")
    await office.says("记支出", "20", "水", "2", "没有", "对")
    assert "花了 20 元" in await office.says("撤支出 1", "1")
    [row] = await rows(office)
    assert row[5:7] == (20, "2")


async def test_more_than_planned_is_said_and_not_forbidden(office):
    await office.says("改预算 1", "50")
    assert "超出预算 36.50 元" in await office.says("记支出", "86.5", "笔墨", "没有", "没有", "对")


async def test_the_organiser_reports_and_the_district_checks(office):
    answer = await office("报销 1")
    assert "已核" not in answer
    assert "（已报）" in await office("已报")
    boss = await registered(office, "区里", "13600136000", SOMEONE_ELSE)
    await office.does(staff, boss, "district_staff")
    office.who = SOMEONE_ELSE
    assert "（已核）" in await office.says("报销 1", "已核")
    assert "账已经核过了" in await office.says("改预算 1", "10")


async def test_two_sums_noted_one_after_the_other_both_count_and_each_is_in_the_log(office):
    await office.does(budgets.spend, 1, 100, Actor(1), office.clock())
    await office.does(budgets.spend, 1, 250, Actor(1), office.clock())
    assert (await office.does(budgets.get, 1)).spent == 350
    noted = await office.does(lambda tx: tx.execute(audit_log.select()).all())
    assert [row.action for row in noted].count("budget.spend") == 2


async def test_what_is_checked_stays(office):
    await office.does(budgets.settle, 1, "checked", Actor(1), office.clock())
    with pytest.raises(BudgetChecked):
        await office.does(budgets.spend, 1, 100, Actor(1), office.clock())

"""The sheets of needs and wishes of a season that was lived through: rows as it went, figures as counted."""

import openpyxl
import pytest

from reports.attendance import paper
from reports.needs import need_ledger, need_statistics
from reports.periods import Period
from reports.priority_list import priority_list as priority_sheet
from reports.sheet import Book
from reports.wishes import wish_ledger
from reports.xlsx import write_xlsx
from storage import follow_ups, need_counts, need_rulings, need_work, needs, organisations, priority_list, wishes
from tests.storage.test_needs import Scene

WISHES = "序号 编号 登记日期 社区 心愿（去标识） 状态 认领人/单位 认领日期 完成日期 本人确认".split()
SEASON = Period.season(2026)


@pytest.fixture
async def book(database, tmp_path):
    """A season with five needs and a wish, as a workbook that was opened again."""
    scene = Scene(database)
    await scene.lay_out()
    solved = await scene.tells("=1+1 路灯坏了")
    scene.at("2026-11-24 10:00")
    solved = await scene.does(need_work.answer, solved, "修好了", "done", scene.owner, scene.now)
    solved = await scene.does(follow_ups.record, solved, "solved", "call", scene.lead, scene.now)
    await scene.does(follow_ups.rate, solved, "satisfied", scene.lead, scene.now)
    again = await scene.tells("电梯坏了", "housing")
    again = await scene.does(need_work.answer, again, "修好了", "done", scene.owner, scene.now)
    again = await scene.does(follow_ups.record, again, "unsolved", "chat", scene.resident, scene.now)
    await scene.does(need_work.give_back, again, "不归我", scene.supervisor.person_id, scene.owner, scene.now)
    twin = await scene.tells("电梯又坏了", "housing")
    await scene.does(need_rulings.merge, twin, await scene.does(needs.get, again.id), scene.district, scene.now)
    await scene.tells("膝盖疼想挂号", "medical")
    hard = await scene.tells("井盖没了", "safety")
    scene.at("2026-12-14 09:00")
    await scene.ticks()
    await scene.does(priority_list.note_obstacle, hard, "归两家管", scene.supervisor, scene.now)
    await scene.does(priority_list.note_visit, hard, "物业、供电所", "周五装好", scene.supervisor, scene.now)
    unit = await scene.does(organisations.add, "区司法局", "unit")
    elder = scene.resident
    wish = await scene.does(wishes.submit, elder.person_id, "我是王建国，想学视频", "1", elder, scene.now)
    wish = await scene.does(wishes.post, wish, "一位老人想学视频", 1, scene.district, scene.now)
    await scene.does(wishes.claim, wish, scene.owner.person_id, scene.owner, scene.now, unit)
    path = tmp_path / "needs.xlsx"

    def write(tx):
        on = paper(tx, scene.now)
        sheets = [sheet(tx, SEASON, on) for sheet in (need_ledger, need_statistics, wish_ledger)]
        write_xlsx(Book((*sheets, priority_sheet(tx, on)), (need_counts.DEFINITIONS,)), path)
        return need_counts.counts(tx, SEASON.begins, SEASON.ends, scene.now)

    figures = await scene.does(write)
    return openpyxl.load_workbook(path), figures


def table(book, name):
    """The headers, and the rows below as dictionaries, with the line of totals under 合计."""
    rows = list(book[name].iter_rows(values_only=True))
    begin = next(place for place, row in enumerate(rows) if row[0] in ("序号", "类别"))
    headers = [cell for cell in rows[begin] if cell]
    found = {}
    for row in rows[begin + 1 :]:
        found[row[0]] = dict(zip(headers, row, strict=False))
        if row[0] == "合计":
            return headers, found
    raise AssertionError("no line of totals")


async def test_each_need_is_a_row_with_what_became_of_it(book):
    sheets, _ = book
    rows = table(sheets, "需求办理台账")[1]
    solved, again, twin, health, hard = (rows[str(place)] for place in range(1, 6))
    assert solved["编号"] == "XQ2026-0001"
    assert solved["内容摘要"] == "=1+1 路灯坏了"
    assert (solved["受理方式"], solved["类别"], solved["社区"]) == ("网页", "交通出行", "春园社区")
    assert (solved["阶段"], solved["结果"], solved["满意度"], solved["回访方式"]) == ("办结", "已解决", "满意", "电话")
    assert solved["用时（工作日）"] == 1.0
    assert (again["退单次数"], again["重开次数"], again["阶段"]) == (1, 1, "派单")
    assert twin["结果"] == "重复"
    assert "膝盖" not in (health["内容摘要"] or "")
    assert hard["主办"] == "李干事"


async def test_the_hard_cases_show_what_stands_in_the_way_and_what_was_settled(book):
    sheets, _ = book
    rows = {row["编号"]: row for row in table(sheets, "重点督办清单")[1].values()}
    hard = rows["XQ2026-0005"]
    assert (hard["卡点"], hard["参加单位"], hard["结果"]) == ("归两家管", "物业、供电所", "周五装好")
    assert hard["超期（工作日）"] > 2


async def test_wishes_name_neither_who_wished_nor_in_full_who_helps(book):
    sheets, _ = book
    headers, rows = table(sheets, "微心愿台账")
    assert headers == WISHES
    wish = rows["1"]
    assert (wish["心愿（去标识）"], wish["认领人/单位"], wish["状态"]) == ("一位老人想学视频", "区司法局", "有人认领")
    assert str(wish["登记日期"])[:10] == "2026-12-14"
    for sheet in sheets:
        assert not any("王建国" in str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)


async def test_the_indicators_are_the_figures_and_their_parts_add_up(book):
    sheets, figures = book
    rows = table(sheets, "需求办理统计")[1]
    whole = rows.pop("合计")
    assert (whole["受理数"], whole["重复诉求数"], whole["退单数"], whole["重开数"]) == (5, 1, 1, 1)
    assert (whole["期内到期"], whole["按期答复"]) == (figures.due, figures.in_time)
    assert whole["按期办结率"] == pytest.approx(figures.in_time / figures.due)
    assert (whole["有回访结果"], whole["已解决"], whole["满意率"]) == (2, 1, 1.0)
    assert sum(row["受理数"] for row in rows.values()) == 5
    assert rows["安全防骗"]["满意率"] == "—"

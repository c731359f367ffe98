"""The report of the season, and the sheets that go with it."""

from datetime import UTC, date, datetime

import openpyxl
import pytest

from reports.attendance import paper
from reports.coverage import coverage_sheet, origin_distribution, province
from reports.members import member_ledger, participation_proof
from reports.periods import Period
from reports.season import season_book
from reports.volunteering import service_hours
from reports.xlsx import write_xlsx

SEASON = Period.season(2025)
MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


async def test_the_season_report_opens_with_the_figures_and_the_sentence(season, tmp_path):
    path = tmp_path / "season.xlsx"

    def write(tx):
        write_xlsx(season_book(tx, SEASON, paper(tx, MADE)), path)

    await season(write)
    workbook = openpyxl.load_workbook(path)
    assert workbook.sheetnames[0] == "概况"
    assert workbook.sheetnames[-3:] == ["原始数据", "口径说明", "图表"]
    rows = [[cell.value for cell in row] for row in workbook["概况"].iter_rows()]
    assert rows[0][0] == "2025—2026候鸟季工作报表"
    figures = {(row[0], row[1]): row[2] for row in rows if row[1]}
    assert figures["总体", "场次"] == 38
    assert figures["总体", "人次"] == 826
    assert figures["总体", "人数（去重）"] == 231
    assert figures["总体", "场均人次"] == "21.7"
    assert figures["2025年部分", "人次"] == 360
    assert figures["2026年部分", "人次"] == 466
    assert figures["活动类型", "夕阳红私塾"] == 193
    assert any(row[0] and "共计开展活动38场，惠及826人次" in row[0] for row in rows)


async def test_coverage_counts_members_in_town_and_points_with_events(season):
    def rows(tx):
        sheet = coverage_sheet(tx, SEASON, paper(tx, MADE))
        return list(sheet.rows), sheet.total()

    listed, total = await season(rows)
    assert total[0] == "合计"
    assert total[4] == 67
    assert total[5] == 12, "points of the programme, each once"
    assert 0 < total[2] <= total[1]
    assert total[3] == total[2] / total[1]
    branches = [row for row in listed if row[0].endswith("党支部（示例）")]
    assert sum(row[1] for row in branches) + sum(row[1] for row in listed if row[0] == "未编入支部") == total[1]
    communities = [row for row in listed if row not in branches and row[0] != "未编入支部"]
    assert sum(row[4] for row in communities) == 67
    assert all(row[3] is None for row in listed if row[1] == 0), "no members, no rate"


async def test_origins_shared_by_fewer_than_five_are_not_named(season):
    def rows(tx):
        sheet = origin_distribution(tx, SEASON, paper(tx, MADE))
        return list(sheet.rows), sheet.total()

    listed, total = await season(rows)
    assert listed[0][0] == "黑龙江"
    assert sum(row[1] for row in listed) == total[1]
    assert abs(sum(row[2] for row in listed) - 1) < 1e-9
    assert all(row[1] >= 5 for row in listed if row[0] != "其他")
    assert not {"青海", "宁夏", "甘肃"} & {row[0] for row in listed}
    assert listed[-1][0] == "其他"


@pytest.mark.parametrize(
    ("typed", "name"),
    [("黑龙江省哈尔滨市", "黑龙江"), ("内蒙古自治区", "内蒙古"), (" 北京市", "北京"), ("哈尔滨", ""), ("", "")],
)
def test_a_province_is_read_from_what_was_typed(typed, name):
    assert province(typed) == name


async def test_the_member_ledger_has_its_columns_and_nobody_who_is_no_member(season):
    def sheet(tx):
        built = member_ledger(tx, date(2026, 12, 8), paper(tx, MADE))
        return [column.header for column in built.columns], list(built.rows), built.total()

    headers, rows, total = await season(sheet)
    assert (
        headers
        == (
            "序号 姓名 手机号 身份类别 核实状态 原党组织 来源地 来琼日期 预计离琼日期 现居社区 小区 "
            "报到服务点 编入支部 党小组 状态（在琼/已离琼）"
        ).split()
    )
    assert total[1] == f"{len(rows)}人"
    assert {row[14] for row in rows} == {"在琼", "已离琼"}
    assert all("*" in row[1] for row in rows)
    assert all(row[3] for row in rows)


async def test_a_branch_sees_its_own_members_alone(season):
    def sheets(tx):
        everyone = list(member_ledger(tx, date(2026, 12, 8), paper(tx, MADE)).rows)
        branch = next(row[12] for row in everyone if row[12])
        (branch_id,) = tx.connection.exec_driver_sql(f"SELECT id FROM organisations WHERE name = '{branch}'").one()
        own = list(member_ledger(tx, date(2026, 12, 8), paper(tx, MADE), branch_ids=frozenset({branch_id})).rows)
        return everyone, branch, own

    everyone, branch, own = await season(sheets)
    assert {row[12] for row in own} == {branch}
    assert len(own) == sum(row[12] == branch for row in everyone)


async def test_a_proof_lists_what_its_person_came_to(season):
    def proof(tx):
        person_id, times = tx.connection.exec_driver_sql(
            "SELECT a.person_id, count(*) FROM attendances a JOIN events e ON e.id = a.event_id "
            "JOIN people p ON p.id = a.person_id AND p.state = 'active' "
            "WHERE a.undone_at IS NULL AND a.state = 'attended' AND e.starts_at >= '2025-09-30 16:00' "
            "AND e.starts_at < '2026-04-30 16:00' GROUP BY a.person_id ORDER BY 2 DESC LIMIT 1"
        ).one()
        sheet = participation_proof(tx, person_id, SEASON, paper(tx, MADE))
        return times, sheet, list(sheet.rows), sheet.total()

    times, sheet, rows, total = await season(proof)
    assert [column.header for column in sheet.columns] == ["日期", "活动", "类型", "主办"]
    assert len(rows) == times > 5
    assert total[1] == f"共参加{times}次"
    assert [label for label, _ in sheet.heads][:3] == ["姓名", "原党组织", "编入支部"]
    assert "*" not in sheet.heads[0][1]


async def test_volunteer_hours_keep_what_was_planned_measured_and_corrected(season):
    def sheet(tx):
        built = service_hours(tx, SEASON, paper(tx, MADE), sees_party=True)
        return list(built.rows), built.total()

    rows, total = await season(sheet)
    assert len(rows) == 67
    assert all(row[6] in (2.0, 2.5) for row in rows)
    corrected = [row for row in rows if row[8] is not None]
    assert corrected
    assert all(row[8] == row[7] + 0.5 and row[9] and row[10] for row in corrected)
    hours = sum(row[7] if row[8] is None else row[8] for row in rows)
    assert total[9] == f"有更正的按更正，共{hours:.1f}小时"

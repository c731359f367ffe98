"""The attendance sheets of the sample season, as an office would open them."""

import csv
from datetime import UTC, date, datetime

import openpyxl
import pytest
import python_calamine

from reports.attendance import attendance_book, attendance_sheet, came_rows, event_ledger, event_statistics, paper
from reports.counts import DEFINITIONS, counts
from reports.csv import write_csv
from reports.periods import Period
from reports.sheet import Book
from reports.xlsx import write_xlsx
from storage.refusals import NotFound

SEASON = Period.season(2025)
MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


def rows_of(path, tab):
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(tab).to_python()


@pytest.fixture
async def book(season, tmp_path):
    """The workbook of `export attendance`, written."""
    path = tmp_path / "season.xlsx"

    def write(tx):
        write_xlsx(attendance_book(tx, SEASON, paper(tx, MADE)), path)

    await season(write)
    return path


async def test_the_ledger_has_its_columns_and_adds_up(book):
    rows = rows_of(book, "活动台账")
    assert (
        rows[2]
        == (
            "序号 活动编号 日期 名称 类型 系列 主办 地点/服务点 报名数 实名签到 现场清点 人次合计 "
            "其中党员 其中候鸟 主讲/联系人 照片有无 备注"
        ).split()
    )
    events = rows[3:41]
    assert [row[0] for row in events] == [str(number) for number in range(1, 39)]
    total = rows[41]
    assert total[0] == "合计"
    assert total[3] == "共38场"
    assert total[9:12] == [802, 24, 826]
    assert total[16] == "参加人数（去重）231人"
    for column in (8, 9, 10, 11, 12, 13):
        assert sum(row[column] for row in events) == total[column]
    assert events[0][2] == date(2025, 10, 1)
    assert "联合主办" in next(row for row in events if row[11] == 58)[16]


async def test_statistics_stand_on_a_sheet_each_with_the_definitions(book):
    workbook = openpyxl.load_workbook(book)
    tabs = ["按月", "按类型", "按社区", "按服务点", "按支部", "按系列"]
    assert workbook.sheetnames == ["活动台账", *tabs, "原始数据", "口径说明", "图表"]
    for name in tabs:
        rows = [[cell.value for cell in row] for row in workbook[name].iter_rows(min_row=3)]
        assert rows[0] == [
            "周期", "场次", "人次", "实名签到", "现场清点", "人数（去重）",
            "党员人次", "群众人次", "候鸟人次", "场均人次", "报名数", "到场率",
        ]  # fmt: skip
        total = next(row for row in rows if row[0] == "合计")
        assert total[1:6] == [38, 826, 802, 24, 231]
        assert total[6] + total[7] == 802
        assert round(total[9], 1) == 21.7
        assert DEFINITIONS in [row[0] for row in rows]
    months = [[cell.value for cell in row][:3] for row in workbook["按月"].iter_rows(min_row=4, max_row=10)]
    assert months == [
        ["2025年10月", 4, 66],
        ["2025年11月", 6, 148],
        ["2025年12月", 7, 146],
        ["2026年1月", 6, 163],
        ["2026年2月", 4, 68],
        ["2026年3月", 6, 134],
        ["2026年4月", 5, 101],
    ]


async def test_the_raw_rows_bear_out_every_total(book):
    header, *rows = rows_of(book, "原始数据")
    named = [row for row in rows if row[header.index("人员编号")] != ""]
    assert len(named) == 802
    assert sum(row[header.index("人次")] for row in rows) == 826
    assert len({row[header.index("人员编号")] for row in named}) == 231
    assert len({row[header.index("活动编号")] for row in rows}) == 38


async def test_names_and_phones_leave_masked(book):
    header, *rows = rows_of(book, "原始数据")
    for row in rows:
        name, phone = row[header.index("姓名")], row[header.index("手机号")]
        assert name == "" or "*" in name or name == "（已注销）"
        assert phone == "" or "****" in phone


async def test_membership_is_shown_only_to_those_who_may_know_it(season):
    def kinds(tx, sees_party):
        return {row[7] for row in came_rows(tx, SEASON, sees_party=sees_party).rows}

    assert await season(kinds, False) == {"候鸟", "常住", "现场清点"}
    assert await season(kinds, True) == {"候鸟党员", "本地党员", "候鸟群众", "常住群众", "现场清点"}


async def test_csv_and_workbook_show_the_same_totals(season, book, tmp_path):
    path = tmp_path / "ledger.csv"

    def write(tx):
        write_csv(event_ledger(tx, SEASON, paper(tx, MADE)), path)
        return counts(tx, SEASON)

    counted = await season(write)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    total = rows[-1]
    in_workbook = next(row for row in rows_of(book, "活动台账") if row[0] == "合计")
    assert [int(cell) for cell in total[8:14]] == [int(cell) for cell in in_workbook[8:14]]
    figures = counted.total
    assert [int(cell) for cell in total[8:12]] == [
        figures.signed_up,
        figures.named,
        figures.unnamed,
        figures.attendances,
    ]
    assert len(rows) == 1 + 38 + 1


async def test_statistics_can_be_had_as_csv_too(season, tmp_path):
    path = tmp_path / "months.csv"

    def write(tx):
        (months,) = event_statistics(counts(tx, SEASON, "month"), paper(tx, MADE))
        write_csv(months, path)

    await season(write)
    rows = list(csv.reader(path.read_text("utf-8-sig").splitlines()))
    assert rows[0][0] == "周期"
    assert rows[-1][:6] == ["合计", "38", "826", "802", "24", "231"]


def market(tx):
    return next(event for event in counts(tx, SEASON).events if event.unnamed == 9)


async def test_the_sheet_of_one_event_lists_who_came_and_who_was_expected(season, tmp_path):
    path = tmp_path / "sheet.xlsx"

    def write(tx):
        tally = market(tx)
        write_xlsx(Book((attendance_sheet(tx, tally.event_id, paper(tx, MADE), sees_party=True),), ()), path)
        return tally

    tally = await season(write)
    rows = rows_of(path, "活动签到表")
    assert rows[1][0].startswith("活动名称：十一月党群公益服务集市（示例）　　时间：2025年11月15日 08:30—12:00")
    assert f"应到：{tally.signed_up}人" in rows[1][0]
    assert "实到：57人次" in rows[1][0]
    assert rows[2] == ["序号", "姓名", "类别", "所属社区", "手机号", "签到时间", "签到方式", "签名", "备注"]
    people = [row for row in rows[3:] if str(row[0]).isdecimal()]
    came = [row for row in people if row[5] != ""]
    assert len(came) == 48
    assert {row[6] for row in came} <= {"代签", "扫码", "口令", "补录"}
    remarks = {row[8] for row in people if row[5] == ""}
    assert remarks <= {"未记", "未到", "请假"}
    assert any(row[8] == "现场加入" for row in came)
    assert [row[8] for row in rows if row[1] == "现场清点"] == ["9人次，未登记姓名"]
    numbers = [int(row[0]) for row in people]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == len(numbers)


async def test_a_sheet_can_be_printed_before_the_event_with_empty_cells(season):
    def coming(tx):
        (event_id,) = tx.connection.exec_driver_sql(
            "SELECT id FROM events WHERE state = 'published' ORDER BY starts_at LIMIT 1"
        ).one()
        return list(attendance_sheet(tx, event_id, paper(tx, MADE), blank=True).rows)

    rows = await season(coming)
    assert rows
    assert all(row[5:] == (None, None, None, None) for row in rows)
    assert all(row[1] for row in rows)


async def test_a_sheet_of_no_event_is_refused(season):
    def nothing(tx):
        attendance_sheet(tx, 10**6, paper(tx, MADE))

    with pytest.raises(NotFound):
        await season(nothing)


async def test_every_sheet_says_that_its_data_are_samples(book):
    workbook = openpyxl.load_workbook(book)
    for name in ("活动台账", "按月", "按支部"):
        assert "示例数据" in workbook[name]["A2"].value
        assert "数据截至：2026年12月8日 18:00" in workbook[name]["A2"].value

"""What a workbook promises to those who open it, print it, or feed it to another program."""

import zipfile
from datetime import UTC, date, datetime

import openpyxl
import pytest
import python_calamine
from openpyxl.utils.escape import unescape

from reports import xlsx
from reports.sheet import Book, Chart, Column, Sheet, Unmasked, heads
from reports.xlsx import write_xlsx

NASTY = [
    "=1+1",
    "+86 138 0013 8000",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "＝1+1",
    '=HYPERLINK("http://example.invalid","点我")',
    "460200190001011234",
    "00123",
    "𠮷田",
    "䶮㛃",
    "O'Brien",
    "第一行\n第二行",
    "<r><t>假</t></r>",
    "<b>&amp;</b>",
    " 前后有空格 ",
    "{=1}",
    "2026-12-08",
    "1e5",
    "TRUE",
]


def a_sheet(rows, **more):
    columns = (Column("序号", "number"), Column("姓名"), Column("手机号", "phone"))
    return Sheet("活动签到表", columns, rows, **more)


def opened(path):
    return openpyxl.load_workbook(path)


def cells_by_calamine(path, name):
    return python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_name(name).to_python()


@pytest.mark.parametrize("typed", NASTY)
def test_what_people_typed_stays_text_and_comes_back_as_it_was(tmp_path, typed):
    path = tmp_path / "a.xlsx"
    write_xlsx(Book((a_sheet([(1, typed, "13800138000")]),), ("说明",)), path)
    book = opened(path)
    for name, row in (("活动签到表", 4), ("原始数据", 2)):
        cell = book[name].cell(row, 2)
        assert cell.data_type in ("s", "inlineStr")
        assert cell.value == typed
        assert cell.number_format == "@"
    assert cells_by_calamine(path, "原始数据")[1][1] == typed
    with zipfile.ZipFile(path) as parts:
        for part in parts.namelist():
            assert b"<f>" not in parts.read(part), "a formula got into the file"


def test_text_that_looks_like_an_escape_is_not_taken_for_one(tmp_path):
    """Excel reads _x0041_ as A unless its underscore is escaped itself; openpyxl leaves that to us."""
    path = tmp_path / "a.xlsx"
    write_xlsx(Book((a_sheet([(1, "_x0041_", "")]),), ()), path)
    assert unescape(opened(path)["原始数据"]["B2"].value) == "_x0041_"


def test_characters_that_no_workbook_can_hold_are_left_out(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(Book((a_sheet([(1, "王\x00国\x0b强\ud800\ufffe", "\x07138")]),), ()), path)
    row = cells_by_calamine(path, "原始数据")[1]
    assert row[1:] == ["王国强", "138"]


def test_a_text_longer_than_a_cell_is_cut_and_never_dropped(tmp_path):
    path = tmp_path / "a.xlsx"
    write_xlsx(Book((a_sheet([(1, "𠮷" * 20_000, "")]),), ()), path)
    assert cells_by_calamine(path, "原始数据")[1][1] == "𠮷" * 16_383


def test_the_layout_is_the_one_offices_hand_in(tmp_path):
    path = tmp_path / "a.xlsx"
    above = heads("示例单位", "2026年12月", date(2026, 12, 8), datetime(2026, 12, 8, 10, tzinfo=UTC))
    sheet = a_sheet([(1, "王*国", "138****8000")], heads=above, total=lambda: (1, "合计", None), notes=("口径。",))
    write_xlsx(Book((sheet,), ("口径说明：第一。", "第二。")), path)
    book = opened(path)
    assert book.sheetnames == ["活动签到表", "原始数据", "口径说明"]
    tab = book["活动签到表"]
    assert {str(area) for area in tab.merged_cells.ranges} >= {"A1:C1", "A2:C2"}
    assert tab["A1"].value == "活动签到表"
    assert tab["A2"].value == (
        "填报单位：示例单位　　期间：2026年12月\n制表日期：2026年12月8日\n数据截至：2026年12月8日 18:00"
    )
    assert [cell.value for cell in tab[3]] == ["序号", "姓名", "手机号"]
    assert [cell.value for cell in tab[4]] == [1, "王*国", "138****8000"]
    assert [cell.value for cell in tab[5]] == [1, "合计", None]
    assert tab["A6"].value.startswith("制表人：")
    assert "审核人：" in tab["A6"].value
    assert tab["A7"].value == "口径。"
    assert tab.freeze_panes == "A4"
    assert tab.print_title_rows == "$1:$3"
    assert tab.page_setup.orientation == "landscape"
    assert tab.page_setup.paperSize == 9
    assert tab.sheet_properties.pageSetUpPr.fitToPage
    assert tab["B4"].border.left.style == "thin"
    assert tab["B4"].alignment.wrap_text
    assert [cell.value for cell in book["原始数据"][1]] == ["序号", "姓名", "手机号"]
    assert [row[0].value for row in book["口径说明"]] == ["口径说明", "口径说明：第一。", "第二。"]


def test_a_wide_table_has_its_heads_in_one_line(tmp_path):
    path = tmp_path / "a.xlsx"
    above = heads("示例单位", "2026年12月", date(2026, 12, 8), datetime(2026, 12, 8, 10, tzinfo=UTC))
    write_xlsx(Book((Sheet("表", (Column("一", width=120),), [], heads=above),), ()), path)
    assert opened(path)["表"]["A2"].value == (
        "填报单位：示例单位　　期间：2026年12月　　制表日期：2026年12月8日　　数据截至：2026年12月8日 18:00"
    )


def test_moments_are_shown_as_on_the_clock_of_sanya(tmp_path):
    path = tmp_path / "a.xlsx"
    columns = (Column("开始", "moment"), Column("日期", "date"), Column("到场率", "ratio"))
    rows = [(datetime(2025, 9, 30, 23, 30, tzinfo=UTC), date(2025, 10, 1), None)]
    write_xlsx(Book((Sheet("时间", columns, rows),), ()), path)
    book = opened(path)
    shown = [cell.value and cell.value.isoformat() for cell in book["原始数据"][2]]
    assert shown == ["2025-10-01T07:30:00", "2025-10-01T00:00:00", None]
    assert book["时间"]["A4"].number_format == "yyyy-mm-dd hh:mm"
    assert book["时间"]["C4"].value == "—", "a rate without a denominator prints a dash"


def test_names_of_tabs_are_cut_to_31_and_never_repeat(tmp_path):
    path = tmp_path / "a.xlsx"
    long_name = "夕阳红私塾" * 8
    assert len(long_name) == 40
    rare = "𠮷" * 20
    names = [long_name, long_name, "a/b:c*[d]?", "History", "''", rare]
    write_xlsx(Book(tuple(Sheet(name, (Column("一"),), [("x",)]) for name in names), ()), path)
    tabs = opened(path).sheetnames
    assert len(set(tabs)) == len(tabs) == 7
    assert tabs[0] == long_name[:31]
    assert tabs[1] == long_name[:29] + "_2"
    assert tabs[2:6] == ["abcd", "History_", "表", "𠮷" * 15]
    assert all(len(tab.encode("utf-16-le")) <= 62 for tab in tabs)


def test_rows_beyond_the_limit_go_on_in_a_further_tab_with_its_own_header(tmp_path, monkeypatch):
    """With the limit lowered; `benchmarks/export.py` goes over the true one."""
    monkeypatch.setattr(xlsx, "ROWS_OF_A_SHEET", 10)
    path = tmp_path / "a.xlsx"
    sheet = a_sheet(((n, f"名{n}", "") for n in range(20)), total=lambda: (20, "合计", None))
    write_xlsx(Book((sheet,), ()), path)
    book = opened(path)
    assert book.sheetnames[:1] == ["活动签到表"]
    seen = []
    for tab in book:
        assert tab.max_row <= 10
        if tab.title.startswith("活动签到表"):
            assert [cell.value for cell in tab[3]] == ["序号", "姓名", "手机号"]
            seen += [row[1].value for row in tab.iter_rows(min_row=4) if str(row[1].value).startswith("名")]
    assert seen == [f"名{n}" for n in range(20)]
    raw = [name for name in book.sheetnames if name.startswith("原始数据")]
    assert raw == ["原始数据", "原始数据（2）", "原始数据（3）"]
    assert sum(book[name].max_row - 1 for name in raw) == 20


def test_an_export_that_fails_leaves_nothing_behind(tmp_path):
    def rows():
        yield (1, "王*国", "")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_xlsx(Book((a_sheet(rows()),), ()), tmp_path / "a.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_an_export_can_be_stopped_from_its_progress(tmp_path):
    class Stopped(Exception):
        pass

    told = []

    def progress(written):
        told.append(written)
        if written == 2000:
            raise Stopped

    with pytest.raises(Stopped):
        write_xlsx(Book((a_sheet((n, "", "") for n in range(10**9)),), ()), tmp_path / "a.xlsx", progress=progress)
    assert told == [1000, 2000]
    assert list(tmp_path.iterdir()) == []


def test_full_names_leave_only_under_a_mark_of_who_took_them(tmp_path):
    path = tmp_path / "a.xlsx"
    mark = Unmasked("李干事", datetime(2026, 12, 8, 10, tzinfo=UTC))
    write_xlsx(Book((a_sheet([(1, "王建国", "13800138000")]),), (), unmasked=mark), path)
    for tab in opened(path):
        assert "内部资料 注意保管" in tab.oddFooter.left.text
        assert "李干事　2026-12-08 18:00" in tab.oddHeader.center.text


def test_rows_are_written_as_they_come(tmp_path):
    """A million rows must not wait in memory: what was read is on disk long before the last row is."""
    path = tmp_path / "a.xlsx"
    sizes = []

    def rows():
        for number in range(5000):
            if number % 1000 == 0:
                sizes.append(sum(part.stat().st_size for part in tmp_path.rglob("*") if part.is_file()))
            yield (number, "王*国" * 50, "")

    write_xlsx(Book((a_sheet(rows()),), ()), path)
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1_000_000


def test_charts_are_native_and_point_at_the_rows_without_the_total(tmp_path):
    path = tmp_path / "a.xlsx"
    columns = (Column("周期"), Column("人次", "number"))
    rows = [("10月", 66), ("11月", 148)]
    sheet = Sheet("按月", columns, rows, total=lambda: ("合计", 214), charts=(Chart("每月人次", "周期", "人次"),))
    write_xlsx(Book((sheet,), ()), path)
    (chart,) = opened(path)["图表"]._charts
    (series,) = chart.series
    assert series.val.numRef.f == "按月!$B$4:$B$5"
    assert series.cat.strRef.f == "按月!$A$4:$A$5"


def test_of_two_kinds_of_bars_the_second_is_hatched_and_no_axis_hides_where_it_begins(tmp_path):
    path = tmp_path / "a.xlsx"
    columns = (Column("类别"), Column("受理数", "number"), Column("已解决", "number"), Column("解决率", "ratio"))
    charts = (Chart("受理和解决", "类别", "受理数", "已解决"), Chart("解决率", "类别", "解决率"))
    rows = [("停水", 4, 2, 0.5), ("看病", 1, 0, None)]
    write_xlsx(Book((Sheet("诉求", columns, rows, charts=charts),), ()), path)
    pair, rate = opened(path)["图表"]._charts
    assert [series.val.numRef.f for series in pair.series] == ["诉求!$B$4:$B$5", "诉求!$C$4:$C$5"]
    assert pair.series[0].spPr.pattFill is None
    assert pair.series[1].spPr.pattFill.prst == "wdUpDiag"
    assert pair.legend is not None
    assert (pair.y_axis.scaling.min, rate.y_axis.scaling.min, rate.y_axis.scaling.max) == (0, 0, 1)

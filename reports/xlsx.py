"""Sheets as an Excel workbook that can be printed and handed in as it is (docs/decisions/0005-workbooks.md).

Rows go to disk as they come, so a million of them need no more memory than ten.
"""

import math
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TextIO, cast

from xlsxwriter import Workbook
from xlsxwriter.chart_bar import ChartBar
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from reports.sheet import NO_RATE, Book, Chart, Column, Kind, Row, Sheet, Value, printable
from storage.times import local

ROWS_OF_A_SHEET = 1_048_576  # the format's limit; what lies beyond would be dropped without a word
_CELL = 32_767  # UTF-16 units, the format's limit of one cell
_TAB = 31  # UTF-16 units, the format's limit of a sheet's name
_NOT_ON_TABS = re.compile(r"[\[\]:*?/\\]")
_TELL_EVERY = 1000  # rows
_A4 = 9
_CHART_PAGE = 32  # rows of the standard height on a landscape page, charts being 900 pixels wide
_HEADER_ROWS = 3  # title, heads, column headers
_FILLS: tuple[dict[str, object], ...] = (  # told apart on a copy in black and white
    {"fill": {"color": "#7F7F7F"}},
    {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#000000", "bg_color": "#FFFFFF"}},
)

_FORMATS: dict[Kind, str] = {
    "text": "@",
    "phone": "@",
    "number": "0",
    "decimal": "0.0",
    "money": "0.00",
    "ratio": "0.0%",
    "date": "yyyy-mm-dd",
    "moment": "yyyy-mm-dd hh:mm",
}


def write_xlsx(book: Book, path: Path, *, progress: Callable[[int], None] | None = None) -> None:
    """Write `book` to `path`; nothing is left there when the rows cannot be read to the end.

    `progress` is told the number of rows written; raising in it stops the export.
    """
    # The temporary directory holds the rows while they come: when something raises, it takes them away.
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".xlsx-") as scratch:
        unfinished = Path(scratch) / "book.xlsx"
        with _workbook(unfinished, scratch) as workbook:
            _Writer(workbook, book, progress).write()
        unfinished.replace(path)


@contextmanager
def _workbook(path: Path, scratch: str) -> Iterator[Workbook]:
    workbook = Workbook(str(path), {"constant_memory": True, "tmpdir": scratch, "default_date_format": "yyyy-mm-dd"})
    try:
        yield workbook
    except BaseException:
        for sheet in workbook.worksheets():
            cast("TextIO", sheet.row_data_fh).close()  # left open, the files outlive the directory on some systems
        raise
    workbook.close()


class _Writer:
    def __init__(self, workbook: Workbook, book: Book, progress: Callable[[int], None] | None) -> None:
        self._workbook = workbook
        self._book = book
        self._progress = progress
        self._written = 0
        self._tabs: set[str] = set()
        base = {"font_name": "宋体", "font_size": 10, "valign": "vcenter"}
        boxed = base | {"border": 1, "text_wrap": True}
        self.title = workbook.add_format(base | {"font_size": 16, "bold": True, "align": "center", "num_format": "@"})
        self.heads = workbook.add_format(base | {"text_wrap": True, "num_format": "@"})
        self.header = workbook.add_format(
            boxed | {"bold": True, "align": "center", "bg_color": "#E7E6E6", "num_format": "@"}
        )
        self.cells: dict[Kind, Format] = {}
        self.sums: dict[Kind, Format] = {}
        self.plain: dict[Kind, Format] = {}
        for kind, shape in _FORMATS.items():
            align = "left" if kind == "text" else "center" if kind in ("date", "moment", "phone") else "right"
            self.cells[kind] = workbook.add_format(boxed | {"align": align, "num_format": shape})
            self.sums[kind] = workbook.add_format(boxed | {"align": align, "num_format": shape, "bold": True})
            self.plain[kind] = workbook.add_format({"num_format": shape})
        self._rich = workbook.add_format()
        self._charts: list[tuple[Chart, _PrintedTab]] = []

    def write(self) -> None:
        raw = self._book.raw
        for sheet in self._book.sheets:
            # The rows can be read only once: those of a lone sheet go to both of its tabs as they come.
            self._write_sheet(sheet, also_plain=raw is None and len(self._book.sheets) == 1)
        if raw is not None:
            plain = _PlainTab(self, "原始数据", raw.columns)
            for row in raw.rows:
                plain.add(row)
                self._count()
        self._write_definitions()
        if self._charts:
            self._draw_charts()

    def _write_sheet(self, sheet: Sheet, *, also_plain: bool) -> None:
        tab = _PrintedTab(self, sheet)
        plain = _PlainTab(self, "原始数据", sheet.columns) if also_plain else None
        for row in sheet.rows:
            tab.add(row)
            if plain:
                plain.add(row)
            self._count()
        tab.finish()
        self._charts += [(chart, tab) for chart in sheet.charts if tab.charted]

    def _draw_charts(self) -> None:
        worksheet = self.add_tab("图表")
        top = page = 0
        breaks = []
        for chart, tab in self._charts:
            drawn = self._drawn(chart, tab)
            height = 120 + (36 if chart.beside else 22) * len(tab.charted)  # pixels, of which a row has 20
            rows = height // 20 + 2
            if top > page and top + rows - page > _CHART_PAGE:
                page = top
                breaks.append(top)
            drawn.set_size({"width": 900, "height": height})
            worksheet.insert_chart(top, 0, drawn)
            top += rows
        worksheet.set_h_pagebreaks(breaks)

    def _drawn(self, chart: Chart, tab: "_PrintedTab") -> ChartBar:
        headers = [column.header for column in tab.columns]
        last_row = _HEADER_ROWS + len(tab.charted) - 1
        drawn = cast("ChartBar", self._workbook.add_chart({"type": "bar"}))
        for values, fill in zip((chart.values, chart.beside), _FILLS, strict=True):
            if not values:
                continue
            series: dict[str, object] = {"name": values, "border": {"color": "#000000"}, "gap": 60} | fill
            # A column of rates holds a dash where there is none; a chart takes that for nothing.
            series["data_labels"] = {"value": True}
            for use, header in (("categories", chart.labels), ("values", values)):
                place = headers.index(header)
                series[use] = [tab.name, _HEADER_ROWS, place, last_row, place]
                # Without the data the library would take labels for numbers.
                series[f"{use}_data"] = [row[place] for row in tab.charted]
            drawn.add_series(series)
        drawn.set_title({"name": chart.title, "overlay": False})
        drawn.set_legend({"position": "top"} if chart.beside else {"none": True})
        drawn.set_y_axis({"reverse": True})  # the first row at the top, as in the table
        # Each bar says its value. Programs that choose where the axis begins would make small differences look large.
        axis: dict[str, object] = {"visible": False, "major_gridlines": {"visible": False}, "min": 0}
        is_rate = next(column.kind for column in tab.columns if column.header == chart.values) == "ratio"
        drawn.set_x_axis(axis | {"max": 1} if is_rate else axis)
        return drawn

    def _write_definitions(self) -> None:
        worksheet = self.add_tab("口径说明")
        worksheet.set_column(0, 0, 100)
        worksheet.write_string(0, 0, "口径说明", self.title)
        for number, paragraph in enumerate(self._book.definitions, 1):
            worksheet.set_row(number, _height(paragraph, 100))
            self.put_text(worksheet, number, 0, paragraph, self.heads)

    def add_tab(self, name: str) -> Worksheet:
        """A new worksheet, set up for paper, under `name` as far as a tab can show it."""
        shown = _tab_name(name, self._tabs)
        self._tabs.add(shown.casefold())
        worksheet = self._workbook.add_worksheet(shown)
        worksheet.set_landscape()
        worksheet.set_paper(_A4)
        worksheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.6)
        worksheet.fit_to_pages(1, 0)
        footer = "&C第 &P 页，共 &N 页"
        if self._book.unmasked:
            # An ampersand begins a code of the page header.
            mark = printable(self._book.unmasked.watermark).replace("&", "&&")
            worksheet.set_header(f"&C&14&K999999{mark[:200]}")
            footer = "&L内部资料 注意保管" + footer
        worksheet.set_footer(footer)
        return worksheet

    def put(
        self, worksheet: Worksheet, at: tuple[int, int], value: Value, kind: Kind, formats: dict[Kind, Format]
    ) -> None:
        row, column = at
        match value:
            case None:
                if kind == "ratio" and formats is not self.plain:
                    worksheet.write_string(row, column, NO_RATE, formats[kind])
                else:
                    worksheet.write_blank(row, column, None, formats[kind])
            case datetime():
                worksheet.write_datetime(row, column, local(value).replace(tzinfo=None, fold=0), formats[kind])
            case date():
                worksheet.write_datetime(row, column, datetime(value.year, value.month, value.day), formats[kind])  # noqa: DTZ001 - a cell's date has no zone
            case str():
                self.put_text(worksheet, row, column, value, formats[kind])
            case _:
                worksheet.write_number(row, column, value, formats[kind])

    def put_text(self, worksheet: Worksheet, row: int, column: int, text: str, form: Format) -> None:
        """`text` as text, whatever it looks like. `write()` would make a formula of "=1+1"."""
        text = _clipped(printable(text), _CELL)
        if text.startswith("<r>"):
            # The library takes a string in <r>…</r> for finished markup and would copy it into the file as it is.
            worksheet.write_rich_string(row, column, "<", self._rich, text[1:], form)
        else:
            worksheet.write_string(row, column, text, form)

    def _count(self) -> None:
        self._written += 1
        if self._progress and self._written % _TELL_EVERY == 0:
            self._progress(self._written)


class _PrintedTab:
    """A sheet for paper: title, heads, headers, boxed rows, total, signatures, notes. Full, it goes on in a new tab."""

    def __init__(self, writer: _Writer, sheet: Sheet) -> None:
        self._writer = writer
        self._sheet = sheet
        self.columns = sheet.columns
        self.charted: list[Row] = []  # the rows, kept only where there is something to draw
        self._part = 0
        self._below = len(sheet.notes) + 2  # total and signatures must still fit
        self._begin()

    def _begin(self) -> None:
        sheet, writer = self._sheet, self._writer
        self._part += 1
        part = f"（{self._part}）" if self._part > 1 else ""
        self._tab = writer.add_tab(_clipped(sheet.name or sheet.title, _TAB - len(part)) + part)
        self.name = self._tab.name
        for place, column in enumerate(sheet.columns):
            self._tab.set_column(place, place, column.characters)
        self._width = sum(column.characters for column in sheet.columns)
        self._tab.set_row(0, 28)
        self._across(0, sheet.title + part, writer.title)
        heads = _in_lines([f"{label}：{value}" for label, value in sheet.heads], self._width)
        self._tab.set_row(1, _height(heads, self._width))
        self._across(1, heads, writer.heads)
        self._tab.set_row(2, 28)
        for place, column in enumerate(sheet.columns):
            writer.put_text(self._tab, 2, place, column.header, writer.header)
        self._tab.freeze_panes(_HEADER_ROWS, 0)
        self._tab.repeat_rows(0, _HEADER_ROWS - 1)
        self._row = _HEADER_ROWS

    def _across(self, row: int, text: str, form: Format) -> None:
        last = len(self._sheet.columns) - 1
        if last > 0:
            self._tab.merge_range(row, 0, row, last, "", form)
        self._writer.put_text(self._tab, row, 0, text, form)

    def add(self, row: Row, *, total: bool = False) -> None:
        if self._row >= ROWS_OF_A_SHEET - self._below and not total:
            self._begin()
        formats = self._writer.sums if total else self._writer.cells
        lines = 1
        for place, (value, column) in enumerate(zip(row, self._sheet.columns, strict=True)):
            self._writer.put(self._tab, (self._row, place), value, column.kind, formats)
            if isinstance(value, str) and ("\n" in value or 2 * len(value) > column.characters):
                lines = max(lines, _lines(value, column.characters))
        if lines > 1:
            # Not every program grows a row to what is wrapped in it.
            self._tab.set_row(self._row, _lines_high(lines))
        self._row += 1
        if self._sheet.charts and not total:
            self.charted.append(row)

    def finish(self) -> None:
        """Write what stands below the rows."""
        if self._sheet.total:
            self.add(self._sheet.total(), total=True)
        self._across(self._row, "制表人：　　　　　　　　　　审核人：　　　　　　　　　　", self._writer.heads)
        for note in self._sheet.notes:
            self._row += 1
            self._tab.set_row(self._row, _height(note, self._width))
            self._across(self._row, note, self._writer.heads)


class _PlainTab:
    """Rows under one plain header, as programs want to read them."""

    def __init__(self, writer: _Writer, name: str, columns: tuple[Column, ...]) -> None:
        self._writer = writer
        self._name = name
        self._columns = columns
        self._part = 0
        self._begin()

    def _begin(self) -> None:
        self._part += 1
        self._tab = self._writer.add_tab(self._name + (f"（{self._part}）" if self._part > 1 else ""))
        for place, column in enumerate(self._columns):
            self._tab.set_column(place, place, column.characters)
            self._writer.put_text(self._tab, 0, place, column.header, self._writer.plain["text"])
        self._tab.freeze_panes(1, 0)
        self._row = 1

    def add(self, row: Row) -> None:
        if self._row >= ROWS_OF_A_SHEET:
            self._begin()
        for place, (value, column) in enumerate(zip(row, self._columns, strict=True)):
            self._writer.put(self._tab, (self._row, place), value, column.kind, self._writer.plain)
        self._row += 1


def _tab_name(name: str, taken: set[str]) -> str:
    """`name` as the format allows it: at most 31 UTF-16 units, no []:*?/\\, no quote at an end, none twice."""
    wanted = _NOT_ON_TABS.sub("", printable(name).replace("\n", " ").replace("\t", " ")).strip(" '") or "表"
    if wanted.casefold() == "history":  # reserved by Excel
        wanted += "_"
    name, number = _clipped(wanted, _TAB).rstrip(" '"), 1
    while name.casefold() in taken:
        number += 1
        name = f"{_clipped(wanted, _TAB - len(str(number)) - 1).rstrip(chr(39) + ' ')}_{number}"
    return name


def _clipped(text: str, units: int) -> str:
    """`text` cut to so many UTF-16 units, without splitting a rare character."""
    if len(text) * 2 <= units or len(text.encode("utf-16-le")) <= units * 2:
        return text
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def _in_lines(parts: list[str], characters: float) -> str:
    """`parts` side by side as far as the width allows, none of them torn apart."""
    text = ""
    for part in parts:
        line = text.rpartition("\n")[2]
        gap = "" if not text else "　　" if _wide(f"{line}　　{part}") <= characters else "\n"
        text += gap + part
    return text


def _wide(text: str) -> float:
    """Width in characters of the standard font; a Chinese one takes two."""
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)


def _lines(text: str, characters: float) -> int:
    return sum(max(1, math.ceil(_wide(paragraph) / characters)) for paragraph in text.split("\n"))


def _lines_high(lines: int) -> float:
    """Points; the format allows no row higher than 409."""
    return min(409.0, 14.0 * lines + 2)


def _height(text: str, characters: float) -> float:
    """Points that `text` needs in a merged cell so wide: spreadsheets do not grow merged rows by themselves."""
    return _lines_high(_lines(text, max(characters, 20.0)))

"""Pages of A4 with their own Chinese letters in them (docs/decisions/0040-documents.md)."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from fpdf import FPDF
from fpdf.enums import TextMode
from fpdf.fonts import TTFFont

from reports.line_breaks import WIDE, broken
from reports.pictures import Picture
from reports.sheet import Column, Kind, Row, printable, shown

_FONTS = Path(__file__).parent / "fonts"
_LETTERS, _RARE = "letters", "rare"
_MISSING = "〓"  # what printers have always put where a letter was not in the case
_MM = 0.3528  # of a point
_MARGIN = 18.0
_LEADING = 1.5  # height of a line, by the size of its letters
_PADDING = 1.2
_GREY, _LIGHT = 90, 232
_SMALL = 9.0  # points, of what is written beside bars
_LABELS, _NARROW = 52.0, 30.0  # mm that the labels of bars may take, over the whole width and over half of it
_KEPT_TOGETHER = 85.0  # mm: a table as high as this is not torn over two pages
_SAYS = 16.0  # mm for what is written behind them
_THICK, _BETWEEN, _LEGEND = 4.2, 2.2, 6.0  # mm: a bar, what parts it from the next, and what tells two kinds apart

Align = Literal["left", "centre", "right"]
_ALIGNED: dict[Kind, Align] = {"text": "left", "phone": "centre", "date": "centre", "moment": "centre"}


class Document(FPDF):
    """Written from the top down. Lengths are millimetres, sizes of letters points.

    `is_sample` prints 示例 across each page; `mark` says at the head of each who took it away.
    """

    def __init__(self, title: str, *, is_landscape: bool = False, is_sample: bool = False, mark: str = "") -> None:
        super().__init__("landscape" if is_landscape else "portrait", "mm", "A4")
        self._is_sample = is_sample
        self._mark = mark
        self._lacks_letters = False
        self._widths: dict[str, float] = {}
        self.add_font(_LETTERS, "", _FONTS / "NotoSansSC-Regular.otf")
        self.add_font(_RARE, "", _FONTS / "HongyanRareHan.otf")
        self.set_fallback_fonts([_RARE])
        self._known = {code for font in self.fonts.values() if isinstance(font, TTFFont) for code in font.cmap}
        self.set_title(printable(title))
        self.set_lang("zh-CN")
        self.set_margin(_MARGIN)
        self.set_auto_page_break(False)
        self.c_margin = 0
        self._size(11)
        self.add_page()

    # What stands on every page; the library calls these by their names.

    def header(self) -> None:
        if self._is_sample:
            with self.local_context(text_color=_LIGHT), self.rotation(35, self.w / 2, self.h / 2):
                self._size(120)
                self.text(self.w / 2 - 120 * _MM, self.h / 2 + 20, "示例")
        if self._mark:
            self._line(_MARGIN, 8, self.epw, self._clean(self._mark), 9, "centre")
        self.set_y(_MARGIN)

    def footer(self) -> None:
        said = f"第{self.page_no()}页，共{{nb}}页"
        if self._lacks_letters:
            said = f"{_MISSING}处的字，字库里没有，请用笔写上。　　{said}"
        if self._mark:
            said = f"内部资料 注意保管　　{said}"
        self._line(_MARGIN, self.h - 12, self.epw, said, 9, "centre")

    # What is written.

    def headline(self, text: str, size: float = 20) -> None:
        self._paragraph(text, size, align="centre", is_bold=True)
        self.gap(2)

    def heading(self, text: str) -> None:
        """It is never left alone at the foot of a page."""
        self.needs(40)
        self.gap(3)
        self._paragraph(text, 14, is_bold=True)
        self.gap(1)

    def paragraph(self, text: str, size: float = 11, *, is_bold: bool = False, align: Align = "left") -> None:
        self._paragraph(text, size, is_bold=is_bold, align=align)

    def gap(self, height: float) -> None:
        self.set_y(self.get_y() + height)

    def needs(self, height: float) -> None:
        """A new page, unless so much is left of this one."""
        if self.get_y() + height > self.bottom:
            self.add_page()

    @property
    def bottom(self) -> float:
        return self.h - _MARGIN

    def facts(self, pairs: Iterable[tuple[str, str]], *, in_columns: int = 1, size: float = 11) -> None:
        """Labelled facts, side by side where they are short enough."""
        width = self.epw / in_columns
        x, y, lowest = self.l_margin, self.get_y(), self.get_y()
        for label, value in pairs:
            text = self._clean(f"{label}：{value}")
            takes = self.epw if self._wide(text, size) > width else width
            if x + takes > self.l_margin + self.epw + 0.1:
                x, y = self.l_margin, lowest
            lines = self._broken(text, takes, size)
            for number, line in enumerate(lines):
                self._line(x, y + number * _high(size), takes, line, size)
            lowest = max(lowest, y + len(lines) * _high(size))
            x += takes
        self.set_y(lowest + 2)

    def grid(
        self,
        columns: Sequence[Column],
        rows: Iterable[Row],
        total: Row | None = None,
        *,
        title: str = "",
        size: float = 9,
        row_height: float = 0,
    ) -> None:
        """A boxed table, kept on one page where it is short, else with its headers on each. `row_height` is the least
        of a row."""
        whole = sum(column.characters for column in columns)
        widths = [self.epw * column.characters / whole for column in columns]
        headers: Row = tuple(column.header for column in columns)
        listed = [(row, False) for row in rows] + ([(total, True)] if total else [])
        heights = [_row_height(self._cells(row, columns, widths, size), size, row_height) for row, _ in listed]
        whole_height = sum(heights) + 20
        self.needs(whole_height if whole_height < _KEPT_TOGETHER else 45)
        if title:
            self.gap(2)
            self._paragraph(title, 11, is_bold=True)
        self._row(headers, columns, widths, size, row_height, is_head=True)
        for (row, is_total), height in zip(listed, heights, strict=True):
            if self.get_y() + height > self.bottom:
                self.add_page()
                self._row(headers, columns, widths, size, row_height, is_head=True)
            self._row(row, columns, widths, size, row_height, is_total=is_total)
        self.gap(2)

    def pictures(self, drawn: Sequence[Picture]) -> None:
        """Bars from left to right, each with its figure; two pictures side by side where their labels are short."""
        left = list(drawn)
        while left:
            pair = left[:2]
            if len(pair) == 2 and all(self._wide(bar.label, _SMALL) < _NARROW for each in pair for bar in each.bars):
                height = max(_picture_height(each) for each in pair)
                self.needs(height)
                y, width = self.get_y(), (self.epw - 6) / 2
                for number, each in enumerate(pair):
                    self._picture(each, self.l_margin + number * (width + 6), y, width, _NARROW)
            else:
                pair = left[:1]
                height = _picture_height(pair[0])
                self.needs(height)
                y = self.get_y()
                self._picture(pair[0], self.l_margin, y, self.epw, _LABELS)
            self.set_y(y + height)
            del left[: len(pair)]

    def signatures(self, *names: str) -> None:
        """A line to sign for each of `names`, side by side."""
        self.needs(16)
        self.gap(8)
        y, width = self.get_y(), self.epw / len(names)
        for number, name in enumerate(names):
            x = self.l_margin + number * width
            self._line(x, y, width, f"{name}：", 11)
            begins = x + self._wide(f"{name}：", 11)
            self.line(begins, y + 5.5, x + width - 6, y + 5.5)
        self.set_y(y + 8)

    # How it is drawn.

    def _paragraph(self, text: str, size: float, *, is_bold: bool = False, align: Align = "left") -> None:
        for line in self._broken(self._clean(text), self.epw, size):
            self.needs(_high(size))
            self._line(self.l_margin, self.get_y(), self.epw, line, size, align, is_bold=is_bold)
            self.gap(_high(size))

    def _picture(self, picture: Picture, x: float, y: float, width: float, labels: float) -> None:
        y += 1
        self._line(x, y, width, self._clean(picture.title), 10, is_bold=True)
        y += _high(10) + 1
        if len(picture.series) > 1:
            self._legend(picture.series, x + labels, y)
            y += _LEGEND
        room = width - labels - _SAYS
        top = y
        for bar in picture.bars:
            lines = self._broken(self._clean(bar.label), labels - 2, _SMALL)
            label = lines[0] if len(lines) == 1 else lines[0][:-1] + "…"
            middle = y + (_THICK * len(bar.parts) - _high(_SMALL)) / 2
            self._line(x, middle, labels - 2, label, _SMALL, "right")
            for number, (part, says) in enumerate(zip(bar.parts, bar.says, strict=True)):
                at = y + number * _THICK
                self._bar(x + labels, at, room * part, _THICK - 0.4, is_hatched=number == 1)
                self._line(x + labels + room * part + 1.5, at - 0.2, _SAYS, says, _SMALL)
            y += _THICK * len(bar.parts) + _BETWEEN
        self.line(x + labels, top - 1, x + labels, y - _BETWEEN + 1)

    def _legend(self, series: tuple[str, ...], x: float, y: float) -> None:
        for number, name in enumerate(series):
            self._bar(x, y + 0.3, 8, 3.6, is_hatched=number == 1)
            self._line(x + 10, y, 40, self._clean(name), _SMALL)
            x += 16 + self._wide(name, _SMALL)

    def _bar(self, x: float, y: float, width: float, height: float, *, is_hatched: bool) -> None:
        if width <= 0:
            return
        self.set_line_width(0.2)
        if not is_hatched:
            self.set_fill_color(_GREY)
            self.rect(x, y, width, height, "DF")
            return
        self.rect(x, y, width, height, "D")
        with self.rect_clip(x, y, width, height):
            at = x - height
            while at < x + width:
                self.line(at, y + height, at + height, y)
                at += 1.1

    def _row(
        self,
        row: Row,
        columns: Sequence[Column],
        widths: list[float],
        size: float,
        least: float,
        *,
        is_head: bool = False,
        is_total: bool = False,
    ) -> None:
        cells = self._cells(row, columns, widths, size)
        height = _row_height(cells, size, 0 if is_head else least)
        x, y = self.l_margin, self.get_y()
        self.set_line_width(0.2)
        for lines, column, width in zip(cells, columns, widths, strict=True):
            if is_head:
                self.set_fill_color(_LIGHT)
            self.rect(x, y, width, height, "DF" if is_head else "D")
            top = y + (height - len(lines) * _high(size)) / 2
            align: Align = "centre" if is_head else _ALIGNED.get(column.kind, "right")
            for number, line in enumerate(lines):
                at = x + _PADDING, top + number * _high(size)
                self._line(*at, width - 2 * _PADDING, line, size, align, is_bold=is_head or is_total)
            x += width
        self.set_y(y + height)

    def _cells(self, row: Row, columns: Sequence[Column], widths: list[float], size: float) -> list[list[str]]:
        return [
            self._broken(self._clean(shown(value, column.kind)), width - 2 * _PADDING, size)
            for value, column, width in zip(row, columns, widths, strict=True)
        ]

    def _line(
        self, x: float, y: float, width: float, text: str, size: float, align: Align = "left", *, is_bold: bool = False
    ) -> None:
        if not text:
            return
        self._size(size)
        takes = self._wide(text, size)
        x += {"left": 0.0, "centre": (width - takes) / 2, "right": width - takes}[align]
        self.set_xy(x, y)
        if is_bold:
            with self.local_context(text_mode=TextMode.FILL_STROKE, line_width=size * 0.008):
                self.cell(takes, _high(size), text)
        else:
            self.cell(takes, _high(size), text)  # the one that looks for rare letters in the second font

    def _size(self, size: float) -> None:
        self.set_font(_LETTERS, size=size)

    def _clean(self, text: str) -> str:
        """`text` without what cannot be seen, and with a mark for each letter that neither font has."""
        kept = []
        for letter in printable(text).replace("\t", " "):
            if letter == "\n" or ord(letter) in self._known:
                kept.append(letter)
            elif unicodedata.category(letter)[0] in "LNPS":  # not what only changes the letter before it
                kept.append(_MISSING)
                self._lacks_letters = True
        return "".join(kept)

    def _wide(self, text: str, size: float) -> float:
        return sum(self._width(letter) for letter in text) * size * _MM

    def _width(self, letter: str) -> float:
        """By the size of the letters."""
        if ord(letter) > WIDE:
            return 1.0
        if letter not in self._widths:
            before = self.font_size_pt
            self._size(100)
            self._widths[letter] = self.get_string_width(letter) / (100 * _MM)
            self._size(before)
        return self._widths[letter]

    def _broken(self, text: str, width: float, size: float) -> list[str]:
        return broken(text, lambda part: self._wide(part, size), width)


def _high(size: float) -> float:
    return size * _MM * _LEADING


def _picture_height(picture: Picture) -> float:
    bars = (_THICK * len(picture.series) + _BETWEEN) * len(picture.bars)
    return _high(10) + 4 + (_LEGEND if len(picture.series) > 1 else 0) + bars


def _row_height(cells: list[list[str]], size: float, least: float) -> float:
    return max(least, max(len(lines) for lines in cells) * _high(size) + 1.4)

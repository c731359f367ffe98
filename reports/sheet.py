"""A table as staff take it away, before anyone decides whether it becomes a workbook, a CSV file or a page."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from storage.times import local

Kind = Literal["text", "phone", "number", "decimal", "money", "ratio", "date", "moment"]
Value = str | int | float | date | datetime | None
Row = tuple[Value, ...]

NO_RATE = "—"  # domain rule: a rate whose denominator is 0 prints a dash, never 0 %

# What no file should hold: control characters but tab and line ends, half surrogate pairs, non-characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

_WIDTHS: dict[Kind, float] = {
    "text": 14,
    "phone": 16,
    "number": 9,
    "decimal": 9,
    "money": 12,
    "ratio": 9,
    "date": 12,
    "moment": 17,
}


@dataclass(frozen=True, slots=True)
class Column:
    """`header` is printed exactly so. `width` is in characters of the standard font, 0 for that of the kind.

    Kinds: `text` whatever a person typed, and every code; `phone` as text, masked by storage or not; `number` whole;
    `decimal` with one place; `money` in yuan; `ratio` a fraction shown in per cent; `date` a day; `moment` an aware
    time, shown as in 三亚.
    """

    header: str
    kind: Kind = "text"
    width: float = 0

    @property
    def characters(self) -> float:
        return self.width or _WIDTHS[self.kind]


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of one column of figures, by another column's labels, or of two beside each other.

    It is read off a copy in black and white: the second of two is hatched.
    """

    title: str
    labels: str  # header of the column
    values: str  # header of the column
    beside: str = ""  # header of the second column of figures


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table with what is printed above and below it.

    `rows` are read once, in order, and may be a generator over any number of rows. `total` is asked after the last row
    was read. `heads` are the labelled facts between the title and the table. `notes` stand below the table.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Iterable[Row]
    heads: tuple[tuple[str, str], ...] = ()
    total: Callable[[], Row] | None = None
    notes: tuple[str, ...] = ()
    name: str = ""  # on the tab; the title when empty
    charts: tuple[Chart, ...] = ()


@dataclass(frozen=True, slots=True)
class Unmasked:
    """Who took full names and phones away, and when: printed on every page of such a file."""

    by: str
    at: datetime

    @property
    def watermark(self) -> str:
        return f"内部资料 注意保管　{self.by}　{local(self.at):%Y-%m-%d %H:%M}"


@dataclass(frozen=True, slots=True)
class Book:
    """Sheets handed over as one workbook.

    `raw` are the rows behind the figures, for machines; without it the rows of a single sheet are given again under a
    plain header. `definitions` explain how the figures were counted, a paragraph each.
    """

    sheets: tuple[Sheet, ...]
    definitions: tuple[str, ...]
    raw: Sheet | None = None
    unmasked: Unmasked | None = None  # None: names and phones in it are masked


def shown(value: Value, kind: Kind) -> str:
    """`value` as it is printed and read: 2026-12-08 14:30, 21.7, 86.4%, and a dash for a rate of nothing."""
    if value is None:
        return NO_RATE if kind == "ratio" else ""
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return printable(value)
    if kind == "ratio":
        return f"{value:.1%}"
    places = {"decimal": 1, "money": 2}.get(kind)
    return str(value) if places is None else f"{value:.{places}f}"


def heads(unit: str, period: str, made_on: date, data_until: datetime) -> tuple[tuple[str, str], ...]:
    """The line every sheet carries above its table: by whom, for when, made when, and how fresh the data are."""
    until = local(data_until)
    return (
        ("填报单位", unit),
        ("期间", period),
        ("制表日期", chinese_date(made_on)),
        ("数据截至", f"{chinese_date(until.date())} {until:%H:%M}"),
    )


def printable(text: str) -> str:
    """`text` without the characters that no file format can carry, and with one kind of line end."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n"))


def chinese_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

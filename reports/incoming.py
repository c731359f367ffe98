"""Reads tables that offices have: workbooks and CSV, in the encodings and with the headers they come with."""

import csv
import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from xml.etree import ElementTree  # for the name of its fault alone  # nosec B405

_HEADERS_WITHIN = 10  # rows; a title and who fills it in often stand above
_MOST_ROWS = 200_000
_GUARDED = tuple("=+-@＝＋－＠\t")
_MOST_UNPACKED = 256 * 1024 * 1024  # bytes: a small file may unpack into any number
_DAMAGED = (  # whatever the zip, the XML and the values in it make the library stumble over
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ElementTree.ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    OSError,
    EOFError,
    RuntimeError,
)
_FIRST_SERIAL = date(1899, 12, 30)  # how spreadsheets count days
_DAY_FORMS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")


class NotATable(Exception):
    """The file cannot be read as one; the text says why, in plain English."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row by its number in the file, with what stands under each known header; nothing is left out, "" is empty."""

    number: int
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    lines: tuple[Line, ...]
    unknown: tuple[str, ...]  # headers that mean nothing here: what stands below them is not read


def read_table(content: bytes, headers: Mapping[str, tuple[str, ...]]) -> Table:
    """`headers` are the ways each field may be headed. Raises `NotATable`."""
    rows = _workbook_rows(content) if content[:4] == b"PK\x03\x04" else _csv_rows(content)
    called = {_bare(alias): field for field, aliases in headers.items() for alias in (field, *aliases)}
    known: dict[int, str] = {}
    unknown: list[str] = []
    lines: list[Line] = []
    for number, row in enumerate(rows, 1):
        if number > _MOST_ROWS:
            raise NotATable(f"more than {_MOST_ROWS} rows; please split the file")
        cells = [_text(value) for value in row]
        if not known:
            found = {place: called[_bare(cell)] for place, cell in enumerate(cells) if _bare(cell) in called}
            if len(set(found.values())) >= min(2, len(headers)):
                known = found
                unknown = [cell for place, cell in enumerate(cells) if cell and place not in found]
            elif number >= _HEADERS_WITHIN:
                break
            continue
        values = dict.fromkeys(headers, "")
        values |= {field: cells[place] for place, field in known.items() if place < len(cells)}
        if any(values.values()):
            lines.append(Line(number, values))
    if not known:
        raise NotATable("no row of headers was found in its first ten rows")
    return Table(tuple(lines), tuple(unknown))


def read_day(text: str) -> date | None:
    """A day as people write it, or as spreadsheets number it. None for what is none."""
    if text.isdecimal() and len(text) == 5:
        return _FIRST_SERIAL + timedelta(days=int(text))
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None


def _csv_rows(content: bytes) -> Iterable[Sequence[object]]:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" in text:
            break
        first = text.partition("\n")[0]
        separator = max(",\t;，", key=first.count)
        try:
            return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
        except csv.Error as problem:
            raise NotATable(f"the text cannot be read as a table ({problem})") from None
    raise NotATable("it is neither a workbook (.xlsx) nor text in UTF-8 or GB18030")


def _workbook_rows(content: bytes) -> Iterable[Sequence[object]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(part.file_size for part in packed.infolist()) > _MOST_UNPACKED:
                raise NotATable("the workbook is too large; please split the file")
        from openpyxl import load_workbook  # six megabytes that a program nobody gives a workbook need not hold

        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        return list(sheet.iter_rows(values_only=True, max_row=_MOST_ROWS + 1))
    except _DAMAGED as problem:
        raise NotATable(f"the workbook cannot be opened ({type(problem).__name__})") from None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # 1.3800138E+10 is a phone
    text = unicodedata.normalize("NFC", str(value)).strip()
    if text.startswith("'") and text[1:].lstrip().startswith(_GUARDED):
        text = text[1:]  # our own guard against formulas, on its way back
    return "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"))


def _bare(header: str) -> str:
    """As headers are compared: without spaces, signs and what stands in brackets."""
    plain = unicodedata.normalize("NFKC", header).lower().partition("(")[0]
    return "".join(letter for letter in plain if letter.isalnum() or letter == "_")

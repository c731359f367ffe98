"""A sheet as CSV: for machines, and safe to open in a spreadsheet all the same."""

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from reports.sheet import Kind, Sheet, Value, printable, shown

Encoding = Literal["utf-8-sig", "gb18030"]

# Invisible characters in front do not stop a spreadsheet from seeing the sign.
_BEGINS_A_FORMULA = re.compile("(?:[^\\S\\t\\r\\n]|[\u200b-\u200f\u2060\ufeff])*[=+\\-@＝＋－＠\\t\\r\\n]")
_FULL_MOBILE = re.compile(r"1\d{10}")
_TELL_EVERY = 1000  # rows


def write_csv(
    sheet: Sheet, path: Path, *, encoding: Encoding = "utf-8-sig", progress: Callable[[int], None] | None = None
) -> None:
    """Write header, rows and total to `path`; nothing is left there when the rows cannot be read to the end.

    UTF-8 with its mark is what spreadsheets recognise; `gb18030` is for old programs (never GBK, it lacks 𠮷 and 䶮).
    `progress` is told the number of rows written; raising in it stops the export.
    """
    unfinished = path.with_name(path.name + ".part")
    kinds = [column.kind for column in sheet.columns]
    try:
        with unfinished.open("w", encoding=encoding, newline="") as file:
            out = csv.writer(file, lineterminator="\r\n")
            out.writerow([_guarded(column.header) for column in sheet.columns])
            for number, row in enumerate(sheet.rows, 1):
                out.writerow([_cell(value, kind) for value, kind in zip(row, kinds, strict=True)])
                if progress and number % _TELL_EVERY == 0:
                    progress(number)
            if sheet.total:
                out.writerow([_cell(value, kind) for value, kind in zip(sheet.total(), kinds, strict=True)])
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _cell(value: Value, kind: Kind) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return _guarded(_spaced(value) if kind == "phone" else value)
    return shown(value, kind)


def _spaced(phone: str) -> str:
    # Eleven digits in a row become 1.38E+10 when the file is opened by a double click.
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}" if _FULL_MOBILE.fullmatch(phone) else phone


def _guarded(text: str) -> str:
    text = printable(text)
    return f"'{text}" if _BEGINS_A_FORMULA.match(text) else text

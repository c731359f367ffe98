"""How long a sheet of many rows takes, and how much memory.

Run: python -m benchmarks.export [--rows 1100000] [--keep]

The rows are made up as they are written, so what is measured is the writing. 1,100,000 rows go over the limit of one
tab; the tabs are read again at the end, and every row must be there.
"""

import resource
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from benchmarks.figures import at_most, beside, options, tell
from reports.csv import write_csv
from reports.sheet import Book, Column, Row, Sheet
from reports.xlsx import write_xlsx

TITLE = "Exports"
_FLAT = 60.0  # MB above what was resident before

COLUMNS = (
    Column("活动编号"),
    Column("开始时间", "moment"),
    Column("活动名称"),
    Column("人员编号", "number"),
    Column("姓名"),
    Column("手机号", "phone"),
    Column("所属社区"),
    Column("人次", "number"),
)
_START = datetime(2025, 10, 1, tzinfo=UTC)


def main(rows: int, *, keep: bool, command: str) -> None:
    before, figures = _peak(), []
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("csv", _csv), ("xlsx", _xlsx)):
            path = Path(folder) / f"rows.{name}"
            begun = time.perf_counter()
            write(path, rows)
            took = time.perf_counter() - begun
            figures.append(beside(name, f"{took:.1f} s, {path.stat().st_size / 1e6:.1f} MB"))
        tabs = _check(Path(folder) / "rows.xlsx", rows)
    figures.append(at_most("memory above what was there before", _peak() - before, _FLAT, " MB", 0))
    tell(
        TITLE,
        command,
        figures,
        [f"{rows:,} rows of {len(COLUMNS)} columns; each came back, in {tabs} tabs."],
        keep=keep,
    )


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def made_up(number: int) -> Iterator[Row]:
    """Rows as an export has them."""
    for row in range(number):
        moment = _START + timedelta(minutes=row // 20)
        yield (f"HD2026-{row // 20:05d}", moment, "夕阳红私塾", row % 100_000, "王*国", "138****0000", "春园社区", 1)


def _csv(path: Path, rows: int) -> None:
    write_csv(Sheet("签到明细", COLUMNS, made_up(rows)), path)


def _xlsx(path: Path, rows: int) -> None:
    """As raw rows: one tab of them, behind a sheet of figures."""
    figures = Sheet("活动统计", (Column("场次", "number"),), [(rows // 20,)])
    write_xlsx(Book((figures,), ("口径说明",), raw=Sheet("原始数据", COLUMNS, made_up(rows))), path)


def _check(path: Path, rows: int) -> int:
    """The number of tabs over which the rows are spread; all are there."""
    found = 0
    with zipfile.ZipFile(path) as parts:
        for part in parts.namelist():
            if part.startswith("xl/worksheets/sheet"):
                with parts.open(part) as xml:
                    found += sum(chunk.count(b"<row ") for chunk in _whole_rows(xml))
    tabs = -(-rows // 1_048_575)  # a header in each
    others = 3 + 1 + 1 + 2  # title, heads, header; the one row; signatures; the definitions
    if found != rows + tabs + others:
        raise SystemExit(f"{found - tabs - others:,} rows came back")
    return tabs


def _whole_rows(xml: IO[bytes]) -> Iterator[bytes]:
    """Pieces of the file that tear no row apart."""
    rest = b""
    while piece := xml.read(1 << 20):
        rest += piece
        end = rest.rfind(b"</row>") + 6
        yield rest[:end]
        rest = rest[end:]
    yield rest


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--rows", type=int, default=1_100_000)
    asked = parser.parse_args()
    main(1_000 if asked.tiny else asked.rows, keep=asked.keep, command="python -m benchmarks.export")


if __name__ == "__main__":
    _run()

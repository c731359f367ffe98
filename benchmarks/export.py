"""How long a sheet of many rows takes, and how much memory: python -m benchmarks.export [ROWS]

The rows are made up as they are written, so what is measured is the writing. 1,100,000 rows go over the limit of one
tab; the tabs are read again at the end, and every row must be there.
"""

import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from reports.csv import write_csv
from reports.sheet import Book, Column, Row, Sheet
from reports.xlsx import write_xlsx

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


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        for name, write in (("csv", _csv), ("xlsx", _xlsx)):
            path = Path(folder) / f"rows.{name}"
            begun = time.perf_counter()
            write(path, rows)
            took = time.perf_counter() - begun
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            size = path.stat().st_size / 1e6
            print(f"{name}: {rows:,} rows x {len(COLUMNS)} in {took:.1f} s, {size:.1f} MB, {peak} MB of memory at most")
        _check(Path(folder) / "rows.xlsx", rows)


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


def _check(path: Path, rows: int) -> None:
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
    print(f"every row came back, in {tabs} tab(s)")


def _whole_rows(xml: IO[bytes]) -> Iterator[bytes]:
    """Pieces of the file that tear no row apart."""
    rest = b""
    while piece := xml.read(1 << 20):
        rest += piece
        end = rest.rfind(b"</row>") + 6
        yield rest[:end]
        rest = rest[end:]
    yield rest


if __name__ == "__main__":
    main()

"""Figures as bars, before anybody decides whether a page or a document draws them."""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.sheet import Chart, Column, Row, Sheet, shown


@dataclass(frozen=True, slots=True)
class Bar:
    """`parts` of 1, the longest bar of the picture being 1, and what is written beside each."""

    label: str
    parts: tuple[float, ...]
    says: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """Bars in the order of the table they come from. `series` names what each bar of a group shows, one or two."""

    title: str
    labels: str
    series: tuple[str, ...]
    bars: tuple[Bar, ...]


def pictures(sheet: Sheet, rows: Iterable[Row]) -> list[Picture]:
    """The charts of `sheet`, drawn over `rows`, which are its rows; none of what is nothing but zeros."""
    kept = list(rows)
    drawn = [_picture(chart, sheet.columns, kept) for chart in sheet.charts] if kept else []
    return [picture for picture in drawn if any(any(bar.parts) for bar in picture.bars)]


def _picture(chart: Chart, columns: tuple[Column, ...], rows: list[Row]) -> Picture:
    headers = [column.header for column in columns]
    labels = headers.index(chart.labels)
    places = [headers.index(header) for header in (chart.values, chart.beside) if header]
    longest = max(_size(row[place]) for row in rows for place in places) or 1.0
    if columns[places[0]].kind == "ratio":
        longest = max(longest, 1.0)  # a bar of 50 % is half as long as it can be
    bars = tuple(
        Bar(
            str(row[labels]),
            tuple(_size(row[place]) / longest for place in places),
            tuple(shown(row[place], columns[place].kind) for place in places),
        )
        for row in rows
    )
    return Picture(chart.title, chart.labels, tuple(headers[place] for place in places), bars)


def _size(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0

"""The stretches of time that figures are asked for: months, quarters, years, seasons, or from one day to another."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from reports.sheet import chinese_date
from storage.times import day_ends, day_starts


@dataclass(frozen=True, slots=True)
class Period:
    """From the first moment of `first` to the last of `last`, on the clock of 三亚."""

    first: date
    last: date
    name: str = ""  # 2025—2026候鸟季, 2025年10月; empty when it is no more than its two days

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("a period ends on the day it begins or later")

    @classmethod
    def month(cls, year: int, month: int) -> Self:
        return cls(date(year, month, 1), _before(_next_month(date(year, month, 1))), f"{year}年{month}月")

    @classmethod
    def quarter(cls, year: int, quarter: int) -> Self:
        """Quarters are numbered 1 to 4."""
        first = date(year, 3 * quarter - 2, 1)
        return cls(first, _before(_next_month(date(year, 3 * quarter, 1))), f"{year}年第{quarter}季度")

    @classmethod
    def year(cls, year: int) -> Self:
        return cls(date(year, 1, 1), date(year, 12, 31), f"{year}年")

    @classmethod
    def season(cls, year: int) -> Self:
        """The 候鸟季 that begins on 1 October of `year`: until 30 April of the next."""
        return cls(date(year, 10, 1), date(year + 1, 4, 30), f"{year}—{year + 1}候鸟季")

    @classmethod
    def season_around(cls, day: date) -> Self:
        """The season `day` lies in; between two of them, the one that has ended."""
        return cls.season(day.year if day.month >= 10 else day.year - 1)

    @classmethod
    def between(cls, first: date, last: date) -> Self:
        """From one day to another, by its name where the two make a whole season, year, quarter or month."""
        quarter = (first.month + 2) // 3
        whole = (
            cls.season(first.year),
            cls.year(first.year),
            cls.quarter(first.year, quarter),
            cls.month(first.year, first.month),
        )
        return next((each for each in whole if (each.first, each.last) == (first, last)), cls(first, last))

    @property
    def begins(self) -> datetime:
        return day_starts(self.first)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return day_ends(self.last)

    @property
    def days(self) -> str:
        if self.first == self.last:
            return chinese_date(self.first)
        return f"{chinese_date(self.first)}至{chinese_date(self.last)}"

    @property
    def title(self) -> str:
        """As it is written in a sentence: 2025—2026候鸟季（2025年10月1日至2026年4月30日）."""
        return f"{self.name}（{self.days}）" if self.name else self.days

    def within_year(self, year: int) -> "Period":
        """The part of it that lies in `year`, which it must touch."""
        return Period(max(self.first, date(year, 1, 1)), min(self.last, date(year, 12, 31)), f"{year}年部分")

    def months(self) -> list["Period"]:
        """The months it touches, cut to it."""
        months = []
        start = self.first
        while start <= self.last:
            end = min(_before(_next_month(start)), self.last)
            months.append(Period(start, end, f"{start.year}年{start.month}月"))
            start = end + timedelta(days=1)
        return months


def _next_month(day: date) -> date:
    return date(day.year + day.month // 12, day.month % 12 + 1, 1)


def _before(day: date) -> date:
    return day - timedelta(days=1)

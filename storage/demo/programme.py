"""What was on in the sample season, as planned in `season.csv`."""

import csv
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files

from storage.times import at

_SEASON = (date(2025, 10, 1), date(2026, 4, 30))


@dataclass(frozen=True, slots=True)
class Programmed:
    """One event of the plan. `host` and `co_hosts` are the short names of organisations."""

    day: date
    clock: time
    minutes: int
    type: str
    series: str
    title: str
    point: str  # code; empty for a place in words
    host: str
    co_hosts: tuple[str, ...]
    named: int
    unnamed: int
    capacity: int | None
    state: str
    moved_from: date | None

    @property
    def starts_at(self) -> datetime:
        return at(self.day, self.clock)

    @property
    def ends_at(self) -> datetime:
        return self.starts_at + timedelta(minutes=self.minutes)

    @property
    def counts(self) -> bool:
        """Whether it is one of those that the season's report must show."""
        return self.state == "held" and _SEASON[0] <= self.day <= _SEASON[1]


def programme() -> list[Programmed]:
    """In order of time."""
    text = files("storage.demo").joinpath("season.csv").read_text(encoding="utf-8")
    return [_planned(row) for row in csv.DictReader(text.splitlines())]


def _planned(row: dict[str, str]) -> Programmed:
    return Programmed(
        day=date.fromisoformat(row["day"]),
        clock=time.fromisoformat(row["time"]),
        minutes=int(row["minutes"]),
        type=row["type"],
        series=row["series"],
        title=row["title"],
        point=row["point"],
        host=row["host"],
        co_hosts=tuple(host for host in row["co_hosts"].split(";") if host),
        named=int(row["named"]),
        unnamed=int(row["unnamed"]),
        capacity=int(row["capacity"]) if row["capacity"] else None,
        state=row["state"],
        moved_from=date.fromisoformat(row["moved_from"]) if row["moved_from"] else None,
    )

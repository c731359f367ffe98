"""Periods begin and end on the clock of 三亚."""

from datetime import UTC, date, datetime

import pytest

from reports.periods import Period


@pytest.mark.parametrize(
    ("period", "first", "last", "title"),
    [
        (Period.month(2026, 2), date(2026, 2, 1), date(2026, 2, 28), "2026年2月（2026年2月1日至2026年2月28日）"),
        (Period.month(2025, 12), date(2025, 12, 1), date(2025, 12, 31), "2025年12月（2025年12月1日至2025年12月31日）"),
        (
            Period.quarter(2025, 4),
            date(2025, 10, 1),
            date(2025, 12, 31),
            "2025年第4季度（2025年10月1日至2025年12月31日）",
        ),
        (Period.year(2026), date(2026, 1, 1), date(2026, 12, 31), "2026年（2026年1月1日至2026年12月31日）"),
        (
            Period.season(2025),
            date(2025, 10, 1),
            date(2026, 4, 30),
            "2025—2026候鸟季（2025年10月1日至2026年4月30日）",
        ),
        (Period(date(2026, 1, 5), date(2026, 1, 5)), date(2026, 1, 5), date(2026, 1, 5), "2026年1月5日"),
    ],
)
def test_a_period_has_its_days_and_its_title(period, first, last, title):
    assert (period.first, period.last, period.title) == (first, last, title)


def test_it_is_half_open_in_local_time():
    season = Period.season(2025)
    assert season.begins == datetime(2025, 9, 30, 16, tzinfo=UTC)
    assert season.ends == datetime(2026, 4, 30, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "year"),
    [(date(2025, 10, 1), 2025), (date(2026, 4, 30), 2025), (date(2026, 7, 1), 2025), (date(2026, 10, 1), 2026)],
)
def test_between_two_seasons_the_last_one_is_meant(day, year):
    assert Period.season_around(day) == Period.season(year)


@pytest.mark.parametrize(
    "named",
    [Period.season(2025), Period.month(2026, 2), Period.quarter(2026, 1), Period.year(2025)],
    ids=lambda p: p.name,
)
def test_two_days_that_are_a_season_a_month_a_quarter_or_a_year_are_called_so(named):
    assert Period.between(named.first, named.last) == named


def test_any_other_two_days_stay_two_days():
    assert Period.between(date(2026, 1, 2), date(2026, 1, 31)).name == ""


def test_it_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="ends on the day"):
        Period(date(2026, 1, 2), date(2026, 1, 1))

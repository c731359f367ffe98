"""What the working calendar and the lunar table promise."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storage import lunar
from storage.calendar import (
    WORKING_DAY,
    add_working_time,
    is_estimated,
    is_open,
    is_working_day,
    last_closing,
    next_opening,
    next_working_day,
    working_time_between,
)
from storage.times import SHANGHAI, local, local_date

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


# Working days


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2025-01-26", True),  # a Sunday worked for 春节
        ("2025-01-28", False),  # 除夕, a Tuesday
        ("2025-09-28", True),  # a Sunday worked for 国庆
        ("2025-10-08", False),  # 国庆 and 中秋 in one
        ("2025-12-31", True),
        ("2026-01-01", False),
        ("2026-01-02", False),  # a Friday off, paid for by the Sunday after
        ("2026-01-04", True),
        ("2026-02-14", True),
        ("2026-02-16", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),
        ("2026-10-10", True),
        ("2026-11-21", False),
        ("2026-11-23", True),
    ],
)
def test_published_holidays_and_worked_weekends_are_known(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2041-01-01", False),
        ("2041-01-02", True),
        ("2041-04-04", False),  # 清明
        ("2041-05-01", False),
        ("2041-05-02", False),
        ("2041-10-03", False),
        ("2041-10-04", True),
        ("2041-10-05", False),  # a Saturday
        ("2036-01-26", False),  # a Saturday like any other: nothing is worked in exchange
        ("2036-01-28", False),  # 春节, a Monday
        ("2036-01-30", False),  # 初三
        ("2036-01-31", True),
        ("2036-05-30", False),  # 端午, a Friday
        ("2035-09-17", True),
        ("2034-09-27", False),  # 中秋, a Wednesday
        ("2034-02-20", False),  # 初二
        ("2035-02-07", False),  # 除夕, a Wednesday
    ],
)
def test_an_unpublished_year_has_weekends_and_the_days_named_by_law(day, works):
    assert is_working_day(date.fromisoformat(day)) is works


def test_what_staff_entered_wins():
    overrides = {date(2026, 11, 23): False, date(2026, 11, 22): True}
    assert not is_working_day(date(2026, 11, 23), overrides)
    assert is_working_day(date(2026, 11, 22), overrides)
    assert is_working_day(date(2026, 11, 24), overrides)


def test_a_year_is_estimated_until_it_is_published_or_entered():
    assert not is_estimated(2025)
    assert not is_estimated(2026)
    assert is_estimated(2041)
    assert is_estimated(2041, {date(2040, 12, 31): False})
    assert not is_estimated(2041, {date(2041, 2, 1): False})


def test_the_next_working_day_skips_the_spring_festival():
    assert next_working_day(date(2026, 2, 14)) == date(2026, 2, 24)
    assert next_working_day(date(2026, 2, 13)) == date(2026, 2, 14)


def test_the_last_closing_before_a_departure_is_on_a_working_day():
    assert last_closing(date(2026, 2, 20)) == moment("2026-02-14 18:00")
    assert last_closing(date(2026, 2, 14)) == moment("2026-02-14 18:00")


# Working hours


@pytest.mark.parametrize(
    ("now", "opens"),
    [
        ("2026-11-23 10:30", "2026-11-23 10:30"),
        ("2026-11-23 08:00", "2026-11-23 08:00"),
        ("2026-11-23 07:59", "2026-11-23 08:00"),
        ("2026-11-23 18:00", "2026-11-24 08:00"),
        ("2026-11-23 00:00", "2026-11-23 08:00"),
        ("2026-11-20 23:30", "2026-11-23 08:00"),  # a Friday night
        ("2026-02-14 17:59", "2026-02-14 17:59"),  # a Saturday that is worked
        ("2026-02-14 18:00", "2026-02-24 08:00"),
    ],
)
def test_the_clock_starts_at_the_next_opening(now, opens):
    assert next_opening(moment(now)) == moment(opens)


@pytest.mark.parametrize(
    ("start", "worked", "end"),
    [
        ("2026-11-23 10:00", 4 * HOUR, "2026-11-23 14:00"),
        ("2026-11-23 16:00", 4 * HOUR, "2026-11-24 10:00"),
        ("2026-11-23 16:00", 2 * HOUR, "2026-11-23 18:00"),
        ("2026-11-23 20:00", 1 * HOUR, "2026-11-24 09:00"),
        ("2026-11-23 10:00", 7 * WORKING_DAY, "2026-12-02 10:00"),
        ("2026-02-13 10:00", 2 * WORKING_DAY, "2026-02-24 10:00"),
        ("2026-02-14 12:00", 6 * HOUR, "2026-02-14 18:00"),
        ("2026-02-14 12:00", 6 * HOUR + MINUTE, "2026-02-24 08:01"),
        ("2026-11-22 12:00", 0 * HOUR, "2026-11-22 12:00"),
    ],
)
def test_working_time_is_added_over_nights_weekends_and_holidays(start, worked, end):
    assert add_working_time(moment(start), worked) == moment(end)


def test_time_cannot_be_taken_away():
    with pytest.raises(ValueError, match="added"):
        add_working_time(moment("2026-11-23 10:00"), -MINUTE)


def test_backwards_time_is_negative():
    early, late = moment("2026-11-23 17:00"), moment("2026-11-24 09:30")
    assert working_time_between(early, late) == timedelta(hours=2, minutes=30)
    assert working_time_between(late, early) == -timedelta(hours=2, minutes=30)


# Against a clock that looks at every minute

START = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 1064 * 24 * 60).map(lambda minutes: START + minutes * MINUTE)  # to the end of November 2027
OVERRIDES = st.dictionaries(st.dates(date(2025, 1, 1), date(2027, 12, 31)), st.booleans(), max_size=3)
AROUND_SPRING_FESTIVAL = moment("2026-02-13 17:00").astimezone(UTC)
AROUND_NEW_YEAR = moment("2026-12-31 17:59").astimezone(UTC)


def minutes_worked(start: datetime, end: datetime, overrides) -> int:
    worked = 0
    while start < end:
        here = local(start)
        worked += time(8) <= here.time() < time(18) and is_working_day(here.date(), overrides)
        start += MINUTE
    return worked


@settings(max_examples=25, deadline=None)
@given(MOMENTS, st.integers(0, 16 * 24 * 60), OVERRIDES)
@example(AROUND_SPRING_FESTIVAL, 14 * 24 * 60, {})
@example(AROUND_NEW_YEAR, 5 * 24 * 60, {date(2027, 1, 1): True, date(2027, 1, 4): False})
def test_time_between_is_what_a_minute_clock_counts(start, minutes, overrides):
    end = start + minutes * MINUTE
    assert working_time_between(start, end, overrides) == minutes_worked(start, end, overrides) * MINUTE


@settings(max_examples=25, deadline=None)
@given(MOMENTS, st.integers(1, 6 * 600), OVERRIDES)
@example(AROUND_SPRING_FESTIVAL, 600 + 60, {})
@example(AROUND_NEW_YEAR, 2, {})
def test_the_moment_added_to_is_the_first_where_a_minute_clock_has_counted_enough(start, minutes, overrides):
    end = add_working_time(start, minutes * MINUTE, overrides)
    assert minutes_worked(start, end, overrides) == minutes
    assert minutes_worked(start, end - MINUTE, overrides) == minutes - 1


@settings(max_examples=200)
@given(MOMENTS, st.integers(0, 400 * 60), OVERRIDES)
def test_what_was_added_lies_between(start, minutes, overrides):
    end = add_working_time(start, minutes * MINUTE, overrides)
    assert working_time_between(start, end, overrides) == minutes * MINUTE


@settings(max_examples=200)
@given(MOMENTS, OVERRIDES)
def test_the_next_opening_is_open_and_nothing_is_worked_before_it(start, overrides):
    opening = next_opening(start, overrides)
    assert is_open(opening, overrides)
    assert working_time_between(start, opening, overrides) == timedelta()


# The lunar table


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        (2026, 12, 8, date(2027, 1, 15)),
        (2026, 12, 23, date(2027, 1, 30)),
        (2027, 1, 1, date(2027, 2, 6)),
        (2027, 1, 15, date(2027, 2, 20)),
        (2025, 8, 15, date(2025, 10, 6)),  # after the second sixth month
        (2028, 5, 5, date(2028, 5, 28)),  # before the second fifth month
        (2026, 9, 9, date(2026, 10, 18)),
        (2033, 9, 9, date(2033, 10, 1)),
    ],
)
def test_lunar_days_are_reckoned_from_their_anchors(year, month, day, expected):
    assert lunar.solar(year, month, day) == expected


@pytest.mark.parametrize("month", [3, 4, 6, 10, 11])
def test_months_without_an_anchor_are_not_reckoned(month):
    assert all(lunar.solar(year, month, 1) is None for year in lunar.years())


def test_a_lunar_month_of_29_days_has_no_30th():
    assert lunar.solar(2026, 12, 30) is None
    assert lunar.solar(2032, 12, 30) == date(2033, 1, 30)
    assert lunar.solar(2026, 7, 30) is None
    assert lunar.solar(2026, 2, 30) is None  # the third month has no anchor: nobody can tell


def test_no_lunar_day_outside_the_table():
    assert lunar.solar(2024, 12, 23) is None
    assert lunar.solar(2037, 1, 1) == date(2037, 2, 15)
    assert lunar.solar(2037, 1, 2) is not None
    assert lunar.solar(2037, 2, 2) is None
    assert lunar.solar(2026, 1, 0) is None
    assert lunar.solar(2026, 1, 31) is None


def test_new_years_eve_is_the_day_before_spring_festival():
    for year in lunar.years():
        assert lunar.new_years_eve(year) == lunar.solar(year + 1, 1, 1) - timedelta(days=1)
    assert lunar.new_years_eve(2026) == date(2027, 2, 5)
    assert lunar.new_years_eve(2037) is None
    assert lunar.new_years_eve(2024) is None


def test_every_month_is_29_or_30_days_from_its_neighbours():
    for year in lunar.years():
        spring, after = lunar.solar(year, 1, 1), lunar.solar(year + 1, 1, 1)
        assert (after - spring).days in {353, 354, 355, 383, 384, 385}
        assert (lunar.solar(year, 2, 1) - spring).days in {29, 30}
        assert (lunar.solar(year, 8, 1) - lunar.solar(year, 7, 1)).days in {29, 30}
        assert (lunar.solar(year, 9, 1) - lunar.solar(year, 8, 1)).days in {29, 30}
        assert (after - lunar.solar(year, 12, 1)).days in {29, 30}


def test_the_solar_terms_of_a_winter():
    assert lunar.solar_terms(2026)["冬至"] == date(2026, 12, 22)
    assert lunar.solar_terms(2027)["清明"] == date(2027, 4, 5)
    assert lunar.solar_terms(2027)["立春"] == date(2027, 2, 4)
    assert lunar.solar_terms(2150) == {}


def test_the_working_calendar_never_ends():
    assert local_date(add_working_time(moment("2098-12-31 17:00"), WORKING_DAY)).year == 2099
    assert is_working_day(date(2150, 4, 6))

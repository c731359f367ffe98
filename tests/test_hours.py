"""The hours in which we write unasked, and when a reminder falls due beside them (domain 9.1, 9.2)."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.hours import MessageHours
from storage.reminders import moments
from storage.times import SHANGHAI, local, local_date

HOURS = MessageHours()


def here(text):
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI)


def clock(moment):
    return local(moment).strftime("%m-%d %H:%M")


ANY_MOMENT = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: here("01-01 00:00") + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("moment", "on"),
    [
        ("12-08 07:59", False),
        ("12-08 08:00", True),
        ("12-08 11:59", True),
        ("12-08 12:00", False),
        ("12-08 14:29", False),
        ("12-08 14:30", True),
        ("12-08 19:59", True),
        ("12-08 20:00", False),
    ],
)
def test_messages_go_out_from_eight_to_twelve_and_from_half_past_two_to_eight(moment, on):
    assert HOURS.are_on(here(moment)) is on


@pytest.mark.parametrize(
    ("moment", "following"),
    [
        ("12-08 03:00", "12-08 08:00"),
        ("12-08 09:17", "12-08 09:17"),
        ("12-08 12:00", "12-08 14:30"),
        ("12-08 20:00", "12-09 08:00"),
        ("12-31 23:59", "01-01 08:00"),
    ],
)
def test_what_falls_outside_waits_for_the_next_allowed_minute(moment, following):
    assert clock(HOURS.next(here(moment))) == following


@given(ANY_MOMENT)
def test_the_next_minute_is_allowed_and_never_in_the_past(moment):
    assert HOURS.are_on(HOURS.next(moment))
    assert HOURS.next(moment) >= moment


@given(ANY_MOMENT)
def test_the_last_good_minute_is_half_past_eleven_or_half_past_seven_and_lies_before(moment):
    last = HOURS.last_before(moment)
    assert last < moment
    assert moment - last <= timedelta(hours=16)
    assert local(last).strftime("%H:%M") in ("11:30", "19:30")


@pytest.mark.parametrize(
    ("start", "reminded"),
    [
        ("12-08 10:00", "12-08 08:00"),  # two hours before is allowed
        ("12-08 09:30", "12-08 08:00"),  # 07:30 moves later: 90 minutes are left
        ("12-08 09:00", "12-08 08:00"),  # exactly an hour is left
        ("12-08 08:59", "12-07 19:30"),  # less than an hour: the evening before
        ("12-08 07:30", "12-07 19:30"),
        ("12-08 13:59", "12-08 11:59"),
        ("12-08 14:00", "12-08 11:30"),  # 12:00 is the midday rest, 14:30 would be too late
        ("12-08 14:30", "12-08 11:30"),
        ("12-08 15:29", "12-08 11:30"),
        ("12-08 15:30", "12-08 14:30"),
        ("12-08 16:30", "12-08 14:30"),
        ("12-08 21:59", "12-08 19:59"),
        ("12-08 22:00", "12-08 19:30"),
        ("12-08 00:30", "12-07 19:30"),
    ],
)
def test_the_second_reminder_falls_two_hours_before_or_at_the_nearest_allowed_minute(start, reminded):
    assert clock(moments(here(start), HOURS)["two_hours"]) == reminded


def test_the_first_reminder_falls_at_six_in_the_evening_before_even_across_midnight_in_utc():
    assert clock(moments(here("12-08 07:30"), HOURS)["day_before"]) == "12-07 18:00"
    assert clock(moments(here("12-08 00:30"), HOURS)["day_before"]) == "12-07 18:00"
    assert clock(moments(here("12-08 23:30"), HOURS)["day_before"]) == "12-07 18:00"


@given(ANY_MOMENT)
def test_every_reminder_is_in_message_hours_before_the_start_and_not_before_the_last_day(start):
    for moment in moments(start, HOURS).values():
        assert HOURS.are_on(moment)
        assert moment < start
        assert local_date(start) - local_date(moment) <= timedelta(days=1)

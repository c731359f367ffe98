"""The clock of a need: working time only, standing still in pauses and in nothing else."""

from datetime import date, datetime, timedelta

import pytest

from storage.calendar import WORKING_DAY
from storage.need_clock import Clock, allowance
from storage.times import SHANGHAI, local

HOUR = timedelta(hours=1)


def moment(text):
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def shown(when):
    return f"{local(when):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("began", "days", "due"),
    [
        ("2026-11-23 10:00", 7, "2026-12-02 10:00"),
        ("2026-11-23 08:00", 1, "2026-11-23 18:00"),
        ("2026-02-13 10:00", 2, "2026-02-24 10:00"),  # over 春节 and the Saturday worked for it
        ("2026-12-31 17:00", 1, "2027-01-04 17:00"),  # 2027-01-01 is off
        ("2026-09-29 08:00", 3, "2026-10-08 18:00"),  # over 国庆
    ],
)
def test_a_deadline_counts_working_days_with_holidays_and_days_worked_for_them(began, days, due):
    assert shown(Clock(moment(began), days * WORKING_DAY).due_at) == due


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        ([], "2026-11-24 18:00"),
        ([("2026-11-23 12:00", "2026-11-25 08:00")], "2026-11-26 14:00"),
        ([("2026-11-23 12:00", "2026-11-23 15:00")], "2026-11-25 11:00"),
        ([("2026-11-23 12:00", "2026-11-23 13:00"), ("2026-11-25 08:00", "2026-11-26 08:00")], "2026-11-26 09:00"),
        ([("2026-11-23 19:00", "2026-11-24 08:00")], "2026-11-24 18:00"),  # a night costs nothing
        ([("2026-11-24 18:00", "2026-11-26 08:00")], "2026-11-24 18:00"),  # it was due before
        ([("2026-11-27 17:00", "2026-12-01 08:00")], "2026-11-24 18:00"),
    ],
)
def test_a_pause_moves_the_deadline_by_its_own_working_time(pauses, due):
    spans = tuple((moment(begins), moment(ends)) for begins, ends in pauses)
    assert shown(Clock(moment("2026-11-23 08:00"), 2 * WORKING_DAY, spans).due_at) == due


def test_the_clock_stands_still_in_a_pause_and_runs_on_after_it():
    clock = Clock(moment("2026-11-23 08:00"), WORKING_DAY, ((moment("2026-11-23 10:00"), moment("2026-11-25 08:00")),))
    assert clock.elapsed(moment("2026-11-23 09:00")) == HOUR
    assert clock.elapsed(moment("2026-11-24 15:00")) == 2 * HOUR
    assert clock.is_paused(moment("2026-11-24 15:00"))
    assert not clock.is_paused(moment("2026-11-25 08:00"))
    assert clock.elapsed(moment("2026-11-25 09:00")) == 3 * HOUR
    assert clock.overdue(moment("2026-11-25 17:00")) == HOUR


def test_before_it_began_nothing_was_used():
    assert Clock(moment("2026-11-23 08:00"), WORKING_DAY).elapsed(moment("2026-11-22 12:00")) == timedelta()


@pytest.mark.parametrize(
    ("leaves_on", "due"),
    [
        (None, "2026-12-02 10:00"),
        (date(2026, 12, 20), "2026-12-02 10:00"),  # long after it is due anyway
        (date(2026, 12, 1), "2026-11-27 18:00"),  # the 29th is a Sunday
        (date(2026, 11, 28), "2026-11-26 18:00"),
        (date(2026, 11, 25), "2026-11-24 10:00"),  # never less than a working day
        (date(2026, 11, 23), "2026-11-24 10:00"),
        (date(2026, 11, 20), "2026-12-02 10:00"),  # gone already
    ],
)
def test_who_leaves_soon_is_answered_before_but_not_sooner_than_a_working_day(leaves_on, due):
    began = moment("2026-11-23 10:00")
    assert shown(Clock(began, allowance(began, 7 * WORKING_DAY, leaves_on, {})).due_at) == due


def test_half_of_an_urgent_day_is_not_stretched_by_the_season_limit():
    began = moment("2026-11-23 10:00")
    assert allowance(began, WORKING_DAY / 2, date(2026, 11, 24), {}) == WORKING_DAY / 2


def test_days_that_staff_entered_count():
    overrides = {date(2026, 11, 24): False, date(2026, 11, 28): True}
    assert shown(Clock(moment("2026-11-23 08:00"), 5 * WORKING_DAY, (), overrides).due_at) == "2026-11-28 18:00"

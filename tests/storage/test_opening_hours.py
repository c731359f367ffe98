"""Opening hours as people write them: read, or said to be none."""

from datetime import UTC, datetime

import pytest

from storage import opening_hours

LATE = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)  # Monday 23:30 in 三亚


def test_open_until_midnight_is_open_late_in_the_evening():
    assert opening_hours.read("每天 08:00-24:00").are_on(LATE)


@pytest.mark.parametrize("text", ["08:70-12:00", "25:00-26:00", "8:00-9:5", "108:00-12:00", ""])
def test_times_that_no_clock_shows_are_none(text):
    assert opening_hours.read(text) is None

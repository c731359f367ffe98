"""How fast a channel may speak."""

import itertools

import pytest

from bot.channels.pace import Pace, backoff


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace(clock):
    return Pace(25, monotonic=clock)


def run(pace, clock, chats):
    """Sends to `chats` as fast as allowed; returns when each left."""
    times = []
    for chat in chats:
        clock.now += max(pace.wait(), pace.wait_for(chat))
        pace.take(chat)
        times.append(clock.now)
    return times


def test_no_second_holds_more_than_the_rate_also_after_a_rest(pace, clock):
    clock.now += 60
    times = run(pace, clock, [str(number) for number in range(200)])
    for start in times:
        assert sum(1 for time in times if start <= time < start + 1) <= 25


def test_slots_are_even(pace, clock):
    times = run(pace, clock, [str(number) for number in range(50)])
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(gaps) - min(gaps) < 1e-6
    assert gaps[0] == pytest.approx(1 / (25 * 0.988))


def test_one_chat_may_have_three_at_once_and_then_one_a_second(pace, clock):
    times = run(pace, clock, ["7"] * 6)
    assert times[2] - times[0] < 0.2
    assert times[3] - times[0] == pytest.approx(1, abs=0.01)
    assert times[5] - times[4] == pytest.approx(1)


def test_a_busy_chat_does_not_hold_up_another(pace, clock):
    run(pace, clock, ["7"] * 3)
    assert pace.wait_for("7") > 0.5
    assert pace.wait_for("8") == 0


def test_a_group_has_twenty_a_minute(pace, clock):
    times = run(pace, clock, ["-7"] * 41)
    for start in times:
        assert sum(1 for time in times if start <= time < start + 60) <= 20


def test_a_refusal_stops_everyone_and_half_a_second_more(pace, clock):
    run(pace, clock, ["7"])
    assert pace.refused("7", 5) is True
    assert pace.wait() == pytest.approx(5.5)


def test_pauses_never_shrink(pace, clock):
    pace.refused("7", 30)
    pace.refused("8", 2)
    pace.pause(1)
    assert pace.wait() == pytest.approx(30.5)
    clock.now += 10
    assert pace.paused_for == pytest.approx(20.5)


def test_a_chat_that_asked_for_too_much_waits_alone(pace, clock):
    run(pace, clock, ["7"] * 3)
    assert pace.refused("7", 9) is False
    assert pace.wait() < 0.1
    assert pace.wait_for("7") == pytest.approx(9.5)


def test_a_larger_burst_hides_nobody_who_asked_for_too_much(clock):
    pace = Pace(1000, chat_burst=20, monotonic=clock)
    run(pace, clock, ["7"] * 3 + ["8"] * 2)
    assert pace.refused("7", 9) is False
    assert pace.refused("8", 9) is True


def test_idle_chats_are_forgotten(clock):
    pace = Pace(1000, monotonic=clock)
    for number in range(10_050):
        pace.take(str(number))
        clock.now += 0.01
    assert len(pace._chats) < 1_000


def test_waits_grow_and_end_also_after_a_week_of_failures():
    assert [backoff(faults, most=30) for faults in (1, 2, 3, 6, 7, 100_000)] == [1, 2, 4, 30, 30, 30]


def test_a_rate_of_nothing_is_refused():
    with pytest.raises(ValueError, match="messages_per_second"):
        Pace(0)

"""The short form of killing workers on one PostgreSQL; the long one hangs the leader too."""

import pytest

from tests.torture.workers import Workers


@pytest.mark.long
async def test_two_workers_killed_at_random_lose_nothing_and_say_nothing_twice(tmp_path, url):
    run = Workers(tmp_path, url, workers=2, at_most=2, seconds=60)
    result = await run.run()
    assert result.lost == []
    assert result.kills == 2
    assert result.told_registered >= 1
    assert min(run.answered_by.values()) >= 1
    assert len(set(run.leaders)) == 2


@pytest.mark.long
async def test_three_workers_killed_and_hung_for_minutes_keep_every_promise(tmp_path, url):
    run = Workers(tmp_path, url, workers=3, hang=True, at_most=40, seconds=300)
    result = await run.run()
    assert result.lost == []
    assert result.told_a_seat >= 10
    assert result.reminders_planned >= 3
    assert min(run.answered_by.values()) >= 10
    assert len(set(run.leaders)) >= 3
    assert run.longest_without < 60

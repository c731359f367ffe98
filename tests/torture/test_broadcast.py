"""One broadcast among refusals, lost connections and kill -9: one end for each person, nobody twice, counts alike."""

import pytest

from tests.torture.broadcast import Broadcast


async def must_hold(folder, empty_database, recipients, kills, seed):
    result = await Broadcast(folder, recipients, kills=kills, seed=seed).run(empty_database)
    assert result.lost == [], f"seed {seed}"
    assert result.kills == kills
    assert result.doubled == 0
    assert result.delivered + result.blocked + result.unknown == recipients
    assert result.asked_to_wait > 0
    assert result.reset > 0
    assert result.blocked > 0
    assert result.unknown < recipients * 0.04 + kills * 30


async def test_four_hundred_people_and_a_kill(tmp_path, empty_database):
    await must_hold(tmp_path, empty_database, 400, 1, seed=3)


@pytest.mark.long
async def test_ten_thousand_people_and_five_kills(tmp_path, empty_database):
    await must_hold(tmp_path, empty_database, 10_000, 5, seed=11)

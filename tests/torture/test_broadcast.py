"""One broadcast among refusals, lost connections and kill -9: one end for each person, nobody twice, counts alike."""

import pytest

from tests.torture.broadcast import Broadcast
from tests.torture.wechat_broadcast import WechatBroadcast


async def must_hold(run, empty_database):
    result = await run.run(empty_database)
    recipients, kills, seed = result.recipients, run.kills, result.seed
    assert result.lost == [], f"seed {seed}"
    assert result.kills == kills
    assert result.doubled == 0
    assert result.delivered + result.blocked + result.unknown == recipients
    assert result.asked_to_wait > 0
    assert result.reset > 0
    assert result.blocked > 0
    assert result.unknown < recipients * 0.04 + kills * 150  # what is on its way, and what ended and is noted next


async def test_four_hundred_people_and_a_kill(tmp_path, empty_database):
    await must_hold(Broadcast(tmp_path, 400, kills=1, seed=3), empty_database)


@pytest.mark.long
async def test_ten_thousand_people_and_five_kills(tmp_path, empty_database):
    await must_hold(Broadcast(tmp_path, 10_000, kills=5, seed=11), empty_database)


@pytest.mark.long
async def test_a_thousand_people_in_wechat_and_five_kills(tmp_path, empty_database):
    await must_hold(WechatBroadcast(tmp_path, 1_000, kills=5, seed=7), empty_database)

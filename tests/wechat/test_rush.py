"""Many people at once."""

import asyncio
import random

import pytest

from dialogue.message import Choice, Reply
from tests.wechat.people import words


@pytest.mark.long  # it promises seconds: only a machine without other work can keep them
async def test_a_thousand_followers_in_a_minute_are_each_answered_within_five_seconds(program, desk):
    """A thousand new followers at random moments of a minute that passes six times as fast.

    Every answer is timed from the push to the last byte, with encryption, storage and HTTP. The platform, too, runs
    inside this process, and its five seconds run in real time.
    """
    desk.replies = lambda message: (Reply("您好，我是天涯红雁之家的助手。", (Choice("活动", "看活动"),), message.id),)
    people = [program.wechat.follower(f"o_{number}") for number in range(1000)]
    chance = random.Random(3)

    async def visit(person):
        await asyncio.sleep(chance.uniform(0, 10))
        await person.follows()

    await asyncio.gather(*(visit(person) for person in people))
    seconds = sorted(program.wechat.seconds)
    assert len(seconds) == len(desk.heard) == program.wechat.attempts_made == 1000
    assert all(
        [words(*shown) for shown in person.screen] == ["您好，我是天涯红雁之家的助手。\n1 看活动\n0 返回　9 人工"]
        for person in people
    )
    assert seconds[-1] < 5


@pytest.mark.long
async def test_a_crowd_beyond_all_measure_is_answered_late_but_never_lost(program, desk):
    """A thousand words at the same instant: whoever cannot be answered in time is answered by customer service."""
    people = [program.wechat.follower(f"o_{number}") for number in range(1000)]
    await asyncio.gather(*(person.says("你好") for person in people))
    await program.channel._turns.drain()
    assert len(desk.heard) == 1000
    assert all([words(*shown) for shown in person.screen] == ["听到：你好"] for person in people)

"""Five seconds: what is answered in them, and what becomes of an answer that is not."""

import asyncio
import threading

import pytest

from dialogue.message import Reply
from storage import wechat as kept
from storage.database import StorageFault

BUSY = "正在办，请稍等一会儿，回复“继续”看结果。"


@pytest.fixture
def wechat(slow_program):
    return slow_program.wechat


@pytest.fixture
def person(wechat):
    return wechat.follower()


async def owed(database):
    return [message for message, _, _ in await database.read(kept.owed)]


async def time_is_up(clock, database):
    """From the push to the moment at which it must be answered; what is owed by then is on disk."""
    await clock.until_asleep(5, 4)
    await clock.advance(4)
    await clock.until_asleep(0.5)
    async with asyncio.timeout(60):
        while len(await owed(database)) != 1:
            pass
    await database.write(lambda tx: None)  # answered later than what is owed: by now the program knows that it is kept
    await clock.advance(0.5)


async def test_an_answer_at_the_last_moment_is_still_passive(wechat, person, desk, clock):
    desk.gate = asyncio.Event()
    asked = asyncio.create_task(person.says("你好"))
    await clock.until_asleep(5, 4)
    await clock.advance(3.9)
    desk.gate.set()
    assert await asked == ("text", {"content": "听到：你好"})
    assert wechat.attempts_made == 1


async def test_a_late_answer_arrives_by_customer_service(slow_program, wechat, person, desk, clock, database):
    desk.gate = asyncio.Event()
    asked = asyncio.create_task(person.says("你好"))
    await time_is_up(clock, database)
    assert await asked is None
    assert person.screen == []
    desk.gate.set()
    await slow_program.channel._turns.drain()
    assert person.read == "听到：你好"
    assert await owed(database) == []
    assert len(desk.heard) == 1
    assert wechat.attempts_made == 1
    wechat.assert_content()


@pytest.mark.parametrize("kind", ["subscription_unverified"])
async def test_without_customer_service_all_three_pushes_are_used(wechat, person, desk, clock, database):
    """Two pushes are left unanswered; the platform drops and repeats them, and the third brings the answer."""
    desk.gate = asyncio.Event()
    asked = asyncio.create_task(person.says("你好"))
    for _ in range(2):
        await clock.until_asleep(5, 4)
        await clock.advance(4)
        await clock.until_asleep(1)
        await database.write(lambda tx: None)
        assert await owed(database) == []
        await clock.advance(1)
    await clock.until_asleep(5, 4)
    desk.gate.set()
    assert await asked == ("text", {"content": "听到：你好"})
    assert len(desk.heard) == 1
    assert wechat.attempts_made == 3
    wechat.assert_content()


@pytest.mark.parametrize("kind", ["subscription_unverified"])
@pytest.mark.parametrize("restarted", [False, True])
async def test_after_the_last_push_the_answer_waits_for_the_next_word(
    slow_program, wechat, person, desk, clock, database, restarted
):
    desk.gate = asyncio.Event()
    asked = asyncio.create_task(person.says("你好"))
    for _ in range(2):
        await clock.until_asleep(5, 4)
        await clock.advance(5)
    await time_is_up(clock, database)
    assert await asked == ("text", {"content": BUSY})
    desk.gate.set()
    await slow_program.channel._turns.drain()
    if restarted:
        await slow_program.restart()
    await person.says("继续")
    assert person.read == "您前面问的：\n\n听到：你好\n\n听到：继续"
    assert await owed(database) == []
    await person.says("还有吗")
    assert person.read == "听到：还有吗"
    wechat.assert_content()


async def test_where_nothing_can_be_kept_the_platform_is_left_to_repeat(slow_program, wechat, person, desk, clock):
    """Nothing is confirmed that is not on disk."""
    broken = 2

    async def receive(message):
        nonlocal broken
        if broken:
            broken -= 1
            raise StorageFault
        return await desk.receive(message)

    slow_program.receive = receive
    await slow_program.restart()
    asked = asyncio.create_task(person.says("你好"))
    for _ in range(2):
        await wechat.answered()
        await clock.advance(5)
    assert await asked == ("text", {"content": "听到：你好"})
    wechat.assert_content()


async def test_nothing_is_confirmed_whose_debt_is_not_on_disk(slow_program, wechat, person, desk, clock, database):
    """The disk hangs just when time is up: the push stays unanswered, and its repeat gets the answer."""
    desk.gate = asyncio.Event()
    disk = threading.Event()
    asked = asyncio.create_task(person.says("你好"))
    await clock.until_asleep(5, 4)
    hanging = asyncio.create_task(database.write(lambda tx: disk.wait(30)))
    await clock.advance(4)
    await clock.until_asleep(0.5)
    await clock.advance(0.5)
    await wechat.answered()  # with nothing the platform could take for a confirmation
    disk.set()
    await hanging
    desk.gate.set()
    await clock.advance(0.5)
    assert await asked == ("text", {"content": "听到：你好"})
    await slow_program.channel._turns.drain()
    assert len(desk.heard) == 1
    wechat.assert_content()


async def test_storage_that_does_not_recover_is_told_before_the_platform_calls_us_broken(
    slow_program, wechat, person, clock
):
    async def receive(message):
        raise StorageFault

    slow_program.receive = receive
    await slow_program.restart()
    asked = asyncio.create_task(person.says("你好"))
    for _ in range(2):
        await wechat.answered()
        await clock.advance(5)
    _, shown = await asked
    assert "请过十分钟再发一次" in shown["content"]
    assert wechat.faults == []


async def test_a_fault_of_ours_is_told_and_not_shown_as_the_platforms(slow_program, wechat, person, caplog):
    async def receive(message):
        raise ZeroDivisionError(f"secret: {message.text}")

    slow_program.receive = receive
    await slow_program.restart()
    await person.says("我的电话是13800138000")
    assert person.read == "我这边出了点毛病，您的话没丢。请过十分钟再发一次。"
    assert "ZeroDivisionError" in caplog.text
    assert "13800138000" not in caplog.text
    wechat.assert_content()


async def test_what_was_confirmed_but_not_answered_is_answered_after_a_restart(
    slow_program, wechat, person, desk, clock, database
):
    """As after a power cut between the confirmation and the answer."""
    desk.gate = asyncio.Event()
    asked = asyncio.create_task(person.says("你好"))
    await time_is_up(clock, database)
    await asked
    for running in slow_program.channel._turns._running.values():
        running.task.cancel()
    await slow_program.stop()
    desk.gate = None
    await slow_program.start()
    await slow_program.channel._turns.drain()
    assert person.read == "听到：你好"
    assert await owed(database) == []
    wechat.assert_content()


async def test_a_late_answer_that_customer_service_refuses_waits_for_the_next_word(
    slow_program, wechat, person, desk, clock, database
):
    desk.gate = asyncio.Event()
    wechat.api.trouble["/cgi-bin/message/custom/send"] = [45015]
    asked = asyncio.create_task(person.says("你好"))
    await time_is_up(clock, database)
    await asked
    desk.gate.set()
    await slow_program.channel._turns.drain()
    assert person.screen == []
    desk.replies = lambda message: (Reply("新的"),)
    await person.says("在吗")
    assert person.read == "您前面问的：\n\n听到：你好\n\n新的"
    assert await owed(database) == []
    wechat.assert_content()


async def test_a_late_answer_whose_arrival_is_unsure_is_not_said_twice(
    slow_program, wechat, person, desk, clock, database
):
    desk.gate = asyncio.Event()
    wechat.api.trouble["/cgi-bin/message/custom/send"] = ["reset after executing"]
    asked = asyncio.create_task(person.says("你好"))
    await time_is_up(clock, database)
    await asked
    desk.gate.set()
    await slow_program.channel._turns.drain()
    await person.says("在吗")
    assert person.read == "听到：在吗"
    wechat.assert_content()

"""The poll loop: nothing confirmed before it is kept, nobody stopped by another, nothing that ends it."""

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.channels.telegram.client import open_client
from bot.channels.telegram.health import Health
from bot.channels.telegram.intake import EDITED, Intake, Turns
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.receiving import ALLOWED_UPDATES, Reader
from dialogue.message import Address, Reply
from tests.telegram.conftest import COMMANDS
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import BAD_GATEWAY, CLOSED, GONE, HALF_AN_ANSWER, REVOKED, SILENT, says, too_many


class Sleeper:
    """Notes how long the loop wanted to wait, and does not."""

    def __init__(self):
        self.waits = []

    async def __call__(self, seconds):
        self.waits.append(seconds)
        await asyncio.sleep(0)


@pytest.fixture
def sleeper():
    return Sleeper()


@pytest.fixture
async def telegram(clock):
    async with FakeTelegram(clock) as server:
        yield server
    assert server.mistakes == []


@pytest.fixture
def hard_limit():
    return 30.0


@pytest.fixture
async def polling(client, intake, health, clock, sleeper, hard_limit):
    loop = Polling(client, intake, health, clock=clock.now, sleep=sleeper, hard_limit=hard_limit)
    task = asyncio.create_task(loop.run())
    yield loop
    assert not task.done(), "the poll loop ended"
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def wang(telegram):
    return telegram.person("王建国")


async def test_updates_arrive_and_are_confirmed_by_the_next_call(telegram, polling, desk, wang):
    update = wang.says("您好")
    await desk.until(lambda: desk.texts == ["您好"])
    await telegram.until(lambda: update["update_id"] in telegram.updates.confirmed)
    assert telegram.updates.allowed == list(ALLOWED_UPDATES)


async def test_nothing_is_confirmed_before_it_is_kept(telegram, polling, desk, wang):
    desk.gate = asyncio.Event()
    wang.says("您好")
    await desk.until(lambda: desk.now == 1)
    assert telegram.updates.confirmed == []
    desk.gate.set()
    await telegram.until(lambda: telegram.updates.confirmed != [])


async def test_what_cannot_be_kept_comes_again_after_a_second(telegram, polling, desk, sleeper, wang):
    desk.broken = 2
    wang.says("一")
    wang.says("二")
    await desk.until(lambda: desk.texts == ["一", "二"])
    assert min(sleeper.waits) >= 1


async def test_an_update_that_cannot_be_read_is_set_aside_and_stops_nobody(telegram, polling, desk, wang):
    broken = wang.says("坏的")
    del broken["message"]["date"]
    telegram.person("李").says("好的")
    await desk.until(lambda: "好的" in desk.texts)
    ((channel, number, problem, kind, raw),) = desk.set_aside
    assert (channel, kind) == ("telegram", "message")
    assert number.endswith(str(broken["update_id"]))
    assert problem == "KeyError"
    assert "坏的" in raw
    assert Address("telegram", str(wang.id)) in [message.sender for message in desk.messages]


async def test_a_bug_of_ours_is_set_aside_without_what_was_said(telegram, polling, desk, wang, caplog):
    desk.bug_at = "我的秘密"
    wang.says("我的秘密")
    wang.says("下一句")
    await desk.until(lambda: desk.texts == ["下一句"])
    assert desk.set_aside[0][2] == "ZeroDivisionError"
    assert "ZeroDivisionError" in caplog.text
    assert "我的秘密" not in caplog.text


async def test_unknown_kinds_are_counted_and_confirmed(telegram, polling, intake, desk, wang):
    update = telegram.deliver("hologram", {"id": "1"}, checked=False)
    await telegram.until(lambda: update["update_id"] in telegram.updates.confirmed)
    assert intake.ignored == {"hologram": 1}


async def test_an_update_twice_is_one_message(telegram, polling, desk, wang):
    update = wang.says("一")
    telegram.updates.again(update)
    wang.says("二")
    await desk.until(lambda: desk.texts == ["一", "二"])


async def test_update_numbers_may_jump_back(telegram, polling, desk, wang):
    """After a week of silence the next number is any number. A high-water mark would drop what is real."""
    wang.says("一")
    await telegram.until(lambda: telegram.updates.confirmed != [] and telegram.updates.waiting == [])
    telegram.updates.next_id = 17
    wang.says("二")
    polling._offset = 0  # as after a restart
    await telegram.until(lambda: True)
    telegram.updates.end_polls()
    await desk.until(lambda: desk.texts == ["一", "二"])


async def test_one_person_is_served_in_order_and_others_meanwhile(telegram, client, intake, desk, wang):
    desk.gate = asyncio.Event()
    li = telegram.person("李")
    updates = [wang.says("一"), wang.says("二"), li.says("甲"), wang.taps_from_last_year("|三")]
    taking = asyncio.gather(*(intake.take(update) for update in updates))
    await desk.until(lambda: desk.most == 2)
    desk.gate.set()
    await taking
    of_wang = [message.text or message.choice for message in desk.messages if message.sender.user == str(wang.id)]
    assert of_wang == ["一", "二", "三"]
    assert desk.most == 2
    await intake.drain(5)


async def test_someone_who_floods_us_makes_nobody_wait(telegram, intake, desk, wang):
    desk.gate = asyncio.Event()
    flood = [intake.take(wang.says(str(number))) for number in range(60)]
    taking = asyncio.gather(*flood, intake.take(telegram.person("李").says("甲")))
    await desk.until(lambda: desk.now == 2)
    desk.gate.set()
    await taking
    assert [message.text for message in desk.messages[:2]] == ["0", "甲"]


async def test_turns_are_forgotten_when_nobody_waits():
    turns = Turns()
    async with turns.of("7"):
        assert len(turns._locks) == 1
    assert turns._locks == {}


async def test_a_cancelled_wait_lets_nobody_overtake():
    turns = Turns()
    order = []
    held = asyncio.Event()

    async def go(name, wait=None):
        async with turns.of("7"):
            order.append(name)
            if wait:
                await wait.wait()

    first = asyncio.create_task(go("一", held))
    second = asyncio.create_task(go("二"))
    third = asyncio.create_task(go("三"))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    assert order == ["一"]
    held.set()
    await asyncio.gather(first, third)
    assert order == ["一", "三"]


async def test_every_tap_is_answered_also_an_old_one(telegram, polling, desk, wang):
    wang.taps_from_last_year("7|yes")
    wang.taps_from_last_year("7|yes", without_message=True)
    await telegram.until(lambda: wang.queries == {})
    assert len(telegram.calls_of("answerCallbackQuery")) == 2


async def test_a_tap_that_cannot_be_answered_counts_all_the_same(telegram, polling, desk, wang):
    telegram.troubles.next("answerCallbackQuery", BAD_GATEWAY)
    wang.taps_from_last_year("7|yes")
    await desk.until(lambda: [message.choice for message in desk.messages] == ["yes"])


async def test_blocking_reaches_the_program_around(telegram, polling, desk, wang):
    wang.blocks()
    await desk.until(lambda: desk.memberships != [])
    ((address, reachable, _),) = desk.memberships
    assert (address, reachable) == (Address("telegram", str(wang.id)), False)


async def test_a_correction_gets_one_hint_and_a_change_nobody_made_gets_none(telegram, polling, desk, wang):
    same = wang.says("看这个 example.org")
    wang.corrects(same, "看这个 example.org")
    update = wang.says("春园小区")
    wang.corrects(update, "秋园小区")
    wang.corrects(update, "冬园小区")
    wang.says("完")
    await desk.until(lambda: desk.texts[-1:] == ["完"])
    assert [reply.text for _, reply, _ in desk.said] == [EDITED]
    assert desk.texts == ["看这个 example.org", "春园小区", "完"]


async def test_a_group_is_told_once_and_in_the_group(telegram, polling, desk, wang):
    group = telegram.group()
    desk.replies = (Reply("这件事请私下跟我说。"),)
    group.hears(wang, "/points")
    assert await group.reads() == "这件事请私下跟我说。"
    assert desk.wakes == 0


TROUBLES = [BAD_GATEWAY, CLOSED, HALF_AN_ANSWER, REVOKED, GONE, too_many(2), says("{}"), says('{"ok":true}')]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_no_trouble_ends_the_loop(telegram, polling, desk, wang, trouble):
    telegram.troubles.next("getUpdates", trouble, trouble)
    telegram.updates.end_polls()
    wang.says("还在吗")
    await desk.until(lambda: desk.texts == ["还在吗"])


@pytest.mark.parametrize("hard_limit", [0.3])
async def test_a_call_that_never_returns_is_given_up_and_the_session_made_anew(telegram, polling, desk, client, wang):
    before = client.poll._session
    telegram.troubles.next("getUpdates", SILENT, SILENT, SILENT)
    wang.says("还在吗")
    await desk.until(lambda: desk.texts == ["还在吗"])
    assert client.poll._session is not before


async def test_waits_grow_from_one_second_to_thirty(telegram, polling, desk, sleeper, wang):
    telegram.troubles.next("getUpdates", *[BAD_GATEWAY] * 7)
    telegram.updates.end_polls()
    wang.says("好")
    await desk.until(lambda: desk.texts == ["好"])
    grown = [wait for wait in sleeper.waits if wait > 1]
    assert grown[-6:] == [2, 4, 8, 16, 30, 30]


async def test_telegram_going_away_for_a_while_loses_nothing(telegram, polling, desk, sleeper, wang):
    wang.says("一")
    await desk.until(lambda: desk.texts == ["一"])
    await telegram.down()
    wang.says("二")
    await telegram.up()
    await desk.until(lambda: desk.texts == ["一", "二"])


async def test_a_second_program_raises_the_alarm_and_loses_no_update(telegram, polling, desk, health, wang, caplog):
    await telegram.until(lambda: len(telegram.calls_of("getUpdates")) >= 1)
    async with open_client(telegram.token, telegram.url) as other:
        given = {"timeout": 50, "allowed_updates": list(ALLOWED_UPDATES)}
        rival = asyncio.create_task(other.bot.do_api_request("getUpdates", given))
        await telegram.until(lambda: any(call.status == 409 for call in telegram.calls_of("getUpdates")))
        wang.says("您好")
        await desk.until(lambda: desk.texts == ["您好"])
        await asyncio.gather(rival, return_exceptions=True)
    await telegram.until(lambda: "409" in caplog.text, "an alarm")


async def test_a_webhook_left_over_is_taken_away_at_the_start_and_nothing_with_it(
    client, intake, health, clock, sleeper, telegram, desk, wang
):
    telegram.webhook.target = None
    telegram.updates.allowed = ["message"]
    wang.says("早就说了")
    telegram.troubles.next("deleteWebhook", BAD_GATEWAY)
    task = asyncio.create_task(Polling(client, intake, health, clock=clock.now, sleep=sleeper).run())
    await desk.until(lambda: desk.texts == ["早就说了"])
    assert len(telegram.calls_of("deleteWebhook")) == 2
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_revoked_token_is_an_alarm_and_the_channel_says_so(telegram, polling, health, clock, caplog):
    caplog.set_level(logging.ERROR)
    telegram.revoked = True
    telegram.updates.end_polls()
    await telegram.until(lambda: "token" in health.problem)
    assert health.failing(clock.now()) is None
    clock.advance(91)
    assert health.failing(clock.now()) == "Telegram refuses the bot's token"
    assert telegram.token not in caplog.text


def test_silence_counts_from_the_last_success_not_from_a_flag(clock):
    health = Health(clock.now())
    clock.advance(60)
    health.heard(clock.now())
    clock.advance(89)
    assert health.failing(clock.now()) is None
    clock.advance(2)
    assert health.failing(clock.now()) is not None
    assert health.failing(clock.now() - timedelta(seconds=60)) is None


async def test_each_bot_has_numbers_of_its_own(client, desk, channel, clock, telegram, wang):
    """Another bot's updates may bear the same numbers: they are not the same messages."""
    other = Intake(
        client,
        Reader("800000002", COMMANDS),
        receive=desk.receive,
        wake=desk.wake,
        quarantine=desk.quarantine,
        reachability=desk.reachability,
        say=desk.say,
        channel=channel,
        clock=clock.now,
    )
    raw = wang.says("您好")
    await other.take(raw)
    assert desk.messages[0].id == f"800000002-{raw['update_id']}"

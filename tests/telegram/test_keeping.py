"""What the channel keeps: updates set aside, who can be reached, and words of its own."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels.telegram.keeping import Keeping
from dialogue.message import Address, Reply
from storage import accounts, files, outbox
from storage.schema.talks import quarantine

WANG = Address("telegram", "100001")


@pytest.fixture
def keeping(database, clock):
    return Keeping(database, clock.now)


async def reachable(database):
    account = await database.read(accounts.find, *WANG)
    return account.reachable


async def test_an_update_set_aside_lies_sealed_on_disk_and_may_be_set_aside_twice(database, keeping):
    for _ in range(2):
        await keeping.quarantine("telegram", "7-5", "KeyError", "message", '{"text":"我的秘密"}')
    rows = await database.read(lambda tx: tx.execute(select(quarantine)).all())
    assert [(row.message, row.problem, row.kind) for row in rows] == [("7-5", "KeyError", "message")] * 2
    assert "我的秘密".encode() not in rows[0].raw


async def test_who_blocks_the_bot_is_out_of_reach_until_they_let_it_speak(database, keeping, clock):
    await database.write(accounts.heard, *WANG, clock.now())
    clock.advance(60)
    await keeping.reachability(WANG, False, clock.now())
    assert not await reachable(database)
    clock.advance(60)
    await keeping.reachability(WANG, True, clock.now())
    assert await reachable(database)


async def test_a_block_in_the_second_of_the_last_message_counts(database, keeping, clock):
    clock.advance(0.7)
    await database.write(accounts.heard, *WANG, clock.now())
    await keeping.reachability(WANG, False, clock.now().replace(microsecond=0))
    assert not await reachable(database)


async def test_a_block_older_than_what_was_heard_since_changes_nothing(database, keeping, clock):
    blocked_at = clock.now()
    clock.advance(90)
    await database.write(accounts.heard, *WANG, clock.now())
    await keeping.reachability(WANG, False, blocked_at)
    assert await reachable(database)


async def test_what_waited_for_someone_who_blocked_us_ends(database, keeping, clock):
    account = await database.write(accounts.heard, *WANG, clock.now())
    due = clock.now() + timedelta(days=1)
    reminder = outbox.Planned("reminder", "r1", '{"text":"明天"}', due, account_id=account.id, channel="telegram")
    await database.write(outbox.plan, reminder, clock.now())
    clock.advance(60)
    await keeping.reachability(WANG, False, clock.now())
    assert await database.read(outbox.states) == {"unreachable": 1}


async def test_a_stranger_who_blocks_us_makes_no_account(database, keeping, clock):
    await keeping.reachability(WANG, False, clock.now())
    assert await database.read(accounts.find, *WANG) is None


async def test_words_of_the_channel_are_one_row_however_often_they_are_said(database, keeping, clock):
    await keeping.say(WANG, Reply("没有人听"), "k0")
    await database.write(accounts.heard, *WANG, clock.now())
    for _ in range(2):
        await keeping.say(WANG, Reply("改过的话"), "k1")
    assert await database.read(outbox.states) == {"planned": 1}


async def test_a_file_is_opened_by_its_token_until_it_lapses(database, keeping, clock):
    token = await database.write(files.add, "a.csv", "text/csv", b"1,2", None, clock.now())
    assert await keeping.open_file(token) == b"1,2"
    clock.advance(8 * 86400)
    with pytest.raises(LookupError):
        await keeping.open_file(token)


async def test_what_is_remembered_is_there_after_a_restart(database, keeping, clock):
    assert await keeping.recall("telegram.menu") is None
    await keeping.remember("telegram.menu", "ab12")
    assert await Keeping(database, clock.now).recall("telegram.menu") == "ab12"

"""What is forgotten when (care.md 7), on a clock that is moved: nothing a day early, nothing kept longer."""

from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from bot.schedule import Schedule
from dialogue.message import Reply, encoded
from storage import accounts, attachments, audit, chat_history, conversations, files, inbox, outbox
from storage.audit import Actor
from storage.conversations import Desk
from storage.outbox import Ended, Planned
from storage.schema.records import audit_log
from storage.schema.sessions import sessions as sessions_table
from storage.schema.talks import attachments as attachments_table
from storage.schema.talks import conversations as conversations_table
from storage.schema.talks import files as files_table
from storage.schema.talks import inbox as inbox_table
from storage.schema.talks import outbox as outbox_table
from storage.schema.talks import quarantine as quarantine_table
from storage.schema.wechat import wechat_answers
from tests.conftest import MORNING, Clock
from tests.dialogues.town import person, town

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=1)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def purged(database, clock):
    """Purge after so much time; returns how many were forgotten of one kind."""

    async def purged(kind, after):
        clock.now = MORNING + after
        return (await Schedule(database, clock, lambda: None).forget())[kind]

    return purged


@pytest.fixture
async def me(database):
    return (await database.write(accounts.heard, "web", "me", MORNING)).id


async def count(database, table, *conditions):
    return await database.read(
        lambda tx: tx.execute(select(func.count()).select_from(table).where(*conditions)).scalar()
    )


async def test_a_draft_is_forgotten_seven_days_after_the_last_word(database, purged, me):
    await database.write(conversations.save, me, Desk(), MORNING)
    assert await purged("drafts", 7 * DAY) == 0
    assert await purged("drafts", 7 * DAY + MOMENT) == 1
    assert await count(database, conversations_table) == 0


async def test_message_numbers_go_after_seven_days_and_the_words_stay_for_thirty(database, purged, me):
    for number in range(3):
        replies = encoded((Reply("好的"),))
        await database.write(inbox.keep, "web", f"m{number}", me, f"第{number}句", replies, MORNING)
    assert await purged("message numbers", 7 * DAY) == 0
    assert await purged("message numbers", 7 * DAY + MOMENT) == 3
    assert await purged("message numbers", 8 * DAY) == 0
    assert await count(database, inbox_table, inbox_table.c.message.like("m%")) == 0
    assert await database.read(inbox.answer_to, "web", "m1") is None
    turns = await database.read(chat_history.last, me)
    assert sorted(turn.said for turn in turns) == ["第0句", "第1句", "第2句"]
    assert all("好的" in turn.replies for turn in turns)
    assert await purged("chat", 30 * DAY) == 0
    assert await purged("chat", 30 * DAY + MOMENT) == 3
    assert await count(database, inbox_table) == 0


async def test_numbers_of_every_day_go_in_their_turn(database, purged, me, clock):
    for day in range(12):
        await database.write(inbox.keep, "web", f"m{day}", me, "话", "[]", MORNING + day * DAY)
    await purged("message numbers", 9 * DAY)
    await purged("message numbers", 11 * DAY)
    assert await count(database, inbox_table, inbox_table.c.message.like("m%")) == 8


async def test_what_could_not_be_read_is_forgotten_after_thirty_days(database, purged):
    await database.write(inbox.quarantine, "telegram", "1", "KeyError", "message", "{}", MORNING)
    assert await purged("unreadable updates", 30 * DAY) == 0
    assert await purged("unreadable updates", 30 * DAY + MOMENT) == 1
    assert await count(database, quarantine_table) == 0


async def test_pictures_that_belong_to_nothing_go_with_the_chat_and_those_of_a_need_stay(database, purged, me):
    for number in range(2):
        await database.write(attachments.add, me, "web", "photo", f"r{number}", "", "", MORNING)
    await database.write(attachments.belong_to, (1,), "need 128")
    assert await purged("media", 30 * DAY) == 0
    assert await purged("media", 30 * DAY + MOMENT) == 1
    assert await count(database, attachments_table, attachments_table.c.subject == "need 128") == 1


async def test_sessions_of_the_console_go_an_hour_after_the_last_page_and_at_the_latest_after_twelve(database, purged):
    await database.write(town)
    someone = await database.write(person, "李干事", "13700137000")
    for began, seen in ((0, 0), (0, 11), (11, 11)):
        row = {"key": bytes([began, seen]), "person_id": someone}
        row |= {"began_at": MORNING + began * HOUR, "seen_at": MORNING + seen * HOUR}
        await database.write(lambda tx, row=row: tx.execute(insert(sessions_table), row))
    assert await purged("console sessions", HOUR - MOMENT) == 0
    assert await purged("console sessions", HOUR) == 1
    assert await purged("console sessions", 12 * HOUR - MOMENT) == 0
    assert await purged("console sessions", 12 * HOUR) == 2
    assert await count(database, sessions_table) == 0


async def planned(database, kind, key, account_id, **ended):
    message = Planned(kind, key, encoded(Reply("王建国的活动改了")), MORNING, account_id=account_id, channel="web")
    await database.write(outbox.plan, message, MORNING)
    if ended:
        number = await count(database, outbox_table)
        await database.write(outbox.settle, Ended(number, **ended), MORNING)


async def test_an_answer_that_was_sent_goes_with_the_number_it_is_kept_under(database, purged, me):
    await planned(database, "answer", "answer:web:m1:0", me, state="delivered")
    assert await purged("answers", 7 * DAY) == 0
    assert await purged("answers", 7 * DAY + MOMENT) == 1
    assert await count(database, outbox_table) == 0


async def test_the_words_of_what_was_sent_go_after_thirty_days_and_that_it_was_sent_after_four_hundred(
    database, purged, me
):
    await planned(database, "notice", "n1", me, state="delivered")
    await planned(database, "notice", "n2", me)
    assert await purged("sent words", 30 * DAY) == 0
    assert await purged("sent words", 30 * DAY + MOMENT) == 2
    assert await count(database, outbox_table, outbox_table.c.reply != b"") == 0
    assert await database.read(outbox.states) == {"delivered": 1, "expired": 1}
    assert await purged("sent rows", 400 * DAY) == 0
    assert await purged("sent rows", 400 * DAY + MOMENT) == 2
    assert await database.read(outbox.states) == {}


async def test_more_than_one_piece_is_forgotten_to_the_last(database, purged, me):
    def keep(tx):
        rows = [{"channel": "web", "message": f"m{number}", "received_at": MORNING} for number in range(1_203)]
        tx.execute(insert(inbox_table), rows)
        for number in range(1_203):
            message = Planned("notice", f"n{number}", "{}", MORNING, account_id=me, channel="web")
            outbox.plan(tx, message, MORNING)

    await database.write(keep)
    assert await purged("chat", 31 * DAY) == 1_203
    assert await count(database, outbox_table, outbox_table.c.reply != b"") == 0


async def test_files_tokens_and_answered_pushes_go_in_their_time(database, purged, me):
    await database.write(files.add, "a.ics", "text/calendar", b"x", None, MORNING)

    def more(tx):
        tx.execute(insert(wechat_answers), {"message": "1", "user": "o", "body": b"", "at": MORNING})

    await database.write(more)
    assert await purged("files", 7 * DAY - MOMENT) == 0
    assert await purged("files", 7 * DAY) == 1
    assert await count(database, files_table) == 0
    assert await purged("wechat answers", 7 * DAY + MOMENT) == 1


async def test_every_step_can_be_repeated_at_once_and_finds_nothing_more(database, clock, me):
    await planned(database, "answer", "answer:web:m1:0", me, state="delivered")
    await database.write(inbox.keep, "web", "m1", me, "话", "[]", MORNING)
    clock.passes(days=500)
    schedule = Schedule(database, clock, lambda: None)
    assert sum((await schedule.forget()).values()) > 0
    assert sum((await schedule.forget()).values()) == 0


async def test_acts_are_forgotten_after_four_hundred_days_and_the_chain_still_holds(database, purged):
    for day in range(6):
        await database.write(audit.note, Actor(1), "grant.given", f"person {day}", MORNING + day * DAY)
    noted = (await database.read(audit.head)).chain
    assert await purged("audit log", 400 * DAY) == 0
    assert await purged("audit log", 401 * DAY + MOMENT) == 2
    assert await purged("audit log", 402 * DAY + MOMENT) == 1
    assert await database.read(audit.first_broken) is None
    head = await database.read(audit.head)
    assert (head.rows, head.forgotten) == (3 + 2, 3)
    assert await database.read(audit.has_link, noted)
    # In time the rows that say so go as well.
    assert await purged("audit log", 803 * DAY) == 5
    assert await database.read(audit.first_broken) is None
    assert await database.read(audit.head) == audit.Head(1, (await database.read(audit.head)).chain, 8)


@pytest.mark.parametrize(
    ("meddling", "noticed_at"),
    [
        (lambda row: "DELETE FROM audit_log WHERE id = 4", 5),
        (lambda row: "UPDATE audit_log SET actor_id = 2 WHERE id = 4", 4),
        (lambda row: f"DELETE FROM audit_log WHERE id = {row}", 4),
        (lambda row: f"UPDATE audit_log SET after = replace(after, '2', '3') WHERE id = {row}", 4),
    ],
)
async def test_who_meddles_with_what_was_not_forgotten_is_noticed(database, purged, meddling, noticed_at):
    for day in range(6):
        await database.write(audit.note, Actor(1), "grant.given", f"person {day}", MORNING + day * DAY)
    assert await purged("audit log", 402 * DAY + MOMENT) == 3
    newest = await database.read(lambda tx: tx.execute(select(func.max(audit_log.c.id))).scalar())
    await database.write(lambda tx: tx.connection.exec_driver_sql(meddling(newest)))
    assert await database.read(audit.first_broken) == noticed_at

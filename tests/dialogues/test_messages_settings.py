"""少发点, 退订, 别提醒了: how much people want to hear from us (domain 9.8, care C16)."""

from datetime import timedelta

import pytest

from handlers import reminders as words
from storage import delivery, outbox, people, reminders
from storage.schema.talks import outbox as outbox_table
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.town import class_of, registered


def setting(tx):
    return people.get(tx, 1).messages


def due(tx, now):
    """What would be sent to Telegram now."""
    delivery.route(tx, now, {"telegram"})
    sent, kinds = [], []
    while found := delivery.turn(tx, "telegram", sent, 50, now).due:
        sent = [outbox.Ended(row.id, "delivered") for row in found]
        kinds += [row.kind for row in found if row.kind != "answer"]
    return kinds


def ends(tx):
    return {row.kind: (row.state, row.because) for row in tx.execute(outbox_table.select()) if row.kind != "answer"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [("1", "own"), ("2", "point"), ("3", "all"), ("0", "none"), ("4", "none"), ("只要我服务点的", "point")],
)
async def test_less_is_chosen_by_a_number(town_chat, said, kept):
    await registered(town_chat)
    assert "现在是“都要”" in await town_chat("少发点")
    assert "好的" in await town_chat(said)
    assert await town_chat.does(setting) == kept


async def test_less_in_one_sentence(town_chat):
    await registered(town_chat)
    assert "只发您服务点的" in await town_chat("少发点 2")
    assert await town_chat.does(setting) == "point"


@pytest.mark.parametrize("said", ["少发点消息", "少发点行吗", "消息太多了烦人"])
async def test_words_that_choose_nothing_are_asked_about(town_chat, said):
    await registered(town_chat)
    assert "您想收哪些消息" in await town_chat(said)
    assert "只发您报名的" in await town_chat("1")


@pytest.mark.parametrize("said", ["退订", "退订。", "tuiding", "TD", "别提醒了", "不用提醒了", "别发了"])
async def test_one_word_stops_messages(town_chat, said):
    await registered(town_chat)
    assert "不主动给您发消息" in await town_chat(said)
    assert await town_chat.does(setting) == "none"


async def test_the_word_works_in_the_middle_of_something_else(town_chat):
    await registered(town_chat)
    await town_chat("说难处")
    assert "不主动给您发消息" in await town_chat("退订")
    assert await town_chat.does(setting) == "none"


async def test_messages_come_again_when_wanted(town_chat):
    await registered(town_chat)
    await town_chat("退订")
    assert "都发给您" in await town_chat.taps("恢复提醒")
    assert await town_chat.does(setting) == "all"


async def test_who_is_not_registered_gets_nothing_anyway(town_chat):
    assert "没有登记" in await town_chat("退订")
    assert "要先登记" in await town_chat("少发点")


@pytest.mark.parametrize("said", ["退订", "别提醒了"])
async def test_after_the_word_no_reminder_goes_out_though_it_was_planned_before(town_chat, said):
    chat = town_chat
    chat.who = SOMEONE_ELSE
    await registered(chat, who=SOMEONE_ELSE)
    await chat.does(class_of, starts_in=timedelta(hours=26))
    await chat("报名书法")
    chat.clock.passes(hours=8, minutes=5)  # 18:05, the evening before
    assert await chat.does(reminders.plan_due, chat.clock(), words.written) == 1
    await chat(said)
    assert await chat.does(due, chat.clock()) == []
    assert (await chat.does(ends))["reminder"] == ("superseded", outbox.MESSAGES_STOPPED)


async def test_without_the_word_it_goes_out(town_chat):
    chat = town_chat
    chat.who = SOMEONE_ELSE
    await registered(chat, who=SOMEONE_ELSE)
    await chat.does(class_of, starts_in=timedelta(hours=26))
    await chat("报名书法")
    chat.clock.passes(hours=8, minutes=5)
    await chat.does(reminders.plan_due, chat.clock(), words.written)
    assert await chat.does(due, chat.clock()) == ["reminder"]

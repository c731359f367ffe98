"""个人信息说明: whoever agreed to earlier words is asked about the new ones, once (care.md P3, K9)."""

import json

import pytest

from handlers import consent_changes, consent_texts
from storage import accounts, consents, outbox, people
from storage.consents import ConsentText
from storage.schema.talks import outbox as outbox_table
from tests.conftest import ME, MORNING
from tests.dialogues.town import person, registered


def asked(tx):
    """Person and words of all that was planned."""
    rows = tx.execute(outbox_table.select().order_by(outbox_table.c.id)).all()
    return [(row.person_id, json.loads(outbox.opened(tx, row))["text"]) for row in rows]


async def renew(chat):
    return await chat.does(consent_changes.ask, chat.clock())


@pytest.fixture
def new_words(monkeypatch):
    text = ConsentText("registration", "2", "登记要记您的姓名。\n电话 {phone}。")
    monkeypatch.setattr(consent_texts, "REGISTRATION", text)
    monkeypatch.setattr(consent_texts, "CHANGED", "多记一项专长")
    return text


async def agreed_before(chat):
    me = await registered(chat)
    old = ConsentText("registration", "1", "登记要记您的姓名。")

    def agree(tx):
        consents.give(tx, accounts.find(tx, *ME), old, MORNING)

    await chat.does(agree)
    return me


async def test_new_words_are_asked_about_once(town_chat, new_words):
    chat = town_chat
    me = await agreed_before(chat)
    for _ in range(3):
        await renew(chat)
        chat.clock.passes(days=1)
    assert await chat.does(asked) == [(me, "我们的个人信息说明改了：多记一项专长。您同意吗？")]
    assert "记下了" in await chat("同意新说明")
    assert await chat.does(lambda tx: consents.current(tx, accounts.find(tx, *ME), new_words))


async def test_a_no_to_new_words_leaves_the_old_agreement(town_chat, new_words):
    chat = town_chat
    me = await agreed_before(chat)
    await renew(chat)
    assert "还按您原来同意的来" in await chat("不同意新说明")
    assert not await chat.does(lambda tx: consents.current(tx, accounts.find(tx, *ME), new_words))
    assert await chat.does(people.find, me) is not None


async def test_nobody_is_asked_while_the_words_are_the_same(town_chat):
    chat = town_chat
    await registered(chat)
    await chat.does(lambda tx: consents.give(tx, accounts.find(tx, *ME), consent_texts.REGISTRATION, MORNING))
    await renew(chat)
    assert await chat.does(asked) == []


async def test_the_full_text_is_there_for_everybody(town_chat):
    assert "加密存放" in await town_chat("个人信息说明")


async def test_many_are_asked_a_few_at_a_time(town_chat, new_words):
    chat = town_chat

    def crowd(tx):
        for number in range(5):
            who = ME._replace(user=f"u{number}")
            person(tx, "王建国", f"139{number:08d}", who)
            consents.give(tx, accounts.find(tx, *who), ConsentText("registration", "1", "原来的话。"), MORNING)

    await chat.does(crowd)
    assert await chat.does(consent_changes.ask, MORNING, 3) == 3
    assert await chat.does(consent_changes.ask, MORNING, 3) == 2
    assert await chat.does(consent_changes.ask, MORNING, 3) == 0

"""Links lead into the channel they are said in; where there is none, a word does."""

import pytest

from dialogue.message import Address
from storage import settings
from tests.dialogues.town import class_of

FOUND = {"web": "https://hy.example/chat?start=", "telegram": "https://t.me/hy_bot?start=", "wechat": ""}


@pytest.fixture
async def lesson(town_chat):
    await town_chat.does(class_of)
    await town_chat.does(settings.put, "chat_addresses", FOUND, town_chat.clock())
    return town_chat


async def test_an_event_is_passed_on_for_each_channel_that_is_on(lesson):
    answer = await lesson("活动链接 1")
    assert "微信：跟我说“活动 1”" in answer
    assert "Telegram：https://t.me/hy_bot?start=event-1" in answer
    assert "网页：https://hy.example/chat?start=event-1" in answer


@pytest.mark.parametrize("channel", ["web", "telegram"])
async def test_what_is_passed_on_opens_the_event(lesson, channel):
    lesson.who = Address(channel, "somebody new")
    assert "《书法班》" in await lesson(payload="event-1")


async def test_without_any_address_the_word_is_said(lesson):
    await lesson.does(settings.put, "chat_addresses", {}, lesson.clock())
    assert "跟我说“活动 1”" in await lesson("活动链接 1")

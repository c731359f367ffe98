"""Conversations held through WeChat, from following to unfollowing, as an elder would."""

from pathlib import Path

import pytest

from dialogue.message import Attachment
from storage.geography import Place
from tests.conftest import SOMEONE_ELSE
from tests.wechat.chat import WechatChat
from tests.wechat.server import FakeWechat


@pytest.fixture(params=["service_verified", "subscription_unverified", "test"])
async def chat(request, databases, tmp_path, vault):
    url = databases.new(tmp_path / "wechat.db")
    keys = {"aes_key": None} if request.param == "test" else {}
    async with FakeWechat.open(None, kind=request.param, **keys) as wechat:
        chat = WechatChat(url, vault, wechat)
        yield chat
        await chat.close()
        wechat.assert_content()


async def test_the_first_message_after_following_is_short_and_warm(chat):
    await chat.open()
    person = chat.wechat.follower(chat.who.user)
    await person.follows()
    assert person.read.startswith("您好")
    assert len(person.read) <= 120
    assert "验证码" in person.read


async def test_a_number_a_word_and_a_tap_mean_the_same(chat):
    by_word = await chat("活动")
    chat.who = SOMEONE_ELSE
    await chat("你好")
    assert await chat("2") == by_word
    await chat("你好")
    assert await chat("２") == by_word
    await chat("你好")
    assert await chat.taps("看活动、报名") == by_word


async def test_voice_and_places_out_of_the_blue_are_answered(chat):
    for sent in (
        {"place": Place(18.25, 109.5)},
        {"attachment": Attachment("voice", "x")},
        {"attachment": Attachment("photo", "x")},
    ):
        await chat(**sent)
        assert len(chat.person.read) > 5
        await chat("取消")


def test_every_conversation_is_held_here_too():
    here = {path.name for path in (Path(__file__).parent / "transcripts").glob("test_*.py")}
    there = {path.name for path in (Path(__file__).parents[1] / "dialogues").glob("test_*.py")}
    assert not there - here, "give each a file in tests/wechat/transcripts, with the two lines of its neighbours"

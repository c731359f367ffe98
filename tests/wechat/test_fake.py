"""The fake platform itself: it must refuse what the real one refuses, or the other tests prove nothing."""

import asyncio

import aiohttp
import pytest

from tests.wechat import rules
from tests.wechat.server import ACCOUNT, FAULT_TEXT, FakeWechat

GOOD = (
    "<xml><ToUserName><![CDATA[o_wang]]></ToUserName><FromUserName><![CDATA[gh_0123456789ab]]></FromUserName>"
    "<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[好]]></Content></xml>"
)


def understood(body):
    return rules.reply_to_push(body.encode(), "o_wang", ACCOUNT, False)


def test_a_good_reply_is_shown():
    assert understood(GOOD) == ("text", {"content": "好"})


@pytest.mark.parametrize(
    "change",
    [
        ("<xml>", "<html>"),
        ("</xml>", ""),
        ("[o_wang]", "[o_other]"),
        ("[gh_0123456789ab]", "[gh_other]"),
        ("<CreateTime>1<", "<CreateTime><![CDATA[1]]><"),
        ("[text]", "[hologram]"),
        ("[text]", "[image]"),
        ("[好]", "[]"),
        ("[好]", f"[{'好' * 683}]"),
        ("[好]", "[\x0b]"),
        ("[好]", '[<a href="https://e.example">offen]'),
        ("[好]", "[1 < 2]"),
        ("[好]", '[<a href="weixin://bizmsgmenu?msgmenucontent=2">ohne id</a>]'),
        ("[好]", '[<a href="https://e.example"></a>]'),
        ("</xml>", "<CreateTime>2</CreateTime></xml>"),
    ],
)
def test_a_reply_the_platform_would_not_show_is_refused(change):
    with pytest.raises((rules.Bad, KeyError)):
        understood(GOOD.replace(*change))


@pytest.mark.parametrize(
    ("status", "body"), [(500, b"success"), (200, b"{}"), (200, b"ok"), (200, GOOD.encode()), (403, b"")]
)
async def test_a_bad_answer_is_pushed_again_and_then_shown_as_a_fault(clock, status, body):
    """The plain XML too: this account encrypts."""
    async with FakeWechat.open(clock, sleep=lambda _: asyncio.sleep(0)) as wechat:
        wechat._post = lambda query, sent: answering(status, body)
        assert await wechat.follower("o_wang").says("你好") is None
        assert wechat.attempts_made == 3
        assert wechat.follower("o_wang").read == FAULT_TEXT
        assert len(wechat.faults) == 1


async def answering(status, body):
    return status, body


async def call(wechat, path, body, token=None):
    query = {} if token is None else {"access_token": token}
    async with aiohttp.ClientSession() as session, session.post(wechat.base_url + path, params=query, data=body) as r:
        assert r.status == 200
        return await r.json(content_type=None)


async def token_of(wechat):
    import json

    body = {"grant_type": "client_credential", "appid": wechat.app_id, "secret": wechat.app_secret}
    return (await call(wechat, "/cgi-bin/stable_token", json.dumps(body)))["access_token"]


SEND = "/cgi-bin/message/custom/send"


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        (SEND, '{"touser":"o_wang","msgtype":"text","text":{"content":"\\u597d"}}', 40033),
        (SEND, "kein JSON", 47001),
        (SEND, '{"touser":"o_nobody","msgtype":"text","text":{"content":"好"}}', 40003),
        (SEND, '{"touser":"o_wang","msgtype":"hologram"}', 40008),
        (SEND, '{"touser":"o_wang","msgtype":"text","text":{"content":""}}', 44004),
        (SEND, '{"touser":"o_wang","msgtype":"news","news":{"articles":[]}}', 45008),
        (SEND, '{"touser":"o_wang","msgtype":"image","image":{"media_id":"x"}}', 40007),
        (SEND, '{"touser":"o_wang","msgtype":"text","text":{"content":"好"}}', 45015),
        ("/cgi-bin/message/template/send", '{"touser":"o_wang","template_id":"x","data":{}}', 40037),
        ("/cgi-bin/qrcode/create", '{"action_name":"QR_STR_SCENE","action_info":{"scene":{"scene_str":""}}}', 40053),
        ("/cgi-bin/menu/create", '{"button":[]}', 47001),
    ],
)
async def test_the_api_refuses_what_the_platform_refuses(clock, path, body, code):
    async with FakeWechat.open(clock) as wechat:
        wechat.follower("o_wang")
        answer = await call(wechat, path, body.encode(), await token_of(wechat))
        assert answer["errcode"] == code
        assert " rid: " in answer["errmsg"]


async def test_the_api_wants_a_token_that_lives(clock):
    async with FakeWechat.open(clock) as wechat:
        body = b'{"button":[]}'
        assert (await call(wechat, "/cgi-bin/menu/create", body))["errcode"] == 41001
        assert (await call(wechat, "/cgi-bin/menu/create", body, "made up"))["errcode"] == 40001
        token = await token_of(wechat)
        clock.jump(hours=2, seconds=1)
        assert (await call(wechat, "/cgi-bin/menu/create", body, token))["errcode"] == 42001


async def test_two_tokens_live_in_the_last_five_minutes(clock):
    async with FakeWechat.open(clock) as wechat:
        first = await token_of(wechat)
        assert await token_of(wechat) == first
        clock.jump(minutes=116)
        second = await token_of(wechat)
        assert second != first
        wechat.api._check_token(first)
        wechat.api._check_token(second)


async def test_the_ledger_gives_five_and_then_none_until_the_next_word(clock):
    async with FakeWechat.open(clock) as wechat:
        wechat.ledger.opened("o", "message")
        assert [wechat.ledger.take("o") for _ in range(6)] == [None] * 5 + [45047]
        clock.jump(hours=48)
        assert wechat.ledger.take("o") == 45015

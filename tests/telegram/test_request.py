"""What left the house and what did not, and that no secret leaves with an error."""

import asyncio
import logging
import traceback
import warnings
from datetime import timedelta

import pytest
from aiohttp import web
from telegram import InputFile
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TelegramError

from bot.channels.telegram.client import open_client
from bot.channels.telegram.redaction import Redacting
from bot.channels.telegram.request import NotSent, OutcomeUnknown, proxy_problem
from tests.telegram.people import png
from tests.telegram.server import TOKEN, FakeTelegram
from tests.telegram.troubles import (
    BAD_GATEWAY,
    CLOSED,
    CLOSED_UNREAD,
    HALF_AN_ANSWER,
    RESET,
    RESTARTING,
    REVOKED,
    SILENT,
    page,
    refused,
    says,
    slow,
    too_many,
)

SECRET_WORDS = "我的门牌号是一二三"


@pytest.fixture
def wang(telegram):
    person = telegram.person("王建国")
    person.started = True
    return person


async def say(client, person, text="您好", **timeouts):
    return await client.bot.do_api_request("sendMessage", {"chat_id": person.id, "text": text}, **timeouts)


async def test_a_call_is_one_json_body_and_its_raw_answer(telegram, client, wang):
    made = await say(client, wang)
    assert made["text"] == "您好"
    assert telegram.calls[-1].content_type == "application/json"


async def test_a_file_goes_up_as_multipart(telegram, client, wang):
    given = {"chat_id": wang.id, "photo": InputFile(png(40, 30), filename="图.png"), "caption": "门口"}
    await client.bot.do_api_request("sendPhoto", given)
    assert wang.answers[-1].content == png(40, 30)
    assert wang.answers[-1].text == "门口"


async def test_a_refused_connection_means_not_sent(telegram, client, wang):
    await telegram.down()
    with pytest.raises(NotSent):
        await say(client, wang)
    await telegram.up()


async def test_waiting_for_a_free_connection_in_vain_means_not_sent(telegram, wang):
    async with open_client(telegram.token, telegram.url) as client:
        client.calls._connections = 1
        await client.calls.rebuild()
        telegram.troubles.next("sendMessage", SILENT)
        hanging = asyncio.create_task(say(client, wang, "一", read_timeout=30))
        await telegram.until(lambda: len(telegram.calls) == 1)
        with pytest.raises(NotSent):
            await say(client, wang, "二", connect_timeout=0.1)
        assert telegram.sent_to(wang.id) == ["一"]
        hanging.cancel()


@pytest.mark.parametrize(
    "trouble",
    [
        CLOSED_UNREAD,
        CLOSED,
        RESET,
        HALF_AN_ANSWER,
        BAD_GATEWAY,
        RESTARTING,
        SILENT,
        page(403),
        page(404),
        says("<html>", 200),
        says('{"ok":true}', 200),
        says('{"ok": false, "description": "?"}', 200),
        says("[1]", 200),
    ],
)
async def test_after_the_headers_left_an_answer_that_fails_or_makes_no_sense_means_unknown(
    telegram, client, wang, trouble
):
    telegram.troubles.next("sendMessage", trouble)
    with pytest.raises(OutcomeUnknown):
        await say(client, wang, read_timeout=0.3)


async def test_a_hard_end_while_the_answer_trickles_means_unknown_too(telegram, client, wang):
    telegram.troubles.next("sendMessage", slow(30))
    with pytest.raises(OutcomeUnknown):
        await say(client, wang, read_timeout=0.2, write_timeout=0.1, connect_timeout=0.1)


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (refused(400, "Bad Request: chat not found"), BadRequest),
        (refused(401, "Unauthorized"), InvalidToken),
        (refused(403, "Forbidden: bot was blocked by the user"), Forbidden),
        (refused(409, "Conflict: terminated by other getUpdates request"), Conflict),
        (page(413), BadRequest),
        (page(301), BadRequest),
    ],
)
async def test_what_the_bot_api_refuses_is_named_by_the_library(telegram, client, wang, trouble, kind):
    telegram.troubles.next("getMe", trouble)
    with pytest.raises(kind):
        await client.bot.get_me()


@pytest.mark.parametrize("with_parameters", [True, False])
async def test_429_tells_the_seconds_from_wherever_they_stand(telegram, client, wang, with_parameters):
    telegram.troubles.next("sendMessage", too_many(7, with_parameters=with_parameters))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", r"Please use 'Bot\.")
        with pytest.raises(RetryAfter) as caught:
            await say(client, wang)
    assert caught.value.retry_after == timedelta(seconds=7)


async def test_429_without_any_number_waits_five_seconds(telegram, client, wang):
    telegram.troubles.next("sendMessage", page(429))
    with pytest.raises(RetryAfter) as caught:
        await say(client, wang)
    assert caught.value.retry_after == timedelta(seconds=5)


async def test_a_rebuilt_session_works(telegram, client, wang):
    await client.poll.rebuild()
    await client.calls.rebuild()
    await say(client, wang)


class Proxy:
    """Forwards plain requests, and is silent to CONNECT."""

    def __init__(self):
        self.seen = []
        self.held = asyncio.Event()

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.held.set()
        self.server.close()

    async def serve(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        self.seen.append(head)
        if head.startswith(b"CONNECT"):
            await self.held.wait()
        else:
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 25\r\n\r\n{"ok":true,"result":true}')
            await writer.drain()
        writer.close()


async def test_calls_go_through_the_proxy():
    async with Proxy() as proxy, open_client(TOKEN, "http://api.example.org", f"http://127.0.0.1:{proxy.port}") as to:
        assert await to.bot.do_api_request("deleteWebhook") is True
        assert proxy.seen[0].startswith(f"POST http://api.example.org/bot{TOKEN}/deleteWebhook".encode())


async def test_a_proxy_that_is_silent_or_gone_means_not_sent(caplog):
    caplog.set_level(logging.DEBUG)
    async with Proxy() as proxy:
        url = f"http://name:password7@127.0.0.1:{proxy.port}"
        async with open_client(TOKEN, "https://api.example.org", url) as client:
            with pytest.raises(NotSent) as silent:
                await client.bot.do_api_request("getMe", connect_timeout=0.3)
    async with open_client(TOKEN, "https://api.example.org", url) as client:
        with pytest.raises(NotSent) as gone:
            await client.bot.do_api_request("getMe", connect_timeout=0.3)
    for caught in (silent, gone):
        told = "".join(traceback.format_exception(caught.value)) + caplog.text
        assert "password7" not in told
        assert TOKEN not in told


def test_a_socks_proxy_is_refused_by_its_setting():
    assert "telegram.proxy_url" in proxy_problem("socks5://127.0.0.1:1080")
    assert "telegram.proxy_url" in proxy_problem("127.0.0.1:1080")
    assert proxy_problem("http://user:pass@127.0.0.1:3128") is None


ALL_TROUBLES = [CLOSED, RESET, HALF_AN_ANSWER, BAD_GATEWAY, RESTARTING, REVOKED, page(403), page(429)]
ALL_TROUBLES += [says(f"no JSON, but {SECRET_WORDS}", 400), says('{"ok":true}'), too_many(3)]


async def test_nothing_that_is_logged_or_raised_holds_the_token_or_what_was_said(telegram, wang, caplog):
    caplog.set_level(logging.DEBUG)
    told = []
    async with open_client(telegram.token, telegram.url) as client:
        for trouble in ALL_TROUBLES:
            telegram.troubles.next("sendMessage", trouble)
            with pytest.raises(TelegramError) as caught:
                await say(client, wang, SECRET_WORDS, read_timeout=0.3)
            told.append("".join(traceback.format_exception(caught.value)) + repr(caught.value))
        telegram.troubles.next("getMe", REVOKED)
        with pytest.raises(InvalidToken) as caught:
            await client.learn_name()
        told.append("".join(traceback.format_exception(caught.value)))
        await telegram.down()
        with pytest.raises(NetworkError) as caught:
            await say(client, wang, SECRET_WORDS)
        told.append("".join(traceback.format_exception(caught.value)))
        await telegram.up()
    async with open_client(telegram.token, "http://api.exa mple:x") as client:
        with pytest.raises(NetworkError) as caught:
            await say(client, wang, SECRET_WORDS)
        told.append("".join(traceback.format_exception(caught.value)))
    everything = "\n".join(told) + caplog.text
    assert len(told) == len(ALL_TROUBLES) + 3
    assert TOKEN not in everything
    assert SECRET_WORDS not in everything


def test_a_token_that_slips_into_a_log_is_struck_out():
    redacting = Redacting(["p4ss"])
    try:
        raise ValueError(f"http://127.0.0.1/bot{TOKEN}/getMe")
    except ValueError as error:
        record = logging.LogRecord(
            "x", logging.ERROR, "f", 1, "at %s", (f"bot{TOKEN}, p4ss",), (ValueError, error, error.__traceback__)
        )
    assert redacting.filter(record)
    told = logging.Formatter().format(record)
    assert TOKEN not in told
    assert "p4ss" not in told
    assert "ValueError" in told


async def test_an_answer_without_end_is_not_read_to_its_end():
    async def endless(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(40):
            await answer.write(b"x" * 65_536)
        return answer

    app = web.Application()
    app.router.add_post("/bot{token}/{method}", endless)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with open_client(TOKEN, f"http://127.0.0.1:{runner.addresses[0][1]}") as client:
        with pytest.raises(OutcomeUnknown, match="endless"):
            await client.bot.do_api_request("sendMessage", {"chat_id": 1, "text": "您好"})
    await runner.cleanup()


async def test_the_client_is_ready_without_a_word_from_telegram():
    server = FakeTelegram()
    async with open_client(server.token, "http://127.0.0.1:9") as client:
        assert client.bot_id == TOKEN.split(":")[0]

"""Updates that are pushed: who may push, what is answered, and what happens when nothing can be kept."""

import asyncio
import json
import re
import socket

import aiohttp
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route

from bot.channels.telegram.assembly import Program, Settings, open_telegram
from bot.channels.telegram.memory import ForgetfulMemory
from bot.channels.telegram.menu import Command
from bot.channels.telegram.receiving import ALLOWED_UPDATES
from bot.channels.telegram.webhook import MOST_BYTES, Webhook, WebhookWatch
from storage.database import StorageFault
from tests.telegram.server import FakeTelegram
from tests.telegram.test_polling import Sleeper
from tests.telegram.troubles import BAD_GATEWAY

SECRET = "a-Secret_of-the_webhook"
HEADER = "X-Telegram-Bot-Api-Secret-Token"


class Served:
    """A Starlette application under uvicorn on a port of its own."""

    def __init__(self, routes):
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.base = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        self.url = f"{self.base}/telegram/webhook"
        self.server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="critical", lifespan="off"))

    async def __aenter__(self):
        self.task = asyncio.create_task(self.server.serve([self.listening]))
        async with asyncio.timeout(60), aiohttp.ClientSession() as session, session.get(self.base):
            pass  # it has answered, so it serves
        return self

    async def __aexit__(self, *_):
        self.server.should_exit = True
        self.server.force_exit = True
        await self.task


@pytest.fixture
async def telegram(clock):
    async with FakeTelegram(clock) as server:
        yield server
    assert server.mistakes == []


@pytest.fixture
async def served(intake, health, clock):
    hook = Webhook(intake, health, [SECRET, "the-one-before"], clock=clock.now)
    async with Served([Route("/telegram/webhook", hook)]) as served:
        yield served


@pytest.fixture
async def hooked(telegram, served):
    telegram.webhook.target = None
    async with aiohttp.ClientSession() as session:
        url = f"{telegram.url}/bot{telegram.token}/setWebhook"
        given = {"url": served.url, "secret_token": SECRET, "allowed_updates": list(ALLOWED_UPDATES)}
        async with session.post(url, json=given) as answer:
            assert answer.status == 200
    return telegram


@pytest.fixture
def wang(telegram):
    return telegram.person("王建国")


async def post(served, body, secret=SECRET, method="POST"):
    async with aiohttp.ClientSession() as session:
        headers = {HEADER: secret} if secret is not None else {}
        async with session.request(method, served.url, data=body, headers=headers) as answer:
            return answer.status, await answer.read(), answer.headers


def body_of(raw):
    return json.dumps(raw).encode()


async def test_an_update_is_answered_200_with_nothing_once_it_is_kept(hooked, desk, wang):
    update = wang.says("您好")
    await hooked.until(lambda: hooked.updates.confirmed == [update["update_id"]])
    assert desk.texts == ["您好"]
    assert hooked.webhook.pushed[0].body == b""


async def test_nothing_is_answered_before_it_is_kept(hooked, desk, wang):
    desk.gate = asyncio.Event()
    wang.says("您好")
    await desk.until(lambda: desk.now == 1)
    assert hooked.webhook.pushed == []
    desk.gate.set()
    await hooked.until(lambda: len(hooked.webhook.pushed) == 1)


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET[:-1], SECRET + "x", "错"])
async def test_without_the_secret_nothing_is_read(served, desk, wang, secret):
    status, body, _ = await post(served, body_of(wang.says("您好")), secret)
    assert (status, body) == (403, b"")
    assert desk.messages == []


async def test_the_secret_before_is_still_taken(served, desk, wang):
    assert (await post(served, body_of(wang.says("您好")), "the-one-before"))[0] == 200


async def test_only_post_is_taken(served):
    assert (await post(served, None, method="GET"))[0] == 405


async def test_a_body_that_cannot_come_from_telegram_is_refused(served, desk):
    status, _, _ = await post(served, b"x" * (MOST_BYTES + 1))
    assert status == 413
    assert desk.set_aside == []


async def test_half_a_mebibyte_is_taken(served, desk, wang):
    raw = wang.says("您好")
    raw["message"]["text"] = "字" * 170_000
    assert (await post(served, json.dumps(raw, ensure_ascii=False).encode()))[0] == 200
    assert len(desk.texts[0]) == 170_000


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"message":{}}', b'{"update_id":"x"}', b"\xff\xfe", b"null"])
async def test_what_is_no_update_is_set_aside_and_answered_200(served, desk, body):
    status, answer, _ = await post(served, body)
    assert (status, answer) == (200, b"")
    ((_, number, problem, _, _),) = desk.set_aside
    assert problem == "NoUpdate"
    assert len(number) == 40


async def test_a_poisoned_update_is_set_aside_and_holds_up_nobody(hooked, desk, wang):
    raw = wang.says("坏的")
    del raw["message"]["chat"]
    wang.says("好的")
    await desk.until(lambda: "好的" in desk.texts)
    await hooked.until(lambda: len(hooked.updates.confirmed) == 2)
    assert len(desk.set_aside) == 1
    assert {push.status for push in hooked.webhook.pushed} == {200}


async def test_what_cannot_be_kept_is_answered_503_with_a_wait_no_tap_outlives(served, desk, wang):
    desk.broken = 1
    status, body, headers = await post(served, body_of(wang.taps_from_last_year("7|yes")))
    assert (status, body, headers["Retry-After"]) == (503, b"", "5")


async def test_what_could_not_be_kept_comes_again_and_is_not_dropped(hooked, clock, desk, wang):
    desk.broken = 2
    wang.taps_from_last_year("7|yes")
    for tries in (1, 2):
        await hooked.until(lambda tries=tries: len(hooked.webhook.pushed) == tries)
        await clock.asleep(5)
        clock.advance(5)
    await desk.until(lambda: [message.choice for message in desk.messages] == ["yes"])
    assert hooked.webhook.dropped == []


async def test_a_message_and_a_tap_of_one_person_are_served_one_after_the_other(hooked, desk, wang):
    desk.gate = asyncio.Event()
    wang.says("一")
    wang.taps_from_last_year("7|yes")
    telegram_did = hooked.webhook
    await hooked.until(lambda: telegram_did.most_at_once == 2)
    await desk.until(lambda: desk.now == 1)
    desk.gate.set()
    await hooked.until(lambda: len(hooked.updates.confirmed) == 2)
    assert desk.most == 1


async def test_connections_are_kept_alive(hooked, wang):
    for number in range(30):
        wang.says(str(number))
    await hooked.until(lambda: len(hooked.updates.confirmed) == 30)
    assert len(hooked.webhook.connections) == 1


async def test_a_repeat_changes_nothing_and_is_answered_200(hooked, desk, wang):
    update = wang.says("您好")
    hooked.updates.again(update)
    await hooked.until(lambda: len(hooked.webhook.pushed) == 2)
    assert desk.texts == ["您好"]
    assert {push.status for push in hooked.webhook.pushed} == {200}


@pytest.mark.parametrize("secrets", [[], [""], ["good", ""]])
def test_a_webhook_without_a_secret_is_refused(intake, health, clock, secrets):
    with pytest.raises(ValueError, match="webhook_secret"):
        Webhook(intake, health, secrets, clock=clock.now)


class TestWatch:
    @pytest.fixture
    def memory(self):
        return ForgetfulMemory()

    def watch(self, client, health, memory, clock, secret=SECRET, sleep=None):
        url = "https://hongyan.example.org/telegram/webhook"
        given = {"url": url, "secret": secret, "clock": clock.now}
        return WebhookWatch(client, health, memory, **given, sleep=sleep or clock.sleep)

    async def test_it_is_set_where_it_is_missing_and_pending_updates_stay(
        self, telegram, client, health, memory, clock, wang
    ):
        wang.says("早就说了")
        await self.watch(client, health, memory, clock)._look()
        assert telegram.webhook.target.secret == SECRET
        assert telegram.updates.allowed == list(ALLOWED_UPDATES)
        assert len(telegram.updates.waiting) == 1
        assert health.last_success is not None

    async def test_it_is_left_alone_when_nothing_changed(self, telegram, client, health, memory, clock):
        for _ in range(3):
            await self.watch(client, health, memory, clock)._look()
        assert len(telegram.calls_of("setWebhook")) == 1

    async def test_a_new_secret_is_told_although_telegram_shows_none(self, telegram, client, health, memory, clock):
        await self.watch(client, health, memory, clock)._look()
        clock.advance(2)
        await self.watch(client, health, memory, clock, secret="another")._look()
        assert telegram.webhook.target.secret == "another"

    async def test_a_webhook_changed_by_somebody_else_is_an_alarm_and_no_fight(
        self, telegram, client, health, memory, clock
    ):
        watch = self.watch(client, health, memory, clock)
        await watch._look()
        telegram.webhook.target = None
        await watch._look()
        assert "somebody else" in health.problem
        assert telegram.webhook.target is None

    async def test_telegram_being_away_does_not_end_it(self, telegram, client, health, memory, clock):
        sleeper = Sleeper()
        telegram.troubles.next("getWebhookInfo", BAD_GATEWAY, BAD_GATEWAY)
        task = asyncio.create_task(self.watch(client, health, memory, clock, sleep=sleeper).run())
        await telegram.until(lambda: telegram.webhook.target is not None)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert sleeper.waits[:2] == [1, 2]


class TestAssembly:
    def program(self, desk, clock, sleep=asyncio.sleep):
        async def open_file(token):
            raise LookupError(token)

        return Program(
            receive=desk.receive,
            wake=desk.wake,
            quarantine=desk.quarantine,
            reachability=desk.reachability,
            say=desk.say,
            open_file=open_file,
            memory=ForgetfulMemory(),
            clock=clock.now,
            sleep=sleep,
        )

    async def test_polling_receives_and_tells_telegram_the_menu(self, telegram, desk, clock, wang):
        settings = Settings(token=telegram.token, api_base_url=telegram.url)
        commands = [Command("points", "服务点", "找最近的服务点")]
        async with open_telegram(settings, self.program(desk, clock), commands) as running:
            assert running.routes == ()
            wang.says("/points")
            await desk.until(lambda: desk.texts == ["服务点"])
            await telegram.until(lambda: telegram.menu_buttons != {})
            assert running.link("event-12") == "https://t.me/hongyan_example_bot?start=event-12"
            assert running.health.failing(clock.now()) is None

    async def test_it_comes_up_and_stops_while_telegram_is_away(self, telegram, desk, clock):
        await telegram.down()
        settings = Settings(token=telegram.token, api_base_url=telegram.url)
        async with open_telegram(settings, self.program(desk, clock, Sleeper()), []) as running:
            assert running.link("x") is None
            clock.advance(91)
            assert running.health.failing(clock.now()) is not None
        await telegram.up()

    async def test_the_menu_is_told_once_telegram_is_back(self, telegram, desk, clock):
        telegram.troubles.next("getMe", BAD_GATEWAY, BAD_GATEWAY)
        settings = Settings(token=telegram.token, api_base_url=telegram.url)
        commands = [Command("points", "服务点", "找最近的服务点")]
        async with open_telegram(settings, self.program(desk, clock, Sleeper()), commands):
            await telegram.until(lambda: telegram.menu_buttons != {})

    async def test_webhook_mode_serves_its_path(self, telegram, desk, clock, wang):
        settings = Settings(
            token=telegram.token,
            api_base_url=telegram.url,
            mode="webhook",
            webhook_secret=SECRET,
            public_url="http://x",
        )
        async with open_telegram(settings, self.program(desk, clock), []) as running, Served(running.routes) as served:
            assert (await post(served, body_of(wang.says("您好"))))[0] == 200
            await telegram.until(lambda: telegram.webhook.target is not None)
            assert telegram.webhook.target.url == "http://x/telegram/webhook"
            telegram.webhook.target = None

    async def test_a_proxy_we_cannot_speak_to_is_named(self, telegram, desk, clock):
        settings = Settings(token=telegram.token, api_base_url=telegram.url, proxy_url="socks5://127.0.0.1:1")
        with pytest.raises(ValueError, match="proxy_url"):
            async with open_telegram(settings, self.program(desk, clock), []):
                pass

    def test_without_a_secret_in_the_settings_one_is_made_that_telegram_takes(self):
        one, other = Settings(token="1:a"), Settings(token="1:b")
        assert one.secret == Settings(token="1:a").secret
        assert one.secret != other.secret
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,256}", one.secret)
        assert Settings(token="1:a", webhook_secret="own").secret == "own"

    async def test_a_menu_that_cannot_be_remembered_does_not_end_the_channel(self, telegram, desk, clock, wang):
        class Broken(ForgetfulMemory):
            async def remember(self, name, value):
                raise StorageFault

        program = self.program(desk, clock)
        object.__setattr__(program, "memory", Broken())
        settings = Settings(token=telegram.token, api_base_url=telegram.url)
        async with open_telegram(settings, program, [Command("points", "服务点", "找")]):
            wang.says("您好")
            await desk.until(lambda: desk.texts == ["您好"])

"""The fake server is itself held to what Telegram does: else every test on it would prove nothing."""

import asyncio
import json
import warnings

import aiohttp
import pytest
import telegram as ptb
from aiohttp import web
from telegram import error

from tests.telegram.clock import HandClock
from tests.telegram.people import png
from tests.telegram.server import TOKEN, FakeTelegram, Rates
from tests.telegram.table import bot_api
from tests.telegram.troubles import BAD_GATEWAY, CLOSED, HALF_AN_ANSWER, RESET, REVOKED, too_many

ALLOWED = ["message", "edited_message", "callback_query", "my_chat_member"]


@pytest.fixture
async def server():
    """Without the check at the end: these tests provoke mistakes."""
    async with FakeTelegram() as server:
        yield server


@pytest.fixture
async def by_hand():
    async with FakeTelegram(HandClock()) as server:
        yield server


@pytest.fixture
async def bot(server):
    async with ptb.Bot(TOKEN, f"{server.url}/bot", f"{server.url}/file/bot") as bot:
        yield bot


@pytest.fixture
def wang(server):
    person = server.person("王建国")
    person.started = True
    return person


async def call(server, method, **given):
    async with aiohttp.ClientSession() as session:
        url = f"{server.url}/bot{server.token}/{method}"
        async with session.post(url, json=given) as answer:
            body = await answer.json()
            return body.get("result") if body["ok"] else (answer.status, body["description"])


def keyboard(**button):
    return ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("报名", **button)]])


async def test_twenty_good_calls_pass(server, bot, wang):
    wang.sends_photo()
    photo = wang.sends_photo()["message"]["photo"][0]["file_id"]
    wang.says("你好")
    tap_on = await bot.send_message(wang.id, "请选", reply_markup=keyboard(callback_data="7|yes"))
    query = wang.taps("报名")["callback_query"]["id"]
    place = ptb.ReplyKeyboardMarkup([[ptb.KeyboardButton("发位置", request_location=True)]], one_time_keyboard=True)
    commands = [ptb.BotCommand("points", "找服务点")]
    good = [
        bot.get_me(),
        bot.get_updates(offset=0, timeout=0, allowed_updates=ALLOWED),
        bot.send_message(wang.id, "您好"),
        bot.send_message(str(wang.id), "字" * 4096),
        bot.send_message(wang.id, "<b>您好</b> 1 &lt; 2 &amp; 3", parse_mode="HTML"),
        bot.send_message(wang.id, "在哪儿？", reply_markup=place),
        bot.send_message(wang.id, "好", reply_markup=ptb.ReplyKeyboardRemove()),
        bot.send_message(
            wang.id,
            "看",
            reply_markup=keyboard(url="https://example.org/a"),
            link_preview_options=ptb.LinkPreviewOptions(is_disabled=True),
        ),
        bot.send_photo(wang.id, png(40, 30), caption="图"),
        bot.send_photo(wang.id, photo),
        bot.send_document(wang.id, b"a,b\r\n", filename="名单.csv"),
        bot.send_voice(wang.id, b"OggS" + bytes(50)),
        bot.send_venue(wang.id, 18.25, 109.5, "春园社区红雁之家", "春园路 1 号"),
        bot.send_location(wang.id, 18.25, 109.5),
        bot.answer_callback_query(query, text="好"),
        bot.edit_message_reply_markup(wang.id, tap_on.message_id),
        bot.edit_message_text("选好了", wang.id, tap_on.message_id),
        bot.set_my_commands(commands, scope=ptb.BotCommandScopeAllPrivateChats()),
        bot.set_my_commands(commands, scope=ptb.BotCommandScopeChat(wang.id)),
        bot.set_chat_menu_button(menu_button=ptb.MenuButtonCommands()),
        bot.get_file(photo),
        bot.get_webhook_info(),
        bot.delete_webhook(),
        bot.set_webhook("https://example.org/telegram/webhook", secret_token="a-B_9", allowed_updates=ALLOWED),
    ]
    for made in good:
        await made
    assert server.mistakes == []
    assert len(good) >= 18


async def test_fourteen_bad_calls_fail(server, bot, wang):
    bad = [
        ("sendMessage", {"chat_id": wang.id, "text": "字" * 5000}),
        ("sendMessage", {"chat_id": wang.id, "text": ""}),
        ("sendMessage", {"chat_id": wang.id, "text": " \n"}),
        ("sendMessage", {"chat_id": wang.id, "text": "😀" * 2049}),
        ("sendMessage", {"chat_id": wang.id, "text": "<b>没有关上", "parse_mode": "HTML"}),
        ("sendMessage", {"text": "没有收件人"}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "txet": "好"}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "reply_markup": keyboard(callback_data="x" * 70)}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "reply_markup": keyboard()}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "reply_markup": keyboard(url="a", callback_data="b")}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "reply_markup": keyboard(callback_data="a", style="red")}),
        ("sendMessage", {"chat_id": wang.id, "text": "好", "reply_markup": keyboard(url="http://localhost:8080/x")}),
        ("sendPhoto", {"chat_id": wang.id, "photo": ptb.InputFile(png(9, 9)), "caption": "字" * 1100}),
        ("sendPhoto", {"chat_id": wang.id, "photo": ptb.InputFile(b"no picture")}),
        ("sendVenue", {"chat_id": wang.id, "latitude": "here", "longitude": 1.0, "title": "a", "address": "b"}),
        ("setMyCommands", {"commands": [{"command": "points", "description": ""}]}),
        ("setMyCommands", {"commands": [{"command": "服务点", "description": "找"}]}),
        ("setWebhook", {"url": "https://example.org", "secret_token": "x" * 300}),
        ("sendEverything", {"chat_id": wang.id}),
        ("editMessageText", {"chat_id": wang.id, "text": "哪一条？"}),
    ]
    for method, given in bad:
        before = len(server.mistakes)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ptb.warnings.PTBUserWarning)
            try:
                await bot.do_api_request(method, given)
            except error.TelegramError:
                pass
            else:
                assert "txet" in given, f"{method} {given} was let through"
        assert len(server.mistakes) > before, f"{method} {given} is not noticed"
    assert len(bad) >= 12


async def test_a_wrong_token_is_unauthorized(server):
    server.token = "1:other"
    async with aiohttp.ClientSession() as session, session.get(f"{server.url}/bot{TOKEN}/getMe") as answer:
        assert answer.status == 401
        assert (await answer.json())["error_code"] == 401


async def test_method_names_ignore_case_and_parameters_may_stand_in_the_query(server, wang):
    async with aiohttp.ClientSession() as session:
        url = f"{server.url}/bot{TOKEN}/SENDmessage"
        async with session.get(url, params={"chat_id": wang.id, "text": "您好"}) as answer:
            assert (await answer.json())["ok"]
    assert await wang.reads() == "您好"
    assert server.mistakes == []


class TestUpdates:
    async def get(self, server, **given):
        return await call(server, "getUpdates", **{"allowed_updates": ALLOWED, **given})

    async def test_an_offset_confirms_what_lies_before_it(self, by_hand):
        wang = by_hand.person()
        first, second = wang.says("一"), wang.says("二")
        assert await self.get(by_hand) == [first, second]
        assert await self.get(by_hand, offset=second["update_id"]) == [second]
        assert by_hand.updates.confirmed == [first["update_id"]]
        assert await self.get(by_hand) == [second]

    async def test_an_offset_far_ahead_is_ignored(self, by_hand):
        wang = by_hand.person()
        first = wang.says("一")
        assert await self.get(by_hand, offset=first["update_id"] + 12) == [first]

    async def test_a_long_poll_is_woken_by_an_update(self, by_hand):
        poll = asyncio.create_task(self.get(by_hand, timeout=25))
        await by_hand.clock.asleep(25)
        update = by_hand.person().says("您好")
        assert await poll == [update]

    async def test_a_long_poll_ends_empty(self, by_hand):
        poll = asyncio.create_task(self.get(by_hand, timeout=25))
        await by_hand.clock.asleep(25)
        by_hand.clock.advance(25)
        assert await poll == []

    async def test_asking_again_at_once_gives_one_update_and_later_waits(self, by_hand):
        wang = by_hand.person()
        wang.says("一")
        wang.says("二")
        assert len(await self.get(by_hand, offset=5)) == 2
        by_hand.clock.advance(0.4)
        assert len(await self.get(by_hand, offset=5)) == 1
        by_hand.updates.waiting.clear()
        by_hand.clock.advance(1)
        poll = asyncio.create_task(self.get(by_hand, offset=5))
        await by_hand.clock.asleep(3)
        by_hand.clock.advance(3)
        assert await poll == []

    async def test_the_older_of_two_polls_is_ended_with_409(self, by_hand):
        older = asyncio.create_task(self.get(by_hand, timeout=25))
        await by_hand.clock.asleep(25)
        newer = asyncio.create_task(self.get(by_hand, offset=1, timeout=26))
        status, text = await older
        assert status == 409
        assert text.startswith("Conflict: terminated by other getUpdates request")
        update = by_hand.person().says("您好")
        assert await newer == [update]

    async def test_a_webhook_forbids_polling(self, by_hand):
        await call(by_hand, "setWebhook", url="https://example.org/x")
        status, text = await self.get(by_hand)
        assert (status, text[:33]) == (409, "Conflict: can't use getUpdates me")

    async def test_allowed_updates_are_kept_and_do_not_touch_what_is_queued(self, by_hand):
        wang = by_hand.person()
        await self.get(by_hand, allowed_updates=["message"])
        wang.blocks()
        message = wang.says("一")
        await self.get(by_hand, allowed_updates=["my_chat_member"])
        assert await self.get(by_hand, allowed_updates=["my_chat_member"]) == [message]

    async def test_a_tap_waits_150_seconds_and_a_message_a_day(self, by_hand):
        wang = by_hand.person()
        message = wang.says("一")
        wang.taps_from_last_year("7|yes")
        by_hand.clock.advance(151)
        assert await self.get(by_hand) == [message]
        by_hand.clock.advance(24 * 3600)
        assert await self.get(by_hand, offset=1) == []


class Receiver:
    """A program that notes what it is sent and answers as told."""

    def __init__(self, server):
        self.server = server
        self.got = []
        self.answers = []
        self.hold = None
        self.now = self.most = 0

    async def answer(self, request):
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            self.got.append(((await request.json()), request.headers.get("X-Telegram-Bot-Api-Secret-Token")))
            self.server.tell()
            if self.hold is not None:
                await self.hold.wait()
            return self.answers.pop(0) if self.answers else web.Response()
        finally:
            self.now -= 1


@pytest.fixture
async def receiver(by_hand):
    receiver = Receiver(by_hand)
    app = web.Application()
    app.router.add_post("/telegram/webhook", receiver.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    receiver.url = f"http://127.0.0.1:{runner.addresses[0][1]}/telegram/webhook"
    yield receiver
    await runner.cleanup()


class TestWebhook:
    async def pushed(self, server, count):
        await server.until(lambda: len(server.webhook.pushed) >= count, f"{count} pushes")

    async def test_an_update_is_pushed_with_the_secret_and_done_at_200(self, by_hand, receiver):
        await call(by_hand, "setWebhook", url=receiver.url, secret_token="s3cret")
        update = by_hand.person().says("您好")
        await self.pushed(by_hand, 1)
        assert receiver.got == [(update, "s3cret")]
        assert by_hand.updates.confirmed == [update["update_id"]]

    async def test_a_failed_push_is_repeated_at_once_then_after_2_4_8_seconds(self, by_hand, receiver):
        receiver.answers = [web.Response(status=500) for _ in range(4)]
        await call(by_hand, "setWebhook", url=receiver.url)
        by_hand.person().says("您好")
        await self.pushed(by_hand, 2)
        for wait in (2, 4, 8):
            await by_hand.clock.asleep(wait)
            by_hand.clock.advance(wait)
            await self.pushed(by_hand, len(receiver.got))
        await self.pushed(by_hand, 5)
        times = [push.at - by_hand.webhook.pushed[0].at for push in by_hand.webhook.pushed]
        assert times == [0, 0, 2, 6, 14]
        assert (await call(by_hand, "getWebhookInfo"))["last_error_message"].endswith("500 Internal Server Error")

    async def test_retry_after_replaces_the_wait_and_drops_what_would_outlive_itself(self, by_hand, receiver):
        receiver.answers = [web.Response(status=503, headers={"Retry-After": "200"})]
        await call(by_hand, "setWebhook", url=receiver.url)
        tap = by_hand.person().taps_from_last_year("7|yes")
        await self.pushed(by_hand, 1)
        assert by_hand.webhook.dropped == [tap["update_id"]]

    async def test_one_chat_has_one_request_in_flight_and_others_pass_it(self, by_hand, receiver):
        receiver.hold = asyncio.Event()
        await call(by_hand, "setWebhook", url=receiver.url)
        wang, li = by_hand.person("王"), by_hand.person("李")
        first, second, other = wang.says("一"), wang.says("二"), li.says("三")
        await by_hand.until(lambda: len(receiver.got) == 2)
        assert [update for update, _ in receiver.got] == [first, other]
        receiver.hold.set()
        await self.pushed(by_hand, 3)
        assert receiver.got[2][0] == second

    async def test_a_message_and_a_tap_of_one_person_come_side_by_side(self, by_hand, receiver):
        receiver.hold = asyncio.Event()
        await call(by_hand, "setWebhook", url=receiver.url)
        wang = by_hand.person()
        wang.says("一")
        wang.taps_from_last_year("7|yes")
        await by_hand.until(lambda: receiver.most == 2)
        receiver.hold.set()
        await self.pushed(by_hand, 2)

    async def test_stuck_updates_hold_up_everybody(self, by_hand, receiver):
        """Twice max_connections are looked at, not more."""
        await call(by_hand, "setWebhook", url=receiver.url, max_connections=2)
        receiver.answers = [web.Response(status=500) for _ in range(8)]
        for number in range(4):
            by_hand.person(f"坏{number}").says("坏的")
        by_hand.person("好人").says("好的")
        await self.pushed(by_hand, 8)
        await by_hand.clock.asleep(2)
        assert "好的" not in json.dumps([update for update, _ in receiver.got], ensure_ascii=False)
        by_hand.clock.advance(2)
        await self.pushed(by_hand, 13)
        assert receiver.got[-1][0]["message"]["text"] == "好的"

    async def test_after_ten_seconds_without_success_only_one_connection_is_used(self, by_hand, receiver):
        await call(by_hand, "setWebhook", url=receiver.url)
        receiver.answers = [web.Response(status=500) for _ in range(2)]
        by_hand.person("坏").says("坏的")
        await self.pushed(by_hand, 2)
        by_hand.clock.advance(11)
        receiver.hold = asyncio.Event()
        for number in range(5):
            by_hand.person(str(number)).says("好的")
        await by_hand.until(lambda: receiver.now == 1)
        assert receiver.most == 1
        receiver.hold.set()
        await self.pushed(by_hand, 8)

    async def test_410_for_23_hours_removes_the_webhook(self, by_hand, receiver):
        await call(by_hand, "setWebhook", url=receiver.url)
        for hour in (0, 22, 24):
            receiver.answers = [web.Response(status=410, headers={"Retry-After": "3600"})]
            before = len(by_hand.webhook.pushed)
            by_hand.clock.advance(hour * 3600 - (by_hand.clock.time() - 1_764_547_200.0))
            by_hand.person(str(hour)).says("您好")
            await self.pushed(by_hand, before + 1)
        assert (await call(by_hand, "getWebhookInfo"))["url"] == ""

    async def test_an_answer_with_a_body_is_noted(self, by_hand, receiver):
        receiver.answers = [web.Response(text='{"method":"sendMessage"}')]
        await call(by_hand, "setWebhook", url=receiver.url)
        by_hand.person().says("您好")
        await by_hand.until(lambda: by_hand.mistakes != [])

    async def test_connections_are_kept_alive(self, by_hand, receiver):
        await call(by_hand, "setWebhook", url=receiver.url)
        wang = by_hand.person()
        for number in range(20):
            wang.says(str(number))
        await self.pushed(by_hand, 20)
        assert len(by_hand.webhook.connections) == 1

    async def test_setting_it_twice_in_a_second_is_refused_unless_nothing_changes(self, by_hand, receiver):
        assert await call(by_hand, "setWebhook", url=receiver.url) is True
        assert await call(by_hand, "setWebhook", url=receiver.url) is True
        status, _ = await call(by_hand, "setWebhook", url=receiver.url + "2")
        assert status == 429


class TestPeople:
    async def test_a_tap_needs_a_button_that_is_on_the_screen(self, server, bot, wang):
        await bot.send_message(wang.id, "请选", reply_markup=keyboard(callback_data="7|yes"))
        with pytest.raises(AssertionError, match="no button '取消'"):
            wang.taps("取消")
        update = wang.taps("报名")
        assert update["callback_query"]["data"] == "7|yes"

    async def test_who_blocked_the_bot_cannot_be_written_to(self, server, bot, wang):
        change = wang.blocks()["my_chat_member"]
        assert change["new_chat_member"]["status"] == "kicked"
        with pytest.raises(error.Forbidden, match="bot was blocked by the user"):
            await bot.send_message(wang.id, "在吗")
        wang.unblocks()
        await bot.send_message(wang.id, "在吗")

    async def test_who_never_wrote_cannot_be_written_to(self, server, bot):
        with pytest.raises(error.Forbidden, match="can't initiate conversation"):
            await bot.send_message(server.person("李").id, "在吗")
        with pytest.raises(error.BadRequest, match="Chat not found"):
            await bot.send_message(55, "在吗")

    async def test_a_group_that_was_upgraded_names_its_new_id(self, server, bot):
        group = server.group()
        group.migrated_to = -1009
        with pytest.raises(error.ChatMigrated):
            await bot.send_message(group.id, "大家好")
        group.migrated_to, group.kicked = None, True
        with pytest.raises(error.Forbidden, match="kicked"):
            await bot.send_message(group.id, "大家好")

    async def test_a_query_is_answered_once_and_in_time(self, by_hand):
        wang = by_hand.person()
        query = wang.taps_from_last_year("x")["callback_query"]["id"]
        assert await call(by_hand, "answerCallbackQuery", callback_query_id=query, text="好") is True
        assert wang.toasts == ["好"]
        assert (await call(by_hand, "answerCallbackQuery", callback_query_id=query))[0] == 400

    async def test_a_file_is_fetched_by_a_link_that_lapses(self, by_hand):
        file_id = by_hand.person().sends_document(b"abc", "a.txt", "text/plain")["message"]["document"]["file_id"]
        file = await call(by_hand, "getFile", file_id=file_id)
        async with aiohttp.ClientSession() as session:
            url = f"{by_hand.url}/file/bot{TOKEN}/{file['file_path']}"
            async with session.get(url) as answer:
                assert await answer.read() == b"abc"
            by_hand.clock.advance(3601)
            async with session.get(url) as answer:
                assert answer.status == 404

    async def test_every_update_of_a_person_passes_the_table(self, server, wang):
        photo = wang.sends_photo(album="7")
        wang.sends_voice()
        wang.sends_document(b"x", "a.pdf", "application/pdf")
        place = wang.shares_place(18.25, 109.5, live=True)
        wang.moves_on(place, 18.26, 109.5)
        wang.sends_venue(18.25, 109.5, "家", "春园路")
        wang.shares_contact("+8613800138000")
        wang.shares_contact("13900139000", named=False)
        wang.sends_sticker()
        wang.corrects(wang.says("一"), "二")
        wang.opens_link("event-12")
        wang.taps_from_last_year("x", inaccessible=False)
        wang.taps_from_last_year("x", without_message=True)
        server.group().hears_nobody("频道的话")
        assert photo["message"]["media_group_id"] == "7"
        assert bot_api().mistakes_in_value({"update_id": 1, "message": {"message_id": 1}}, "Update")


class TestTroubles:
    @pytest.mark.parametrize("trouble", [CLOSED, RESET, HALF_AN_ANSWER])
    async def test_a_call_may_be_executed_although_no_answer_comes(self, server, bot, wang, trouble):
        server.troubles.next("sendMessage", trouble)
        with pytest.raises(error.NetworkError):
            await bot.send_message(wang.id, "您好")
        assert server.sent_to(wang.id) == ["您好"]

    async def test_a_bad_gateway_executes_nothing(self, server, bot, wang):
        server.troubles.next("sendMessage", BAD_GATEWAY)
        with pytest.raises(error.NetworkError):
            await bot.send_message(wang.id, "您好")
        assert server.sent_to(wang.id) == []

    async def test_429_names_the_seconds_twice(self, server, wang):
        server.troubles.next("sendMessage", too_many(7), too_many(7, with_parameters=False))
        for has_parameters in (True, False):
            async with aiohttp.ClientSession() as session:
                given = {"chat_id": wang.id, "text": "您好"}
                async with session.post(f"{server.url}/bot{TOKEN}/sendMessage", json=given) as answer:
                    body = await answer.json()
                    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
                    assert (body.get("parameters") == {"retry_after": 7}) is has_parameters

    async def test_rates_are_strict_windows_and_sending_meanwhile_prolongs_the_wait(self, by_hand):
        wang = by_hand.person()
        wang.started = True
        by_hand.rates = Rates(chat=(1, 1.0))
        given = {"chat_id": wang.id, "text": "您好"}
        assert isinstance(await call(by_hand, "sendMessage", **given), dict)
        assert (await call(by_hand, "sendMessage", **given))[0] == 429
        by_hand.clock.advance(2)
        assert (await call(by_hand, "sendMessage", **given))[0] == 429
        by_hand.clock.advance(3)
        assert isinstance(await call(by_hand, "sendMessage", **given), dict)

    async def test_a_token_can_be_revoked_once_or_for_good(self, server, bot):
        server.troubles.next("getMe", REVOKED)
        with pytest.raises(error.InvalidToken):
            await bot.get_me()
        await bot.get_me()
        server.revoked = True
        with pytest.raises(error.InvalidToken):
            await bot.get_me()

    async def test_connections_are_refused_while_it_is_down(self, server, bot):
        await server.down()
        with pytest.raises(error.NetworkError):
            await bot.get_me()
        await server.up()
        await bot.get_me()

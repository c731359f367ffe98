"""A reply on the screen of a person, and what is said of it when it did not get there."""

import asyncio

import pytest

from bot.channels import Rejected, TryLater, Unreachable, Unsure
from bot.channels.pace import Pace
from bot.channels.telegram import buttons, rendering
from bot.channels.telegram.assembly import Settings
from bot.channels.telegram.client import open_client
from bot.channels.telegram.media import Media
from bot.channels.telegram.memory import ForgetfulMemory
from bot.channels.telegram.menu import Command, Menu
from bot.channels.telegram.rendering import SHARE_CONTACT, SHARE_PLACE
from bot.channels.telegram.sending import TelegramChannel
from dialogue.message import Choice, File, Link, Reply, Venue
from storage.geography import Place
from tests.telegram.people import png
from tests.telegram.troubles import (
    BAD_GATEWAY,
    CLOSED,
    HALF_AN_ANSWER,
    RESTARTING,
    REVOKED,
    SILENT,
    refused,
    says,
    too_many,
)

YES_NO = (Choice("yes", "对"), Choice("no", "改"))
PHOTO = File("photo-token", "门口.png", "image/png")
SHEET = File("sheet-token", "签到表.xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
VOICE = File("voice-token", "留言.ogg", "audio/ogg")
HOME = Venue(Place(18.2528, 109.5119), "春园社区红雁之家", "春园路 1 号")


@pytest.fixture
def wang(telegram):
    person = telegram.person("王建国")
    person.started = True
    return person


async def send(channel, person, *args, **parts):
    return await channel.send(str(person.id), Reply(*args, **parts))


class TestWhatPeopleSee:
    async def test_words_arrive_as_they_are(self, channel, wang):
        sent = await send(channel, wang, "1 < 2 & <b>不是粗体</b>")
        assert await wang.reads() == "1 < 2 & <b>不是粗体</b>"
        assert sent == str(wang.answers[-1].message_id)

    async def test_choices_are_buttons_that_carry_turn_and_value(self, channel, wang):
        await send(channel, wang, "对吗？", YES_NO, "700-5")
        tap = wang.taps("改")
        assert buttons.read_data(tap["callback_query"]["data"]) == ("no", "700-5")

    async def test_beside_a_numbered_list_the_buttons_carry_its_numbers_alone(self, channel, wang):
        here = (Choice("签到 1号活动 2", "2 王秀英到了"),)
        await channel.send(str(wang.id), Reply("2. 王秀英", here, lines="签到 1号活动"))
        assert [button["text"] for row in wang.answers[-1].buttons for button in row] == ["2 王秀英到了"]

    async def test_buttons_are_numbered_because_the_words_above_may_say_a_number(self, channel, wang):
        await send(channel, wang, "对回 1，改回 2。", YES_NO, "7")
        assert [button["text"] for row in wang.answers[-1].buttons for button in row] == ["1. 对", "2. 改"]

    async def test_short_labels_stand_side_by_side_and_long_ones_below_each_other(self, channel, wang):
        await send(channel, wang, "对吗？", YES_NO, "7")
        assert [len(row) for row in wang.answers[-1].buttons] == [2]
        await send(channel, wang, "哪个？", (*YES_NO, Choice("x", "春园社区天涯红雁之家")), "8")
        assert [len(row) for row in wang.answers[-1].buttons] == [1, 1, 1]

    async def test_a_value_that_does_not_fit_travels_as_its_place_in_the_list(self, channel, wang):
        choices = (Choice("短", "一"), Choice("长" * 30, "二"))
        await send(channel, wang, "哪个？", choices, "700000001-500000001")
        tap = wang.taps("二")
        assert buttons.read_data(tap["callback_query"]["data"]) == ("#2", "700000001-500000001")

    async def test_a_value_that_looks_like_a_place_in_the_list_is_not_taken_for_one(self, channel, wang):
        await send(channel, wang, "哪个？", (Choice("#2", "一"), Choice("b", "二")), "7")
        tap = wang.taps("一")
        assert buttons.read_data(tap["callback_query"]["data"]) == ("#1", "7")

    async def test_a_standing_word_that_fits_no_button_is_read_instead(self, channel, wang):
        await send(channel, wang, "您可以说", (Choice("活动", "看活动"), Choice("很长" * 20, "很长的话")))
        assert wang.answers[-1].labels == ["看活动"]
        assert wang.answers[-1].text == "您可以说\n2. 很长的话"

    async def test_more_choices_than_buttons_are_read_as_lines(self, channel, wang):
        await send(channel, wang, "哪个？", tuple(Choice(f"v{n}", f"第{n}个") for n in range(1, 121)), "7")
        assert len(wang.answers[-1].labels) == 99
        assert wang.answers[-1].text.endswith("\n120. 第120个")

    async def test_a_place_is_asked_for_by_a_button_and_choices_join_it_as_words(self, channel, wang):
        await send(channel, wang, "您在哪儿？", (Choice("skip", "跳过"),), "7", wants_place=True)
        assert [[button["text"] for button in row] for row in wang.keyboard] == [[SHARE_PLACE], ["跳过"]]
        assert wang.keyboard[0][0]["request_location"] is True
        assert wang.taps("跳过")["message"]["text"] == "跳过"

    async def test_a_phone_is_asked_for_by_a_button(self, channel, wang):
        await send(channel, wang, "您的手机号是？", wants_contact=True)
        assert wang.keyboard == [[{"text": SHARE_CONTACT, "request_contact": True}]]

    async def test_the_next_plain_words_take_the_keyboard_away(self, channel, wang):
        await send(channel, wang, "您在哪儿？", wants_place=True)
        await send(channel, wang, "记下了。")
        assert wang.keyboard is None

    async def test_a_group_is_never_asked_for_a_place(self, telegram, channel):
        group = telegram.group()
        await channel.send(str(group.id), Reply("大家好", wants_place=True))
        assert await group.reads() == "大家好"
        assert group.keyboard is None

    async def test_a_point_is_words_and_a_pin_on_the_map_in_wgs84(self, channel, wang):
        gcj = HOME.place.as_gcj02()
        await send(channel, wang, "离您最近的是春园社区红雁之家。", venue=Venue(gcj, HOME.name, HOME.address))
        words, pin = wang.answers
        assert words.text == "离您最近的是春园社区红雁之家。"
        assert (pin.kind, pin.text) == ("venue", "春园社区红雁之家")
        assert pin.place == pytest.approx((18.2528, 109.5119), abs=1e-5)

    async def test_a_pin_without_words_carries_the_buttons(self, channel, wang):
        await send(channel, wang, "", YES_NO, "7", venue=HOME)
        (pin,) = wang.answers
        assert (pin.kind, pin.labels) == ("venue", ["对", "改"])

    async def test_a_photo_carries_the_words_and_the_buttons(self, channel, wang, files):
        files["photo-token"] = png(40, 30)
        await send(channel, wang, "是这儿吗？", YES_NO, "7", photo=PHOTO)
        (shown,) = wang.answers
        assert (shown.kind, shown.text, shown.labels) == ("photo", "是这儿吗？", ["对", "改"])

    async def test_words_too_long_for_a_caption_come_before_the_file(self, channel, wang, files):
        files["sheet-token"] = b"PK"
        await send(channel, wang, "字" * 1100, YES_NO, "7", file=SHEET)
        assert [shown.kind for shown in wang.answers] == ["text", "document"]
        assert wang.answers[0].labels == ["对", "改"]
        assert wang.answers[1].name == "签到表.xlsx"

    async def test_a_voice_is_heard_as_one(self, channel, wang, files):
        files["voice-token"] = b"OggS" + bytes(60)
        await send(channel, wang, "留言在这儿", file=VOICE)
        assert wang.answers[-1].kind == "voice"

    async def test_a_picture_that_is_no_photo_for_telegram_comes_as_a_file(self, telegram, channel, wang, files):
        files["photo-token"] = png(2100, 100)
        await send(channel, wang, "横幅", photo=PHOTO)
        assert wang.answers[-1].kind == "document"
        assert telegram.mistakes.pop().startswith("photo: Bad Request: PHOTO_INVALID_DIMENSIONS")

    @pytest.mark.parametrize("character", ["字", "😀"])
    async def test_a_very_long_text_comes_in_pieces_and_loses_nothing(self, channel, wang, character):
        line = character * 99
        await send(channel, wang, "\n".join([line] * 90), YES_NO, "7")
        texts = [shown.text for shown in wang.answers]
        assert "\n".join(texts).split("\n") == [line] * 90
        assert all(rendering.units(text) <= 4096 for text in texts)
        assert [shown.labels for shown in wang.answers] == [[]] * (len(texts) - 1) + [["对", "改"]]

    async def test_a_link_is_a_button_and_one_without_a_public_host_is_words(self, channel, wang):
        await send(channel, wang, "看网页", link=Link("打开", "https://hongyan.example.org/c/1"))
        assert wang.answers[-1].buttons == [[{"text": "打开", "url": "https://hongyan.example.org/c/1"}]]
        await send(channel, wang, "看网页", link=Link("打开", "http://localhost:8080/c/1"))
        assert wang.answers[-1].text == "看网页\n打开：http://localhost:8080/c/1"

    async def test_a_broadcast_uploads_its_file_once(self, telegram, channel, files):
        files["photo-token"] = png(40, 30)
        people = [telegram.person(f"人{number}") for number in range(20)]
        for person in people:
            person.started = True
        await asyncio.gather(*(send(channel, person, "海报", photo=PHOTO) for person in people))
        assert telegram.files.uploads == 1
        assert all(person.answers[-1].content == png(40, 30) for person in people)

    async def test_a_file_id_that_telegram_forgot_is_uploaded_again(self, telegram, channel, wang, files):
        files["photo-token"] = png(40, 30)
        await send(channel, wang, "海报", photo=PHOTO)
        telegram.files.by_id.clear()
        await send(channel, wang, "海报", photo=PHOTO)
        assert telegram.files.uploads == 2


class TestWhatBecameOfIt:
    async def test_who_blocked_the_bot_is_unreachable_but_may_come_back(self, channel, wang):
        wang.blocking = True
        with pytest.raises(Unreachable) as caught:
            await send(channel, wang, "您好")
        assert not caught.value.final

    async def test_a_deactivated_account_is_unreachable_for_good(self, channel, wang):
        wang.deactivated = True
        with pytest.raises(Unreachable) as caught:
            await send(channel, wang, "您好")
        assert caught.value.final

    async def test_who_never_wrote_is_unreachable(self, telegram, channel):
        with pytest.raises(Unreachable):
            await send(channel, telegram.person("李"), "您好")

    async def test_five_unknown_chats_in_a_row_raise_the_alarm_and_pause(self, channel, caplog):
        for number in range(4):
            with pytest.raises(Unreachable):
                await channel.send(str(number + 1), Reply("您好"))
        with pytest.raises(TryLater) as caught:
            await channel.send("9", Reply("您好"))
        assert caught.value.everyone
        assert channel.pace.paused_for > 500
        assert "another bot" in caplog.text

    async def test_429_says_when_and_pauses_everyone(self, telegram, channel, wang):
        telegram.troubles.next("sendMessage", too_many(7))
        with pytest.raises(TryLater) as caught:
            await send(channel, wang, "您好")
        assert (caught.value.seconds, caught.value.everyone) == (7, True)
        assert channel.pace.paused_for == pytest.approx(7.5, abs=0.3)

    async def test_429_of_a_chat_over_its_budget_pauses_that_chat(self, telegram, channel, wang):
        for _ in range(3):
            channel.pace.take(str(wang.id))
        telegram.troubles.next("sendMessage", too_many(7))
        with pytest.raises(TryLater) as caught:
            await send(channel, wang, "您好")
        assert not caught.value.everyone
        assert channel.pace.paused_for == 0
        assert channel.pace.wait_for(str(wang.id)) == pytest.approx(7.5, abs=0.3)

    async def test_what_did_not_leave_is_tried_later_each_time_twice_as_late(self, telegram, channel, wang):
        await telegram.down()
        waits = []
        for _ in range(8):
            with pytest.raises(TryLater) as caught:
                await send(channel, wang, "您好")
            waits.append(caught.value.seconds)
        assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
        await telegram.up()
        await send(channel, wang, "您好")
        assert telegram.sent_to(wang.id) == ["您好"]

    @pytest.mark.parametrize("trouble", [CLOSED, HALF_AN_ANSWER, RESTARTING, says('{"ok":true}')])
    async def test_what_may_have_arrived_is_unsure(self, telegram, channel, wang, trouble):
        telegram.troubles.next("sendMessage", trouble)
        with pytest.raises(Unsure) as caught:
            await send(channel, wang, "我的秘密")
        assert "我的秘密" not in caught.value.reason

    async def test_a_refused_token_pauses_everyone_and_is_tried_again(self, telegram, channel, wang):
        telegram.troubles.next("sendMessage", REVOKED)
        with pytest.raises(TryLater) as caught:
            await send(channel, wang, "您好")
        assert caught.value.everyone
        assert channel.token_refused
        await send(channel, wang, "您好")
        assert not channel.token_refused

    async def test_a_message_telegram_does_not_like_is_rejected_for_good(self, telegram, channel, wang):
        telegram.troubles.next("sendMessage", refused(400, "Bad Request: reply markup is too long"))
        with pytest.raises(Rejected, match=r"(?i)reply markup is too long"):
            await send(channel, wang, "您好")

    async def test_a_file_that_is_gone_is_rejected(self, channel, wang):
        with pytest.raises(Rejected, match="no longer kept"):
            await send(channel, wang, "看", file=SHEET)

    async def test_a_group_that_became_a_supergroup_gets_it_there(self, telegram, channel):
        old, new = telegram.group(), telegram.group()
        old.migrated_to = new.id
        await channel.send(str(old.id), Reply("大家好"))
        assert await new.reads() == "大家好"

    async def test_a_pin_that_fails_does_not_make_the_words_fail(self, telegram, channel, wang):
        telegram.troubles.next("sendVenue", refused(400, "Bad Request: VENUE_INVALID"))
        sent = await send(channel, wang, "最近的是……", venue=HOME)
        assert sent == str(wang.answers[0].message_id)

    async def test_the_rest_of_a_reply_is_waited_for(self, telegram, client, wang):
        slept = []

        async def sleep(seconds):
            slept.append(seconds)

        channel = TelegramChannel(client, Pace(1000), None, sleep=sleep)
        telegram.troubles.next("sendMessage", None, too_many(3))
        await send(channel, wang, "字" * 5000)
        assert slept == [3]
        assert "".join(shown.text for shown in wang.answers) == "字" * 5000

    async def test_a_reply_of_which_only_the_beginning_is_certain_is_unsure(self, telegram, channel, wang):
        telegram.troubles.next("sendMessage", None, CLOSED)
        with pytest.raises(Unsure, match="part 2"):
            await send(channel, wang, "字" * 5000)


class TestFiles:
    async def test_what_was_sent_is_fetched(self, client, wang):
        reference = wang.sends_voice(b"OggS-voice")["message"]["voice"]["file_id"]
        assert await Media(client).fetch(reference) == b"OggS-voice"

    async def test_a_file_that_is_too_big_is_not(self, client, wang):
        reference = wang.sends_document(bytes(3000), "a.bin", "application/octet-stream")["message"]["document"]
        with pytest.raises(Rejected, match="too big"):
            await Media(client, at_most=2000).fetch(reference["file_id"])

    async def test_more_than_telegram_gives_is_refused_by_telegram(self, client, wang):
        big = bytes(21 * 1024 * 1024)
        reference = wang.sends_document(big, "a.bin", "application/octet-stream")["message"]["document"]["file_id"]
        with pytest.raises(Rejected, match=r"(?i)file is too big"):
            await Media(client).fetch(reference)

    async def test_an_unknown_reference_is_gone(self, client):
        with pytest.raises(Rejected, match="file_id"):
            await Media(client).fetch("nothing")

    @pytest.mark.parametrize("trouble", [BAD_GATEWAY, HALF_AN_ANSWER])
    async def test_a_broken_download_is_tried_later(self, telegram, client, wang, trouble):
        reference = wang.sends_voice()["message"]["voice"]["file_id"]
        telegram.troubles.next("file", trouble)
        with pytest.raises(TryLater):
            await Media(client).fetch(reference)

    async def test_no_address_of_a_file_is_logged(self, client, wang, caplog):
        caplog.set_level(0)
        reference = wang.sends_voice()["message"]["voice"]["file_id"]
        await Media(client).fetch(reference)
        assert "voice/" not in caplog.text
        assert client.bot.token not in caplog.text


EVERYONE = [Command("points", "服务点", "找最近的服务点"), Command("events", "活动", "看活动")]
STAFF = [*EVERYONE, Command("counts", "统计", "看人数")]


class TestMenu:
    async def test_everyone_gets_the_list_and_staff_a_longer_one(self, telegram, client, wang):
        menu = Menu(client, ForgetfulMemory())
        await menu.publish(EVERYONE)
        await menu.publish_for({str(wang.id): STAFF})
        names = {scope: [command["command"] for command in told] for scope, told in telegram.commands.items()}
        assert names['{"type": "all_private_chats"}'] == ["points", "events"]
        assert names[f'{{"chat_id": {wang.id}, "type": "chat"}}'] == ["points", "events", "counts"]
        assert telegram.menu_buttons[0] == {"type": "commands"}

    async def test_nothing_is_told_twice(self, telegram, client, wang):
        memory = ForgetfulMemory()
        for _ in range(3):
            menu = Menu(client, memory)
            await menu.publish(EVERYONE)
            await menu.publish_for({str(wang.id): STAFF})
        assert len(telegram.calls_of("setMyCommands")) == 2

    async def test_who_gives_up_an_office_has_the_common_list_again(self, telegram, client, wang):
        menu = Menu(client, ForgetfulMemory())
        await menu.publish_for({str(wang.id): STAFF})
        await menu.publish_for({str(wang.id): []})
        assert telegram.commands == {}

    async def test_one_unknown_person_stops_nobody(self, telegram, client, wang):
        await Menu(client, ForgetfulMemory()).publish_for({"55": STAFF, str(wang.id): STAFF})
        assert len(telegram.commands) == 1


async def test_a_send_that_hangs_is_unsure(telegram, wang):
    async with open_client(telegram.token, telegram.url) as client:
        channel = TelegramChannel(client, Pace(1000), None)
        telegram.troubles.next("sendMessage", SILENT)
        sending = asyncio.create_task(send(channel, wang, "您好"))
        await telegram.until(lambda: telegram.sent_to(wang.id) == ["您好"])
        await telegram.down()  # ends every connection
        with pytest.raises(Unsure):
            await sending
        await telegram.up()


def test_nothing_that_is_shown_in_a_debugger_or_a_failed_test_holds_the_token(client):
    assert client.bot.token not in repr(client)
    assert "secret" not in repr(Settings(token="secret", webhook_secret="secret"))


@pytest.mark.parametrize("data", ["", "|", "yes", "a|b|c", "|活动", "7|#99", "\x00"])
def test_any_button_data_is_read(data):
    choice, turn = buttons.read_data(data)
    assert isinstance(choice, str)
    assert turn is None or turn

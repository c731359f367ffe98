"""What updates mean to us, each read from what Telegram really sends."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.channels.telegram.receiving import Changed, Membership, Nothing, Reader, Said
from bot.channels.telegram.rendering import SHARE_PLACE
from dialogue.message import Address, Contact
from storage.geography import Place
from tests.telegram.clock import HandClock
from tests.telegram.server import TOKEN, FakeTelegram

NOW = datetime(2025, 12, 1, tzinfo=UTC)
NAME = "hongyan_example_bot"
BOT = TOKEN.split(":")[0]


@pytest.fixture
def telegram():
    """The people of the fake server; nothing has to listen for this."""
    return FakeTelegram(HandClock())


@pytest.fixture
def wang(telegram):
    return telegram.person("王建国")


def read(raw):
    return Reader(BOT, {"points": "服务点"}).read(raw, NAME, NOW)


def message(raw):
    event = read(raw)
    assert isinstance(event, Said)
    return event.message


def test_words_come_with_sender_moment_and_a_number_of_their_own(wang):
    raw = wang.says("您好")
    said = message(raw)
    assert said.text == "您好"
    assert said.sender == Address("telegram", str(wang.id))
    assert said.sent_at == NOW
    assert said.id == f"{BOT}-{raw['update_id']}"
    assert said.private


def test_what_has_no_date_is_noticed_before_it_is_kept(wang):
    """The library hands on nothing as the date; kept as the beginning of a talk, it could not be read again."""
    raw = wang.shares_place(18.25, 109.5)
    raw["message"]["date"] = None
    with pytest.raises(msgspec.ValidationError):
        read(raw)


@pytest.mark.parametrize(("kind", "field", "value"), [("my_chat_member", "date", None), ("edited_message", "text", [])])
def test_news_of_another_shape_is_noticed_before_it_stops_the_others(wang, kind, field, value):
    """What is raised later than here is answered 500, and Telegram would bring it again and again."""
    member = {"user": {"id": int(BOT), "is_bot": True, "first_name": "红雁"}}
    about = {"chat": {"id": wang.id, "type": "private"}, "from": wang.as_user, "date": 1764547200}
    news = {
        "my_chat_member": {
            **about,
            "old_chat_member": {**member, "status": "member"},
            "new_chat_member": {**member, "status": "kicked", "until_date": 0},
        },
        "edited_message": {**about, "message_id": 1, "edit_date": 1764547201, "text": "您好"},
    }[kind]
    assert read({"update_id": 1, kind: dict(news)})
    with pytest.raises(msgspec.ValidationError):
        read({"update_id": 1, kind: {**news, field: value}})


def test_a_deep_link_carries_its_payload(wang):
    assert message(wang.opens_link("event-12")).payload == "event-12"
    assert message(wang.says("/start")).payload == ""
    assert message(wang.says("/start")).text == "/start"
    assert message(wang.says("/start 有空格 和汉字")).payload == ""
    assert message(wang.says("/start " + "x" * 65)).payload == ""


def test_a_command_of_the_menu_is_the_words_it_stands_for(wang):
    assert message(wang.says("/points")).text == "服务点"
    assert message(wang.says("/points@hongyan_example_bot 春园")).text == "服务点 春园"
    assert message(wang.says("/unknown")).text == "/unknown"
    assert message(wang.says("/")).text == "/"


def test_a_photo_is_its_largest_size(wang):
    raw = wang.sends_photo(caption="路灯坏了", album="77")
    said = message(raw)
    assert said.text == "路灯坏了"
    assert (said.attachment.kind, said.attachment.group) == ("photo", "77")
    assert said.attachment.reference == raw["message"]["photo"][-1]["file_id"]


def test_voice_document_and_picture_sent_as_a_file(wang):
    assert message(wang.sends_voice()).attachment.kind == "voice"
    file = message(wang.sends_document(b"x", "名单.pdf", "application/pdf")).attachment
    assert (file.kind, file.name, file.media_type, file.size) == ("file", "名单.pdf", "application/pdf", 1)
    assert message(wang.sends_document(b"x", "门口.png", "image/png")).attachment.kind == "photo"


@pytest.mark.parametrize(
    ("field", "more", "kind"),
    [
        ("video", {"width": 10, "height": 10, "duration": 1}, "video"),
        ("video_note", {"length": 10, "duration": 1}, "video"),
        ("audio", {"duration": 1}, "voice"),
    ],
)
def test_films_and_sounds_are_attachments(telegram, wang, field, more, kind):
    kept = telegram.files.keep(b"x", field, "a.mp4")
    assert message(wang.sends({field: {**kept, **more}})).attachment.kind == kind


def test_a_place_is_taken_from_position_venue_and_the_first_of_a_live_one(wang):
    here = Place(18.25, 109.5, "wgs84")
    assert message(wang.shares_place(18.25, 109.5)).place == here
    assert message(wang.sends_venue(18.25, 109.5, "大东海", "榆亚路")).place == here
    live = wang.shares_place(18.25, 109.5, live=True)
    assert message(live).place == here
    assert read(wang.moves_on(live, 18.3, 109.6)) == Nothing("edit")


@pytest.mark.parametrize(
    ("phone", "plain"),
    [
        ("+8613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("0086 138-0013-8000", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("+79161234567", "+79161234567"),
    ],
)
def test_a_contact_loses_the_code_of_china(wang, phone, plain):
    assert message(wang.shares_contact(phone)).contact == Contact(plain, own=True)


def test_a_contact_is_ones_own_only_if_telegram_says_so(wang):
    assert not message(wang.shares_contact("13800138000", whose=4711)).contact.own
    assert not message(wang.shares_contact("13800138000", named=False)).contact.own


def test_the_words_on_a_sharing_button_are_no_answer(wang):
    """Some clients send the label in place of the position."""
    assert message(wang.says(SHARE_PLACE)).text == ""


def test_a_sticker_is_something_without_words(wang):
    said = message(wang.sends_sticker())
    assert (said.text, said.attachment) == ("", None)


@pytest.mark.parametrize("content", [{"dice": {"emoji": "🎲", "value": 3}}, {"story": {}}, {"hologram": {"x": 1}}])
def test_what_we_know_nothing_about_is_still_answered(telegram, wang, content):
    now = int(telegram.clock.time())
    whole = {"message_id": 5, "from": wang.as_user, "chat": wang.as_chat, "date": now, **content}
    if "story" in content:
        whole["story"] = {"id": 1, "chat": wang.as_chat}
    assert message({"update_id": 1, "message": whole}).text == ""


def test_notes_of_telegram_are_not_answered(telegram, wang):
    raw = wang.says("x")
    del raw["message"]["text"]
    raw["message"]["message_auto_delete_timer_changed"] = {"message_auto_delete_time": 60}
    assert read(raw) == Nothing("note of Telegram")


class TestTaps:
    def test_a_tap_gives_back_choice_and_turn_and_its_query(self, telegram, wang):
        raw = wang.taps_from_last_year("700-5|yes", inaccessible=False)
        event = read(raw)
        assert (event.message.choice, event.message.turn) == ("yes", "700-5")
        assert event.query_id == raw["callback_query"]["id"]
        assert event.message.sent_at == NOW

    def test_an_inaccessible_or_missing_message_makes_no_difference(self, wang):
        for raw in (wang.taps_from_last_year("7|yes"), wang.taps_from_last_year("7|yes", without_message=True)):
            assert message(raw).sender == Address("telegram", str(wang.id))
            assert message(raw).choice == "yes"

    def test_a_standing_word_has_no_turn(self, wang):
        said = message(wang.taps_from_last_year("|活动"))
        assert (said.choice, said.turn) == ("活动", None)

    def test_a_tap_without_data_is_only_answered(self, wang):
        raw = wang.taps_from_last_year("x")
        del raw["callback_query"]["data"]
        assert read(raw) == Nothing("tap without data", raw["callback_query"]["id"])


class TestGroups:
    @pytest.mark.parametrize(
        ("text", "heard"),
        [
            ("/points", "服务点"),
            ("/points@hongyan_example_bot", "服务点"),
            ("@hongyan_example_bot 我的电话", "我的电话"),
        ],
    )
    def test_what_is_said_to_us_is_heard_and_not_private(self, telegram, wang, text, heard):
        group = telegram.group()
        said = message(group.hears(wang, text))
        assert (said.text, said.private) == (heard, False)
        assert said.sender == Address("telegram", str(group.id))

    @pytest.mark.parametrize("text", ["大家早", "/points@another_bot", "/weather", "@somebody 您好"])
    def test_the_rest_is_not_ours_to_hear(self, telegram, wang, text):
        assert isinstance(read(telegram.group().hears(wang, text)), Nothing)

    def test_an_answer_to_us_is_heard(self, telegram, wang):
        group = telegram.group()
        raw = group.hears(wang, "好的")
        ours = {"message_id": 1, "from": telegram.as_user, "chat": group.as_chat, "date": 1, "text": "您好"}
        raw["message"]["reply_to_message"] = ours
        assert message(raw).text == "好的"

    def test_a_message_without_a_sender_is_nobodys(self, telegram):
        assert isinstance(read(telegram.group().hears_nobody("频道的话")), Nothing)


def test_a_private_message_without_a_sender_is_the_chats(wang):
    raw = wang.says("您好")
    del raw["message"]["from"]
    assert message(raw).sender == Address("telegram", str(wang.id))


def test_a_changed_text_is_no_answer(wang):
    event = read(wang.corrects(wang.says("一"), "二"))
    assert event == Changed(Address("telegram", str(wang.id)), 1, "二")


def test_blocking_and_coming_back_have_their_own_moment(wang):
    address = Address("telegram", str(wang.id))
    assert read(wang.blocks()) == Membership(address, reachable=False, at=NOW)
    assert read(wang.unblocks()) == Membership(address, reachable=True, at=NOW)


def test_a_kind_nobody_knows_is_ignored():
    assert read({"update_id": 1, "hologram": {"id": "1"}}) == Nothing("hologram")


@pytest.mark.parametrize("field", ["message_id", "date", "chat"])
def test_an_update_that_cannot_be_read_raises_and_its_sender_may_still_be_known(wang, field):
    raw = wang.says("您好")
    del raw["message"][field]
    with pytest.raises((KeyError, TypeError, AttributeError)):
        read(raw)
    assert Reader(BOT, {}).sender_of_unreadable(raw) == Address("telegram", str(wang.id))


@pytest.mark.parametrize(
    "raw", [{}, {"message": None}, {"message": {"from": {"id": "x"}}}, {"message": {"from": 3}}, {"poll": {}}]
)
def test_no_sender_is_made_up(raw):
    assert Reader(BOT, {}).sender_of_unreadable({"update_id": 1, **raw}) is None


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=5) | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
async def test_whatever_an_update_holds_it_is_read_or_set_aside(data, intake, desk):
    """One field of a good update becomes anything at all. Nothing but a database fault may come out of it."""
    wang = FakeTelegram(HandClock()).person("王建国")
    made = [wang.says("/start x"), wang.sends_photo(caption="图"), wang.shares_contact("13800138000"), wang.blocks()]
    made += [wang.taps_from_last_year("7|yes"), wang.shares_place(18.25, 109.5), wang.corrects(wang.says("一"), "二")]
    raw = data.draw(st.sampled_from(made))
    where = raw[next(kind for kind in raw if kind != "update_id")]
    for _ in range(data.draw(st.integers(0, 2))):
        inner = [value for value in where.values() if isinstance(value, dict) and value]
        where = data.draw(st.sampled_from(inner)) if inner else where
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(SHAPES)
    await intake.take(raw)
    for known in desk.messages:
        assert known.sender.user.lstrip("-").isdecimal()

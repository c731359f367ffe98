"""What people send through WeChat, what reaches the conversations, and what is answered."""

import asyncio
from datetime import timedelta

import pytest

from dialogue.message import Choice, Reply
from storage import wechat as kept
from tests.wechat.conftest import asks
from tests.wechat.program import Program

SAFE = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


async def test_words_arrive_and_are_answered(program, person, desk):
    await person.says("你好")
    assert person.read == "听到：你好"
    [message] = desk.heard
    assert message.sender == ("wechat", "o_wang")
    assert message.sent_at == program.wechat.clock()


@pytest.mark.parametrize(
    "kind", ["service_verified", "subscription_verified", "service_unverified", "subscription_unverified", "test"]
)
async def test_every_kind_of_account_can_be_talked_to(program, person):
    await person.follows()
    await person.says("你好")
    assert person.read == "听到：你好"


async def test_the_user_named_beside_the_encrypted_copy_is_not_believed(program, person, desk):
    await person.says("你好")
    assert desk.heard[0].sender.user == "o_wang"


async def test_following_begins_the_talk_and_brings_what_the_code_carried(program, person, desk):
    await person.follows()
    await person.follows(scene="event-12")
    assert [(m.text, m.payload) for m in desk.heard] == [("/start", ""), ("/start", "event-12")]


async def test_a_code_scanned_by_a_follower_brings_what_it_carried(program, person, desk):
    code = await program.channel.scene_code("event-12", timedelta(days=3))
    await person.scans(code)
    assert desk.heard[0].payload == "event-12"


async def test_a_voice_message_arrives_as_it_was_recorded(program, person, desk):
    await person.sends_voice(b"#!AMR\nspoken")
    sent = desk.heard[0].attachment
    assert (sent.kind, sent.media_type) == ("voice", "audio/amr")
    assert await program.channel.fetch(sent.reference) == (b"#!AMR\nspoken", "audio/amr")


async def test_recognised_speech_is_heard_as_words_too(program, person, desk):
    await person.sends_voice(recognition="路灯坏了")
    assert desk.heard[0].text == "路灯坏了"
    assert desk.heard[0].attachment.kind == "voice"


async def test_pictures_and_videos_arrive(program, person, desk):
    await person.sends_picture()
    await person.sends_video()
    await person.sends_video(kind="shortvideo")
    assert [m.attachment.kind for m in desk.heard] == ["photo", "video", "video"]
    body, media_type = await program.channel.fetch(desk.heard[0].attachment.reference)
    assert body.startswith(b"\xff\xd8")
    assert media_type == "image/jpeg"


@pytest.mark.parametrize("kind", ["subscription_unverified"])
async def test_where_media_cannot_be_fetched_people_are_told_at_once(program, person, desk):
    await person.sends_voice()
    assert "请打字告诉我" in person.read
    assert desk.heard == []


async def test_a_position_keeps_the_datum_it_was_picked_in(program, person, desk):
    await person.sends_place(18.252847, 109.511909)
    place = desk.heard[0].place
    assert (place.latitude, place.longitude, place.datum) == (18.252847, 109.511909, "gcj02")


@pytest.mark.parametrize("event_first", [True, False])
async def test_a_position_picked_from_the_menu_counts_once(program, person, desk, event_first):
    await person.picks_place_from_menu(18.25, 109.5, event_first=event_first)
    assert [m.place is not None for m in desk.heard] == [True]


async def test_a_word_of_the_menu_is_the_word_said(program, person, desk):
    await person.taps_menu("活动")
    assert desk.heard[0].text == "活动"


async def test_a_link_is_heard_by_its_title(program, person, desk):
    await person.sends_link("三亚天气")
    assert desk.heard[0].text == "三亚天气"


@pytest.mark.parametrize(
    "fields",
    [
        {"Event": "VIEW", "EventKey": "https://example.com"},
        {"Event": "view_miniprogram", "EventKey": "pages/index"},
        {"Event": "LOCATION", "Latitude": "18.2", "Longitude": "109.5", "Precision": "119"},
        {"Event": "pic_sysphoto", "EventKey": "6", "SendPicsInfo": {"Count": 1}},
        {"Event": "TEMPLATESENDJOBFINISH", "MsgID": 200163836, "Status": "success"},
        {"Event": "MASSSENDJOBFINISH", "MsgID": 1000001, "Status": "send success"},
        {
            "Event": "subscribe_msg_popup_event",
            "SubscribeMsgPopupEvent": {
                "List": [
                    {"TemplateId": "T", "SubscribeStatusString": "accept", "PopupScene": 2},
                    {"TemplateId": "U", "SubscribeStatusString": "reject", "PopupScene": 2},
                ]
            },
        },
        {
            "Event": "subscribe_msg_sent_event",
            "SubscribeMsgSentEvent": {"List": {"TemplateId": "T", "MsgID": 17008, "ErrorCode": 0}},
        },
        {"Event": "something_new", "EventKey": ""},
    ],
    ids=lambda fields: fields["Event"],
)
async def test_events_that_need_no_answer_get_none(program, person, desk, fields):
    assert await program.wechat.push(person, {"MsgType": "event", **fields}) is None
    assert desk.heard == []
    assert person.screen == []


async def test_an_unknown_kind_of_message_is_let_pass(program, person, desk):
    assert await program.wechat.push(person, {"MsgType": "hologram", "MsgId": 5}) is None
    assert desk.heard == []


async def test_a_scanned_code_of_the_menu_brings_what_it_carries(program, person, desk):
    info = {"ScanType": "qrcode", "ScanResult": "https://t.example/?start=event-12"}
    fields = {"Event": "scancode_waitmsg", "EventKey": "6", "ScanCodeInfo": info}
    await program.wechat.push(person, {"MsgType": "event", **fields})
    assert desk.heard[0].payload == "event-12"


# -- once


async def test_a_push_repeated_is_answered_the_same_and_heard_once(program, person, desk):
    number = program.wechat.message_id()
    first = await person.says("你好", MsgId=number)
    assert await person.says("你好", MsgId=number) == first
    assert len(desk.heard) == 1
    assert desk.calls == 1


async def test_pushes_repeated_at_the_same_time_are_heard_once(program, person, desk):
    number = program.wechat.message_id()
    desk.gate = asyncio.Event()
    asked = [asyncio.create_task(person.says("你好", MsgId=number)) for _ in range(3)]
    await desk.arrived.wait()
    desk.gate.set()
    shown = await asyncio.gather(*asked)
    assert len(desk.heard) == 1
    assert shown[0] == shown[1] == shown[2] == ("text", {"content": "听到：你好"})


async def test_an_event_repeated_is_heard_once(program, person, desk):
    await person.follows()
    await person.follows()
    assert len(desk.heard) == 1


async def test_a_repeat_after_a_restart_is_answered_the_same(program, person, desk):
    number = program.wechat.message_id()
    first = await person.says("你好", MsgId=number)
    await program.restart()
    assert await person.says("你好", MsgId=number) == first


# -- choices


async def test_choices_are_numbered_and_can_be_tapped(program, person, desk):
    desk.replies = lambda message: (asks(),)
    await person.says("登记")
    assert person.read == "哪个区？\n1 东城\n2 西城\n3 亚龙湾\n0 返回　9 人工"
    await person.taps("西城")
    tapped = desk.heard[-1]
    assert (tapped.choice, tapped.turn, tapped.text) == ("v2", "t1", "西城")


@pytest.mark.parametrize("ids", ["drop", "zero"])
async def test_a_client_that_drops_ids_sends_the_number(program, desk, ids):
    desk.replies = lambda message: (asks(),)
    person = program.wechat.follower("o_old_phone", ids=ids)
    await person.says("登记")
    await person.taps("西城")
    assert (desk.heard[-1].text, desk.heard[-1].choice) == ("2", None)


async def test_a_tap_in_an_older_answer_is_known_as_old(program, person, desk):
    desk.replies = lambda message: (asks(turn=message.id),)
    await person.says("登记")
    older = person.last
    await person.says("换一个")
    await person.taps("西城", of=older)
    assert desk.heard[-1].turn == desk.heard[0].id


async def test_a_tap_in_a_very_old_answer_answers_nothing(program, person, desk):
    desk.replies = lambda message: (asks(turn=message.id),)
    await person.says("登记")
    older = person.last
    for _ in range(10):
        await person.says("换一个")
    await person.taps("西城", of=older)
    assert desk.heard[-1].turn == "gone"
    assert desk.heard[-1].choice is not None


async def test_only_the_last_list_has_numbers_and_every_list_can_be_tapped(program, person, desk):
    desk.replies = lambda message: (Reply("菜单", (Choice("活动", "看活动"),)), asks())
    await person.says("你好")
    assert "看活动\n" in person.read
    assert "1 看活动" not in person.read
    await person.taps("看活动")
    assert (desk.heard[-1].choice, desk.heard[-1].turn) == ("活动", "")


async def test_a_list_line_typed_or_sent_back_whole_is_the_choice(program, desk):
    desk.replies = lambda message: (asks(),)
    person = program.wechat.follower()
    await person.says("登记")
    await person.says("2 西城")
    assert desk.heard[-1].choice == "v2"


# -- 更多


async def test_what_does_not_fit_is_shown_when_asked_for(program, person, desk):
    long = "。".join(f"第{n}句话，说得很长很长很长" for n in range(120)) + "。"
    desk.replies = lambda message: (Reply(long),)
    await person.says("讲讲")
    read = person.read
    while read.endswith("回复“更多”继续"):
        await person.says("更多")
        read = read.removesuffix("\n\n回复“更多”继续") + person.read
    assert read == long
    assert len(desk.heard) == 1


async def test_the_word_for_more_is_an_ordinary_word_when_nothing_is_left(program, person, desk):
    await person.says("更多")
    assert desk.heard[0].text == "更多"


@pytest.mark.parametrize("typed", ["“更多”", "更多。", " 更 多 "])
async def test_the_word_for_more_may_be_typed_as_it_is_shown(program, person, desk, typed):
    desk.replies = lambda message: (Reply("很长的一段话。" * 300),)
    await person.says("讲讲")
    await person.says(typed)
    assert len(desk.heard) == 1


async def test_a_repeated_more_shows_the_same_part(program, person, desk):
    desk.replies = lambda message: (Reply("".join(f"很长的第 {n} 段话。" for n in range(300))),)
    await person.says("讲讲")
    number = program.wechat.message_id()
    shown = await person.says("更多", MsgId=number)
    assert await person.says("更多", MsgId=number) == shown
    assert await person.says("更多") != shown


async def test_a_new_answer_takes_the_place_of_what_was_left(program, person, desk):
    desk.replies = lambda message: (Reply("很长的一段话。" * 300),) if message.text == "讲讲" else (Reply("好"),)
    await person.says("讲讲")
    await person.says("你好")
    await person.says("更多")
    assert desk.heard[-1].text == "更多"


# -- leaving


async def test_unfollowing_erases_the_wechat_identity(program, person, desk, database):
    desk.replies = lambda message: (asks(), Reply("很长的一段话。" * 300))
    await person.says("登记")
    assert await person.unfollows() is None
    tables = (
        "wechat_followers wechat_windows wechat_answers wechat_links wechat_late wechat_notices wechat_promises inbox"
    )
    for table in tables.split():
        rows = await database.read(
            lambda tx, table=table: tx.connection.exec_driver_sql(f"SELECT * FROM {table}").all()
        )
        assert rows == [], table
    rows = await database.read(lambda tx: tx.connection.exec_driver_sql("SELECT * FROM accounts").mappings().all())
    assert [row["user"] for row in rows] != ["o_wang"]
    assert [row["person_id"] for row in rows] == [None]


async def test_unfollowing_twice_changes_nothing_and_coming_back_begins_anew(program, person, desk, database):
    await person.says("你好")
    await person.unfollows()
    await person.unfollows()
    await person.follows()
    assert person.read.startswith("听到")
    assert await database.read(kept.left, "o_wang", program.wechat.clock()) == 3


# -- the address


async def test_the_address_is_verified(program):
    assert await program.wechat.verify() == (200, "4375120948345356249")
    assert (await program.wechat.verify(signature="0" * 40))[0] == 403
    assert (await program.wechat.verify(nonce=None))[0] == 403
    assert (await program.wechat.verify(echostr=None))[0] == 403


async def test_a_captured_request_is_of_no_use_later(program, person, desk):
    wechat = program.wechat
    query, body = wechat.signed(wechat.xml("o_wang", {"MsgType": "text", "Content": "你好", "MsgId": 9}))
    assert (await wechat._post(query, body))[0] == 200
    wechat.clock.jump(minutes=6)
    assert await wechat._post(query, body) == (403, b"")
    assert len(desk.heard) == 1


async def test_a_plain_push_is_refused_where_encryption_is_set(program, desk):
    wechat = program.wechat
    wechat.aes_key = None
    query, body = wechat.signed(wechat.xml("o_wang", {"MsgType": "text", "Content": "你好", "MsgId": 9}))
    assert await wechat._post(query, body) == (403, b"")
    assert desk.heard == []


async def test_a_json_push_is_refused(program, desk):
    wechat = program.wechat
    query, _ = wechat.signed("{}")
    assert (await wechat._post(query, b'{"ToUserName":"gh","Encrypt":"x"}'))[0] == 403
    assert desk.heard == []


async def test_a_push_that_nobody_can_read_is_set_aside(program, person, database):
    assert await program.wechat.push(person, {"MsgType": "text", "Content": "ohne Nummer"}) is None
    rows = await database.read(lambda tx: tx.connection.exec_driver_sql("SELECT channel FROM quarantine").all())
    assert rows == [("wechat",)]


async def test_while_the_key_is_changed_pushes_with_either_are_answered(wechat, database, desk):
    keys = {"encoding_aes_key": "n" * 43, "previous_encoding_aes_key": SAFE}
    async with Program(wechat, database, desk.receive, **keys):
        await wechat.follower().says("旧")
        wechat.aes_key = "n" * 43
        await wechat.follower().says("新")
    assert [m.text for m in desk.heard] == ["旧", "新"]

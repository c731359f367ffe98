"""Speaking unasked: which way is taken, what it costs, and what each refusal of the platform leads to."""

from datetime import timedelta

import pytest

from bot.channels import NotNow, Rejected, TryLater, Unreachable, Unsure
from bot.channels.wechat import promises, verdicts
from bot.channels.wechat.verdicts import Verdict
from dialogue.message import Choice, File, Reply, Venue, encoded
from storage import accounts, delivery, files, outbox, wechat_promises
from storage import wechat as kept
from storage.geography import Place
from tests.wechat import rights
from tests.wechat.conftest import TEMPLATE, asks
from tests.wechat.program import Program

CUSTOM = "/cgi-bin/message/custom/send"
TEMPLATE_SEND = "/cgi-bin/message/template/send"
ONE_TIME = "/cgi-bin/message/template/subscribe"
NEWS = Reply("第 128 号有回音了：路灯今天修好了。")
REMINDER = Reply("提醒您：12月8日（周一）下午2点30分，春园社区上私塾。", (Choice("来", "来"), Choice("不来", "不来")))


async def left(database, clock):
    return await database.read(kept.left, "o_wang", clock())


async def sending(database, clock, kind):
    """A row of this kind is on its way, as delivery has it while it calls the channel."""
    account = await database.read(accounts.find, "wechat", "o_wang")
    planned = outbox.Planned(kind, "k", encoded(REMINDER), clock(), account_id=account.id, channel="wechat")
    await database.write(outbox.plan, planned, clock())
    clock.jump(hours=3)  # past the midday rest
    [due] = (await database.write(delivery.turn, "wechat", (), 5, clock())).due
    return due


# -- customer service


async def test_within_the_window_it_is_a_message_like_any_other(program, person):
    await person.says("你好")
    assert (await program.channel.send("o_wang", NEWS)).startswith("custom:")
    assert person.last == ("text", {"content": NEWS.text})


async def test_without_a_window_it_is_not_now(program, person):
    with pytest.raises(NotNow):
        await program.channel.send("o_wang", NEWS)
    assert program.wechat.api.asked(CUSTOM) == []


async def test_one_of_five_messages_is_kept_for_an_answer_unless_it_is_urgent(program, person):
    await person.says("你好")
    for _ in range(4):
        await program.channel.send("o_wang", NEWS)
    with pytest.raises(NotNow):
        await program.channel.send("o_wang", NEWS)
    await program.channel.send("o_wang", NEWS, urgent=True)
    with pytest.raises(NotNow):
        await program.channel.send("o_wang", NEWS, urgent=True)
    assert len(program.wechat.api.asked(CUSTOM)) == 5


async def test_a_new_word_opens_the_window_anew_and_does_not_add_up(program, person, database, clock):
    await person.says("你好")
    await program.channel.send("o_wang", NEWS)
    await person.says("你好")
    assert await left(database, clock) == 5


@pytest.mark.parametrize(
    ("act", "messages", "lasts"),
    [
        (lambda person: person.says("你好"), 5, timedelta(hours=47, minutes=49)),
        (lambda person: person.sends_place(18.2, 109.5), 5, timedelta(hours=47, minutes=49)),
        (lambda person: person.follows(), 3, timedelta(seconds=49)),
        (lambda person: person.taps_menu("活动"), 3, timedelta(seconds=49)),
    ],
    ids=["words", "place", "follow", "menu"],
)
async def test_what_each_act_permits_ends_before_the_platform_ends_it(
    program, person, database, clock, act, messages, lasts
):
    await act(person)
    assert await left(database, clock) == messages
    clock.now += lasts
    assert await left(database, clock) == messages
    clock.jump(seconds=61)
    assert await left(database, clock) == 0


async def test_tapping_a_link_permits_no_more_than_tapping_the_menu(program, person, desk, database, clock):
    desk.replies = lambda message: (asks(),)
    await person.follows()
    await person.taps("西城")
    assert await left(database, clock) == 6  # three for following, three for the tap
    clock.jump(minutes=2)
    assert await left(database, clock) == 0


async def test_where_a_client_drops_ids_a_number_counts_as_a_tap(program, desk, database, clock):
    desk.replies = lambda message: (asks(),)
    person = program.wechat.follower(ids="drop")
    await person.follows()
    await person.taps("西城")
    clock.jump(minutes=2)
    assert await left(database, clock) == 0


async def test_the_permission_that_ends_first_is_used_first(program, person, database, clock):
    await person.says("你好")
    await person.taps_menu("活动")
    for _ in range(3):
        await program.channel.send("o_wang", NEWS)
    clock.jump(minutes=2)
    assert await left(database, clock) == 5


async def test_a_long_message_costs_one_and_its_rest_nothing(program, person, desk):
    await person.says("你好")
    long = "".join(f"第{n}句话，说得很长很长很长。" for n in range(90))
    await program.channel.send("o_wang", Reply(long))
    read = person.read
    while read.endswith("回复“更多”继续"):
        await person.says("更多")
        read = read.removesuffix("\n\n回复“更多”继续") + person.read
    assert read == long
    assert len(program.wechat.api.asked(CUSTOM)) == 1


async def test_choices_come_as_the_platforms_own_list(program, person, desk):
    await person.says("你好")
    await program.channel.send("o_wang", REMINDER)
    assert person.last[0] == "msgmenu"
    await person.taps("不来")
    assert (desk.heard[-1].choice, desk.heard[-1].turn) == ("不来", "")


@pytest.mark.parametrize("ids", ["drop", "zero"])
async def test_an_entry_of_that_list_is_understood_without_its_id(program, desk, ids):
    person = program.wechat.follower(ids=ids)
    await person.says("你好")
    await program.channel.send("o_wang", REMINDER)
    await person.taps("不来")
    assert (desk.heard[-1].choice, desk.heard[-1].turn) == ("不来", "")


@pytest.mark.parametrize("kind", ["subscription_verified", "test"])
async def test_without_that_list_choices_are_numbered_links(program, person, desk):
    await person.says("你好")
    await program.channel.send("o_wang", REMINDER)
    assert person.read == REMINDER.text + "\n1 来\n2 不来"
    await person.taps("不来")
    assert desk.heard[-1].choice == "不来"


async def test_an_account_that_may_not_use_the_list_falls_back_to_text(program, person):
    await person.says("你好")
    program.wechat.api.trouble[CUSTOM] = [40200]
    await program.channel.send("o_wang", REMINDER)
    assert person.last[0] == "text"
    await program.channel.send("o_wang", REMINDER)
    assert person.last[0] == "text"
    assert len(program.wechat.api.asked(CUSTOM)) == 3
    assert any("message menu" in alarm for alarm in program.alarms)


# -- template


@pytest.fixture
def with_template(wechat):
    wechat.api.templates[TEMPLATE] = ["thing1", "time2"]


@pytest.mark.usefixtures("with_template")
class TestTemplates:
    async def test_a_reminder_is_a_template_message_within_the_rules_of_its_fields(self, program, person):
        await person.follows()
        program.wechat.clock.jump(hours=60)
        assert await program.channel.send("o_wang", REMINDER) == "200228332"
        assert person.last == ("template", {"thing1": "春园社区上私塾", "time2": "2025年12月8日 14:30"})

    async def test_what_a_template_has_no_room_for_is_shown_with_the_next_answer(self, program, person):
        await person.follows()
        await program.channel.send("o_wang", REMINDER)
        await person.says("好")
        assert person.read.startswith("刚才提醒您的：\n\n" + REMINDER.text)
        assert person.read.endswith("听到：好")
        await person.says("好")
        assert person.read == "听到：好"

    async def test_a_reply_that_names_no_time_goes_another_way(self, program, person):
        await person.says("你好")
        await program.channel.send("o_wang", NEWS)
        assert person.last[0] == "text"
        assert program.wechat.api.asked(TEMPLATE_SEND) == []

    async def test_one_who_turned_such_messages_off_is_not_tried_again(self, program, person):
        await person.says("你好")
        program.wechat.api.no_templates.add("o_wang")
        for _ in range(2):
            await program.channel.send("o_wang", REMINDER)
            assert person.last[0] == "msgmenu"
        assert len(program.wechat.api.asked(TEMPLATE_SEND)) == 1

    async def test_a_field_the_platform_finds_too_long_is_shortened_once(self, program, person):
        await person.follows()
        program.wechat.api.trouble[TEMPLATE_SEND] = [47003]
        text = "12月8日（周一）下午2点30分，春园社区红雁之家二楼上夕阳红私塾。"
        await program.channel.send("o_wang", Reply(text))
        assert len(person.last[1]["thing1"]) == 10

    async def test_an_unknown_template_is_switched_off_and_told(self, program, person):
        await person.says("你好")
        program.wechat.api.templates.clear()
        for _ in range(2):
            await program.channel.send("o_wang", REMINDER)
        assert len(program.wechat.api.asked(TEMPLATE_SEND)) == 1
        assert any("template" in alarm for alarm in program.alarms)

    async def test_a_template_without_an_answer_is_repeated_and_sent_once(self, program, person):
        await person.follows()
        program.wechat.api.trouble[TEMPLATE_SEND] = ["reset after executing", "502"]
        await program.channel.send("o_wang", REMINDER)
        assert [kind for kind, _ in person.screen].count("template") == 1

    async def test_one_who_does_not_follow_is_unreachable(self, program, person):
        person.following = False
        with pytest.raises(Unreachable):
            await program.channel.send("o_wang", REMINDER)

    async def test_a_message_the_platform_reports_as_blocked_is_no_longer_delivered(
        self, program, person, database, clock
    ):
        await person.says("你好")
        person.blocks = True
        due = await sending(database, clock, "reminder")
        sent_as = await program.channel.send("o_wang", REMINDER)
        await database.write(outbox.settle, outbox.Ended(due.id, "delivered", "", sent_as), clock())
        await program.wechat.settled()
        await database.write(lambda tx: None)  # the writer works in order: the report is noted now
        assert await database.read(outbox.states) == {"unreachable": 1}
        assert not (await database.read(accounts.find, "wechat", "o_wang")).reachable

    @pytest.mark.parametrize("kind_of_row", ["broadcast", "notice", "alert"])
    async def test_what_follows_from_nothing_the_person_did_is_no_template_message(
        self, program, person, database, clock, kind_of_row
    ):
        await person.says("你好")
        await sending(database, clock, kind_of_row)
        await program.channel.send("o_wang", REMINDER)
        assert person.last[0] == "msgmenu"


# -- one-time subscription


@pytest.fixture
def with_consents(wechat):
    wechat.api.subscription_template = "template-for-one-time"


async def consented(program, person, database, clock, agrees=True):
    """A consent, given by tapping the link of an offer."""
    offer = await database.write(wechat_promises.offer, person.openid, 1, clock())
    url = promises.link(offer, program.wechat.app_id, "template-for-one-time", "https://hy.example")
    person.sees("text", {"content": f'<a href="{url}">提醒我</a>'})
    return await person.agrees(agrees)


@pytest.mark.usefixtures("with_consents")
@pytest.mark.parametrize("kind", ["service_verified", "subscription_verified"])
class TestConsents:
    async def test_a_consent_carries_one_reminder_long_after_the_last_word(self, program, person, database, clock):
        await person.says("你好")
        status, page = await consented(program, person, database, clock)
        assert (status, "到时候我提醒您" in page) == (200, True)
        clock.jump(days=6)
        assert (await program.channel.send("o_wang", REMINDER)).startswith("consent:")
        assert person.last == ("one-time", {"title": "红雁提醒", "content": REMINDER.text + "\n1 来　2 不来"})
        with pytest.raises(NotNow):
            await program.channel.send("o_wang", REMINDER)

    async def test_a_consent_is_kept_for_what_it_was_given_for(self, program, person, database, clock):
        await person.says("你好")
        await consented(program, person, database, clock)
        await sending(database, clock, "broadcast")
        await program.channel.send("o_wang", NEWS)
        assert person.last[0] == "text"
        assert await database.read(wechat_promises.unused, "o_wang") == 1

    async def test_who_does_not_agree_is_not_reminded(self, program, person, database, clock):
        status, page = await consented(program, person, database, clock, agrees=False)
        assert (status, "不提醒" in page) == (200, True)
        with pytest.raises(NotNow):
            await program.channel.send("o_wang", REMINDER)

    async def test_each_consent_has_a_scene_of_its_own(self, program, person, database, clock):
        for _ in range(3):
            await consented(program, person, database, clock)
        for _ in range(3):
            await program.channel.send("o_wang", REMINDER)
        assert sorted(body["scene"] for body in program.wechat.api.asked(ONE_TIME)) == ["1", "2", "3"]

    async def test_an_answer_that_belongs_to_no_offer_counts_for_nothing(self, program, person, database, clock):
        await consented(program, person, database, clock)
        forged = {"openid": "o_other", "action": "confirm", "scene": "1", "reserved": "a" * 32}
        assert (await person.opens("/wechat/promise", forged))[0] == 404
        assert await database.read(wechat_promises.unused, "o_other") == 0

    async def test_an_offer_is_answered_once_and_only_by_whom_it_was_made_for(self, program, person, database, clock):
        offer = await database.write(wechat_promises.offer, "o_wang", 1, clock())
        back = {"action": "confirm", "scene": str(offer.scene), "reserved": offer.token}
        assert (await person.opens("/wechat/promise", {**back, "openid": "o_other"}))[0] == 404
        assert (await person.opens("/wechat/promise", {**back, "openid": "o_wang", "scene": "9"}))[0] == 404
        assert (await person.opens("/wechat/promise", {**back, "openid": "o_wang"}))[0] == 200
        assert (await person.opens("/wechat/promise", {**back, "openid": "o_wang"}))[0] == 404
        assert await database.read(wechat_promises.unused, "o_wang") == 1

    async def test_a_consent_withdrawn_meanwhile_leads_to_the_next_way(self, program, person, database, clock):
        await person.says("你好")
        await consented(program, person, database, clock)
        program.wechat.api.consents.clear()
        await program.channel.send("o_wang", NEWS)
        assert person.last == ("text", {"content": NEWS.text})
        assert await database.read(wechat_promises.unused, "o_wang") == 0

    async def test_a_consent_is_not_lost_to_a_message_that_did_not_leave(self, program, person, database, clock):
        await consented(program, person, database, clock)
        program.wechat.api.trouble[ONE_TIME] = [45011]
        with pytest.raises(TryLater):
            await program.channel.send("o_wang", NEWS)
        clock.jump(minutes=2)
        await program.channel.send("o_wang", NEWS)
        assert person.last[0] == "one-time"

    async def test_words_too_long_for_it_are_shown_in_full_with_the_next_answer(self, program, person, database, clock):
        await consented(program, person, database, clock)
        long = Reply("这是一段很长的通知。" * 30)
        await program.channel.send("o_wang", long)
        assert len(person.last[1]["content"]) == 200
        await person.says("看全部")
        assert long.text in person.read


# -- refusals


ENDS = {
    Verdict.AGAIN: TryLater,
    Verdict.NEW_TOKEN: TryLater,
    Verdict.SETTINGS: TryLater,
    Verdict.PUNISHED: TryLater,
    Verdict.STRANGER: Unreachable,
    Verdict.NOT_FOLLOWING: Unreachable,
    Verdict.UPLOAD_AGAIN: Rejected,
    Verdict.NO_TEMPLATE: NotNow,
    Verdict.NO_RIGHT: NotNow,
    Verdict.NO_CONSENT: NotNow,
    Verdict.NO_WINDOW: NotNow,
    Verdict.NO_TEMPLATES_WANTED: NotNow,
    Verdict.TOMORROW: TryLater,
    Verdict.NEXT_MINUTE: TryLater,
    Verdict.SENT: None,
    Verdict.DECORATION: Rejected,
    Verdict.TOO_LONG: Rejected,
    Verdict.FAULT: Rejected,
}


def test_every_code_ends_in_a_decision():
    assert set(ENDS) == set(Verdict)
    assert {verdicts.verdict_on(code) for code in verdicts.known_codes()} == set(Verdict)


@pytest.mark.parametrize("code", [*sorted(verdicts.known_codes()), 99999])
async def test_what_each_code_leads_to(program, person, code):
    """The same code again and again: an end, and never more than a handful of calls."""
    await person.says("你好")
    program.wechat.api.calls.clear()
    program.wechat.api.trouble[CUSTOM] = [code] * 50
    end = ENDS[verdicts.verdict_on(code)]
    if end is None:
        await program.channel.send("o_wang", NEWS)
    else:
        with pytest.raises(end):
            await program.channel.send("o_wang", NEWS)
    assert 1 <= len(program.wechat.api.asked(CUSTOM)) <= 3


@pytest.mark.parametrize(("code", "minutes"), [(40164, 10), (48004, 60), (50002, 60), (45011, 1)])
async def test_a_pause_holds_for_everybody_and_ends(program, person, code, minutes):
    await person.says("你好")
    program.wechat.api.trouble[CUSTOM] = [code]
    with pytest.raises(TryLater) as first:
        await program.channel.send("o_wang", NEWS)
    assert first.value.everyone
    asked = len(program.wechat.api.calls)
    with pytest.raises(TryLater) as second:
        await program.channel.send("o_wang", NEWS)
    assert second.value.everyone
    assert second.value.seconds == minutes * 60
    assert len(program.wechat.api.calls) == asked
    program.wechat.clock.jump(minutes=minutes, seconds=1)
    await program.channel.send("o_wang", NEWS)
    assert person.read == NEWS.text


async def test_staff_are_told_the_address_that_is_not_let_in(program, person):
    await person.says("你好")
    program.wechat.api.trouble[CUSTOM] = [40164]
    with pytest.raises(TryLater):
        await program.channel.send("o_wang", NEWS)
    assert "203.0.113.7" in program.alarms[0]


@pytest.mark.parametrize("reply", [NEWS, REMINDER], ids=["text", "list"])
async def test_a_used_up_day_ends_at_midnight_in_sanya(program, person, reply):
    await person.says("你好")
    program.wechat.api.limits[CUSTOM] = 0
    with pytest.raises(TryLater) as refused:
        await program.channel.send("o_wang", reply)
    assert refused.value.seconds == 12 * 3600
    program.wechat.clock.jump(hours=12, seconds=1)
    program.wechat.api.limits[CUSTOM] = 9
    await program.channel.send("o_wang", NEWS)
    assert person.read == NEWS.text


@pytest.mark.parametrize(
    ("trouble", "end", "arrived"),
    [
        (["reset after executing"], Unsure, 1),
        (["reset"], Unsure, 0),
        (["502"], Unsure, 0),
        (["half"], Unsure, 1),
        ([-1, -1], None, 1),
    ],
)
async def test_what_is_not_known_is_never_sent_again(program, person, trouble, end, arrived):
    await person.says("你好")
    before = len(person.screen)
    program.wechat.api.trouble[CUSTOM] = list(trouble)
    if end is None:
        await program.channel.send("o_wang", NEWS)
    else:
        with pytest.raises(end):
            await program.channel.send("o_wang", NEWS)
    assert len(person.screen) - before == arrived


async def test_where_nobody_listens_nothing_was_sent_and_nothing_is_used_up(wechat, database, desk, clock):
    async with Program(wechat, database, desk.receive, api_base_url="http://127.0.0.1:9") as program:
        await wechat.follower().says("你好")
        with pytest.raises(TryLater):
            await program.channel.send("o_wang", NEWS)
    assert await left(database, clock) == 5


# -- what can be shown


@pytest.mark.parametrize("kind", list(rights.PATHS))
async def test_no_kind_of_account_calls_what_it_may_not(program, person):
    """Whatever is sent, the platform never has to refuse for want of a right."""
    await person.says("你好")
    for reply in (NEWS, REMINDER):
        try:
            await program.channel.send("o_wang", reply)
        except NotNow:
            assert kind_has_no_way(program.wechat.kind)
    assert {path for path, _ in program.wechat.api.calls} <= rights.PATHS[program.wechat.kind]
    assert program.alarms == []


def kind_has_no_way(kind):
    return kind.endswith("unverified")


async def photo(database, clock, content=b"\x89PNG example"):
    token = await database.write(files.add, "海报.png", "image/png", content, None, clock())
    return File(token, "海报.png", "image/png")


async def test_a_picture_with_a_few_words_is_a_card(program, person, desk, database, clock):
    poster = await photo(database, clock)
    desk.replies = lambda message: (Reply("夕阳红私塾\n12月8日下午2点30分", photo=poster),)
    await person.says("活动")
    kind, card = person.last
    assert (kind, card["title"], card["description"]) == ("news", "夕阳红私塾", "12月8日下午2点30分")
    assert card["picurl"] == card["url"] == f"https://hy.example/files/{poster.token}"


async def test_without_an_address_of_ours_a_picture_is_uploaded_once(wechat, database, desk, clock):
    poster = await photo(database, clock)
    desk.replies = lambda message: (Reply("夕阳红私塾", photo=poster),)
    async with Program(wechat, database, desk.receive, public_url=""):
        person = wechat.follower()
        for _ in range(2):
            await person.says("活动")
            assert person.read == "夕阳红私塾\n\n回复“更多”继续"
            await person.says("更多")
            assert person.last[0] == "image"
            assert wechat.api.media[person.last[1]["media_id"]][0] == b"\x89PNG example"
    assert [path for path, _ in wechat.api.calls].count("/cgi-bin/media/upload") == 1


async def test_an_upload_the_platform_lost_is_made_afresh_once(wechat, database, desk, clock):
    poster = await photo(database, clock)
    async with Program(wechat, database, desk.receive, public_url="") as program:
        person = wechat.follower()
        await person.says("你好")
        await program.channel.send("o_wang", Reply("", photo=poster))
        wechat.api.media.clear()
        await program.channel.send("o_wang", Reply("", photo=poster))
        assert [kind for kind, _ in person.screen[-2:]] == ["image", "image"]
        assert await left(database, clock) == 3


async def test_a_place_comes_with_ways_to_walk_there_in_the_datum_of_the_maps(program, person, desk):
    venue = Venue(Place(18.2215, 109.5230, "wgs84"), "春园社区红雁之家", "解放路1号")
    desk.replies = lambda message: (Reply("离您最近的是：", venue=venue),)
    await person.says("找服务点")
    content = person.last[1]["content"]
    assert "tocoord=18.219774,109.527052&coord_type=2" in content
    assert "to=109.527052,18.219774," in content
    assert person.read.startswith("离您最近的是：\n春园社区红雁之家，解放路1号\n看怎么走")


async def test_a_file_is_a_link(program, person, desk):
    desk.replies = lambda message: (Reply("您要的日历：", file=File("tok", "私塾.ics", "text/calendar")),)
    await person.says("日历")
    assert '<a href="https://hy.example/files/tok">打开：私塾.ics</a>' in person.last[1]["content"]


async def test_media_that_expired_cannot_be_fetched_any_more(program, person, desk, clock):
    await person.sends_voice()
    clock.jump(days=3, minutes=1)
    with pytest.raises(Rejected):
        await program.channel.fetch(desk.heard[0].attachment.reference)


async def test_no_secret_and_no_word_of_a_person_is_in_the_log(program, person, caplog):
    caplog.set_level("DEBUG")
    await person.says("我的电话是13800138000")
    program.wechat.api.trouble[CUSTOM] = [-1, "reset", 40001, 45015]
    with pytest.raises((Unsure, NotNow, TryLater)):
        await program.channel.send("o_wang", Reply("您的电话是13800138000"))
    ours = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("asyncio"))
    for secret in ("13800138000", program.wechat.app_secret, "token+/=", "token%2B", program.wechat.aes_key):
        assert secret not in ours

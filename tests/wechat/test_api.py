"""Calls to the platform: tokens, retries, the menu, codes, and what `hongyan check` finds."""

import asyncio
from datetime import timedelta

import pytest

from bot.channels import Rejected, TryLater
from bot.channels.wechat import menu
from bot.channels.wechat.api import Api, ApiRefusal, NoAnswer, NotSent
from bot.channels.wechat.check import limits, problems
from bot.channels.wechat.profiles import KINDS, profile_of
from bot.channels.wechat.settings import Settings, from_section
from bot.config import WechatSection, WrongSettings
from tests.wechat import rights
from tests.wechat.program import BUTTONS, settings_for

MENU = "/cgi-bin/menu/get"
TOKEN = "/cgi-bin/stable_token"


@pytest.fixture
async def api(wechat, clock):
    async def no_wait(seconds):
        clock.now += timedelta(seconds=seconds)

    async with Api.open(wechat.base_url, wechat.app_id, wechat.app_secret, clock=clock, sleep=no_wait) as api:
        yield api


async def test_many_callers_fetch_one_token(api, wechat):
    await asyncio.gather(*(api.get(MENU) for _ in range(20)))
    assert len(wechat.api.asked(TOKEN)) == 1
    assert len(wechat.api.asked(MENU)) == 20


async def test_a_token_is_used_until_shortly_before_it_ends(api, wechat, clock):
    await api.get(MENU)
    clock.jump(minutes=114)
    await api.get(MENU)
    assert len(wechat.api.asked(TOKEN)) == 1
    clock.jump(minutes=2)
    await api.get(MENU)
    assert len(wechat.api.asked(TOKEN)) == 2


async def test_a_token_somebody_else_replaced_is_fetched_once_and_the_call_repeated_once(api, wechat):
    await api.get(MENU)
    wechat.api.revoke_token()
    await asyncio.gather(*(api.get(MENU) for _ in range(10)))
    assert len(wechat.api.asked(TOKEN)) == 2


async def test_a_late_refusal_of_the_old_token_does_not_throw_the_new_one_away(api, wechat):
    await api.get(MENU)
    old = wechat.api.stable
    wechat.api.revoke_token()
    await api.get(MENU)
    api._drop(old)
    await api.get(MENU)
    assert len(wechat.api.asked(TOKEN)) == 2


@pytest.mark.parametrize("code", [40001, 40014, 42001])
async def test_a_token_that_is_never_good_is_no_endless_loop(api, wechat, code):
    wechat.api.trouble[MENU] = [code] * 50
    with pytest.raises(ApiRefusal):
        await api.get(MENU)
    assert len(wechat.api.asked(MENU)) == 2
    assert len(wechat.api.asked(TOKEN)) == 2


async def test_a_stumbling_platform_is_asked_three_times(api, wechat):
    wechat.api.trouble[MENU] = [-1, -1]
    await api.get(MENU)
    wechat.api.trouble[MENU] = [-1] * 50
    with pytest.raises(ApiRefusal):
        await api.get(MENU)
    assert len(wechat.api.asked(MENU)) == 6


@pytest.mark.parametrize("trouble", ["reset", "502", "half"])
async def test_what_does_no_harm_is_repeated_without_an_answer(api, wechat, trouble):
    wechat.api.trouble[MENU] = [trouble] * 2
    await api.get(MENU)
    wechat.api.trouble["/cgi-bin/menu/create"] = [trouble]
    with pytest.raises(NoAnswer):
        await api.post("/cgi-bin/menu/create", menu.body(BUTTONS))


async def test_a_token_that_cannot_be_fetched_means_nothing_was_sent(api, wechat):
    wechat.api.trouble[TOKEN] = ["502"] * 9
    with pytest.raises(NotSent):
        await api.post("/cgi-bin/menu/create", menu.body(BUTTONS))


async def test_an_error_holds_its_number_and_trace_and_no_secret(api, wechat):
    wechat.app_secret = "another"
    with pytest.raises(ApiRefusal, match=r"^error 40125 \(rid [0-9a-f-]+\)$"):
        await api.get(MENU)


# -- menu and codes


async def test_the_menu_is_set_at_the_start(program):
    assert program.wechat.api.menu == menu.body(BUTTONS)
    assert program.alarms == []


@pytest.mark.parametrize("kind", ["subscription_unverified"])
async def test_an_account_without_a_menu_is_not_given_one(program):
    assert program.wechat.api.menu is None
    assert program.wechat.api.calls == []


async def test_a_menu_that_cannot_be_set_stops_nothing(program, person):
    program.wechat.api.trouble["/cgi-bin/menu/create"] = [40164]
    await program.restart()
    assert any("203.0.113.7" in alarm for alarm in program.alarms)
    await person.says("你好")
    assert person.read == "听到：你好"


@pytest.mark.parametrize(
    "buttons",
    [
        {},
        {str(n): () for n in range(4)},
        {"更多": tuple("123456")},
        {"一个太长的名字": ()},
        {"好": ("长" * 21,)},
        {"一个太长的名字": ("好",)},
        {"": ()},
    ],
)
def test_a_menu_the_platform_refuses_is_refused_here(buttons):
    with pytest.raises(ValueError, match=r"[0-9]"):
        menu.body(buttons)


async def test_a_code_for_ever_and_one_for_a_while(program, clock):
    await program.channel.scene_code("point-001", None)
    await program.channel.scene_code("event-12", timedelta(days=90))
    lasting, passing = program.wechat.api.asked("/cgi-bin/qrcode/create")
    assert lasting["action_name"] == "QR_LIMIT_STR_SCENE"
    assert passing["expire_seconds"] == 30 * 86400


async def test_a_code_without_an_answer_may_be_tried_again(program):
    program.wechat.api.trouble["/cgi-bin/qrcode/create"] = ["502"] * 3
    with pytest.raises(TryLater):
        await program.channel.scene_code("event-12", None)
    program.wechat.api.trouble["/cgi-bin/qrcode/create"] = [40053]
    with pytest.raises(Rejected):
        await program.channel.scene_code("event-12", None)


@pytest.mark.parametrize("kind", ["subscription_verified", "service_unverified"])
async def test_an_account_without_codes_says_so(program):
    with pytest.raises(Rejected):
        await program.channel.scene_code("event-12", None)


@pytest.mark.parametrize("kind", ["subscription_unverified"])
async def test_an_account_that_may_not_fetch_media_says_so(program):
    with pytest.raises(Rejected):
        await program.channel.fetch("media")


@pytest.mark.parametrize(("code", "end"), [(40007, Rejected), (45009, TryLater), (40164, TryLater), (-1, TryLater)])
async def test_media_that_do_not_come_now_may_come_later_or_never(program, person, desk, code, end):
    await person.sends_voice()
    program.wechat.api.trouble["/cgi-bin/media/get"] = [code] * 3
    with pytest.raises(end):
        await program.channel.fetch(desk.heard[0].attachment.reference)


# -- kinds of account


@pytest.mark.parametrize("kind", KINDS)
def test_the_rights_of_each_kind_are_those_of_the_platform(kind):
    profile, paths = profile_of(kind), rights.PATHS[kind]
    assert profile.menu == (paths >= rights.MENU)
    assert profile.customer_service == (paths >= rights.SERVICE_MESSAGES)
    assert profile.message_menu == (kind in rights.MESSAGE_MENU)
    assert profile.templates == (paths >= rights.TEMPLATES)
    assert profile.one_time == (paths >= rights.ONE_TIME)
    assert profile.scene_codes == (paths >= rights.CODES)
    assert profile.media == (paths >= rights.MEDIA) == (kind in rights.PASSIVE_MEDIA)


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("verified_service", "service_verified"),
        ("Service", "service_verified"),
        ("subscription", "subscription_verified"),
        ("unverified", "subscription_unverified"),
        ("personal", "subscription_unverified"),
        ("unverified-service", "service_unverified"),
        ("test", "test"),
    ],
)
def test_a_kind_may_be_written_in_several_ways(written, kind):
    assert profile_of(written) is profile_of(kind)


def test_an_unknown_kind_is_an_error_that_names_the_known():
    with pytest.raises(ValueError, match="service_verified, subscription_verified"):
        profile_of("enterprise")


# -- check


async def found(wechat, clock, public_url="https://hy.example", **changed):
    return await problems(settings_for(wechat, **changed), public_url, clock=clock, sleep=lambda _: asyncio.sleep(0))


async def test_a_complete_account_has_no_problems(wechat, clock):
    wechat.api.templates["T"] = ["thing1", "time2"]
    assert await found(wechat, clock) == []


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"token": "zu kurz!"}, "wechat.token"),
        ({"token": ""}, "wechat.token"),
        ({"encoding_aes_key": "a" * 42}, "wechat.encoding_aes_key"),
        ({"account_kind": "enterprise"}, "wechat.account_kind"),
        ({"app_id": "wx_other"}, "wechat.app_id"),
        ({"app_secret": "wrong"}, "wechat.app_secret"),
        ({"api_base_url": "http://127.0.0.1:9"}, "cannot be reached"),
        ({"api_base_url": "api.weixin.qq.com"}, "wechat.api_base_url"),
        ({"encoding_aes_key": ""}, "安全模式"),
        ({"reminder_template_id": ""}, "wechat.reminder_template_id"),
        ({"public_url": "http://localhost:8080"}, "bot.public_url"),
        ({"public_url": "https://hy.example:8443"}, "80 and 443"),
        ({"account_kind": "subscription_verified", "reminder_template_id": "T"}, "no template messages"),
        ({"account_kind": "subscription_verified"}, "wechat.subscription_template_id"),
        ({"account_kind": "subscription_unverified"}, "call list"),
        ({"account_kind": "test"}, "plain mode"),
    ],
)
async def test_what_will_not_work_is_said_with_its_setting(wechat, clock, changed, word):
    wechat.api.templates["T"] = ["thing1", "time2"]
    said = await found(wechat, clock, **changed)
    assert any(word in problem for problem in said)
    assert not any(wechat.app_secret in problem for problem in said)


async def test_an_address_that_is_not_let_in_is_shown(wechat, clock):
    wechat.api.whitelist = set()
    assert any("127.0.0.1; add it to IP 白名单" in problem for problem in await found(wechat, clock))


def test_an_unverified_account_is_told_everything_it_cannot_do():
    settings = Settings("wx1", "s", "token", "a" * 43, account_kind="subscription_unverified")
    assert len(limits(settings, "https://hy.example")) == 5


# -- settings


GOOD = {"app_id": "wx1", "app_secret": "secret", "token": "token", "encoding_aes_key": "a" * 43}


def test_a_complete_section_is_an_account():
    settings = from_section(WechatSection(**GOOD))
    assert settings.profile.name == "认证服务号"
    assert len(settings.ciphers()) == 1
    assert "secret" not in repr(settings)
    assert "a" * 43 not in repr(settings)


@pytest.mark.parametrize(
    "changed",
    [
        {"app_id": ""},
        {"app_secret": ""},
        {"token": ""},
        {"encoding_aes_key": "a" * 44},
        {"encoding_aes_key": "a" * 42 + "="},
        {"previous_encoding_aes_key": "short"},
        {"account_kind": "enterprise"},
        {"api_base_url": "api.weixin.qq.com"},
        {"reminder_template_fields": ("什么",)},
    ],
    ids=lambda changed: "-".join(map(str, next(iter(changed.items()))))[:40],
)
def test_a_wrong_setting_is_an_error_that_names_it_before_anything_starts(changed):
    with pytest.raises(WrongSettings, match=f"^wechat.{next(iter(changed))}: "):
        from_section(WechatSection(**{**GOOD, **changed}))


def test_a_previous_key_without_a_new_one_is_an_error():
    with pytest.raises(WrongSettings, match=r"^wechat\.encoding_aes_key: "):
        from_section(WechatSection(**{**GOOD, "encoding_aes_key": "", "previous_encoding_aes_key": "a" * 43}))

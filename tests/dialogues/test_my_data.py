"""我的信息: seen, corrected, taken along, taken back and forgotten (care.md P4, P7, P8)."""

import json
from datetime import timedelta

import pytest

from dialogue.message import Contact
from handlers import consent_texts
from storage import (
    accounts,
    audiences,
    audit,
    consents,
    conversations,
    files,
    needs,
    outbox,
    people,
    proxies,
    sign_ups,
)
from storage.audiences import Audience
from storage.audit import Actor
from storage.people import Party
from storage.routing import Rule
from storage.schema.people import consents as consents_table
from storage.schema.records import audit_log
from storage.schema.talks import outbox as outbox_table
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import address, class_of, registered, staff

MEMBER = {"member": "yes", "residence": "seasonal", "origin": "黑龙江哈尔滨", "estate": "示例花园"}


def member_of(tx, person_id, branch="哈尔滨市示例社区党支部", **stay):
    person = people.get(tx, person_id)
    person.party = Party("yes", branch)
    for field, value in stay.items():
        setattr(person, field, value)
    people.change(tx, person, MORNING)


def agreed(tx, who, *texts):
    account = accounts.find(tx, *who)
    for text in texts:
        consents.give(tx, account, text, MORNING)


def standing(tx, who):
    return [purpose for purpose, _, _ in consents.standing(tx, accounts.find(tx, *who))]


def a_need(tx, person_id, category="housing", text="路灯坏了"):
    return needs.tell(tx, needs.Told(person_id, text, "web", category), Actor(person_id), MORNING)


def logged(tx):
    return [(row.action, row.object, row.after) for row in tx.execute(audit_log.select())]


# Seeing.


async def test_everything_stated_is_shown_in_plain_words(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.does(member_of, person)
    await chat.does(class_of)
    await chat("报名书法")
    answer = await chat("我的信息")
    for line in (
        "姓名：王建国",
        "手机号：138 0013 8000",
        "候鸟还是常住：候鸟",
        "从哪里来：黑龙江哈尔滨",
        "社区：春园社区",
        "小区：示例花园",
        "服务点：天涯红雁之家·春园社区",
        "党员身份：党员",
        "原来的党组织：哈尔滨市示例社区党支部",
        "收消息：都要",
        "1 次报名",
    ):
        assert line in answer
    assert "更正" in answer
    assert "注销" in answer


async def test_who_is_not_registered_is_told_how(town_chat):
    for word in ("我的信息", "更正", "导出我的信息", "我的党员身份", "撤回同意", "注销"):
        assert "要先登记" in await town_chat(word)


async def test_nothing_of_anybody_else_is_shown(town_chat):
    chat = town_chat
    await registered(chat)
    await registered(chat, "李秀兰", "13900139000", SOMEONE_ELSE, estate="别处花园")
    answer = await chat("我的信息")
    assert "李秀兰" not in answer
    assert "别处花园" not in answer


# Correcting.


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [
        (("更正", "姓名", "王建华"), "name", "王建华"),
        (("更正", "手机号", "139 0000 0000"), "phone", "13900000000"),
        (("更正手机号", "139 0000 0000"), "phone", "13900000000"),
        (("改电话", "139 0000 0000"), "phone", "13900000000"),
        (("更正", "从哪里来", "吉林长春"), "origin", "吉林长春"),
        (("更正", "回去的日子", "4月5号"), "leaves_on", "2027-04-05"),
        (("更正", "回去的日子", "跳过"), "leaves_on", "None"),
        (("改社区", "河西社区"), "community_code", "460204000002"),
        (("更正小区", "示例小区乙"), "estate", "示例小区乙"),
        (("更正小区", "不记小区"), "estate", "None"),
        (("改服务点", "河西"), "point_id", "2"),
        (("更正称呼", "王大爷"), "salutation", "王大爷"),
        (("更正出生年份", "1955"), "birth_year", "1955"),
        (("更正关心的事", "就医、文体"), "interests", "('medical', 'learning')"),
        (("更正", "关心的事", "都不说"), "interests", "None"),
    ],
)
async def test_each_field_is_corrected_after_an_echo(town_chat, words, field, value):
    chat = town_chat
    person = await registered(chat, residence="seasonal", estate="示例花园")
    assert "对吗？" in await chat.says(*words)
    assert str(getattr(await chat.does(people.get, person), field)) != value or value == "None"
    assert "改好了" in await chat("对")
    assert str(getattr(await chat.does(people.get, person), field)) == value


async def test_what_one_cares_about_is_asked_only_of_who_wants_to_say_it_and_then_shown(town_chat):
    person = await registered(town_chat)
    assert "回“更正关心的事”" in await town_chat("我的信息")
    answer = await town_chat("更正关心的事")
    assert "只选大类，不用写病情" in answer
    await town_chat.says("文体学习", "对")
    answer = await town_chat("我的信息")
    assert "关心的事：文体学习" in answer
    assert "更正关心的事" not in answer
    meant = Audience(interests=("learning",))
    found = await town_chat.does(audiences.after, meant, 0, 10, town_chat.clock())
    assert [row.id for row in found] == [person]


async def test_the_point_goes_along_with_the_community(town_chat):
    person = await registered(town_chat)
    assert "服务点是天涯红雁之家·河西社区" in await town_chat.says("改社区", "河西")
    await town_chat("对")
    assert (await town_chat.does(people.get, person)).point_id == 2


async def test_after_a_slip_only_that_field_is_said_again(town_chat):
    person = await registered(town_chat)
    await town_chat.says("更正", "手机号", "13900000001")
    assert "重新说" in await town_chat("改")
    assert "139 0000 0002" in await town_chat("13900000002")
    await town_chat("对")
    assert (await town_chat.does(people.get, person)).phone == "13900000002"


async def test_a_seasonal_resident_who_stays_for_good_has_no_dates_any_more(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.says("更正", "到三亚的日子", "10月20号", "对")
    await chat.says("更正", "候鸟还是常住", "常住三亚", "对")
    kept = await chat.does(people.get, person)
    assert (kept.residence, kept.arrives_on, kept.leaves_on) == ("local", None, None)


async def test_who_becomes_seasonal_says_where_from_and_since_when(town_chat):
    person = await registered(town_chat)
    await town_chat.says("更正", "候鸟还是常住", "候鸟，冬天来住")
    assert "哪天到三亚" in await town_chat("黑龙江哈尔滨")
    assert "候鸟，从黑龙江哈尔滨来，2026年10月20日到" in await town_chat("10月20号")
    await town_chat("对")
    assert str((await town_chat.does(people.get, person)).arrives_on) == "2026-10-20"


async def test_a_membership_stated_later_has_its_own_consent_and_is_looked_at_again(town_chat):
    chat = town_chat
    person = await registered(chat)
    await chat.does(lambda tx: setattr_of(tx, person, verification="verified"))
    assert "党员身份只给候鸟党委和您的支部看" in await chat("更正党员身份")
    await chat.says("1", "哈尔滨市示例社区党支部", "对")
    kept = await chat.does(people.get, person)
    assert (kept.party.member, kept.party.home_branch) == ("yes", "哈尔滨市示例社区党支部")
    assert kept.verification == "self_reported"
    assert await chat.does(standing, ME) == ["party"]


def setattr_of(tx, person_id, **values):
    person = people.get(tx, person_id)
    for name, value in values.items():
        setattr(person, name, value)
    people.change(tx, person, MORNING)


async def test_the_phone_and_name_of_somebody_else_are_not_taken(town_chat):
    chat = town_chat
    await registered(chat)
    await registered(chat, "王建国", "13900139000", SOMEONE_ELSE)
    assert "登记过了" in await chat.says("更正手机号", "13900139000", "对")


async def test_a_third_person_on_one_phone_is_for_staff_to_look_at(town_chat):
    chat = town_chat
    await registered(chat)
    await registered(chat, "李秀兰", "13900139000", SOMEONE_ELSE)
    await registered(chat, "李大爷", "13900139000", address(1))
    assert "已经有两位登记了" in await chat.says("更正手机号", "13900139000", "对")


async def test_a_phone_shared_by_the_button_is_taken(town_chat):
    person = await registered(town_chat)
    await town_chat("更正手机号")
    await town_chat(contact=Contact("+8613900139000", own=True))
    await town_chat("对")
    assert (await town_chat.does(people.get, person)).phone == "13900139000"


async def test_a_correction_is_found_by_the_new_name(town_chat):
    person = await registered(town_chat)
    await town_chat.says("更正姓名", "李建国", "对")
    assert [found.id for found in await town_chat.does(people.search, "李建国")] == [person]
    assert await town_chat.does(people.search, "王建国") == []


# Taking along.


async def test_all_of_it_can_be_taken_along_as_words_and_for_programs(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.does(class_of)
    need = await chat.does(a_need, person)
    await chat.says("报名书法", "来")
    answer = await chat("导出我的信息")
    assert "7 天" in answer
    to_read, for_programs = [reply.file for reply in chat.replies if reply.file]
    opened = await chat.does(files.opened_by, to_read.token, chat.clock())
    words = opened[2].decode("utf-8-sig")
    for held in ("姓名：王建国", "《书法班》：报上了", "第1号", "路灯坏了", "您：来", "同意"):
        assert held in words
    opened = await chat.does(files.opened_by, for_programs.token, chat.clock())
    data = json.loads(opened[2])
    assert data["person"]["phone"] == "13800138000"
    assert data["needs"][0]["number"] == need.number
    assert [turn["said"] for turn in data["accounts"][0]["said"]] == ["报名书法", "来"]


async def test_the_file_is_gone_after_a_week(town_chat):
    await registered(town_chat)
    await town_chat("导出我的信息")
    token = next(reply.file.token for reply in town_chat.replies if reply.file)
    town_chat.clock.passes(days=8)
    assert await town_chat.does(files.opened_by, token, town_chat.clock()) is None


async def test_what_an_open_file_holds_is_of_one_person_alone(town_chat):
    chat = town_chat
    me = await registered(chat)
    other = await registered(chat, "李秀兰", "13900139000", SOMEONE_ELSE)
    asked = await chat.does(proxies.ask, other, me, Actor(me), MORNING)
    await chat.does(proxies.agree, asked, Actor(other), MORNING)
    await chat.does(needs.tell, needs.Told(other, "看病的事", "web", "medical", told_by=me), Actor(me), MORNING)
    await chat("导出我的信息")
    for file in [reply.file for reply in chat.replies if reply.file]:
        content = (await chat.does(files.opened_by, file.token, chat.clock()))[2].decode("utf-8-sig")
        assert "李秀兰" in content  # for whom I act
        assert "13900139000" not in content
        assert "看病的事" not in content


async def test_each_request_is_logged_with_its_date(town_chat):
    person = await registered(town_chat)
    await town_chat("导出我的信息")
    await town_chat.says("更正称呼", "王大爷", "对")
    rows = [row for row in await town_chat.does(logged) if row[0].startswith("own_data.")]
    assert [row[:2] for row in rows] == [
        ("own_data.export", f"person {person}"),
        ("own_data.correct", f"person {person}"),
    ]
    assert all('"due": "2026-11-23"' in row[2] for row in rows)
    assert await town_chat.does(audit.first_broken) is None


# One's own membership.


async def test_a_member_sees_their_membership_and_a_hint_from_the_dates(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.does(member_of, person, arrives_on=MORNING.date(), leaves_on=MORNING.date() + timedelta(days=190))
    answer = await chat("我的党员身份")
    assert "哈尔滨市示例社区党支部" in answer
    assert "本人填报" in answer
    assert "可能属于流动党员，由党组织认定" in answer
    assert "只有候鸟党委和您的支部看得到" in answer


async def test_a_shorter_stay_hints_at_nothing(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.does(member_of, person, arrives_on=MORNING.date(), leaves_on=MORNING.date() + timedelta(days=150))
    assert "流动党员，由" not in await chat("我的党员身份")


async def test_showing_it_is_ones_own_choice(town_chat):
    chat = town_chat
    person = await registered(chat, **MEMBER)
    await chat.does(member_of, person)
    assert "别人看得到" in await chat("亮身份")
    assert (await chat.does(people.get, person)).shows_membership
    assert "只有候鸟党委" in await chat("不亮身份")
    assert not (await chat.does(people.get, person)).shows_membership


async def test_who_is_no_member_has_nothing_to_show(town_chat):
    await registered(town_chat)
    assert "登记的是群众" in await town_chat("我的党员身份")
    assert "没有登记党员身份" in await town_chat("亮身份")


# Taking consent back: two turns at most for each purpose.


async def with_consents(chat):
    person = await registered(chat, **MEMBER)
    await chat.does(member_of, person)
    await chat.does(
        agreed,
        ME,
        consent_texts.REGISTRATION,
        consent_texts.PARTY,
        consent_texts.LOCATION,
        consent_texts.PROXY,
        consent_texts.HEALTH,
    )
    return person


@pytest.mark.parametrize(
    ("purpose", "label", "answer"),
    [
        ("party", "党员身份", "不再记您是党员"),
        ("location", "用位置找服务点", "位置本来就没有存"),
        ("proxy", "家里人代办", "都停下了"),
        ("health", "看病的事", "都去掉了"),
    ],
)
async def test_each_consent_is_taken_back_in_two_turns_and_leaves_the_others(town_chat, purpose, label, answer):
    chat = town_chat
    person = await with_consents(chat)
    before = await chat.does(standing, ME)
    assert "选了就办" in await chat("撤回同意")
    assert answer in await chat(label)
    assert set(before) - set(await chat.does(standing, ME)) == {purpose}
    assert await chat.does(people.find, person) is not None


async def test_one_sentence_is_enough(town_chat):
    await with_consents(town_chat)
    assert "撤回了：党员身份" in await town_chat("撤回同意 党员身份")


async def test_without_the_registration_there_is_nobody(town_chat):
    chat = town_chat
    person = await with_consents(chat)
    await chat("撤回同意")
    assert "注销好了" in await chat("登记（等于注销，姓名电话都去掉）")
    assert await chat.does(people.find, person) is None


async def test_membership_taken_back_gives_back_places_at_party_life(town_chat):
    chat = town_chat
    person = await with_consents(chat)
    await chat.does(class_of, "主题党日", members_only=True)
    await chat.does(class_of, "书法班")
    await chat.says("报名 1")
    await chat.says("报名 2")
    await chat("撤回同意 党员身份")
    kept = await chat.does(people.get, person)
    assert (kept.party, kept.host_branch_id, kept.shows_membership) == (Party(), None, False)
    mine = await chat.does(sign_ups.of_person, person, chat.clock())
    assert [entry.event_id for entry in mine] == [2]


async def test_health_taken_back_erases_what_was_written_and_nothing_else(town_chat):
    chat = town_chat
    person = await with_consents(chat)
    health = await chat.does(a_need, person, "medical", "血压药怎么开")
    other = await chat.does(a_need, person)
    assert "第1号也不办了" in await chat("撤回同意 看病的事")
    assert await chat.does(needs.text_of, await chat.does(needs.get, health.id)) == ("", "")
    assert (await chat.does(needs.text_of, other))[0] == "路灯坏了"
    assert (await chat.does(needs.get, other.id)).is_open


async def test_whoever_acted_for_them_does_not_any_more(town_chat):
    chat = town_chat
    person = await with_consents(chat)
    daughter = await registered(chat, "王小丽", "13900139000", SOMEONE_ELSE)
    asked = await chat.does(proxies.ask, person, daughter, Actor(daughter), MORNING)
    await chat.does(proxies.agree, asked, Actor(person), MORNING)
    await chat("撤回同意 家里人代办")
    assert not await chat.does(proxies.may_act_for, person, daughter)


# Being forgotten.


async def test_before_the_yes_one_reads_what_is_lost_and_nothing_is_done(town_chat):
    chat = town_chat
    person = await registered(chat)
    await chat.does(class_of)
    await chat("报名书法")
    await chat.does(a_need, person)
    answer = await chat("注销")
    assert "王建国，注销就去掉您的姓名、电话" in answer
    assert "1 场活动会取消" in answer
    assert "1 件难处不再办" in answer
    assert "什么都没动" in await chat("不注销")
    assert await chat.does(people.find, person) is not None


async def test_forgotten_at_once_and_the_place_goes_to_the_next(town_chat):
    chat = town_chat
    person = await registered(chat)
    other = await registered(chat, "李秀兰", "13900139000", SOMEONE_ELSE)
    await chat.does(class_of, capacity=1)
    for each in (person, other):
        await chat.does(sign_ups.sign_up, 1, [each], Actor(each), MORNING)
    assert "注销好了" in await chat.says("注销", "注销")
    assert await chat.does(people.find, person) is None
    assert (await chat.does(sign_ups.active, 1, other)).state == "confirmed"
    assert "要先登记" in await chat("我的信息")
    assert "书法班" in await chat("活动")


async def test_whoever_worked_on_their_need_is_told(town_chat):
    chat = town_chat
    person = await registered(chat)
    owner = await registered(chat, "李干事", "13900139000", SOMEONE_ELSE)
    need = await chat.does(a_need, person)
    await chat.does(lambda tx: needs.assign(tx, need, Rule(owner, "李干事"), Actor(), MORNING))
    await chat.says("注销", "注销")
    assert any("不用办了" in text for text in await chat.does(told, owner))


def told(tx, person_id):
    """What the outbox holds for a person, as text."""
    rows = tx.execute(outbox_table.select().where(outbox_table.c.person_id == person_id)).all()
    return [json.loads(outbox.opened(tx, row))["text"] for row in rows]


async def test_half_said_things_are_forgotten_too(town_chat):
    chat = town_chat
    await registered(chat)
    await chat.says("说难处", "我家住三栋，孙子叫小宝")
    await chat.says("注销", "注销")
    account = await chat.does(accounts.find, *ME)
    desk = await chat.does(conversations.of, account.id)
    assert (desk.talk, desk.parked) == (None, [])


async def test_the_only_district_account_gives_its_office_away_first(town_chat):
    chat = town_chat
    person = await registered(chat)
    await chat.does(staff, person, "district_staff")
    assert "区级账号至少要留一个" in await chat.says("注销", "注销")
    assert await chat.does(people.find, person) is not None


async def test_a_yes_said_before_something_was_added_does_not_count(town_chat):
    """The question says what is lost; with one place more it is another question."""
    chat = town_chat
    person = await registered(chat)
    await chat.does(class_of)
    await chat("注销")
    await chat.does(sign_ups.sign_up, 1, [person], Actor(person), MORNING)
    assert "1 场活动会取消" in await chat("注销")
    assert await chat.does(people.find, person) is not None


async def test_the_same_person_registers_anew_with_a_new_consent(town_chat):
    chat = town_chat
    await registered(chat)
    await chat.does(agreed, ME, consent_texts.REGISTRATION)
    await chat.says("注销", "注销")
    assert "同意" in await chat("登记")
    await chat.says("1", "王建国", "13800138000", "2", "春园社区", "跳过", "2")
    assert "登记好了" in await chat("对")
    rows = await chat.does(lambda tx: tx.execute(consents_table.select()).all())
    assert [row.withdrawn_at is None for row in rows if row.purpose == "registration"] == [False, True]

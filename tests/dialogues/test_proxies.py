"""代办: a relative asks, the resident agrees, and either ends it with one word."""

import json
import re

import pytest

from storage import accounts, outbox, people, proxies, sign_ups
from storage.audit import Actor
from storage.schema.people import consents as consents_table
from storage.schema.talks import outbox as outbox_table
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import address, class_of, person, registered

MOTHER = SOMEONE_ELSE


async def family(chat):
    """A daughter (ME) and her mother (MOTHER), both registered."""
    daughter = await registered(chat, "王小丽", "13800138000")
    mother = await registered(chat, "李秀兰", "13900139000", who=MOTHER)
    return daughter, mother


async def agreed(chat):
    daughter, mother = await family(chat)
    await chat.says("我要代办", "李秀兰", "13900139000")
    chat.who = MOTHER
    await chat.says("代办", "1")
    chat.who = ME
    return daughter, mother


def told(tx, person_id):
    """What the outbox holds for a person, as text."""
    rows = tx.execute(outbox_table.select().where(outbox_table.c.person_id == person_id)).all()
    return [json.loads(outbox.opened(tx, row))["text"] for row in rows]


async def test_the_resident_is_asked_and_agrees_with_one_digit(town_chat):
    chat = town_chat
    daughter, mother = await family(chat)
    assert "替谁办" in await chat("我要代办")
    assert "登记的手机号" in await chat("李秀兰")
    assert "我去问李秀兰" in await chat("139 0013 9000")
    assert await chat.does(told, mother) == ["王小丽想替您报名、收通知。您同意吗？以后说“取消代办”就停。"]
    assert not await chat.does(proxies.may_act_for, mother, daughter)

    chat.who = MOTHER
    assert "王小丽想替您报名" in await chat("代办")
    assert "王小丽可以替您报名、收通知了" in await chat("1")
    assert await chat.does(proxies.may_act_for, mother, daughter)
    assert any("李秀兰同意了" in text for text in await chat.does(told, daughter))


async def test_a_no_leaves_nothing(town_chat):
    chat = town_chat
    daughter, mother = await family(chat)
    await chat.says("我要代办", "李秀兰", "13900139000")
    chat.who = MOTHER
    assert "不让王小丽代办" in await chat.says("代办", "2")
    assert not await chat.does(proxies.may_act_for, mother, daughter)
    assert any("自己来办" in text for text in await chat.does(told, daughter))


async def test_each_answer_is_a_consent_of_its_own(town_chat):
    chat = town_chat
    _, mother = await agreed(chat)
    rows = await chat.does(lambda tx: tx.execute(consents_table.select()).all())
    assert [(row.person_id, row.purpose, row.given) for row in rows] == [(mother, "proxy", True)]


async def test_party_data_is_shown_only_if_the_member_says_so(town_chat):
    chat = town_chat
    await registered(chat, "王小丽", "13800138000")
    mother = await registered(chat, "李秀兰", "13900139000", who=MOTHER, member="yes")
    await chat.says("我要代办", "李秀兰", "13900139000")
    chat.who = MOTHER
    assert "党员信息，给王小丽看吗" in await chat.says("代办", "1")
    assert "可以替您报名" in await chat("不给看")
    [proxy] = await chat.does(proxies.helpers_of, mother)
    assert proxy.agreed_at is not None
    assert not proxy.sees_party


async def test_a_relative_who_lives_elsewhere_says_only_name_and_phone(town_chat):
    chat = town_chat
    await chat.does(person, "李秀兰", "13900139000", MOTHER)
    assert "同意" in await chat("代办")
    assert "怎么称呼" in await chat("1")
    assert "王小丽，您的手机号是？" in await chat("王小丽")
    assert "替谁办" in await chat("13800138000")
    assert "我去问李秀兰" in await chat.says("李秀兰", "13900139000")
    me = await chat.does(lambda tx: people.get(tx, accounts.find(tx, *ME).person_id))
    assert (me.name, me.residence, me.party.member) == ("王小丽", None, "undeclared")


async def test_without_a_yes_nothing_of_the_relative_is_kept(town_chat):
    chat = town_chat
    assert "什么都没记" in await chat.says("代办", "2")
    assert await chat.does(lambda tx: accounts.find(tx, *ME).person_id) is None


async def test_who_is_not_registered_cannot_be_acted_for(town_chat):
    chat = town_chat
    await registered(chat)
    answer = await chat.says("我要代办", "李秀兰", "13900139000")
    assert "没找到李秀兰的登记" in answer
    assert "0898-0000-0011" in answer


async def test_who_has_no_account_agrees_by_phone(town_chat):
    chat = town_chat
    await registered(chat)
    await chat.does(person, "李秀兰", "13900139000")
    answer = await chat.says("我要代办", "李秀兰", "13900139000")
    assert "请李秀兰打 0898-0000-0011" in answer


async def test_nobody_agrees_for_somebody_else(town_chat):
    chat = town_chat
    daughter, mother = await family(chat)
    await chat.says("我要代办", "李秀兰", "13900139000")
    [proxy] = await chat.does(proxies.helpers_of, mother)
    assert "没找到" in await chat(f"同意代办 {proxy.id}")
    assert not await chat.does(proxies.may_act_for, mother, daughter)


async def test_signing_up_for_a_relative_tells_both(town_chat):
    chat = town_chat
    _, mother = await agreed(chat)
    event = await chat.does(class_of)
    answer = await chat(f"代报名 {event}")
    assert "替李秀兰报上了《书法班》，12月8日（周二）下午2点30分" in answer
    assert (await chat.does(sign_ups.active, event, mother)).state == "confirmed"
    assert any("王小丽替您报了《书法班》" in text for text in await chat.does(told, mother))
    assert "报的活动：《书法班》" in await chat("代办")
    assert "前面已经报过了" in await chat(f"代报名 {event}")


async def test_cancelling_for_a_relative_frees_the_seat(town_chat):
    chat = town_chat
    _, mother = await agreed(chat)
    event = await chat.does(class_of)
    await chat(f"代报名 {event}")
    assert "李秀兰不来了" in await chat("代取消")
    assert await chat.does(sign_ups.active, event, mother) is None


async def test_after_the_end_the_relative_can_do_nothing(town_chat):
    chat = town_chat
    daughter, mother = await agreed(chat)
    event = await chat.does(class_of)
    chat.who = MOTHER
    assert "王小丽不再替您办事" in await chat("取消代办")
    chat.who = ME
    assert "要本人先同意您代办" in await chat(f"代报名 {event}")
    assert await chat.does(sign_ups.active, event, mother) is None
    assert any("李秀兰取消了代办" in text for text in await chat.does(told, daughter))


async def test_the_relative_may_end_it_too(town_chat):
    chat = town_chat
    _, mother = await agreed(chat)
    assert "您不再替李秀兰办事" in await chat("取消代办")
    assert await chat.does(proxies.helpers_of, mother) == []


async def test_with_two_relatives_one_is_chosen(town_chat):
    chat = town_chat
    await agreed(chat)
    father = await chat.does(person, "王建国", "13700137000", MOTHER._replace(user="father"))
    await chat.says("我要代办", "王建国", "13700137000")
    chat.who = MOTHER._replace(user="father")
    await chat.says("代办", "1")
    chat.who = ME
    event = await chat.does(class_of)
    assert "替谁办" in await chat(f"代报名 {event}")
    assert "替王建国报上了" in await chat("王建国")
    assert (await chat.does(sign_ups.active, event, father)).state == "confirmed"


async def test_asking_twice_asks_the_resident_once(town_chat):
    chat = town_chat
    _, mother = await family(chat)
    for _ in range(2):
        await chat.says("我要代办", "李秀兰", "13900139000")
    assert len(await chat.does(told, mother)) == 1


async def test_oneself_needs_no_proxy(town_chat):
    chat = town_chat
    await registered(chat)
    assert "这是您自己" in await chat.says("我要代办", "王建国", "13800138000")


async def test_no_number_of_the_program_is_shown(town_chat):
    """The words behind the buttons carry numbers; what is read does not."""
    chat = town_chat
    await agreed(chat)
    assert not re.search(r"代办 \d", await chat("代办"))


@pytest.mark.parametrize("said", ["替妈妈报名书法", "帮我妈报名书法班", "替李秀兰报名 1", "给老伴报名书法", "代报名 1"])
async def test_one_sentence_signs_up_the_relative_and_not_whoever_says_it(town_chat, said):
    chat = town_chat
    _, mother = await agreed(chat)
    await chat.does(class_of)
    assert "替李秀兰报上了《书法班》" in await chat(said)
    assert [entry.person_id for entry in await chat.does(sign_ups.of_event, 1)] == [mother]


@pytest.mark.parametrize("said", ["替妈妈取消书法", "我妈不来了", "替李秀兰取消报名", "帮我妈取消", "代取消 1"])
async def test_one_sentence_cancels_for_the_relative_and_not_for_whoever_says_it(town_chat, said):
    chat = town_chat
    daughter, mother = await agreed(chat)
    await chat.does(class_of)
    await chat.says("报名 1", "替妈妈报名 1")
    assert "李秀兰不来了" in await chat(said)
    states = {entry.person_id: entry.state for entry in await chat.does(sign_ups.of_event, 1)}
    assert states == {daughter: "confirmed", mother: "cancelled"}


async def test_of_several_relatives_the_one_named_is_meant(town_chat):
    chat = town_chat
    daughter, _ = await agreed(chat)
    father = await chat.does(person, "王大山", "13700137000", address(1))
    asked = await chat.does(proxies.ask, father, daughter, Actor(daughter), MORNING)
    await chat.does(proxies.agree, asked, Actor(father), MORNING)
    await chat.does(class_of)
    assert "替王大山报上了" in await chat("替王大山报名书法")
    assert "替谁办" in await chat("替家里人报名")


@pytest.mark.parametrize("said", ["替妈妈报名书法", "我妈不来了"])
async def test_without_an_agreement_nobody_is_signed_up_or_cancelled(town_chat, said):
    chat = town_chat
    await family(chat)
    await chat.does(class_of)
    await chat("报名 1")
    assert "要本人先同意您代办" in await chat(said)
    assert [entry.state for entry in await chat.does(sign_ups.of_event, 1)] == ["confirmed"]


@pytest.mark.parametrize("said", ["帮我报名书法", "给我报名书法", "替我报名书法班"])
async def test_help_me_is_no_relative(town_chat, said):
    chat = town_chat
    daughter, _ = await agreed(chat)
    await chat.does(class_of)
    await chat(said)
    assert [entry.person_id for entry in await chat.does(sign_ups.of_event, 1)] == [daughter]

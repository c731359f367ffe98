"""关联账号: the same person on two channels, by six digits."""

import re

from storage import accounts, linking
from storage.audit import Actor
from storage.schema.people import tokens as tokens_table
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.dialogues.town import person, registered


def digits(answer):
    return re.search(r"\d{3} \d{3}", answer)[0]


def behind(tx, who):
    return accounts.find(tx, *who).person_id


async def test_a_code_read_here_and_typed_there_makes_both_the_same_person(town_chat):
    chat = town_chat
    me = await registered(chat)
    code = digits(await chat("关联账号"))
    chat.who = SOMEONE_ELSE
    assert "6 位数字" in await chat("关联账号")
    assert "连上了，王建国" in await chat(code)
    assert await chat.does(behind, SOMEONE_ELSE) == me
    assert "登记过了" in await chat("登记")


async def test_the_digits_alone_are_enough(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号"))
    chat.who = SOMEONE_ELSE
    assert "连上了，王建国" in await chat(code.replace(" ", ""))


async def test_full_width_digits_are_digits(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号")).replace(" ", "")
    chat.who = SOMEONE_ELSE
    await chat("关联账号")
    assert "连上了" in await chat(code.translate({ord("0") + n: ord("０") + n for n in range(10)}))


async def test_a_link_carries_the_code(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号")).replace(" ", "")
    chat.who = SOMEONE_ELSE
    assert "连上了，王建国" in await chat(payload=f"link-{code}")


async def test_a_code_works_once(town_chat):
    chat = town_chat
    me = await registered(chat)
    code = digits(await chat("关联账号"))
    chat.who = SOMEONE_ELSE
    await chat(code)
    chat.who = ME._replace(user="a third")
    assert "不对，或者已经过期" in await chat(code)
    assert await chat.does(behind, SOMEONE_ELSE) == me


async def test_a_code_lives_ten_minutes(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号"))
    chat.clock.passes(minutes=10)
    chat.who = SOMEONE_ELSE
    assert "过期" in await chat(code)


async def test_after_five_wrong_codes_even_the_right_one_is_not_taken_for_a_while(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号"))
    wrong = "000 000" if code != "000 000" else "111 111"
    chat.who = SOMEONE_ELSE
    for _ in range(5):
        assert "不对" in await chat(wrong)
    assert "30 分钟后再试" in await chat(code)
    chat.clock.passes(minutes=31)
    chat.who = ME
    code = digits(await chat("关联账号"))
    chat.who = SOMEONE_ELSE
    assert "连上了" in await chat(code)


async def test_the_database_does_not_hold_the_code(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号")).replace(" ", "")
    rows = await chat.does(lambda tx: tx.execute(tokens_table.select()).all())
    assert len(rows) == 1
    assert code not in str(rows)


async def test_whoever_is_linked_is_told_on_the_other_side_and_can_part(town_chat):
    chat = town_chat
    me = await registered(chat)
    code = digits(await chat("关联账号"))
    chat.who = SOMEONE_ELSE
    await chat(code)
    chat.who = ME
    told = await chat("我的事")
    assert "刚才也连到了Telegram" in told
    assert "断开Telegram那边" in await chat("断开别的账号")
    assert "断开了" in await chat("1")
    assert await chat.does(behind, SOMEONE_ELSE) is None
    assert await chat.does(behind, ME) == me


async def test_somebody_registered_here_as_another_is_not_mixed_up(town_chat):
    chat = town_chat
    await registered(chat)
    code = digits(await chat("关联账号"))
    other = await registered(chat, "李秀兰", "13900139000", who=SOMEONE_ELSE)
    chat.who = SOMEONE_ELSE
    assert "这里登记的是李秀兰，和那边不是同一份" in await chat(code)
    assert await chat.does(behind, SOMEONE_ELSE) == other


async def test_staff_can_give_a_code_to_whom_they_registered(town_chat):
    chat = town_chat
    someone = await chat.does(person, "李秀兰", "13900139000")
    code = await chat.does(linking.offer, someone, Actor(role="district_staff"), MORNING)
    assert "连上了，李秀兰" in await chat(f"关联 {code}")


async def test_a_message_delivered_twice_gives_one_code(town_chat):
    chat = town_chat
    await registered(chat)
    first = await chat("关联账号", id="again")
    assert await chat("关联账号", id="again") == first

"""The first words, danger, help, and what is not understood."""

import pytest

from dialogue.message import decoded
from storage.schema.talks import outbox
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.town import registered, staff


async def test_the_greeting_says_what_can_be_done_and_what_is_never_asked(town_chat):
    answer = await town_chat("你好")
    assert "1. 找服务点" in answer
    assert "不会要您的验证码" in answer


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("我胸口疼", "120"),
        ("老伴晕倒了", "120"),
        ("厨房着火了！", "119"),
        ("我妈走失了", "110"),
        ("有人要验证码", "96110"),
    ],
)
async def test_danger_comes_before_everything(town_chat, said, number):
    assert f"打 {number}" in await town_chat(said)


async def test_danger_in_the_middle_of_a_talk_loses_no_answer(town_chat):
    await town_chat.says("登记", "1")
    assert "120" in await town_chat("我摔倒了")
    assert "王建国，您的手机号是" in await town_chat("王建国")


async def test_the_duty_person_is_told_at_once(town_chat):
    lead = await registered(town_chat, "李点长", "13700137000", SOMEONE_ELSE)
    await town_chat.does(staff, lead, "point_lead", point_id=1)
    await registered(town_chat)
    await town_chat("我活不下去了")

    def alerts(tx):
        rows = tx.execute(outbox.select().where(outbox.c.kind == "alert")).all()
        return [(row.person_id, decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}")).text) for row in rows]

    [(person, text)] = await town_chat.does(alerts)
    assert person == lead
    assert "王建国（13800138000）" in text
    assert "活不下去" not in text


async def test_a_person_is_one_word_away(town_chat):
    assert "0898-0000-0000" in await town_chat("人工")
    await registered(town_chat)
    assert "0898-0000-0011" in await town_chat("转人工")


@pytest.mark.parametrize("said", ["帮助", "咋整", "怎么用", "？"])
async def test_help_has_examples(town_chat, said):
    assert "报名书法" in await town_chat(said)


async def test_twice_not_understood_brings_the_phone(town_chat):
    assert "0898-0000-0000" not in await town_chat("啦啦啦")
    answer = await town_chat("哩哩哩")
    assert "0898-0000-0000" in answer
    assert "1. 找服务点" in answer


@pytest.mark.parametrize("said", ["fujindefuwudian", "fuwudian", "服务典", "俺想找服务点", "找服务点在哪"])
async def test_pinyin_homophones_and_dialect_are_understood(town_chat, said):
    assert "您在哪儿" in await town_chat(said) or "春园" in await town_chat("找服务点")


@pytest.mark.parametrize("said", ["", "   ", "😀", "\u200b", "!!!!", "\x00", "0", "9", "99999999999999999999"])
async def test_nothing_at_all_is_answered(town_chat, said):
    assert await town_chat(said)

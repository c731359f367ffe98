"""我的签到码: shown on a phone, scanned at the door, and never needed."""

import pytest

from handlers import own_code
from storage.refusals import CodeNotValid
from tests.dialogues.town import registered


async def test_a_registered_person_gets_a_code_as_a_picture(town_chat):
    await registered(town_chat)
    answer = await town_chat("我的签到码")
    assert "这是您的签到码，30 天内都能用" in answer
    assert "不带也不要紧，报名字一样签到" in answer
    assert town_chat.replies[0].photo.media_type == "image/png"


async def test_who_is_not_registered_is_told_how(town_chat):
    assert "登记" in await town_chat("我的签到码")
    assert all(reply.photo is None for reply in town_chat.replies)


async def test_a_code_is_over_after_a_month_and_one_that_was_made_up_opens_nothing(town_chat):
    person = await registered(town_chat)
    code = await town_chat.does(own_code.issue, person, town_chat.clock())
    assert await town_chat.does(own_code.person_of, code, town_chat.clock()) == person
    for wrong in (f"{own_code.BEGINS}made-up", own_code.BEGINS, "王建国"):
        with pytest.raises(CodeNotValid):
            await town_chat.does(own_code.person_of, wrong, town_chat.clock())
    town_chat.clock.passes(days=31)
    with pytest.raises(CodeNotValid):
        await town_chat.does(own_code.person_of, code, town_chat.clock())

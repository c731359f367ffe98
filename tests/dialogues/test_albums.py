"""Pictures sent together, which Telegram brings one by one, are one thing said, with one answer."""

import pytest

from dialogue.message import Attachment
from storage import attachments, needs
from tests.dialogues.town import registered


@pytest.fixture
async def resident(town_chat):
    await registered(town_chat)
    return town_chat


async def pictures(chat, *names, caption=""):
    """Send an album; returns what was answered to each of its pictures."""
    answers = []
    for number, name in enumerate(names):
        picture = Attachment("photo", name, group="album 1")
        answers.append(await chat(caption if number == 0 else "", attachment=picture))
    return answers


async def test_an_album_out_of_the_blue_gets_one_answer_and_its_pictures_stay_together(resident):
    first, second, third = await pictures(resident, "a", "b", "c")
    assert first
    assert (second, third) == ("", "")
    await resident("路灯坏了三天了")
    need = await told(resident)
    assert len(await resident.does(attachments.of, need.subject)) == 3


async def test_an_album_as_an_answer_is_one_answer(resident):
    await resident("说难处")
    first, second = await pictures(resident, "a", "b", caption="路灯坏了三天了")
    assert first
    assert second == ""
    need = await told(resident)
    assert len(await resident.does(attachments.of, need.subject)) == 2


async def told(chat):
    """Say yes to whatever is still asked. Returns the need."""
    for _ in range(6):
        if found := await chat.does(needs.of_person, 1):
            return found[0]
        await chat("1")
    raise AssertionError(chat.replies)


async def test_what_comes_after_the_need_was_told_belongs_to_it_too(resident):
    await resident("说难处")
    await resident(attachment=Attachment("photo", "a", group="album 1"), text="路灯坏了三天了")
    need = await told(resident)
    assert await resident(attachment=Attachment("photo", "b", group="album 1")) == ""
    assert len(await resident.does(attachments.of, need.subject)) == 2


async def test_another_album_is_answered_again(resident):
    await pictures(resident, "a", "b")
    assert await resident(attachment=Attachment("photo", "c", group="album 2"))

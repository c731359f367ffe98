"""Codes to print, for the door and for a poster: one for each channel, and those of WeChat when they are there."""

from datetime import timedelta

import pytest

from bot.channels import Rejected, TryLater
from bot.scene_codes import SceneCodes
from dialogue.message import decoded
from handlers import wall_codes
from storage import settings
from storage.schema.talks import outbox
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.test_links import FOUND
from tests.dialogues.town import class_of, registered, staff


@pytest.fixture
async def office(town_chat):
    """An organiser with a class in two weeks, where all three channels are on."""
    organiser = await registered(town_chat, "李干事", "13700137000")
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    await town_chat.does(class_of)
    await town_chat.does(settings.put, "chat_addresses", FOUND, town_chat.clock())
    await town_chat.does(settings.put, wall_codes.OF_WECHAT, True, town_chat.clock())
    return town_chat


class Wechat:
    """What the platform makes: `answers` one after the other, each a text or a refusal."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.waited = []

    async def make(self, payload, lasts):
        self.asked.append((payload, lasts))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def sleep(self, seconds):
        self.waited.append(seconds)


async def arrives(chat, wechat):
    """Let the program make what was asked for; returns what was sent then."""
    codes = SceneCodes(await chat.open(), wechat.make, chat.clock, lambda: None, wechat.sleep)
    assert await codes.make_next()
    assert not await codes.make_next()

    def sent(tx):
        [row] = tx.execute(outbox.select()).all()
        return decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}"))

    return await chat.does(sent)


async def test_a_poster_has_a_code_for_each_channel_and_that_of_wechat_follows(office):
    await office("活动链接 1")
    answer = await office.taps("要二维码印海报")
    names = [reply.photo.name for reply in office.replies if reply.photo]
    assert names == ["活动码 书法班 网页.png", "活动码 书法班 Telegram.png"]
    assert "微信的活动码正在做，好了马上发给您。不会扫的，跟我说“活动 1”也一样。" in answer
    wechat = Wechat("http://weixin.qq.com/q/one")
    reply = await arrives(office, wechat)
    assert wechat.asked == [("event-1", wall_codes.TEMPORARY_LASTS)]
    assert "印在海报上，扫一扫就看到这场活动，可以报名。能扫到12月23日（周三）上午10点。" in reply.text
    assert reply.photo.name == "活动码 书法班 微信.png"


async def test_a_code_for_the_door_brings_who_scans_it_to_the_check_in(office):
    office.clock.passes(days=15, hours=4)
    assert "微信的签到码正在做" in await office("签到码")
    wechat = Wechat(TryLater(30), "http://weixin.qq.com/q/two")
    assert "贴在门口，扫一扫就签到。能扫到12月8日（周二）下午4点30分。" in (await arrives(office, wechat)).text
    assert wechat.asked[0][1] == timedelta(hours=2, minutes=30)
    assert wechat.waited == [30]
    await registered(office, "周国庆", "13600136789", SOMEONE_ELSE)
    office.who = SOMEONE_ELSE
    assert "周国庆，签好了，请进。" in await office(payload=wechat.asked[0][0])


async def test_for_an_event_beyond_a_month_the_code_is_for_ever(office):
    await office.does(lambda tx: tx.connection.exec_driver_sql("UPDATE events SET ends_at = '2027-02-01 00:00:00'"))
    await office("活动码 1")
    wechat = Wechat("http://weixin.qq.com/q/three")
    assert "这个码一直能扫。" in (await arrives(office, wechat)).text
    assert wechat.asked == [("event-1", None)]


@pytest.mark.parametrize(
    ("answers", "says"),
    [([TryLater(5)] * 3, "过一会儿再要一次"), ([Rejected("no right")], "告诉区里管公众号的同志")],
)
async def test_one_that_wechat_does_not_make_is_said_with_what_works_instead(office, answers, says):
    await office("活动码 1")
    reply = await arrives(office, Wechat(*answers))
    assert says in reply.text
    assert reply.photo is None


async def test_an_account_that_may_make_no_codes_has_the_word(office):
    await office.does(settings.put, wall_codes.OF_WECHAT, False, office.clock())
    answer = await office("活动码 1")
    assert "这个公众号做不了微信的二维码。不会扫的，跟我说“活动 1”也一样。" in answer
    office.clock.passes(days=15, hours=4)
    assert "这个公众号做不了微信的二维码。微信里要用口令签到，还没设。" in await office("签到码")


async def test_only_who_organises_gets_codes(office):
    office.who = SOMEONE_ELSE
    assert "要二维码" not in await office("活动链接 1")
    assert "来办" in await office("活动码 1")

"""What the whole program does behind the channel: it greets, tells, fetches and takes up a talk after a restart."""

import pytest

from bot.fetching import Fetching
from dialogue.message import Reply, encoded
from storage import accounts, attachments, grants, outbox
from storage.audit import Actor
from tests.dialogues.town import class_of, person, town
from tests.wechat.clock import Clock
from tests.wechat.whole import hongyan


@pytest.fixture
def clock():
    """Ten in the morning: messages may go out."""
    clock = Clock()
    clock.jump(hours=-2)
    return clock


async def test_from_following_to_a_message_sent_unasked(wechat, tmp_path):
    person = wechat.follower()
    async with hongyan(wechat, tmp_path) as program:
        assert await wechat.verify() == (200, "4375120948345356249")
        await person.follows()
        assert person.read.startswith("您好")
        await person.taps("看活动、报名")
        assert "活动" in person.read

        account = await program.database.read(accounts.find, "wechat", person.openid)
        news = outbox.Planned("need", "news", encoded(Reply("第 128 号有回音了。")), wechat.clock(), channel="wechat")
        news.account_id = account.id
        await person.says("在吗")
        seen = len(person.screen)
        await program.database.write(outbox.plan, news, wechat.clock())
        program.delivery.wake("wechat")
        await person.until_seen(seen + 1)
        assert person.read == "第 128 号有回音了。"
        assert wechat.api.menu is not None


def told_to_wait(tx, account_id, now):
    """News that the channel had no way for, as delivery leaves it."""
    news = outbox.Planned("need", "news", encoded(Reply("第 128 号有回音了。")), now, channel="wechat")
    news.account_id = account_id
    outbox.plan(tx, news, now)
    outbox.settle(tx, outbox.Ended(1, "waiting", "no way to speak unasked"), now)


async def test_news_that_cannot_go_out_stands_in_the_next_answer(wechat, tmp_path):
    person = wechat.follower()
    async with hongyan(wechat, tmp_path) as program:
        await person.follows()
        wechat.clock.jump(hours=1)
        account = await program.database.read(accounts.find, "wechat", person.openid)
        await program.database.write(told_to_wait, account.id, wechat.clock())
        await person.says("你好")
        assert "第 128 号有回音了。" in person.read
    assert wechat.api.asked("/cgi-bin/message/custom/send") == []


async def test_a_voice_message_is_brought_in_before_the_platform_forgets_it(wechat, tmp_path):
    person = wechat.follower()
    async with hongyan(wechat, tmp_path) as program:
        await person.sends_voice(b"#!AMR\nspoken")
        assert person.read
        [wanted] = await program.database.read(attachments.wanted, "wechat")
        await Fetching(program.database, {"wechat": program.wechat.fetch}).once("wechat")
        kept = await program.database.read(attachments.content, wanted.id)
        assert kept[:2] == (b"#!AMR\nspoken", "audio/amr")


async def test_the_code_of_a_poster_is_made_by_the_platform_and_opens_the_event(wechat, tmp_path):
    organiser, elder = wechat.follower(), wechat.follower("o_zhang", following=False)
    async with hongyan(wechat, tmp_path) as program:
        await organiser.follows()

        def arranged(tx):
            town(tx)
            class_of(tx)
            made = person(tx, "李干事", "13700137000", ("wechat", organiser.openid))
            grants.grant(tx, "organiser", Actor(), wechat.clock(), person_id=made, point_id=1)

        await program.database.write(arranged)
        await organiser.says("活动码 1")
        assert "微信的活动码正在做" in organiser.read
        seen = len(organiser.screen)
        await organiser.until_seen(seen + 1)
        [code] = wechat.api.codes
        await elder.scans(code)
        assert "《书法班》" in elder.read


async def test_a_restart_of_the_whole_program_is_not_noticed(wechat, tmp_path):
    person = wechat.follower()
    for word in ("登记", "1", "王建国"):
        async with hongyan(wechat, tmp_path):
            await person.says(word)
    assert "手机号" in person.read

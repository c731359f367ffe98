"""WeChat's servers are gone, sick or refuse us: who writes is answered, and what was to be sent goes out later."""

import asyncio
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from bot.channels.wechat import standing
from dialogue.message import Reply, encoded
from storage import accounts, outbox
from storage.schema.talks import outbox as outbox_table
from tests.dialogues.town import town
from tests.faults.conftest import PATIENCE, ShiftedClock, figure_in
from tests.web.conftest import Visitor
from tests.wechat.server import APP_SECRET, FakeWechat
from tests.wechat.whole import hongyan

MORNING = datetime(2026, 11, 24, 2, tzinfo=UTC)  # 10:00 in 三亚: messages may go out


@asynccontextmanager
async def gone(wechat):
    await wechat.down()
    yield "cannot be reached (ClientConnectorError)"
    await wechat.up()


def always(trouble, words):
    @asynccontextmanager
    async def sick(wechat):
        wechat.api.always = trouble
        yield words
        wechat.api.always = None

    return sick


FAULTS = [
    pytest.param(gone, "delivered", id="gone"),
    # What was answered with 502 may have arrived: it is on the call list, and not sent again.
    pytest.param(always("502", "cannot be reached (HTTP 502)"), "unknown", id="answering 502"),
    pytest.param(always(40164, "it sees us as 203.0.113.7"), "delivered", id="our address refused"),
    pytest.param(always(40125, "refuses us: error 40125"), "delivered", id="secret refused", marks=pytest.mark.long),
    pytest.param(always(-1, "refuses us: error -1"), "delivered", id="busy", marks=pytest.mark.long),
]


@pytest.fixture
async def wechat():
    clock = ShiftedClock()
    clock.off = MORNING - datetime.now(UTC)
    async with FakeWechat.open(clock) as server:
        yield server
        server.assert_content()


def news_for(tx, user, now):
    account = accounts.find(tx, "wechat", user)
    planned = outbox.Planned("need", "news", encoded(Reply("第 128 号有回音了。")), now, channel="wechat")
    planned.account_id = account.id
    outbox.plan(tx, planned, now)


def ends(tx):
    return {row.state for row in tx.execute(select(outbox_table.c.state).where(outbox_table.c.key == "news"))}


@pytest.mark.parametrize(("fault", "end"), FAULTS)
async def test_while_wechat_does_not_hear_us_people_are_answered_and_afterwards_news_goes_out_once(
    wechat, tmp_path, empty_database, monkeypatch, log, fault, end
):
    monkeypatch.setattr(standing, "_PAUSE_FOR_SETTINGS", timedelta(seconds=1))  # nobody waits ten minutes
    (tmp_path / "hongyan.db").write_bytes(empty_database.read_bytes())
    person, waiting = wechat.follower(), wechat.follower("o_li")
    async with hongyan(wechat, tmp_path, chat=True) as program:
        asked, line = Asked(program), program.wechat.line
        await program.database.write(town)
        await waiting.says("您好")
        assert await asked.failing() == []

        async with fault(wechat) as words:
            await program.database.write(news_for, waiting.openid, wechat.clock())
            program.delivery.wake("wechat")
            await asked.until(lambda: program.delivery.ended["wechat", "planned" if end == "delivered" else end])
            wechat.clock.off += timedelta(minutes=2)
            await line.look()
            assert await asked.failing() == ["wechat"]
            assert await asked.figure('channel_silence_seconds{channel="wechat"}') > 90
            assert await asked.figure('channel_problem{channel="wechat"}') == 1
            assert await asked.figure("storage_fault") == 0
            await person.says("找服务点")
            assert "社区" in person.read
            assert (await asked.visitor.asks(text="找服务点", id="wechatgone")).status_code == 200

        wechat.clock.off += timedelta(minutes=1)
        await line.look()
        program.delivery.wake("wechat")
        await asked.until(lambda: program.delivery.ended["wechat", end])
        assert await asked.failing() == []
        assert await asked.figure('channel_problem{channel="wechat"}') == 0
        await asked.visitor.http.aclose()
        assert await program.database.read(ends) == {end}
    shown = [one for one in waiting.screen if "第 128 号" in str(one)]
    assert len(shown) == (end == "delivered")
    assert log.text.count(words) >= 1
    assert len([one for one in log.messages if one.startswith("wechat: the platform") and words in one]) == 1
    assert "wechat: the platform answers again" in log.text
    assert "Traceback" not in log.text
    assert APP_SECRET not in log.text
    assert "第 128 号" not in log.text


async def test_the_program_starts_before_wechats_name_is_found_and_a_quiet_night_is_no_alarm(
    wechat, tmp_path, monkeypatch, log
):
    known, look_up = [False], socket.getaddrinfo

    def names(host, *rest, **more):
        if host == "platform.test" and not known[0]:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up("127.0.0.1" if host == "platform.test" else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    async with hongyan(wechat, tmp_path, base_url=f"http://platform.test:{wechat.port}") as program:
        asked, line = Asked(program), program.wechat.line
        await asked.until(lambda: "wechat: the platform cannot be reached" in log.text)  # the schedule looks by itself
        assert await asked.failing() == []
        wechat.clock.off += timedelta(minutes=2)
        assert await asked.failing() == ["wechat"]
        known[0] = True
        for _ in range(3):
            wechat.clock.off += timedelta(hours=2, minutes=30)  # nobody writes, nothing is to be sent
            await line.look()
            assert await asked.failing() == []
        await asked.visitor.http.aclose()


class Asked:
    """The page of the program, and what it says of itself."""

    def __init__(self, program):
        self.visitor = Visitor("https://hy.example", transport=httpx.ASGITransport(program.web))

    async def failing(self):
        return (await self.visitor.http.get("/readyz")).json()["failing"]

    async def figure(self, name):
        return figure_in((await self.visitor.http.get("/metrics")).text, name)

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE):
            while not holds():  # noqa: ASYNC110 - what changes it tells nobody
                await asyncio.sleep(0)

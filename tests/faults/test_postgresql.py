"""A PostgreSQL that is gone for a while: people get a sentence, nothing said is lost, and it all mends itself."""

import asyncio
from functools import partial

import pytest
from sqlalchemy import func, select

from storage.migrations import migrate
from storage.schema.talks import inbox
from tests.dialogues.town import town
from tests.faults.conftest import PATIENCE, PHONE, House
from tests.faults.servers import Server
from tests.telegram.server import FakeTelegram

pytestmark = pytest.mark.long

_SAID = 15  # by each, so fast that a few more would be told to write more slowly


@pytest.fixture(scope="module")
def server(postgres):
    return Server()


@pytest.fixture(scope="module")
async def house(server, tmp_path_factory):
    """One for all faults: after each it must be as before, without a hand."""
    migrate(server.url)
    async with FakeTelegram() as telegram:
        telegram.patience = PATIENCE
        async with House(tmp_path_factory.mktemp("house"), telegram, server.url).open() as house:
            await house.does(town)
            yield house
        assert telegram.mistakes == []


async def one_leads(*houses):
    answers = [await house.visitor().http.get("/readyz") for house in houses]
    return [answer.json()["leads"] for answer in answers].count(True) == 1


def messages(tx):
    return tx.execute(select(func.count()).select_from(inbox)).scalar_one()


async def is_ready(house):
    return await house.failing() == []


async def have(some, number):
    return len(some) >= number


@pytest.fixture
async def other(house, server):
    """A second worker."""
    async with House(house.settings.file.parent, house.telegram, server.url).open() as other:
        yield other


@pytest.mark.parametrize("fault", [Server.crashed, Server.shut])
async def test_while_nobody_is_let_in_people_are_told_and_afterwards_everything_goes_on(house, server, log, fault):
    telegram = house.telegram
    visitor, wang = await house.people_in_talk()
    said_before = len(telegram.sent_to(wang.id))
    log.clear()

    async with fault(server):
        refused = await visitor.asks(text="王建国", id="namesaid01")
        assert refused.status_code == 503
        assert "您的话没丢" in str(refused.json())
        assert PHONE in str(refused.json())
        wang.says("找服务点")  # nobody leads now, so that nobody fetches it: it stays with Telegram
        assert await house.failing() == ["storage"]
        assert await house.figure("storage_fault") == 1
        assert (await house.visitor().http.get("/healthz")).text == "ok"
        await visitor.opens()
        assert PHONE in visitor.html

    await house.until(lambda: is_ready(house))
    again = await visitor.asks(text="王建国", id="namesaid01")
    assert again.status_code == 200
    assert "手机号" in again.json()["html"]
    await visitor.opens()
    assert "登记" in visitor.reads()

    def answers():  # it may have been fetched a moment before the lead was seen to be lost
        return [text for text in telegram.sent_to(wang.id)[said_before:] if "您的话没丢" not in text]

    await telegram.until(answers, "the answer after the fault")
    assert "社区" in "".join(answers())
    assert len(telegram.sent_to(wang.id)) - said_before - len(answers()) <= 1
    assert "storage: nothing was kept: " in log.text
    assert "Traceback" not in log.text
    assert "fault " not in log.text
    assert "王建国" not in log.text


async def test_while_it_hangs_the_program_says_so_and_afterwards_everyone_is_answered_once(house, server, log):
    telegram = house.telegram
    visitor, wang = house.visitor(), telegram.person()
    await visitor.opens()
    async with server.hanging():
        said = asyncio.create_task(visitor.asks(text="帮助", id="helpsaid01"))
        wang.says("帮助")
        assert await house.failing() == ["storage"]
        assert (await house.visitor().http.get("/healthz")).text == "ok"
    assert (await said).status_code == 200
    await telegram.until(lambda: telegram.sent_to(wang.id), "the answer after the fault")
    await house.until(lambda: is_ready(house))
    assert len(telegram.sent_to(wang.id)) == 1
    assert "Traceback" not in log.text


async def test_what_was_acknowledged_when_it_crashed_is_there_and_the_rest_is_taken_when_said_again(
    house, other, server
):
    acknowledged, refused = set(), set()
    is_back = asyncio.Event()
    visitors = [house.visitor(other) for _ in range(40)]
    for visitor in visitors:
        await visitor.posts(text="你好")
    before = await house.does(messages)

    async def writes(number, visitor):
        for turn in range(_SAID):
            name = f"crash{number:02d}turn{turn:02d}"
            while (status := (await visitor.asks(text="帮助", id=name)).status_code) != 200:
                assert status == 503
                refused.add(name)
                await is_back.wait()
            acknowledged.add(name)

    writing = [asyncio.create_task(writes(*one)) for one in enumerate(visitors)]
    for _ in range(3):
        is_back.clear()
        await house.until(partial(have, acknowledged, min(len(acknowledged) + 30, len(visitors) * _SAID)))
        async with server.crashed():
            await house.until(partial(have, refused, 1))
        for each in (house, other):
            await house.until(partial(is_ready, each))
        is_back.set()
    await asyncio.gather(*writing)
    await house.until(partial(one_leads, house, other))
    assert len(acknowledged) == len(visitors) * _SAID
    assert await house.does(messages) - before == len(acknowledged)  # a repeat has the row of the first

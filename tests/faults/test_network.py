"""The platform is gone, names are not found, the clock jumps: the rest answers, and all catches up."""

import socket
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select

from dialogue.message import Reply, encoded
from storage import accounts, outbox
from storage.schema.talks import outbox as outbox_table
from tests.dialogues.town import person, town
from tests.faults.conftest import PATIENCE, House
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import BAD_GATEWAY


@asynccontextmanager
async def platform_gone(telegram):
    await telegram.down()
    try:
        yield
    finally:
        await telegram.up()


@asynccontextmanager
async def platform_sick(telegram):
    telegram.troubles.for_ever("*", BAD_GATEWAY)
    telegram.updates.hang_up()
    try:
        yield
    finally:
        telegram.troubles.for_ever("*", None)


def notice(tx, key, user, now):
    """News for whoever writes from this account; returns nothing before they wrote."""
    account = accounts.find(tx, "telegram", str(user))
    planned = outbox.Planned("need", key, encoded(Reply(f"第 128 号有回音了（{key}）。")), now)
    planned.account_id, planned.channel = account.id, "telegram"
    outbox.plan(tx, planned, now)


@pytest.mark.parametrize(("fault", "end", "times"), [(platform_gone, "delivered", 1), (platform_sick, "unknown", 0)])
async def test_while_the_platform_is_away_others_are_answered_and_afterwards_all_is_caught_up(
    house, log, fault, end, times
):
    """What a sick one answered with 502 may have arrived: it is on the call list, and not sent again."""
    telegram = house.telegram
    wang = telegram.person()
    wang.says("您好")
    await telegram.until(lambda: telegram.sent_to(wang.id), "an answer before the fault")
    key = f"need:{fault.__name__}"

    async with fault(telegram):
        await house.does(notice, key, wang.id, house.clock())
        house.program.delivery.wake()
        await house.until(lambda: _is_logged(log, "polling: Telegram cannot be reached"))
        if end == "unknown":
            await house.until(lambda: _all_are(house, key, end))
        wang.says("找服务点")  # kept by the platform
        house.clock.off += timedelta(minutes=2)
        assert await house.failing() == ["telegram"]
        assert await house.figure('channel_silence_seconds{channel="telegram"}') > 90
        assert await house.figure("storage_fault") == 0
        visitor = house.visitor()
        assert (await visitor.asks(text="找服务点", id=fault.__name__.replace("_", ""))).status_code == 200

    answered = len(telegram.sent_to(wang.id))
    await telegram.until(lambda: any("社区" in text for text in telegram.sent_to(wang.id)[answered:]), "the answer")
    await house.until(lambda: _all_are(house, key, end))
    assert await house.failing() == []
    assert len([text for text in telegram.sent_to(wang.id) if key in text]) == times
    assert "409" not in log.text
    assert telegram.token not in log.text


async def test_names_that_are_not_found_stop_one_channel_until_they_are(tmp_path, empty_database, monkeypatch, log):
    known, look_up = [False], socket.getaddrinfo

    def names(host, *rest, **more):
        if host != "platform.test":
            return look_up(host, *rest, **more)
        if not known[0]:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return look_up("127.0.0.1", *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", names)
    (tmp_path / "hongyan.db").write_bytes(empty_database.read_bytes())
    async with FakeTelegram() as telegram:
        telegram.patience = PATIENCE
        house = House(tmp_path, telegram, api_base_url=f"http://platform.test:{telegram.port}")
        wang = telegram.person()
        wang.says("找服务点")
        async with house.open():
            await house.does(town)
            assert (await house.visitor().asks(text="找服务点", id="namesaid01")).status_code == 200
            house.clock.off = timedelta(minutes=2)
            assert await house.failing() == ["telegram"]
            await house.until(lambda: _is_logged(log, "cannot be looked up"))
            known[0] = True
            await telegram.until(lambda: telegram.sent_to(wang.id), "an answer once the name is known")
            assert await house.failing() == []
        assert "polling: the name of Telegram cannot be looked up" in log.text
        assert telegram.mistakes == []


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_by_an_hour_silences_nobody_and_doubles_nothing(house, hours):
    telegram = house.telegram
    wang, visitor = telegram.person(), house.visitor()
    await house.does(person, "王建国", f"1390000000{hours + 5}", ("telegram", str(wang.id)))
    for number, off in enumerate((0, hours, 0)):
        before = len(telegram.sent_to(wang.id))
        house.clock.off += timedelta(hours=off) if number != 2 else -timedelta(hours=hours)
        await house.does(notice, f"need:clock:{hours}:{number}", wang.id, house.clock())
        wang.says("找服务点")
        await telegram.until(lambda before=before: len(telegram.sent_to(wang.id)) >= before + 2, "news and answer")
        answer = await visitor.asks(text="找服务点", id=f"clock{hours + 5}said{number}")
        assert answer.status_code == 200
        assert await house.failing() == []

    await house.until(lambda: _all_are(house, f"need:clock:{hours}:%", "delivered"))
    for number in range(3):
        news = [text for text in telegram.sent_to(wang.id) if f"clock:{hours}:{number}" in text]
        assert len(news) == 1


async def _all_are(house, keys, state):
    def look(tx):
        return {row.state for row in tx.execute(select(outbox_table.c.state).where(outbox_table.c.key.like(keys)))}

    return await house.program.database.read(look) == {state}


async def _is_logged(log, words):
    return words in log.text

"""Stalls at the console: set up, called from by whoever stands there, live for a second helper, closed with news."""

import re

import pytest
from sqlalchemy import select

from storage import events, markets, queue_numbers, sign_ups
from storage.audit import Actor
from storage.markets import StallDraft
from storage.schema.talks import outbox
from tests.console.conftest import words


@pytest.fixture
async def market(house):
    """The market of the sample with a barber and three people in line; asked for first, since it moves the clock."""

    def set_up(tx):
        event = next(each for each in events.coming(tx, house.clock()) if each.type == "service_market")
        markets.open_stalls(tx, event.id, event.starts_at, [StallDraft("理发", "一号桌")])
        (barber,) = markets.of_event(tx, event.id)
        who = [entry.person_id for entry in sign_ups.of_event(tx, event.id) if entry.state == "confirmed"][:3]
        for person in who:
            queue_numbers.take(tx, barber.id, person, Actor(), house.clock())
        return event, barber.id

    event, house.stall = await house.does(set_up)
    house.clock.now = event.starts_at
    return event


def path(market):
    return f"/console/events/{market.id}/stalls"


async def in_line(house):
    stand = await house.database.read(queue_numbers.standing, house.stall)
    return stand.current.number if stand.current else None, [entry.number for entry in stand.waiting]


async def told(house, why):
    def look(tx):
        return len(tx.execute(select(outbox.c.id).where(outbox.c.key.like(f"number:%:{why}:%"))).all())

    return await house.database.read(look)


async def test_the_next_is_called_and_told_and_a_second_tap_calls_nobody(house, market, desk):
    read = await desk.reads(path(market))
    assert "现在没有叫号。" in read
    assert "等着 3 位" in read
    for _ in range(2):  # the same number stands on both screens
        await desk.posts(f"{path(market)}/call", stall=str(house.stall), after="0", what="next")
        assert await in_line(house) == (1, [2, 3])
    assert "刚才已经有人叫过了" in words(desk.html)
    assert await told(house, "called") == 1
    assert house.woken


async def test_who_did_not_come_may_come_back_and_is_called_next(house, market, desk):
    await desk.opens(path(market))
    await desk.posts(f"{path(market)}/call", stall=str(house.stall), after="0", what="next")
    await desk.posts(f"{path(market)}/call", stall=str(house.stall), after="1", what="skip")
    assert await in_line(house) == (2, [3])
    number = re.search(r'name="number" value="(\d+)"', desk.html)[1]
    await desk.posts(f"{path(market)}/back", stall=str(house.stall), number=number)
    assert await in_line(house) == (2, [1, 3])


async def test_a_stall_is_closed_with_news_and_opened_again(house, market, desk):
    await desk.opens(path(market))
    await desk.posts(f"{path(market)}/shut", stall=str(house.stall), what="close")
    assert "收摊了，告诉了还等着的 3 位" in words(desk.html)
    assert await told(house, "closed") == 3
    await desk.posts(f"{path(market)}/shut", stall=str(house.stall), what="open")
    assert (await house.database.read(markets.get, house.stall)).closed_at is None


async def test_stalls_are_added_with_slots_within_the_market(house, market, desk):
    await desk.opens(path(market))
    slots = {"name": "义诊", "place": "大厅", "how": "slots", "length": "20", "places": "2", "ends": "10:00"}
    await desk.posts(f"{path(market)}/add", **slots, begins="07:00")
    assert "时段要在活动的时间里面" in words(desk.html)
    await desk.posts(f"{path(market)}/add", **slots, begins="09:00")
    _, doctor = await house.database.read(markets.of_event, market.id)
    assert [slot.places for slot in await house.database.read(markets.slots, doctor.id)] == [2, 2, 2]


async def test_a_number_is_taken_for_who_has_no_phone(house, market, desk):
    await desk.opens(path(market))
    await desk.posts(f"{path(market)}/take", stall=str(house.stall), line="9")
    assert re.search(r"拿到理发 4 号", words(desk.html))
    await desk.posts(f"{path(market)}/take", stall=str(house.stall), line="99")
    assert "名单上没有这个号" in words(desk.html)


async def test_a_stall_of_another_market_is_not_there(house, market, desk):
    def elsewhere(tx):
        other = next(each for each in events.coming(tx, house.clock()) if each.id != market.id)
        markets.open_stalls(tx, other.id, other.starts_at, [StallDraft("别处", "门口")])
        return markets.of_event(tx, other.id)[0].id

    other = await house.does(elsewhere)
    await desk.opens(path(market))
    answer = await desk.posts(f"{path(market)}/call", stall=str(other), after="0", what="next")
    assert answer.status_code == 404


async def test_the_screens_are_asked_again_only_for_what_is_new(house, market, desk):
    await desk.opens(path(market))
    mark = re.search(r"board\?mark=(\w+)", desk.html)[1]
    assert (await desk.opens(f"{path(market)}/board?mark={mark}")).status_code == 204
    await house.does(queue_numbers.call_next, house.stall, Actor(), house.clock())
    fresh = await desk.opens(f"{path(market)}/board?mark={mark}")
    assert fresh.status_code == 200
    assert "现在： 1 号" in words(fresh.text)

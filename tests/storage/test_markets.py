"""A rush for the last places at a stall, and two who note money at once: nothing oversold, nothing lost."""

import asyncio
from datetime import timedelta

import pytest

from storage import budgets, events, markets, queue_numbers, sign_ups
from storage.audit import Actor
from storage.markets import SlotDraft, StallDraft
from storage.refusals import NoNumberLeft, SlotGone
from tests.conftest import MORNING
from tests.storage.test_sign_ups import an_event, some_people

pytestmark = pytest.mark.both_engines

HOUR = timedelta(hours=1)
STAFF = Actor(None, "organiser", "web")


def market(tx):
    """A market with a slot of three places and a stall of four numbers, and twelve people signed up for it."""
    event = an_event(tx, capacity=None)
    drafts = StallDraft("义诊", "大厅", (SlotDraft(timedelta(), HOUR, 3),)), StallDraft("理发", "一号桌", most=4)
    markets.open_stalls(tx, event, events.get(tx, event).starts_at, drafts)
    people = some_people(tx, 12)
    for person in people:
        sign_ups.sign_up(tx, event, [person], Actor(person), MORNING)
    return event, [stall.id for stall in markets.of_event(tx, event)], people


async def test_many_at_once_get_as_many_places_as_there_are(database):
    _, (doctor, barber), people = await database.write(market)
    [slot] = await database.read(markets.slots, doctor)

    async def wants(stall, person):
        try:
            entry, _ = await database.write(queue_numbers.take, stall, person, Actor(person), MORNING, slot.id)
        except (SlotGone, NoNumberLeft):
            return None
        return entry.number

    got = await asyncio.gather(*(wants(doctor, person) for person in people))
    assert sorted(number for number in got if number) == [1, 2, 3]
    got = await asyncio.gather(*(wants(barber, person) for person in people))
    assert sorted(number for number in got if number) == [1, 2, 3, 4]


async def test_two_helpers_at_once_call_each_number_once(database):
    event, (_, barber), people = await database.write(market)
    for person in people[:4]:
        await database.write(queue_numbers.take, barber, person, Actor(person), MORNING)
    both = await asyncio.gather(*(database.write(queue_numbers.call_next, barber, STAFF, MORNING, 0) for _ in range(2)))
    assert sorted(called.is_new for called in both) == [False, True]
    assert {called.current.number for called in both} == {1}
    assert len(await database.read(queue_numbers.of_person, event, people[0])) == 1


async def test_sums_noted_at_once_all_count(database):
    event = await database.write(an_event)
    await asyncio.gather(*(database.write(budgets.spend, event, fen, STAFF, MORNING) for fen in range(1, 21)))
    assert (await database.read(budgets.get, event)).spent == sum(range(1, 21))

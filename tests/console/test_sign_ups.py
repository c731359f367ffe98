"""Signing up for who rings up, and giving back a place for them: the same rules as in the chat."""

import re
from urllib.parse import unquote

from sqlalchemy import select

from storage import events, people, sign_ups
from storage.schema.talks import outbox
from tests.console.conftest import words


async def full_one(house):
    """The sample's event that is full, with people waiting."""
    for event in await house.database.read(events.coming, house.clock()):
        if await house.database.read(events.waiting, event.id):
            return event
    raise AssertionError("the sample has an event with a waiting list")


async def states(house, event):
    return {entry.person_id: entry.state for entry in await house.database.read(sign_ups.of_event, event.id)}


async def test_a_newcomer_is_registered_and_signed_up_and_waits_where_it_is_full(house, desk):
    event = await full_one(house)
    waiting = await house.database.read(events.waiting, event.id)
    path = f"/console/events/{event.id}/sign-up"
    await desk.opens(f"/console/events/{event.id}")
    given = {"form_token": desk.token, "name": "钱多福", "phone": "138 0013 8000"}
    answer = await desk.http.post(path, data=given)
    assert "钱多福" not in unquote(answer.headers["location"])  # addresses are logged
    await desk.opens(answer.headers["location"])
    assert re.search(rf"名额满了，\d+ 号，排在候补第 {waiting + 1} 位", words(desk.html))
    (person,) = await house.database.read(people.search, "钱多福")
    assert person.phone == "13800138000"
    await desk.posts(path, name="钱多福", phone="8000")
    assert "早就报上了" in words(desk.html)
    assert (await states(house, event))[person.id] == "waitlisted"


async def test_of_namesakes_one_is_chosen(house, desk):
    event = await full_one(house)
    for phone in ("13800138000", "13900139000"):
        await house.does(people.add_by_staff, "钱多福", phone, house.staff["district_staff"], house.clock())
    path = f"/console/events/{event.id}/sign-up"
    await desk.opens(f"/console/events/{event.id}")
    shown = await desk.posts(path, name="钱多福", phone="")
    assert "有几位同名" in words(shown.text)
    chosen = re.findall(r'name="person" value="(\d+)"><button>钱', shown.text)
    assert len(chosen) == 2
    before = await states(house, event)
    await desk.posts(path, person=chosen[1])
    assert set(await states(house, event)) - set(before) == {int(chosen[1])}


async def test_who_does_not_come_gives_the_place_to_who_waits_and_they_are_told(house, desk):
    event = await full_one(house)
    before = await states(house, event)
    gone = next(person for person, state in before.items() if state == "confirmed")
    await desk.opens(f"/console/events/{event.id}")
    await desk.posts(f"/console/events/{event.id}/sign-off", person=str(gone))
    after = await states(house, event)
    assert after[gone] == "cancelled"
    (moved,) = [person for person in before if before[person] == "waitlisted" and after[person] == "confirmed"]
    assert "座位让给候补的了" in words(desk.html)

    def told(tx):
        of_seat = (outbox.c.event_id == event.id, outbox.c.kind == "promotion")
        return [person for (person,) in tx.execute(select(outbox.c.person_id).where(*of_seat))]

    assert await house.database.read(told) == [moved]
    assert house.woken


async def test_after_its_end_nobody_is_signed_up_any_more(house, desk):
    event = await full_one(house)
    assert "替人报名" in await desk.reads(f"/console/events/{event.id}")
    house.clock.now = event.ends_at
    await desk.signs_in()
    assert "替人报名" not in await desk.reads(f"/console/events/{event.id}")
    answer = await desk.posts(f"/console/events/{event.id}/sign-up", name="钱多福", phone="")
    assert answer.status_code == 409
    assert await house.database.read(people.search, "钱多福") == []

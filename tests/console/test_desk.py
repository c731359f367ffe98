"""The check-in desk: whoever is meant by initials, by the end of a phone number, or by the code they show."""

import re

from handlers import own_code
from storage import attendance, people, person_keys
from tests.console.conftest import words
from tests.console.test_page import now_on


async def on_the_list(house):
    """The event that begins within the hour, and the persons on its list."""
    event = await now_on(house)
    lines = await house.database.read(attendance.roll, event)
    return event, [await house.database.read(people.get, line.person_id) for line in lines]


def said_by(kind, person):
    return [word for what, word in person_keys.of(person.name, person.phone) if what == kind]


async def found(visitor, event, typed):
    part = await visitor.opens(f"/console/events/{event}/roll", params={"q": typed}, headers={"hx-request": "true"})
    return re.findall(r'<span class="person"><b>([^<]+)</b>', part.text)


async def test_initials_pinyin_and_the_end_of_the_phone_find_who_is_meant(house, somebody):
    event, persons = await on_the_list(house)
    helper = await somebody("checker")
    for person in persons[:3]:
        whole, initials = said_by("pinyin", person)
        for typed in (initials, initials.upper(), whole, whole[:-2], person.phone[-4:], person.name):
            assert person.name in await found(helper, event, typed), typed
    assert await found(helper, event, "zzzz") == []


async def test_a_code_scanned_into_the_box_checks_in_and_once_only(house, somebody):
    event, persons = await on_the_list(house)
    code = await house.does(own_code.issue, persons[1].id, house.clock())
    helper = await somebody("checker")
    await helper.opens(f"/console/events/{event}/desk")
    path = f"/console/events/{event}/enter"
    assert f"{persons[1].name}，签好了，请进。" in words((await helper.posts(path, q=code)).text)
    noted = await house.database.read(attendance.of_person, event, persons[1].id)
    assert (noted.method, noted.recorded_by) == ("qr", house.staff["checker"])
    assert "已经签过到了" in words((await helper.posts(path, q=code)).text)
    wrong = await helper.posts(path, headers={"hx-request": "true"}, q=f"{own_code.BEGINS}made-up")
    assert wrong.status_code == 409
    assert "这个码不对" in wrong.text


async def test_whose_code_is_scanned_without_having_signed_up_is_added(house, somebody):
    event, persons = await on_the_list(house)
    stranger = house.staff["auditor"]
    assert stranger not in {person.id for person in persons}
    code = await house.does(own_code.issue, stranger, house.clock())
    helper = await somebody("checker")
    await helper.opens(f"/console/events/{event}/desk")
    await helper.posts(f"/console/events/{event}/enter", q=code)
    assert (await house.database.read(attendance.of_person, event, stranger)).walk_in

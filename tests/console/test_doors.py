"""Every address, tried by every role and by nobody."""

import re

import pytest

from bot.console.doors import Doorkeeper
from bot.console.routes import doors
from bot.console.settings import ConsoleSettings
from bot.console.sign_in import SignIn
from tests.console.conftest import KEY, PHONE, ROLES


def every_door(house):
    settings = ConsoleSettings("", PHONE)
    return doors(SignIn(Doorkeeper(house.database, house.clock, KEY, settings, house.wake)))


def address(door, number=1):
    return re.sub(r"\{\w+:int\}", str(number), door.path).replace("{rest:path}", "nothing")


async def test_nobody_gets_in_anywhere(house, visitor):
    for door in every_door(house):
        answer = await visitor.http.request(door.method, address(door), data={} if door.method == "POST" else None)
        assert answer.status_code == 401, door.path
        assert "hx-" not in answer.text


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_gets_in_where_it_may_and_nowhere_else(house, visitor, role):
    await visitor.signs_in(role)
    token = visitor.token
    for door in every_door(house):
        if door.path == "/console/sign-out":
            continue
        house.clock.passes(seconds=1)
        given = {"data": {"form_token": token}} if door.method == "POST" else {}
        for number in (1, 10**6):
            answer = await visitor.http.request(door.method, address(door, number), **given)
            if role in door.roles:
                assert answer.status_code < 500, (door.path, number)
            else:
                assert answer.status_code == 403, (door.path, number)


@pytest.mark.parametrize("role", ROLES)
async def test_no_post_works_without_the_token(house, visitor, role):
    await visitor.signs_in(role)
    for door in every_door(house):
        if door.method == "POST":
            house.clock.passes(seconds=1)
            answer = await visitor.http.post(address(door), data={"form_token": "another"})
            assert answer.status_code == 403, door.path


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_the_menu_opens_and_is_small(house, visitor, role):
    await visitor.signs_in(role)
    pages = re.findall(r'<li><a href="(/console[^"]*)"', visitor.html)
    assert pages[0] == "/console"
    for page in pages:
        answer = await visitor.opens(page)
        assert answer.status_code == 200, page
        assert len(answer.content) < 100_000, page
        assert "StrictUndefined" not in answer.text

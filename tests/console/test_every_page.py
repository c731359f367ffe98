"""Every page of the console, as each role that is led to it, for screen readers."""

import re
from collections import defaultdict

import pytest
from axe_playwright_python.async_playwright import Axe

from bot.console.doors import Doorkeeper
from bot.console.routes import doors
from bot.console.settings import ConsoleSettings
from bot.console.sign_in import SignIn
from reports.remembered import Remembered
from storage import grants, markets
from storage.markets import StallDraft
from tests.console.conftest import KEY, PHONE, ROLES
from tests.console.gatherings import gather
from tests.console.test_page import AXE, now_on

pytestmark = pytest.mark.page

# A file, and what is not there.
NO_PAGES = {"/console/broadcasts/{id:int}/file", "/console/files/{id:int}", "/console/{rest:path}"}
NO_PAGES |= {"/console/events/series/{id:int}/handouts/{handout:int}"}
OF_ONES_OWN = {"/console/broadcasts/{id:int}"}  # organisers see those alone that they wrote


def template(path):
    """An address without what names one thing: /console/events/{id:int}."""
    return re.sub(r"/\d+(?=/|$)", "/{id:int}", re.split(r"[?#]", path)[0])


def shape(html):
    """Which elements a page has, however many rows and whatever they say: what is judged depends on these alone."""
    main = html[html.index("<main") :]
    return frozenset(
        re.sub(r'(value|href|action|content|title|aria-label|alt|id|for|datetime)="[^"]+"|\d+', r"\1", tag)
        for tag in re.findall(r"<[a-z][^>]*>", main)
    )


async def pages_of(visitor, starts):
    """One page of each kind that is linked from `starts` or from one found before: its address and its text."""
    waiting, found = list(starts), {}
    while waiting:
        path = waiting.pop(0)
        if template(path) in found or template(path) in NO_PAGES or "/assets/" in path:
            continue
        answer = await visitor.opens(path)
        assert answer.status_code == 200, (path, answer.status_code)
        found[template(path)] = (path, answer.text)
        waiting += [link.replace("&amp;", "&") for link in re.findall(r'<a [^>]*href="(/console[^"]*)"', answer.text)]
    return found


@pytest.mark.long
async def test_axe_finds_nothing_on_any_page_as_any_role(house, screens, somebody):
    """A page that has nothing new for a role is not judged again."""
    keeper = Doorkeeper(house.database, house.clock, KEY, ConsoleSettings("", PHONE), house.wake)
    pages = [door for door in doors(SignIn(keeper), Remembered()) if door.method == "GET" and not door.is_poll]
    await gather(house)
    event = await now_on(house)
    await house.does(lambda tx: markets.open_stalls(tx, event, house.clock(), [StallDraft("理发", "一号桌")]))
    judged = defaultdict(set)
    for role in ROLES:
        (held, *_) = await house.database.read(grants.of_person, house.staff[role], house.clock())
        starts = ["/console", "/console/files"]
        if held.point_id is not None:
            starts.append(f"/console/points/{held.point_id}")
        found = await pages_of(await somebody(role), starts)
        led_to = {door.path for door in pages if role in door.roles} - NO_PAGES
        assert led_to - set(found) <= OF_ONES_OWN, (role, led_to - set(found))
        screen = None
        for kind, (path, html) in found.items():
            if shape(html) <= judged[kind]:
                continue
            judged[kind] |= shape(html)
            screen = screen or await screens(role)
            await screen.goto(house.url + path)
            report = await Axe().run(screen, options=AXE | {"resultTypes": ["violations"]})
            assert report.violations_count == 0, (role, path, report.generate_report())

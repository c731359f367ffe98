"""The console in a real Chromium: for screen readers, on a telephone, and at the door with two helpers."""

import os
from pathlib import Path

import pytest

from storage import events

pytestmark = pytest.mark.page

PICTURES = Path(__file__).parents[2] / "docs" / "images"
AXE = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}


async def now_on(house):
    """The sample's event that begins within the hour."""
    coming = await house.database.read(events.coming, house.clock())
    return coming[0].id


async def pages(page):
    """Every address of the menu, and what is linked first in each list."""
    found = await page.eval_on_selector_all("nav[aria-label='菜单'] a", "all => all.map(a => a.getAttribute('href'))")
    for path in list(found):
        if path in ("/console/events", "/console/people", "/console/needs"):
            await page.goto(page.url.split("/console")[0] + path)
            inner = await page.eval_on_selector_all(
                "main a",
                "all => all.map(a => a.getAttribute('href')).filter(href => /[/]\\d+$/.test(href)).slice(0, 1)",
            )
            found += inner
    return found


@pytest.mark.parametrize("width", [320, 768])
async def test_nothing_is_wider_than_a_telephone(house, screens, width):
    page = await screens(width=width, height=844)
    root = page.url.removesuffix("/console")
    for path in [*await pages(page), f"/console/events/{await now_on(house)}/desk", "/console/roles?q=李"]:
        await page.goto(root + path)
        room = await page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], path


async def test_two_helpers_at_the_door_see_what_the_other_notes(house, screens):
    event = await now_on(house)
    one, other = await screens("checker"), await screens("organiser")
    for page in (one, other):
        await page.goto(f"{house.url}/console/events/{event}/desk")
    first = one.locator(".roll li.missing").first
    name = await first.locator("b").inner_text()
    await first.get_by_role("button", name=f"{name}到了").click()
    await one.locator("#said").get_by_text(f"{name}，签好了，请进。").wait_for()
    await other.locator(".roll li.attended").get_by_text(name).wait_for()
    await other.locator(".tally strong").get_by_text("1", exact=True).wait_for()
    await other.get_by_role("button", name=f"撤销{name}的签到").click()
    await one.locator(".roll li.missing").get_by_text(name).wait_for()
    await one.locator(".tally strong").get_by_text("0", exact=True).wait_for()


async def test_the_desk_works_with_the_keyboard_alone(house, screens):
    page = await screens("checker")
    await page.goto(f"{house.url}/console/events/{await now_on(house)}/desk")
    name = await page.locator(".roll li b").nth(2).inner_text()
    tail = (await page.locator(".roll li").nth(2).locator(".soft").first.inner_text())[-4:]
    assert await page.evaluate("() => document.activeElement.id") == "q"
    await page.keyboard.type(tail)
    await page.wait_for_function("() => document.querySelectorAll('.roll li').length < 3")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.locator("#said").get_by_text(name).wait_for()
    assert await page.input_value("#q") == ""
    assert await page.evaluate("() => document.activeElement.id") == "q"
    await page.keyboard.type("2")
    await page.wait_for_function("() => document.querySelectorAll('.roll li').length === 1")
    second = await page.locator(".roll li b").inner_text()
    await page.keyboard.press("Enter")
    await page.locator("#said").get_by_text(f"{second}，签好了，请进。").wait_for()
    await page.locator(".tally strong").get_by_text("2", exact=True).wait_for()


async def test_looking_for_people_answers_while_typing(house, screens):
    page = await screens()
    await page.goto(f"{house.url}/console/people")
    await page.fill("#q", "wangshouyi")
    await page.wait_for_function("() => document.querySelectorAll('tbody tr').length === 1")
    assert "王*一" in await page.inner_text("tbody")


SHOWN = {
    "console-overview": ("/console", 1280, 860),
    "console-desk": ("/console/events/{event}/desk", 1280, 860),
    "console-desk-phone": ("/console/events/{event}/desk", 390, 844),
    "console-reports": ("/console/reports?from=2025-10-01&to=2026-04-30", 1280, 860),
    "console-needs": ("/console/needs", 1280, 860),
    "console-calendar": ("/console/events/calendar?month=2025-12", 1280, 1120),
    "console-event": ("/console/events/{event}", 1280, 860),
}


@pytest.mark.skipif("HONGYAN_PICTURES" not in os.environ, reason="pictures are taken when asked for")
async def test_pictures_for_the_readme(house, screens):
    event = await now_on(house)
    for name, (path, width, height) in SHOWN.items():
        page = await screens(width=width, height=height)
        await page.goto(house.url + path.format(event=event))
        if "desk" in path:
            for _ in range(2):
                before = await page.locator(".roll li.attended").count()
                await page.locator(".roll li.missing .came").first.click()
                await page.wait_for_function(
                    "before => document.querySelectorAll('.roll li.attended').length > before", arg=before
                )
        await page.screenshot(path=PICTURES / f"{name}.png")

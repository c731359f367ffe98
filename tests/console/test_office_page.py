"""The pages around people, branches, points and settings in a real Chromium, as each role that may see them."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe

from bot.console import office
from storage import grants, people
from tests.console.test_page import AXE

pytestmark = pytest.mark.page

PEOPLE = "姓名,联系方式,候鸟/常住,社区,小区\n钱多福,13800138000,常住,春园社区,示例花园\n坏了,12345,常住,春园社区,\n"


async def addresses(house, role):
    """The pages of this module that `role` may see, with numbers that are within its reach."""
    held = (await house.database.read(grants.of_person, house.staff[role], house.clock()))[0]
    person = (await house.database.read(people.search, "王守一"))[0]
    found = []
    for door in office.doors():
        if door.method != "GET" or role not in door.roles:
            continue
        number = {"people": person.id, "points": held.point_id or 1, "branches": held.organisation_id or 4}
        noun = door.path.split("/")[2]
        found.append(re.sub(r"\{id:int\}", str(number.get(noun, 1)), door.path))
    if role == "district_staff":
        found += [f"/console/people/merge?kept={person.id}&b=王", "/console/people/merge?kept=1&gone=2"]
        found += ["/console/branches/4?q=王", "/console/menus?month=2026-12"]
    return found


@pytest.mark.parametrize("role", ["district_staff", "point_lead", "branch_secretary", "checker"])
async def test_axe_finds_nothing_and_nothing_is_wider_than_a_telephone(house, screens, role):
    page = await screens(role, width=360, height=800)
    for path in await addresses(house, role):
        answer = await page.goto(house.url + path)
        if answer.status == 404:
            assert role != "district_staff", path  # a person of another point
            continue
        assert answer.status == 200, path
        found = await Axe().run(page, options=AXE)
        assert found.violations_count == 0, (path, found.generate_report())
        room = await page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], path


async def test_a_list_is_taken_in_with_the_mouse(house, screens):
    page = await screens()
    await page.goto(f"{house.url}/console/people/import")
    await page.set_input_files(
        "#file", {"name": "名单.csv", "mimeType": "text/csv", "buffer": PEOPLE.encode("gb18030")}
    )
    await page.get_by_role("button", name="先看看").click()
    await page.get_by_text("看完了，还什么都没有收进来。").wait_for()
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    await page.get_by_role("button", name="收进来").click()
    await page.get_by_text("登记了 1 位").wait_for()
    assert [each.phone for each in await house.database.read(people.search, "钱多福")] == ["13800138000"]

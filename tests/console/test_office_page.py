"""The pages around people, branches, points and settings in a real Chromium."""

import re

import pytest
from axe_playwright_python.async_playwright import Axe

from bot.console import office
from storage import people
from tests.console.test_page import AXE

pytestmark = pytest.mark.page

PEOPLE = "姓名,联系方式,候鸟/常住,社区,小区\n钱多福,13800138000,常住,春园社区,示例花园\n坏了,12345,常住,春园社区,\n"


async def test_nothing_is_wider_than_a_telephone_and_what_was_looked_for_is_read_aloud(house, screens):
    """The pages as they are first opened are judged in `test_every_page`; here are those with something found."""
    person = (await house.database.read(people.search, "王守一"))[0]
    page = await screens(width=360, height=800)
    plain = [door.path for door in office.doors() if door.method == "GET"]
    found = [f"/console/people/merge?kept={person.id}&b=王", "/console/people/merge?kept=1&gone=2"]
    found += ["/console/branches/4?q=王守一", "/console/settings"]
    for path in [re.sub(r"\{id:int\}", "4" if "branches" in path else "2", path) for path in plain] + found:
        assert (await page.goto(house.url + path)).status == 200, path
        room = await page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], path
        if path in found:
            judged = await Axe().run(page, options=AXE)
            assert judged.violations_count == 0, (path, judged.generate_report())


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

"""The pages around events in a real Chromium: for screen readers and telephones as each role, and live for two."""

import pytest
from axe_playwright_python.async_playwright import Axe

from handlers import own_code
from storage import (
    attendance,
    broadcasts,
    events,
    markets,
    outbox,
    people,
    queue_numbers,
    recipients,
    series,
    sign_ups,
)
from storage.audit import Actor
from storage.markets import StallDraft
from storage.schema.talks import outbox as outbox_table
from tests.console.gatherings import gather
from tests.console.test_page import AXE, now_on

pytestmark = pytest.mark.page


async def addresses(house, role):
    """The pages of this module that `role` may see, each with something on it."""
    made = await gather(house)
    event = await now_on(house)
    found = ["/console/events/calendar?month=2026-11", "/console/events/calendar?week=2026-11-23"]
    if role != "checker":
        found.append("/console/events/series")
    if role in ("district_staff", "auditor"):
        (first, *_) = await house.database.read(series.active)
        found += ["/console/needs/priority", f"/console/events/series/{first.id}?times=2"]
    if role in ("district_staff", "point_lead", "branch_secretary"):
        found += ["/console/polls", "/console/broadcasts", "/console/broadcasts/new"]
    if role == "point_lead":
        found += ["/console/wishes", f"/console/wishes/{made.told}", f"/console/broadcasts/{made.asked}"]
    if role == "district_staff":
        found += [f"/console/wishes/{made.claimed}", f"/console/broadcasts/{made.draft}"]
        await house.does(broadcasts.approve, made.asked, Actor(house.staff[role]), house.clock())
        found.append(f"/console/broadcasts/{made.asked}")
        stalls = [StallDraft("理发", "一号桌")]
        await house.does(lambda tx: markets.open_stalls(tx, event, house.clock(), stalls))
    if role in ("district_staff", "checker"):
        found.append(f"/console/events/{event}/stalls")
    return found


_LONG = [
    pytest.param(role, marks=pytest.mark.long)
    for role in ("district_staff", "point_lead", "branch_secretary", "auditor")
]


@pytest.mark.parametrize("role", ["checker", *_LONG])
async def test_axe_finds_nothing_and_nothing_is_wider_than_a_telephone(house, screens, role):
    page = await screens(role, width=360, height=800)
    for path in await addresses(house, role):
        answer = await page.goto(house.url + path)
        assert answer.status == 200, path
        found = await Axe().run(page, options=AXE)
        assert found.violations_count == 0, (path, found.generate_report())
        room = await page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert room[0] <= room[1], path


async def test_arrows_walk_from_day_to_day_and_enter_opens_the_week(house, screens):
    page = await screens()
    await page.goto(f"{house.url}/console/events/calendar?month=2026-11")
    found = await Axe().run(page, options=AXE)  # as a table, beside the list of days on a telephone
    assert found.violations_count == 0, found.generate_report()
    await page.locator("[aria-current=date]").focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft", "ArrowLeft"):  # 24, 17, 16, 15
        await page.keyboard.press(key)
    assert (await page.evaluate("() => document.activeElement.ariaLabel")).startswith("11月15日")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/console/events/calendar?week=2026-11-15")
    await page.get_by_role("heading", name="11月9日到11月15日").wait_for()


async def test_two_helpers_at_the_stalls_see_whom_the_other_calls(house, screens):
    event = await now_on(house)

    def line_up(tx):
        found = events.get(tx, event)
        markets.open_stalls(tx, event, found.starts_at, [StallDraft("理发", "一号桌")])
        (barber,) = markets.of_event(tx, event)
        for entry in sign_ups.of_event(tx, event)[:3]:
            queue_numbers.take(tx, barber.id, entry.person_id, Actor(), house.clock())

    await house.does(line_up)
    one, other = await screens("checker"), await screens("organiser")
    for page in (one, other):
        await page.goto(f"{house.url}/console/events/{event}/stalls")
    await one.get_by_role("button", name="理发：叫下一个").click()
    await other.locator(".turn").get_by_text("1 号").wait_for()
    await other.get_by_role("button", name="理发：1 号没来").click()
    await one.locator(".turn").get_by_text("2 号").wait_for()
    await one.get_by_role("button", name="理发 1 号回来了").click()
    await other.locator(".line li").first.get_by_text("1 号").wait_for()
    await other.get_by_role("button", name="理发：收摊").click()
    await one.get_by_text("收摊了", exact=True).wait_for()


async def test_a_broadcast_is_agreed_to_and_its_figures_move_by_themselves(house, screens):
    made = (await gather(house)).asked
    page = await screens()
    await page.goto(f"{house.url}/console/broadcasts/{made}")
    await page.get_by_role("button", name="同意，发出去").click()
    await page.locator("#progress").get_by_text("正在发").wait_for()

    def go_out(tx):
        while recipients.carry_on(tx, made, house.clock()) == "more":
            pass
        rows = tx.execute(outbox_table.select().where(outbox_table.c.broadcast_id == made)).all()
        outbox.settle_all(tx, [outbox.Ended(row.id, "delivered") for row in rows], house.clock())
        recipients.carry_on(tx, made, house.clock())
        return len(rows)

    count = await house.does(go_out)
    await page.locator("#progress").get_by_text(f"{count} 人有了结果").wait_for()
    await page.locator("#progress").get_by_text("发完了").wait_for()
    assert await page.locator("#progress").get_attribute("hx-trigger") is None


CAMERA = """window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) { return window.shown && video.srcObject ? [{ rawValue: window.shown }] : []; }
};"""
"""What a browser on a telephone has and this one has not; `window.shown` is what is held before the camera."""


async def test_a_code_held_before_the_camera_checks_in(house, screens):
    event = await now_on(house)
    line = (await house.database.read(attendance.roll, event))[1]
    name = (await house.database.read(people.get, line.person_id)).name
    code = await house.does(own_code.issue, line.person_id, house.clock())
    page = await screens("checker")
    await page.add_init_script(CAMERA)
    await page.goto(f"{house.url}/console/events/{event}/desk")
    await page.get_by_role("button", name="用摄像头扫签到码").click()
    await page.get_by_role("button", name="不扫了").wait_for()
    found = await Axe().run(page, options=AXE)
    assert found.violations_count == 0, found.generate_report()
    await page.evaluate("code => { window.shown = code; }", code)
    await page.locator("#said").get_by_text(f"{name}，签好了，请进。").wait_for()
    await page.get_by_role("button", name="不扫了").click()
    assert await page.locator("#scan video").is_hidden()


async def test_where_no_camera_reads_codes_a_sentence_says_what_to_do(house, screens):
    page = await screens("checker")
    await page.goto(f"{house.url}/console/events/{await now_on(house)}/desk")
    assert await page.locator("#scan").is_hidden()
    await page.get_by_text("这个浏览器不能用摄像头扫码").wait_for()

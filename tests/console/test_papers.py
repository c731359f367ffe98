"""The sheet of an event and the proof of a person: on the screen masked, on the page as it is handed over."""

import re

import pypdfium2
import pytest

from bot.exporting import write
from storage import audit, exports, people
from storage.times import day_ends, day_starts, local_date
from tests.console.conftest import words


async def printed(house, path, role="district_staff"):
    """The newest file of that role, as it is read."""
    export = (await house.database.read(exports.of_person, house.staff[role]))[0][0]
    await house.database.read(write, export.id, path, house.clock(), lambda rows: None)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(path))


def member(tx):
    """Somebody of the branch whose secretary there is, who came to something in the season."""
    return tx.connection.exec_driver_sql(
        "SELECT p.id FROM people p JOIN organisations o ON o.id = p.host_branch_id JOIN attendances a "
        "ON a.person_id = p.id AND a.undone_at IS NULL JOIN events e ON e.id = a.event_id AND e.state = 'held' "
        "WHERE o.name = '三亚湾社区候鸟党支部（示例）' AND p.state = 'active' AND e.starts_at > '2025-11-01' "
        "AND e.starts_at < '2026-04-01' ORDER BY p.id LIMIT 1"
    ).scalar_one()


async def test_a_secretary_sees_the_proof_masked_and_hands_it_over_in_full(house, somebody, tmp_path):
    person_id = await house.database.read(member)
    name = (await house.database.read(people.get, person_id)).name
    secretary = await somebody("branch_secretary")
    season = f"/console/people/{person_id}/proof?from=2025-10-01&to=2026-04-30"
    assert f"/console/people/{person_id}/proof" in (await secretary.opens(f"/console/people/{person_id}")).text
    said = await secretary.reads(season)
    assert name not in said
    assert (times := re.search(r"共参加(\d+)次", said))
    await secretary.posts(f"/console/people/{person_id}/proof", **{"from": "2025-10-01", "to": "2026-04-30"})
    page = await printed(house, tmp_path / "proof.pdf", "branch_secretary")
    assert name in page
    assert f"共参加{times[1]}次" in page

    def look(tx):
        day = local_date(house.clock())
        return [(act.action, act.reason) for act in audit.between(tx, day_starts(day), day_ends(day))]

    assert ("proof.issue", "开具参加活动证明") in await house.database.read(look)


async def test_of_another_branch_nobody_gets_a_proof(house, somebody):
    def stranger(tx):
        return tx.connection.exec_driver_sql(
            "SELECT p.id FROM people p JOIN organisations o ON o.id = p.host_branch_id "
            "WHERE o.name <> '三亚湾社区候鸟党支部（示例）' AND p.state = 'active' LIMIT 1"
        ).scalar_one()

    person_id = await house.database.read(stranger)
    secretary = await somebody("branch_secretary")
    assert (await secretary.opens(f"/console/people/{person_id}/proof")).status_code == 404
    await secretary.opens("/console")
    assert (await secretary.posts(f"/console/people/{person_id}/proof")).status_code == 404
    lead = await somebody("point_lead")
    assert (await lead.opens(f"/console/people/{person_id}/proof")).status_code == 403


@pytest.mark.parametrize(("reason", "masked"), [("", True), ("现场签到", False)])
async def test_the_sheet_is_seen_masked_and_printed_with_names_for_a_reason(house, desk, tmp_path, reason, masked):
    said = await desk.reads("/console/events/42/sheet?blank=yes")
    assert "签到时间" in said
    assert re.search(r"\S\*", said)
    await desk.posts("/console/events/42/sheet", blank="yes", format="pdf", reason=reason)
    page = await printed(house, tmp_path / "sheet.pdf")
    assert ("内部资料注意保管" in page) is not masked
    assert "请写在空行里" in page
    assert "示例" in page
    assert "08980000" not in page
    assert "做成 PDF" in words((await desk.opens("/console/events/42/sheet")).text)

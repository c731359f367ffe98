"""Reports taken away at the console: made beside the page, masked, within one's scope, and for nobody else."""

import asyncio
import io
import re

import openpyxl
import pytest

from bot import config
from bot.exporting import write
from bot.exports import Exporter
from reports.catalogue import BOOKS, REPORTS
from storage import attendance, audit, exports
from storage.audit import Actor
from storage.times import day_ends, day_starts, local_date
from tests.console.conftest import words

SEASON = {"from": "2025-10-01", "to": "2026-04-30"}


async def asks(visitor, **form):
    await visitor.opens("/console/reports")
    await visitor.posts("/console/reports", **{**SEASON, "format": "xlsx", **form})
    return words(visitor.html)


async def newest(house, role="district_staff"):
    found = await house.database.read(exports.of_person, house.staff[role])
    return found[0][0] if found else None


async def made(house, export, path):
    await house.database.read(write, export.id, path, house.clock(), lambda rows: None)
    return path


@pytest.fixture
def exporter(house, tmp_path):
    """Makes files in a process of its own, from the very database of the console."""
    (tmp_path / "config.toml").write_text(f'[storage]\nurl = "{house.database_url}"\nkey_file = "sample.key"\n')
    (tmp_path / "sample.key").write_bytes(house.key.read_bytes())
    settings = config.read(tmp_path / "config.toml", {})
    return Exporter(house.database, settings.file, house.clock, house.wake)


@pytest.mark.parametrize("name", [*BOOKS, *REPORTS])
async def test_every_report_of_the_catalogue_can_be_had(house, desk, tmp_path, name):
    await asks(desk, report=name)
    export = await newest(house)
    assert export.wanted["report"] == name
    book = openpyxl.load_workbook(await made(house, export, tmp_path / "report.xlsx"), read_only=True)
    assert len(book.sheetnames) > 1


async def test_a_file_is_made_beside_the_page_and_opened_by_who_asked_alone(house, desk, somebody, exporter):
    assert "排着队" in await asks(desk, report="event_statistics")
    assert await exporter.make_next()
    export = await newest(house)
    assert export.state == "ready"
    assert "做好了" in await desk.reads("/console/reports")
    got = await desk.opens(f"/console/files/{export.id}")
    assert "%E6%B4%BB%E5%8A%A8%E7%BB%9F%E8%AE%A1" in got.headers["content-disposition"]
    cells = {cell.value for row in openpyxl.load_workbook(io.BytesIO(got.content)).active for cell in row}
    assert {38, 826} <= cells
    other = await somebody("auditor")
    assert (await other.opens(f"/console/files/{export.id}")).status_code == 404


async def test_csv_is_made_of_a_single_table_and_never_of_a_book(house, desk, exporter):
    await asks(desk, report="event_ledger", format="csv")
    assert await exporter.make_next()
    got = await desk.opens(f"/console/files/{(await newest(house)).id}")
    assert got.content.startswith("\ufeff序号,活动编号".encode())
    assert got.content.count(b"\r\n") == 40
    assert "只能做成 Excel" in await asks(desk, report="season", format="csv")


async def test_names_are_masked_unless_there_is_a_reason_that_stays_in_the_log(house, desk, tmp_path):
    await asks(desk, report="member_ledger")
    masked = openpyxl.load_workbook(await made(house, await newest(house), tmp_path / "a.xlsx")).active
    await asks(desk, report="member_ledger", reason="支部核对名册")
    full = openpyxl.load_workbook(await made(house, await newest(house), tmp_path / "b.xlsx")).active
    names = [[row[1].value for row in sheet.iter_rows(min_row=4)] for sheet in (masked, full)]
    assert "*" in names[0][0]
    assert not any("*" in name for name in names[1] if name)

    def look(tx):
        day = local_date(house.clock())
        return [
            (act.reason, act.after)
            for act in audit.between(tx, day_starts(day), day_ends(day))
            if "export" in act.action
        ]

    (_, first), (reason, second) = await house.database.read(look)
    assert reason == "支部核对名册"
    assert '"masked": true' in first
    assert '"masked": false' in second


@pytest.mark.parametrize(
    ("role", "name"),
    [
        ("organiser", "member_ledger"),
        ("auditor", "came"),
        ("point_lead", "audit_log"),
        ("branch_secretary", "not_reached"),
    ],
)
async def test_a_report_beyond_the_role_is_refused(house, somebody, role, name):
    visitor = await somebody(role)
    await visitor.opens("/console/reports")
    assert f'value="{name}"' not in visitor.html
    answer = await visitor.posts("/console/reports", report=name, format="xlsx", **SEASON)
    assert answer.status_code == 403
    assert await newest(house, role) is None


async def test_a_branch_secretary_takes_away_the_own_members_alone(house, somebody, tmp_path):
    await asks(await somebody("branch_secretary"), report="member_ledger")
    export = await newest(house, "branch_secretary")
    sheet = openpyxl.load_workbook(await made(house, export, tmp_path / "own.xlsx")).active
    branches = {row[12].value for row in sheet.iter_rows(min_row=4) if row[0].value and str(row[0].value).isdecimal()}
    assert branches == {"三亚湾社区候鸟党支部（示例）"}


async def test_a_file_nobody_wants_any_more_is_not_made(house, desk, exporter):
    await asks(desk, report="attendance")
    export = await newest(house)
    making = asyncio.create_task(exporter.make_next())
    while (await newest(house)).state == "wanted":  # noqa: ASYNC110 - another process is what is waited for
        await asyncio.sleep(0)
    await desk.posts(f"/console/files/{export.id}/cancel")
    assert await asyncio.wait_for(making, 60)
    assert (await newest(house)).state == "cancelled"
    assert (await desk.opens(f"/console/files/{export.id}")).status_code == 404


def drawn(html, title):
    """What a picture says beside its bars, by label, and how long they are."""
    figure = html.partition(f"<figcaption>{title}</figcaption>")[2].partition("</figure>")[0]
    rows = re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', figure, re.S)
    return {
        label: list(zip(re.findall(r'"number">(.*?)<', row), re.findall(r'width="([\d.]+)%"', row), strict=True))
        for label, row in rows
    }


async def test_the_pictures_show_the_very_figures(desk):
    await desk.opens("/console/reports?from=2025-10-01&to=2026-04-30")
    people, held = drawn(desk.html, "活动人次（按月）"), drawn(desk.html, "活动场次（按月）")
    assert [int(bars[0][0]) for bars in people.values()] == [66, 148, 146, 163, 68, 134, 101]
    assert [int(bars[0][0]) for bars in held.values()] == [4, 6, 7, 6, 4, 6, 5]
    assert people["2026年1月"][0][1] == "100.0"
    assert people["2025年10月"][0][1] == f"{6600 / 163:.1f}"
    assert sum(int(bars[0][0]) for bars in drawn(desk.html, "活动人次（按服务点）").values()) == 826
    assert drawn(desk.html, "到场率（按类型）")["夕阳红私塾"] == [("90.0%", "90.0")]


async def test_received_and_solved_stand_beside_each_other_told_apart_without_colour(desk, somebody):
    this_season = "/console/reports?from=2026-10-01&to=2027-04-30"
    await desk.opens(this_season)
    assert all(len(bars) == 2 for bars in drawn(desk.html, "诉求受理和解决（按类别）").values())
    assert 'class="second" fill="url(#hatched)"' in desk.html
    lead = await somebody("point_lead")
    await lead.opens(this_season)
    assert "诉求受理" not in lead.html


async def test_the_season_is_had_as_pages_in_two_clicks_and_held_against_today(house, desk, somebody, exporter):
    assert "只能做成表格" in await asks(desk, report="audit_log", format="pdf")
    await asks(desk, report="season", format="pdf")
    assert await exporter.make_next()
    got = await desk.opens(f"/console/files/{(await newest(house)).id}")
    assert got.headers["content-type"] == "application/pdf"
    assert got.content.startswith(b"%PDF")
    season = "/console/reports?from=2025-10-01&to=2026-04-30"
    assert "38 场，826 人次，231 人。和现在一样。" in await desk.reads(season)

    def correct(tx):
        lead = Actor(house.staff["district_staff"], "district_staff", "console")
        event_id, person_id = tx.connection.exec_driver_sql(
            "SELECT e.id, a.person_id FROM events e JOIN attendances a ON a.event_id = e.id AND a.undone_at IS NULL "
            "WHERE a.state = 'attended' AND e.starts_at > '2026-04-01' AND e.starts_at < '2026-04-30' LIMIT 1"
        ).one()
        attendance.undo(tx, event_id, person_id, lead, house.clock(), reason="记错人了", may_correct=True)

    await house.database.write(correct)
    said = await desk.reads(season)
    assert "以后有更正：" in said
    assert "人次 826 825 -1" in said
    assert re.search(r"撤销签到：记错人了|改签到：记错人了", said)
    organiser = await somebody("organiser")
    said = await organiser.reads(season)
    assert "人次 826 825 -1" in said
    assert "记错人了" not in said, "a reason may name somebody"


async def test_the_sheet_of_an_event_is_for_who_checks_it(house, desk, somebody, tmp_path):
    await desk.opens("/console/events/42")
    await desk.posts("/console/events/42/sheet", blank="yes")
    sheet = openpyxl.load_workbook(await made(house, await newest(house), tmp_path / "sheet.xlsx")).active
    assert "签到表" in str(sheet["A1"].value)
    auditor = await somebody("auditor")
    assert (await auditor.posts("/console/events/42/sheet")).status_code == 403
    assert (await auditor.opens("/console/events/42/sheet")).status_code == 403

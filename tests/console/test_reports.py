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
from storage import audit, exports
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


async def test_the_pictures_show_the_very_figures(desk):
    await desk.opens("/console/reports?from=2025-10-01&to=2026-04-30")
    months = re.findall(r'<th scope="row">(20\d\d年\d+月)</th>.*?<td class="number">(\d+)（(\d+) 场）', desk.html, re.S)
    assert [(int(people), int(held)) for _, people, held in months] == [
        (66, 4),
        (148, 6),
        (146, 7),
        (163, 6),
        (68, 4),
        (134, 6),
        (101, 5),
    ]


async def test_the_sheet_of_an_event_is_for_who_checks_it(house, desk, somebody, tmp_path):
    await desk.opens("/console/events/42")
    await desk.posts("/console/events/42/sheet", blank="yes")
    sheet = openpyxl.load_workbook(await made(house, await newest(house), tmp_path / "sheet.xlsx")).active
    assert "签到表" in str(sheet["A1"].value)
    auditor = await somebody("auditor")
    assert (await auditor.posts("/console/events/42/sheet")).status_code == 403

"""Every report can be had as a workbook and as CSV, and none of them leaks a name unless somebody answers for it."""

from datetime import UTC, datetime

import openpyxl
import pytest

from reports.attendance import paper
from reports.catalogue import BOOKS, REPORTS, Wanted, book, label, sheet
from reports.csv import write_csv
from reports.periods import Period
from reports.sheet import Unmasked
from reports.xlsx import write_xlsx
from storage import people

MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)


@pytest.fixture
async def names(season):
    """Full names of everyone in the sample who is no staff."""

    def read(tx):
        rows = tx.connection.exec_driver_sql(
            "SELECT id FROM people WHERE state = 'active' AND id NOT IN (SELECT person_id FROM grants)"
        ).all()
        return {people.get(tx, person_id).name for (person_id,) in rows}

    found = await season(read)
    return {name for name in found if len(name) > 2}


@pytest.mark.parametrize("name", [*REPORTS, *BOOKS])
async def test_every_report_is_written_as_a_workbook_with_no_full_name(season, tmp_path, names, name):
    path = tmp_path / "report.xlsx"

    def write(tx):
        write_xlsx(book(tx, name, Wanted(Period.season(2025), paper(tx, MADE), sees_party=True)), path)

    await season(write)
    workbook = openpyxl.load_workbook(path)
    assert "口径说明" in workbook.sheetnames
    first = workbook.worksheets[0]
    assert first.max_row >= 4
    texts = {str(cell.value) for tab in workbook for row in tab.iter_rows() for cell in row if cell.value is not None}
    assert not names & texts
    assert not any("08980000" in text for text in texts)


@pytest.mark.parametrize("name", REPORTS)
async def test_every_report_is_written_as_csv(season, tmp_path, name):
    path = tmp_path / "report.csv"

    def write(tx):
        made = sheet(tx, name, Wanted(Period.season(2025), paper(tx, MADE)))
        write_csv(made, path)
        return made

    made = await season(write)
    assert path.read_text("utf-8-sig").startswith(made.columns[0].header)


async def test_full_names_carry_the_mark_of_who_took_them(season, tmp_path, names):
    path = tmp_path / "report.xlsx"

    def write(tx):
        wanted = Wanted(Period.season(2025), paper(tx, MADE), unmasked=Unmasked("李秋实", MADE))
        write_xlsx(book(tx, "member_ledger", wanted), path)

    await season(write)
    workbook = openpyxl.load_workbook(path)
    texts = {str(cell.value) for row in workbook.worksheets[0].iter_rows() for cell in row}
    assert names & texts
    assert "李秋实　2026-12-08 18:00" in workbook.worksheets[0].oddHeader.center.text


def test_every_report_has_a_name_on_paper():
    assert {label(name) for name in [*REPORTS, *BOOKS]} >= {"活动台账", "覆盖率", "候鸟季工作报表"}
    with pytest.raises(KeyError):
        label("nothing")

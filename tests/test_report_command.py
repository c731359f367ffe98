"""hongyan report season: the ending of the file says whether it is a workbook or pages, and what was said is kept."""

import asyncio

import openpyxl
import pypdfium2
import pytest

from bot import config, opening
from bot.__main__ import main
from storage import snapshots
from tests.conftest import MORNING
from tests.dialogues.town import town


@pytest.fixture
async def settings(tmp_path, databases):
    url = databases.new(tmp_path / "hongyan.db")
    (tmp_path / "config.toml").write_text(f'[storage]\nurl = "{url}"\nkey_file = "key"\n')
    settings = config.read(tmp_path / "config.toml", {})
    async with opening.database(settings) as database:
        await database.write(town)
    return settings


def reads(path):
    if path.suffix == ".pdf":
        return "".join("".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(path))
    cells = [cell.value for row in openpyxl.load_workbook(path).worksheets[0].iter_rows() for cell in row]
    return "".join(str(cell) for cell in cells if cell)


@pytest.mark.parametrize("name", ["season", "season.PDF"])
def test_the_ending_of_the_file_chooses_its_form(settings, tmp_path, capsys, name):
    path = tmp_path / name
    said = "2025—2026候鸟季（2025年10月1日至2026年4月30日）共计开展活动0场，惠及0人次"
    command = ["report", "season", "2025", "--config", str(settings.file), "-o", str(path)]
    assert main(command) == 0
    assert said in capsys.readouterr().out
    copy = path.rename(tmp_path / f"copy{'.pdf' if path.suffix.lower() == '.pdf' else '.xlsx'}")
    assert said in reads(copy)


async def test_the_figures_that_were_handed_out_are_kept(settings, tmp_path):
    async with opening.database(settings) as database:
        assert await database.read(snapshots.recent) == []
    arguments = ["report", "season", "2025", "--config", str(settings.file), "-o", str(tmp_path / "season.xlsx")]
    assert await asyncio.to_thread(main, arguments) == 0
    async with opening.database(settings) as database:
        [kept] = await database.read(snapshots.recent)
    assert kept.figures["events"] == 0
    assert kept.made_at > MORNING.replace(year=2020)

"""hongyan backup and restore: an older state comes back, and whoever was erased since does not (care.md P10)."""

import argparse
import asyncio
from datetime import UTC, datetime

import pytest

from bot import config, opening
from bot.commands import backup, restore
from storage import erasure, people
from storage.audit import Actor
from storage.people import Facts

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@pytest.fixture
def house(tmp_path):
    """Settings with a database of their own; `do` runs storage functions on it."""
    path = tmp_path / "config.toml"
    path.write_text('[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n', encoding="utf-8")
    return path


def do(house, work, *args):
    async def run():
        async with opening.database(config.read(house)) as database:
            return await database.write(work, *args)

    return asyncio.run(run())


def command(module, house, file):
    return module.run(argparse.Namespace(config=house, file=file))


def erase(house, person_id):
    do(house, erasure.erase, person_id, Actor(person_id), NOW, "own wish")


def test_whoever_was_erased_since_the_backup_is_erased_again(house, tmp_path, capsys):
    gone, stays = (
        do(house, people.add, Facts(name=name, phone=f"1390000000{n}"), NOW)
        for n, name in enumerate(["王建国", "李秀兰"])
    )
    assert command(backup, house, tmp_path / "older.backup") == 0
    erase(house, gone)
    assert command(restore, house, tmp_path / "older.backup") == 0
    assert "1 people who had been erased" in capsys.readouterr().out
    assert do(house, people.find, gone) is None
    assert do(house, people.get, stays).name == "李秀兰"


def test_a_later_backup_remembers_it_when_the_database_itself_is_lost(house, tmp_path):
    gone = do(house, people.add, Facts(name="王建国", phone="13900000001"), NOW)
    assert command(backup, house, tmp_path / "older.backup") == 0
    erase(house, gone)
    (tmp_path / "backups").mkdir()
    assert command(backup, house, tmp_path / "backups" / "hongyan-2026-11-24.backup") == 0
    for left in tmp_path.glob("hongyan.db*"):
        left.unlink()
    assert command(restore, house, tmp_path / "older.backup") == 0
    assert do(house, people.find, gone) is None


def test_nothing_is_touched_by_a_file_that_is_no_backup(house, tmp_path):
    kept = do(house, people.add, Facts(name="王建国", phone="13900000001"), NOW)
    (tmp_path / "no.db").write_bytes(b"no database at all")
    assert command(restore, house, tmp_path / "no.db") == 1
    assert do(house, people.get, kept).name == "王建国"

"""hongyan mend: a spoiled index costs nothing, and where a row would be lost nothing is touched."""

import argparse
import asyncio
import sqlite3
from contextlib import closing

import pytest

from bot.commands import mend
from storage import people
from storage.database import open_database
from storage.lease import alone_with
from storage.vault import Vault
from tests.dialogues.town import class_of, person, town
from tests.faults.files import spoil


def do(file, *work):
    async def done():
        vault = Vault.load_or_create(file.with_name("hongyan.key"))
        async with open_database(f"sqlite:///{file}", vault) as database:
            return [await database.write(*one) for one in work]

    return asyncio.run(done())


@pytest.fixture
def file(tmp_path, empty_database):
    (tmp_path / "config.toml").write_text('[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n')
    file = tmp_path / "hongyan.db"
    file.write_bytes(empty_database.read_bytes())
    do(file, (town,), (class_of,), *((person, f"王建{n}", f"139000000{n:02}") for n in range(3)))
    return file


def mended(file):
    return mend.run(argparse.Namespace(config=file.with_name("config.toml")))


def rows_in(file):
    with closing(sqlite3.connect(file)) as opened:
        tables = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: opened.execute(f"SELECT * FROM {name} NOT INDEXED").fetchall() for name in tables}
        schema = opened.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return rows, sorted(schema)


def test_a_spoiled_index_is_made_anew_and_no_row_is_missing(file, capsys):
    before = rows_in(file)
    spoil(file, "ix_people_person_key")
    with pytest.raises(sqlite3.DatabaseError, match="malformed"), closing(sqlite3.connect(file)) as opened:
        opened.execute("REINDEX")  # it must empty the spoiled one first
    assert mended(file) == 0
    assert "none is missing" in capsys.readouterr().out
    assert rows_in(file) == before
    with closing(sqlite3.connect(file)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert file.stat().st_mode & 0o077 == 0
    [[found]] = [do(file, (people.same, "13900000001", "王建1"))]
    assert found.name == "王建1"
    assert len(list(file.parent.glob("hongyan.db.before-mending-*"))) == 1


def test_where_a_table_is_spoiled_nothing_is_touched_and_the_backup_is_named(file, capsys):
    spoil(file, "events")
    before = file.read_bytes()
    assert mended(file) == 1
    said = capsys.readouterr().err
    assert "nothing was changed: events: " in said
    assert "hongyan restore" in said
    assert file.read_bytes() == before
    assert not list(file.parent.glob("hongyan.db.*mend*"))


def test_while_the_program_runs_nothing_is_mended(file, capsys):
    with alone_with(file):
        assert mended(file) == 1
    assert "stop the program first" in capsys.readouterr().err

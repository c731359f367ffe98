"""A SQLite file moves into PostgreSQL whole, or not at all."""

import asyncio
import shutil

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from bot import config, opening
from bot.__main__ import main
from reports.counts import counts
from reports.periods import Period
from storage import people
from storage.copying import NotTheSame, copy
from storage.database import open_database
from storage.demo import build_demo
from storage.lease import alone_with
from storage.migrations import engine_for, migrate
from storage.people import Facts
from storage.schema import metadata
from storage.vault import Vault
from tests import engines
from tests.conftest import MORNING


@pytest.fixture(scope="module")
def sample(tmp_path_factory, empty_database):
    """The settings of a house with the sample season, on SQLite."""
    folder = tmp_path_factory.mktemp("moving")
    shutil.copyfile(empty_database, folder / "hongyan.db")
    (folder / "config.toml").write_text('[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n')

    async def build():
        async with opening.database(config.read(folder / "config.toml", {})) as database:
            await database.write(build_demo, MORNING)

    asyncio.run(build())
    return folder


@pytest.fixture
def target(postgres, tmp_path):
    """An address where nothing is yet, not even tables."""
    url = engines.Postgresql(postgres).bare(tmp_path / "target")
    yield url
    engines.Postgresql(postgres).drop([url])


def move(folder, target):
    return main(["migrate", "--to", target, "--config", str(folder / "config.toml")])


def rows(url, table):
    with engine_for(url) as engine, engine.connect() as connection:
        found = connection.execute(select(table)).all()
    return sorted(found, key=repr)


def test_every_row_arrives_and_the_figures_stay(sample, target, capsys):
    assert move(sample, target) == 0
    said = capsys.readouterr().out
    assert "2025—2026候鸟季: 38 场, 826 人次, 231 人, before and after." in said
    for table in metadata.sorted_tables:
        assert rows(f"sqlite:///{sample / 'hongyan.db'}", table) == rows(target, table)
    with engine_for(target) as engine, engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []

    async def goes_on():
        async with open_database(target, Vault.load_or_create(sample / "hongyan.key")) as database:
            total = (await database.read(counts, Period.season(2025))).total
            assert (total.events, total.attendances, total.people) == (38, 826, 231)
            added = await database.write(people.add, Facts(name="王建国", phone="13900000001"), MORNING)
            assert added == max(row.id for row in rows(f"sqlite:///{sample / 'hongyan.db'}", people.table)) + 1

    asyncio.run(goes_on())
    assert move(sample, target) == 1
    assert "not empty" in capsys.readouterr().err


def test_a_difference_keeps_nothing_and_it_may_be_tried_again(sample, target):
    source, vault = f"sqlite:///{sample / 'hongyan.db'}", Vault.load_or_create(sample / "hongyan.key")

    def differs(_source, _copied):
        raise NotTheSame("the figures")

    with pytest.raises(NotTheSame):
        copy(source, target, vault, differs)
    assert rows(target, people.table) == []
    assert sum(table.rows for table in copy(source, target, vault, lambda *_: None)) > 3000


def test_a_row_that_changed_on_the_way_is_noticed(sample, target):
    """The target itself changes what it is given; only reading it again can tell."""
    source, vault = f"sqlite:///{sample / 'hongyan.db'}", Vault.load_or_create(sample / "hongyan.key")
    migrate(target)
    with engine_for(target) as engine, engine.begin() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS "
                "$$ BEGIN NEW.title := upper(NEW.title) || '!'; RETURN NEW; END $$"
            )
        )
        connection.execute(text("CREATE TRIGGER spoil BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION spoil()"))
    with pytest.raises(NotTheSame, match="events"):
        copy(source, target, vault, lambda *_: None)
    assert rows(target, people.table) == []


def test_a_running_program_must_be_stopped_first(sample, target, capsys):
    with alone_with(sample / "hongyan.db"):
        assert move(sample, target) == 1
    assert "stop it first" in capsys.readouterr().err

"""The sample season, built once: reports only read."""

import asyncio
from datetime import UTC, datetime

import pytest

from storage.database import open_database
from storage.demo import build_demo
from storage.vault import Vault

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday 09:00 in 三亚


@pytest.fixture(scope="session")
def demo(engine, tmp_path_factory):
    """The URL of a database with the sample season in it, and its vault."""
    folder = tmp_path_factory.mktemp("season")
    url = engine.new(folder / "hongyan.db")
    vault = Vault.load_or_create(folder / "hongyan.key")

    async def build():
        async with open_database(url, vault) as database:
            await database.write(build_demo, NOW)

    asyncio.run(build())
    return url, vault


@pytest.fixture
async def season(demo):
    """Runs a storage or report function on the sample season, reading only."""
    url, vault = demo
    async with open_database(url, vault) as database:
        yield database.read


@pytest.fixture
async def own_season(demo, databases, tmp_path):
    """A copy of the sample season that may be changed."""
    url, vault = demo
    async with open_database(databases.copy(url, tmp_path / "hongyan.db"), vault) as database:
        yield database

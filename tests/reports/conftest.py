"""The sample season, built once: reports only read."""

import asyncio
from datetime import UTC, datetime

import pytest

from storage.database import open_database
from storage.demo import build_demo
from storage.vault import Vault

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # Tuesday 09:00 in 三亚


@pytest.fixture(scope="session")
def demo(empty_database, tmp_path_factory):
    """A file with the sample season in it, and its vault."""
    folder = tmp_path_factory.mktemp("season")
    path = folder / "hongyan.db"
    path.write_bytes(empty_database.read_bytes())
    vault = Vault.load_or_create(folder / "hongyan.key")

    async def build():
        async with open_database(f"sqlite:///{path}", vault) as database:
            await database.write(build_demo, NOW)

    asyncio.run(build())
    return path, vault


@pytest.fixture
async def season(demo):
    """Runs a storage or report function on the sample season, reading only."""
    path, vault = demo
    async with open_database(f"sqlite:///{path}", vault) as database:
        yield database.read


@pytest.fixture
async def own_season(demo, tmp_path):
    """A copy of the sample season that may be changed."""
    path, vault = demo
    copy = tmp_path / "hongyan.db"
    copy.write_bytes(path.read_bytes())
    async with open_database(f"sqlite:///{copy}", vault) as database:
        yield database

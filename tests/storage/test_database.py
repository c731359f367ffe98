"""What is answered is on disk, and one caller's trouble is nobody else's."""

import asyncio
import sqlite3
import subprocess
import sys
import textwrap

import pytest
from sqlalchemy import text

from storage import events, settings
from storage.database import StorageFault, open_database
from storage.migrations import engine_for
from storage.refusals import NotFound, NotRegistered
from tests.conftest import MORNING

pytestmark = pytest.mark.both_engines


def keep(tx, key, value):
    settings.put(tx, key, value, MORNING)
    return value


async def test_what_a_write_returns_is_kept(databases, tmp_path, vault):
    url = databases.new(tmp_path / "hongyan.db")
    async with open_database(url, vault) as database:
        assert await database.write(keep, "a", 1) == 1
        with engine_for(url) as engine, engine.connect() as other:
            assert other.execute(text("SELECT value FROM settings WHERE key = 'a'")).scalar_one() == "1"


async def test_what_a_write_raises_undoes_it_and_nobody_elses_work(database):
    def broken(tx):
        keep(tx, "broken", 1)
        raise NotRegistered

    many = [database.write(keep, f"k{n}", n) for n in range(100)] + [database.write(broken)]
    results = await asyncio.gather(*many, return_exceptions=True)
    assert results[:100] == list(range(100))
    assert isinstance(results[100], NotRegistered)
    assert await database.read(settings.get, "k99") == 99
    assert await database.read(settings.get, "broken") is None


async def test_a_statement_that_cannot_run_is_a_storage_fault_for_its_caller_alone(database):
    def wrong(tx):
        tx.execute(text("SELECT * FROM no_such_table"))

    good, bad = await asyncio.gather(database.write(keep, "a", 1), database.write(wrong), return_exceptions=True)
    assert good == 1
    assert isinstance(bad, StorageFault)
    assert await database.read(settings.get, "a") == 1


async def test_a_savepoint_is_undone_alone(database):
    def inner(tx):
        with tx.savepoint():
            keep(tx, "inner", 1)
            raise NotRegistered

    def half(tx):
        keep(tx, "outer", 1)
        with pytest.raises(NotRegistered):
            inner(tx)

    await database.write(half)
    assert await database.read(settings.get, "outer") == 1
    assert await database.read(settings.get, "inner") is None


async def test_a_read_cannot_write(database):
    with pytest.raises(Exception, match=r"read-?only"):
        await database.read(keep, "a", 1)


async def test_a_read_does_not_wait_for_the_writer(database):
    begun, release = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx):
        keep(tx, "slow", 1)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result(10)

    writing = asyncio.create_task(database.write(slow))
    await begun.wait()
    assert await asyncio.wait_for(database.read(settings.get, "slow"), 5) is None
    release.set()
    await writing
    assert await database.read(settings.get, "slow") == 1


async def test_a_caller_that_leaves_loses_nothing(database):
    begun = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(tx):
        loop.call_soon_threadsafe(begun.set)
        keep(tx, "kept", 1)

    writing = asyncio.create_task(database.write(slow))
    await begun.wait()
    writing.cancel()
    await database.write(keep, "later", 1)
    assert await database.read(settings.get, "kept") == 1


@pytest.mark.of_sqlite
async def test_commits_are_synced_to_the_disk(database):
    """kill -9 cannot tell FULL from NORMAL; a power cut does (45,429 of 256,053 answers were lost with NORMAL)."""

    def pragmas(tx):
        return [tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("synchronous", "foreign_keys")]

    assert await database.write(pragmas) == [2, 1]


@pytest.mark.of_sqlite
async def test_a_full_disk_is_a_fault_and_the_next_write_works(database):
    def limit(tx, pages):
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def pages(tx):
        return tx.connection.exec_driver_sql("PRAGMA page_count").scalar()

    now = await database.write(pages)
    await database.write(limit, now)
    with pytest.raises(StorageFault, match="full"):
        await database.write(keep, "big", "x" * 10_000_000)
    await database.write(limit, now + 10_000)
    assert await database.write(keep, "small", 1) == 1


@pytest.mark.of_sqlite
async def test_a_locked_file_is_waited_for(database, tmp_path):
    other = sqlite3.connect(tmp_path / "hongyan.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writing = asyncio.create_task(database.write(keep, "a", 1))
    await database.read(settings.get, "a")
    assert not writing.done()
    other.execute("COMMIT")
    assert await writing == 1


def test_a_kill_loses_nothing_that_was_answered(empty_database, tmp_path):
    """The process prints each answer it got and is killed in the midst of it; every printed one is there."""
    path = tmp_path / "killed.db"
    path.write_bytes(empty_database.read_bytes())
    program = textwrap.dedent(
        f"""
        import asyncio, pathlib
        from storage.database import open_database
        from storage.vault import Vault
        from tests.storage.test_database import keep

        async def one(database, n):
            await database.write(keep, f"k{{n}}", n)
            print(n, flush=True)

        async def main():
            vault = Vault.load_or_create(pathlib.Path({str(tmp_path / "key")!r}))
            async with open_database("sqlite:///{path}", vault) as database:
                n = 0
                while True:
                    await asyncio.gather(*(one(database, n + step) for step in range(20)))
                    n += 20

        asyncio.run(main())
        """
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    answered = [process.stdout.readline().strip() for _ in range(300)]
    process.kill()
    answered += process.stdout.read().split("\n")[:-1]
    process.wait()
    kept = {row[0] for row in sqlite3.connect(path).execute("SELECT key FROM settings")}
    assert len(answered) >= 300
    assert not [n for n in answered if n and f"k{n}" not in kept]


async def test_a_number_larger_than_any_names_nothing(databases, tmp_path, vault):
    async with open_database(databases.new(tmp_path / "hongyan.db"), vault) as database:
        for number in (10**12, 10**30):
            for look in (database.write, database.read):
                with pytest.raises(NotFound):
                    await look(events.get, number)
        assert await database.write(keep, "a", 1) == 1


async def test_a_database_in_memory_is_refused(vault):
    with pytest.raises(ValueError, match="must name a file"):
        async with open_database("sqlite:///:memory:", vault):
            pass

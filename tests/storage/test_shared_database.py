"""Many transactions of one process on PostgreSQL: those that want the same thing share one, and none its trouble."""

import asyncio
import threading
from contextlib import nullcontext

import psycopg
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storage import settings
from storage.database import open_database
from storage.refusals import NotFound
from storage.schema.records import settings as settings_table
from tests.conftest import MORNING

_COMMIT = select(func.txid_current())


@pytest.fixture
async def database(url, vault):
    async with open_database(url, vault) as database:
        yield database


def keep(tx, name):
    """Returns by which commit."""
    tx.lock("one noun")
    settings.put(tx, name, "kept", MORNING)
    return tx.execute(_COMMIT).scalar_one()


def add_twice(tx, name):
    tx.lock("one noun")
    row = {"key": name, "value": "1", "changed_at": MORNING}
    tx.execute(_ADD, row)
    tx.execute(_ADD, row)


_ADD = settings_table.insert()


async def while_held(database, *works):
    """What comes of works that all came while another had the noun."""
    is_held, may_end = threading.Event(), threading.Event()
    begun = threading.Semaphore(0)

    def holding(tx):
        tx.lock("one noun")
        is_held.set()
        assert may_end.wait(30)

    def noticed(tx, work, *given):
        begun.release()
        return work(tx, *given)

    holder = asyncio.create_task(database.write(holding))
    await asyncio.to_thread(is_held.wait, 30)
    waiting = [asyncio.create_task(database.write(noticed, *work)) for work in works]
    for _ in works:
        assert await asyncio.to_thread(begun.acquire, True, 30)
    may_end.set()
    await holder
    return await asyncio.gather(*waiting, return_exceptions=True)


async def test_who_waits_for_the_same_noun_is_committed_together(database):
    commits = await while_held(database, *((keep, f"name{number}") for number in range(30)))
    assert len(set(commits)) <= 10  # a few came a moment later


async def test_the_trouble_of_one_is_not_that_of_those_beside_it(database):
    def refused(tx):
        keep(tx, "undone")
        raise NotFound("号")

    works = (keep, "first"), (refused,), (add_twice, "twice"), (keep, "last")
    _, nothing, clash, _ = await while_held(database, *works)
    assert isinstance(nothing, NotFound)
    assert isinstance(clash, IntegrityError)
    kept = await database.read(lambda tx: {row.key for row in tx.execute(settings_table.select())})
    assert {"first", "last"} <= kept
    assert kept.isdisjoint({"undone", "twice"})


async def test_two_nouns_in_either_order_come_to_an_end(database):
    def both(tx, *nouns):
        for noun in nouns:
            tx.lock(noun)
        settings.put(tx, "count", str(int(settings.get(tx, "count") or 0) + 1), MORNING)

    orders = ("a", "b"), ("b", "a")
    await asyncio.gather(*(database.write(both, *orders[number % 2]) for number in range(40)))
    assert await database.read(settings.get, "count") == "40"


async def test_what_went_wrong_is_noticed_although_nobody_read_what_came_of_it(database):
    with pytest.raises(IntegrityError):
        await database.write(add_twice, "at the commit")

    def goes_on(tx):
        try:
            with tx.savepoint():
                add_twice(tx, "inside")
                raise NotFound("号")
        except NotFound:
            settings.put(tx, "went on", "yes", MORNING)

    with pytest.raises(IntegrityError):
        await database.write(goes_on)
    assert await database.read(settings.get, "went on") is None


@pytest.mark.parametrize("is_refused", [False, True])
async def test_a_connection_lost_in_the_middle_is_made_anew_and_nobody_notices(database, url, caplog, is_refused):
    lost = []

    def keeps(tx):
        settings.put(tx, "before", "1", MORNING)
        if not lost:
            lost.append(tx.execute(_GO))
        settings.put(tx, "after", "1", MORNING)
        if is_refused:
            raise NotFound("号")

    with pytest.raises(NotFound) if is_refused else nullcontext():
        await database.write(keeps)
    assert (await database.read(settings.get, "after") is None) is is_refused
    assert "Traceback" not in caplog.text


async def test_what_the_server_ended_right_before_the_commit_is_done_anew(database, url):
    ended = set()

    def ends(tx, name):
        keep(tx, name)
        if name not in ended:
            ended.add(name)
            tx.wait()
            pid = tx.connection.connection.dbapi_connection.info.backend_pid
            with psycopg.connect(url) as other:
                assert other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,)).fetchone() == (True,)

    await database.write(ends, "alone")
    outcomes = await while_held(database, (keep, "first"), (keep, "second"), (ends, "last"))
    assert not any(isinstance(one, BaseException) for one in outcomes)
    kept = await database.read(lambda tx: {row.key for row in tx.execute(settings_table.select())})
    assert {"alone", "first", "second", "last"} <= kept
    assert ended == {"alone", "last"}


_GO = select(func.pg_terminate_backend(func.pg_backend_pid()))


async def test_connections_lost_while_nobody_used_them_are_made_anew_and_nobody_notices(database, url):
    for work in (database.write, database.read):
        await asyncio.gather(*(work(settings.get, "anything") for _ in range(20)))
    everybody = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(f"SELECT pg_terminate_backend(pid, 5000) {everybody}")
    for work in (database.write, database.read):
        await asyncio.gather(*(work(settings.get, "anything") for _ in range(20)))

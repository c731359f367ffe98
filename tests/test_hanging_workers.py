"""A worker on PostgreSQL that stops in the middle of something: the others go on, and it does when it wakes."""

import asyncio
import signal
import sys
import threading

import psycopg
import pytest

from bot.app import running
from bot.config import Settings, checked
from bot.delivery import Delivery
from bot.health import Health
from handlers.wall_codes import OF_WECHAT
from storage import delivery, postgresql, settings
from storage.database import open_database
from storage.migrations import migrate
from tests import engines
from tests.conftest import MORNING, Clock
from tests.test_workers import plan, taking_part, within

_HOLDS = """
SELECT pid FROM pg_locks, hashtextextended('hongyan {}', 0) AS noun WHERE locktype = 'advisory' AND granted
AND (classid::bigint << 32 | objid::bigint) = noun AND database = (SELECT oid FROM pg_database WHERE datname = %s)"""
_LEADS, _MIGRATES = _HOLDS.format("leader"), _HOLDS.format("migrations")
_WAITS = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock' AND query LIKE '%%{}%%'"


@pytest.fixture
async def beside(url):
    """A connection beside those of the program."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield connection


async def seen(connection, question):
    """The process of the server that this is about, as soon as there is one."""
    async with asyncio.timeout(30):
        while not (found := await (await connection.execute(question, (connection.info.dbname,))).fetchone()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found[0]


async def test_who_loses_the_lead_before_it_could_begin_starts_all_the_same(url, vault, tmp_path, beside):
    async with open_database(url, vault) as gone:
        await gone.write(plan, 1)
        await gone.write(delivery.turn, "telegram", (), 1, MORNING)
        await gone.write(settings.put, OF_WECHAT, "", MORNING)
    values = {"storage": {"url": url, "key_file": "hongyan.key"}, "web": {"console": False}}
    started, may_end = asyncio.Event(), asyncio.Event()

    async def run():
        async with running(Settings(checked(values), tmp_path / "config.toml")):
            started.set()
            await may_end.wait()

    connect = psycopg.AsyncConnection.connect
    async with asyncio.TaskGroup() as group, await connect(url) as slows, await connect(url) as hangs:
        await slows.execute("SELECT FROM settings WHERE key = %s FOR UPDATE", (OF_WECHAT,))  # the last before it opens
        await hangs.execute("SELECT FROM outbox FOR UPDATE")  # what a new leader looks through first
        group.create_task(run())
        await seen(beside, _WAITS.format("settings"))
        await seen(beside, _LEADS)
        await slows.rollback()
        await seen(beside, _WAITS.format("outbox"))
        await beside.execute("SELECT pg_terminate_backend(%s, 5000)", (await seen(beside, _LEADS),))
        await beside.execute("SELECT pg_advisory_lock(hashtextextended('hongyan leader', 0))")
        await within(60, started)
        may_end.set()
        await hangs.rollback()


async def test_those_who_ask_whether_it_is_ready_leave_room_for_those_who_write(url, vault):
    class Follows:
        leads = asyncio.Event()

    async with open_database(url, vault) as database, await psycopg.AsyncConnection.connect(url) as hangs:
        await database.write(settings.put, "probed_at", "", MORNING)
        await hangs.execute("SELECT FROM settings FOR UPDATE")
        health = Health(database, Delivery(database, {}, Clock()), Follows(), Clock(), {})
        answers = await asyncio.gather(*(health.ready(None) for _ in range(2 * postgresql.WRITERS)))
        assert {answer.status_code for answer in answers} == {503}
        async with asyncio.timeout(30):
            await database.write(plan, 1)
        await hangs.rollback()
        assert (await health.ready(None)).status_code == 200


@pytest.mark.long
async def test_what_a_worker_that_hangs_has_locked_is_free_soon_and_it_begins_anew(url, vault):
    """The server itself drops who is silent in a transaction, but counts no silence in the middle of a pipeline."""
    has_locked, may_go_on = threading.Event(), threading.Event()
    tries = []

    def hangs(tx):
        tries.append(1)
        tx.lock("one noun")
        settings.put(tx, "kept", "yes", MORNING)
        has_locked.set()
        assert may_go_on.wait(120)
        settings.put(tx, "tries", str(len(tries)), MORNING)

    async with taking_part(url, 1) as leads, open_database(url, vault) as one, open_database(url, vault) as other:
        await within(10, leads.leads)
        for _ in range(2):  # from then on it is sent without waiting
            await one.write(settings.put, "kept", "not yet", MORNING)
        hanging = asyncio.create_task(one.write(hangs))
        await asyncio.to_thread(has_locked.wait, 30)
        async with asyncio.timeout(30):
            await other.write(lambda tx: tx.lock("one noun"))
        may_go_on.set()
        await hanging
        assert await other.read(settings.get, "tries") == "2"
        assert await other.read(settings.get, "kept") == "yes"


@pytest.mark.long
async def test_one_that_hangs_while_it_makes_the_tables_keeps_no_other_from_starting(postgres, tmp_path):
    url = engines.Postgresql(postgres).bare(tmp_path / "without tables")
    making = "import sys; from storage.migrations import migrate; migrate(sys.argv[1])"
    hanging = await asyncio.create_subprocess_exec(sys.executable, "-c", making, url, stderr=asyncio.subprocess.DEVNULL)
    try:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as beside:
            await seen(beside, _MIGRATES)
        hanging.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(100):
            await asyncio.to_thread(migrate, url)
        hanging.send_signal(signal.SIGCONT)
        assert await hanging.wait() == 1  # it says so, and is started again
    finally:
        if hanging.returncode is None:
            hanging.kill()
            await hanging.wait()
        engines.Postgresql(postgres).drop([url])

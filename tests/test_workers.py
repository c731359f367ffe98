"""Several workers on one PostgreSQL: each may answer anybody, one leads, and nothing is done twice."""

import asyncio
import signal
import sys
import threading
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import psycopg
import pytest

from bot.app import running
from bot.config import Settings, WrongSettings, checked
from bot.delivery import Delivery
from dialogue.message import Message, Reply, encoded
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage import accounts, conversations, delivery, lease, outbox, people, wishes
from storage.audit import Actor
from storage.database import open_database
from storage.outbox import Planned
from storage.refusals import NotNow
from storage.schema.talks import inbox
from tests.conftest import ME, MORNING, Clock


@pytest.fixture
async def two(url, vault):
    """The database, opened by two workers."""
    async with open_database(url, vault) as one, open_database(url, vault) as other:
        yield one, other


@asynccontextmanager
async def taking_part(url, worker):
    heard = []
    changed = asyncio.Event()

    def hears(what, whom):
        heard.append((what, whom))
        changed.set()

    async with lease.held(url, worker, hears, Clock()) as held:
        held.heard, held.changed = heard, changed
        yield held


async def within(seconds, event):
    async with asyncio.timeout(seconds):
        await event.wait()


async def cut_off(url, worker):
    """As when its line is cut, or its machine stops."""
    of_worker = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        assert (await (await connection.execute(of_worker, (worker,))).fetchall()) == [(True,)]


async def test_one_leads_and_hears_the_other_which_leads_when_it_goes(url):
    async with AsyncExitStack() as going:
        first = await going.enter_async_context(taking_part(url, 1))
        await within(60, first.leads)
        async with taking_part(url, 2) as second:
            second.tell("wake", "telegram")
            await within(60, first.changed)
            assert first.heard == [("wake", "telegram")]
            assert not second.leads.is_set()
            await going.aclose()
            await within(60, second.leads)


async def test_work_of_the_leader_ends_with_its_lead_and_begins_again(url):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with taking_part(url, 1) as only:
        task = asyncio.create_task(lease.while_leading(only, work))
        await within(60, begun)
        begun.clear()
        await cut_off(url, 1)
        await within(60, ended)
        await within(60, begun)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


_HANGING = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from storage import lease

async def leads():
    async with lease.held(sys.argv[1], 1, lambda *_: None, lambda: datetime.now(UTC)) as held:
        await held.leads.wait()
        print("leads", flush=True)
        await asyncio.Event().wait()

asyncio.run(leads())
"""


@pytest.mark.long
async def test_a_leader_that_hangs_is_replaced_however_much_is_said_meanwhile(url):
    """The server cannot drop who hangs while it waits for room to write to them."""
    hanging = await asyncio.create_subprocess_exec(sys.executable, "-c", _HANGING, url, stdout=asyncio.subprocess.PIPE)
    try:
        assert await hanging.stdout.readline() == b"leads\n"
        async with taking_part(url, 2) as other:
            hanging.send_signal(signal.SIGSTOP)
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                for _ in range(3_000):
                    await connection.execute("SELECT pg_notify('hongyan', %s)", ('["wake", "' + "x" * 500 + '"]',))
            await within(60, other.leads)
    finally:
        hanging.kill()
        await hanging.wait()


def plan(tx, number):
    account = accounts.heard(tx, "telegram", f"user{number}", MORNING)
    planned = Planned("notice", f"n{number}", encoded(Reply("您好")), MORNING, account_id=account.id)
    planned.channel = "telegram"
    outbox.plan(tx, planned, MORNING)


async def test_what_two_workers_look_for_at_the_same_time_is_claimed_by_one(two):
    for number in range(40):
        await two[0].write(plan, number)
    turns = [database.write(delivery.turn, "telegram", (), 10, MORNING) for _ in range(6) for database in two]
    claimed = [due.id for turn in await asyncio.gather(*turns) for due in turn.due]
    while left := (await two[0].write(delivery.turn, "telegram", (), 10, MORNING)).due:  # passed over while they met
        claimed += [due.id for due in left]
    assert len(claimed) == len(set(claimed)) == 40


async def test_what_goes_out_with_an_answer_is_not_sent_as_well(two):
    for number in range(20):
        await two[0].write(plan, number)
    users = [await two[0].read(accounts.find, "telegram", f"user{number}") for number in range(20)]
    given = [two[0].write(outbox.take_waiting, user, 3, MORNING) for user in users]
    *given, turn = await asyncio.gather(*given, two[1].write(delivery.turn, "telegram", (), 20, MORNING))
    left = await two[1].write(delivery.turn, "telegram", (), 20, MORNING)  # passed over while they met
    assert sum(map(len, given)) + len(turn.due) + len(left.due) == 20


async def test_only_rows_of_workers_that_live_no_more_become_unknown(two, url, vault):
    for number, database in enumerate(two):
        await database.write(plan, number)
        await database.write(delivery.turn, "telegram", (), 1, MORNING)
    async with taking_part(url, two[0].worker) as alive:
        await within(60, alive.leads)
        async with open_database(url, vault) as third:
            assert await third.write(delivery.after_a_stop, MORNING) == 1
            assert await third.read(outbox.states) == {"sending": 1, "unknown": 1}
    async with open_database(url, vault) as third:
        assert await third.write(delivery.after_a_stop, MORNING) == 1


async def test_what_one_that_does_not_lead_was_sending_when_it_died_is_listed_while_another_leads(two, url, vault):
    service = Delivery(two[0], {}, Clock())
    async with service.running(), open_database(url, vault) as dies:
        await within(10, service.ready)
        await dies.write(plan, 1)
        await dies.write(delivery.turn, "telegram", (), 1, MORNING)
        async with taking_part(url, dies.worker) as alive:
            await within(10, alive.leads)
            await service.note_who_stopped()
            assert await two[0].read(outbox.states) == {"sending": 1}
        async with asyncio.timeout(30):  # the server sees a moment later that it is gone
            while await two[0].read(outbox.states) != {"unknown": 1}:
                await service.note_who_stopped()


async def test_a_message_that_reaches_two_workers_is_answered_once_and_the_same(two):
    receptions = [Reception(database, MENU, HOUSE, Clock()) for database in two]
    for number, text in enumerate(("你好", "登记", "1", "取消")):
        message = Message(f"m{number}", ME, MORNING, text)
        answers = await asyncio.gather(*(one.receive(message) for one in receptions * 3))
        assert len({encoded(answer) for answer in answers}) == 1
    assert len(await two[0].read(lambda tx: tx.execute(inbox.select()).all())) == 4


async def test_messages_of_one_person_at_two_workers_are_taken_one_after_the_other(two):
    """Each begins where another ended: none is answered from a state that is over."""
    counted = []

    def noted(tx, number):
        account = accounts.heard(tx, *ME, MORNING)
        desk = conversations.of(tx, account.id)
        desk.misses += 1
        conversations.save(tx, account.id, desk, MORNING)
        counted.append(desk.misses)

    await two[0].write(noted, 0)
    await asyncio.gather(*(database.write(noted, n) for n in range(20) for database in two))
    account = await two[0].read(accounts.find, *ME)
    assert (await two[1].read(conversations.of, account.id)).misses == 41


async def test_a_second_program_on_a_sqlite_file_is_refused(tmp_path):
    values = {"storage": {"url": "sqlite:///hongyan.db", "key_file": "hongyan.key"}, "web": {"console": False}}
    settings = Settings(checked(values), tmp_path / "config.toml")
    async with running(settings):
        with pytest.raises(WrongSettings, match="another program is running"):
            async with running(settings):
                pass
    async with running(settings):
        pass


async def both(*works):
    """Two workers at once: each has read before either writes."""
    have_read = threading.Barrier(2)

    def after_reading(tx, reads, writes):
        read = reads(tx)
        if not have_read.broken:
            with suppress(threading.BrokenBarrierError):
                have_read.wait(10)
            have_read.abort()  # who is run once more does not wait
        return writes(tx, read)

    return await asyncio.gather(
        *(database.write(after_reading, *work) for database, work in works), return_exceptions=True
    )


async def test_what_two_change_of_one_person_at_once_is_both_kept(two):
    person_id = await two[0].write(people.add, people.Facts(name="王建国", phone="13800138000"), MORNING)

    def change(name, value):
        def writes(tx, person):
            setattr(person, name, value)
            people.change(tx, person, MORNING)

        return lambda tx: people.get(tx, person_id), writes

    assert await both((two[0], change("estate", "示例小区")), (two[1], change("birth_year", 1950))) == [None, None]
    person = await two[0].read(people.get, person_id)
    assert (person.estate, person.birth_year) == ("示例小区", 1950)


async def test_a_wish_that_two_bring_together_and_give_up_at_once_is_one_of_both(two):
    elder, helper = [
        await two[0].write(people.add, people.Facts(name=name, phone=phone), MORNING)
        for name, phone in (("王建国", "13800138000"), ("李秀英", "13800138001"))
    ]
    staff = Actor(None, "district_staff")
    wish = await two[0].write(wishes.submit, elder, "想学用手机", None, staff, MORNING)
    await two[0].write(wishes.post, wish, "想学用手机", 1, staff, MORNING)
    await two[0].write(wishes.claim, wish, helper, staff, MORNING)

    def reads(tx):
        return wishes.get(tx, wish.id)

    outcomes = await both(
        (two[0], (reads, lambda tx, read: wishes.connect(tx, read, staff, MORNING))),
        (two[1], (reads, lambda tx, read: wishes.withdraw(tx, read, staff, MORNING))),
    )
    state = (await two[0].read(wishes.get, wish.id)).state
    assert state == "withdrawn"
    assert all(isinstance(one, wishes.Wish | NotNow) for one in outcomes)
    assert await two[0].read(lambda tx: wishes.claims(tx, wish.id, standing_only=True)) == []

"""The jobs that tick: at their hour in 三亚, again after a time down, and one that fails stops no other."""

import asyncio
import logging
from datetime import datetime, timedelta

import pytest

from bot.schedule import Job, Schedule, daily, every_minute
from handlers import consent_texts
from storage import accounts, call_list, consents, outbox, settings, sign_ups
from storage.audit import Actor
from storage.consents import ConsentText
from storage.database import StorageFault
from storage.outbox import Planned
from storage.times import SHANGHAI, local
from tests.conftest import MORNING, Clock
from tests.test_delivery import account
from tests.test_hours import here
from tests.test_reminders import event, joins, resident


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def woken():
    return []


@pytest.fixture
def schedule(database, clock, woken):
    return Schedule(database, clock, lambda: woken.append(clock()))


def fires(job, after, times=3):
    """The next moments of a job, on the clock of 三亚."""
    moments = []
    for _ in range(times):
        after = job.trigger.get_next_fire_time(None, after) + timedelta(microseconds=1)
        moments.append(local(after).strftime("%m-%d %H:%M"))
    return moments


def test_the_jobs_fire_at_their_hours_in_sanya_whatever_the_clock_of_the_machine(schedule):
    noon = here("12-07 12:00")
    assert fires(schedule.jobs["call list"], noon) == ["12-07 16:00", "12-07 19:00", "12-08 16:00"]
    assert fires(schedule.jobs["purge"], noon, 2) == ["12-08 03:20", "12-09 03:20"]
    assert fires(schedule.jobs["reminders"], noon + timedelta(seconds=1), 2) == ["12-07 12:01", "12-07 12:02"]
    assert fires(schedule.jobs["missed news"], noon + timedelta(seconds=1), 2) == ["12-07 12:05", "12-07 12:10"]


async def test_reminders_are_planned_to_the_last_and_delivery_is_woken(database, schedule, clock, woken):
    one = await event(database, here("12-08 14:30"))
    for number in range(5):
        await joins(database, one, await resident(database, f"王{'一二三四五'[number]}"))
    clock.now = here("12-07 18:00")
    await schedule.run("reminders")
    assert (await database.read(outbox.states)) == {"planned": 5}
    assert woken == [clock.now]
    await schedule.run("reminders")
    assert woken == [clock.now]


async def test_what_nobody_could_be_sent_in_time_expires(database, schedule, clock):
    me = await resident(database)
    planned = Planned("notice", "n", "{}", MORNING, person_id=me, expires_at=MORNING + timedelta(hours=1))
    await database.write(outbox.plan, planned, MORNING)
    await schedule.run("expiry")
    assert (await database.read(outbox.states)) == {"planned": 1}
    clock.passes(hours=1)
    await schedule.run("expiry")
    assert (await database.read(outbox.states)) == {"expired": 1}


async def test_an_offer_nobody_took_up_goes_to_the_next_who_is_told(database, schedule, clock, woken):
    one = await event(database, here("12-08 14:30"), capacity=1, asks_before_seating=True)
    first, second, third = [await resident(database, f"王{name}") for name in "一二三"]
    for person in (first, second, third):
        await joins(database, one, person)
    await database.write(sign_ups.cancel, one, first, organiser(), clock())
    clock.passes(hours=25)
    await schedule.run("expiry")
    states = [(await database.read(sign_ups.active, one, person)) for person in (second, third)]
    assert states[0] is None
    assert states[1].state == "offered"
    assert (await database.read(outbox.states)) == {"planned": 1}
    assert woken == [clock()]


def organiser():

    return Actor(None, "organiser", "web")


async def test_the_call_list_is_made_and_refreshed(database, schedule, clock):
    one = await event(database, here("12-08 14:30"))
    me = await resident(database)
    await joins(database, one, me)
    clock.now = here("12-07 16:00")
    await schedule.run("call list")
    assert len(await database.read(call_list.to_call, clock())) == 1
    await account(database, "me", "telegram", me)
    clock.now = here("12-07 19:00")
    await schedule.run("call list")
    assert await database.read(call_list.to_call, clock()) == []


async def test_the_purge_runs_once_a_day_and_leaves_a_report(database, schedule, clock):
    clock.now = here("12-07 03:20")
    await schedule.run("purge")
    report = await database.read(settings.get, "purge_report")
    assert report["forgotten"]["chat"] == 0
    await database.write(settings.put, "purge_report", None, clock())
    clock.now = here("12-07 09:00")
    await schedule.run("purge")
    assert await database.read(settings.get, "purge_report") is None
    clock.now = here("12-08 03:20")
    await schedule.run("purge")
    assert await database.read(settings.get, "purge_report") is not None


async def test_a_job_that_fails_is_logged_without_what_it_held_and_stops_no_other(database, clock, caplog):
    said = "王建" + "国 13800138000"

    async def breaks():
        raise ValueError(said)

    async def full():
        raise StorageFault("database or disk is full")

    more = {"breaks": Job(daily(3), breaks), "full": Job(daily(3), full)}
    schedule = Schedule(database, clock, lambda: None, more=more)
    for name in ("breaks", "full", "expiry"):
        await schedule.run(name)
    assert "ValueError" in caplog.text
    assert "disk is full" in caplog.text
    assert "王建国" not in caplog.text
    assert schedule.last_done == {"expiry": clock()}


async def test_at_the_start_everything_runs_that_may_have_been_missed(database, clock):
    """With the real scheduler: a job that only waits for its hour is not run, one that makes up for a stop is."""
    ran, done = [], asyncio.Event()

    async def backup():
        ran.append("backup")
        done.set()

    async def late():
        ran.append("late")

    more = {
        "backup": Job(daily(3), backup),
        "late": Job(daily((local(datetime.now(SHANGHAI)).hour + 12) % 24), late, at_start=False),
    }
    schedule = Schedule(database, clock, lambda: None, more=more)
    async with schedule.running():
        await asyncio.wait_for(done.wait(), 10)
        at_start = {name for name, job in schedule.jobs.items() if job.at_start}
        while set(schedule.last_done) < at_start:
            await asyncio.wait_for(asyncio.sleep(0), 10)
    assert ran == ["backup"]


async def test_what_fell_due_while_the_loop_was_busy_is_still_run(database, clock):
    ran = asyncio.Event()

    async def work():
        ran.set()

    class Once(type(every_minute())):
        """A moment ten seconds ago: the scheduler comes late to it."""

        def get_next_fire_time(self, previous, now):
            return now - timedelta(seconds=10) if previous is None and not ran.is_set() else None

    schedule = Schedule(database, clock, lambda: None)
    schedule.jobs = {"late": Job(Once(second=0, timezone=SHANGHAI), work, at_start=False)}
    async with schedule.running():
        await asyncio.wait_for(ran.wait(), 10)


async def test_a_stop_breaks_a_job_off_and_logs_no_fault(database, clock, caplog):
    caplog.set_level(logging.INFO)
    begun = asyncio.Event()

    async def lasts():
        begun.set()
        await asyncio.Event().wait()

    schedule = Schedule(database, clock, lambda: None)
    schedule.jobs = {"lasts": Job(daily(3), lasts)}
    async with schedule.running():
        await asyncio.wait_for(begun.wait(), 10)
    while "broken off" not in caplog.text:
        await asyncio.wait_for(asyncio.sleep(0), 10)
    assert [record.levelname for record in caplog.records if record.levelno > logging.INFO] == []
    assert "Traceback" not in caplog.text
    assert schedule.last_done == {}


async def test_new_words_about_personal_data_are_put_to_who_agreed_to_earlier_ones(
    database, schedule, clock, woken, monkeypatch
):
    who = await resident(database, "王建国")
    old = ConsentText("registration", "0", "原来的话。")
    monkeypatch.setattr(consent_texts, "CHANGED", "多记一项专长")
    await account(database, "somebody", "web", who)
    await database.write(lambda tx: consents.give(tx, accounts.of_person(tx, who)[0], old, clock()))
    await schedule.run("residents")
    await schedule.run("residents")
    assert (await database.read(outbox.states)) == {"planned": 1}
    assert woken == [clock.now]


@pytest.mark.parametrize("hours", [1, -1])
async def test_a_clock_that_jumps_by_an_hour_lets_no_job_wait_for_it(database, clock, woken, caplog, hours):
    """As after the jump: the job's next time is an hour away, on the clock that was right before."""
    ran = asyncio.Event()

    async def work():
        ran.set()

    schedule = Schedule(database, clock, lambda: woken.append(clock()), steady=lambda: 0.0, look_every=0.01)
    schedule.jobs = {"reminders": Job(Later(second=0, timezone=SHANGHAI), work)}
    async with schedule.running():
        await asyncio.wait_for(ran.wait(), 10)
        ran.clear()
        clock.passes(hours=hours)
        await asyncio.wait_for(ran.wait(), 10)
    assert f"the clock jumped by {hours * 3600} seconds" in caplog.text
    assert woken


class Later(type(every_minute())):
    """An hour from now, and no sooner."""

    def get_next_fire_time(self, previous, now):
        return now + timedelta(hours=1)

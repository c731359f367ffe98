"""The jobs that tick: a few in memory, each working off what stands in the database, so that a restart loses none."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

from bot.figures import Figure
from handlers import broadcasts, consent_changes, idle, lotteries, need_chores, notices, reminders, service_menus
from storage import call_list, outbox, recipients, retention, settings, sign_ups, spans
from storage import reminders as reminders_store
from storage.database import Database, StorageFault, Transaction
from storage.times import SHANGHAI, local_date

Work = Callable[[], Awaitable[None]]

_PURGED = "purged_on"
_REPORT = "purge_report"
_JUMP = 60.0  # seconds by which the clock and a steady one differ, between two looks
_AT_ONCE = 200  # reminders planned in one transaction, so that nobody who writes waits for them

_log = logging.getLogger(__name__)


class NotDone(Exception):
    """A job could not do its work this time. The text says why, for the log: nothing personal."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work to do at certain times. `at_start`: also when the program starts, for it may have been down then."""

    trigger: BaseTrigger
    work: Work
    at_start: bool = True


def daily(hour: int | str, minute: int = 0) -> BaseTrigger:
    """At this hour, or these ("16,19"), on the clock of 三亚."""
    return CronTrigger(hour=hour, minute=minute, timezone=SHANGHAI)


def every_minute() -> BaseTrigger:
    return CronTrigger(second=0, timezone=SHANGHAI)


def twice_a_minute() -> BaseTrigger:
    return CronTrigger(second="0,30", timezone=SHANGHAI)


class Schedule:
    """The jobs of the house, and `more` of others. `wake` is called when something may have to go out.

    `templates` says that WeChat may push reminders by template, so that fewer people must be phoned.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        *,
        templates: bool = False,
        more: Mapping[str, Job] | None = None,
        steady: Callable[[], float] = time.monotonic,
        look_every: float = 15.0,
    ) -> None:
        self.last_done: dict[str, datetime] = {}
        """When each job last succeeded, since the start."""
        self._since = clock()
        self._is_stopping = False
        self._steady = steady
        self._look_every = look_every
        self._database = database
        self._clock = clock
        self._wake = wake
        self._templates = templates
        self.jobs: dict[str, Job] = {
            "reminders": Job(every_minute(), self.plan_reminders),
            "expiry": Job(every_minute(), self.expire),
            "broadcasts": Job(CronTrigger(second="*", timezone=SHANGHAI), self.carry_on_broadcasts),
            "call list": Job(daily("16,19"), self.make_call_list),
            "missed news": Job(CronTrigger(minute="*/5", timezone=SHANGHAI), self.sweep_missed),
            "needs": Job(CronTrigger(minute="*/5", timezone=SHANGHAI), self.look_after_needs),
            "purge": Job(daily(3, 20), self.purge),
            "residents": Job(daily(9), self.ask_residents),
            "menus": Job(daily(9, 30), self.remind_of_menus, at_start=False),
            **(more or {}),
        }

    async def serve(self) -> None:
        """Tick until cancelled."""
        async with self.running():
            await asyncio.Event().wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tick while the block runs. At its end a job is broken off between two of its transactions."""
        self._is_stopping = False
        scheduler = AsyncIOScheduler(timezone=SHANGHAI)
        now = datetime.now(SHANGHAI)
        for name, job in self.jobs.items():
            # The default grace of one second would silently drop what fell due while the loop was busy.
            scheduler.add_job(
                self.run,
                job.trigger,
                (name,),
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
                **({"next_run_time": now} if job.at_start else {}),
            )
        scheduler.start()
        watch = asyncio.create_task(self._watch_the_clock(scheduler))
        try:
            yield
        finally:
            watch.cancel()
            self._is_stopping = True
            scheduler.shutdown()

    async def _watch_the_clock(self, scheduler: AsyncIOScheduler) -> None:
        """A clock that is set back by an hour would let every job wait for that hour: they are planned anew."""
        while True:
            wall, steady = self._clock(), self._steady()
            await asyncio.sleep(self._look_every)
            jump = (self._clock() - wall).total_seconds() - (self._steady() - steady)
            if abs(jump) < _JUMP:
                continue
            _log.warning("schedule: the clock jumped by %.0f seconds; everything is planned anew", jump)
            now = datetime.now(SHANGHAI)
            for name, job in self.jobs.items():
                at = now if job.at_start else job.trigger.get_next_fire_time(None, now)
                scheduler.modify_job(name, next_run_time=at)
            self._wake()

    def figures(self, now: datetime) -> list[Figure]:
        return [
            Figure(
                "job_silence_seconds",
                round((now - self.last_done.get(name, self._since)).total_seconds()),
                (("job", name),),
            )
            for name in self.jobs
        ]

    async def run(self, name: str) -> None:
        """Do one job now. What goes wrong is logged, and tried again at its next time."""
        try:
            await self.jobs[name].work()
        except asyncio.CancelledError:
            if not self._is_stopping:
                raise
            _log.info("schedule: %s: broken off by the stop", name)  # APScheduler would log it as a fault of the job
        except StorageFault as fault:
            _log.error("schedule: %s: nothing can be kept: %s", name, fault)
        except NotDone as reason:
            _log.error("schedule: %s: not done: %s", name, reason)
        except Exception as bug:  # noqa: BLE001 - the outermost edge: one job must not end the others
            where = "".join(traceback.format_list(traceback.extract_tb(bug.__traceback__)))
            _log.error("schedule: %s: %s\n%s", name, type(bug).__name__, where)
        else:
            self.last_done[name] = self._clock()

    async def plan_reminders(self) -> None:
        planned = 0
        while True:
            count = await self._database.write(reminders_store.plan_due, self._clock(), reminders.written, _AT_ONCE)
            planned += count
            if count < _AT_ONCE:
                break
        if planned:
            _log.info("schedule: %d reminders planned", planned)
            self._wake()

    async def expire(self) -> None:
        """Messages nobody could be sent in time, and offered seats nobody took: those go to the next."""
        expired, moved_up = await self._database.write(_expire, self._clock())
        if expired:
            _log.info("schedule: %d messages expired", expired)
        if moved_up:
            self._wake()

    async def carry_on_broadcasts(self) -> None:
        """Write down who gets them next, a few at a time; others write between the steps."""
        for broadcast_id in await self._database.read(recipients.unfinished):
            while await self._database.write(broadcasts.carry_on, broadcast_id, self._clock()):
                self._wake()
            self._wake()

    async def make_call_list(self) -> None:
        await self.sweep_missed()
        listed = await self._database.write(call_list.make, self._clock(), templates=self._templates)
        _log.info("schedule: %d people must be phoned", listed)

    async def sweep_missed(self) -> None:
        await self._database.write(call_list.sweep, self._clock())

    async def look_after_needs(self) -> None:
        """Warnings, follow-ups, pauses and claims that run out, whom to phone."""
        if done := await self._database.write(need_chores.tick, self._clock()):
            _log.info("schedule: needs: %d", done)
            self._wake()

    async def ask_residents(self) -> None:
        """Welcome back; ask the silent, forget who did not answer; put new words to who agreed to earlier ones."""
        everyone = await self._database.read(lambda tx: list(spans.all_of_them(tx)))
        for step in (idle.welcome_back, idle.ask, idle.forget, consent_changes.ask):
            done = 0
            for some in everyone:
                while count := await self._database.write(step, self._clock(), among=some):
                    done += count
            if done:
                _log.info("schedule: residents: %s.%s: %d", step.__module__, step.__name__, done)
                self._wake()

    async def remind_of_menus(self) -> None:
        """Leads whose point has no menu for the coming month (domain 5)."""
        if await self._database.write(service_menus.remind, self._clock()):
            self._wake()

    async def purge(self) -> None:
        """Forget what is past its time; once a day, however often the program is started."""
        now = self._clock()
        if await self._database.read(settings.get, _PURGED) == local_date(now).isoformat():
            return
        report = await self.forget()
        await self._database.write(_note_purge, report, now)
        forgotten = ", ".join(f"{rows} {name}" for name, rows in report.items() if rows)
        _log.info("schedule: forgotten: %s", forgotten or "nothing")

    async def forget(self) -> dict[str, int]:
        """How many rows of each kind were forgotten. Others write between the steps."""
        report = {}
        for name, step in retention.STEPS.items():
            rows, more = 0, True
            while more:
                done = await self._database.write(step, self._clock())
                rows, more = rows + done.rows, done.more
            report[name] = rows
        return report


def _expire(tx: Transaction, now: datetime) -> tuple[int, int]:
    promotions = sign_ups.lapse(tx, now)
    notices.promoted(tx, promotions, now)
    drawn = lotteries.draw_due(tx, now)
    return outbox.expire(tx, now), len(promotions) + drawn


def _note_purge(tx: Transaction, report: dict[str, int], now: datetime) -> None:
    settings.put(tx, _PURGED, local_date(now).isoformat(), now)
    settings.put(tx, _REPORT, {"at": now.isoformat(), "forgotten": report}, now)

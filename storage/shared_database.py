"""The database on PostgreSQL: many transactions at a time, and one commit for all who want the same thing.

A transaction that asks for a noun which another of this process has in hand (an event in a rush) is undone and comes
after it, together with all who wait for it by then: one transaction, a savepoint for each. So the lock and the commit
are shared, and a thread waits for other processes alone.
"""

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError

from storage import postgresql
from storage.database import House, Job, Outcome, StorageFault, Transaction, answer_all

P = ParamSpec("P")
T = TypeVar("T")
Answers = list[tuple[Job, Outcome]]
Faults = Callable[[], AbstractContextManager[None]]

_log = logging.getLogger(__name__)

_MOST_TRIES = 20  # of a transaction that others come in between of
_MOST_IN_ONE_COMMIT = 64  # more would let other workers wait for what this one has locked


class SharedDatabase:
    """The storage functions lock what must not change meanwhile."""

    is_spoiled = False  # the server knows and says so itself

    def __init__(self, url: str, house: House) -> None:
        self._house = house
        self._engine = postgresql.engine_of(url, postgresql.WRITERS, writes=True)
        readers = postgresql.engine_of(url, postgresql.READERS)
        self._readers = readers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writing = ThreadPoolExecutor(postgresql.WRITERS, "storage-writer")
        self._reading = ThreadPoolExecutor(postgresql.READERS, "storage-reader")
        self._loop = asyncio.get_running_loop()
        self._nouns = _Nouns()

    @property
    def worker(self) -> int:
        return self._house.worker

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: asyncio.Future[T] = self._loop.create_future()
        self._writing.submit(self._serve, Job(lambda tx: work(tx, *args, **kwargs), answer))
        return await answer  # a caller that is cancelled leaves; the work is done all the same

    async def read(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def reading() -> T:
            tries = 0
            while True:
                tries += 1
                try:
                    with self._readers.begin() as connection:
                        return work(self._house.transaction(connection), *args, **kwargs)
                except OperationalError as problem:
                    # After the server was gone each connection that was kept open is found to be lost.
                    if not problem.connection_invalidated or tries > postgresql.READERS:
                        raise _told("read", problem) from None  # its text may hold values

        return await self._loop.run_in_executor(self._reading, reading)

    async def close(self) -> None:
        """Finish what was handed in, then close."""
        for threads in (self._writing, self._reading):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()
        self._readers.dispose()

    def _serve(self, job: Job) -> None:
        """Do the work, and then what came to wait for what it had locked."""
        wanted = deque(self._in_turn([job], set(), partial(self._commit_alone, job)))
        while wanted:
            noun = wanted.popleft()
            jobs = self._nouns.behind(noun, _MOST_IN_ONE_COMMIT)
            wanted += self._in_turn(jobs, {noun}, partial(self._commit_together, jobs, noun))

    def _in_turn(self, jobs: list[Job], held: set[str], commit: Callable[[set[str]], Answers]) -> list[str]:
        """Answers everyone; returns the nouns that others wait for, still held."""
        try:
            answers = commit(held)
        except BaseException as problem:  # noqa: BLE001 - who waits is told, and those behind have their turn
            answers = [(job, (False, problem)) for job in jobs]
        wanted = self._nouns.release(held)
        answer_all(self._loop, answers)
        return wanted

    def _commit_alone(self, job: Job, held: set[str]) -> Answers:
        tries = 0
        while True:
            tries += 1
            committing = False
            try:
                with self._begun(held) as begun:
                    tx = begun.transaction(job)
                    outcome = _outcome(job, tx, nullcontext())
                    if outcome[0]:
                        tx.wait()
                        committing = True
                        begun.commit()
                    return [(job, outcome)]
            except _Behind:
                return []
            except DBAPIError as problem:
                # A connection that broke earlier kept nothing; one that breaks at the commit may have.
                again = problem.connection_invalidated and not committing
                if tries < _MOST_TRIES and (again or postgresql.clashed(problem)):
                    continue
                return [(job, (False, _told("kept", problem)))]

    def _commit_together(self, jobs: list[Job], noun: str, held: set[str]) -> Answers:
        """Each in its own savepoint. One caller's trouble must not be everyone's: then each comes alone."""
        answers: Answers = []
        committing = False
        try:
            with self._begun(held) as begun:
                whole = begun.transaction(jobs[0])
                whole.lock(noun)
                for job in list(jobs):
                    tx = begun.transaction(job, noun)
                    try:
                        answers.append((job, _outcome(job, tx, tx.savepoint())))
                    except _Behind:
                        jobs.remove(job)
                whole.wait()
                committing = True
                begun.commit()
        except DBAPIError as problem:
            if committing and not postgresql.clashed(problem):
                return [(job, (False, _told("kept", problem))) for job in jobs]
            return [answer for job in jobs for answer in self._commit_alone(job, held)]
        return answers

    @contextmanager
    def _begun(self, held: set[str]) -> Iterator["_Begun"]:
        """A transaction, undone unless it is committed."""
        with self._engine.connect() as connection:
            begun = _Begun(connection, self._house, self._nouns, held)
            try:
                yield begun
            finally:
                begun.waits(whatever_comes=True)  # whoever needed to know has been told


def _outcome(job: Job, tx: Transaction, undoing: AbstractContextManager[None]) -> Outcome:
    """Raises what undoes the whole transaction."""
    try:
        with undoing:
            return True, job.work(tx)
    except BaseException as problem:
        if isinstance(problem, DBAPIError | _Behind):
            raise
        return False, problem


class _Behind(BaseException):
    """Undone, and to be done again after what has the noun now. Not for an edge that catches every `Exception`."""


class _Nouns:
    """Which nouns the transactions of this process hold, and the work that waits for each, in order."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Job]] = {}
        self._guard = threading.Lock()

    def take(self, noun: str, job: Job, held: set[str]) -> None:
        with self._guard:
            if noun in held:
                return
            if (waiting := self._waiting.get(noun)) is not None:
                waiting.append(job)
                raise _Behind
            self._waiting[noun] = deque()
            held.add(noun)

    def behind(self, noun: str, at_most: int) -> list[Job]:
        with self._guard:
            waiting = self._waiting[noun]
            return [waiting.popleft() for _ in range(min(at_most, len(waiting)))]

    def release(self, held: set[str]) -> list[str]:
        """Those that somebody waits for stay held, and are returned."""
        with self._guard:
            wanted = [noun for noun in held if self._waiting[noun]]
            for noun in held.difference(wanted):
                del self._waiting[noun]
            return wanted


class _Begun:
    """One transaction of the database. What it sends is waited for when somebody reads it: half of the round trips."""

    def __init__(self, connection: Connection, house: House, nouns: _Nouns, held: set[str]) -> None:
        self.nouns = nouns
        self.held = held
        self._connection = connection
        self._house = house
        self._driver = cast(psycopg.Connection[Any], connection.connection.dbapi_connection)
        self._line: AbstractContextManager[psycopg.Pipeline] | None = None
        self._transaction = connection.begin()

    def transaction(self, job: Job, locked: str | None = None) -> Transaction:
        """As `job` sees it. `locked` is what the whole of it has locked."""
        return self._house.transaction(self._connection, _Turn(self, job, locked))

    def sends(self) -> None:
        if self._line is None:
            self._line = self._driver.pipeline()
            self._line.__enter__()

    def waits(self, *, whatever_comes: bool = False) -> None:
        if (line := self._line) is None:
            return
        self._line = None
        with suppress(psycopg.Error) if whatever_comes else nullcontext():
            line.__exit__(None, None, None)
        if self._driver.closed or self._driver.pgconn.pipeline_status:
            self._connection.invalidate()  # lost in the middle: to undo anything there would fail

    def cursor(self, faults: Faults) -> "_Sent":
        self.sends()
        return _Sent(self._driver.cursor(), faults, self._driver)

    def commit(self) -> None:
        self._transaction.commit()


class _Sent:
    """A cursor whose statement has been sent, and may not have been answered yet."""

    def __init__(self, cursor: psycopg.Cursor[Any], faults: Faults, driver: psycopg.Connection[Any]) -> None:
        self._cursor = cursor
        self._faults = faults
        self._driver = driver
        self.execute, self.executemany = cursor.execute, cursor.executemany

    @property
    def rowcount(self) -> int:
        with self._faults(), self._driver.pipeline() as line:
            line.sync()
        return self._cursor.rowcount

    def fetchone(self) -> Any:
        with self._faults():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with self._faults():
            return self._cursor.fetchall()


class _Turn:
    """`storage.database.Turn` of one piece of work."""

    def __init__(self, begun: _Begun, job: Job, locked: str | None) -> None:
        self._begun = begun
        self._job = job
        self._locked = locked  # before any savepoint, so that nothing gives it back
        self.sends, self.waits, self.cursor = begun.sends, begun.waits, begun.cursor

    def take(self, noun: str) -> bool:
        self._begun.nouns.take(noun, self._job, self._begun.held)
        return noun != self._locked


def _told(what: str, problem: DBAPIError) -> BaseException:
    """What the caller is told: of the driver's words none, for they may hold values."""
    if isinstance(problem, IntegrityError | DataError):
        return problem
    kind = type(problem.orig).__name__
    _log.error("storage: nothing was %s: %s", what, kind)
    return StorageFault(kind)

"""The database: opening it, and transactions that are on disk before anyone is told.

A storage function is a plain function whose first argument is the `Transaction`. `Database.write` runs it with one
hop, however many statements it has; `Database.read` runs it where nothing can be written.
"""

import asyncio
import logging
import queue
import secrets
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from storage import postgresql
from storage.hours import MessageHours
from storage.prepared import Prepared, Result, Rows, Statements
from storage.refusals import NotFound
from storage.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

_MOST_IN_ONE_COMMIT = 256  # more would make the first caller wait for the last without saving another fsync
_MOST_TRIES = 20  # of a transaction that others come in between of
_SPOILED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SQLITE_BUSY = 10_000  # milliseconds another process (a backup, the command line) may hold the file


class StorageFault(Exception):
    """Nothing could be kept, or read: full disk, locked, lost or spoiled file. It was undone as a whole and may be
    tried again.
    """


class Spoiled(StorageFault):
    """What lies in the file cannot be read any more: trying again does not help, a backup does."""


class Transaction:
    """All or nothing: what a storage function works with."""

    __slots__ = ("_depth", "_driver", "_statements", "connection", "has_planned", "hours", "vault", "worker")

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        hours: MessageHours,
        statements: Statements | None = None,
        worker: int = 0,
    ) -> None:
        self.connection = connection
        self.vault = vault
        self.hours = hours
        self.worker = worker  # which process this is: it marks the rows that it is sending
        self.has_planned = False  # something was put into the outbox, so that somebody must look there
        self._statements = statements
        self._driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)
        self._depth = 0

    def execute(self, statement: Executable, parameters: Any = None) -> Result:
        """Run one statement, the same on both engines.

        Keep statements at module level, with `bindparam`: one built on the spot costs ten times what running it does.
        Raises `NotFound` for a number larger than any row can have: people type such numbers.
        """
        try:
            if self._statements is not None:
                prepared = self._statements.find(statement, parameters, self.connection.dialect)
                if prepared is not None:
                    return self._run(prepared, parameters)
            return cast(Result, self.connection.execute(statement, parameters))
        except OverflowError:
            raise NotFound("号") from None
        except DataError as problem:
            if type(problem.orig).__name__ == "NumericValueOutOfRange":  # of the driver, which is not always here
                raise NotFound("号") from None
            raise

    def _run(self, prepared: Prepared, parameters: Any) -> Rows:
        cursor = self._driver.cursor()
        try:
            return prepared.run(cursor, parameters)
        except sqlite3.Error as problem:
            raise DBAPIError.instance(None, None, problem, sqlite3.Error, hide_parameters=True) from problem

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undone alone when the block raises. By hand: SQLAlchemy's own costs as much as three statements."""
        self._depth += 1
        name = f"hongyan_{self._depth}"
        self._say(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException as cause:
            try:
                self._say(f"ROLLBACK TO SAVEPOINT {name}")
                self._say(f"RELEASE SAVEPOINT {name}")
            except DBAPIError:
                raise cause from None  # a full disk undid everything already, and with it the savepoint
            raise
        else:
            self._say(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1

    def _say(self, command: str) -> None:
        if self._statements is None:
            self.connection.exec_driver_sql(command)
            return
        try:
            self._driver.execute(command)
        except sqlite3.Error as problem:
            raise DBAPIError.instance(None, None, problem, sqlite3.Error, hide_parameters=True) from problem

    def lock(self, what: str) -> None:
        """Let nobody else work on `what` until this ends. SQLite has one writer and needs none."""
        if self.dialect == "postgresql":
            self.connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (what,))

    def lives(self, worker: int) -> bool:
        """Whether a worker takes part in the lease now (`storage.lease`). Of SQLite there is none but this one."""
        if self.dialect != "postgresql":
            return False
        # Its lock can be had only when it is gone; ours falls with this transaction.
        locked = self.connection.exec_driver_sql("SELECT pg_try_advisory_xact_lock(%s)", (worker,))
        return not locked.scalar_one()


class Database(Protocol):
    """Where everything is kept. Both methods run a whole storage function in one hop."""

    @property
    def worker(self) -> int:
        """A number of this opening alone: it tells the workers on one database apart."""
        ...

    is_spoiled: bool
    """Whether something in the file could not be read since it was opened."""

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` in a transaction; when this returns, its effect is on disk. What it raises undoes it.

        Raises `StorageFault` when the effect could not be kept.
        """
        ...

    async def read(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run `work` on a consistent state of the data, without waiting for writers and unable to write.

        Raises `StorageFault` when it cannot be read.
        """
        ...


@asynccontextmanager
async def open_database(
    url: str, vault: Vault, hours: MessageHours | None = None, statements: Statements | None = None
) -> AsyncIterator[Database]:
    """The database at `url` (`sqlite:///file` or `postgresql://…`), already migrated (`storage.migrations`).

    `statements` are those prepared by an earlier opening in this process, for who opens again and again.
    """
    house = _House(vault, hours or MessageHours(), secrets.randbits(62))
    opened: _Sqlite | _Postgresql
    if make_url(url).get_backend_name() == "sqlite":
        opened = _Sqlite(sqlite_path(url), house, statements or Statements())
    else:
        opened = _Postgresql(url, house)
    try:
        yield opened
    finally:
        await opened.close()


def sqlite_path(url: str) -> Path:
    """The file that an `sqlite:///` URL names. Raises `ValueError` for a database in memory: it could keep nothing."""
    name = make_url(url).database
    if not name or name == ":memory:":
        raise ValueError("storage.url must name a file: sqlite:///data/hongyan.db")
    return Path(name)


def sqlite_engine(path: Path) -> Engine:
    """An engine whose transactions begin when they say so, and are on disk when they end.

    Left to itself the driver begins nothing before a SAVEPOINT, and releasing that savepoint then commits.
    """
    engine = create_engine(
        f"sqlite:///{path}", poolclass=QueuePool, hide_parameters=True, connect_args={"check_same_thread": False}
    )
    event.listen(engine, "connect", _prepare_to_write)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_to_write(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY}")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")  # NORMAL loses acknowledged work at a power cut
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA cache_size=-32000")  # KiB


def _begin_immediate(connection: Connection) -> None:
    # A deferred BEGIN fails at once with "database is locked" when it turns from reading to writing.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_to_read(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY}")
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA cache_size=-16000")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


@dataclass(frozen=True, slots=True)
class _House:
    """What every transaction is given beside its connection."""

    vault: Vault
    hours: MessageHours
    worker: int

    def transaction(self, connection: Connection, statements: Statements | None = None) -> Transaction:
        return Transaction(connection, self.vault, self.hours, statements, self.worker)


@dataclass(slots=True)
class _Job:
    work: Callable[[Transaction], Any]
    answer: "asyncio.Future[Any]"


class _Sqlite:
    """One writer thread that commits for everyone who is waiting, and read-only connections beside it."""

    @property
    def worker(self) -> int:
        return self._house.worker

    def __init__(self, path: Path, house: _House, statements: Statements) -> None:
        self.is_spoiled = False
        self._house = house
        self._engine = sqlite_engine(path)
        self._statements = statements
        self._readers = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=4, hide_parameters=True)
        event.listen(self._readers.sync_engine, "connect", _prepare_to_read)
        event.listen(self._readers.sync_engine, "begin", _begin_deferred)
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write_all, name="storage-writer", daemon=True)
        self._writer.start()

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(lambda tx: work(tx, *args, **kwargs), answer))
        return await answer  # a caller that is cancelled leaves; the work is done all the same

    async def read(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await _run_sync(self._readers, self._house, lambda tx: work(tx, *args, **kwargs))
        except DBAPIError as problem:
            if not _is_fault(problem):
                raise
            _log.error("storage: nothing was read: %s", problem.orig)
            raise self._fault(problem) from None

    def _fault(self, problem: DBAPIError) -> StorageFault:
        if getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF not in _SPOILED:
            return StorageFault(str(problem.orig))
        self.is_spoiled = True
        return Spoiled(str(problem.orig))

    async def close(self) -> None:
        """Finish what was handed in, then close."""
        self._jobs.put(None)
        await asyncio.to_thread(self._writer.join)
        await self._readers.dispose()
        self._engine.dispose()

    def _write_all(self) -> None:
        open_for_more = True
        while open_for_more:
            first = self._jobs.get()
            if first is None:
                return
            batch = [first]
            while len(batch) < _MOST_IN_ONE_COMMIT:
                try:
                    more = self._jobs.get_nowait()
                except queue.Empty:
                    break
                if more is None:
                    open_for_more = False
                    break
                batch.append(more)
            self._answer_all(batch, self._commit_together(batch))

    def _commit_together(self, batch: list[_Job]) -> list[tuple[bool, Any]]:
        """Run each job in its own savepoint and commit once. In order: (True, result) or (False, exception)."""
        outcomes: list[tuple[bool, Any]] = []
        has_begun = False
        try:
            with self._engine.begin() as connection:
                has_begun = True
                for job in batch:
                    tx = self._house.transaction(connection, self._statements)
                    try:
                        with tx.savepoint():
                            outcomes.append((True, job.work(tx)))
                    except BaseException as problem:
                        if _is_fault(problem):
                            raise
                        outcomes.append((False, problem))
        except DBAPIError as problem:
            # One caller's trouble must not be everyone's; but where nobody can begin each would wait for the lock.
            if len(batch) > 1 and has_begun:
                return [self._commit_together([job])[0] for job in batch]
            # The driver's text may hold values; the class and SQLite's short message do not.
            _log.error("storage: nothing was kept: %s", problem.orig)
            fault = self._fault(problem)
            return [(False, type(fault)(*fault.args)) for _ in batch]  # each raises its own
        return outcomes

    def _answer_all(self, batch: list[_Job], outcomes: list[tuple[bool, Any]]) -> None:
        def answer() -> None:
            for job, (kept, outcome) in zip(batch, outcomes, strict=True):
                if job.answer.cancelled():
                    continue
                if kept:
                    job.answer.set_result(outcome)
                else:
                    job.answer.set_exception(outcome)

        try:
            self._loop.call_soon_threadsafe(answer)
        except RuntimeError:
            _log.warning("storage: %d callers left before their answer; their work is kept", len(batch))


def _is_fault(problem: BaseException) -> bool:
    """Whether it is the file's (full, locked, unreadable, spoiled) and not the statement's.

    SQLite may have rolled back the whole transaction then, not the savepoint alone. A spoiled page is a plain
    `DatabaseError`; its other kinds (a row that is there already) are the statement's.
    """
    return type(problem) in (OperationalError, DatabaseError)


class _Postgresql:
    """A transaction for each caller, whole in one thread; the functions lock what must not change meanwhile."""

    @property
    def worker(self) -> int:
        return self._house.worker

    is_spoiled = False  # the server knows and says so itself

    def __init__(self, url: str, house: _House) -> None:
        self._house = house
        self._engine = postgresql.engine_of(url, postgresql.WRITERS, writes=True)
        readers = postgresql.engine_of(url, postgresql.READERS)
        self._readers = readers.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        self._writing = ThreadPoolExecutor(postgresql.WRITERS, "storage-writer")
        self._reading = ThreadPoolExecutor(postgresql.READERS, "storage-reader")

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._in(self._writing, lambda: self._write(lambda tx: work(tx, *args, **kwargs)))

    async def read(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        def reading() -> T:
            try:
                with self._readers.begin() as connection:
                    return work(self._house.transaction(connection), *args, **kwargs)
            except OperationalError as problem:
                raise StorageFault(type(problem.orig).__name__) from None  # its text may hold values

        return await self._in(self._reading, reading)

    async def close(self) -> None:
        """Finish what was handed in, then close."""
        for threads in (self._writing, self._reading):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()
        self._readers.dispose()

    def _write(self, work: Callable[[Transaction], T]) -> T:
        tries = 0
        while True:
            tries += 1
            committing = False
            try:
                with self._engine.connect() as connection, connection.begin() as begun:
                    outcome = work(self._house.transaction(connection))
                    committing = True
                    begun.commit()
                    return outcome
            except DBAPIError as problem:
                # A connection that broke earlier kept nothing; one that breaks at the commit may have.
                again = problem.connection_invalidated and not committing
                if tries < _MOST_TRIES and (again or postgresql.clashed(problem)):
                    continue
                if isinstance(problem, IntegrityError | DataError):
                    raise
                kind = type(problem.orig).__name__  # its text may hold values
                _log.error("storage: nothing was kept: %s", kind)
                raise StorageFault(kind) from None

    @staticmethod
    async def _in(threads: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        # A caller that is cancelled leaves; the work is done all the same.
        return await asyncio.get_running_loop().run_in_executor(threads, work)


async def _run_sync(engine: AsyncEngine, house: _House, work: Callable[[Transaction], T]) -> T:
    async with engine.begin() as connection:
        return await connection.run_sync(lambda sync: work(house.transaction(sync)))

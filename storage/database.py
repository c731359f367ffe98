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
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, DataError, DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool

from storage.hours import MessageHours
from storage.prepared import Prepared, Result, Rows, Statements
from storage.refusals import NotFound
from storage.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)

_MOST_IN_ONE_COMMIT = 256  # more would make the first caller wait for the last without saving another fsync
_TOO_LARGE = "NumericValueOutOfRange"  # of PostgreSQL's driver, which is not always here
_SPOILED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SQLITE_BUSY = 10_000  # milliseconds another process (a backup, the command line) may hold the file


class StorageFault(Exception):
    """Nothing could be kept, or read: full disk, locked, lost or spoiled file. It was undone as a whole and may be
    tried again.
    """


class Spoiled(StorageFault):
    """What lies in the file cannot be read any more: trying again does not help, a backup does."""


class Driver(Protocol):
    """What we need of the driver's connection, the same of both."""

    def cursor(self) -> Any: ...
    def execute(self, command: str, values: Sequence[str | int], /) -> Any: ...


class Turn(Protocol):
    """The place of a transaction among those of its process (`storage.shared_database`)."""

    def take(self, noun: str, /) -> bool:
        """Returns whether the database is still to be asked for it."""
        ...

    def sends(self) -> None:
        """From now on statements are sent without waiting for what they return, until somebody reads it."""
        ...

    def cursor(self, faults: Callable[[], AbstractContextManager[None]], /) -> Any:
        """For one statement to be sent so. What it does wrong is told to `faults`, when it is read or later."""
        ...

    def waits(self, *, whatever_comes: bool = False) -> None:
        """From now on each statement is waited for, as SQLAlchemy must: first for those that were sent."""
        ...


class Transaction:
    """All or nothing: what a storage function works with."""

    __slots__ = ("_connection", "_depth", "_driver", "_statements", "_turn", "has_planned", "hours", "vault", "worker")

    def __init__(
        self,
        connection: Connection,
        vault: Vault,
        hours: MessageHours,
        statements: Statements | None = None,
        worker: int = 0,
        turn: Turn | None = None,
    ) -> None:
        self._connection = connection
        self.vault = vault
        self.hours = hours
        self.worker = worker  # which process this is: it marks the rows that it is sending
        self.has_planned = False  # something was put into the outbox, so that somebody must look there
        self._statements = statements
        self._turn = turn
        self._driver = cast(Driver, connection.connection.dbapi_connection)
        self._depth = 0

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's, for what does not go through `execute`."""
        self.wait()
        return self._connection

    def wait(self) -> None:
        """For what was sent and not read. Raises what went wrong with it."""
        if self._turn is not None:
            with self._faults():
                self._turn.waits()

    def execute(self, statement: Executable, parameters: Any = None) -> Result:
        """Run one statement, the same on both engines.

        Keep statements at module level, with `bindparam`: one built on the spot costs ten times what running it does.
        Raises `NotFound` for a number larger than any row can have: people type such numbers.
        """
        try:
            if self._statements is not None:
                prepared = self._statements.find(statement, parameters, self._connection.dialect)
                if prepared is not None:
                    return self._run(prepared, parameters)
            return cast(Result, self.connection.execute(statement, parameters))
        except OverflowError:
            raise NotFound("号") from None
        except DataError as problem:
            if type(problem.orig).__name__ == _TOO_LARGE:
                raise NotFound("号") from None
            raise

    def _run(self, prepared: Prepared, parameters: Any) -> Rows:
        with self._faults():
            cursor = self._driver.cursor() if self._turn is None else self._turn.cursor(self._faults)
            return prepared.run(cursor, parameters)

    def _faults(self) -> "_Faults":
        return _Faults(self)

    def explain(self, last: BaseException) -> None:
        """Raise what SQLAlchemy makes of an error of the driver's, for what went past it."""
        dialect = self._connection.dialect
        errors = dialect.loaded_dbapi.Error
        if not isinstance(last, errors):
            return
        problem = last
        while isinstance(problem.__context__, errors):  # what was sent after the first that failed came to nothing
            problem = problem.__context__
        if self._turn is not None:
            self._turn.waits(whatever_comes=True)
        is_lost = dialect.is_disconnect(problem, cast(Any, self._driver), None)
        if is_lost:
            self._connection.invalidate(problem)
        if type(problem).__name__ == _TOO_LARGE:
            raise NotFound("号") from None
        raise DBAPIError.instance(
            None, None, problem, errors, hide_parameters=True, connection_invalidated=is_lost
        ) from problem

    @property
    def dialect(self) -> str:
        return self._connection.dialect.name

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Undone alone when the block raises. By hand: SQLAlchemy's own costs as much as three statements."""
        self._depth += 1
        name = f"hongyan_{self._depth}"
        self._say(f"SAVEPOINT {name}")
        try:
            yield
        except BaseException as cause:
            self.wait()  # raises in its place what went wrong before, and was not read
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

    def _say(self, command: str, *values: str | int) -> Any:
        if self._statements is None:
            return self.connection.exec_driver_sql(command, values)
        with self._faults():
            if self._turn is not None:
                self._turn.sends()
            return self._driver.execute(command, values)

    def lock(self, what: str) -> None:
        """Let nobody else work on `what` until this ends. SQLite has one writer and needs none."""
        if self._turn is not None and self._turn.take(what):
            self._say("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", what)

    def lives(self, worker: int) -> bool:
        """Whether a worker takes part in the lease now (`storage.lease`). Of SQLite there is none but this one."""
        if self.dialect != "postgresql":
            return False
        # Its lock can be had only when it is gone; ours falls with this transaction.
        (is_gone,) = self._say("SELECT pg_try_advisory_xact_lock(%s)", worker).fetchone()
        return not is_gone


class _Faults:
    """Around each statement: as a generator it would cost as much as a small one takes."""

    __slots__ = ("_tx",)

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, problem: BaseException | None, _trace: object) -> None:
        if problem is not None:
            self._tx.explain(problem)


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
    house = House(vault, hours or MessageHours(), secrets.randbits(62), statements or Statements())
    if make_url(url).get_backend_name() == "sqlite":
        opened: Opened = _Sqlite(sqlite_path(url), house)
    else:
        from storage.shared_database import SharedDatabase  # its driver is installed only where it is used

        opened = SharedDatabase(url, house)
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


def _begin_immediate(connection: Connection) -> None:
    # A deferred BEGIN fails at once with "database is locked" when it turns from reading to writing.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare_to_read(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_SQLITE_BUSY}")
    connection.execute("PRAGMA query_only=ON")


def _begin_deferred(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


class Opened(Database, Protocol):
    async def close(self) -> None:
        """Finish what was handed in, then close."""
        ...


@dataclass(frozen=True, slots=True)
class House:
    """What every transaction is given beside its connection."""

    vault: Vault
    hours: MessageHours
    worker: int
    statements: Statements

    def transaction(self, connection: Connection, turn: Turn | None = None, *, through: bool = False) -> Transaction:
        """`through` SQLAlchemy alone: the driver's own connection is not to be had in an asynchronous one."""
        statements = None if through else self.statements
        return Transaction(connection, self.vault, self.hours, statements, self.worker, turn)


@dataclass(slots=True, eq=False)
class Job:
    """Work that somebody waits for."""

    work: Callable[[Transaction], Any]
    answer: "asyncio.Future[Any]"


Outcome = tuple[bool, Any]
"""(True, result) or (False, exception)."""


def answer_all(loop: asyncio.AbstractEventLoop, answers: Sequence[tuple[Job, Outcome]]) -> None:
    """From another thread than the loop's. A caller that was cancelled has left; the work is done all the same."""

    def answer() -> None:
        for job, (kept, outcome) in answers:
            if job.answer.cancelled():
                continue
            if kept:
                job.answer.set_result(outcome)
            else:
                job.answer.set_exception(outcome)

    try:
        loop.call_soon_threadsafe(answer)
    except RuntimeError:
        _log.warning("storage: %d callers left before their answer; their work is kept", len(answers))


class _Sqlite:
    """One writer thread that commits for everyone who is waiting, and read-only connections beside it."""

    @property
    def worker(self) -> int:
        return self._house.worker

    def __init__(self, path: Path, house: House) -> None:
        self.is_spoiled = False
        self._house = house
        self._engine = sqlite_engine(path)
        self._path = path
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._writer = threading.Thread(target=self._write_all, name="storage-writer", daemon=True)
        self._writer.start()

    @cached_property
    def _readers(self) -> AsyncEngine:
        readers = create_async_engine(f"sqlite+aiosqlite:///{self._path}", pool_size=4, hide_parameters=True)
        event.listen(readers.sync_engine, "connect", _prepare_to_read)
        event.listen(readers.sync_engine, "begin", _begin_deferred)
        return readers

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(Job(lambda tx: work(tx, *args, **kwargs), answer))
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
        if "_readers" in self.__dict__:
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
            answer_all(self._loop, list(zip(batch, self._commit_together(batch), strict=True)))

    def _commit_together(self, batch: list[Job]) -> list[Outcome]:
        """Run each job in its own savepoint and commit once. The outcomes are in their order."""
        outcomes: list[Outcome] = []
        has_begun = False
        try:
            with self._engine.begin() as connection:
                has_begun = True
                for job in batch:
                    tx = self._house.transaction(connection)
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


def _is_fault(problem: BaseException) -> bool:
    """Whether it is the file's (full, locked, unreadable, spoiled) and not the statement's.

    SQLite may have rolled back the whole transaction then, not the savepoint alone. A spoiled page is a plain
    `DatabaseError`; its other kinds (a row that is there already) are the statement's.
    """
    return type(problem) in (OperationalError, DatabaseError)


async def _run_sync(engine: AsyncEngine, house: House, work: Callable[[Transaction], T]) -> T:
    async with engine.begin() as connection:
        return await connection.run_sync(lambda sync: work(house.transaction(sync, through=True)))

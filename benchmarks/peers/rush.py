"""The same claim of a place as others write it, on the same tables: is it open, who is in, how many, which number, add.

Each is durable when it answers: a commit with synchronous=FULL, for one (`aiosqlite`, SQLAlchemy's async layer) or for
all who wait (`sqlite3` in one thread, the limit of what Python can do with this file).
"""

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import aiosqlite
from sqlalchemy import Connection, event, text
from sqlalchemy.ext.asyncio import create_async_engine

_EVENT = "SELECT capacity, state, starts_at FROM events WHERE id = ?"
_MINE = (
    "SELECT id FROM sign_ups WHERE event_id = ? AND person_id = ? AND state IN ('confirmed', 'waitlisted', 'offered')"
)
_TAKEN = "SELECT count(*) FROM sign_ups WHERE event_id = ? AND state IN ('confirmed', 'offered')"
_LAST = "SELECT coalesce(max(number), 0) FROM sign_ups WHERE event_id = ?"
_ADD = (
    "INSERT INTO sign_ups (event_id, person_id, state, number, joined_at, changed_at, by_person)"
    " VALUES (?, ?, ?, ?, ?, ?, ?)"
)
_AT_ONCE = 256


async def with_aiosqlite(path: Path, event_id: int, persons: Sequence[int]) -> None:
    async with aiosqlite.connect(path, isolation_level=None) as database:
        await database.execute("PRAGMA synchronous=FULL")
        await database.execute("PRAGMA foreign_keys=ON")
        turn = asyncio.Lock()  # one connection has one transaction

        async def claim(person: int) -> None:
            async with turn:
                await database.execute("BEGIN IMMEDIATE")
                ((capacity, _, _),) = await database.execute_fetchall(_EVENT, (event_id,))
                if not await database.execute_fetchall(_MINE, (event_id, person)):
                    ((taken,),) = await database.execute_fetchall(_TAKEN, (event_id,))
                    ((last,),) = await database.execute_fetchall(_LAST, (event_id,))
                    await database.execute(_ADD, _row(event_id, person, taken < capacity, last))
                await database.execute("COMMIT")

        await asyncio.gather(*(claim(person) for person in persons))


async def with_sqlalchemy(path: Path, event_id: int, persons: Sequence[int]) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{path}", pool_size=5, pool_timeout=600)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    statements = [text(_named(statement)) for statement in (_EVENT, _MINE, _TAKEN, _LAST, _ADD)]
    find, mine, count, last_number, add = statements

    async def claim(person: int) -> None:
        async with engine.begin() as connection:
            capacity = (await connection.execute(find, {"p1": event_id})).one()[0]
            if (await connection.execute(mine, {"p1": event_id, "p2": person})).first() is None:
                taken = (await connection.execute(count, {"p1": event_id})).scalar_one()
                last = (await connection.execute(last_number, {"p1": event_id})).scalar_one()
                row = _row(event_id, person, taken < capacity, last)
                await connection.execute(add, {f"p{place}": value for place, value in enumerate(row, 1)})

    one_after_the_other = asyncio.Semaphore(1)  # more would only wait for the file, and some would be refused

    async def in_turn(person: int) -> None:
        async with one_after_the_other:
            await claim(person)

    await asyncio.gather(*(in_turn(person) for person in persons))
    await engine.dispose()


async def with_one_thread(path: Path, event_id: int, persons: Sequence[int]) -> None:
    """Plain functions on one connection, a savepoint each and a commit for all who wait."""
    jobs: queue.SimpleQueue[tuple[int, asyncio.Future[None]] | None] = queue.SimpleQueue()
    loop = asyncio.get_running_loop()

    def claim(file: sqlite3.Connection, person: int) -> None:
        file.execute("SAVEPOINT one")
        capacity, _, _ = file.execute(_EVENT, (event_id,)).fetchone()
        if file.execute(_MINE, (event_id, person)).fetchone() is None:
            (taken,) = file.execute(_TAKEN, (event_id,)).fetchone()
            (last,) = file.execute(_LAST, (event_id,)).fetchone()
            file.execute(_ADD, _row(event_id, person, taken < capacity, last))
        file.execute("RELEASE one")

    def work() -> None:
        file = sqlite3.connect(path, isolation_level=None)
        _prepare(file, None)
        while (first := jobs.get()) is not None:
            batch = [first]
            while len(batch) < _AT_ONCE and not jobs.empty():
                if (more := jobs.get()) is None:
                    return
                batch.append(more)
            file.execute("BEGIN IMMEDIATE")
            for person, _ in batch:
                claim(file, person)
            file.execute("COMMIT")
            loop.call_soon_threadsafe(answer, batch)

    def answer(batch: list[tuple[int, asyncio.Future[None]]]) -> None:
        for _, waiting in batch:
            waiting.set_result(None)

    async def asks(person: int) -> None:
        waiting = loop.create_future()
        jobs.put((person, waiting))
        await waiting

    thread = threading.Thread(target=work)
    thread.start()
    await asyncio.gather(*(asks(person) for person in persons))
    jobs.put(None)
    await asyncio.to_thread(thread.join)


def _row(event_id: int, person: int, has_a_place: bool, last: int) -> tuple[object, ...]:
    now = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
    return event_id, person, "confirmed" if has_a_place else "waitlisted", last + 1, now, now, person


def _named(statement: str) -> str:
    """With names in place of question marks."""
    head, *rest = statement.split("?")
    return head + "".join(f":p{place}{part}" for place, part in enumerate(rest, 1))


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")

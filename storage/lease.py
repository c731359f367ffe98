"""Who leads: of the workers on one database, one delivers and keeps the schedule; and how they wake one another.

A file of SQLite belongs to one program at a time, which leads for as long as it runs. Of the workers on PostgreSQL one
leads (`storage.shared_lease`). docs/decisions/0042-one-leader.md
"""

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import make_url

from storage.database import sqlite_path

Heard = Callable[[str, str], None]
"""Told what a worker, be it this one, said with `tell`."""


class InUse(Exception):
    """Another program is at work on this SQLite file."""


class Lease(Protocol):
    """Whether this process leads: `leads` is set while it does, `follows` while it does not."""

    leads: asyncio.Event
    follows: asyncio.Event
    since: datetime
    """From when on it has led, or followed."""

    def tell(self, what: str, whom: str = "") -> None:
        """Let every worker hear it soon. Told again before that, it is told once; a lost connection may lose it."""
        ...


@asynccontextmanager
async def held(url: str, worker: int, heard: Heard, clock: Callable[[], datetime]) -> AsyncIterator[Lease]:
    """Take part in the lease of the database at `url` as `worker` (`Database.worker`). Raises `InUse`."""
    if make_url(url).get_backend_name() == "sqlite":
        with alone_with(sqlite_path(url)):
            yield _Alone(heard, clock())
        return
    from storage.shared_lease import SharedLease  # its driver is installed only where it is used

    shared = SharedLease(url, worker, heard, clock)
    tasks = [asyncio.create_task(part()) for part in (shared.keep, shared.hear, shared.pass_on)]
    try:
        yield shared
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def while_leading(lease: Lease, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work` whenever this process leads, from the beginning each time; it is cancelled when it no longer does."""
    while True:
        await lease.leads.wait()
        parts = [asyncio.create_task(work()), asyncio.create_task(lease.follows.wait())]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            if parts[0].done():
                parts[0].result()  # what it raised is raised
                await lease.follows.wait()
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)


@contextmanager
def alone_with(path: Path) -> Iterator[None]:
    """A lock beside the file: one on the file itself would fall with any connection that is closed."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InUse(str(path)) from None
        yield


class _Alone:
    def __init__(self, heard: Heard, since: datetime) -> None:
        self.leads, self.follows = asyncio.Event(), asyncio.Event()
        self.leads.set()
        self.since = since
        self._heard = heard

    def tell(self, what: str, whom: str = "") -> None:
        self._heard(what, whom)

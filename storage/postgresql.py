"""PostgreSQL: its engine, and which failures of a transaction mean that it should simply run once more."""

from typing import Any

from sqlalchemy import Engine, create_engine, make_url, pool
from sqlalchemy.exc import DBAPIError, IntegrityError

WRITERS = 8  # transactions of one process at a time; more would wait for the interpreter, not for the database
READERS = 4

HANGS_AFTER = 15  # seconds between two statements; what such a process holds would make everybody else wait
WRITER = "hongyan writer"  # how the server lists our connections that hold something
SEEN_TO_BE_GONE: dict[str, Any] = {  # within half a minute, when the machine of the server is
    "connect_timeout": 10,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}
_CLASHES = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available
_UNDONE = frozenset({"25P03", "57P01"})  # the server ended us while we were silent; also in place of a commit


def engine_of(url: str, connections: int | None = None, *, writes: bool = False) -> Engine:
    """An engine with so many connections kept open; None opens one for each use.

    `writes`: a transaction that says nothing for a while is undone by the server. A report may take its time.
    """
    to_psycopg = make_url(url).set(drivername="postgresql+psycopg")
    if connections is None:
        return create_engine(to_psycopg, hide_parameters=True, poolclass=pool.NullPool)
    given = dict(SEEN_TO_BE_GONE)
    if writes:
        given["options"] = f"-c idle_in_transaction_session_timeout={HANGS_AFTER}s"
        given["application_name"] = WRITER
    return create_engine(to_psycopg, hide_parameters=True, pool_size=connections, max_overflow=0, connect_args=given)


def clashed(problem: DBAPIError) -> bool:
    """Whether another transaction came in between, or the server lost patience, so that the same may well succeed now.

    A row that somebody else added a moment earlier counts: the second run sees it, and answers accordingly.
    """
    return isinstance(problem, IntegrityError) or getattr(problem.orig, "sqlstate", None) in _CLASHES | _UNDONE

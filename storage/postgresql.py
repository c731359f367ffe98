"""PostgreSQL: its engine, and which failures of a transaction mean that it should simply run once more."""

from sqlalchemy import Engine, create_engine, make_url, pool
from sqlalchemy.exc import DBAPIError, IntegrityError

WRITERS = 8  # transactions of one process at a time; more would wait for the interpreter, not for the database
READERS = 4

_HANGS_AFTER = 15  # seconds between two statements; what such a process holds would make everybody else wait
_CLASHES = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available


def engine_of(url: str, connections: int | None = None, *, writes: bool = False) -> Engine:
    """An engine with so many connections kept open; None opens one for each use.

    `writes`: a transaction that says nothing for a while is undone by the server. A report may take its time.
    """
    to_psycopg = make_url(url).set(drivername="postgresql+psycopg")
    if connections is None:
        return create_engine(to_psycopg, hide_parameters=True, poolclass=pool.NullPool)
    options = f"-c idle_in_transaction_session_timeout={_HANGS_AFTER}s" if writes else ""
    return create_engine(
        to_psycopg,
        hide_parameters=True,
        pool_size=connections,
        max_overflow=0,
        connect_args={"options": options} if options else {},
    )


def clashed(problem: DBAPIError) -> bool:
    """Whether another transaction came in between, so that the same work may well succeed now.

    A row that somebody else added a moment earlier counts: the second run sees it, and answers accordingly.
    """
    return isinstance(problem, IntegrityError) or getattr(problem.orig, "sqlstate", None) in _CLASHES

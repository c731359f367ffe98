"""Statements compiled once and run on the driver's own cursor: what they cost then is the database, not the wrapping.

SQLAlchemy spends some fifty microseconds on each execution of a statement it has compiled already, SQLite six. Here
the same compiled text, bind processors and result processors are kept and applied by hand. Only for statements that
need nothing else: whatever this cannot prepare runs through SQLAlchemy as always (`prepare` is None).
"""

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Protocol, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect, Executable, Float, Numeric
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

Processor = Callable[[Any], Any]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
Values = Sequence[Any] | Mapping[str, Any]
"""By place for SQLite's driver, by name for PostgreSQL's."""


class Cursor(Protocol):
    """What we need of the driver's cursor."""

    @property
    def rowcount(self) -> int: ...
    def execute(self, text: str, values: Any, /) -> Any: ...
    def executemany(self, text: str, values: Iterable[Any], /) -> Any: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Result(Protocol):
    """The ways of reading a result that storage functions use; SQLAlchemy's and ours read the same."""

    @property
    def rowcount(self) -> int: ...
    def first(self) -> Any: ...
    def one(self) -> Any: ...
    def all(self) -> Sequence[Any]: ...
    def scalar(self) -> Any: ...
    def scalar_one(self) -> Any: ...
    def scalars(self) -> Any: ...
    def __iter__(self) -> Iterator[Any]: ...


class Rows:
    """The result, with the few ways of reading it that storage functions use."""

    __slots__ = ("_cursor", "_make")

    def __init__(self, cursor: Cursor, make: Callable[[Sequence[Any]], Any]) -> None:
        self._cursor = cursor
        self._make = make

    @property
    def rowcount(self) -> int:
        return self._cursor.rowcount

    def first(self) -> Any:
        row = self._cursor.fetchone()
        return None if row is None else self._make(row)

    def one(self) -> Any:
        rows = self.all()
        if len(rows) != 1:
            raise LookupError(f"one row was expected, there are {len(rows)}")
        return rows[0]

    def all(self) -> list[Any]:
        return [self._make(row) for row in self._cursor.fetchall()]

    def scalar(self) -> Any:
        row = self.first()
        return None if row is None else row[0]

    def scalar_one(self) -> Any:
        return self.one()[0]

    def scalars(self) -> "Scalars":
        return Scalars(row[0] for row in self.all())

    def __iter__(self) -> Iterator[Any]:
        # Read at once: a cursor left open in the middle would hold its snapshot.
        return iter(self.all())


class Scalars(list[Any]):
    """The first column of every row."""

    def all(self) -> list[Any]:
        return self


class Prepared:
    """One statement for one set of parameter names."""

    def __init__(self, compiled: SQLCompiler, dialect: Dialect) -> None:
        self._fixed = dict(compiled.params) | _defaults(compiled)
        self._text = str(compiled)
        names: Sequence[str] = compiled.positiontup or tuple(compiled.params)
        processors = cast(Mapping[str, Processor], compiled._bind_processors)
        if compiled.post_compile_params:  # IN (…) over constants
            expanded = compiled._process_parameters_for_postcompile(self._fixed)
            self._text, names = expanded.statement, expanded.positiontup or tuple(expanded.parameters)
            self._fixed |= expanded.additional_parameters
            processors = {**processors, **cast(Mapping[str, Processor], expanded.processors)}
        self._names = names
        self._by_name = not compiled.positional
        self._processed = [(place, processors[name]) for place, name in enumerate(names) if name in processors]
        self._make = _row_maker(compiled, dialect)

    def run(self, cursor: Cursor, parameters: Parameters) -> Rows:
        if isinstance(parameters, list | tuple):
            cursor.executemany(self._text, [self._values(each) for each in parameters])
        else:
            cursor.execute(self._text, self._values(cast(Mapping[str, Any], parameters or {})))
        return Rows(cursor, self._make)

    def _values(self, given: Mapping[str, Any]) -> Values:
        fixed = self._fixed
        values = [given[name] if name in given else fixed[name] for name in self._names]
        for place, process in self._processed:
            values[place] = process(values[place])
        return dict(zip(self._names, values, strict=True)) if self._by_name else values


class Statements:
    """Remembers what was prepared. A statement is prepared at its second use: one built on the spot never has one."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Executable, dict[tuple[str, ...], Prepared | None]] = WeakKeyDictionary()

    def find(self, statement: Executable, parameters: Parameters, dialect: Dialect) -> Prepared | None:
        if isinstance(parameters, list | tuple):
            names = tuple(parameters[0]) if parameters else ()
        else:
            names = tuple(parameters or ())
        known = self._known.get(statement)
        if known is None:
            self._known[statement] = {}
            return None
        wanted = (dialect.name, *names)
        if wanted not in known:
            known[wanted] = prepare(statement, names, dialect)
        return known[wanted]


def prepare(statement: Executable, names: Iterable[str], dialect: Dialect) -> Prepared | None:
    """None for what only SQLAlchemy itself can run: values that are computed, lists of unknown length."""
    if not isinstance(statement, ClauseElement):
        return None
    given = sorted(names)
    compiled = statement.compile(dialect=dialect, column_keys=given or None)
    if not isinstance(compiled, SQLCompiler):
        return None
    if any(parameter.key in given for parameter in compiled.post_compile_params):
        return None
    if not compiled.positional and any(isinstance(column.type, Numeric | Float) for column in compiled._result_columns):
        return None  # PostgreSQL's driver decides by what comes how it is to be read
    if any(not _is_plain_default(column) for column in compiled.insert_prefetch) or compiled.update_prefetch:
        return None
    return Prepared(compiled, dialect)


def _is_plain_default(column: Any) -> bool:
    return column.default is not None and column.default.is_scalar


def _defaults(compiled: SQLCompiler) -> dict[str, Any]:
    return {column.key: cast(Any, column.default).arg for column in compiled.insert_prefetch}


def _row_maker(compiled: SQLCompiler, dialect: Dialect) -> Callable[[Sequence[Any]], Any]:
    columns = compiled._result_columns
    if not columns:
        return tuple
    processors = [(place, column.type._cached_result_processor(dialect, None)) for place, column in enumerate(columns)]
    needed = [(place, process) for place, process in processors if process is not None]
    shape = namedtuple("Row", [column.keyname for column in columns], rename=True)  # type: ignore[misc]  # made at run time
    shape._mapping = property(lambda row: row._asdict())  # type: ignore[attr-defined]  # as rows of SQLAlchemy have it
    build = cast(Callable[[Sequence[Any]], Any], partial(tuple.__new__, shape))  # what `_make` does, without its frame
    if not needed:
        return build

    def make(row: Sequence[Any]) -> Any:
        values = list(row)
        for place, process in needed:
            values[place] = process(values[place])
        return build(values)

    return make

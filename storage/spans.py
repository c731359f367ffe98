"""Stretches of the register: who looks at every person does it in steps, so that others can write in between."""

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, select

from storage.database import Transaction
from storage.schema.people import people as table

_PERSONS = 5_000  # some milliseconds, even where each is looked at from several sides

_LAST = select(func.max(table.c.id))


class Span(NamedTuple):
    """The persons from one number to another, both included."""

    first: int
    last: int

    @property
    def bounds(self) -> dict[str, int]:
        """The parameters of `WITHIN`."""
        return {"first_person": self.first, "last_person": self.last}


EVERYONE = Span(1, 2**62)
WITHIN: ColumnElement[bool] = table.c.id.between(bindparam("first_person"), bindparam("last_person"))


def all_of_them(tx: Transaction) -> Iterator[Span]:
    """Spans that hold everyone registered so far."""
    last = tx.execute(_LAST).scalar() or 0
    return (Span(first, first + _PERSONS - 1) for first in range(1, last + 1, _PERSONS))

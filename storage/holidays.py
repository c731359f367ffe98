"""Days off and working weekends entered by staff: they win over the calendar, and move what is due."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, delete, select

from storage import audit, calendar, need_clock
from storage.audit import Actor
from storage.database import Transaction
from storage.schema.records import holiday_overrides as table
from storage.upsert import upsert

_LISTED = select(table.c.day, table.c.works, table.c.note).order_by(table.c.day)
_PUT = upsert(table, key=("day",), change=("works", "note"))
_DROP = delete(table).where(table.c.day == bindparam("on"))


@dataclass(frozen=True, slots=True)
class Override:
    """`works` makes the day a working day, else it is off."""

    day: date
    works: bool
    note: str


def listed(tx: Transaction) -> list[Override]:
    return [Override(*row) for row in tx.execute(_LISTED)]


def put(tx: Transaction, first: date, last: date, works: bool, note: str, actor: Actor, now: datetime) -> int:
    """Every day from `first` to `last`. Returns how many deadlines moved."""
    statement = _PUT(tx)
    day = first
    while day <= last:
        tx.execute(statement, {"day": day, "works": works, "note": note[:60]})
        day += timedelta(days=1)
    about = {"from": first, "to": last, "works": works, "note": note[:60]}
    audit.note(tx, actor, "holiday.put", f"{first}", now, after=about)
    return _move_deadlines(tx)


def drop(tx: Transaction, day: date, actor: Actor, now: datetime) -> int:
    """What the calendar says counts again. Returns how many deadlines moved."""
    tx.execute(_DROP, {"on": day})
    audit.note(tx, actor, "holiday.drop", f"{day}", now)
    return _move_deadlines(tx)


def guessed(tx: Transaction, today: date) -> list[int]:
    """The years, this one and from November the next, whose holidays nobody has entered and no list knows."""
    years = [today.year, today.year + 1] if today.month >= 11 else [today.year]  # the notice comes in November
    days = need_clock.overrides(tx)
    return [year for year in years if calendar.is_estimated(year, days)]


def _move_deadlines(tx: Transaction) -> int:
    days = need_clock.overrides(tx)
    running = need_clock.running(tx)
    return sum(need_clock.refresh(tx, one, days).due_at != one.due_at for one in running)

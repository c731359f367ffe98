"""办件预警: a word before a deadline, at it and long after it; each once, in working hours (domain rule 7.2)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import select

from storage import need_clock, needs, priority_list
from storage.calendar import WORKING_DAY, is_open
from storage.database import Transaction
from storage.need_clock import Clock, Deadline
from storage.needs import Need
from storage.schema.needs import need_deadlines
from storage.schema.needs import need_warnings as table
from storage.upsert import upsert

Level = Literal["soon", "due", "overdue"]
OVERDUE_BY = 2 * WORKING_DAY


@dataclass(frozen=True, slots=True)
class Warned:
    """What to tell: `soon` the owner, `due` the supervisor too, `overdue` the district. `left` may be negative."""

    need: Need
    deadline: Deadline
    level: Level
    left: timedelta  # of working time


Write = Callable[[Transaction, Warned, datetime], None]

_SENT = (
    select(table.c.deadline_id, table.c.level)
    .join(need_deadlines, need_deadlines.c.id == table.c.deadline_id)
    .where(need_deadlines.c.ended_at.is_(None))
)
_ADD = upsert(table, key=("deadline_id", "level"))


def warn_due(tx: Transaction, now: datetime, write: Write) -> int:
    """Give every warning that is due and was not given yet to `write`. Returns how many.

    Outside working hours and for a paused need there are none; they come when the clock runs again.
    """
    days = need_clock.overrides(tx)
    if not is_open(now, days):
        return 0
    written = 0
    sent = {(deadline_id, level) for deadline_id, level in tx.execute(_SENT)}
    for deadline, clock in need_clock.running_clocks(tx, days):
        if clock.due_at != deadline.due_at:
            deadline = need_clock.refresh(tx, deadline, days)  # the calendar was changed meanwhile
        if clock.is_paused(now):
            continue
        for level in levels(clock, now):
            if (deadline.id, level) in sent:
                continue
            row = {"deadline_id": deadline.id, "level": level, "need_id": deadline.need_id, "at": now}
            if not tx.execute(_ADD(tx), row).rowcount:
                continue  # another worker was first
            need = needs.get(tx, deadline.need_id)
            if level == "overdue":
                priority_list.put_on(tx, need, "overdue", needs.PROGRAM, now)
            write(tx, Warned(need, deadline, level, -clock.overdue(now)), now)
            written += 1
    return written


def levels(clock: Clock, now: datetime) -> list[Level]:
    """Those reached, the mildest first: 80 %, 100 %, and two working days beyond."""
    used = clock.elapsed(now)
    thresholds: tuple[tuple[Level, timedelta], ...] = (
        ("soon", clock.allowed * 4 // 5),
        ("due", clock.allowed),
        ("overdue", clock.allowed + OVERDUE_BY),
    )
    return [level for level, worked in thresholds if used >= worked]

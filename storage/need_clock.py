"""The clock of a need: working time from the moment it was received, standing still in pauses and in nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from storage.calendar import (
    WORKING_DAY,
    Overrides,
    add_working_time,
    last_closing,
    next_opening,
    working_time_between,
)
from storage.database import Transaction
from storage.schema.needs import need_deadlines, need_pauses
from storage.schema.needs import needs as needs_table
from storage.schema.records import holiday_overrides
from storage.times import local_date

BEFORE_LEAVING = timedelta(days=2)
MOST_PAUSED = 10 * WORKING_DAY  # in all

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Clock:
    """Pure arithmetic over what is stored. `pauses` are spans in order that do not overlap; the last may lie ahead."""

    began_at: datetime
    allowed: timedelta
    pauses: tuple[Span, ...] = ()
    overrides: Overrides | None = None

    def elapsed(self, now: datetime) -> timedelta:
        """Working time used so far; zero before it began."""
        if now <= self.began_at:
            return timedelta()
        used = self._worked(self.began_at, now)
        for begins, ends in self.pauses:
            begins, ends = max(begins, self.began_at), min(ends, now)
            if begins < ends:
                used -= self._worked(begins, ends)
        return used

    def reaches(self, worked: timedelta) -> datetime:
        """The first moment at which `worked` has been used."""
        moment = add_working_time(self.began_at, worked, self._days)
        for begins, ends in self.pauses:
            begins = max(begins, self.began_at)
            if begins < ends and moment > begins:
                moment = add_working_time(moment, self._worked(begins, ends), self._days)
        return moment

    @property
    def due_at(self) -> datetime:
        return self.reaches(self.allowed)

    def overdue(self, now: datetime) -> timedelta:
        """Working time beyond the allowed; negative while there is some left."""
        return self.elapsed(now) - self.allowed

    def is_paused(self, now: datetime) -> bool:
        return any(begins <= now < ends for begins, ends in self.pauses)

    @property
    def _days(self) -> Overrides:
        return self.overrides or {}

    def _worked(self, begins: datetime, ends: datetime) -> timedelta:
        return working_time_between(begins, ends, self._days)


@dataclass(frozen=True, slots=True)
class Deadline:
    """One promise of an answer. A need gets another when it is reopened or when its allowance changes."""

    id: int
    need_id: int
    round: int
    began_at: datetime
    allowed: int  # minutes of working time
    due_at: datetime
    ended_at: datetime | None
    because: str | None


_OVERRIDES = select(holiday_overrides.c.day, holiday_overrides.c.works)
_DEADLINE = (
    need_deadlines.c.id,
    need_deadlines.c.need_id,
    need_deadlines.c.round,
    need_deadlines.c.began_at,
    need_deadlines.c.allowed,
    need_deadlines.c.due_at,
    need_deadlines.c.ended_at,
    need_deadlines.c.because,
)
_OF = select(*_DEADLINE).where(need_deadlines.c.need_id == bindparam("need")).order_by(need_deadlines.c.id)
_RUNNING = select(*_DEADLINE).where(need_deadlines.c.ended_at.is_(None)).order_by(need_deadlines.c.id)
_BEGIN = insert(need_deadlines).returning(need_deadlines.c.id)
_END = (
    update(need_deadlines)
    .where(need_deadlines.c.need_id == bindparam("need"), need_deadlines.c.ended_at.is_(None))
    .values(ended_at=bindparam("at"), because=bindparam("why"))
)
_MOVE = update(need_deadlines).where(need_deadlines.c.id == bindparam("row")).values(due_at=bindparam("to"))
_SHOW = update(needs_table).where(needs_table.c.id == bindparam("need")).values(due_at=bindparam("to"))
_PAUSES = (
    select(need_pauses.c.id, need_pauses.c.began_at, need_pauses.c.ends_at, need_pauses.c.ended)
    .where(need_pauses.c.need_id == bindparam("need"))
    .order_by(need_pauses.c.id)
)
_RUNNING_PAUSES = (
    select(need_pauses.c.need_id, need_pauses.c.began_at, need_pauses.c.ends_at)
    .join(need_deadlines, need_deadlines.c.need_id == need_pauses.c.need_id)
    .where(need_deadlines.c.ended_at.is_(None))
    .order_by(need_pauses.c.id)
)
_PAUSE = insert(need_pauses)
_CUT = (
    update(need_pauses)
    .where(need_pauses.c.need_id == bindparam("need"), need_pauses.c.ended.is_(False))
    .where(need_pauses.c.ends_at > bindparam("at"))  # one that ran out and was not noted yet keeps its end
    .values(ended=True, ends_at=bindparam("at"))
)
_OVER = (
    select(need_pauses.c.need_id)
    .where(need_pauses.c.ended.is_(False), need_pauses.c.ends_at <= bindparam("now"))
    .order_by(need_pauses.c.id)
)
_NOTED = (
    update(need_pauses)
    .where(need_pauses.c.need_id == bindparam("need"), need_pauses.c.ends_at <= bindparam("now"))
    .values(ended=True)
)


def overrides(tx: Transaction) -> Overrides:
    """The working days and days off that staff entered."""
    return {row.day: row.works for row in tx.execute(_OVERRIDES)}


def allowance(began_at: datetime, normal: timedelta, leaves_on: date | None, days: Overrides) -> timedelta:
    """Working time until the answer: `normal`, or less for someone who leaves before, but never under a working day.

    Rule: domain 7.2, season limit. Whoever has already left has the normal one.
    """
    if leaves_on is None or leaves_on < local_date(began_at):
        return normal
    limit = last_closing(leaves_on - BEFORE_LEAVING, days)
    until_then = max(working_time_between(began_at, limit, days), timedelta())
    return min(normal, max(until_then, WORKING_DAY))


def begin(
    tx: Transaction, need_id: int, number: int, at: datetime, normal: timedelta, leaves_on: date | None
) -> Deadline:
    """Start the clock of round `number` at the next opening. A running deadline of the need is replaced."""
    days = overrides(tx)
    began_at = next_opening(at, days)
    allowed = allowance(began_at, normal, leaves_on, days)
    return _begin(tx, need_id, number, began_at, allowed, at)


def change(tx: Transaction, deadline: Deadline, normal: timedelta, leaves_on: date | None, now: datetime) -> Deadline:
    """Another allowance from the same beginning: that is another deadline, with warnings of its own."""
    allowed = allowance(deadline.began_at, normal, leaves_on, overrides(tx))
    return _begin(tx, deadline.need_id, deadline.round, deadline.began_at, allowed, now)


def _begin(
    tx: Transaction, need_id: int, number: int, began_at: datetime, allowed: timedelta, now: datetime
) -> Deadline:
    end(tx, need_id, "changed", now)
    minutes = round(allowed / timedelta(minutes=1))
    row = {"need_id": need_id, "round": number, "began_at": began_at, "allowed": minutes, "due_at": began_at}
    deadline_id = int(tx.execute(_BEGIN, row).scalar_one())
    return refresh(tx, Deadline(deadline_id, need_id, number, began_at, minutes, began_at, None, None))


def end(tx: Transaction, need_id: int, because: str, now: datetime) -> None:
    """Stop the clock. Does nothing when none is running."""
    tx.execute(_END, {"need": need_id, "at": now, "why": because})


def of(tx: Transaction, need_id: int) -> list[Deadline]:
    """All its deadlines, the first one first."""
    return [Deadline(*row) for row in tx.execute(_OF, {"need": need_id})]


def running(tx: Transaction) -> list[Deadline]:
    return [Deadline(*row) for row in tx.execute(_RUNNING)]


def running_clocks(tx: Transaction, days: Overrides) -> list[tuple[Deadline, Clock]]:
    """Every deadline that is running, with its clock, in two statements however many there are."""
    spans: dict[int, list[Span]] = {}
    for row in tx.execute(_RUNNING_PAUSES):
        spans.setdefault(row.need_id, []).append((row.began_at, row.ends_at))
    return [
        (one, Clock(one.began_at, timedelta(minutes=one.allowed), tuple(spans.get(one.need_id, ())), days))
        for one in running(tx)
    ]


def clock_of(tx: Transaction, deadline: Deadline, days: Overrides | None = None) -> Clock:
    """`days` are `overrides(tx)`, if the caller has them already."""
    known = overrides(tx) if days is None else days
    allowed = timedelta(minutes=deadline.allowed)
    return Clock(deadline.began_at, allowed, pauses(tx, deadline.need_id), known)


def refresh(tx: Transaction, deadline: Deadline, days: Overrides | None = None) -> Deadline:
    """The same deadline with `due_at` as calendar and pauses now have it, here and in the need."""
    due_at = clock_of(tx, deadline, days).due_at
    tx.execute(_MOVE, {"row": deadline.id, "to": due_at})
    tx.execute(_SHOW, {"need": deadline.need_id, "to": due_at})
    return replace(deadline, due_at=due_at)


def refresh_running(tx: Transaction, need_id: int) -> None:
    """The same for the deadline that is running, if there is one, after a pause began or ended."""
    for deadline in of(tx, need_id):
        if deadline.ended_at is None:
            refresh(tx, deadline)


def pauses(tx: Transaction, need_id: int) -> tuple[Span, ...]:
    return tuple((row.began_at, row.ends_at) for row in tx.execute(_PAUSES, {"need": need_id}))


def paused(spans: Sequence[Span], days: Overrides) -> timedelta:
    """Working time in all of `spans`."""
    return sum((working_time_between(begins, ends, days) for begins, ends in spans), timedelta())


def paused_until(tx: Transaction, need_id: int, now: datetime) -> datetime | None:
    return next((ends for begins, ends in pauses(tx, need_id) if begins <= now < ends), None)


def pause(tx: Transaction, need_id: int, now: datetime, until: datetime) -> None:
    tx.execute(_PAUSE, {"need_id": need_id, "began_at": now, "ends_at": until, "ended": False})


def cut_pause(tx: Transaction, need_id: int, now: datetime) -> None:
    """End the open pause before its time. Does nothing when there is none."""
    tx.execute(_CUT, {"need": need_id, "at": now})
    note_pause_over(tx, need_id, now)


def pauses_over(tx: Transaction, now: datetime) -> list[int]:
    """Needs whose pause has run out and was not noted yet."""
    return [row.need_id for row in tx.execute(_OVER, {"now": now})]


def note_pause_over(tx: Transaction, need_id: int, now: datetime) -> None:
    tx.execute(_NOTED, {"need": need_id, "now": now})

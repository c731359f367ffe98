"""回访: asking whether an answered need is solved, before it is closed and again when it was not. Rule: domain 7.3."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, func, insert, or_, select, update

from storage import assignments, audit, need_clock, need_entries, need_stages, needs
from storage.audit import Actor
from storage.calendar import OPENS, WORKING_DAY, add_working_time, next_working_day
from storage.database import Transaction
from storage.needs import PROGRAM, Need
from storage.refusals import NotAllowed, NotNow, OwnFollowUp, TooLateToReopen
from storage.schema.needs import need_calls
from storage.schema.needs import need_follow_ups as table
from storage.schema.needs import needs as needs_table
from storage.schema.people import accounts, people
from storage.times import at, local_date

Result = Literal["solved", "partly_solved", "unsolved"]
Satisfaction = Literal["satisfied", "mostly_satisfied", "dissatisfied"]
Method = Literal["chat", "call"]

SILENT_AFTER = timedelta(days=2)
DECIDED_WITHIN = 2 * WORKING_DAY
REOPENED_WITHIN = timedelta(days=30)
WELL_AFTER = timedelta(days=7)
CALLS_WANTED = 3  # on different days, before a need may be closed without an answer

_OUTCOMES: dict[str, needs.Outcome] = {
    "done": "solved",
    "explained": "explained",
    "referred_12345": "referred_12345",
}


@dataclass(frozen=True, slots=True)
class FollowUp:
    id: int
    need_id: int
    round: int
    due_at: datetime
    asked_at: datetime | None
    result: Result | None
    satisfaction: Satisfaction | None
    answered_at: datetime | None
    method: Method | None
    decide_by: datetime | None
    decided_at: datetime | None
    void: bool


@dataclass(frozen=True, slots=True)
class ToPhone:
    """Somebody who did not say whether it is solved. `point_id` is the point whose staff phone, None the district's."""

    need: Need
    person_id: int
    point_id: int | None
    since: datetime
    attempts: int
    why: Literal["waiting", "no_account"]


_COLUMNS = tuple(table.c[name] for name in FollowUp.__dataclass_fields__)
_OF = select(*_COLUMNS).where(table.c.need_id == bindparam("need")).order_by(table.c.id)
_ADD = insert(table)
_DUE = (
    select(table.c.id, table.c.need_id)
    .join(needs_table, needs_table.c.id == table.c.need_id)
    .where(table.c.asked_at.is_(None), table.c.answered_at.is_(None), table.c.void.is_(False))
    .where(table.c.due_at <= bindparam("now"), needs_table.c.stage == "answered")
    .order_by(table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
)
_ASKED = update(table).where(table.c.id == bindparam("row")).values(asked_at=bindparam("at"))
_ANSWERED = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(
        result=bindparam("said"),
        answered_at=bindparam("at"),
        method=bindparam("by_method"),
        by_person=bindparam("by"),
        decide_by=bindparam("until"),
    )
)
_RATED = update(table).where(table.c.id == bindparam("row")).values(satisfaction=bindparam("said"))
_DECIDED = update(table).where(table.c.id == bindparam("row")).values(decided_at=bindparam("at"))
_CALL = insert(need_calls)
_DAYS = select(func.count(func.distinct(need_calls.c.day))).where(need_calls.c.follow_up_id == bindparam("row"))
_ATTEMPTS = select(func.count()).where(need_calls.c.follow_up_id == table.c.id).correlate(table).scalar_subquery()
_REACHABLE = (
    select(func.count())
    .where(accounts.c.person_id == needs_table.c.person_id, accounts.c.reachable)
    .correlate(needs_table)
    .scalar_subquery()
)
_SILENT = (
    select(
        needs_table.c.id,
        needs_table.c.person_id,
        people.c.point_id,
        table.c.due_at,
        _ATTEMPTS.label("attempts"),
        _REACHABLE.label("reachable"),
    )
    .select_from(table.join(needs_table, needs_table.c.id == table.c.need_id))
    .join(people, people.c.id == needs_table.c.person_id)
    .where(table.c.asked_at.is_not(None), table.c.answered_at.is_(None), table.c.void.is_(False))
    .where(needs_table.c.stage == "follow_up")
    .where(or_(table.c.asked_at <= bindparam("asked_before"), _REACHABLE == 0))
    .order_by(table.c.due_at, table.c.id)
)
_LATE_DECISIONS = (
    select(table.c.id, table.c.need_id)
    .join(needs_table, needs_table.c.id == table.c.need_id)
    .where(table.c.decide_by <= bindparam("now"), table.c.decided_at.is_(None), table.c.chased_at.is_(None))
    .where(needs_table.c.stage == "follow_up")
    .order_by(table.c.id)
)
_CHASED = update(table).where(table.c.id == bindparam("row")).values(chased_at=bindparam("at"))
_WELL = (
    select(needs_table.c.id)
    .where(needs_table.c.outcome == "solved", needs_table.c.well_asked_at.is_(None))
    .where(needs_table.c.closed_at <= bindparam("closed_before"), needs_table.c.closed_at > bindparam("closed_after"))
    .order_by(needs_table.c.closed_at)
    .limit(bindparam("at_most"))
)
_WELL_ASKED = update(needs_table).where(needs_table.c.id == bindparam("need")).values(well_asked_at=bindparam("at"))
_REOPENED = (
    update(needs_table)
    .where(needs_table.c.id == bindparam("need"))
    .values(round=needs_table.c.round + 1, outcome=None, closed_at=None, answered_with=None, well_asked_at=None)
)


def plan(tx: Transaction, need: Need, now: datetime) -> None:
    """After an answer: they are asked on the first working day that follows it."""
    due_at = at(next_working_day(local_date(now), need_clock.overrides(tx)), OPENS)
    tx.execute(_ADD, {"need_id": need.id, "round": need.round, "due_at": due_at, "void": False})


def of(tx: Transaction, need_id: int) -> list[FollowUp]:
    """One for each answer, the first one first."""
    return [FollowUp(*row) for row in tx.execute(_OF, {"need": need_id})]


def ask_due(tx: Transaction, now: datetime, at_most: int = 200) -> list[Need]:
    """Needs whose residents are to be asked now; each is given out once. Nobody outside message hours."""
    if not tx.hours.are_on(now):
        return []
    asked = []
    for row_id, need_id in tx.execute(_DUE, {"now": now, "at_most": at_most}).all():
        need = needs.held(tx, needs.get(tx, need_id))
        if need.stage != "answered":
            continue  # just now: withdrawn, or they said it unasked
        need_stages.move(tx, need.id, need.number, need.stage, "follow_up", PROGRAM, now)
        tx.execute(_ASKED, {"row": row_id, "at": now})
        asked.append(needs.get(tx, need_id))
    return asked


def record(tx: Transaction, need: Need, result: Result, method: Method, actor: Actor, now: datetime) -> Need:
    """What the resident says, by chat or to the one who phoned.

    Solved closes it; in part waits for the supervisor; not solved opens it again. Raises `OwnFollowUp` when the owner
    asks in their own matter, `NotNow` when no answer is waiting for this.
    """
    need = needs.held(tx, need)
    follow_up = _open_one(tx, need)
    _must_not_own(tx, need, method, actor)
    if need.stage == "answered":  # said before being asked
        need_stages.move(tx, need.id, need.number, need.stage, "follow_up", actor, now)
        tx.execute(_ASKED, {"row": follow_up.id, "at": now})
        need = needs.get(tx, need.id)
    until = None
    if result == "partly_solved":
        until = add_working_time(now, DECIDED_WITHIN, need_clock.overrides(tx))
    phoned_by = actor.person_id if method == "call" else None
    said = {"row": follow_up.id, "said": result, "at": now, "by_method": method, "by": phoned_by, "until": until}
    tx.execute(_ANSWERED, said)
    need_entries.add(tx, need.id, need.number, need.round, "follow_up", "", actor, now)
    audit.note(tx, actor, "need.follow_up", need.subject, now, after={"result": result, "method": method})
    if result == "solved":
        return needs.close(tx, need, _OUTCOMES[need.answered_with or "done"], now)
    if result == "unsolved":
        return _again(tx, need, now)
    return needs.get(tx, need.id)


def rate(tx: Transaction, need: Need, satisfaction: Satisfaction, actor: Actor, now: datetime) -> None:
    """How they like what was done. Raises `NotNow` before they said whether it is solved."""
    answered = [one for one in of(tx, need.id) if one.result is not None]
    if not answered:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    tx.execute(_RATED, {"row": answered[-1].id, "said": satisfaction})
    audit.note(tx, actor, "need.rated", need.subject, now, after={"satisfaction": satisfaction})


def decide(tx: Transaction, need: Need, *, again: bool, reason: str, actor: Actor, now: datetime) -> Need:
    """The supervisor (the district, where there is none) opens it again or closes it as solved in part.

    `reason` is told to the resident.
    """
    need = needs.held(tx, need)
    waiting = [one for one in of(tx, need.id) if one.result == "partly_solved" and one.decided_at is None]
    if need.stage != "follow_up" or not waiting:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    supervisor = assignments.supervisor(tx, need.id)
    is_supervisor = supervisor is not None and supervisor.person_id == actor.person_id and actor.role == "supervisor"
    if not is_supervisor and actor.role != "district_staff":
        raise NotAllowed("督办人")
    tx.execute(_DECIDED, {"row": waiting[-1].id, "at": now})
    need_entries.add(tx, need.id, need.number, need.round, "decided", reason, actor, now)
    audit.note(tx, actor, "need.decided", need.subject, now, after={"again": again})
    return _again(tx, need, now) if again else needs.close(tx, need, "partly_solved", now)


def reopen(tx: Transaction, need: Need, actor: Actor, now: datetime) -> Need:
    """没解决, within 30 days of closing: the same number, owner and supervisor, and half the first time.

    A need that was merged opens the one it was merged into. Raises `TooLateToReopen`, or `NotNow` for one withdrawn.
    """
    need = needs.held(tx, need)
    if need.outcome == "duplicate" and need.parent_id is not None:
        return reopen(tx, needs.get(tx, need.parent_id), actor, now)
    if need.stage != "closed" or need.outcome in ("withdrawn", "duplicate") or need.closed_at is None:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    if now - need.closed_at > REOPENED_WITHIN:
        raise TooLateToReopen(need.number, REOPENED_WITHIN.days)
    audit.note(tx, actor, "need.reopened", need.subject, now)
    return _again(tx, need, now)


def no_answer(tx: Transaction, need: Need, actor: Actor, now: datetime) -> tuple[Need, int]:
    """A call that reached nobody. The third one on another day closes the need. Returns the days called on so far."""
    need = needs.held(tx, need)
    follow_up = _open_one(tx, need)
    _must_not_own(tx, need, "call", actor)
    if need.stage == "answered":
        need_stages.move(tx, need.id, need.number, need.stage, "follow_up", actor, now)
        tx.execute(_ASKED, {"row": follow_up.id, "at": now})
        need = needs.get(tx, need.id)
    row = {"follow_up_id": follow_up.id, "at": now, "day": local_date(now), "by_person": actor.person_id}
    tx.execute(_CALL, row)
    audit.note(tx, actor, "need.call", need.subject, now, after={"result": "no_answer"})
    days = int(tx.execute(_DAYS, {"row": follow_up.id}).scalar_one())
    if days >= CALLS_WANTED:
        need = needs.close(tx, need, "unconfirmed", now)
    return need, days


def silent(tx: Transaction, now: datetime) -> list[ToPhone]:
    """Whom to phone: no word for two days since they were asked, or no account to ask.

    Those who have left are among them: without a call their need could never be closed.
    """
    return [
        ToPhone(
            needs.get(tx, row.id),
            row.person_id,
            row.point_id,
            row.due_at,
            row.attempts,
            "waiting" if row.reachable else "no_account",
        )
        for row in tx.execute(_SILENT, {"asked_before": now - SILENT_AFTER}).all()
    ]


def late_decisions(tx: Transaction, now: datetime) -> list[Need]:
    """Needs solved in part that no supervisor decided in time; each is given out once."""
    late = []
    for row_id, need_id in tx.execute(_LATE_DECISIONS, {"now": now}).all():
        tx.execute(_CHASED, {"row": row_id, "at": now})
        late.append(needs.get(tx, need_id))
    return late


def well_due(tx: Transaction, now: datetime, at_most: int = 200) -> list[Need]:
    """Needs closed as solved a week ago whose residents are asked 还好吗 now; each once. In message hours only."""
    if not tx.hours.are_on(now):
        return []
    before = now - WELL_AFTER
    wanted = {"closed_before": before, "closed_after": before - WELL_AFTER, "at_most": at_most}
    found = [need_id for (need_id,) in tx.execute(_WELL, wanted)]
    for need_id in found:
        tx.execute(_WELL_ASKED, {"need": need_id, "at": now})
    return [needs.get(tx, need_id) for need_id in found]


def _again(tx: Transaction, need: Need, now: datetime) -> Need:
    tx.execute(_REOPENED, {"need": need.id})
    need_stages.move(tx, need.id, need.number, need.stage, "assigned", PROGRAM, now)
    first = [deadline for deadline in need_clock.of(tx, need.id) if deadline.round == 1][-1]
    half = timedelta(minutes=first.allowed) / 2
    need_clock.begin(tx, need.id, need.round + 1, now, half, needs.leaves_on(tx, need.person_id))
    assignments.hand_over_again(tx, need.id, now)
    need_entries.add(tx, need.id, need.number, need.round + 1, "reopened", "", PROGRAM, now)
    return needs.get(tx, need.id)


def _open_one(tx: Transaction, need: Need) -> FollowUp:
    waiting = [one for one in of(tx, need.id) if one.result is None and not one.void]
    if need.stage not in need_stages.AWAITING_RESIDENT or not waiting:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    return waiting[-1]


def _must_not_own(tx: Transaction, need: Need, method: Method, actor: Actor) -> None:
    roles = assignments.roles_of(tx, need.id, actor.person_id)
    if method == "call" and roles & {"lead", "support"}:
        raise OwnFollowUp(need.number)

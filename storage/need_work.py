"""What the owner of a need does: take it, work on it, answer it, give it back, let it rest until a day."""

from datetime import date, datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, func, insert, select, update

from storage import assignments, audit, follow_ups, need_clock, need_entries, need_stages, needs, people, routing
from storage.audit import Actor
from storage.calendar import OPENS, add_working_time, next_opening
from storage.database import Transaction
from storage.needs import Need
from storage.refusals import NotAllowed, NotNow, PauseTooLong, RulingStands
from storage.schema.needs import need_returns
from storage.schema.needs import needs as table
from storage.times import at, local_date

AnsweredWith = Literal["done", "explained", "referred_12345"]
ACCEPTED_WITHIN = timedelta(hours=4)  # of working time, after it was handed over

_ANSWER = (
    update(table)
    .where(table.c.id == bindparam("need"))
    .values(answered_with=bindparam("how"), ticket_12345=func.coalesce(bindparam("ticket"), table.c.ticket_12345))
)
_RETURNS = select(func.count()).where(need_returns.c.need_id == bindparam("need"))
_RETURN = insert(need_returns)


def accept(tx: Transaction, need: Need, actor: Actor, now: datetime) -> Need:
    """签收. Doing it again is harmless."""
    need = needs.held(tx, need)
    _must_lead(tx, need, actor)
    if need.stage != "assigned":
        _must_be_open(need)
        return need
    need_stages.move(tx, need.id, need.number, need.stage, "accepted", actor, now)
    assignments.note_accepted(tx, need.id, now)
    need_entries.add(tx, need.id, need.number, need.round, "accepted", "", actor, now)
    return needs.get(tx, need.id)


def begin(tx: Transaction, need: Need, actor: Actor, now: datetime) -> Need:
    """办理; whoever begins has accepted."""
    need = accept(tx, need, actor, now)
    if need.stage != "accepted":
        return need
    need_stages.move(tx, need.id, need.number, need.stage, "in_progress", actor, now)
    need_entries.add(tx, need.id, need.number, need.round, "begun", "", actor, now)
    return needs.get(tx, need.id)


def answer(tx: Transaction, need: Need, text: str, how: AnsweredWith, actor: Actor, now: datetime) -> Need:
    """答复, in plain words for the resident: the clock stops, and they will be asked whether it is solved."""
    need = begin(tx, need, actor, now)
    return _answered(tx, need, text, how, None, actor, now)


def hand_to_12345(tx: Transaction, need: Need, text: str, ticket: str, actor: Actor, now: datetime) -> Need:
    """The city's hotline takes it over under its own number, by the owner or the coordinator."""
    need = needs.held(tx, need) if actor.role == "district_staff" else begin(tx, need, actor, now)
    return _answered(tx, need, text, "referred_12345", ticket, actor, now)


def _answered(
    tx: Transaction, need: Need, text: str, how: AnsweredWith, ticket: str | None, actor: Actor, now: datetime
) -> Need:
    _must_be_open(need)
    need_clock.cut_pause(tx, need.id, now)
    need_clock.refresh_running(tx, need.id)
    need_stages.move(tx, need.id, need.number, need.stage, "answered", actor, now)
    need_clock.end(tx, need.id, "answered", now)
    tx.execute(_ANSWER, {"need": need.id, "how": how, "ticket": ticket})
    need_entries.add(tx, need.id, need.number, need.round, "answer", text, actor, now)
    follow_ups.plan(tx, need, now)
    return needs.get(tx, need.id)


def give_back(tx: Transaction, need: Need, reason: str, proposed_id: int, actor: Actor, now: datetime) -> Need:
    """退单. The first goes to the proposed owner at once, a later one to the coordinator; the clock runs on.

    Raises `RulingStands` after a final ruling. Rule: domain 7.1, returns.
    """
    need = needs.held(tx, need)
    _must_lead(tx, need, actor)
    _must_be_open(need)
    if need.ruled:
        raise RulingStands(need.number)
    returned_before = tx.execute(_RETURNS, {"need": need.id}).scalar_one()
    row = {"need_id": need.id, "at": now, "by_person": actor.person_id, "proposed_id": proposed_id}
    tx.execute(_RETURN, row)
    need_entries.add(tx, need.id, need.number, need.round, "returned", reason, actor, now, for_resident=False)
    audit.note(tx, actor, "need.returned", need.subject, now, after={"proposed": proposed_id})
    need_clock.cut_pause(tx, need.id, now)
    need_clock.refresh_running(tx, need.id)
    assignments.end(tx, need.id, "lead", "returned", now)
    if returned_before == 0:
        needs.assign(tx, need, rule_for(tx, need, proposed_id), needs.PROGRAM, now)
    else:
        need_stages.move(tx, need.id, need.number, need.stage, "received", actor, now)
    return needs.get(tx, need.id)


def rule_for(tx: Transaction, need: Need, owner_id: int) -> routing.Rule:
    """What the routing table has for this owner, closest to the need; else the owner alone, by name."""
    known = [rule for rule in routing.rules(tx) if rule.owner_id == owner_id]
    fitting = [rule for rule in known if rule.fits(need.category, need.community_code, need.grid)]
    rule = max(fitting or known, key=lambda rule: rule.closeness, default=None)
    return routing.Rule(owner_id, rule.called if rule else people.get(tx, owner_id).name, mode=need.mode)


def latest_pause(tx: Transaction, need: Need, now: datetime) -> date | None:
    """The last day a pause beginning now may name; None when no time for pauses is left."""
    days = need_clock.overrides(tx)
    left = need_clock.MOST_PAUSED - need_clock.paused(need_clock.pauses(tx, need.id), days)
    if left <= timedelta():
        return None
    latest = local_date(next_opening(add_working_time(now, left, days), days))
    return latest if latest > local_date(now) else None


def pause(tx: Transaction, need: Need, reason: str, until: date, actor: Actor, now: datetime) -> Need:
    """The clock stands still until the offices open on `until`; the resident is told why and until when.

    Raises `PauseTooLong` beyond ten working days in all.
    """
    need = needs.held(tx, need)
    _must_lead(tx, need, actor)
    _must_be_open(need)
    if need_clock.paused_until(tx, need.id, now) is not None:
        raise NotNow(need.number, "暂停")
    latest = latest_pause(tx, need, now)
    if latest is None or not local_date(now) < until <= latest:
        raise PauseTooLong(latest)
    need = begin(tx, need, actor, now)
    need_clock.pause(tx, need.id, now, at(until, OPENS))
    need_clock.refresh_running(tx, need.id)
    need_entries.add(tx, need.id, need.number, need.round, "paused", reason, actor, now)
    audit.note(tx, actor, "need.paused", need.subject, now, after={"until": until})
    return needs.get(tx, need.id)


def resume(tx: Transaction, need: Need, actor: Actor, now: datetime) -> Need:
    """Go on before the day the pause was to end. Raises `NotNow` when it is not paused."""
    need = needs.held(tx, need)
    _must_lead(tx, need, actor)
    if need_clock.paused_until(tx, need.id, now) is None:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    need_clock.cut_pause(tx, need.id, now)
    need_clock.refresh_running(tx, need.id)
    _note_resumed(tx, need, actor, now)
    return needs.get(tx, need.id)


def resume_due(tx: Transaction, now: datetime) -> list[Need]:
    """Needs whose pause ran out by itself, noted once. Their owners are to be told."""
    resumed = []
    for need_id in need_clock.pauses_over(tx, now):
        need_clock.note_pause_over(tx, need_id, now)
        need = needs.get(tx, need_id)
        if need.stage in need_stages.OPEN:
            _note_resumed(tx, need, needs.PROGRAM, now)
            resumed.append(need)
    return resumed


def _note_resumed(tx: Transaction, need: Need, actor: Actor, now: datetime) -> None:
    need_entries.add(tx, need.id, need.number, need.round, "resumed", "", actor, now)
    audit.note(tx, actor, "need.resumed", need.subject, now)


def note(tx: Transaction, need: Need, text: str, actor: Actor, now: datetime) -> None:
    """A word among staff, which the resident never reads."""
    need_entries.add(tx, need.id, need.number, need.round, "note", text, actor, now, for_resident=False)


def _must_lead(tx: Transaction, need: Need, actor: Actor) -> None:
    lead = assignments.lead(tx, need.id)
    if actor.role != "owner" or lead is None or lead.person_id != actor.person_id:
        raise NotAllowed("承办人")


def _must_be_open(need: Need) -> None:
    if need.stage not in need_stages.OPEN:
        raise NotNow(need.number, need_stages.STAGES[need.stage])

"""What the coordinator decides about needs: who works on them, how fast, and which are the same matter."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select, update

from storage import assignments, audit, need_clock, need_entries, need_stages, needs, routing
from storage.audit import Actor
from storage.database import Transaction
from storage.need_categories import Category
from storage.needs import Need
from storage.refusals import NotAllowed, NotNow
from storage.schema.needs import need_deadlines, need_returns
from storage.schema.needs import needs as table

_UNASSIGNED = (
    select(table.c.id).where(table.c.stage == "received", needs.UNDER_WAY).order_by(table.c.due_at, table.c.id)
)
_COUNT = select(func.count()).where(need_returns.c.need_id == bindparam("need"))
_RULE = (
    update(need_returns)
    .where(need_returns.c.need_id == bindparam("need"), need_returns.c.ruled_at.is_(None))
    .values(ruled_at=bindparam("now"), ruled_by=bindparam("actor"))
)
_RULED = update(table).where(table.c.id == bindparam("need")).values(ruled=True)
_FLAG = update(table).where(table.c.id == bindparam("need"))
_PARENT = update(table).where(table.c.id == bindparam("need")).values(parent_id=bindparam("parent"))
_CHILDREN = update(table).where(table.c.parent_id == bindparam("need")).values(parent_id=bindparam("parent"))
_APART = update(table).where(table.c.id == bindparam("need")).values(parent_id=None, outcome=None, closed_at=None)
_RUN_ON = (
    update(need_deadlines)
    .where(need_deadlines.c.need_id == bindparam("need"), need_deadlines.c.because == "duplicate")
    .values(ended_at=None, because=None)
)


def unassigned(tx: Transaction) -> list[Need]:
    """Those nobody works on yet, or any more after a second return; what is due first comes first."""
    return needs.some(tx, [need_id for (need_id,) in tx.execute(_UNASSIGNED).all()])


def returns(tx: Transaction, need_id: int) -> int:
    """How often owners handed it back."""
    return int(tx.execute(_COUNT, {"need": need_id}).scalar_one())


def assign(tx: Transaction, need: Need, rule: routing.Rule, actor: Actor, now: datetime) -> Need:
    """派单, to the owner of `rule`. After a second return this is the 终审, which cannot be returned."""
    _must_be_staff(actor)
    need = needs.held(tx, need)
    _must_be_open(need)
    is_final = need.stage == "received" and returns(tx, need.id) >= 2
    needs.assign(tx, need, rule, actor, now)
    if is_final:
        tx.execute(_RULE, {"need": need.id, "now": now, "actor": actor.person_id})
        tx.execute(_RULED, {"need": need.id})
        need_entries.add(tx, need.id, need.number, need.round, "ruled", rule.called, actor, now, for_resident=False)
        audit.note(tx, actor, "need.ruled", need.subject, now, after={"owner": rule.owner_id})
    return _retimed(tx, need, now)


def set_mode(
    tx: Transaction, need: Need, mode: routing.Mode, supports: Sequence[int], actor: Actor, now: datetime
) -> Need:
    """简单直接办 or 复杂联合办, with those who help. The time allowed follows."""
    _must_be_staff(actor)
    need = needs.held(tx, need)
    _must_be_open(need)
    assignments.end(tx, need.id, "support", "reassigned", now)
    for person_id in supports if mode == "joint" else ():
        assignments.add(tx, need.id, person_id, "support", "", now)
    tx.execute(_FLAG.values(mode=mode), {"need": need.id})
    audit.note(tx, actor, "need.mode", need.subject, now, before={"mode": need.mode}, after={"mode": mode})
    return _retimed(tx, need, now)


def set_urgent(tx: Transaction, need: Need, urgent: bool, actor: Actor, now: datetime) -> Need:
    """加急: one working day. The time allowed follows."""
    _must_be_staff(actor)
    need = needs.held(tx, need)
    _must_be_open(need)
    tx.execute(_FLAG.values(urgent=urgent), {"need": need.id})
    audit.note(tx, actor, "need.urgent", need.subject, now, before={"urgent": need.urgent}, after={"urgent": urgent})
    return _retimed(tx, need, now)


def set_pressing(tx: Transaction, need: Need, pressing: bool, actor: Actor, now: datetime) -> Need:
    """急难愁盼."""
    _must_be_staff(actor)
    tx.execute(_FLAG.values(pressing=pressing), {"need": need.id})
    audit.note(tx, actor, "need.pressing", need.subject, now, after={"pressing": pressing})
    return needs.get(tx, need.id)


def recategorise(tx: Transaction, need: Need, category: Category, actor: Actor, now: datetime) -> Need:
    """It is about something else than was thought. Its owner stays; `assign` gives it another."""
    _must_be_staff(actor)
    tx.execute(_FLAG.values(category=category.code), {"need": need.id})
    change = {"category": need.category}, {"category": category.code}
    audit.note(tx, actor, "need.category", need.subject, now, before=change[0], after=change[1])
    return needs.get(tx, need.id)


def merge(tx: Transaction, need: Need, parent: Need, actor: Actor, now: datetime) -> Need:
    """并入: both are one matter, worked on under `parent`. Whoever told this one is answered when that one closes.

    Raises `NotNow` when either is closed, or when they would form a ring.
    """
    _must_be_staff(actor)
    both = {each.id: needs.held(tx, each) for each in sorted((need, parent), key=lambda each: each.id)}
    need, parent = both[need.id], both[parent.id]
    if parent.parent_id is not None or parent.id == need.id or not parent.is_open:
        raise NotNow(parent.number, need_stages.STAGES[parent.stage])
    if not need.is_open:
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    tx.execute(_CHILDREN, {"need": need.id, "parent": parent.id})
    tx.execute(_PARENT, {"need": need.id, "parent": parent.id})
    need_entries.add(tx, need.id, need.number, need.round, "merged", parent.number, actor, now)
    audit.note(tx, actor, "need.merged", need.subject, now, after={"parent": parent.id})
    return needs.close(tx, need, "duplicate", now)


def separate(tx: Transaction, need: Need, rule: routing.Rule, actor: Actor, now: datetime) -> Need:
    """Take a merge back: the need goes on by itself, and its clock has run all the time."""
    _must_be_staff(actor)
    need = needs.held(tx, need)
    if need.outcome != "duplicate":
        raise NotNow(need.number, need_stages.STAGES[need.stage])
    audit.note(tx, actor, "need.separated", need.subject, now, before={"parent": need.parent_id})
    tx.execute(_APART, {"need": need.id})
    tx.execute(_RUN_ON, {"need": need.id})
    needs.assign(tx, need, rule, actor, now)
    need_entries.add(tx, need.id, need.number, need.round, "separated", "", actor, now)
    return _retimed(tx, needs.get(tx, need.id), now)


def _retimed(tx: Transaction, before: Need, now: datetime) -> Need:
    """The need as it is now, with another deadline if its normal time changed."""
    need = needs.get(tx, before.id)
    running = [deadline for deadline in need_clock.of(tx, need.id) if deadline.ended_at is None]
    normal = needs.normal_time(tx, need)
    if running and need.round == 1 and normal != needs.normal_time(tx, before):
        need_clock.change(tx, running[-1], normal, needs.leaves_on(tx, need.person_id), now)
    elif running:
        need_clock.refresh(tx, running[-1])
    return needs.get(tx, before.id)


def _must_be_staff(actor: Actor) -> None:
    if actor.role != "district_staff":
        raise NotAllowed("区级工作人员")


def _must_be_open(need: Need) -> None:
    if need.stage not in need_stages.OPEN:
        raise NotNow(need.number, need_stages.STAGES[need.stage])

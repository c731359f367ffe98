"""重点督办清单: the hard cases, what stands in their way, and what was settled on the spot."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import bindparam, insert, select, update

from storage import assignments, audit, need_clock, need_entries, needs, settings
from storage.audit import Actor
from storage.calendar import WORKING_DAY, is_open
from storage.database import Transaction
from storage.needs import Need
from storage.refusals import NotAllowed
from storage.schema.needs import need_visits
from storage.schema.needs import needs as table
from storage.times import local, local_date

Because = Literal["overdue", "pressing", "staff"]
_EXPORTED = "priority list exported"  # a setting: the Monday of the last week it was


@dataclass(frozen=True, slots=True)
class Visit:
    """现场协调: the bodies that took part, and the result in words."""

    at: datetime
    units: str
    result: str


@dataclass(frozen=True, slots=True)
class Listed:
    need: Need
    lead: str  # as residents are told of the owner; empty when there is none
    because: Because
    obstacle: str
    overdue: timedelta  # of working time; negative while there is some left
    visits: tuple[Visit, ...]

    @property
    def days_overdue(self) -> float:
        """Working days, of ten hours each; 0 when it is not overdue."""
        return max(self.overdue / WORKING_DAY, 0.0)


_LIST = (
    update(table)
    .where(table.c.id == bindparam("need"), table.c.listed_at.is_(None))
    .values(listed_at=bindparam("at"), listed_because=bindparam("why"))
)
_UNLIST = update(table).where(table.c.id == bindparam("need")).values(listed_at=None, listed_because=None)
_OBSTACLE = update(table).where(table.c.id == bindparam("need")).values(obstacle=bindparam("sealed"))
_LISTED = (
    select(table.c.id, table.c.listed_because, table.c.obstacle)
    .where(table.c.listed_at.is_not(None), needs.UNDER_WAY)
    .order_by(table.c.due_at, table.c.id)
)
_VISIT = insert(need_visits).returning(need_visits.c.id)
_SEAL_VISIT = update(need_visits).where(need_visits.c.id == bindparam("visit")).values(result=bindparam("sealed"))
_VISITS = (
    select(need_visits.c.id, need_visits.c.at, need_visits.c.units, need_visits.c.result)
    .where(need_visits.c.need_id == bindparam("need"))
    .order_by(need_visits.c.at, need_visits.c.id)
)
_ON_IT = ("district_staff", "supervisor")


def put_on(tx: Transaction, need: Need, because: Because, actor: Actor, now: datetime) -> None:
    """Does nothing when it is on the list already. It leaves the list by being closed, or by `take_off`."""
    if tx.execute(_LIST, {"need": need.id, "at": now, "why": because}).rowcount:
        audit.note(tx, actor, "need.listed", need.subject, now, after={"because": because})


def take_off(tx: Transaction, need: Need, actor: Actor, now: datetime) -> None:
    _must_supervise(actor)
    tx.execute(_UNLIST, {"need": need.id})
    audit.note(tx, actor, "need.unlisted", need.subject, now)


def note_obstacle(tx: Transaction, need: Need, text: str, actor: Actor, now: datetime) -> None:
    """卡点: what stands in the way."""
    _must_supervise(actor)
    tx.execute(_OBSTACLE, {"need": need.id, "sealed": tx.vault.seal(text, f"needs.obstacle|{need.number}")})
    audit.note(tx, actor, "need.obstacle", need.subject, now)


def note_visit(tx: Transaction, need: Need, units: str, result: str, actor: Actor, now: datetime) -> None:
    """Who met on the spot, and what came of it. `units` are bodies, not persons."""
    _must_supervise(actor)
    row = {"need_id": need.id, "at": now, "units": units[:200], "noted_by": actor.person_id}
    visit = int(tx.execute(_VISIT, row).scalar_one())
    tx.execute(_SEAL_VISIT, {"visit": visit, "sealed": tx.vault.seal(result, f"need_visits.result|{visit}")})
    need_entries.add(tx, need.id, need.number, need.round, "visit", "", actor, now)
    audit.note(tx, actor, "need.visit", need.subject, now)


def listed(tx: Transaction, now: datetime) -> list[Listed]:
    """What is due first comes first."""
    days = need_clock.overrides(tx)
    found = []
    for row in tx.execute(_LISTED).all():
        need = needs.get(tx, row.id)
        last = need_clock.of(tx, need.id)[-1]
        clock = need_clock.clock_of(tx, last, days)
        obstacle = "" if row.obstacle is None else tx.vault.open(row.obstacle, f"needs.obstacle|{need.number}")
        overdue = clock.overdue(last.ended_at or now)
        lead = assignments.lead(tx, need.id)
        found.append(
            Listed(need, lead.called if lead else "", row.listed_because, obstacle, overdue, tuple(visits(tx, need.id)))
        )
    return found


def visits(tx: Transaction, need_id: int) -> list[Visit]:
    return [
        Visit(
            row.at,
            row.units,
            "" if row.result is None else tx.vault.open(row.result, f"need_visits.result|{row.id}"),
        )
        for row in tx.execute(_VISITS, {"need": need_id})
    ]


def export_is_due(tx: Transaction, now: datetime) -> bool:
    """Once a week, in the first working hours of it. True is given once; the list is then on its way."""
    if not is_open(now, need_clock.overrides(tx)):
        return False
    today = local_date(now)
    week = (today - timedelta(days=local(now).weekday())).isoformat()
    if settings.get(tx, _EXPORTED) == week:
        return False
    settings.put(tx, _EXPORTED, week, now)
    return True


def _must_supervise(actor: Actor) -> None:
    if actor.role not in _ON_IT:
        raise NotAllowed("督办人")

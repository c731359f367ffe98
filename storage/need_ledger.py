"""The ledger of needs: each with its owners, its clock and what came of it, as it stands now."""

import re
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from storage import assignments, communities, follow_ups, need_categories, need_clock, needs
from storage.calendar import WORKING_DAY, Overrides
from storage.database import Transaction
from storage.follow_ups import FollowUp
from storage.masks import mask_phone
from storage.needs import Need
from storage.people import find
from storage.schema.needs import need_returns
from storage.schema.needs import needs as table
from storage.scrub import scrub

_SUMMARY = 40  # characters of what was said
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")

_RECEIVED = (
    select(table.c.id)
    .where(table.c.received_at >= bindparam("begins"), table.c.received_at < bindparam("ends"))
    .order_by(table.c.received_at, table.c.id)
)
_RETURNS = select(func.count()).where(need_returns.c.need_id == bindparam("need"))


@dataclass(frozen=True, slots=True)
class NeedRow:
    """A need as the ledger shows it. `working_days` are those used to the answer, or so far."""

    need: Need
    category: str
    community: str
    summary: str  # empty for what only the owner may read, and once the words were erased
    owner: str
    supports: str
    due_at: datetime
    answered_at: datetime | None
    working_days: float
    returns: int
    follow_up: FollowUp | None  # the last one with a result

    @property
    def reopened(self) -> int:
        return self.need.round - 1


def received(tx: Transaction, begins: datetime, ends: datetime, now: datetime) -> list[NeedRow]:
    """The needs received in the period, in order of time."""
    names = communities.names(tx)
    days = need_clock.overrides(tx)
    found = tx.execute(_RECEIVED, {"begins": begins, "ends": ends}).scalars().all()
    return [_row(tx, needs.get(tx, need_id), names, days, now) for need_id in found]


def _row(tx: Transaction, need: Need, names: dict[str, str], days: Overrides, now: datetime) -> NeedRow:
    category = need_categories.get(tx, need.category)
    working = assignments.of(tx, need.id)
    lead = next((each.called for each in working if each.role == "lead"), "")
    supports = [find(tx, each.person_id) for each in working if each.role == "support"]
    deadlines = need_clock.of(tx, need.id)
    answers = [each for each in deadlines if each.because == "answered"]
    last = deadlines[-1]
    ended_at = last.ended_at or now
    told = [each for each in follow_ups.of(tx, need.id) if each.result is not None]
    text = "" if category.is_health else scrub(needs.text_of(tx, need)[0])[0]
    summary = _PHONE.sub(lambda phone: mask_phone(phone[0]), text)
    return NeedRow(
        need=need,
        category=category.label,
        community=names.get(need.community_code or "", ""),
        summary=summary if len(summary) <= _SUMMARY else summary[:_SUMMARY] + "…",
        owner=lead,
        supports="、".join(person.name for person in supports if person is not None),
        due_at=last.due_at,
        answered_at=answers[-1].ended_at if answers else None,
        working_days=need_clock.clock_of(tx, last, days).elapsed(ended_at) / WORKING_DAY,
        returns=int(tx.execute(_RETURNS, {"need": need.id}).scalar_one()),
        follow_up=told[-1] if told else None,
    )

"""Needs as a ledger shows them, row by row: no name or phone of a resident, and nothing said about health."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select

from storage import assignments, attachments, communities, follow_ups, need_categories, need_clock, needs, people
from storage.calendar import WORKING_DAY, Overrides
from storage.database import Transaction
from storage.masks import mask_name, mask_phone
from storage.needs import Need
from storage.schema.needs import need_assignments, need_returns
from storage.schema.needs import needs as table

_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
_LONGEST = 40  # characters of what was said

_WITHIN = (
    select(table.c.id)
    .where(table.c.received_at >= bindparam("begins"), table.c.received_at < bindparam("ends"))
    .order_by(table.c.id)
)
_RETURNS = select(func.count()).where(need_returns.c.need_id == bindparam("need"))
_LAST_LEAD = (
    select(need_assignments.c.called)
    .where(need_assignments.c.need_id == bindparam("need"), need_assignments.c.role == "lead")
    .order_by(need_assignments.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Row:
    need: Need
    category: str
    community: str
    gist: str
    lead: str
    supports: str  # masked, separated by 、
    due_at: datetime
    answered_at: datetime | None
    used: timedelta  # working time of the newest deadline, until the answer or until now
    returned: int
    followed_up_at: datetime | None
    method: str | None
    satisfaction: str | None

    @property
    def days_used(self) -> float:
        """In working days of ten hours."""
        return self.used / WORKING_DAY

    @property
    def reopened(self) -> int:
        return self.need.round - 1


def within(tx: Transaction, begins: datetime, ends: datetime, now: datetime) -> Iterator[Row]:
    """Those received in the half-open span, in order of their numbers."""
    days = need_clock.overrides(tx)
    for (need_id,) in tx.execute(_WITHIN, {"begins": begins, "ends": ends}).all():
        yield of(tx, needs.get(tx, need_id), now, days)


def of(tx: Transaction, need: Need, now: datetime, days: Overrides) -> Row:
    last = need_clock.of(tx, need.id)[-1]
    answered = [one for one in follow_ups.of(tx, need.id) if one.result is not None]
    followed = answered[-1] if answered else None
    community = communities.get(tx, need.community_code) if need.community_code else None
    return Row(
        need=need,
        category=need_categories.get(tx, need.category).label,
        community=community.display_name if community else "",
        gist=gist(tx, need),
        lead=tx.execute(_LAST_LEAD, {"need": need.id}).scalar() or "",
        supports="、".join(_supports(tx, need)),
        due_at=last.due_at,
        answered_at=last.ended_at if last.because == "answered" else None,
        used=need_clock.clock_of(tx, last, days).elapsed(last.ended_at or now),
        returned=int(tx.execute(_RETURNS, {"need": need.id}).scalar_one()),
        followed_up_at=followed.answered_at if followed else None,
        method=followed.method if followed else None,
        satisfaction=followed.satisfaction if followed else None,
    )


def gist(tx: Transaction, need: Need) -> str:
    """The beginning of what was said, without phone numbers; of health matters nothing (care.md K6)."""
    if need_categories.get(tx, need.category).is_health:
        return "（看病的事，内容不列）"
    text, _ = needs.text_of(tx, need)
    if not text:
        return "（语音或照片）" if attachments.of(tx, need.subject) else "（内容已按规定清除）"
    masked = _PHONE.sub(lambda found: mask_phone(found[0]), text)
    return masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}…"


def _supports(tx: Transaction, need: Need) -> Iterator[str]:
    for one in assignments.of(tx, need.id):
        if one.role == "support":
            person = people.find(tx, one.person_id)
            yield one.called or (mask_name(person.name) if person else "")

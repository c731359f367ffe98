"""Needs under way, as the board of staff shows them."""

import re

from sqlalchemy import bindparam, or_, select

from storage import attachments, need_categories, needs
from storage.database import Transaction
from storage.masks import mask_phone
from storage.needs import Need
from storage.schema.needs import needs as table
from storage.schema.people import people
from storage.schema.places import service_points
from storage.scrub import scrub

_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
_LONGEST = 40  # characters of what was said

_OPEN = (
    select(table.c.id).where(table.c.stage != "closed").order_by(table.c.due_at, table.c.id).limit(bindparam("at_most"))
)
_OF_POINTS = (
    select(table.c.id)
    .outerjoin(people, people.c.id == table.c.person_id)
    .where(table.c.stage != "closed")
    .where(
        or_(
            people.c.point_id.in_(bindparam("points", expanding=True)),
            people.c.point_id.is_(None)
            & table.c.community_code.in_(
                select(service_points.c.community_code).where(
                    service_points.c.id.in_(bindparam("points", expanding=True))
                )
            ),
        )
    )
    .order_by(table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
)


def under_way(tx: Transaction, point_ids: frozenset[int] | None, at_most: int = 300) -> list[Need]:
    """What is due first comes first. Of `point_ids`: those of the point's people, or else of its community."""
    if point_ids is None:
        found = tx.execute(_OPEN, {"at_most": at_most})
    else:
        found = tx.execute(_OF_POINTS, {"points": sorted(point_ids), "at_most": at_most})
    return [needs.get(tx, need_id) for (need_id,) in found.all()]


def gist(tx: Transaction, need: Need) -> str:
    """The beginning of what was said, without phone numbers; of health matters nothing (care.md K6)."""
    if need_categories.get(tx, need.category).is_health:
        return "（看病的事，内容不列）"
    text, _ = needs.text_of(tx, need)
    if not text:
        return "（语音或照片）" if attachments.of(tx, need.subject) else "（内容已按规定清除）"
    masked = _PHONE.sub(lambda phone: mask_phone(phone[0]), scrub(text)[0])
    return masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}…"

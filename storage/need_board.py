"""Needs under way, as the board of staff shows them."""

import re
from collections.abc import Mapping, Sequence

from sqlalchemy import bindparam, or_, select

from storage import attachments, needs
from storage.database import Transaction
from storage.masks import mask_phone
from storage.need_categories import Category
from storage.needs import Need
from storage.schema.needs import needs as table
from storage.schema.people import people
from storage.schema.places import service_points
from storage.scrub import scrub

_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d{9}|0\d{2,3}-?\d{7,8})(?!\d)")
_LONGEST = 40  # characters of what was said

_OPEN = select(table.c.id).where(needs.UNDER_WAY).order_by(table.c.due_at, table.c.id).limit(bindparam("at_most"))
_OF_POINTS = (
    select(table.c.id)
    .outerjoin(people, people.c.id == table.c.person_id)
    .where(needs.UNDER_WAY)
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
    return needs.some(tx, [need_id for (need_id,) in found.all()])


def gists(tx: Transaction, some: Sequence[Need], categories: Mapping[str, Category]) -> dict[int, str]:
    """Of each need the beginning of what was said, without phone numbers; of health matters nothing (care.md K6)."""
    told = needs.words_of(tx, [need for need in some if not categories[need.category].is_health])
    return {need.id: _gist(tx, need, told.get(need.id)) for need in some}


def _gist(tx: Transaction, need: Need, text: str | None) -> str:
    if text is None:
        return "（看病的事，内容不列）"
    if not text:
        return "（语音或照片）" if attachments.of(tx, need.subject) else "（内容已按规定清除）"
    masked = _PHONE.sub(lambda phone: mask_phone(phone[0]), scrub(text)[0])
    return masked if len(masked) <= _LONGEST else f"{masked[:_LONGEST]}…"

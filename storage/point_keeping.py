"""What is known of a service point, changed by those who keep it, and positions that are probably wrong (domain 5)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update

from storage import audit, points
from storage.audit import Actor
from storage.database import Transaction
from storage.geography import Place, metres_between
from storage.points import ServicePoint
from storage.refusals import NotFound
from storage.schema.places import service_points as table

DAILY = tuple("hours phone duty_person duty_phone services step_free toilet".split())
"""What the lead of a point keeps."""

ALL = (*DAILY, *"name kind community_code address latitude longitude datum note active".split())
"""What district staff keep as well; the code of a point stays."""

_NOT_LOGGED = ("duty_person", "duty_phone", "note")  # a person's, or free text
_FAR = 5000.0  # metres from the next point of the same community: a village is not larger
_DATUM_APART = (300.0, 700.0)  # metres between WGS-84 and GCJ-02 here, about 470


@dataclass(frozen=True, slots=True)
class Doubts:
    """What makes a position look wrong. Metres; None is no doubt."""

    outside: bool = False  # of the district: the position cannot be right
    far_from_community: float | None = None  # from the next point of the same community
    moved: float | None = None  # from where the point was until now
    moved_like_datum: bool = False  # as far as between the two datums: the same spot, read the other way


def change(tx: Transaction, point_id: int, values: Mapping[str, Any], actor: Actor, now: datetime) -> list[str]:
    """Keep `values` of the names in `ALL`. Returns the names that changed. Raises `NotFound`."""
    before = points.get(tx, point_id)
    changed = {name: value for name, value in values.items() if name in ALL and getattr(before, name) != value}
    if not changed:
        return []
    statement = update(table).where(table.c.id == bindparam("point")).values(**changed, updated_at=now)
    tx.execute(statement, {"point": point_id})
    said = {name: value for name, value in changed.items() if name not in _NOT_LOGGED}
    audit.note(
        tx,
        actor,
        "point.change",
        f"point {point_id}",
        now,
        before={name: getattr(before, name) for name in said},
        after={**said, "changed": sorted(changed)},
    )
    return list(changed)


def kept_by(tx: Transaction, point_id: int, reached: frozenset[int] | None) -> ServicePoint:
    """The point, when it is among `reached`; None is the whole district. Raises `NotFound`."""
    if reached is not None and point_id not in reached:
        raise NotFound("服务点")
    return points.get(tx, point_id)


def doubts(tx: Transaction, place: Place, community_code: str | None, before: ServicePoint | None) -> Doubts:
    if points.is_outside(place):
        return Doubts(outside=True)
    spot = place.as_wgs84()
    others = [
        metres_between(spot, other.place)
        for other in (points.of_community(tx, community_code) if community_code else [])
        if other.place is not None and (before is None or other.id != before.id)
    ]
    far = min(others) if others and min(others) > _FAR else None
    if before is None or before.place is None or before.place == place:
        return Doubts(far_from_community=far)
    moved, (least, most) = metres_between(spot, before.place), _DATUM_APART
    return Doubts(far_from_community=far, moved=moved, moved_like_datum=least <= moved <= most)

"""Names people have for places (estates, roads, landmarks), kept by staff, so that 找服务点 understands them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, select

from storage import audit, points
from storage.audit import Actor
from storage.database import Transaction
from storage.geography import Place
from storage.refusals import NotFound, OutOfReach
from storage.schema.places import place_names as table

_LISTED = select(table.c.id, table.c.name, table.c.is_sample).order_by(table.c.name)
_NAME = select(table.c.name).where(table.c.id == bindparam("landmark"))
_DROP = delete(table).where(table.c.id == bindparam("landmark"))


@dataclass(frozen=True, slots=True)
class Landmark:
    id: int
    name: str
    is_sample: bool


def listed(tx: Transaction) -> list[Landmark]:
    return [Landmark(*row) for row in tx.execute(_LISTED)]


def add(tx: Transaction, name: str, place: Place, actor: Actor, now: datetime) -> None:
    """Raises `OutOfReach` for a place that is not in the district."""
    if points.is_outside(place):
        raise OutOfReach
    points.add_landmark(tx, name, place)
    audit.note(tx, actor, "landmark.add", "landmark", now, after={"name": name, "datum": place.datum})


def drop(tx: Transaction, landmark_id: int, actor: Actor, now: datetime) -> None:
    name = tx.execute(_NAME, {"landmark": landmark_id}).scalar()
    if name is None:
        raise NotFound("地名")
    tx.execute(_DROP, {"landmark": landmark_id})
    audit.note(tx, actor, "landmark.drop", f"landmark {landmark_id}", now, before={"name": name})

"""Service points: what each offers, whether it is open, and which are nearest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, insert, select

from storage import closures, opening_hours
from storage.closures import Closure
from storage.database import Transaction
from storage.geography import Datum, Place, metres_between
from storage.refusals import NotFound, OutOfReach
from storage.schema.places import place_names
from storage.schema.places import service_points as table
from storage.times import local_date

KINDS = {
    "community_window": "社区服务窗口",
    "property_office": "物业办公场所",
    "station": "驿站",
    "day_care": "日间照料中心",
    "party_centre": "党群服务中心",
}
SOUTH, NORTH, WEST, EAST = 18.19, 18.63, 109.18, 109.54  # the district in WGS-84 (domain 5)


@dataclass(slots=True)
class ServicePoint:
    id: int
    code: str
    name: str
    kind: str
    community_code: str | None
    address: str
    latitude: float | None
    longitude: float | None
    datum: Datum
    phone: str
    hours: str
    services: str
    duty_person: str | None
    step_free: bool | None
    toilet: bool | None
    is_sample: bool
    duty_phone: str | None
    note: str
    active: bool
    closures: tuple[Closure, ...] = ()

    @property
    def place(self) -> Place | None:
        if self.latitude is None or self.longitude is None:
            return None  # a point without a fixed position, such as a boat
        return Place(self.latitude, self.longitude, self.datum)

    def is_open(self, now: datetime) -> bool | None:
        """None when its hours do not say."""
        if self.is_closed_on(local_date(now)):
            return False
        hours = opening_hours.read(self.hours)
        return None if hours is None else hours.are_on(now)

    def is_closed_on(self, day: date) -> bool:
        """Whether it is closed that day beside its hours."""
        return any(closure.covers(day) for closure in self.closures)


_COLUMNS = (
    table.c.id,
    table.c.code,
    table.c.name,
    table.c.kind,
    table.c.community_code,
    table.c.address,
    table.c.latitude,
    table.c.longitude,
    table.c.datum,
    table.c.phone,
    table.c.hours,
    table.c.services,
    table.c.duty_person,
    table.c.step_free,
    table.c.toilet,
    table.c.is_sample,
    table.c.duty_phone,
    table.c.note,
    table.c.active,
)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_BY_CODE = select(*_COLUMNS).where(table.c.code == bindparam("code"))
_ACTIVE = select(*_COLUMNS).where(table.c.active).order_by(table.c.code)
_INACTIVE = select(*_COLUMNS).where(table.c.active.is_(False), table.c.is_sample.is_(False)).order_by(table.c.code)
_OF_COMMUNITY = (
    select(*_COLUMNS)
    .where(table.c.active, table.c.community_code == bindparam("community"))
    .order_by(table.c.kind, table.c.code)
)
_ANY_SAMPLE = select(table.c.id).where(table.c.is_sample, table.c.active).limit(1)
_NAMED = select(place_names.c.name, place_names.c.latitude, place_names.c.longitude, place_names.c.datum)
_ADD_NAME = insert(place_names)


def get(tx: Transaction, point_id: int) -> ServicePoint:
    return _point(tx, tx.execute(_GET, {"id": point_id}).first())


def by_code(tx: Transaction, code: str) -> ServicePoint:
    return _point(tx, tx.execute(_BY_CODE, {"code": code}).first())


def active(tx: Transaction) -> list[ServicePoint]:
    return _points(tx, tx.execute(_ACTIVE).all())


def inactive(tx: Transaction) -> list[ServicePoint]:
    """Those that were taken off, without the sample ones."""
    return _points(tx, tx.execute(_INACTIVE).all())


def of_community(tx: Transaction, community_code: str) -> list[ServicePoint]:
    return _points(tx, tx.execute(_OF_COMMUNITY, {"community": community_code}).all())


def nearest(tx: Transaction, here: Place, at_most: int = 3) -> list[tuple[float, ServicePoint]]:
    """Active points around `here` with their distance in metres, nearest first.

    Raises `OutOfReach` outside the district. Some hundred points: a look at each is quicker than any index.
    """
    if is_outside(here):
        raise OutOfReach
    spot = here.as_wgs84()
    found = [(metres_between(spot, point.place), point) for point in active(tx) if point.place is not None]
    return sorted(found, key=lambda pair: pair[0])[:at_most]


def is_outside(place: Place) -> bool:
    """Whether it cannot be in the district."""
    spot = place.as_wgs84()
    return not (SOUTH <= spot.latitude <= NORTH and WEST <= spot.longitude <= EAST)


def landmark(tx: Transaction, text: str) -> Place | None:
    """The position of the landmark, road or estate that `text` names or contains; the longest name wins."""
    best: tuple[int, Place] | None = None
    for name, latitude, longitude, datum in tx.execute(_NAMED):
        if latitude is not None and (name in text or (len(text) > 1 and text in name)):
            fits = len(name) if name in text else 1
            if best is None or fits > best[0]:
                best = fits, Place(latitude, longitude, datum)
    return None if best is None else best[1]


def named(tx: Transaction, text: str) -> list[ServicePoint]:
    """Active points whose name or address has `text` in it."""
    return [point for point in active(tx) if len(text) > 1 and (text in point.name or text in point.address)]


def add_landmark(tx: Transaction, name: str, place: Place, *, is_sample: bool = False) -> None:
    where = {"latitude": place.latitude, "longitude": place.longitude, "datum": place.datum}
    tx.execute(_ADD_NAME, {"name": name, **where, "is_sample": is_sample})


def has_sample(tx: Transaction) -> bool:
    """Whether sample rows are among the points: then the program must not serve real people."""
    return tx.execute(_ANY_SAMPLE).first() is not None


def _point(tx: Transaction, row: Any) -> ServicePoint:
    if row is None:
        raise NotFound("服务点")
    point = ServicePoint(*row)
    point.closures = closures.of(tx, point.id)
    return point


def _points(tx: Transaction, rows: Sequence[Any]) -> list[ServicePoint]:
    closed = closures.by_point(tx)
    found = [ServicePoint(*row) for row in rows]
    for point in found:
        point.closures = closed.get(point.id, ())
    return found

"""讲义: files of a series, for those who come to it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select, union

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound
from storage.schema.events import attendances, events, sign_ups
from storage.schema.events import handouts as table

LARGEST = 10 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Handout:
    id: int
    series_id: int
    name: str
    media_type: str


_COLUMNS = (table.c.id, table.c.series_id, table.c.name, table.c.media_type)
_ADD = insert(table).returning(table.c.id)
_SEAL = table.update().where(table.c.id == bindparam("row")).values(content=bindparam("bytes"))
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_CONTENT = select(table.c.content).where(table.c.id == bindparam("id"))
_OF_SERIES = select(*_COLUMNS).where(table.c.series_id == bindparam("series")).order_by(table.c.id.desc())
_REMOVE = delete(table).where(table.c.id == bindparam("row"))
_READERS = union(
    select(sign_ups.c.person_id)
    .join(events, events.c.id == sign_ups.c.event_id)
    .where(events.c.series_id == bindparam("series"), events.c.state != "cancelled")
    .where(sign_ups.c.state.in_(["confirmed", "offered", "waitlisted"])),
    select(attendances.c.person_id)
    .join(events, events.c.id == attendances.c.event_id)
    .where(events.c.series_id == bindparam("series"))
    .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None)),
)
_SERIES_OF = union(
    select(events.c.series_id)
    .join(sign_ups, sign_ups.c.event_id == events.c.id)
    .join(table, table.c.series_id == events.c.series_id)
    .where(sign_ups.c.person_id == bindparam("person"), events.c.state != "cancelled")
    .where(sign_ups.c.state.in_(["confirmed", "offered", "waitlisted"])),
    select(events.c.series_id)
    .join(attendances, attendances.c.event_id == events.c.id)
    .join(table, table.c.series_id == events.c.series_id)
    .where(attendances.c.person_id == bindparam("person"))
    .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None)),
)


def add(
    tx: Transaction, series_id: int, name: str, media_type: str, content: bytes, actor: Actor, now: datetime
) -> Handout:
    row = {"series_id": series_id, "name": name[:120], "media_type": media_type[:80], "content": b""}
    handout_id = int(tx.execute(_ADD, {**row, "added_by": actor.person_id, "added_at": now}).scalar_one())
    tx.execute(_SEAL, {"row": handout_id, "bytes": tx.vault.seal_bytes(content, f"handouts.content|{handout_id}")})
    audit.note(tx, actor, "handout.add", f"series {series_id}", now, after={"handout": handout_id})
    return Handout(handout_id, series_id, name[:120], media_type[:80])


def get(tx: Transaction, handout_id: int) -> Handout:
    row = tx.execute(_GET, {"id": handout_id}).first()
    if row is None:
        raise NotFound("讲义")
    return Handout(*row)


def content(tx: Transaction, handout_id: int) -> bytes:
    sealed = tx.execute(_CONTENT, {"id": handout_id}).scalar_one()
    return tx.vault.open_bytes(sealed, f"handouts.content|{handout_id}")


def of_series(tx: Transaction, series_id: int) -> list[Handout]:
    """The newest first."""
    return [Handout(*row) for row in tx.execute(_OF_SERIES, {"series": series_id})]


def remove(tx: Transaction, handout_id: int, actor: Actor, now: datetime) -> Handout:
    handout = get(tx, handout_id)
    tx.execute(_REMOVE, {"row": handout_id})
    audit.note(tx, actor, "handout.remove", f"series {handout.series_id}", now, before={"handout": handout_id})
    return handout


def readers(tx: Transaction, series_id: int) -> list[int]:
    """The persons it is for: who came to a meeting, or is on the list of one."""
    return sorted(person for (person,) in tx.execute(_READERS, {"series": series_id}))


def series_of(tx: Transaction, person_id: int) -> list[int]:
    """The series with handouts for this person."""
    return sorted(series for (series,) in tx.execute(_SERIES_OF, {"person": person_id}))

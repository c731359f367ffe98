"""Taking back what an organiser did last to an event: publishing, changing or cancelling it (domain 3: ten minutes)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, or_, select, update

from storage import audit, events
from storage.audit import Actor
from storage.database import Transaction
from storage.events import UNDO_WITHIN, Event
from storage.refusals import TooLateToUndo
from storage.schema.base import Moment
from storage.schema.events import event_changes
from storage.schema.events import events as table


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back, and the event before and after that."""

    what: Literal["publish", "change", "cancel"]
    before: Event
    after: Event


_CHANGE = (
    select(event_changes.c.id, event_changes.c.what)
    .where(event_changes.c.event_id == bindparam("event"), event_changes.c.undone_at.is_(None))
    .where(event_changes.c.at >= bindparam("since"))
    .order_by(event_changes.c.id.desc())
    .limit(1)
)
_same = event_changes.alias("same")
_TOGETHER = (
    select(_same.c.event_id)
    .join(event_changes, (event_changes.c.at == _same.c.at) & (event_changes.c.by_person == _same.c.by_person))
    .where(event_changes.c.id == bindparam("change"), _same.c.undone_at.is_(None))
    .order_by(_same.c.event_id)
)
_TAKEN_BACK = (
    update(event_changes)
    .where(event_changes.c.event_id == bindparam("event"), event_changes.c.id >= bindparam("first"))
    .values(undone_at=bindparam("now"))
)
_ON_AGAIN = update(table).where(table.c.id == bindparam("event")).values(state="published", reason=None, closed_at=None)
_RECENT = (
    select(table.c.id)
    .where(
        or_(
            (table.c.state == "published") & (table.c.published_at >= bindparam("since")),
            (table.c.state == "cancelled") & (table.c.closed_at >= bindparam("since")),
            table.c.id.in_(
                select(event_changes.c.event_id).where(
                    event_changes.c.at >= bindparam("since"), event_changes.c.undone_at.is_(None)
                )
            ),
        )
    )
    .order_by(table.c.starts_at, table.c.id)
)


def recent(tx: Transaction, now: datetime) -> list[Event]:
    """Events with something that can still be taken back."""
    return [events.get(tx, event) for (event,) in tx.execute(_RECENT, {"since": now - UNDO_WITHIN})]


def together(tx: Transaction, event_id: int, now: datetime) -> list[int]:
    """The events that were changed at one stroke with this one, itself among them: a series, from one event on."""
    change = tx.execute(_CHANGE, {"event": event_id, "since": now - UNDO_WITHIN}).first()
    if change is None or events.get(tx, event_id).state == "cancelled":
        return [event_id]
    return [event for (event,) in tx.execute(_TOGETHER, {"change": change.id})] or [event_id]


def undo(tx: Transaction, event_id: int, actor: Actor, now: datetime) -> Undone:
    """Take back the last of the three. Whoever calls it tells the people concerned. Raises `TooLateToUndo`."""
    tx.lock(f"event {event_id}")
    event = events.get(tx, event_id)
    since = now - UNDO_WITHIN
    if event.state == "cancelled":
        if event.closed_at is None or event.closed_at < since:
            raise TooLateToUndo(int(UNDO_WITHIN.total_seconds() // 60))
        tx.execute(_ON_AGAIN, {"event": event_id})
        audit.note(tx, actor, "event.uncancel", f"event {event_id}", now)
        return Undone("cancel", event, events.get(tx, event_id))
    change = tx.execute(_CHANGE, {"event": event_id, "since": since}).first()
    if change is None:
        return Undone("publish", event, events.withdraw(tx, event_id, actor, now))
    kept = {name: before for name, (before, _) in json.loads(change.what).items()}
    if "co_hosts" in kept:
        events.set_co_hosts(tx, event_id, tuple(kept.pop("co_hosts")), actor, now)
    was = {name: _read(name, before) for name, before in kept.items()}
    before, after = events.change(tx, event_id, was, actor, now)
    tx.execute(_TAKEN_BACK, {"event": event_id, "first": change.id, "now": now})  # this one, and that it was taken back
    return Undone("change", before, after)


def _read(name: str, kept: Any) -> Any:
    return datetime.fromisoformat(kept) if kept is not None and isinstance(table.c[name].type, Moment) else kept

"""Broadcasts: drafted, approved by a second person, sent to each person once, paused, stopped, and accounted for."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, insert, literal_column, select, update

from storage import audiences, audit, settings
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import Transaction
from storage.outbox import UNDER_WAY
from storage.refusals import BroadcastNotNow, EmergencyNeedsReason, NotFound, OwnBroadcast
from storage.schema.broadcasts import broadcasts as table
from storage.schema.talks import outbox as outbox_table

LASTS = timedelta(hours=24)  # domain 9.3
APPROVAL_ABOVE = "broadcast_approval_above"
"""The setting: how many people may be written to without a second person's yes."""

_APPROVAL_ABOVE = 50
_CAPS = "broadcast_caps"
_NEVER = timedelta(days=3650)
STATES = {
    "draft": "存着",
    "asked": "等另一位同意",
    "sending": "正在发",
    "paused": "暂停了",
    "stopped": "停了",
    "finished": "发完了",
}


@dataclass(frozen=True, slots=True)
class Caps:
    """How many broadcasts one person gets at most; our own defaults are of domain 9.7. Emergencies are not counted."""

    a_day: int = 1
    a_week: int = 3


@dataclass(slots=True)
class Broadcast:
    id: int
    kind: str  # broadcast, emergency
    reply: str  # JSON of a `dialogue.message.Reply`
    attachment_id: int | None
    audience: Audience
    reason: str | None
    state: str
    made_by: int
    role: str
    approved_by: int | None
    counted: int
    after_person: int
    all_planned: bool
    begun_at: datetime | None
    expires_at: datetime | None


_COLUMNS = (
    table.c.id,
    table.c.kind,
    table.c.reply,
    table.c.attachment_id,
    table.c.audience,
    table.c.reason,
    table.c.state,
    table.c.made_by,
    table.c.role,
    table.c.approved_by,
    table.c.counted,
    table.c.after_person,
    table.c.all_planned,
    table.c.begun_at,
    table.c.expires_at,
)
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_RECENT = select(*_COLUMNS).order_by(table.c.id.desc()).limit(bindparam("at_most"))
_ADD = insert(table).returning(table.c.id)
_WORDS = (
    update(table)
    .where(table.c.id == bindparam("broadcast"))
    .values(reply=bindparam("sealed"), attachment_id=bindparam("attachment"))
)
_HAND_IN = (
    update(table).where(table.c.id == bindparam("broadcast")).values(state=bindparam("to"), counted=bindparam("people"))
)
_BEGIN = (
    update(table)
    .where(table.c.id == bindparam("broadcast"))
    .values(state="sending", approved_by=bindparam("by"), begun_at=bindparam("now"), expires_at=bindparam("until"))
)
_STATE = update(table).where(table.c.id == bindparam("broadcast")).values(state=bindparam("to"))
_END = (
    update(table).where(table.c.id == bindparam("broadcast")).values(state=bindparam("to"), ended_at=bindparam("now"))
)
OF_BROADCAST = outbox_table.c.broadcast_id == bindparam("broadcast")
NOT_DELIVERED = and_(OF_BROADCAST, outbox_table.c.state != literal_column("'delivered'"))
"""Few rows, found by an index that is used only where its condition stands word for word."""

_HOLD = (
    update(outbox_table)
    .where(UNDER_WAY, NOT_DELIVERED, outbox_table.c.state.in_(["planned", "waiting"]))
    .values(due_at=bindparam("until"))
)
_WITHDRAW = (
    update(outbox_table)
    .where(UNDER_WAY, NOT_DELIVERED, outbox_table.c.state.in_(["planned", "waiting"]))
    .values(state="superseded", because="stopped", ended_at=bindparam("now"))
)


def draft(
    tx: Transaction,
    reply: str,
    audience: Audience,
    actor: Actor,
    now: datetime,
    *,
    attachment_id: int | None = None,
    emergency_because: str | None = None,
) -> int:
    """Keep it; nobody gets anything yet. With `emergency_because` hours and caps do not bind, a second person must."""
    if actor.person_id is None or actor.role is None:
        raise ValueError("a broadcast is made by somebody, in a role")
    if emergency_because is not None and not emergency_because.strip():
        raise EmergencyNeedsReason
    row = {
        "kind": "broadcast" if emergency_because is None else "emergency",
        "reply": b"",
        "attachment_id": attachment_id,
        "audience": audiences.written(audience),
        "reason": emergency_because,
        "state": "draft",
        "made_by": actor.person_id,
        "role": actor.role,
        "counted": 0,
        "after_person": 0,
        "all_planned": 0,
        "created_at": now,
    }
    broadcast_id = int(tx.execute(_ADD, row).scalar_one())
    reword(tx, broadcast_id, reply, attachment_id)
    audit.note(tx, actor, "broadcast.draft", f"broadcast {broadcast_id}", now, after={"kind": row["kind"]})
    return broadcast_id


def reword(tx: Transaction, broadcast_id: int, reply: str, attachment_id: int | None) -> None:
    """Other words, before anyone has them: the picture that was still to come is in them now."""
    sealed = tx.vault.seal(reply, f"broadcasts.reply|{broadcast_id}")
    tx.execute(_WORDS, {"broadcast": broadcast_id, "sealed": sealed, "attachment": attachment_id})


def get(tx: Transaction, broadcast_id: int) -> Broadcast:
    row = tx.execute(_GET, {"id": broadcast_id}).first()
    if row is None:
        raise NotFound("群发")
    return _broadcast(tx, row)


def recent(tx: Transaction, at_most: int = 20) -> list[Broadcast]:
    """The newest first."""
    return [_broadcast(tx, row) for row in tx.execute(_RECENT, {"at_most": at_most}).all()]


def approval_above(tx: Transaction) -> int:
    return int(settings.get(tx, APPROVAL_ABOVE, _APPROVAL_ABOVE))


def ask_approval_above(tx: Transaction, recipients: int, actor: Actor, now: datetime) -> None:
    """From more than so many recipients on a second person must agree."""
    before = approval_above(tx)
    settings.put(tx, APPROVAL_ABOVE, recipients, now)
    audit.note(tx, actor, "setting.approval", APPROVAL_ABOVE, now, before=before, after=recipients)


def caps(tx: Transaction) -> Caps:
    return Caps(**settings.get(tx, _CAPS, {}))


def set_caps(tx: Transaction, wanted: Caps, actor: Actor, now: datetime) -> None:
    """For what is sent from now on."""
    before = asdict(caps(tx))
    settings.put(tx, _CAPS, asdict(wanted), now)
    audit.note(tx, actor, "setting.caps", _CAPS, now, before=before, after=asdict(wanted))


def hand_in(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    """Send it, or ask for a second person's yes: above the number that the house has set, and in an emergency always.

    Raises `BroadcastNotNow` unless it is a draft.
    """
    found = _must_be(tx, broadcast_id, "draft")
    meant = audiences.count(tx, found.audience, now).people
    asks = found.kind == "emergency" or meant > approval_above(tx)
    tx.execute(_HAND_IN, {"broadcast": found.id, "to": "asked", "people": meant})
    audit.note(
        tx, actor, "broadcast.hand_in", f"broadcast {found.id}", now, after={"people": meant}, reason=found.reason
    )
    if not asks:
        _begin(tx, found.id, None, now)
    return get(tx, found.id)


def approve(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    """A second person's yes: it begins to go out. Raises `OwnBroadcast`, `BroadcastNotNow`."""
    found = _must_be(tx, broadcast_id, "asked")
    if actor.person_id is None or actor.person_id == found.made_by:
        raise OwnBroadcast
    _begin(tx, found.id, actor.person_id, now)
    audit.note(tx, actor, "broadcast.approve", f"broadcast {found.id}", now)
    return get(tx, found.id)


def send_back(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    """A second person's no: a draft again."""
    found = _must_be(tx, broadcast_id, "asked")
    tx.execute(_STATE, {"broadcast": found.id, "to": "draft"})
    audit.note(tx, actor, "broadcast.send_back", f"broadcast {found.id}", now)
    return get(tx, found.id)


def pause(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    """Nothing more leaves until `resume`, but what is on its way just now. It still expires after a day."""
    found = _must_be(tx, broadcast_id, "sending")
    tx.execute(_HOLD, {"broadcast": found.id, "until": now + _NEVER})
    tx.execute(_STATE, {"broadcast": found.id, "to": "paused"})
    audit.note(tx, actor, "broadcast.pause", f"broadcast {found.id}", now)
    return get(tx, found.id)


def resume(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    found = _must_be(tx, broadcast_id, "paused")
    tx.execute(_HOLD, {"broadcast": found.id, "until": now})
    tx.execute(_STATE, {"broadcast": found.id, "to": "sending"})
    audit.note(tx, actor, "broadcast.resume", f"broadcast {found.id}", now)
    return get(tx, found.id)


def stop(tx: Transaction, broadcast_id: int, actor: Actor, now: datetime) -> Broadcast:
    """For good: who has not got it does not get it any more."""
    found = _must_be(tx, broadcast_id, "sending", "paused", "asked", "draft")
    tx.execute(_WITHDRAW, {"broadcast": found.id, "now": now})
    tx.execute(_END, {"broadcast": found.id, "to": "stopped", "now": now})
    audit.note(tx, actor, "broadcast.stop", f"broadcast {found.id}", now)
    return get(tx, found.id)


def _begin(tx: Transaction, broadcast_id: int, approved_by: int | None, now: datetime) -> None:
    tx.execute(_BEGIN, {"broadcast": broadcast_id, "by": approved_by, "now": now, "until": now + LASTS})


def _must_be(tx: Transaction, broadcast_id: int, *states: str) -> Broadcast:
    tx.lock(f"broadcast {broadcast_id}")
    found = get(tx, broadcast_id)
    if found.state not in states:
        raise BroadcastNotNow(found.id, STATES[found.state])
    return found


def _broadcast(tx: Transaction, row: Any) -> Broadcast:
    values = {column.key: getattr(row, column.key) for column in _COLUMNS}
    reply = tx.vault.open(row.reply, f"broadcasts.reply|{row.id}")
    values |= {"reply": reply, "audience": audiences.read(row.audience), "all_planned": bool(row.all_planned)}
    return Broadcast(**values)

"""Broadcasts: drafted, approved by a second person, sent to each person once, paused, stopped, and accounted for."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, insert, or_, select, update

from storage import audiences, audit, call_list, outbox, settings
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import Transaction
from storage.outbox import UNDER_WAY
from storage.refusals import BroadcastNotNow, EmergencyNeedsReason, NotFound, OwnBroadcast
from storage.schema.broadcasts import broadcasts as table
from storage.schema.people import people as people_table
from storage.schema.talks import outbox as outbox_table
from storage.times import day_starts, local_date

LASTS = timedelta(hours=24)  # domain 9.3
APPROVAL_ABOVE = "broadcast_approval_above"
"""The setting: how many people may be written to without a second person's yes."""

_APPROVAL_ABOVE = 50
_MOST_A_DAY = 1
_MOST_A_WEEK = 3
_AHEAD = 500  # rows waiting to go out: few, so that a pause or a stop is one short statement
_AT_ONCE = 100  # rows planned in one transaction: others who write wait no longer than for these
_NEVER = timedelta(days=3650)
CAPPED = "enough messages this week"
"""Why a row was superseded: the person has had a broadcast today, or three this week."""

STATES = {
    "draft": "存着",
    "asked": "等另一位同意",
    "sending": "正在发",
    "paused": "暂停了",
    "stopped": "停了",
    "finished": "发完了",
}


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


@dataclass(frozen=True, slots=True)
class Progress:
    """One number for each way a row can stand; together they are everyone written down so far."""

    meant: int  # people counted when it was handed in
    states: dict[str, int]
    acknowledged: int

    @property
    def planned(self) -> int:
        return sum(self.states.values())


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
_UNFINISHED = select(table.c.id).where(table.c.state.in_(["sending", "paused"])).order_by(table.c.id)
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
_MOVE_ON = (
    update(table)
    .where(table.c.id == bindparam("broadcast"))
    .values(after_person=bindparam("person"), all_planned=bindparam("done"))
)
_OF = outbox_table.c.broadcast_id == bindparam("broadcast")
_AHEAD_NOW = select(func.count()).where(UNDER_WAY, _OF, outbox_table.c.state.in_(["planned", "sending"]))
_OPEN = select(func.count()).where(UNDER_WAY, _OF)
_HOLD = (
    update(outbox_table)
    .where(UNDER_WAY, _OF, outbox_table.c.state.in_(["planned", "waiting"]))
    .values(due_at=bindparam("until"))
)
_WITHDRAW = (
    update(outbox_table)
    .where(UNDER_WAY, _OF, outbox_table.c.state.in_(["planned", "waiting"]))
    .values(state="superseded", because="stopped", ended_at=bindparam("now"))
)
_NOT_WANTED = (
    update(outbox_table)
    .where(outbox_table.c.key == bindparam("which"), UNDER_WAY)
    .values(state="superseded", because=bindparam("why"), ended_at=bindparam("now"))
)
_HAD = (
    select(outbox_table.c.person_id, table.c.begun_at)
    .join(table, table.c.id == outbox_table.c.broadcast_id)
    .where(table.c.begun_at >= bindparam("since"), table.c.kind == "broadcast", table.c.id != bindparam("but"))
    .where(outbox_table.c.person_id.between(bindparam("first"), bindparam("last")))
    .where(or_(outbox_table.c.ended_at.is_(None), outbox_table.c.state.in_(["delivered", "unknown"])))
)
_STATES = (
    select(outbox_table.c.state, outbox_table.c.because, func.count())
    .where(_OF)
    .group_by(outbox_table.c.state, outbox_table.c.because)
)
_ACKNOWLEDGED = select(func.count()).where(_OF, outbox_table.c.acknowledged_at.is_not(None))
_ACKNOWLEDGE = (
    update(outbox_table)
    .where(_OF, outbox_table.c.person_id == bindparam("person"), outbox_table.c.acknowledged_at.is_(None))
    .values(acknowledged_at=bindparam("now"))
)
_LAST_EMERGENCY = (
    select(table.c.id)
    .join(outbox_table, outbox_table.c.broadcast_id == table.c.id)
    .where(table.c.kind == "emergency", table.c.begun_at >= bindparam("since"))
    .where(outbox_table.c.person_id == bindparam("person"))
    .order_by(table.c.id.desc())
    .limit(1)
)
_MISSED = (
    select(outbox_table.c.person_id, outbox_table.c.state, people_table.c.point_id)
    .join(people_table, people_table.c.id == outbox_table.c.person_id)
    .where(_OF, people_table.c.state == "active", outbox_table.c.person_id > bindparam("after"))
    .where(
        or_(
            outbox_table.c.state.in_(["unreachable", "refused", "expired", "unknown"]),
            and_(outbox_table.c.state == "waiting", UNDER_WAY),
        )
    )
    .order_by(outbox_table.c.person_id)
    .limit(bindparam("at_most"))
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


def unfinished(tx: Transaction) -> list[int]:
    return [row for (row,) in tx.execute(_UNFINISHED)]


def carry_on(tx: Transaction, broadcast_id: int, now: datetime) -> bool:
    """Write down the next few recipients, one row each, or find that all is done. True when more can be done at once.

    Whoever asked for fewer messages, or has had enough this week, has a row too: it ends here, with the reason. The
    cursor moves in the same transaction, so that a stop at any moment loses nobody and doubles nobody.
    """
    found = get(tx, broadcast_id)
    if found.all_planned:
        if not tx.execute(_OPEN, {"broadcast": found.id}).scalar_one():
            tx.execute(_END, {"broadcast": found.id, "to": "finished", "now": now})
        return False
    if found.begun_at is None or found.expires_at is None:
        return False
    if found.state != "sending" and now < found.expires_at:
        return False  # paused; after a day who is left is written down as expired
    if now < found.expires_at and tx.execute(_AHEAD_NOW, {"broadcast": found.id}).scalar_one() >= _AHEAD:
        return False
    following = audiences.after(tx, found.audience, found.after_person, _AT_ONCE, found.begun_at)
    enough = _had_enough(tx, found, [row.id for row in following], now)
    for row in following:
        _plan(tx, found, row, row.id in enough, now)
    last = following[-1].id if following else found.after_person
    done = int(len(following) < _AT_ONCE)
    tx.execute(_MOVE_ON, {"broadcast": found.id, "person": last, "done": done})
    return not done


def progress(tx: Transaction, found: Broadcast) -> Progress:
    """How every row stands. Of the superseded ones the reason is told apart: `capped`, `fewer`, `stopped`."""
    states: dict[str, int] = {}
    for state, because, number in tx.execute(_STATES, {"broadcast": found.id}):
        name = state if state != "superseded" else _WHY.get(because, state)
        states[name] = states.get(name, 0) + number
    acknowledged = tx.execute(_ACKNOWLEDGED, {"broadcast": found.id}).scalar_one()
    return Progress(found.counted, states, int(acknowledged))


def acknowledge(tx: Transaction, broadcast_id: int, person_id: int, now: datetime) -> bool:
    """“收到”. False when it was not for this person, or was acknowledged before."""
    return tx.execute(_ACKNOWLEDGE, {"broadcast": broadcast_id, "person": person_id, "now": now}).rowcount > 0


def last_emergency(tx: Transaction, person_id: int, now: datetime) -> int | None:
    """The one that a bare “收到” means."""
    return tx.execute(_LAST_EMERGENCY, {"person": person_id, "since": now - 2 * LASTS}).scalar()  # type: ignore[no-any-return]


def missed(tx: Transaction, broadcast_id: int, at_most: int = 100, after: int = 0) -> list[tuple[int, str]]:
    """Who did not get it, as far as is known: (person, how their row stands)."""
    wanted = {"broadcast": broadcast_id, "after": after, "at_most": at_most}
    return [(row.person_id, row.state) for row in tx.execute(_MISSED, wanted).all()]


def list_for_calls(tx: Transaction, broadcast_id: int, subject: str, now: datetime, after: int = 0) -> tuple[int, int]:
    """Put up to a hundred of them on the call list. Returns how many, and after whom to go on."""
    found = tx.execute(_MISSED, {"broadcast": broadcast_id, "after": after, "at_most": 100}).all()
    for row in found:
        key = f"broadcast:{broadcast_id}:{row.person_id}"
        kind = "broadcast"
        call_list.add(tx, key, kind, row.person_id, row.state, now, subject=subject[:60], point_id=row.point_id)
    return len(found), found[-1].person_id if found else after


_WHY = {CAPPED: "capped", outbox.MESSAGES_STOPPED: "fewer", "stopped": "stopped"}


def _plan(tx: Transaction, found: Broadcast, row: Any, had_enough: bool, now: datetime) -> None:
    key = f"broadcast:{found.id}:{row.id}"
    is_emergency = found.kind == "emergency"
    # About an event they signed up for, people are told although they want nothing else (domain 9.8).
    kind: outbox.Kind = "emergency" if is_emergency else "notice" if row.messages == "own" else "broadcast"
    message = outbox.Planned(kind, key, found.reply, now, person_id=row.id, expires_at=found.expires_at)
    message.broadcast_id = found.id
    outbox.plan(tx, message, now)
    if is_emergency:
        return
    why = None
    if not audiences.wants(found.audience, row.messages, row.point_id):
        why = outbox.MESSAGES_STOPPED
    elif had_enough:
        why = CAPPED
    if why is not None:
        tx.execute(_NOT_WANTED, {"which": key, "why": why, "now": now})


def _had_enough(tx: Transaction, found: Broadcast, person_ids: list[int], now: datetime) -> set[int]:
    """Who has had a broadcast today, or three within seven days (domain 9.7)."""
    if found.kind == "emergency" or not person_ids:
        return set()
    today = day_starts(local_date(now))
    wanted = {"since": today - timedelta(days=6), "first": person_ids[0], "last": person_ids[-1], "but": found.id}
    day: dict[int, int] = {}
    week: dict[int, int] = {}
    for person, begun_at in tx.execute(_HAD, wanted):
        week[person] = week.get(person, 0) + 1
        day[person] = day.get(person, 0) + (begun_at >= today)
    return {person for person in week if week[person] >= _MOST_A_WEEK or day[person] >= _MOST_A_DAY}


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

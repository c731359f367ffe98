"""Who gets a broadcast: one row of the outbox each, what became of them, and who must be phoned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, func, or_, select, update

from storage import audiences, broadcasts, call_list, outbox
from storage.broadcasts import LASTS, NOT_DELIVERED, OF_BROADCAST, Broadcast
from storage.database import Transaction
from storage.outbox import UNDER_WAY
from storage.schema.broadcasts import broadcasts as table
from storage.schema.people import people as people_table
from storage.schema.talks import outbox as outbox_table
from storage.times import day_starts, local_date

Step = Literal["more", "rest", "finished"]
"""What is left of a broadcast: `more` can be done at once, `rest` later; `finished` is said once."""

CAPPED = "enough messages this week"
"""Why a row was superseded: the person has had a broadcast today, or three this week."""

_LEAVING = ("planned", "sending")
_OPEN = (*_LEAVING, "waiting")
_NOT_REACHED = ("unreachable", "refused", "expired", "unknown", "waiting")

AHEAD = 2_500  # rows waiting to go out: few, so that a pause or a stop is one short statement; two seconds of the most
AT_ONCE = 100  # rows planned in one transaction: others who write wait no longer than for these


@dataclass(frozen=True, slots=True)
class Progress:
    """One number for each way a row can stand; together they are everyone written down so far."""

    meant: int  # people counted when it was handed in
    states: dict[str, int]
    acknowledged: int

    @property
    def planned(self) -> int:
        return sum(self.states.values())


_UNFINISHED = select(table.c.id).where(table.c.state.in_(["sending", "paused"])).order_by(table.c.id)
_MOVE_ON = (
    update(table)
    .where(table.c.id == bindparam("broadcast"))
    .values(after_person=bindparam("person"), all_planned=bindparam("done"))
)
_END = update(table).where(table.c.id == bindparam("broadcast")).values(state="finished", ended_at=bindparam("now"))
_IN_STATES = NOT_DELIVERED & outbox_table.c.state.in_(bindparam("states", expanding=True))
_IN_STATE_NOW = select(func.count()).select_from(outbox_table).where(_IN_STATES)
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
_HAVE = select(outbox_table.c.person_id).where(
    OF_BROADCAST, outbox_table.c.person_id.between(bindparam("first"), bindparam("last"))
)
_ROWS = select(func.count()).where(OF_BROADCAST)
_STATES = select(outbox_table.c.state, func.count()).where(NOT_DELIVERED).group_by(outbox_table.c.state)
_SUPERSEDED = (
    select(outbox_table.c.because, func.count())
    .where(NOT_DELIVERED, outbox_table.c.state == bindparam("superseded"))
    .group_by(outbox_table.c.because)
)
_ACKNOWLEDGED = select(func.count()).where(OF_BROADCAST, outbox_table.c.acknowledged_at.is_not(None))
_ACKNOWLEDGE = (
    update(outbox_table)
    .where(OF_BROADCAST, outbox_table.c.person_id == bindparam("person"), outbox_table.c.acknowledged_at.is_(None))
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
    .where(NOT_DELIVERED, outbox_table.c.state == bindparam("in_state"), people_table.c.state == "active")
    .where(outbox_table.c.person_id > bindparam("after"))
    .order_by(outbox_table.c.person_id)
    .limit(bindparam("at_most"))
)


def unfinished(tx: Transaction) -> list[int]:
    return [row for (row,) in tx.execute(_UNFINISHED)]


def carry_on(tx: Transaction, broadcast_id: int, now: datetime, ahead: int = AHEAD) -> Step:
    """Write down the next few recipients, one row each, or find that all is done.

    Whoever asked for fewer messages, or has had enough this week, has a row too: it ends here, with the reason. The
    cursor moves in the same transaction, so that a stop at any moment loses nobody and doubles nobody. With `ahead`
    rows waiting to go out it rests.
    """
    tx.lock(f"broadcast {broadcast_id}")  # or a stop in between would not see these rows
    found = broadcasts.get(tx, broadcast_id)
    if found.state not in ("sending", "paused"):
        return "rest"
    if found.all_planned:
        if not _in_states(tx, found, _OPEN):
            tx.execute(_END, {"broadcast": found.id, "now": now})
            return "finished"
        return "rest"
    if found.begun_at is None or found.expires_at is None:
        return "rest"
    if found.state == "paused" and now < found.expires_at:
        return "rest"  # paused; after a day who is left is written down as expired
    if now < found.expires_at and _in_states(tx, found, _LEAVING) >= ahead:
        return "rest"
    following = audiences.after(tx, found.audience, found.after_person, AT_ONCE, found.begun_at)
    enough = _had_enough(tx, found, [row.id for row in following], now)
    have = _have(tx, found, [row.id for row in following])
    _plan(tx, found, [row for row in following if row.id not in have], enough, now)
    last = following[-1].id if following else found.after_person
    done = int(len(following) < AT_ONCE)
    tx.execute(_MOVE_ON, {"broadcast": found.id, "person": last, "done": done})
    return "rest" if done else "more"


def progress(tx: Transaction, found: Broadcast) -> Progress:
    """How every row stands. Of the superseded ones the reason is told apart: `capped`, `fewer`, `stopped`.

    Those that arrived, nearly all, are what is left of the number of rows: counting them would be to read each.
    """
    wanted = {"broadcast": found.id}
    states = {row[0]: row[1] for row in tx.execute(_STATES, wanted)}
    if states.pop("superseded", 0):
        for because, number in tx.execute(_SUPERSEDED, {**wanted, "superseded": "superseded"}):
            name = _WHY.get(because, "superseded")
            states[name] = states.get(name, 0) + number
    if delivered := tx.execute(_ROWS, wanted).scalar_one() - sum(states.values()):
        states["delivered"] = delivered
    acknowledged = tx.execute(_ACKNOWLEDGED, wanted).scalar_one()
    return Progress(found.counted, states, int(acknowledged))


def acknowledge(tx: Transaction, broadcast_id: int, person_id: int, now: datetime) -> bool:
    """“收到”. False when it was not for this person, or was acknowledged before."""
    return tx.execute(_ACKNOWLEDGE, {"broadcast": broadcast_id, "person": person_id, "now": now}).rowcount > 0


def last_emergency(tx: Transaction, person_id: int, now: datetime) -> int | None:
    """The one that a bare “收到” means."""
    return tx.execute(_LAST_EMERGENCY, {"person": person_id, "since": now - 2 * LASTS}).scalar()  # type: ignore[no-any-return]


def missed(tx: Transaction, broadcast_id: int, at_most: int = 100, after: int = 0) -> list[tuple[int, str]]:
    """Who did not get it, as far as is known: (person, how their row stands)."""
    return [(row.person_id, row.state) for row in _missed(tx, broadcast_id, at_most, after)]


def list_for_calls(tx: Transaction, broadcast_id: int, subject: str, now: datetime, after: int = 0) -> tuple[int, int]:
    """Put up to a hundred of them on the call list. Returns how many, and after whom to go on."""
    found = _missed(tx, broadcast_id, AT_ONCE, after)
    for row in found:
        key = f"broadcast:{broadcast_id}:{row.person_id}"
        kind = "broadcast"
        call_list.add(tx, key, kind, row.person_id, row.state, now, subject=subject[:60], point_id=row.point_id)
    return len(found), found[-1].person_id if found else after


_WHY = {CAPPED: "capped", outbox.MESSAGES_STOPPED: "fewer", "stopped": "stopped"}


def _in_states(tx: Transaction, found: Broadcast, states: tuple[str, ...]) -> int:
    return int(tx.execute(_IN_STATE_NOW, {"broadcast": found.id, "states": states}).scalar_one())


def _missed(tx: Transaction, broadcast_id: int, at_most: int, after: int) -> list[Any]:
    wanted = {"broadcast": broadcast_id, "after": after, "at_most": at_most}
    found = [row for state in _NOT_REACHED for row in tx.execute(_MISSED, {**wanted, "in_state": state}).all()]
    return sorted(found, key=lambda row: row.person_id)[:at_most]


def _plan(tx: Transaction, found: Broadcast, rows: Sequence[Any], had_enough: set[int], now: datetime) -> None:
    messages, unwanted = [], []
    is_emergency = found.kind == "emergency"
    for row in rows:
        key = f"broadcast:{found.id}:{row.id}"
        # About an event they signed up for, people are told although they want nothing else (domain 9.8).
        kind: outbox.Kind = "emergency" if is_emergency else "notice" if row.messages == "own" else "broadcast"
        message = outbox.Planned(kind, key, found.reply, now, person_id=row.id, expires_at=found.expires_at)
        message.broadcast_id = found.id
        messages.append(message)
        if is_emergency:
            continue
        if not audiences.wants(found.audience, row.messages, row.point_id):
            unwanted.append({"which": key, "why": outbox.MESSAGES_STOPPED, "now": now})
        elif row.id in had_enough:
            unwanted.append({"which": key, "why": CAPPED, "now": now})
    outbox.plan_all(tx, messages, now)
    if unwanted:
        tx.execute(_NOT_WANTED, unwanted)


def _have(tx: Transaction, found: Broadcast, person_ids: list[int]) -> set[int]:
    """Who has a row already: it came with another registration of theirs that was merged into this one since."""
    if not person_ids:
        return set()
    wanted = {"broadcast": found.id, "first": person_ids[0], "last": person_ids[-1]}
    return {person for (person,) in tx.execute(_HAVE, wanted)}


def _had_enough(tx: Transaction, found: Broadcast, person_ids: list[int], now: datetime) -> set[int]:
    """Who has had as many broadcasts today, or within seven days, as the house lets anybody have (domain 9.7)."""
    if found.kind == "emergency" or not person_ids:
        return set()
    today = day_starts(local_date(now))
    wanted = {"since": today - timedelta(days=6), "first": person_ids[0], "last": person_ids[-1], "but": found.id}
    day: dict[int, int] = {}
    week: dict[int, int] = {}
    for person, begun_at in tx.execute(_HAD, wanted):
        week[person] = week.get(person, 0) + 1
        day[person] = day.get(person, 0) + (begun_at >= today)
    caps = broadcasts.caps(tx)
    return {person for person in week if week[person] >= caps.a_week or day[person] >= caps.a_day}

"""Everything that goes out, and what became of it: one row for each message and person, and one end for each row."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, func, or_, select, update

from storage import accounts
from storage.database import Transaction
from storage.schema.events import events, sign_ups
from storage.schema.people import people
from storage.schema.talks import outbox as table
from storage.upsert import upsert

Kind = Literal["answer", "emergency", "alert", "change", "promotion", "need", "reminder", "notice", "broadcast"]
End = Literal["delivered", "refused", "unreachable", "expired", "superseded", "unknown"]

LANES: dict[Kind, int] = {
    "answer": 0,
    "emergency": 1,
    "alert": 1,
    "change": 2,
    "promotion": 2,
    "need": 3,
    "reminder": 3,
    "notice": 3,
    "broadcast": 4,
}
FOLLOWS_FROM_AN_ACT: frozenset[Kind] = frozenset(
    {"answer", "emergency", "alert", "change", "promotion", "need", "reminder"}
)
"""What a person who stopped messages still gets, for it follows from something they did (domain rule 9.8)."""

AT_ANY_HOUR: frozenset[Kind] = frozenset({"answer", "emergency", "alert"})


@dataclass(slots=True)
class Planned:
    """A message to plan: for an account when it answers there, else for a person, wherever they can be reached."""

    kind: Kind
    key: str  # the same message planned twice is one row
    reply: str  # JSON of a `dialogue.message.Reply`
    due_at: datetime
    person_id: int | None = None
    account_id: int | None = None
    channel: str | None = None
    expires_at: datetime | None = None
    event_id: int | None = None
    revision: int | None = None  # of the event it speaks of
    sign_up_id: int | None = None
    broadcast_id: int | None = None


@dataclass(slots=True)
class Due:
    """A row claimed for sending."""

    id: int
    account_id: int
    user: str
    kind: Kind
    reply: str  # JSON
    tries: int  # this one included


@dataclass(slots=True)
class Ended:
    """What became of a claimed row. `planned` (then `again_at`) and `waiting`: it is known not to have left."""

    id: int
    state: End | Literal["planned", "waiting"]
    because: str = ""
    platform_id: str = ""
    again_at: datetime | None = None


_ADD = upsert(table, key=("key",))
_UNROUTED = (
    select(table.c.id, table.c.person_id)
    .where(table.c.state == "planned", table.c.account_id.is_(None), table.c.due_at <= bindparam("now"))
    .order_by(table.c.lane, table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
)
_ROUTE = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(account_id=bindparam("to_account"), channel=bindparam("to_channel"))
)
_DUE = (
    select(
        table.c.id,
        table.c.key,
        table.c.kind,
        table.c.reply,
        table.c.account_id,
        table.c.tries,
        table.c.expires_at,
        table.c.revision,
        events.c.revision.label("event_revision"),
        events.c.state.label("event_state"),
        sign_ups.c.state.label("sign_up_state"),
        people.c.state.label("person_state"),
        people.c.messages,
    )
    .select_from(
        table.outerjoin(events, events.c.id == table.c.event_id)
        .outerjoin(sign_ups, sign_ups.c.id == table.c.sign_up_id)
        .outerjoin(people, people.c.id == table.c.person_id)
    )
    .where(table.c.state == "planned", table.c.channel == bindparam("channel"), table.c.due_at <= bindparam("now"))
    .order_by(table.c.lane, table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
)
_CLAIM = update(table).where(table.c.id == bindparam("row")).values(state="sending", tries=table.c.tries + 1)
_END = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(
        state=bindparam("to_state"),
        because=bindparam("why"),
        platform_id=bindparam("sent_as"),
        ended_at=bindparam("at"),
    )
)
_AGAIN = (
    update(table)
    .where(table.c.id == bindparam("row"))
    .values(state=bindparam("to_state"), because=bindparam("why"), due_at=bindparam("at"))
)
_STOPPED = (
    update(table)
    .where(table.c.state == "sending")
    .values(state="unknown", because="stopped while sending", ended_at=bindparam("at"))
)
_WAITING_FOR = (
    select(table.c.id, table.c.key, table.c.reply, table.c.expires_at)
    .where(
        table.c.state.in_(["waiting", "planned"]),
        table.c.kind != "answer",
        table.c.due_at <= bindparam("now"),
        or_(table.c.account_id == bindparam("account"), table.c.person_id == bindparam("person")),
    )
    .order_by(table.c.lane, table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
)
_EXPIRE = (
    update(table)
    .where(table.c.state.in_(["planned", "waiting"]), table.c.expires_at <= bindparam("at"))
    .values(state="expired", ended_at=bindparam("at"))
)
_WITHDRAW = (
    update(table)
    .where(table.c.state.in_(["planned", "waiting"]), table.c.sign_up_id == bindparam("sign_up"))
    .where(table.c.kind.in_(["reminder", "promotion"]))
    .values(state="superseded", because=bindparam("why"), ended_at=bindparam("at"))
)
_GIVE_UP = (
    update(table)
    .where(table.c.state.in_(["planned", "waiting"]), table.c.account_id == bindparam("account"))
    .where(table.c.kind != "answer")
    .values(state="unreachable", because=bindparam("why"), ended_at=bindparam("at"))
)
_STATES = select(table.c.state, func.count()).group_by(table.c.state)
_NEXT = select(func.min(table.c.due_at)).where(table.c.state == "planned")


def plan(tx: Transaction, message: Planned, now: datetime) -> None:
    """Keep a message to send. Does nothing when one with the same key is there already."""
    due_at = message.due_at
    if message.kind not in AT_ANY_HOUR:
        polite = tx.hours.next(due_at)
        if message.expires_at is None or polite < message.expires_at:
            due_at = polite
    row: dict[str, Any] = {
        "key": message.key,
        "person_id": message.person_id,
        "account_id": message.account_id,
        "channel": message.channel,
        "kind": message.kind,
        "lane": LANES[message.kind],
        "reply": tx.vault.seal(message.reply, f"outbox.reply|{message.key}"),
        "event_id": message.event_id,
        "revision": message.revision,
        "sign_up_id": message.sign_up_id,
        "broadcast_id": message.broadcast_id,
        "due_at": due_at,
        "expires_at": message.expires_at,
        "state": "planned",
        "tries": 0,
        "created_at": now,
    }
    tx.execute(_ADD(tx), row)


def turn(tx: Transaction, channel: str, ended: Sequence[Ended], at_most: int, now: datetime) -> list[Due]:
    """Note what became of earlier rows, then claim up to `at_most` due ones of `channel`: one hop for both.

    A claimed row is `sending` on disk before its first byte leaves. What must not go out any more (expired, event
    changed, sign-up gone, messages stopped) ends here and is not returned.
    """
    for done in ended:
        settle(tx, done, now)
    if at_most <= 0:
        return []
    due: list[Due] = []
    for row in tx.execute(_DUE, {"channel": channel, "now": now, "at_most": at_most}).all():
        end = _not_any_more(row, now)
        if end is not None:
            settle(tx, end, now)
            continue
        account = accounts.get(tx, row.account_id)
        if not account.reachable and row.kind != "answer":
            settle(tx, Ended(row.id, "unreachable", "account unreachable"), now)
            continue
        tx.execute(_CLAIM, {"row": row.id})
        reply = tx.vault.open(row.reply, f"outbox.reply|{row.key}")
        due.append(Due(row.id, account.id, account.user, row.kind, reply, row.tries + 1))
    return due


def route(tx: Transaction, now: datetime, at_most: int = 500) -> int:
    """Choose for each due message where its person is reached. Returns how many were looked at."""
    unrouted = tx.execute(_UNROUTED, {"now": now, "at_most": at_most}).all()
    for row_id, person_id in unrouted:
        account = preferred_account(tx, person_id)
        if account is None:
            settle(tx, Ended(row_id, "unreachable", "no account"), now)
        else:
            tx.execute(_ROUTE, {"row": row_id, "to_account": account.id, "to_channel": account.channel})
    return len(unrouted)


def preferred_account(tx: Transaction, person_id: int) -> accounts.Account | None:
    """The one account a person is written to: reachable, able to speak unasked, used last."""
    reachable = [account for account in accounts.of_person(tx, person_id) if account.reachable]
    return min(reachable, key=lambda account: account.channel == "web", default=None)


def settle(tx: Transaction, end: Ended, now: datetime) -> None:
    if end.state in ("planned", "waiting"):
        again = {"row": end.id, "to_state": end.state, "why": end.because[:120], "at": end.again_at or now}
        tx.execute(_AGAIN, again)
    else:
        values = {"row": end.id, "to_state": end.state, "why": end.because[:120], "at": now}
        tx.execute(_END, {**values, "sent_as": end.platform_id[:80] or None})


def take_waiting(tx: Transaction, account: accounts.Account, at_most: int, now: datetime) -> list[str]:
    """What is due for whoever writes just now, where answers are given in place: it goes out with the answer."""
    replies = []
    person = account.person_id or -1
    wanted = {"account": account.id, "person": person, "now": now, "at_most": at_most}
    for row in tx.execute(_WAITING_FOR, wanted).all():
        if row.expires_at is not None and row.expires_at <= now:
            settle(tx, Ended(row.id, "expired"), now)
            continue
        settle(tx, Ended(row.id, "delivered", "with an answer"), now)
        replies.append(tx.vault.open(row.reply, f"outbox.reply|{row.key}"))
    return replies


def expire(tx: Transaction, now: datetime) -> int:
    return tx.execute(_EXPIRE, {"at": now}).rowcount


def withdraw(tx: Transaction, sign_up_id: int, because: str, now: datetime) -> None:
    """The sign-up is gone: its reminders and good news must not arrive any more."""
    tx.execute(_WITHDRAW, {"sign_up": sign_up_id, "why": because, "at": now})


def give_up_on(tx: Transaction, account_id: int, because: str, now: datetime) -> None:
    """The account cannot be written to: all that waits for it ends, and staff phone instead."""
    tx.execute(_GIVE_UP, {"account": account_id, "why": because[:120], "at": now})


def after_a_stop(tx: Transaction, now: datetime) -> int:
    """At start: what was being sent when the program stopped may have arrived. It is listed, never sent again."""
    return tx.execute(_STOPPED, {"at": now}).rowcount


def next_due(tx: Transaction) -> datetime | None:
    moment: datetime | None = tx.execute(_NEXT).scalar()
    return moment


def states(tx: Transaction) -> dict[str, int]:
    return {row[0]: row[1] for row in tx.execute(_STATES)}


def _not_any_more(row: Any, now: datetime) -> Ended | None:
    if row.expires_at is not None and row.expires_at <= now:
        return Ended(row.id, "expired")
    if row.person_state in ("merged", "anonymised"):
        return Ended(row.id, "superseded", f"person {row.person_state}")
    if row.kind not in FOLLOWS_FROM_AN_ACT and row.messages == "none":
        return Ended(row.id, "superseded", "messages stopped")
    if row.kind in ("reminder", "promotion") and row.event_state not in (None, "published"):
        return Ended(row.id, "superseded", f"event {row.event_state}")
    if row.revision is not None and row.event_revision is not None and row.revision < row.event_revision:
        return Ended(row.id, "superseded", "event changed")
    if row.kind == "reminder" and row.sign_up_state not in (None, "confirmed"):
        return Ended(row.id, "superseded", "sign-up gone")
    if row.kind == "promotion" and row.sign_up_state not in (None, "confirmed", "offered"):
        return Ended(row.id, "superseded", "sign-up gone")
    return None

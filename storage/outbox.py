"""Everything that goes out, and what became of it: one row for each message and person, and one end for each row."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import FromClause, bindparam, func, insert, or_, select, union, update

from storage import accounts, conversations
from storage.database import Transaction
from storage.schema.events import events, sign_ups
from storage.schema.people import accounts as accounts_table
from storage.schema.people import people
from storage.schema.talks import outbox as table
from storage.upsert import upsert
from storage.vault import Unreadable

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
ALTHOUGH_STOPPED: frozenset[Kind] = frozenset({"answer", "emergency", "alert", "need"})
"""What a person who stopped all messages still gets. News of an event they are told by phone (domain 9.8)."""

AT_ANY_HOUR: frozenset[Kind] = frozenset({"answer", "emergency", "alert"})
PAUSED = "sending_paused"
"""The setting that lets nothing but answers out, as after a restore."""

MESSAGES_STOPPED = "messages stopped"
"""Why a row was superseded, when the person wants no messages."""

_TELLS = frozenset({"planned", "waiting", "sending", "delivered", "unknown"})  # states of a row that tells, or has told
_MOST_WAYS = 10  # accounts tried for one message; more would send it in circles


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
    """What became of a claimed row. `planned` and `waiting`: it is known not to have left.

    With `again_at` nothing goes to the account before then, so that what was said later does not arrive earlier.
    """

    id: int
    state: End | Literal["planned", "waiting"]
    because: str = ""
    platform_id: str = ""
    again_at: datetime | None = None
    account_id: int | None = None
    screen: tuple[tuple[str, str], ...] = ()  # standing words it showed: a bare number now means these


UNDER_WAY = table.c.ended_at.is_(None)
COLUMNS = (
    table.c.id,
    table.c.key,
    table.c.kind,
    table.c.reply,
    table.c.expires_at,
    table.c.revision,
    events.c.revision.label("event_revision"),
    events.c.state.label("event_state"),
    sign_ups.c.state.label("sign_up_state"),
    people.c.state.label("person_state"),
    people.c.messages,
)
"""What `opened` and `no_longer` read of a row."""


def with_reasons(rows: FromClause) -> FromClause:
    """`rows`, which hold the outbox, with the event, sign-up and person that decide whether each still goes out."""
    return (
        rows.outerjoin(events, events.c.id == table.c.event_id)
        .outerjoin(sign_ups, sign_ups.c.id == table.c.sign_up_id)
        .outerjoin(people, people.c.id == table.c.person_id)
    )


_ADD = upsert(table, key=("key",))
_ROW = table.c.id == bindparam("row")
_ROUTE = update(table).where(_ROW).values(account_id=bindparam("to_account"), channel=bindparam("to_channel"))
_END = (
    update(table)
    .where(_ROW, UNDER_WAY)
    .values(
        state=bindparam("to_state"),
        because=bindparam("why"),
        platform_id=bindparam("sent_as"),
        ended_at=bindparam("at"),
    )
)
_AGAIN = update(table).where(_ROW, UNDER_WAY).values(state=bindparam("to_state"), because=bindparam("why"))
_REWRITE = update(table).where(_ROW, UNDER_WAY).values(reply=bindparam("sealed"), created_at=bindparam("now"))
_REST = (
    update(table)
    .where(UNDER_WAY, table.c.account_id == bindparam("account"))
    .where(table.c.state == "planned", table.c.due_at < bindparam("until"))
    .values(due_at=bindparam("until"))
)
_of_whoever_writes = union(
    select(table.c.id).where(UNDER_WAY, table.c.account_id == bindparam("account")),
    select(table.c.id).where(UNDER_WAY, table.c.person_id == bindparam("person")),
).subquery("of_whoever_writes")
_WAITING_FOR = (
    select(*COLUMNS)
    .select_from(with_reasons(_of_whoever_writes.join(table, table.c.id == _of_whoever_writes.c.id)))
    .where(table.c.state.in_(["waiting", "planned"]), table.c.kind != "answer")
    .where(table.c.due_at <= bindparam("now"))
    .order_by(table.c.lane, table.c.due_at, table.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(of=table, skip_locked=True)  # what another worker is about to send is not given here too
)
_EXPIRE = (
    update(table)
    .where(UNDER_WAY, table.c.expires_at <= bindparam("at"), table.c.state != "sending")
    .values(state="expired", ended_at=bindparam("at"))
)
_WITHDRAW = (
    update(table)
    .where(UNDER_WAY, table.c.event_id == bindparam("event"), table.c.sign_up_id == bindparam("sign_up"))
    .where(table.c.kind.in_(["reminder", "promotion"]), table.c.state != "sending")
    .values(state="superseded", because=bindparam("why"), ended_at=bindparam("at"))
)
_OUTDATED = (
    update(table)
    .where(UNDER_WAY, table.c.event_id == bindparam("event"), table.c.kind == "change")
    .where(table.c.state.in_(["planned", "waiting"]))
    .values(state="superseded", because="newer news", ended_at=bindparam("at"))
)
_NEWS_OF = (
    select(table.c.id, table.c.key, table.c.broadcast_id, table.c.event_id)
    .where(UNDER_WAY, table.c.person_id == bindparam("person"), table.c.state.in_(["planned", "waiting"]))
    .where(or_(table.c.broadcast_id.is_not(None), table.c.kind == "change"))
    .order_by(table.c.id)
)
_LIKE_IT = select(table.c.id, table.c.key, table.c.state).where(
    table.c.person_id == bindparam("person"), table.c.id != bindparam("row")
)
_OF_THE_BROADCAST = _LIKE_IT.where(table.c.broadcast_id == bindparam("broadcast"))
_OF_THE_EVENT = _LIKE_IT.where(table.c.event_id == bindparam("event"), table.c.kind == "change")
_EVENT_OF = select(sign_ups.c.event_id).where(sign_ups.c.id == bindparam("sign_up"))
_PERSON_OF = select(accounts_table.c.person_id).where(accounts_table.c.id == bindparam("account"))
_WAY_OF = select(table.c.person_id, table.c.account_id, table.c.channel, table.c.tries).where(_ROW, UNDER_WAY)
_OF_LOST = (
    table.c.account_id == bindparam("account"),
    table.c.state.in_(["planned", "waiting"]),
    table.c.kind != "answer",
)
_ELSEWHERE = (
    update(table)
    .where(UNDER_WAY, *_OF_LOST, table.c.person_id.is_not(None))
    .values(state="planned", account_id=bindparam("to_account"), channel=bindparam("to_channel"))
)
_GIVE_UP = (
    update(table)
    .where(UNDER_WAY, *_OF_LOST)
    .values(state="unreachable", because=bindparam("why"), ended_at=bindparam("at"))
)
_ADD_SENDING = insert(table).returning(table.c.id)
_WAITS = (
    select(table.c.id).where(UNDER_WAY, table.c.account_id == bindparam("account"), table.c.state == "planned").limit(1)
)
_LAST_ANSWER = select(func.max(table.c.due_at)).where(
    UNDER_WAY, table.c.account_id == bindparam("account"), table.c.state == "planned", table.c.kind == "answer"
)
_STATES = select(table.c.state, func.count()).group_by(table.c.state)
_OPEN = select(table.c.state, func.count()).where(UNDER_WAY).group_by(table.c.state)


def plan(tx: Transaction, message: Planned, now: datetime) -> None:
    """Keep a message to send. Does nothing when one with the same key is there already."""
    tx.execute(_ADD(tx), _row(tx, message, _polite(tx, message), now))
    tx.has_planned = True


def plan_all(tx: Transaction, messages: Sequence[Planned], now: datetime) -> None:
    """As `plan`, with one statement for all."""
    if messages:
        tx.execute(_ADD(tx), [_row(tx, message, _polite(tx, message), now) for message in messages])
        tx.has_planned = True


def answer(tx: Transaction, message: Planned, user: str, now: datetime) -> Due | None:
    """Keep an answer that the caller sends at once: it is `sending` from the start, and claimed by nobody else.

    None when earlier words to this account still wait: then it is planned behind them.
    """
    account = message.account_id
    if account is None or waits(tx, account):
        resting = None if account is None else tx.execute(_LAST_ANSWER, {"account": account}).scalar()
        plan(tx, replace(message, due_at=max(message.due_at, resting or message.due_at)), now)
        return None
    row = {**_row(tx, message, message.due_at, now), "state": "sending", "tries": 1, "sender": tx.worker}
    row_id = int(tx.execute(_ADD_SENDING, row).scalar_one())
    return Due(row_id, account, user, message.kind, message.reply, 1)


def waits(tx: Transaction, account_id: int) -> bool:
    """Whether anything is planned for this account."""
    return tx.execute(_WAITS, {"account": account_id}).first() is not None


def preferred_account(
    tx: Transaction, person_id: int | None, channels: Collection[str] | None = None, but: Collection[int] = ()
) -> accounts.Account | None:
    """The one account a person is written to: reachable, able to speak unasked, used last."""
    return None if person_id is None else preferred(accounts.of_person(tx, person_id), channels, but)


def preferred(
    found: Sequence[accounts.Account], channels: Collection[str] | None = None, but: Collection[int] = ()
) -> accounts.Account | None:
    """The same among `found`, all accounts of one person with the one used last first."""
    reachable = [
        account
        for account in found
        if account.reachable and account.id not in but and (channels is None or account.channel in channels)
    ]
    return min(reachable, key=lambda account: account.channel == "web", default=None)


def settle_all(tx: Transaction, ended: Sequence[Ended], now: datetime) -> None:
    """As `settle`, with one statement for all that arrived."""
    arrived = [_ending(end, now) for end in ended if end.state not in ("planned", "waiting", "unreachable")]
    if arrived:
        tx.execute(_END, arrived)
    for end in ended:
        if end.state in ("planned", "waiting", "unreachable"):
            settle(tx, end, now)
        _put_on_screen(tx, end, now)
    for end in ended:  # once more, for rows of the same accounts that became planned only now
        _rest(tx, end)


def settle(tx: Transaction, end: Ended, now: datetime) -> None:
    """Note one end. A row that has one keeps it.

    When the channel cannot speak now, or the account is lost, another account of the person gets the message. With an
    `account_id`, `unreachable` means that the account itself is lost, with all that waits for it.
    """
    if end.state == "unreachable" and end.account_id is not None:
        accounts.lost(tx, end.account_id, end.because)
        give_up_on(tx, end.account_id, end.because, now)
    if end.state in ("waiting", "unreachable") and _goes_elsewhere(tx, end):
        return
    if end.state not in ("planned", "waiting"):
        tx.execute(_END, _ending(end, now))
        return
    tx.execute(_AGAIN, {"row": end.id, "to_state": end.state, "why": end.because[:120]})
    _rest(tx, end)


def rewrite(tx: Transaction, row_id: int, key: str, reply: str, now: datetime) -> None:
    """Other words for what was not sent yet."""
    tx.execute(_REWRITE, {"row": row_id, "sealed": tx.vault.seal(reply, _context(key)), "now": now})


def take_waiting(tx: Transaction, account: accounts.Account, at_most: int, now: datetime) -> list[str]:
    """What is due for whoever writes just now, where answers are given in place: it goes out with the answer."""
    replies = []
    person = account.person_id or -1
    wanted = {"account": account.id, "person": person, "now": now, "at_most": at_most}
    for row in tx.execute(_WAITING_FOR, wanted).all():
        reply = opened(tx, row)
        end = no_longer(row, now) or (Ended(row.id, "refused", "unreadable") if reply is None else None)
        settle(tx, end or Ended(row.id, "delivered", "with an answer"), now)
        if end is None and reply is not None:
            replies.append(reply)
    return replies


def expire(tx: Transaction, now: datetime) -> int:
    """End what was not sent in time. Returns how many."""
    return tx.execute(_EXPIRE, {"at": now}).rowcount


def withdraw(tx: Transaction, sign_up_id: int, because: str, now: datetime) -> None:
    """The sign-up is gone: its reminders and good news must not arrive any more."""
    event_id = tx.execute(_EVENT_OF, {"sign_up": sign_up_id}).scalar()
    tx.execute(_WITHDRAW, {"event": event_id, "sign_up": sign_up_id, "why": because[:120], "at": now})


def outdate(tx: Transaction, event_id: int, now: datetime) -> int:
    """There is newer news of the event: what was to be told of its changes before is not sent. Returns how many."""
    return tx.execute(_OUTDATED, {"event": event_id, "at": now}).rowcount


def tell_once(tx: Transaction, person_id: int, now: datetime) -> None:
    """Two registrations became this one: of a broadcast or a change that both were to get, one row goes out."""
    for row in tx.execute(_NEWS_OF, {"person": person_id}).all():
        wanted = {"person": person_id, "row": row.id}
        if row.broadcast_id is not None:
            others = tx.execute(_OF_THE_BROADCAST, {**wanted, "broadcast": row.broadcast_id}).all()
        else:
            others = tx.execute(_OF_THE_EVENT, {**wanted, "event": row.event_id}).all()
        subject = row.key.rpartition(":")[0]  # the keys of news end with the number of the person
        told = [other for other in others if other.key.rpartition(":")[0] == subject and other.state in _TELLS]
        if told:
            settle(tx, Ended(row.id, "superseded", "told already"), now)


def give_up_on(tx: Transaction, account_id: int, because: str, now: datetime) -> None:
    """The account cannot be written to: what waits for it goes to another of the person's, or staff phone instead."""
    person_id = tx.execute(_PERSON_OF, {"account": account_id}).scalar()
    other = preferred_account(tx, person_id, but=(account_id,))
    if other is not None:
        tx.execute(_ELSEWHERE, {"account": account_id, "to_account": other.id, "to_channel": other.channel})
    tx.execute(_GIVE_UP, {"account": account_id, "why": because[:120], "at": now})


def states(tx: Transaction) -> dict[str, int]:
    """How many rows are in each state, of all that are kept."""
    return {row[0]: row[1] for row in tx.execute(_STATES)}


def under_way(tx: Transaction) -> dict[str, int]:
    """How many rows are planned, waiting and being sent."""
    return {row[0]: row[1] for row in tx.execute(_OPEN)}


def opened(tx: Transaction, row: Any) -> str | None:
    """None for what no key opens: one such row must not stop the rest."""
    try:
        return tx.vault.open(row.reply, _context(row.key))
    except (Unreadable, ValueError):  # sealed by another key, cut short, or no text
        return None


def no_longer(row: Any, now: datetime) -> Ended | None:
    """How a row ends that must not go out any more, as things stand now; None when it may."""
    if row.expires_at is not None and row.expires_at <= now:
        return Ended(row.id, "expired")
    if row.person_state in ("merged", "anonymised"):
        return Ended(row.id, "superseded", f"person {row.person_state}")
    if row.messages == "none" and row.kind not in ALTHOUGH_STOPPED:
        return Ended(row.id, "superseded", MESSAGES_STOPPED)
    if row.messages == "own" and row.kind == "broadcast":
        return Ended(row.id, "superseded", MESSAGES_STOPPED)
    if row.kind in ("reminder", "promotion") and row.event_state not in (None, "published"):
        return Ended(row.id, "superseded", f"event {row.event_state}")
    is_outdated = row.revision is not None and row.event_revision is not None and row.revision < row.event_revision
    # A change that nobody need hear of raises the revision too; newer news outdates older by itself (`outdate`).
    if is_outdated and row.kind != "change":
        return Ended(row.id, "superseded", "event changed")
    if row.kind == "reminder" and row.sign_up_state not in (None, "confirmed"):
        return Ended(row.id, "superseded", "sign-up gone")
    if row.kind == "promotion" and row.sign_up_state not in (None, "confirmed", "offered"):
        return Ended(row.id, "superseded", "sign-up gone")
    return None


def _polite(tx: Transaction, message: Planned) -> datetime:
    """When it falls due: in the hours for messages, unless it may come at any or would be too late then."""
    if message.kind in AT_ANY_HOUR:
        return message.due_at
    polite = tx.hours.next(message.due_at)
    return polite if message.expires_at is None or polite < message.expires_at else message.due_at


def _context(key: str) -> str:
    return f"outbox.reply|{key}"


def _ending(end: Ended, now: datetime) -> dict[str, Any]:
    values = {"row": end.id, "to_state": end.state, "why": end.because[:120] or None, "at": now}
    return {**values, "sent_as": end.platform_id[:80] or None}


def _rest(tx: Transaction, end: Ended) -> None:
    if end.state == "planned" and end.again_at is not None and end.account_id is not None:
        tx.execute(_REST, {"account": end.account_id, "until": end.again_at})


def _put_on_screen(tx: Transaction, end: Ended, now: datetime) -> None:
    """A bare number belongs to what was shown last (domain 9.9)."""
    if end.state == "delivered" and end.screen and end.account_id is not None:
        desk = conversations.of(tx, end.account_id)
        desk.show(end.screen)
        conversations.save(tx, end.account_id, desk, now)


def _goes_elsewhere(tx: Transaction, end: Ended) -> bool:
    row = tx.execute(_WAY_OF, {"row": end.id}).first()
    if row is None or row.person_id is None or row.account_id is None or row.tries >= _MOST_WAYS:
        return False
    other = preferred_account(tx, row.person_id, but=(row.account_id,))
    if other is None or other.channel == row.channel or (end.state == "waiting" and other.channel == "web"):
        return False
    tx.execute(_AGAIN, {"row": end.id, "to_state": "planned", "why": end.because[:120]})
    tx.execute(_ROUTE, {"row": end.id, "to_account": other.id, "to_channel": other.channel})
    return True


def _row(tx: Transaction, message: Planned, due_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "key": message.key,
        "person_id": message.person_id,
        "account_id": message.account_id,
        "channel": message.channel,
        "kind": message.kind,
        "lane": LANES[message.kind],
        "reply": tx.vault.seal(message.reply, _context(message.key)),
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

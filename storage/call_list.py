"""Whom staff must phone because no message reaches them, and what came of each call (domain 9.6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import bindparam, delete, func, literal_column, or_, select, update

from storage import accounts, audit, events, outbox, people, settings, sign_ups, wechat, wechat_promises
from storage.accounts import Account
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NotFound, NotSignedUp
from storage.schema.call_list import call_list as table
from storage.schema.events import events as events_table
from storage.schema.events import sign_ups as sign_ups_table
from storage.schema.people import people as people_table
from storage.schema.talks import outbox as outbox_table
from storage.sign_ups import Promotion
from storage.times import day_ends, local, local_date
from storage.upsert import upsert

Result = Literal["told", "no_answer", "not_coming"]

KEPT = timedelta(days=7)  # care.md 7
_MADE_AT = time(16)
_OVERLAP = timedelta(hours=1)  # looked at again, in case the clock was set back
_NEWS = ("change", "promotion")
_MISSED = ("unreachable", "expired", "refused", "unknown")
_SWEPT = "call_list_swept_at"


@dataclass(slots=True)
class Entry:
    """A person to phone about one event. `notices` are the replies that did not arrive, as JSON, to be passed on."""

    id: int
    kind: str  # expected, change, promotion, or what another part of the house added
    person_id: int
    name: str
    phone: str | None
    event_id: int | None
    point_id: int | None
    subject: str | None
    why: str  # no_account, stopped, waiting, unreachable, expired, refused, unknown
    result: str | None
    called_by: int | None
    called_at: datetime | None
    calls: int
    notices: list[str]


_ADD = upsert(table, key=("key",), change=("why", "gone_at"))
_EXPECTED = (
    select(
        sign_ups_table.c.id,
        sign_ups_table.c.person_id,
        sign_ups_table.c.group_id,
        people_table.c.messages,
        people_table.c.added_by,
    )
    .join(people_table, people_table.c.id == sign_ups_table.c.person_id)
    .where(sign_ups_table.c.event_id == bindparam("event"), sign_ups_table.c.state == "confirmed")
    .order_by(sign_ups_table.c.id)
)
_REMINDERS = select(outbox_table.c.sign_up_id, outbox_table.c.person_id, outbox_table.c.state).where(
    outbox_table.c.event_id == bindparam("event"), outbox_table.c.kind == "reminder"
)
_LISTED = select(table.c.key).where(
    table.c.event_id == bindparam("event"), table.c.kind == "expected", table.c.gone_at.is_(None)
)
_GONE = (
    update(table).where(table.c.key == bindparam("which"), table.c.result.is_(None)).values(gone_at=bindparam("now"))
)
_NOT_REACHED = (
    outbox_table.c.id,
    outbox_table.c.kind,
    outbox_table.c.person_id,
    outbox_table.c.event_id,
    outbox_table.c.state,
    events_table.c.point_id,
)
_STILL_MATTERS = (
    outbox_table.c.kind.in_(_NEWS),
    outbox_table.c.person_id.is_not(None),
    events_table.c.ends_at > bindparam("now"),
)
_ENDED = (
    select(*_NOT_REACHED)
    .join(events_table, events_table.c.id == outbox_table.c.event_id)
    .where(outbox_table.c.event_id.is_not(None), outbox_table.c.ended_at >= bindparam("since"))
    .where(outbox_table.c.state != literal_column("'delivered'"), *_STILL_MATTERS)
    .where(or_(outbox_table.c.state.in_(_MISSED), outbox_table.c.because == outbox.MESSAGES_STOPPED))
)
_WAITING = (
    select(*_NOT_REACHED)
    .join(events_table, events_table.c.id == outbox_table.c.event_id)
    .where(outbox_table.c.ended_at.is_(None), outbox_table.c.state == "waiting", *_STILL_MATTERS)
)
_ARRIVED = (
    update(table)
    .where(table.c.gone_at.is_(None), table.c.result.is_(None))
    .where(
        select(outbox_table.c.id)
        .where(outbox_table.c.id == table.c.outbox_id, outbox_table.c.state == "delivered")
        .exists()
    )
    .values(gone_at=bindparam("now"))
)
_COLUMNS = (
    table.c.id,
    table.c.kind,
    table.c.person_id,
    people_table.c.uid,
    people_table.c.name,
    people_table.c.phone,
    table.c.event_id,
    table.c.point_id,
    table.c.subject,
    table.c.why,
    table.c.result,
    table.c.called_by,
    table.c.called_at,
    table.c.calls,
    outbox_table.c.key,
    outbox_table.c.reply,
)
_ROWS = (
    table.join(people_table, people_table.c.id == table.c.person_id)
    .outerjoin(outbox_table, outbox_table.c.id == table.c.outbox_id)
    .outerjoin(events_table, events_table.c.id == table.c.event_id)
)
_TO_CALL = (
    select(*_COLUMNS)
    .select_from(_ROWS)
    .where(table.c.gone_at.is_(None), or_(table.c.result.is_(None), table.c.result == "no_answer"))
    .where(people_table.c.state == "active")
    .where(or_(events_table.c.id.is_(None), events_table.c.ends_at > bindparam("now")))
    .order_by(func.coalesce(events_table.c.starts_at, table.c.made_at), table.c.calls, table.c.id)
)
_SINCE = (
    select(*_COLUMNS)
    .select_from(_ROWS)
    .where(table.c.made_at >= bindparam("since"), people_table.c.state == "active")
    .where(or_(table.c.gone_at.is_(None), table.c.result.is_not(None)))
    .order_by(func.coalesce(events_table.c.starts_at, table.c.made_at), table.c.id)
)
_asked = table.alias("asked")
_GET = (
    select(*_COLUMNS)
    .select_from(_ROWS.join(_asked, _asked.c.id == bindparam("entry")))
    .where(table.c.person_id == _asked.c.person_id, people_table.c.state == "active")
    .where(or_(table.c.id == _asked.c.id, (table.c.event_id == _asked.c.event_id) & table.c.gone_at.is_(None)))
    .order_by(table.c.id != _asked.c.id, table.c.id)
)
_NOTE = (
    update(table)
    .where(table.c.gone_at.is_(None), table.c.person_id == bindparam("person"))
    .where(or_(table.c.id == bindparam("entry"), table.c.event_id == bindparam("event")))
    .values(result=bindparam("outcome"), called_by=bindparam("by"), called_at=bindparam("now"), calls=table.c.calls + 1)
    .returning(table.c.outbox_id)
)
_OLD = delete(table).where(table.c.made_at < bindparam("before"))


def make(tx: Transaction, now: datetime, *, templates: bool = False) -> int:
    """List everyone expected whom no message reaches: today's events, and from 16:00 on tomorrow's too.

    Doing it again lists who is new, and takes off whoever was reached or cancelled meanwhile. `templates` says that
    WeChat may push reminders by template. Returns how many are listed.
    """
    today = local_date(now)
    until = day_ends(today + timedelta(days=1)) if local(now).time() >= _MADE_AT else day_ends(today)
    return sum(
        _make(tx, event, now, templates=templates)
        for event in events.between(tx, now, until)
        if event.state == "published" and event.starts_at < until
    )


def sweep(tx: Transaction, now: datetime) -> int:
    """List whoever was not reached by news of an event that is still to come, and take off whoever was meanwhile."""
    tx.execute(_ARRIVED, {"now": now})
    since = datetime.fromisoformat(settings.get(tx, _SWEPT, "2000-01-01T00:00:00+00:00")) - _OVERLAP
    missed = [*tx.execute(_ENDED, {"since": since, "now": now}), *tx.execute(_WAITING, {"now": now})]
    for row in missed:
        why = "stopped" if row.state == "superseded" else row.state
        _list(
            tx, f"news:{row.id}", row.kind, row.person_id, why, now, event=row.event_id, point=row.point_id, of=row.id
        )
    settings.put(tx, _SWEPT, now.isoformat(), now)
    return len(missed)


def add(
    tx: Transaction, key: str, kind: str, person_id: int, why: str, now: datetime, *, subject: str, point_id: int | None
) -> None:
    """Ask for a call about something that is no event: "need 128". The same `key` twice is one entry."""
    _list(tx, key, kind, person_id, why, now, point=point_id, subject=subject)


def drop(tx: Transaction, key: str, now: datetime) -> None:
    """No call is needed any more. Does nothing for a key that is not listed, or was phoned about."""
    tx.execute(_GONE, {"which": key, "now": now})


def reason(tx: Transaction, person_id: int, messages: str, now: datetime, *, templates: bool = False) -> str | None:
    """Why no message of ours reaches the person just now; None when one does."""
    if messages == "none":
        return "stopped"
    known = accounts.of_person(tx, person_id)
    if not known:
        return "no_account"
    reachable = [account for account in known if account.reachable]
    if not reachable:
        return "unreachable"
    return None if any(_can_push(tx, account, now, templates) for account in reachable) else "waiting"


def to_call(tx: Transaction, now: datetime) -> list[Entry]:
    """Who is still to be phoned, the next event first, and those not tried yet before the others."""
    return _entries(tx, tx.execute(_TO_CALL, {"now": now}))


def made_since(tx: Transaction, since: datetime) -> list[Entry]:
    """The list as it stands, called or not."""
    return _entries(tx, tx.execute(_SINCE, {"since": since}))


def get(tx: Transaction, entry_id: int) -> Entry:
    """Raises `NotFound`."""
    found = _entries(tx, tx.execute(_GET, {"entry": entry_id}))
    if not found:
        raise NotFound("电话")
    return found[0]


def note(tx: Transaction, entry_id: int, result: Result, actor: Actor, now: datetime) -> list[Promotion]:
    """What came of a call. `not_coming` gives the seat back; whoever moves up is returned, to be told by the caller."""
    entry = get(tx, entry_id)
    wanted = {"entry": entry_id, "person": entry.person_id, "event": entry.event_id, "outcome": result}
    notices = tx.execute(_NOTE, {**wanted, "by": actor.person_id, "now": now}).scalars().all()
    audit.note(tx, actor, f"call.{result}", f"person {entry.person_id}", now, after={"event": entry.event_id})
    for notice in notices:
        if notice is not None and result != "no_answer":
            outbox.settle(tx, outbox.Ended(notice, "superseded", "told by phone"), now)
    if result != "not_coming" or entry.event_id is None:
        return []
    try:
        return sign_ups.cancel(tx, entry.event_id, entry.person_id, actor, now)
    except NotSignedUp:
        return []


def forget_before(tx: Transaction, before: datetime) -> int:
    return tx.execute(_OLD, {"before": before}).rowcount


def _make(tx: Transaction, event: Event, now: datetime, *, templates: bool) -> int:
    reached: dict[int, set[str]] = {}
    for row in tx.execute(_REMINDERS, {"event": event.id}):
        reached.setdefault(row.sign_up_id, set()).add(f"{row.person_id} {row.state}")
    expected = tx.execute(_EXPECTED, {"event": event.id}).all()
    by_group = {(row.group_id, row.person_id) for row in expected if row.group_id is not None}
    listed = set()
    for row in expected:
        if row.added_by is not None and (row.group_id, row.added_by) in by_group:
            continue  # came to the list with a friend or spouse, who is asked for both
        if f"{row.person_id} delivered" in reached.get(row.id, ()):
            continue
        why = reason(tx, row.person_id, row.messages, now, templates=templates)
        why = why or _not_arrived(row.person_id, reached.get(row.id, set()))
        if why is not None:
            key = f"expected:{event.id}:{row.person_id}"
            _list(tx, key, "expected", row.person_id, why, now, event=event.id, point=event.point_id)
            listed.add(key)
    for (key,) in tx.execute(_LISTED, {"event": event.id}).all():
        if key not in listed:
            tx.execute(_GONE, {"which": key, "now": now})
    return len(listed)


def _not_arrived(person_id: int, states: set[str]) -> str | None:
    """The end of a reminder that did not arrive although a message should have."""
    return next((state for state in ("waiting", *_MISSED) if f"{person_id} {state}" in states), None)


def _can_push(tx: Transaction, account: Account, now: datetime, templates: bool) -> bool:
    if account.channel == "web":
        return False
    if account.channel != "wechat":
        return True
    by_template = templates and wechat.takes_templates(tx, account.user)
    # One message of a window is kept back for an answer.
    return by_template or wechat_promises.unused(tx, account.user) > 0 or wechat.left(tx, account.user, now) > 1


def _list(
    tx: Transaction,
    key: str,
    kind: str,
    person_id: int,
    why: str,
    now: datetime,
    *,
    event: int | None = None,
    point: int | None = None,
    of: int | None = None,
    subject: str | None = None,
) -> None:
    row: dict[str, Any] = {"key": key, "kind": kind, "person_id": person_id, "event_id": event, "point_id": point}
    row |= {"outbox_id": of, "subject": subject, "why": why, "made_at": now, "gone_at": None, "calls": 0}
    tx.execute(_ADD(tx), row)


def _entries(tx: Transaction, rows: Iterable[Any]) -> list[Entry]:
    """One entry for each person and event: nobody is phoned twice about the same."""
    entries: dict[tuple[int, int], Entry] = {}
    for row in rows:
        entry = entries.get((row.person_id, row.event_id or -row.id))
        if entry is None:
            name, phone = people.opened(tx, row.uid, row.name, row.phone)
            facts = (row.event_id, row.point_id, row.subject, row.why)
            called = (row.result, row.called_by, row.called_at, row.calls)
            entry = Entry(row.id, row.kind, row.person_id, name, phone, *facts, *called, [])
            entries[row.person_id, row.event_id or -row.id] = entry
        notice = outbox.opened(tx, row) if row.reply else None
        if notice is not None:
            entry.notices.append(notice)
    return list(entries.values())

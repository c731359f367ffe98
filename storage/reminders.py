"""When people are reminded of what they signed up for: the evening before, and two hours before."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Integer, String, bindparam, cast, func, literal, select, update

from storage import events, outbox, people, proxies, queue_numbers
from storage.database import Transaction
from storage.events import Event
from storage.hours import MessageHours
from storage.outbox import UNDER_WAY, Planned
from storage.queue_numbers import QueueNumber
from storage.schema.events import event_changes, sign_ups
from storage.schema.talks import outbox as table
from storage.times import at, day_starts, local_date

Rule = Literal["day_before", "two_hours"]

MOST = 2  # for an event and person, however often it is moved
_EVENING = time(18)
_BEFORE = timedelta(hours=2)
_AT_LEAST = timedelta(minutes=60)  # before the start, for a reminder that moves later
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_LONGEST_AHEAD = timedelta(hours=31)  # from 18:00 to the last minute of the next day, and some


@dataclass(frozen=True, slots=True)
class Facts:
    """What a reminder speaks of."""

    event: Event
    rule: Rule
    on: date  # the day it is read, on the calendar of 三亚
    comes: bool  # the person said so already
    turns: tuple[QueueNumber, ...] = ()  # at the stalls of a market
    acts_for: str = ""  # in the copy for a proxy: who signed up


Write = Callable[[Facts], str]
"""The words of a reminder, as JSON of a reply."""


def _joined(*parts: ColumnElement[Any]) -> ColumnElement[str]:
    key: ColumnElement[str] = literal("reminder")
    for part in parts:
        key = key.concat(":").concat(cast(part, String))
    return key


_KEY = _joined(
    bindparam("event", type_=Integer),
    bindparam("revision", type_=Integer),
    sign_ups.c.person_id,
    bindparam("rule", type_=String),
)
_TO_REMIND = (
    select(sign_ups.c.id, sign_ups.c.person_id, sign_ups.c.comes)
    .where(sign_ups.c.event_id == bindparam("event"), sign_ups.c.state == "confirmed")
    .where(sign_ups.c.changed_at < bindparam("due"), sign_ups.c.changed_at >= bindparam("since"))
    .where(~select(table.c.id).where(table.c.key == _KEY).exists())
    .order_by(sign_ups.c.id)
    .limit(bindparam("at_most"))
)
_REVISED = select(func.min(event_changes.c.at)).where(
    event_changes.c.event_id == bindparam("event"), event_changes.c.revision == bindparam("revision")
)
_REMINDED = (
    select(table.c.person_id, func.count().label("times"))
    .join(sign_ups, sign_ups.c.id == table.c.sign_up_id)
    .where(table.c.event_id == bindparam("event"), table.c.kind == "reminder")
    .where(sign_ups.c.person_id == table.c.person_id)
    .where(table.c.state.in_(["planned", "waiting", "sending", "delivered", "unknown"]))
    .group_by(table.c.person_id)
)
_DONE = select(table.c.sign_up_id).where(
    table.c.event_id == bindparam("event"),
    table.c.kind == "reminder",
    table.c.revision == bindparam("revision"),
    table.c.key.like(bindparam("by_rule")),
    table.c.state != "superseded",
)
_EARLIER = (
    update(table)
    .where(table.c.event_id == bindparam("event"), table.c.sign_up_id == bindparam("sign_up"), UNDER_WAY)
    .where(table.c.kind == "reminder", table.c.state.in_(["planned", "waiting"]))
    .values(state="superseded", because="a later reminder", ended_at=bindparam("now"))
)
_ENOUGH = (
    update(table)
    .where(table.c.key == bindparam("planned"))
    .values(state="superseded", because="reminded already", ended_at=bindparam("now"))
)
_OF_YESTERDAY = (
    select(table.c.id, table.c.key, table.c.person_id, sign_ups.c.person_id.label("of_person"), sign_ups.c.comes)
    .join(sign_ups, sign_ups.c.id == table.c.sign_up_id)
    .where(table.c.event_id == bindparam("event"), table.c.kind == "reminder", UNDER_WAY)
    .where(table.c.state.in_(["planned", "waiting"]), table.c.created_at < bindparam("today"))
)


def moments(starts_at: datetime, hours: MessageHours) -> dict[Rule, datetime]:
    """When each rule falls due, in message hours.

    Outside them it moves later when an hour is left before the start, else earlier (domain 9.1).
    """
    wanted = starts_at - _BEFORE
    later = hours.next(wanted)
    two_hours = later if starts_at - later >= _AT_LEAST or later == wanted else hours.last_before(wanted)
    return {"day_before": at(local_date(starts_at) - timedelta(days=1), _EVENING), "two_hours": two_hours}


def plan_due(tx: Transaction, now: datetime, write: Write, at_most: int = 200) -> int:
    """Plan the reminders that are due. Returns how many people; when it is `at_most`, more may be waiting.

    Whoever got a place after a rule was due is not reminded by it. Two reminders that would meet on one evening are
    one, and an earlier one not read yet gives way to the later.
    """
    planned = 0
    for event in events.between(tx, now, now + _LONGEST_AHEAD):
        if event.state != "published" or event.starts_at <= now:
            continue
        if local_date(event.starts_at) == local_date(now):
            _rewrite(tx, event, now, write)
        for rule, due, since in _due(tx, event, now):
            if planned < at_most:
                planned += _plan(tx, event, rule, due, since, now, write, at_most - planned)
    return planned


def _due(tx: Transaction, event: Event, now: datetime) -> list[tuple[Rule, datetime, datetime]]:
    """The rule that is due now, from when, and for places got since when."""
    due = moments(event.starts_at, tx.hours)
    known = _known_since(tx, event) or _LONG_AGO
    met = local_date(due["day_before"]) >= local_date(due["two_hours"])
    found: list[tuple[Rule, datetime, datetime]] = []
    if known < due["day_before"] <= now and (met or now < due["two_hours"]):
        found.append(("day_before", due["day_before"], _LONG_AGO))
    if known < due["two_hours"] <= now:
        after = due["day_before"] if met and known < due["day_before"] else _LONG_AGO
        found.append(("two_hours", due["two_hours"], after))
    return found


def _known_since(tx: Transaction, event: Event) -> datetime | None:
    """Since when people know this time and place: they need no reminder of what they were told a minute ago."""
    revised: datetime | None = None
    if event.revision > 1:
        revised = tx.execute(_REVISED, {"event": event.id, "revision": event.revision}).scalar()
    return revised or event.published_at


def _plan(
    tx: Transaction, event: Event, rule: Rule, due: datetime, since: datetime, now: datetime, write: Write, at_most: int
) -> int:
    wanted = {"event": event.id, "revision": event.revision, "rule": rule, "due": due, "since": since}
    found = tx.execute(_TO_REMIND, {**wanted, "at_most": at_most}).all()
    reminded: dict[int, int] = {}
    done = set[int]()  # under another key: of a person who is this one since a merge
    if found:
        done = set(tx.execute(_DONE, {**wanted, "by_rule": f"%:{rule}"}).scalars())
    if found and event.revision > 1:
        reminded = {row.person_id: row.times for row in tx.execute(_REMINDED, {"event": event.id})}
    for sign_up_id, person_id, comes in found:
        turns = tuple(queue_numbers.of_person(tx, event.id, person_id))
        facts = Facts(event, rule, local_date(max(due, now)), bool(comes), turns)
        planned = Planned("reminder", f"reminder:{event.id}:{event.revision}:{person_id}:{rule}", write(facts), due)
        planned.person_id, planned.sign_up_id = person_id, sign_up_id
        planned.event_id, planned.revision, planned.expires_at = event.id, event.revision, event.starts_at
        enough = sign_up_id in done or reminded.get(person_id, 0) >= MOST
        if not enough:
            tx.execute(_EARLIER, {"event": event.id, "sign_up": sign_up_id, "now": now})
        outbox.plan(tx, planned, now)
        if enough:
            tx.execute(_ENOUGH, {"planned": planned.key, "now": now})
        else:
            _copies(tx, planned, facts, person_id, now, write)
    return len(found)


def _copies(tx: Transaction, original: Planned, facts: Facts, person_id: int, now: datetime, write: Write) -> None:
    """Whoever acts for the person is reminded too."""
    for helper in proxies.helpers_of(tx, person_id):
        if helper.agreed_at is None:
            continue
        key, copy = f"{original.key}:{helper.proxy_id}", _for_proxy(tx, facts, person_id)
        planned = Planned("reminder", key, write(copy), original.due_at, person_id=helper.proxy_id)
        planned.sign_up_id, planned.event_id = original.sign_up_id, original.event_id
        planned.revision, planned.expires_at = original.revision, original.expires_at
        outbox.plan(tx, planned, now)


def _for_proxy(tx: Transaction, facts: Facts, person_id: int) -> Facts:
    return replace(facts, acts_for=people.get(tx, person_id).name)


def _rewrite(tx: Transaction, event: Event, now: datetime, write: Write) -> None:
    """What still waits since yesterday says 明天; today that would be wrong."""
    today = local_date(now)
    for row in tx.execute(_OF_YESTERDAY, {"event": event.id, "today": day_starts(today)}).all():
        turns = tuple(queue_numbers.of_person(tx, event.id, row.of_person))
        facts = Facts(event, "day_before", today, bool(row.comes), turns)
        if row.person_id != row.of_person:
            facts = _for_proxy(tx, facts, row.of_person)
        outbox.rewrite(tx, row.id, row.key, write(facts), now)

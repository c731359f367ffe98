"""诚信积分: a card of one's own wish, on which coming and helping is written down, and what was wrong taken back.

Nobody is compared: a card is read by its resident alone. Points are spent elsewhere, where things are given for them.
"""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, insert, select, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NoPointsYet
from storage.schema.credit_points import credit_points as table
from storage.schema.credit_points import point_cards as cards
from storage.schema.credit_points import point_rules as rules
from storage.schema.events import attendances, events
from storage.times import local_date


@dataclass(frozen=True, slots=True)
class Rule:
    """What an event is worth from `begins_at` on, and how many months points last."""

    version: int
    begins_at: datetime
    per_event: int
    per_hour: int  # of volunteering, besides
    months: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a card. `points` are below zero where a row takes back; `balance` is what stood on the card then."""

    at: datetime
    title: str
    rule_version: int
    points: int
    takes_back: bool
    balance: int
    expires_on: date


_ADD_RULE = insert(rules)
_RULES = select(rules.c.version, rules.c.begins_at, rules.c.per_event, rules.c.per_hour, rules.c.months)
_NEWEST = _RULES.order_by(rules.c.version.desc()).limit(1)
_RULE_AT = _RULES.where(rules.c.begins_at <= bindparam("moment")).order_by(rules.c.version.desc()).limit(1)
_ADD_CARD = insert(cards).returning(cards.c.id)
_CARD = (
    select(cards.c.id, cards.c.opened_at)
    .where(cards.c.person_id == bindparam("person"), cards.c.closed_at.is_(None))
    .order_by(cards.c.id)
    .limit(1)
)
_CLOSE = (
    update(cards)
    .where(cards.c.person_id == bindparam("person"), cards.c.closed_at.is_(None))
    .values(closed_at=bindparam("now"))
)
_CAME = (
    select(
        events.c.id,
        events.c.starts_at,
        events.c.ends_at,
        events.c.type,
        attendances.c.minutes_measured,
        attendances.c.minutes_corrected,
    )
    .select_from(events.join(attendances, attendances.c.event_id == events.c.id))
    .where(
        events.c.state == "held",
        events.c.starts_at >= bindparam("since"),
        attendances.c.person_id == bindparam("person"),
        attendances.c.state == "attended",
        attendances.c.undone_at.is_(None),
    )
    .order_by(events.c.starts_at, events.c.id)
)
_STANDING = (
    select(table.c.event_id, func.sum(table.c.points).label("points"), func.max(table.c.id).label("newest"))
    .where(table.c.card_id == bindparam("card"))
    .group_by(table.c.event_id)
)
_ROW = select(table.c.rule_version, table.c.expires_on).where(table.c.id == bindparam("row"))
_ADD = insert(table)
_ENTRIES = (
    select(
        table.c.at,
        events.c.title,
        table.c.rule_version,
        table.c.points,
        table.c.takes_back,
        table.c.expires_on,
    )
    .join(events, events.c.id == table.c.event_id)
    .where(table.c.card_id == bindparam("card"))
    .order_by(table.c.id)
)


def set_rule(tx: Transaction, per_event: int, per_hour: int, months: int, actor: Actor, now: datetime) -> Rule:
    """A new version, from now on; what was given stays as it was given."""
    tx.lock("point rules")
    before = rule(tx)
    made = Rule(1 if before is None else before.version + 1, now, per_event, per_hour, months)
    values = {"version": made.version, "begins_at": now, "per_event": per_event, "per_hour": per_hour}
    tx.execute(_ADD_RULE, values | {"months": months, "made_by": actor.person_id})
    after = {"per_event": per_event, "per_hour": per_hour, "months": months}
    audit.note(tx, actor, "points.rule", f"rule {made.version}", now, after=after)
    return made


def rule(tx: Transaction) -> Rule | None:
    """The newest; None while the district gives no points."""
    row = tx.execute(_NEWEST).first()
    return None if row is None else Rule(*row)


def card(tx: Transaction, person_id: int) -> int | None:
    """The number of the card that is open."""
    row = tx.execute(_CARD, {"person": person_id}).first()
    return None if row is None else int(row.id)


def open_card(tx: Transaction, person_id: int, now: datetime) -> int:
    """At the person's own wish; a card that is open stays. Raises `NoPointsYet`."""
    tx.lock(f"person {person_id}")
    if rule(tx) is None:
        raise NoPointsYet
    known = card(tx, person_id)
    return known or int(tx.execute(_ADD_CARD, {"person_id": person_id, "opened_at": now}).scalar_one())


def close_card(tx: Transaction, person_id: int, now: datetime) -> bool:
    """False when none was open."""
    return tx.execute(_CLOSE, {"person": person_id, "now": now}).rowcount > 0


def settle(tx: Transaction, person_id: int, now: datetime) -> None:
    """Write onto the card what was earned since, and take back what turned out wrong. A repeat writes nothing."""
    tx.lock(f"person {person_id}")
    row = tx.execute(_CARD, {"person": person_id}).first()
    if row is None:
        return
    standing = {each.event_id: each for each in tx.execute(_STANDING, {"card": row.id})}
    came = {each.id: each for each in tx.execute(_CAME, {"person": person_id, "since": row.opened_at})}
    for event_id, given in standing.items():
        if given.points and (event_id not in came or _earned(tx, came[event_id])[0] != given.points):
            _take_back(tx, row.id, event_id, given, now)
    for event_id, event in came.items():
        points, by = _earned(tx, event)
        if by is not None and points and (event_id not in standing or standing[event_id].points != points):
            expires = _months_later(local_date(event.starts_at), by.months)
            values = {"card_id": row.id, "event_id": event_id, "rule_version": by.version, "takes_back": None}
            at = event.ends_at if event_id not in standing else now
            tx.execute(_ADD, values | {"at": at, "points": points, "expires_on": expires})


def entries(tx: Transaction, card_id: int) -> list[Entry]:
    """In the order they were written."""
    found, balance = [], 0
    for row in tx.execute(_ENTRIES, {"card": card_id}):
        balance += row.points
        taken = row.takes_back is not None
        found.append(Entry(row.at, row.title, row.rule_version, row.points, taken, balance, row.expires_on))
    return found


def valid(found: list[Entry], today: date) -> int:
    """Points that still count."""
    return sum(entry.points for entry in found if entry.expires_on >= today)


def _take_back(tx: Transaction, card_id: int, event_id: int, given: Any, now: datetime) -> None:
    row = tx.execute(_ROW, {"row": given.newest}).one()
    values = {"card_id": card_id, "event_id": event_id, "rule_version": row.rule_version, "takes_back": given.newest}
    tx.execute(_ADD, values | {"at": now, "points": -int(given.points), "expires_on": row.expires_on})


def _earned(tx: Transaction, event: Any) -> tuple[int, Rule | None]:
    """By the rule of the day of the event; (0, None) where there was none yet."""
    row = tx.execute(_RULE_AT, {"moment": event.starts_at}).first()
    if row is None:
        return 0, None
    by = Rule(*row)
    minutes = event.minutes_measured if event.minutes_corrected is None else event.minutes_corrected
    hours = (minutes or 0) / 60 if event.type == "volunteering" else 0
    return by.per_event + int(by.per_hour * hours), by


def _months_later(day: date, months: int) -> date:
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, monthrange(year, month)[1]))

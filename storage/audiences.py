"""Whom a broadcast is for: conditions in any combination, and how many people that is in each channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, true

from storage.database import Transaction
from storage.events import TAKEN
from storage.schema.events import attendances, events, sign_ups
from storage.schema.people import accounts, grants, people
from storage.times import day_starts, local_date

STANDINGS = ("signed_up", "waitlisted", "attended", "absent")

_WECHAT_WINDOW = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who fits every condition that is set; within one condition, any of its values will do.

    `standings` says how people stand with `events` and the events of `series`. `in_town` leaves out who is away now.
    """

    points: tuple[int, ...] = ()
    communities: tuple[str, ...] = ()
    branches: tuple[int, ...] = ()
    events: tuple[int, ...] = ()
    series: tuple[int, ...] = ()
    standings: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    interests: tuple[str, ...] = ()
    residences: tuple[str, ...] = ()  # seasonal, local
    seasons: tuple[int, ...] = ()  # who came to something in one that began in October of such a year
    in_town: bool = True

    @property
    def is_of_events(self) -> bool:
        """Whether it speaks to people about events they signed up for: that reaches also who wants nothing else."""
        return bool(self.events or self.series)


@dataclass(frozen=True, slots=True)
class Count:
    """How many people are meant, and how many of them each way reaches."""

    people: int
    channels: dict[str, int]  # by channel, of those a message can be sent to
    later: int  # of these: only when they write or visit next
    unreachable: int  # no account, or one that is lost
    stopped: int  # who asked for fewer messages


def written(audience: Audience) -> str:
    return msgspec.json.encode(audience).decode()


def read(kept: str) -> Audience:
    return msgspec.json.decode(kept, type=Audience)


def after(tx: Transaction, audience: Audience, person_id: int, at_most: int, now: datetime) -> list[Any]:
    """The next people meant, by their number: rows of id, messages and point_id."""
    return list(tx.execute(_next_of(audience, person_id, at_most, now)).all())


def count(tx: Transaction, audience: Audience, now: datetime) -> Count:
    """Rule: domain 9.7, before anything is approved."""
    ways: dict[str, int] = {row.way: row.number for row in tx.execute(_ways(audience, now))}
    unreachable, stopped = ways.pop("unreachable", 0), ways.pop("stopped", 0)
    later = ways.get("web", 0) + ways.get("wechat later", 0)
    if waiting := ways.pop("wechat later", 0):
        ways["wechat"] = ways.get("wechat", 0) + waiting
    return Count(sum(ways.values()) + unreachable + stopped, ways, later, unreachable, stopped)


def wants(audience: Audience, messages: str, point_id: int | None) -> bool:
    """Whether what a person chose to receive allows this (domain 9.8)."""
    if messages == "none":
        return False
    if messages == "own":
        return audience.is_of_events
    return messages != "point" or audience.is_of_events or point_id in audience.points


# These statements are built for each audience: there are as many shapes as there are combinations.


def _next_of(audience: Audience, person_id: int, at_most: int, now: datetime) -> Select[Any]:
    return (
        select(people.c.id, people.c.messages, people.c.point_id)
        .where(people.c.id > person_id, *_conditions(audience, now))
        .order_by(people.c.id)
        .limit(at_most)
    )


def _ways(audience: Audience, now: datetime) -> Select[Any]:
    of_person = (accounts.c.person_id == people.c.id, accounts.c.reachable)
    order = (accounts.c.channel == "web", accounts.c.last_heard_at.desc(), accounts.c.id)
    channel = select(accounts.c.channel).where(*of_person).order_by(*order).limit(1).scalar_subquery()
    heard = select(accounts.c.last_heard_at).where(*of_person).order_by(*order).limit(1).scalar_subquery()
    way = case(
        (~_wants(audience), "stopped"),
        (channel.is_(None), "unreachable"),
        (and_(channel == "wechat", func.coalesce(heard < now - _WECHAT_WINDOW, true())), "wechat later"),
        else_=channel,
    ).label("way")
    each = select(way).where(*_conditions(audience, now)).subquery()
    return select(each.c.way, func.count().label("number")).group_by(each.c.way)


def _wants(audience: Audience) -> ColumnElement[bool]:
    """As `wants`, where the rows are."""
    if audience.is_of_events:
        return people.c.messages != "none"
    of_point = and_(people.c.messages == "point", people.c.point_id.in_(audience.points))
    return or_(people.c.messages == "all", func.coalesce(of_point, False))


def _conditions(audience: Audience, now: datetime) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [people.c.state == "active"]
    if audience.points:
        found.append(people.c.point_id.in_(audience.points))
    if audience.communities:
        found.append(people.c.community_code.in_(audience.communities))
    if audience.branches:
        found.append(people.c.host_branch_id.in_(audience.branches))
    if audience.residences:
        found.append(people.c.residence.in_(audience.residences))
    if audience.interests:
        found.append(or_(*(people.c.interests.contains(f'"{each}"', autoescape=True) for each in audience.interests)))
    if audience.seasons:
        found.append(or_(*(people.c.id.in_(_came_in(year)) for year in audience.seasons)))
    if audience.roles:
        found.append(_holds(audience.roles, now))
    if audience.is_of_events:
        found.append(_stands(audience))
    if audience.in_town:
        found.append(_in_town(now))
    return found


def _came_in(year: int) -> Select[Any]:
    """Everyone who came to an event in the season from October of `year` to the end of April (domain 2)."""
    begins, ends = day_starts(date(year, 10, 1)), day_starts(date(year + 1, 5, 1))
    return (
        select(attendances.c.person_id)
        .join(events, events.c.id == attendances.c.event_id)
        .where(events.c.starts_at >= begins, events.c.starts_at < ends)
        .where(attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    )


def _in_town(now: datetime) -> ColumnElement[bool]:
    today = local_date(now)
    return or_(
        people.c.residence.is_(None),
        people.c.residence != "seasonal",
        and_(
            or_(people.c.arrives_on.is_(None), people.c.arrives_on <= today),
            or_(people.c.leaves_on.is_(None), people.c.leaves_on >= today),
        ),
    )


def _holds(roles: Sequence[str], now: datetime) -> ColumnElement[bool]:
    held = select(grants.c.person_id).where(
        grants.c.role.in_(roles),
        grants.c.revoked_at.is_(None),
        grants.c.starts_at <= now,
        or_(grants.c.ends_at.is_(None), grants.c.ends_at > now),
    )
    return people.c.id.in_(held)


def _stands(audience: Audience) -> ColumnElement[bool]:
    of_series = select(events.c.id).where(events.c.series_id.in_(audience.series))
    standings = audience.standings or ("signed_up",)
    states = [state for name, states in _SIGN_UP_STATES.items() if name in standings for state in states]
    came = [name for name in ("attended", "absent") if name in standings]
    signed_up = select(sign_ups.c.person_id).where(
        or_(sign_ups.c.event_id.in_(audience.events), sign_ups.c.event_id.in_(of_series)),
        sign_ups.c.state.in_(states),
    )
    noted = select(attendances.c.person_id).where(
        or_(attendances.c.event_id.in_(audience.events), attendances.c.event_id.in_(of_series)),
        attendances.c.state.in_(came),
        attendances.c.undone_at.is_(None),
    )
    ways = [people.c.id.in_(signed_up)] if states else []
    return or_(*ways, *([people.c.id.in_(noted)] if came else []))


_SIGN_UP_STATES = {"signed_up": TAKEN, "waitlisted": ("waitlisted",)}

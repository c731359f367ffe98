"""Making an event, and changing one: shown before it counts, with how many people will be told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from starlette.responses import Response

from bot.console.access import ORGANISERS
from bot.console.events import must_organise, seen
from bot.console.visit import Visit
from handlers import notices
from handlers import series as series_handler
from handlers.roles import may_hold_at
from storage import events, points, series, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import TYPES, Draft, Event
from storage.refusals import NotAllowed
from storage.times import at, local

_LONGEST_EVENT = timedelta(hours=24)


@dataclass(slots=True)
class Filled:
    """What was filled in. `wrong` says, field by field, what cannot be used."""

    given: dict[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


_FIELDS = {"title": 60, "day": 10, "starts": 5, "ends": 5, "venue": 60, "capacity": 5, "words": 400, "speaker": 40}


def nothing_given() -> dict[str, str]:
    return dict.fromkeys((*_FIELDS, "type", "point", "members_only"), "")


async def blank(visit: Visit) -> Response:
    must_organise(visit.staff)
    given = nothing_given()
    return visit.page("event_form.html", **await choices(visit), event=None, following=0, given=given, wrong=[])


async def create(visit: Visit) -> Response:
    """Keeps a draft; nobody sees it before it is published."""
    must_organise(visit.staff)
    filled = read_new(visit)
    if filled.wrong:
        parts = {"event": None, "following": 0, "given": filled.given, "wrong": filled.wrong}
        return visit.page("event_form.html", 422, **await choices(visit), **parts)

    def work(tx: Transaction) -> int:
        return events.create(tx, draft_of(tx, visit, filled), visit.now)

    event_id = await visit.write(work)
    return visit.goes_to(f"/console/events/{event_id}?said=存好了，还是草稿。看过没问题再点“发布”。")


def read_new(visit: Visit) -> Filled:
    """What was filled in for an event that is not there yet."""
    filled = _read(visit)
    filled.given |= {"type": visit.text("type", 30), "members_only": visit.text("members_only", 3)}
    if filled.given["type"] not in TYPES:
        filled.wrong.append("请选一个类型。")
    return filled


def draft_of(tx: Transaction, visit: Visit, filled: Filled) -> Draft:
    """Raises `NotAllowed` for a place where this person does not organise."""
    values = {**filled.values, "venue": _venue(tx, filled.values)}
    organisation = next((grant.organisation_id for grant in visit.staff.grants if grant.organisation_id), None)
    draft = Draft(filled.given["type"], organisation_id=organisation, organiser_id=visit.staff.person_id, **values)
    if draft.point_id is not None:
        draft.contact_phone = points.get(tx, draft.point_id).phone
    if not may_hold_at(visit.staff.grants, draft.point_id):
        raise NotAllowed("这个服务点的组织者")
    draft.members_only = filled.given["members_only"] == "yes"
    return draft


async def change_form(visit: Visit) -> Response:
    parts = await visit.read(_opened, visit)
    given = {**_given(parts["event"]), "reach": "once"}
    return visit.page("event_form.html", **await choices(visit), **parts, given=given, wrong=[])


async def change(visit: Visit) -> Response:
    """The first time it shows what would change and who would be told; with `sure` it is done.

    With `reach` "following" it is this one of a series and all after it.
    """
    event_id = visit.path_number()
    filled = _read(visit)
    filled.given["reach"] = "following" if visit.text("reach", 10) == "following" else "once"
    if filled.wrong:
        parts = {**await choices(visit), **await visit.read(_opened, visit)}
        return visit.page("event_form.html", 422, **parts, given=filled.given, wrong=filled.wrong)
    if visit.text("sure", 3) != "yes":
        return visit.page("event_change.html", **await visit.read(_preview, visit, filled))

    def work(tx: Transaction) -> str:
        event = seen(tx, visit.staff, event_id)
        values = {**filled.values, "venue": _venue(tx, filled.values)}
        if event.point_id != values["point_id"] and not may_hold_at(visit.staff.grants, values["point_id"]):
            raise NotAllowed("那个服务点的组织者")
        if filled.given["reach"] == "following":

            def acting(each: Event) -> Actor:
                return visit.staff.acting_on(each, ORGANISERS)

            changed = series_handler.change_from(tx, event, _differing(event, values), acting, visit.now)
            return f"{changed} 次都改好了"
        actor = visit.staff.acting_on(event, ORGANISERS)
        before, after = events.change(tx, event_id, values, actor, visit.now)
        told = notices.changed(tx, before, after, visit.now) if after.state == "published" else 0
        if after.state == "published" and after.capacity != before.capacity:
            notices.promoted(tx, sign_ups.promote(tx, event_id, visit.now), visit.now)
        return f"改好了，已经安排告诉 {told} 个人" if told else "改好了"

    said = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/events/{event_id}?said={said}。")


def _opened(tx: Transaction, visit: Visit) -> dict[str, Any]:
    """The event to be changed, and how many of its series come after it."""
    event = seen(tx, visit.staff, visit.path_number())
    visit.staff.acting_on(event, ORGANISERS)
    return {"event": event, "following": len(series.following(tx, event))}


def _preview(tx: Transaction, visit: Visit, filled: Filled) -> dict[str, Any]:
    opened = _opened(tx, visit)
    event: Event = opened["event"]
    values = {**filled.values, "venue": _venue(tx, filled.values)}
    after = events.changed_by(tx, event, values, visit.now)
    news = notices.changes_in_words(event, after) if event.state == "published" else ""
    told = len(events.concerned(tx, event.id)) if news else 0
    if filled.given["reach"] == "following":
        concerned = series_handler.concerned_from(tx, event, _differing(event, values), visit.now)
        told = concerned if news else 0
    same_time = events.at_the_same_time(tx, after, event.id)
    return {**opened, "after": after, "news": news, "told": told, "given": filled.given, "same_time": same_time}


def _differing(event: Event, values: Mapping[str, Any]) -> dict[str, Any]:
    """What would be different, a time always as both its ends."""
    changed = {name for name, value in values.items() if getattr(event, name) != value}
    if changed & {"starts_at", "ends_at"}:
        changed |= {"starts_at", "ends_at"}
    return {name: values[name] for name in values if name in changed}


def _read(visit: Visit) -> Filled:
    given = {name: visit.text(name, at_most) for name, at_most in _FIELDS.items()}
    given["point"] = visit.text("point", 12)
    filled = Filled(given)
    if len(given["title"]) < 2:
        filled.wrong.append("名称至少两个字。")
    starts, ends = _moment(given["day"], given["starts"]), _moment(given["day"], given["ends"])
    if starts is None or ends is None:
        filled.wrong.append("日子和时间没填全，比如：2026-12-08，14:30 到 16:00。")
    else:
        if ends <= starts:
            filled.wrong.append("结束要晚于开始。")
        if ends - starts > _LONGEST_EVENT:
            filled.wrong.append("一场活动不超过一天。")
        filled.values |= {"starts_at": starts, "ends_at": ends}
    if given["capacity"] and not (given["capacity"].isdecimal() and 0 < int(given["capacity"]) <= 5000):
        filled.wrong.append("名额填 1 到 5000，不限就空着。")
    else:
        filled.values["capacity"] = int(given["capacity"]) if given["capacity"] else None
    point = int(given["point"]) if given["point"].isdecimal() else None
    if point is None and not given["venue"]:
        filled.wrong.append("请选一个服务点，或者写清楚地方。")
    filled.values |= {"title": given["title"], "point_id": point, "venue": given["venue"]}
    filled.values |= {"description": given["words"], "speaker": given["speaker"] or None}
    return filled


def _venue(tx: Transaction, values: Mapping[str, Any]) -> str:
    point_id = values["point_id"]
    return points.get(tx, point_id).name if point_id is not None else str(values["venue"])


def _given(event: Event) -> dict[str, str]:
    starts, ends = local(event.starts_at), local(event.ends_at)
    return {
        "title": event.title,
        "type": event.type,
        "day": starts.date().isoformat(),
        "starts": f"{starts:%H:%M}",
        "ends": f"{ends:%H:%M}",
        "point": str(event.point_id or ""),
        "venue": "" if event.point_id else event.venue,
        "capacity": str(event.capacity or ""),
        "words": event.description,
        "speaker": event.speaker or "",
        "members_only": "",
    }


async def choices(visit: Visit) -> dict[str, Any]:
    return {"points": await visit.read(points.active), "types": TYPES, "most": 0}


def _moment(day: str, clock: str) -> datetime | None:
    try:
        return at(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError:
        return None

"""Writing a broadcast at the console: the words, and whom they are for, within what the writer's role reaches."""

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from bot.console.access import Staff
from bot.console.uploads import sent_file, was_sent
from bot.console.visit import Visit
from bot.web import media
from dialogue.message import Reply, encoded
from dialogue.texts import moment
from handlers import events as events_handler
from handlers.audiences import (
    BY,
    RESIDENCES,
    STANDINGS,
    Standing,
    described,
    events_around,
    of_events,
    seasons,
    standings,
)
from handlers.broadcasts import urgently, with_event, with_file
from handlers.roles import TITLES
from storage import audiences, broadcasts, communities, events, need_categories, organisations, points, series
from storage.audiences import Audience
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NotAllowed
from storage.scrub import scrub

_MAY_HURRY = ("district_staff", "point_lead")
_BY_NUMBER = ("points", "branches", "events", "series", "seasons")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Condition:
    name: str
    label: str
    options: dict[str, str]


async def blank(visit: Visit) -> Response:
    _must_speak(visit.staff)
    given = {"standing": "0", "text": "", "reason": "", "card": "", "file": "", "chosen": {}}
    return visit.page("broadcast_form.html", **await visit.read(_choices, visit), given=given, wrong=[])


async def create(visit: Visit) -> Response:
    """Keeps a draft: nobody gets anything before it was looked at."""
    ways = _must_speak(visit.staff)
    who = ways[min(visit.number("standing") or 0, len(ways) - 1)]
    text, reason = scrub(visit.text("text", _LONGEST))[0], visit.text("reason", 100)
    is_urgent = visit.text("kind", 10) == "emergency"
    wrong = [] if len(text) >= 4 else ["请写清楚要告诉大家什么，至少四个字。"]
    if is_urgent and len(reason) < 2:
        wrong.append("紧急通知要写明原因。")
    if is_urgent and who.role not in _MAY_HURRY:
        raise NotAllowed(TITLES["point_lead"])
    file = await sent_file(visit, wrong)

    def work(tx: Transaction) -> int | None:
        audience = _audience(tx, visit, who)
        if not audiences.count(tx, audience, visit.now).people:
            return None
        actor, reply = visit.staff.actor(who.role), Reply(text)
        if file is not None:
            name, found = file
            reply = with_file(tx, reply, name, found.media_type, found.content, visit.now)
        card = visit.number("card")
        if card in {event.id for event in events.coming(tx, visit.now)}:
            reply = with_event(tx, reply, events.get(tx, card), visit.now)
        because = reason if is_urgent else None
        made = broadcasts.draft(tx, encoded(reply), audience, actor, visit.now, emergency_because=because)
        if is_urgent:
            broadcasts.reword(tx, made, encoded(urgently(made, reply)), None)
        return made

    made = None if wrong else await visit.write(work)
    if made is not None:
        return visit.goes_to(f"/console/broadcasts/{made}?said=存好了，还没有发。看看多少人收得到，再发。")
    wrong = wrong or ["这些条件下一个人也没有，没有存。"]
    given: dict[str, object] = {name: visit.text(name, 12) for name in ("standing", "card")}
    given |= {"text": text, "reason": reason, "chosen": _ticked(visit)}
    given["file"] = was_sent(visit)
    choices = await visit.read(_choices, visit)
    return visit.page("broadcast_form.html", 422, **choices, given=given, wrong=wrong)


def _must_speak(staff: Staff) -> list[Standing]:
    """Raises `NotAllowed` for whoever may speak to nobody but single persons."""
    ways = standings(staff.grants)
    if not ways:
        raise NotAllowed(TITLES["organiser"])
    return ways


def _choices(tx: Transaction, visit: Visit) -> dict[str, object]:
    ways = _must_speak(visit.staff)
    allowed = {name for who in ways for name in who.by}
    return {
        "standings": [_called(tx, who) for who in ways],
        "conditions": [
            Condition(name, BY[name], options)
            for name in BY
            if name in allowed and name != "away" and (options := _options(tx, visit, name, ways))
        ],
        "may_include_away": "away" in allowed,
        "of_events": {"events", "series"} & allowed,
        "signed_up": STANDINGS,
        "largest": media.LARGEST,
        "cards": {str(event.id): events_handler.label(event) for event in events.coming(tx, visit.now)},
        "may_hurry": any(who.role in _MAY_HURRY for who in ways),
    }


def _called(tx: Transaction, who: Standing) -> str:
    if who.role == "organiser":
        return f"{TITLES[who.role]}，能发给自己活动里的人"
    return f"{TITLES[who.role]}，能发给{described(tx, replace(who.base, in_town=False))}"


def _options(tx: Transaction, visit: Visit, name: str, ways: list[Standing]) -> dict[str, str]:
    match name:
        case "points":
            return {str(point.id): point.name for point in points.active(tx)}
        case "communities":
            return {each.code: each.display_name for each in communities.active(tx)}
        case "branches":
            return {str(each.id): each.name for each in organisations.active(tx)}
        case "residences":
            return dict(RESIDENCES)
        case "interests":
            return {each.code: each.label for each in need_categories.listed(tx)}
        case "seasons":
            return seasons(visit.now)
        case "roles":
            return dict(TITLES)
        case "series":
            return {str(each.id): each.name for each in series.active(tx)}
    reached = (*(who.role for who in ways), "organiser")

    def is_reached(event: Event) -> bool:
        return visit.staff.role_for(event, reached) is not None

    around = events_around(tx, visit.staff.person_id, visit.now, is_reached)
    return {str(event.id): f"{event.title}　{moment(event.starts_at)}" for event in around}


def _audience(tx: Transaction, visit: Visit, who: Standing) -> Audience:
    """What was ticked, of what the standing allows; anything else that was sent counts for nothing."""
    chosen = _ticked(visit)
    values: dict[str, Any] = {}
    for name in who.by:
        options = {} if name == "away" else _options(tx, visit, name, [who])
        if kept := tuple(value for value in chosen.get(name, ()) if value in options):
            values[name] = tuple(int(value) for value in kept) if name in _BY_NUMBER else kept
    audience = replace(who.base, **values)
    if "away" in who.by and visit.text("away", 3) == "yes":
        audience = replace(audience, in_town=False)
    if who.role == "organiser" and not audience.is_of_events:
        raise NotAllowed(TITLES["point_lead"])  # an organiser speaks to people of their own events alone (domain 3)
    if audience.is_of_events:
        stand = tuple(name for name in chosen["standings"] if name in STANDINGS)
        audience = of_events(audience, who, stand or ("signed_up",))
    return audience


def _ticked(visit: Visit) -> dict[str, tuple[str, ...]]:
    return {name: visit.texts(name) for name in (*BY, "standings")}

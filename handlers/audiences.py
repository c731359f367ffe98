"""发给谁: the audience of a broadcast, put together by questions within what the asker's role reaches."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialogue.questions import OneOf, SeveralOf
from dialogue.talk import Talk
from handlers import events as events_handler
from handlers import roles
from reports.periods import Period
from storage import audiences, communities, events, grants, need_categories, organisations, points, series
from storage.audiences import Audience, Count
from storage.database import Transaction
from storage.events import Event
from storage.grants import Grant
from storage.refusals import NotAllowed, NotFound
from storage.times import local_date

_EVERYONE = "everyone"
_JUST_OVER = timedelta(days=14)
_MOST_EVENTS = 30  # to choose from
_MOST_JUST_OVER = 10  # of them
BY = {
    "points": "按服务点",
    "communities": "按社区",
    "events": "按活动",
    "series": "按系列",
    "residences": "候鸟或常住",
    "branches": "按支部",
    "interests": "按关心的事",
    "seasons": "哪个候鸟季来过活动",
    "roles": "按工作身份",
    "away": "不在三亚的也发",
}
STANDINGS = {"signed_up": "报上名的", "waitlisted": "候补的", "attended": "到场的", "absent": "没到的"}
RESIDENCES = {"seasonal": "候鸟", "local": "常住"}
CHANNELS = {"telegram": "Telegram", "wechat": "微信", "web": "网页"}


@dataclass(frozen=True, slots=True)
class Standing:
    """In which role somebody speaks to many, and whom that role lets them speak to."""

    role: str
    base: Audience
    by: tuple[str, ...]  # the conditions they may choose


async def standing(talk: Talk) -> Standing:
    """Raises `NotAllowed` for whoever may speak to nobody but single persons."""
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    found = {str(place): one for place, one in enumerate(standings(held))}
    if not found:
        raise NotAllowed(roles.TITLES["organiser"])
    if len(found) == 1:
        return next(iter(found.values()))
    options = {place: _called(talk, one) for place, one in found.items()}
    return found[await talk.ask("standing", "以哪个身份发？", OneOf(options))]


async def choose(talk: Talk, who: Standing) -> Audience:
    """The conditions, then the values of each."""
    options = {name: BY[name] for name in who.by}
    if who.role != "organiser":
        options = {_EVERYONE: _everyone(talk, who)} | options
    chosen: tuple[str, ...] = tuple(options)
    if len(options) > 1:
        prompt = "发给谁？可以选几样，选几样就是同时符合的人，比如：2 5。"
        chosen = await talk.ask("by", prompt, SeveralOf(options))
    audience = who.base
    if "points" in chosen:
        audience = replace(audience, points=_numbers(await _some(talk, "points", "哪几个服务点？", _points(talk))))
    if "communities" in chosen:
        names = communities.names(talk.tx)
        audience = replace(audience, communities=await _some(talk, "communities", "哪几个社区？", names))
    if "branches" in chosen:
        names = {str(each.id): each.name for each in organisations.active(talk.tx)}
        audience = replace(audience, branches=_numbers(await _some(talk, "branches", "哪几个支部？", names)))
    if "residences" in chosen:
        audience = replace(audience, residences=await _some(talk, "residences", "候鸟还是常住？", RESIDENCES))
    if "interests" in chosen:
        names = {each.code: each.label for each in need_categories.listed(talk.tx)}
        audience = replace(audience, interests=await _some(talk, "interests", "关心哪些事的人？", names))
    if "seasons" in chosen:
        years = await _some(talk, "seasons", "哪个候鸟季来过？", seasons(talk.now))
        audience = replace(audience, seasons=_numbers(years))
    if "roles" in chosen:
        audience = replace(audience, roles=await _some(talk, "roles", "哪些工作身份？", roles.TITLES))
    if "away" in chosen:
        audience = replace(audience, in_town=False)
    if "events" in chosen or "series" in chosen:
        audience = await _of_events(talk, who, audience, chosen)
    return audience


async def _of_events(talk: Talk, who: Standing, audience: Audience, chosen: tuple[str, ...]) -> Audience:
    if "events" in chosen:
        found = {str(event.id): events_handler.label(event) for event in _events(talk, who)}
        if not found:
            raise NotFound("活动")
        audience = replace(audience, events=_numbers(await _some(talk, "events", "哪几场活动？", found)))
    if "series" in chosen:
        names = {str(each.id): each.name for each in series.active(talk.tx)}
        audience = replace(audience, series=_numbers(await _some(talk, "series", "哪几个系列？", names)))
    standings = await _some(talk, "standings", "这些活动里的哪些人？", STANDINGS)
    return of_events(audience, who, standings)


def in_words(counted: Count) -> str:
    """How many, in which channel, and who is not reached (domain 9.7)."""
    ways = "、".join(f"{CHANNELS.get(way, way)} {number} 人" for way, number in sorted(counted.channels.items()))
    parts = [f"一共 {counted.people} 人" + (f"：{ways}" if ways else "")]
    if counted.later:
        parts.append(f"其中 {counted.later} 人要等他们下次来看才收得到")
    if counted.unreachable:
        parts.append(f"{counted.unreachable} 人没有聊天账号或者发不过去")
    if counted.stopped:
        parts.append(f"{counted.stopped} 人说过少发，不发给他们")
    return "；".join(parts) + "。"


def described(tx: Transaction, audience: Audience) -> str:
    """The conditions as staff read them before they agree."""
    said = [
        _listed(points.get(tx, each).name for each in audience.points),
        _listed(found.display_name for each in audience.communities if (found := communities.get(tx, each))),
        _listed(organisations.get(tx, each).name for each in audience.branches),
        _listed(f"《{events.get(tx, each).title}》" for each in audience.events),
        _listed(series.get(tx, each).name for each in audience.series),
        _listed(STANDINGS[each] for each in audience.standings),
        _listed(RESIDENCES[each] for each in audience.residences),
        _listed(need_categories.get(tx, each).label for each in audience.interests),
        _listed(f"{_season(each)}来过活动的" for each in audience.seasons),
        _listed(roles.TITLES[each] for each in audience.roles),
        "在三亚的" if audience.in_town else "",
    ]
    return "，".join(part for part in said if part) or "所有人"


def count(talk: Talk, audience: Audience) -> Count:
    return audiences.count(talk.tx, audience, talk.now)


def standings(held: Sequence[Grant]) -> list[Standing]:
    """Every way in which the holder of these roles may speak to many."""
    if any(grant.role == "district_staff" and _is_unscoped(grant) for grant in held):
        return [Standing("district_staff", Audience(), tuple(BY))]
    narrower = ("events", "communities", "residences", "interests", "seasons")
    found = [
        Standing("point_lead", Audience(points=(grant.point_id,)), narrower)
        for grant in held
        if grant.role == "point_lead" and grant.point_id is not None
    ]
    found += [
        Standing(
            "branch_secretary", Audience(branches=(grant.organisation_id,)), ("residences", "interests", "seasons")
        )
        for grant in held
        if grant.role == "branch_secretary" and grant.organisation_id is not None
    ]
    # An organiser speaks to people of their own events and to nobody else (domain 3).
    if not found and any(grant.role == "organiser" for grant in held):
        found.append(Standing("organiser", Audience(), ("events",)))
    return found


def _is_unscoped(grant: Grant) -> bool:
    return grant.point_id is None and grant.organisation_id is None and grant.event_id is None


def _called(talk: Talk, one: Standing) -> str:
    return f"{roles.TITLES[one.role]}（{described(talk.tx, one.base)}）"


def _everyone(talk: Talk, who: Standing) -> str:
    return f"所有人（{described(talk.tx, who.base)}）"


def _events(talk: Talk, who: Standing) -> list[Event]:
    def is_reached(event: Event) -> bool:
        return roles.role_for(talk, event, (who.role, "organiser")) is not None

    return events_around(talk.tx, talk.person_id or 0, talk.now, is_reached)


def events_around(tx: Transaction, person_id: int, now: datetime, is_reached: Callable[[Event], bool]) -> list[Event]:
    """Events whose people they may write to: those just over, the latest first, after those to come and their own."""
    over = events.between(tx, now - _JUST_OVER, now)[::-1]
    to_come = [*events.coming(tx, now), *events.of_organiser(tx, person_id)]
    reached = {each.id: each for each in to_come if each.state != "draft" and is_reached(each)}
    past = [each for each in over if each.id not in reached and is_reached(each)][:_MOST_JUST_OVER]
    return [*list(reached.values())[: _MOST_EVENTS - len(past)], *past]


def of_events(audience: Audience, who: Standing, standings: tuple[str, ...]) -> Audience:
    """Those of the events and series named. They are concerned wherever they live and whether they are in town yet.

    Points that were chosen hold all the same; only those that the role brings along do not.
    """
    points = () if audience.points == who.base.points else audience.points
    return replace(audience, points=points, standings=standings, in_town=False)


def seasons(now: datetime) -> dict[str, str]:
    """This season, or the last, and the four before it, by the year they begin in."""
    latest = Period.season_around(local_date(now)).first.year
    return {str(year): _season(year) for year in range(latest, latest - 5, -1)}


def _season(year: int) -> str:
    return f"{year}—{year + 1}候鸟季"


def _points(talk: Talk) -> dict[str, str]:
    return {str(point.id): point.name for point in points.active(talk.tx)}


async def _some(talk: Talk, key: str, prompt: str, options: Mapping[str, str]) -> tuple[str, ...]:
    return await talk.ask(f"audience {key}", prompt, SeveralOf(options))


def _numbers(values: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(int(value) for value in values)


def _listed(names: Iterable[str]) -> str:
    return "、".join(names)

"""系列: a course of many meetings, made at once, changed one at a time or from now on, and who completed it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import Number, OneOf, Text
from dialogue.talk import Talk
from handlers import notices, roles
from storage import events, grants, handouts, need_clock, people, series, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Draft, Event
from storage.grants import Grant
from storage.markets import StallDraft
from storage.refusals import NotAllowed
from storage.series import Series
from storage.times import at, local, local_date

MOST = 30  # meetings of a series made at once

Acting = Callable[[Event], Actor]
"""In which role somebody organises an event. Raises `NotAllowed`."""


async def create(talk: Talk, draft: Draft, hosts: tuple[int, ...] = (), stalls: tuple[StallDraft, ...] = ()) -> None:
    """Once a week, public holidays left out; every meeting is published, and each is an event of its own."""
    name = await talk.ask("series name", "系列叫什么？比如：书法班。", Text(at_most=40, at_least=2))
    times = await talk.ask("series times", "每周一次，一共几次？", Number(at_least=2, at_most=MOST))
    starts, skipped = series.days(draft.starts_at, times, need_clock.overrides(talk.tx))
    left_out = f"（{'、'.join(_day(day) for day in skipped)}放假，不上）" if skipped else ""
    last = texts.day(starts[-1])
    begins = f"从{texts.day(starts[0])}起每周一次，都是{texts.clock(starts[0])}"
    if not await talk.confirm(f"《{name}》一共 {times} 次，{begins}，上到{last}{left_out}"):
        return talk.say("好的，没有留下。", Choice("发布活动", "重新发布一个"))

    def acting(event: Event) -> Actor:
        return Actor(talk.person_id, roles.must_reach(talk, event, roles.ORGANISERS), talk.account.channel)

    made = series.create(talk.tx, name, draft.type, draft.organisation_id, draft.point_id)
    publish(talk.tx, made, draft, starts, acting, talk.now, hosts, stalls)
    return talk.say(
        f"《{name}》{times} 次都发布好了，从{texts.day(starts[0])}上到{last}{left_out}。",
        Choice(f"系列 {made}", "看这个系列"),
        Choice("我办的活动", "我办的活动"),
    )


def publish(
    tx: Transaction,
    series_id: int,
    draft: Draft,
    starts: Sequence[datetime],
    acting: Acting,
    now: datetime,
    hosts: tuple[int, ...] = (),
    stalls: tuple[StallDraft, ...] = (),
) -> None:
    """A meeting like `draft` at each of `starts`, all published; `acting` raises for what is not to be organised."""
    length = draft.ends_at - draft.starts_at
    for place, start in enumerate(starts, 1):
        one = replace(draft, title=f"{draft.title}（{place}）"[:60], starts_at=start, ends_at=start + length)
        event_id = events.create(tx, replace(one, series_id=series_id), now, hosts, stalls)
        events.publish(tx, event_id, acting(events.get(tx, event_id)), now)


async def show(talk: Talk) -> None:
    """“系列 3”: how it goes; “系列”: all there are."""
    found = await which(talk)
    if found is None:
        return talk.say("还没有系列。发布活动的时候，选“办成一个系列”。", Choice("发布活动", "发布活动"))
    must_reach(talk, found)
    done = series.completions(talk.tx, found.id)
    held = done[0].held if done else 0
    handed_out = len(handouts.of_series(talk.tx, found.id))
    return talk.say(
        f"《{found.name}》办过 {held} 次，来过的有 {len(done)} 人，讲义 {handed_out} 份。",
        Choice(f"结业名单 {found.id}", "结业名单"),
        Choice(f"讲义 {found.id}", "看讲义"),
        Choice(f"加讲义 {found.id}", "加讲义"),
    )


async def complete(talk: Talk) -> None:
    """“结业名单 3”: who came often enough. For staff who reach the series."""
    found = await which(talk)
    if found is None:
        return talk.say("还没有系列。")
    must_reach(talk, found)
    held = max((one.held for one in series.completions(talk.tx, found.id)), default=0)
    if not held:
        return talk.say(f"《{found.name}》还没有办过，没有结业名单。")
    prompt = f"办过 {held} 次，来几次算结业？"
    at_least = await talk.ask("at least", prompt, Number(at_least=1, at_most=held))
    done = series.completions(talk.tx, found.id, at_least)
    lines = []
    for one in done:
        person = people.find(talk.tx, one.person_id)
        lines.append(f"{person.name if person else '（已注销）'}　{one.came}/{one.held}")
    return talk.say(f"《{found.name}》来过 {at_least} 次以上的 {len(done)} 人：\n" + "\n".join(lines))


async def from_now_on(talk: Talk, event: Event, field: str) -> bool:
    """“只改这一次 / 以后都改”, asked where there is something to come after it."""
    if field == "code" or not series.following(talk.tx, event):
        return False
    options = {"once": "只改这一次", "following": "以后都改"}
    return await talk.ask("how far", f"《{event.title}》是系列里的一次，怎么改？", OneOf(options)) == "following"


async def change_following(talk: Talk, event: Event, changes: Mapping[str, Any], what: str) -> None:
    """This one and all that come after it. Those concerned hear of each event they are in."""
    meant = [event, *series.following(talk.tx, event)]
    concerned = concerned_from(talk.tx, event, changes, talk.now)
    if not await talk.confirm(f"从{texts.day(event.starts_at)}起的 {len(meant)} 次都改{what}，告诉 {concerned} 个人"):
        return talk.say("没有改，还是原来的样子。")

    def acting(each: Event) -> Actor:
        return Actor(talk.person_id, roles.must_reach(talk, each, roles.ORGANISERS), talk.account.channel)

    changed = change_from(talk.tx, event, changes, acting, talk.now)
    return talk.say(f"{changed} 次都改好了。")


def concerned_from(tx: Transaction, event: Event, changes: Mapping[str, Any], now: datetime) -> int:
    """How many people would hear if this one and all after it were changed. Raises what changing them would."""
    meant = [event, *series.following(tx, event)]
    for each in meant:
        events.changed_by(tx, each, _for(event, each, changes), now)
    return len({person for each in meant for person, _ in events.concerned(tx, each.id)})


def change_from(
    tx: Transaction,
    event: Event,
    changes: Mapping[str, Any],
    acting: Acting,
    now: datetime,
) -> int:
    """以后都改: this one and all after it, as `acting` allows. Those concerned hear of it. Returns how many changed."""
    meant = [event, *series.following(tx, event)]
    for each in meant:
        before, after = events.change(tx, each.id, _for(event, each, changes), acting(each), now)
        if after.state == "published":
            notices.changed(tx, before, after, now)
            notices.promoted(tx, sign_ups.promote(tx, each.id, now), now)
    return len(meant)


def _for(first: Event, each: Event, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The same change for another event of the series: a new time is moved by as many days and to the same clock."""
    made = dict(changes)
    if "title" in made and each.id != first.id:
        made["title"] = f"{made['title']}（{local_date(each.starts_at):%m-%d}）"[:60]
    if "starts_at" not in made:
        return made
    days = local_date(made["starts_at"]) - local_date(first.starts_at)
    starts_at: datetime = at(local_date(each.starts_at) + days, local(made["starts_at"]).time())
    lasts = made["ends_at"] - made["starts_at"]
    if lasts == first.ends_at - first.starts_at:  # as long as before, whatever that is for each
        lasts = each.ends_at - each.starts_at
    return made | {"starts_at": starts_at, "ends_at": starts_at + lasts}


async def which(talk: Talk) -> Series | None:
    """The series named, else one of those that this person has the care of."""
    if talk.opening.text.isdecimal():
        return series.get(talk.tx, int(talk.opening.text))
    found = {str(each.id): each for each in series.active(talk.tx) if is_reached(talk, each)}
    if len(found) < 2:
        return next(iter(found.values()), None)
    options = {key: each.name for key, each in found.items()}
    return found[await talk.ask("series", "哪个系列？", OneOf(options))]


def must_reach(talk: Talk, found: Series) -> str:
    """The role in which this person has the care of it. Raises `NotAllowed`."""
    own = grants.roles_of(talk.tx, talk.account, talk.now)
    role = next((grant.role for grant in own if reaches(grant, found)), None)
    if role is None:
        raise NotAllowed(roles.TITLES["organiser"], elsewhere=any(grant.role in roles.ORGANISERS for grant in own))
    return role


def is_reached(talk: Talk, found: Series) -> bool:
    return any(reaches(grant, found) for grant in grants.roles_of(talk.tx, talk.account, talk.now))


def reaches(grant: Grant, found: Series) -> bool:
    """Whether it is a role of staff of the point or the organisation of the series, or of the whole district."""
    if grant.role not in roles.ORGANISERS or grant.event_id is not None:
        return False
    scopes = ((grant.point_id, found.point_id), (grant.organisation_id, found.organisation_id))
    named = [(scope, actual) for scope, actual in scopes if scope is not None]
    return not named or any(scope == actual for scope, actual in named)


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"

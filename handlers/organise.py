"""发布活动: an organiser creates an event by questions or by copying, sees it as an elder will, and publishes it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from typing import Any

from dialogue import asking, texts
from dialogue.message import Choice
from dialogue.questions import Number, OneOf, Phone, Text, YesNo
from dialogue.talk import Talk
from handlers import event_options, linking, roles, series, stall_forms
from handlers import events as events_handler
from storage import calendar, events, grants, lunar, markets, need_clock, people, points
from storage.audit import Actor
from storage.events import Draft, Event
from storage.markets import StallDraft
from storage.points import ServicePoint
from storage.times import local

LENGTHS = {"60": "1 小时", "90": "1 个半小时", "120": "2 小时", "180": "3 小时", "240": "半天"}
_PARTY_LIFE = ("members_meeting", "committee_meeting", "group_meeting", "party_lecture", "theme_day")
ELSEWHERE = "elsewhere"
NOTHING = ("没有", "没", "无", "不用")
_EARLY, _LATE = time(7, 30), time(21)
_A_MINUTE = timedelta(minutes=1)


async def create(talk: Talk) -> None:
    talk.say("咱们一步一步来，大约两分钟。随时可以说“上一步”。有现成的文字，就回“活动模板”。")
    await make(talk, {})


async def make(talk: Talk, extra: Mapping[str, Any], stall_lines: Sequence[str] = ()) -> None:
    """The questions, as far as they are not answered yet; `extra` are further facts of the draft, by column.

    `stall_lines` say the stalls of a market, as in `stall_forms.EXAMPLES`.
    """
    person = people.get(talk.tx, talk.person_id or 0)
    kind = await talk.ask("type", "办哪一类活动？", OneOf(events.TYPES))
    title = await talk.ask("title", "叫什么名字？比如：书法班第三课。", Text(at_most=30, at_least=2))
    starts_at = await asking.moment(talk, "start", "哪天几点开始？比如：12月8号下午两点半。")
    length = await talk.ask("length", "大概多长时间？", OneOf(LENGTHS))
    point, venue = await where(talk)
    ends_at = starts_at + timedelta(minutes=int(length))
    capacity = 0
    stalls: tuple[StallDraft, ...] = ()
    if kind == stall_forms.MARKET:  # whoever comes to a market is welcome: only its stalls have places (domain 6.1)
        stalls, unclear = stall_forms.read_all(stall_lines, starts_at, ends_at, talk.now)
        if unclear:
            talk.say(f"这些摊位没看明白，先没放，发布以后可以回“加摊位”：{'；'.join(unclear)}。")
        stalls = stalls or await stall_forms.ask_stalls(talk, starts_at, ends_at)
    else:
        capacity = await talk.ask("capacity", "最多来多少人？回数字，不限就回 0。", Number(at_most=5000))
    phone = person.phone or ""
    if point is not None:
        phone = point.phone
    elif not await talk.ask("own phone", f"联系电话用您的 {texts.spoken_phone(phone)} 行吗？", YesNo("行", "换一个")):
        phone = await talk.ask("phone", "那用哪个电话？", Phone(landline=True))
    words = await talk.ask("words", "还要嘱咐大家什么？比如：请自带笔墨。没有就回“没有”。", Text(at_most=200))
    draft = Draft(
        type=kind,
        title=title,
        starts_at=starts_at,
        ends_at=ends_at,
        venue=venue,
        point_id=point.id if point else None,
        organisation_id=_own_organisation(talk),
        organiser_id=person.id,
        capacity=capacity or None,
        contact_phone=phone,
        description="" if words.strip("。") in NOTHING else words,
        members_only=kind in _PARTY_LIFE,
    )
    closes_at = extra.get("sign_up_closes_at")
    if closes_at is not None and closes_at >= starts_at:
        extra = {**extra, "sign_up_closes_at": None}
        talk.say("报名截止要在活动开始以前，先不设。")
    await _publish(talk, replace(draft, **extra), stalls=stalls)


async def copy_last(talk: Talk) -> None:
    """“和上次一样”: the last event again, on another day."""
    mine = [event for event in events.of_organiser(talk.tx, talk.person_id or 0) if event.state != "draft"]
    if not mine:
        talk.say("您还没有办过活动，咱们从头来。")
        return await create(talk)
    options = {str(event.id): events_handler.label(event) for event in mine[:10]}
    last = mine[0]
    if len(mine) > 1:
        last = events.get(talk.tx, int(await talk.ask("which", "照哪一场办？", OneOf(options))))
    starts_at = await asking.moment(talk, "start", f"照《{last.title}》再办一场，哪天几点？比如：下周二下午两点半。")
    draft = Draft(**{name: getattr(last, name) for name in Draft.__dataclass_fields__})
    draft = replace(draft, starts_at=starts_at, ends_at=starts_at + (last.ends_at - last.starts_at))
    if not roles.may_hold_at(grants.roles_of(talk.tx, talk.account, talk.now), last.point_id):
        draft = replace(draft, point_id=None)  # they organise at another point by now
    later = starts_at - last.starts_at
    closes_at = last.sign_up_closes_at and last.sign_up_closes_at + later
    draft = replace(draft, copied_from=last.id, sign_up_opens_at=None, sign_up_closes_at=closes_at)
    hosts = tuple(events.co_hosts_of(talk.tx, last.id))
    return await _publish(talk, draft, hosts, markets.drafts_of(talk.tx, last.id))


async def _publish(
    talk: Talk,
    draft: Draft,
    hosts: tuple[int, ...] = (),
    stalls: tuple[StallDraft, ...] = (),
    *,
    asked_for_more: bool = False,
) -> None:
    event_id = events.create(talk.tx, draft, talk.now, hosts, stalls)
    event = events.get(talk.tx, event_id)
    talk.say("大家看到的是这样：")
    seen = events_handler.shown(talk, replace(event, state="published"))
    talk.say(seen.text, photo=seen.photo)
    if found := warnings(talk, event):
        talk.say("请留意：" + "".join(f"{warning}。" for warning in found))
    options = {"publish": "发布", "keep": "先存着", "drop": "不要了"}
    more = {} if asked_for_more else {"more": "再设别的", "series": "办成一个系列"}
    key = f"publish: {event.title} {event.starts_at.isoformat()}{' with more' if asked_for_more else ''}"
    looks = {"looks": "各个聊天里什么样"} if talk.house.looks else {}
    answer = await talk.ask(key, "现在发布吗？", OneOf(options | more | looks))
    if answer == "looks":
        for channel, look in talk.house.looks.items():
            talk.say(f"{linking.CHANNELS[channel]}里是这样：\n{look(seen)}")
        answer = await talk.ask(f"{key} seen", "现在发布吗？", OneOf(options | more))
    if answer == "more":
        events.discard(talk.tx, event_id)
        draft, more_hosts = await event_options.choose(talk, draft)
        return await _publish(talk, draft, more_hosts or hosts, stalls, asked_for_more=True)
    if answer == "series":
        events.discard(talk.tx, event_id)
        return await series.create(talk, draft, hosts, stalls)
    if answer == "publish":
        event = events.publish(talk.tx, event_id, actor(talk, event), talk.now)
        talk.say(
            f"发布好了，编号 {event.number}。10 分钟内回“撤回”可以收回来。",
            Choice(f"撤回 {event_id}", "撤回"),
            Choice(f"改活动 {event_id}", "改一改"),
            Choice(f"活动 {event_id}", "看看大家看到的"),
            Choice(f"活动链接 {event_id}", "转给大家的链接"),
        )
    elif answer == "keep":
        talk.say("存好了，还没有发布。要发布，回下面的数字。", Choice(f"发布存稿 {event_id}", "发布它"))
    else:
        events.discard(talk.tx, event_id)
        talk.say("好的，没有留下。", Choice("发布活动", "重新发布一个"))
    return None


async def publish_draft(talk: Talk) -> None:
    """“发布存稿 12”."""
    event = await one_i_run(talk, "发布哪一场？", states=("draft",))
    if event is None:
        return talk.say("没有存着的活动。", Choice("发布活动", "发布活动"))
    event = events.publish(talk.tx, event.id, actor(talk, event), talk.now)
    return talk.say(f"《{event.title}》发布好了，编号 {event.number}。", Choice(f"撤回 {event.id}", "撤回"))


async def mine(talk: Talk) -> None:
    """“我办的活动”."""
    running = [event for event in events.of_organiser(talk.tx, talk.person_id or 0) if event.state != "held"][:5]
    if not running:
        return talk.say("您现在没有要办的活动。", Choice("发布活动", "发布活动"), Choice("和上次一样", "和上次一样"))
    lines = []
    for event in running:
        places = "" if event.capacity is None else f"/{event.capacity}"
        stand = "存着没发布" if event.state == "draft" else f"报了 {events.taken(talk.tx, event.id)}{places} 人"
        waiting = events.waiting(talk.tx, event.id)
        lines.append(f"{events_handler.label(event)}（{stand}{f'，候补 {waiting}' if waiting else ''}）")
    choices = [Choice(f"改活动 {event.id}", f"改《{event.title}》") for event in running[:3]]
    return talk.say(
        "您办的活动：\n" + "\n".join(lines), *choices, Choice("签到", "签到"), Choice("发布活动", "发布活动")
    )


def warnings(talk: Talk, event: Event) -> list[str]:
    """What an organiser should think of before publishing; nothing here forbids it (domain 6.1)."""
    found = [f"同一个地方那时还有《{title}》" for title in events.at_the_same_time(talk.tx, event, event.id)]
    starts, ends = local(event.starts_at), local(event.ends_at)
    if starts.time() < _EARLY:
        found.append("早上 7点30分以前，老人不一定起得来")
    if ends.time() > _LATE or ends.date() != starts.date():
        found.append("晚上 9点以后，老人回家不方便")
    if event.point_id is not None:
        point = points.get(talk.tx, event.point_id)
        if point.is_closed_on(starts.date()):
            found.append("那几天服务点不开")
        elif point.is_open(event.starts_at) is False:
            found.append("那时服务点不开门")
        elif point.is_open(event.ends_at - _A_MINUTE) is False:
            found.append("没结束服务点就关门了")
    if _is_new_year(starts.date()):
        found.append("那天是春节（除夕到初二）")
    elif calendar.is_public_holiday(starts.date(), need_clock.overrides(talk.tx)):
        found.append("那天是法定假日")
    return found


def _is_new_year(day: date) -> bool:
    first = lunar.solar(day.year, 1, 1)
    return first is not None and first - timedelta(days=1) <= day <= first + timedelta(days=1)


async def where(talk: Talk) -> tuple[ServicePoint | None, str]:
    own = [
        points.get(talk.tx, grant.point_id)
        for grant in grants.roles_of(talk.tx, talk.account, talk.now)
        if grant.point_id
    ]
    options = {str(point.id): point.name for point in own} | {ELSEWHERE: "别的地方"}
    chosen = await talk.ask("where", "在哪儿办？", OneOf(options)) if own else ELSEWHERE
    if chosen != ELSEWHERE:
        point = points.get(talk.tx, int(chosen))
        return point, point.name
    words = await talk.ask(
        "venue", "是什么地方？说服务点或者社区的名字，或者写清楚地址。", Text(at_most=60, at_least=2)
    )
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    # At another point somebody else organises: there it is only an address.
    found = [point for point in points.named(talk.tx, words) if roles.may_hold_at(held, point.id)][:6]
    if found:
        nearby = {str(point.id): point.name for point in found} | {ELSEWHERE: f"就写“{words}”"}
        picked = await talk.ask(f"point: {words}", "是这里吗？", OneOf(nearby))
        if picked != ELSEWHERE:
            point = points.get(talk.tx, int(picked))
            return point, point.name
    return None, words


def _own_organisation(talk: Talk) -> int | None:
    mine = [
        grant.organisation_id for grant in grants.roles_of(talk.tx, talk.account, talk.now) if grant.organisation_id
    ]
    return mine[0] if mine else None


async def one_i_run(talk: Talk, question: str, states: tuple[str, ...]) -> Event | None:
    if talk.opening.text.isdecimal():
        event = events.get(talk.tx, int(talk.opening.text))
        roles.must_reach(talk, event, roles.ORGANISERS)
        return event
    around = [*events.of_organiser(talk.tx, talk.person_id or 0), *events.coming(talk.tx, talk.now)]
    mine = {
        event.id: event for event in around if event.state in states and roles.role_for(talk, event, roles.ORGANISERS)
    }
    if len(mine) < 2:
        return next(iter(mine.values()), None)
    options = {str(event.id): events_handler.label(event) for event in mine.values()}
    return mine[int(await talk.ask("event", question, OneOf(options)))]


def actor(talk: Talk, event: Event) -> Actor:
    return Actor(talk.person_id, roles.must_reach(talk, event, roles.ORGANISERS), talk.account.channel)

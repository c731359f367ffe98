"""活动: what is on, what one event is about, and signing up for it, alone or together."""

import re
from datetime import datetime

from dialogue import texts
from dialogue.message import Choice, File, Reply, Venue
from dialogue.questions import Names, OneOf, bare
from dialogue.talk import LONGEST_LIST, Talk
from dialogue.understanding import sound
from handlers import calendar_file, event_options, market_words, notices, registration, topics
from storage import events, files, handouts, organisations, people, points, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NotFound
from storage.times import day_starts

_NOT_THE_TITLE = re.compile(r"(?:活动|课程|课|班|的|我们|两个人|两人|俩人|一起|老伴|和|我)+")
_PROMISE = 20  # letters of the hash, as many as somebody will compare


async def browse(talk: Talk) -> None:
    """“活动”, “活动 12”, “活动 第2页”."""
    wanted = talk.payload.partition("-")[2] or talk.opening.text
    if wanted.isdecimal():
        return show(talk, events.get(talk.tx, int(wanted)))
    page = int(found[1]) if (found := re.fullmatch(r"第(\d+)页", wanted)) else 1
    coming = events.coming(talk.tx, talk.now)
    head = ""
    if wanted and not found:
        if days := topics.days_meant(wanted, talk.now):
            coming, head = _of_days(coming, days)
        elif (coming := matching(talk, wanted) or coming) and len(coming) == 1:
            return show(talk, coming[0])
    if not coming:
        return talk.say(
            "最近还没有活动。有了新活动我告诉您。", Choice("找服务点", "找服务点"), Choice("说难处", "说难处")
        )
    begin = (page - 1) * LONGEST_LIST % len(coming)
    shown = coming[begin : begin + LONGEST_LIST]
    choices = [Choice(f"活动 {event.id}", label(event)) for event in shown]
    if len(coming) > LONGEST_LIST:
        following = page + 1 if begin + LONGEST_LIST < len(coming) else 1
        choices.append(Choice(f"活动 第{following}页", texts.MORE))
    return talk.say(f"{head or '最近'}有 {len(coming)} 场活动。想看哪个，回前面的数字。", *choices)


def _of_days(coming: list[Event], days: topics.Days) -> tuple[list[Event], str]:
    """What is on in those days, and how the list begins; all that is coming where nothing is."""
    there = topics.on(coming, days)
    when = "到".join(texts.day(day_starts(day)) for day in sorted({days.first, days.last}))
    when = f"{days.said}，{when}，"
    return (there, when) if there else (coming, f"{when}没有活动。最近")


def label(event: Event) -> str:
    return f"{event.title}　{texts.moment(event.starts_at)}"


def show(talk: Talk, event: Event) -> None:
    """One event as an elder reads it, with what they can do about it."""
    talk.replies.append(shown(talk, event))
    if event.point_id is not None and (point := points.get(talk.tx, event.point_id)).place is not None:
        talk.say("在这里：", venue=Venue(point.place, point.name, point.address))


def shown(talk: Talk, event: Event) -> Reply:
    """The event as it stands in the chat: its card, the poster, and what can be done."""
    entry = sign_ups.active(talk.tx, event.id, talk.person_id) if talk.person_id is not None else None
    photo = event_options.poster(talk, event)
    steps = _next_steps(talk, event, signed_up=entry is not None)
    return Reply(card(talk.tx, event, talk.now), tuple(steps), photo=photo)


def card(tx: Transaction, event: Event, now: datetime) -> str:
    """The event in a few short lines: what, when, where, who, how many places are left."""
    lines = [f"《{event.title}》", f"{texts.moment(event.starts_at)}到{texts.clock(event.ends_at)}", event.venue]
    if event.speaker:
        lines.append(f"主讲：{event.speaker}")
    if event.description:
        lines.append(event.description)
    if hosts := events.co_hosts_of(tx, event.id):
        lines.append("联办：" + "、".join(organisations.get(tx, each).name for each in hosts))
    if event.members_only:
        lines.append("这是党员的组织生活。")
    lines += market_words.stalls(tx, event.id)
    lines += _how_places_go(event, now)
    if sign_ups.is_to_be_drawn(event):
        lines.append(f"{event.capacity} 个名额，现在 {events.waiting(tx, event.id)} 人报名。")
    elif event.capacity is not None and event.state == "published":
        left = event.capacity - events.taken(tx, event.id)
        waiting = events.waiting(tx, event.id)
        lines.append(f"还有 {left} 个名额。" if left > 0 else f"名额满了，{waiting} 人在候补。")
    if event.contact_phone:
        lines.append(f"电话：{texts.spoken_phone(event.contact_phone)}")
    if event.state == "cancelled":
        lines.append("这场活动不办了。")
    if event.is_sample:
        lines.append("【示例数据】")
    return "\n".join(lines)


def _how_places_go(event: Event, now: datetime) -> list[str]:
    """When sign-up opens and closes, and how places are given if not to whoever comes first."""
    lines = []
    if event.sign_up_opens_at is not None and event.sign_up_opens_at > now:
        lines.append(f"{texts.moment(event.sign_up_opens_at)}开始报名。")
    if event.sign_up_closes_at is not None:
        lines.append(f"报名到{texts.moment(event.sign_up_closes_at)}截止。")
    if sign_ups.is_to_be_drawn(event):
        lines.append("报名截止以后抽签，抽中没抽中都告诉您。")
        if event.lottery_promise is not None:
            lines.append(f"抽签凭据：{event.lottery_promise[:_PROMISE]}。")
    elif event.lottery_seed is not None:
        lines.append(f"已经抽过签，抽签种子 {event.lottery_seed}。")
        if event.lottery_promise is not None:
            lines.append(f"报名时公布的抽签凭据：{event.lottery_promise[:_PROMISE]}，和种子对得上。")
    if event.first_timers_first:
        lines.append("没来过的优先。")
    return lines


async def sign_up(talk: Talk) -> None:
    """“报名”, “报名书法”, “报名 12”."""
    await _sign_up(talk, together=bool(re.search(r"两个?人|俩|一起|老伴", talk.opening.text)))


async def sign_up_together(talk: Talk) -> None:
    """“一起报名”: with the spouse or up to three friends, admitted all or none."""
    await _sign_up(talk, together=True)


async def _sign_up(talk: Talk, *, together: bool) -> None:
    event = await which(talk, "报哪个活动？")
    if talk.person_id is None:
        talk.say(f"报《{event.title}》要先登记，大约一分钟。")
        await registration.register(talk)
        if talk.person_id is None:
            return None
    persons = [talk.person_id]
    if together:
        persons += await _companions(talk, event)
    outcome = sign_ups.sign_up(talk.tx, event.id, persons, _actor(talk), talk.now)
    return _tell(talk, outcome)


async def calendar_entry(talk: Talk) -> None:
    """“日历 12”: the event as a file that a phone can keep."""
    event = await which(talk, "把哪个活动记到日历里？")
    talk.say(f"点这个文件，《{event.title}》就记到手机日历里了。", file=_calendar_entry(talk, event))


async def which(talk: Talk, question: str) -> Event:
    """The event that the opening words or the person's choice means. Raises `NotFound` when none is coming."""
    wanted = talk.payload.partition("-")[2] or talk.opening.text
    if re.fullmatch(r"\d{1,9}", wanted):
        return events.get(talk.tx, int(wanted))
    found = matching(talk, wanted) if wanted else []
    if len(found) == 1:
        return found[0]
    coming = found or events.coming(talk.tx, talk.now)
    if not coming:
        raise NotFound("活动")
    if wanted and not found:
        talk.say(f"没找到“{wanted[:20]}”，下面是最近的活动。")
    options = {str(event.id): label(event) for event in coming}
    return events.get(talk.tx, int(await talk.ask("event", question, OneOf(options))))


def matching(talk: Talk, words: str) -> list[Event]:
    """Coming events that `words` name: by title, kind or number, also when only the sound is right."""
    number = re.search(r"HD\d{4}-\d{4,}", words.upper())
    coming = events.coming(talk.tx, talk.now)
    if number:
        return [event for event in coming if event.number == number[0]]
    wanted = _NOT_THE_TITLE.sub("", bare(words)) or bare(words)
    by_words = [event for event in coming if wanted in bare(event.title) or wanted in events.TYPES[event.type]]
    if by_words or len(wanted) < 2:
        return by_words
    spoken = sound(wanted)
    return [event for event in coming if spoken in sound(event.title)] or topics.about(coming, wanted)


async def _companions(talk: Talk, event: Event) -> list[int]:
    """The others, as persons: found among those who share the phone, or noted down by name."""
    names = await talk.ask(
        "companions", "和谁一起来？请发姓名，比如：李秀兰。几位就写几个名字。", Names(event.largest_group - 1)
    )
    me = people.get(talk.tx, talk.person_id or 0)
    together = [person for person in people.with_phone(talk.tx, me.phone or "") if person.id != me.id]
    found = {person.name: person.id for person in together}
    return [found.get(name) or people.add_companion(talk.tx, name, me, talk.now) for name in names if name != me.name]


def _tell(talk: Talk, outcome: sign_ups.Outcome) -> None:
    event = outcome.event
    many = len(outcome.sign_ups) > 1
    when = notices.where_and_when(event)
    decline = Choice(f"不来 {event.id}", "来不了，取消")
    if outcome.state == "confirmed":
        head = ("报上了！" if outcome.is_new else "您已经报上了。") + (
            f"{len(outcome.sign_ups)} 位一起，" if many else ""
        )
        in_calendar = Choice(f"日历 {event.id}", "记到手机日历")
        stalls = [Choice(f"摊位 {event.id}", "挑摊位")] if market_words.stalls(talk.tx, event.id) else []
        last = Choice("我的活动", "我的活动")
        talk.say(f"{head}《{event.title}》，{when}。来不了回“不来”。", *stalls, decline, in_calendar, last)
    elif outcome.state == "offered":
        talk.say(f"《{event.title}》给您留着座位，{when}。您来吗？", *notices.coming_choices(event))
    elif sign_ups.is_to_be_drawn(event):
        closes_at = texts.moment(event.sign_up_closes_at or event.starts_at)
        together = "，您几位一起抽" if many else ""
        talk.say(
            f"记下了，《{event.title}》{when}。{closes_at}报名截止，接着抽签{together}，结果我告诉您。",
            decline,
            Choice("我的活动", "我的活动"),
        )
    else:
        together = "，您几位一起等" if many else ""
        talk.say(
            f"名额满了，您排在候补第 {outcome.position} 位{together}。有人退出就轮到您，我会告诉您。",
            Choice(f"不来 {event.id}", "不等了"),
            Choice("活动", "看看别的活动"),
        )


def _calendar_entry(talk: Talk, event: Event) -> File:
    name = f"{event.title}.ics"
    token = files.add(
        talk.tx, name, calendar_file.MEDIA_TYPE, calendar_file.of(event, talk.now), talk.person_id, talk.now
    )
    return File(token, name, calendar_file.MEDIA_TYPE)


def _next_steps(talk: Talk, event: Event, *, signed_up: bool) -> list[Choice]:
    is_on = event.state == "published" and event.ends_at > talk.now
    has_handouts = event.series_id is not None and event.series_id in handouts.series_of(talk.tx, talk.person_id or 0)
    taken_home = [Choice(f"讲义 {event.series_id}", "看讲义")] if has_handouts else []
    stalls = [Choice(f"摊位 {event.id}", "挑摊位")] if is_on and market_words.stalls(talk.tx, event.id) else []
    if not is_on or event.starts_at <= talk.now:
        return [*stalls, *taken_home, Choice("活动", "看看别的活动")]
    if signed_up:
        return [*stalls, *taken_home, Choice(f"不来 {event.id}", "来不了，取消"), Choice("我的活动", "我的活动")]
    return [
        Choice(f"报名 {event.id}", "我要报名"),
        Choice(f"一起报名 {event.id}", "两个人一起报"),
        *stalls,
        Choice("活动", "看看别的活动"),
    ]


def _actor(talk: Talk) -> Actor:
    return Actor(talk.person_id, "resident", talk.account.channel)

"""管摊位: whoever stands at a stall calls the next number with one thumb; organisers add stalls and close them."""

from dataclasses import replace
from datetime import datetime, timedelta

from dialogue import texts
from dialogue.message import Choice, Reply, encoded
from dialogue.questions import OneOf, Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import check_in, roles, stall_forms
from handlers import events as events_handler
from handlers import markets as markets_handler
from storage import attendance, events, markets, outbox, queue_numbers
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.markets import Stall
from storage.queue_numbers import Called, QueueNumber
from storage.refusals import NotFound

CALLED_ALREADY = "刚才已经有人叫过了，现在是这样："
_NEAR = 2  # who has so many before them is told to come near
_CALL_LASTS = timedelta(minutes=30)


async def desk(talk: Talk) -> None:
    """“管摊位”, “管摊位 12”, “管摊位 12 第2页”: each stall with whose turn it is, to be called or opened again."""
    number, _, page = talk.opening.text.partition(" ")
    talk.opening = replace(talk.opening, text=number)
    event = await _market(talk)
    roles.must_reach(talk, event, roles.CHECKERS)
    found = markets.of_event(talk.tx, event.id)
    if not found:
        return talk.say(f"《{event.title}》还没有摊位。", Choice(f"加摊位 {event.id}", "加摊位"))
    pages = -(-len(found) // LONGEST_LIST)
    current = (int(page[1:-1]) - 1) % pages if page else 0
    shown = found[current * LONGEST_LIST : (current + 1) * LONGEST_LIST]
    lines = [f"{stall.name}，{stall.place}：{_stand(talk, stall)}" for stall in shown]
    choices = [
        Choice(f"看号 {stall.id}", f"{stall.name}叫号")
        if stall.closed_at is None
        else Choice(f"开摊位 {stall.id}", f"{stall.name}又开了")
        for stall in shown
    ]
    if pages > 1:
        following = (current + 1) % pages + 1
        choices.append(Choice(f"管摊位 {event.id} 第{following}页", f"别的摊位（第 {current + 1} 页，共 {pages} 页）"))
    return talk.say(f"《{event.title}》的摊位：\n" + "\n".join(lines), *choices, Choice(f"加摊位 {event.id}", "加摊位"))


async def show(talk: Talk) -> None:
    """“看号 5”: one stall, for whoever stands there."""
    stall, _, _ = await _stall(talk)
    _tell(talk, queue_numbers.standing(talk.tx, stall.id))


async def call(talk: Talk) -> None:
    """“叫号 5 7”: the next at stall 5 after number 7, who was served. A second tap still says 7 and calls nobody."""
    await _call(talk, skips=False)


async def skip(talk: Talk) -> None:
    """“过号 5 7”: number 7 did not come, the next please; 7 may come back."""
    await _call(talk, skips=True)


async def _call(talk: Talk, *, skips: bool) -> None:
    stall, event, words = await _stall(talk)
    before = queue_numbers.current(talk.tx, stall.id)
    after = int(words) if words.isdecimal() else (before.number if before else 0)
    called = call_next(talk.tx, stall, event, after, _actor(talk, event), talk.now, skips=skips)
    if not called.is_new:
        talk.say(CALLED_ALREADY)
    _tell(talk, called)


def call_next(
    tx: Transaction, stall: Stall, event: Event, after: int, actor: Actor, now: datetime, *, skips: bool
) -> Called:
    """Call whoever follows number `after`, and tell them, and the one who may come near."""
    called = queue_numbers.call_next(tx, stall.id, actor, now, after, skips=skips)
    if called.is_new:
        _tell_those_in_line(tx, event, called, now)
    return called


async def take_for(talk: Talk) -> None:
    """“代取号 5 3”: a number for somebody without a phone, by the number on the list, name or phone tail."""
    stall, event, words = await _stall(talk)
    actor = _actor(talk, event)
    words = words or await talk.ask("who", "给谁取号？回名单上的号，或者姓名。", Text(at_most=60))
    noted = check_in.Noted()
    for line in check_in.lines_meant(talk, attendance.roll(talk.tx, event.id), words, noted):
        entry, _ = await markets_handler.take_for(talk, stall, line.person_id, actor)
        noted.came.append(f"{check_in.name_of(talk, line.person_id)} {entry.number} 号")
    talk.say(noted.in_words(f"{stall.name}取号"), Choice(f"看号 {stall.id}", "叫号"))


async def add(talk: Talk) -> None:
    """“加摊位 12”: one more, with the same questions as in the beginning."""
    event = await _market(talk)
    actor = Actor(talk.person_id, roles.must_reach(talk, event, roles.ORGANISERS), talk.account.channel)
    name = await talk.ask("stall", "新摊位办什么？下面没有的就打字。", stall_forms.StallName())
    draft = await stall_forms.ask_stall(talk, "stall", name, event.starts_at, event.ends_at)
    stall = markets.add(talk.tx, event.id, draft, actor, talk.now)
    talk.say(f"加好了：{stall.name}，{stall.place}。", Choice(f"管摊位 {event.id}", "看摊位"))


async def close(talk: Talk) -> None:
    """“关摊位 5”: no more numbers; whoever waits there is told."""
    stall, event, _ = await _stall(talk)
    actor = _actor(talk, event)
    waiting = queue_numbers.standing(talk.tx, stall.id).waiting
    if not await talk.confirm(f"“{stall.name}”收摊，告诉还等着的 {len(waiting)} 位"):
        return talk.say("好的，接着办。", Choice(f"看号 {stall.id}", "叫号"))
    close_stall(talk.tx, stall, event, actor, talk.now)
    return talk.say(
        f"“{stall.name}”收摊了。", Choice(f"开摊位 {stall.id}", "又开了"), Choice(f"管摊位 {event.id}", "看摊位")
    )


def close_stall(tx: Transaction, stall: Stall, event: Event, actor: Actor, now: datetime) -> int:
    """No more numbers there. Tells those who waited, and returns how many."""
    waited = queue_numbers.close(tx, stall.id, actor, now)
    for entry in waited:
        text = f"《{event.title}》的“{stall.name}”收摊了，您的 {entry.number} 号叫不到了。给您添麻烦了。"
        reply = Reply(text, (Choice(f"摊位 {event.id}", "看别的摊位"),))
        _send(tx, event, entry, "closed", reply, now, event.ends_at)
    return len(waited)


async def reopen(talk: Talk) -> None:
    """“开摊位 5”."""
    stall, event, _ = await _stall(talk)
    markets.reopen(talk.tx, stall.id, _actor(talk, event), talk.now)
    _tell(talk, queue_numbers.standing(talk.tx, stall.id))


def _tell(talk: Talk, called: Called) -> None:
    stall, now, waiting = called.stall, called.current, called.waiting
    after = now.number if now else 0
    lines = [f"{stall.name}（{stall.place}），等着 {len(waiting)} 位。"]
    if now is not None:
        lines.insert(0, f"现在：{_person(talk, now)}。")
    if waiting:
        lines.append(f"下一位：{_person(talk, waiting[0])}。")
    choices = []
    if waiting:
        choices.append(Choice(f"叫号 {stall.id} {after}", "叫下一个"))
    elif now is not None:
        choices.append(Choice(f"叫号 {stall.id} {after}", "这位办完了"))
    if now is not None:
        choices.append(Choice(f"过号 {stall.id} {after}", f"{now.number} 号没来"))
    choices += [Choice(f"代取号 {stall.id}", "替人取号"), Choice(f"关摊位 {stall.id}", "收摊")]
    talk.say("\n".join(lines), *choices)


def _person(talk: Talk, entry: QueueNumber) -> str:
    """Who it is, from when, and whether the door has noted them: the stall notes nobody's coming."""
    when = f"，{texts.clock(entry.starts_at)}的" if entry.starts_at else ""
    came = attendance.of_person(talk.tx, entry.event_id, entry.person_id)
    door = "" if came is not None and came.state == "attended" else "，门口还没签到"
    return f"{entry.number} 号 {check_in.name_of(talk, entry.person_id)}{when}{door}"


def _tell_those_in_line(tx: Transaction, event: Event, called: Called, now: datetime) -> None:
    if (entry := called.current) is not None:
        text = f"{entry.number} 号，轮到您了！请到{entry.place}，{entry.stall}。"
        _send(tx, event, entry, "called", Reply(text, (Choice(f"退号 {entry.id}", "不去了"),)), now)
    if len(called.waiting) > _NEAR:
        entry = called.waiting[_NEAR]
        text = f"{entry.stall}快轮到您了，您是 {entry.number} 号，前面还有 {_NEAR} 位。请往{entry.place}走。"
        _send(tx, event, entry, "soon", Reply(text, (Choice(f"退号 {entry.id}", "不去了"),)), now)


def _send(
    tx: Transaction,
    event: Event,
    entry: QueueNumber,
    why: str,
    reply: Reply,
    now: datetime,
    until: datetime | None = None,
) -> None:
    key = f"number:{entry.id}:{why}:{int(now.timestamp())}"
    planned = outbox.Planned("alert", key, encoded(reply), now, person_id=entry.person_id)
    planned.event_id, planned.expires_at = event.id, until or now + _CALL_LASTS
    outbox.plan(tx, planned, now)


def _stand(talk: Talk, stall: Stall) -> str:
    if stall.closed_at is not None:
        return "收摊了"
    standing = queue_numbers.standing(talk.tx, stall.id)
    now = f"现在 {standing.current.number} 号，" if standing.current else ""
    return f"{now}等着 {len(standing.waiting)} 位"


async def _market(talk: Talk) -> Event:
    """The market named, else the one of mine that comes next."""
    if talk.opening.text.isdecimal():
        event = events.get(talk.tx, int(talk.opening.text))
        roles.must_reach(talk, event, roles.CHECKERS)
        return event
    coming = events.coming(talk.tx, talk.now)
    mine = {
        str(event.id): event
        for event in coming
        if (event.type == stall_forms.MARKET or markets.of_event(talk.tx, event.id))
        and roles.role_for(talk, event, roles.CHECKERS)
    }
    if not mine:
        raise NotFound("集市")
    if len(mine) == 1:
        return next(iter(mine.values()))
    options = {key: events_handler.label(event) for key, event in mine.items()}
    return mine[await talk.ask("event", "哪一场集市？", OneOf(options))]


async def _stall(talk: Talk) -> tuple[Stall, Event, str]:
    """The stall meant, its event, and the words behind its number."""
    first, _, rest = talk.opening.text.partition(" ")
    if first.isdecimal():
        stall = markets.get(talk.tx, int(first))
        event = events.get(talk.tx, stall.event_id)
        roles.must_reach(talk, event, roles.CHECKERS)
        return stall, event, rest.strip()
    event = await _market(talk)
    found = {str(stall.id): stall for stall in markets.of_event(talk.tx, event.id)}
    if not found:
        raise NotFound("摊位")
    if len(found) == 1:
        return next(iter(found.values())), event, ""
    options = {key: f"{stall.name}　{_stand(talk, stall)}" for key, stall in found.items()}
    return found[await talk.ask("stall", "哪个摊位？", OneOf(options))], event, ""


def _actor(talk: Talk, event: Event) -> Actor:
    return Actor(talk.person_id, roles.must_reach(talk, event, roles.CHECKERS), talk.account.channel)

"""摊位: what a market offers, a slot or a queue number for oneself and those who come along, and whose turn it is."""

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import OneOf
from dialogue.talk import LONGEST_LIST, Talk
from handlers import events as events_handler
from handlers import market_words, registration
from storage import events, markets, people, queue_numbers, sign_ups
from storage.audit import Actor
from storage.events import Event
from storage.markets import Stall
from storage.queue_numbers import QueueNumber
from storage.refusals import NotFound, NotRegistered, SlotGone, StallClosed


async def show(talk: Talk) -> None:
    """“摊位”, “摊位 12”: the stalls of a market, with how long each takes."""
    event = await _market(talk)
    found = [stall for stall in markets.of_event(talk.tx, event.id) if stall.closed_at is None]
    if not found:
        return talk.say(f"《{event.title}》现在没有摊位。", Choice(f"活动 {event.id}", "看这场活动"))
    choices = [Choice(f"取号 {stall.id}", stall.name) for stall in found[:LONGEST_LIST]]
    lines = [f"{stall.name}，{stall.place}，{_stand(talk, stall)}" for stall in found]
    rest = "别的摊位，回“取号”加名字，比如：取号" + found[-1].name + "。" if len(found) > LONGEST_LIST else ""
    return talk.say(
        f"《{event.title}》的摊位：\n" + "\n".join(lines) + f"\n想去哪个，回前面的数字。{rest}",
        *choices,
        Choice("我的号", "我的号"),
    )


async def take(talk: Talk) -> None:
    """“取号 5”, “取号 理发”, or the code at the stall: a slot or a number, signed up for the market on the way."""
    stall = await _stall(talk)
    event = events.get(talk.tx, stall.event_id)
    if talk.person_id is None:
        talk.say("取号要先登记，大约一分钟。")
        await registration.register(talk)
        if talk.person_id is None:
            return None
    actor = Actor(talk.person_id, "resident", talk.account.channel)
    is_ahead = event.starts_at > talk.now
    if is_ahead and sign_ups.active(talk.tx, event.id, talk.person_id) is None:
        outcome = sign_ups.sign_up(talk.tx, event.id, [talk.person_id], actor, talk.now)
        if outcome.state == "waitlisted":
            return talk.say(f"《{event.title}》名额满了，您排在候补第 {outcome.position} 位。有了座位再挑摊位。")
    who = await _for_whom(talk, event)
    said = []
    for person_id in who:
        entry = await take_for(talk, stall, person_id, actor)
        name = "" if person_id == talk.person_id else people.get(talk.tx, person_id).name
        said.append(_taken(talk, entry, name))
    signed = f"《{event.title}》也报好了，{texts.moment(event.starts_at)}，{event.venue}。" if is_ahead else ""
    return talk.say(
        "\n".join([*said, signed] if signed else said),
        Choice(f"摊位 {event.id}", "再挑一个摊位"),
        Choice("我的号", "我的号"),
    )


async def take_for(talk: Talk, stall: Stall, person_id: int, actor: Actor) -> tuple[QueueNumber, bool]:
    """A number for this person; asks for the slot where there are slots, and again when it is gone meanwhile."""
    mine = queue_numbers.of_person(talk.tx, stall.event_id, person_id)
    if not stall.has_slots or any(entry.stall_id == stall.id for entry in mine):
        return queue_numbers.take(talk.tx, stall.id, person_id, actor, talk.now)
    if stall.closed_at is not None:
        raise StallClosed(stall.name)
    busy = {entry.starts_at for entry in mine}
    free = [slot for slot in markets.slots(talk.tx, stall.id) if slot.free > 0 and slot.ends_at > talk.now]
    free = [slot for slot in free if slot.starts_at not in busy] or free
    if not free:
        raise SlotGone(stall.name)
    options = {str(slot.id): f"{texts.clock(slot.starts_at)}（剩 {slot.free} 位）" for slot in free}
    whose = "" if person_id == talk.person_id else people.get(talk.tx, person_id).name
    key = f"slot: {person_id}"
    slot_id = int(await talk.ask(key, f"{whose or '您'}几点去“{stall.name}”？", OneOf(options)))
    return queue_numbers.take(talk.tx, stall.id, person_id, actor, talk.now, slot_id)


async def mine(talk: Talk) -> None:
    """“我的号”, “前面还有几位”."""
    if talk.person_id is None:
        raise NotRegistered
    found = queue_numbers.everywhere(talk.tx, talk.person_id, talk.now)
    if not found:
        return talk.say("您现在没有号。集市上回“摊位”就能取号。", Choice("活动", "看看有什么活动"))
    lines = [f"{market_words.turn(entry)}（{market_words.waits(talk.tx, entry, talk.now)}）" for entry in found]
    choices = [
        Choice(f"接着排 {entry.id}", f"{entry.stall}，我回来了")
        if entry.state == "skipped"
        else Choice(f"退号 {entry.id}", f"{entry.stall}不去了")
        for entry in found[:LONGEST_LIST]
    ]
    return talk.say("您的号：\n" + "\n".join(lines), *choices)


async def give_up(talk: Talk) -> None:
    """“退号”, “退号 7”: the turn goes to others, the sign-up for the market stays."""
    entry = await _one_of_mine(talk, "退哪一个号？", queue_numbers.IN_LINE)
    if entry is None:
        return talk.say("您现在没有号，不用退。", Choice("活动", "看看有什么活动"))
    queue_numbers.give_up(talk.tx, entry.id, talk.now)
    return talk.say(
        f"好的，{entry.stall} {entry.number} 号退了。集市您还是来。",
        Choice(f"摊位 {entry.event_id}", "挑别的摊位"),
        Choice(f"不来 {entry.event_id}", "集市也不来了"),
    )


async def come_back(talk: Talk) -> None:
    """“我回来了”: a number that was called while the person was away is called next."""
    entry = await _one_of_mine(talk, "哪一个号？", ("skipped",))
    if entry is None:
        return talk.say("您的号还没过，不用重排。", Choice("我的号", "看我的号"))
    entry = queue_numbers.come_back(talk.tx, entry.id, talk.now)
    waits = market_words.waits(talk.tx, entry, talk.now)
    return talk.say(f"好的，{entry.stall} {entry.number} 号给您接上了，{waits}。请在{entry.place}等着。")


def _taken(talk: Talk, taken: tuple[QueueNumber, bool], name: str) -> str:
    entry, is_new = taken
    head = (f"{name}也拿到了" if name else "拿到了") if is_new else f"{name or '您'}已经有号了"
    when = f"{texts.moment(entry.starts_at)}，" if entry.starts_at else ""
    line = "" if entry.starts_at else f"，{market_words.waits(talk.tx, entry, talk.now)}"
    called = "到时候我叫您。" if not name else ""
    return f"{head}：{entry.stall} {entry.number} 号，{when}{entry.place}{line}。{called}"


def _stand(talk: Talk, stall: Stall) -> str:
    if stall.has_slots:
        free = [slot for slot in markets.slots(talk.tx, stall.id) if slot.free > 0 and slot.ends_at > talk.now]
        return f"最早{texts.clock(free[0].starts_at)}，还有 {sum(slot.free for slot in free)} 位" if free else "约满了"
    standing = queue_numbers.standing(talk.tx, stall.id)
    now = f"现在 {standing.current.number} 号，" if standing.current else ""
    return f"{now}等着 {len(standing.waiting)} 位"


async def _market(talk: Talk) -> Event:
    wanted = talk.payload.partition("-")[2] or talk.opening.text
    if wanted.isdecimal():
        return events.get(talk.tx, int(wanted))
    found = [event for event in events.coming(talk.tx, talk.now) if markets.of_event(talk.tx, event.id)]
    if not found:
        raise NotFound("集市")
    if len(found) == 1:
        return found[0]
    options = {str(event.id): events_handler.label(event) for event in found}
    return events.get(talk.tx, int(await talk.ask("market", "哪一场集市？", OneOf(options))))


async def _stall(talk: Talk) -> Stall:
    wanted = talk.payload.partition("-")[2] or talk.opening.text
    if wanted.isdecimal():
        return markets.get(talk.tx, int(wanted))
    event = await _market(talk) if not wanted else None
    around = [event] if event else events.coming(talk.tx, talk.now)
    known = [stall for each in around for stall in markets.of_event(talk.tx, each.id) if stall.closed_at is None]
    named = [stall for stall in known if wanted and (stall.name in wanted or wanted in stall.name)] or known
    if not named:
        raise NotFound("摊位")
    if len(named) == 1:
        return named[0]
    options = {str(stall.id): f"{stall.name}　{stall.place}" for stall in named}
    return markets.get(talk.tx, int(await talk.ask("stall", "去哪个摊位？", OneOf(options))))


async def _for_whom(talk: Talk, event: Event) -> list[int]:
    """The person, or one or all of those who signed up together."""
    me = talk.person_id or 0
    own = sign_ups.active(talk.tx, event.id, me)
    if own is None or own.group_id is None:
        return [me]
    others = [
        entry.person_id
        for entry in sign_ups.of_event(talk.tx, event.id)
        if entry.group_id == own.group_id and entry.person_id != me and entry.state in events.TAKEN
    ]
    if not others:
        return [me]
    options = {str(me): "我自己"} | {str(other): people.get(talk.tx, other).name for other in others}
    chosen = await talk.ask("for whom", "给谁取号？", OneOf(options | {"all": "都取"}))
    return [me, *others] if chosen == "all" else [int(chosen)]


async def _one_of_mine(talk: Talk, question: str, states: tuple[str, ...]) -> QueueNumber | None:
    if talk.person_id is None:
        raise NotRegistered
    mine = [entry for entry in queue_numbers.everywhere(talk.tx, talk.person_id, talk.now) if entry.state in states]
    wanted = talk.opening.text
    if wanted.isdecimal():
        return next((entry for entry in mine if entry.id == int(wanted)), None)
    if len(mine) < 2:
        return next(iter(mine), None)
    options = {str(entry.id): market_words.turn(entry) for entry in mine}
    chosen = await talk.ask("number", question, OneOf(options))
    return next(entry for entry in mine if str(entry.id) == chosen)

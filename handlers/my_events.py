"""我的活动: what I signed up for, coming or not coming by one word."""

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import OneOf
from dialogue.talk import Talk
from handlers import events as events_handler
from handlers import market_words, notices
from storage import events, handouts, queue_numbers, sign_ups
from storage.audit import Actor
from storage.events import Event
from storage.refusals import NotRegistered

_STANDS = {"confirmed": "报上了", "offered": "有座位，等您回话"}


async def overview(talk: Talk) -> None:
    if talk.person_id is None:
        raise NotRegistered
    mine = sign_ups.of_person(talk.tx, talk.person_id, talk.now)
    if not mine:
        taken_home = [Choice("讲义", "上过的课的讲义")] if handouts.series_of(talk.tx, talk.person_id) else []
        return talk.say(
            "您现在没有报活动。", Choice("活动", "看看有什么活动"), *taken_home, Choice("参加证明", "开参加证明")
        )
    lines = []
    for entry in mine:
        event = events.get(talk.tx, entry.event_id)
        place = sign_ups.position(talk.tx, entry)
        waits = "等抽签" if sign_ups.is_to_be_drawn(event) else f"候补第 {place} 位"
        stands = _STANDS.get(entry.state, waits)
        turns = market_words.turns(queue_numbers.of_person(talk.tx, event.id, talk.person_id))
        lines.append(f"《{event.title}》{texts.moment(event.starts_at)}，{event.venue}（{stands}）。{turns}")
    choices = [Choice(f"活动 {entry.event_id}", events.get(talk.tx, entry.event_id).title) for entry in mine[:5]]
    return talk.say(
        f"您报了 {len(mine)} 场：\n" + "\n".join(lines) + "\n来不了，回“不来”。到过的要证明，回“参加证明”。", *choices
    )


async def come(talk: Talk) -> None:
    """“来”, “来 12”: yes to a reminder, a change or an offered seat."""
    event = await _one_of_mine(talk, "您说的是哪一场？")
    if event is None:
        return talk.say("您现在没有报活动。想报哪个？", Choice("活动", "看看有什么活动"))
    entry = sign_ups.active(talk.tx, event.id, talk.person_id or 0)
    if entry is None:
        return events_handler.show(talk, event)
    if entry.state == "waitlisted" and sign_ups.is_to_be_drawn(event):
        return talk.say(f"《{event.title}》还没抽签，抽中没抽中我都告诉您。")
    if entry.state == "waitlisted":
        place = sign_ups.position(talk.tx, entry)
        return talk.say(f"《{event.title}》您还在候补第 {place} 位，轮到您我马上告诉您。")
    sign_ups.accept(talk.tx, event.id, talk.person_id or 0, talk.now)
    return talk.say(f"好的，《{event.title}》等您来。{notices.where_and_when(event)}。")


async def decline(talk: Talk) -> None:
    """“不来”, “不来 12”, “取消报名”: the seat goes to the next at once."""
    event = await _one_of_mine(talk, "哪一场不来了？")
    if event is None:
        return talk.say("您现在没有报活动，不用取消。", Choice("活动", "看看有什么活动"))
    promotions = sign_ups.cancel(talk.tx, event.id, talk.person_id or 0, _actor(talk), talk.now)
    notices.promoted(talk.tx, promotions, talk.now)
    return talk.say(
        f"好的，{texts.day(event.starts_at)}《{event.title}》您不来了。有别的活动再来。",
        Choice(f"报名 {event.id}", "点错了，我还是来"),
        Choice("活动", "看看别的活动"),
    )


async def _one_of_mine(talk: Talk, question: str) -> Event | None:
    """The event named in the opening words, the only one signed up for, or the one chosen."""
    if talk.person_id is None:
        raise NotRegistered
    wanted = talk.opening.text
    if wanted.isdecimal():
        return events.get(talk.tx, int(wanted))
    mine = [events.get(talk.tx, entry.event_id) for entry in sign_ups.of_person(talk.tx, talk.person_id, talk.now)]
    named = [event for event in mine if wanted and wanted in event.title] or mine
    if len(named) < 2:
        return named[0] if named else None
    options = {str(event.id): events_handler.label(event) for event in named}
    chosen = await talk.ask("event", question, OneOf(options))
    return events.get(talk.tx, int(chosen))


def _actor(talk: Talk) -> Actor:
    return Actor(talk.person_id, "resident", talk.account.channel)

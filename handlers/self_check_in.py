"""口令 and the code on the wall: who likes may check in by themself, where the organiser opened that way."""

import re
from datetime import timedelta

from dialogue.message import Choice
from dialogue.questions import bare
from dialogue.talk import Talk
from handlers import registration, wall_codes
from handlers.check_in import actor_for, event_and_words, name_of
from storage import attendance, events, sign_ups, tokens
from storage.attendance import CheckIn
from storage.audit import Actor
from storage.events import Event
from storage.refusals import CodeWordNotKnown, NotSignedUp
from storage.times import local


async def by_word(talk: Talk) -> None:
    """“口令 春天”, as told in the room."""
    words = bare(talk.opening.text)
    event = next((event for event in _on_now(talk) if event.code_word and bare(event.code_word) == words), None)
    if event is None:
        raise CodeWordNotKnown
    await _check_in(talk, event, "code_word")


async def by_code(talk: Talk) -> None:
    """The code on the wall, scanned: the link brings what stands for this event."""
    token = talk.payload.partition("-")[2]
    event = events.get(talk.tx, int(tokens.read(talk.tx, wall_codes.CHECK_IN, token, talk.now)["event"]))
    await _check_in(talk, event, "qr")


async def together(talk: Talk) -> None:
    """“一起到了 12 34”: the spouse or friend one signed up with is here too."""
    numbers = [int(number) for number in re.findall(r"\d+", talk.opening.text)]
    event = events.get(talk.tx, numbers[0])
    mine = attendance.of_person(talk.tx, event.id, talk.person_id or 0)
    companions = _companions(talk, event)
    if mine is None or mine.state != "attended" or numbers[-1] not in companions:
        raise NotSignedUp(event.title)
    actor = Actor(talk.person_id, "resident", talk.account.channel)
    entry = attendance.check_in(talk.tx, event.id, numbers[-1], mine.method, actor, talk.now)
    talk.say(_said(talk, event, entry))


async def wall(talk: Talk) -> None:
    """“签到码”: what to hang on the wall, as pictures and as words."""
    event, _ = await event_and_words(talk)
    actor_for(talk, event)
    parts = [wall_codes.give(talk, event, "check-in")]
    if event.code_word:
        parts.append(f"口令是“{event.code_word}”，到场的人回“口令 {event.code_word}”也行。")
    elif parts[0] == wall_codes.NO_RIGHT:
        parts.append("微信里要用口令签到，还没设。")
    elif not talk.replies and not parts[0]:
        parts.append("这里做不了签到码。可以设一个口令。")
    set_word = () if event.code_word else (Choice(f"改活动 {event.id}", "设口令"),)
    talk.say("".join(parts) or "贴好就行。", *set_word)


async def _check_in(talk: Talk, event: Event, method: str) -> None:
    if talk.person_id is None:
        talk.say("签到要先登记，大约一分钟。")
        await registration.register(talk)
        if talk.person_id is None:
            return
    actor = Actor(talk.person_id, "resident", talk.account.channel)
    at = min(talk.opening.at, talk.now)
    entry = attendance.check_in(talk.tx, event.id, talk.person_id, method, actor, talk.now, said_at=at)
    waiting = [
        Choice(f"一起到了 {event.id} {person}", f"{name_of(talk, person)}也到了")
        for person in _companions(talk, event)
        if attendance.of_person(talk.tx, event.id, person) is None
    ]
    talk.say(_said(talk, event, entry), *waiting)


def _said(talk: Talk, event: Event, entry: CheckIn) -> str:
    name = name_of(talk, entry.person_id)
    if entry.is_new:
        return f"{name}，签好了，请进。《{event.title}》"
    own = entry.recorded_by in (None, entry.person_id)
    by = "" if own else f"，{name_of(talk, entry.recorded_by)}帮着记的"
    return f"{name}，{local(entry.came_at):%H:%M} 已经签过到了{by}。"


def _companions(talk: Talk, event: Event) -> list[int]:
    """Those admitted together with this person."""
    mine = sign_ups.active(talk.tx, event.id, talk.person_id or 0)
    if mine is None or mine.group_id is None:
        return []
    return [
        entry.person_id
        for entry in sign_ups.of_event(talk.tx, event.id)
        if entry.group_id == mine.group_id and entry.state in events.TAKEN and entry.person_id != mine.person_id
    ]


def _on_now(talk: Talk) -> list[Event]:
    begin, end = talk.now - timedelta(days=1), talk.now + attendance.OPENS_BEFORE
    return [event for event in events.between(talk.tx, begin, end) if event.ends_at >= talk.now]

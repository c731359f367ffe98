"""口令 and the code on the wall: who likes may check in by themself, where the organiser opened that way."""

import re
from datetime import timedelta

from dialogue.message import Choice, File
from dialogue.questions import bare
from dialogue.talk import Talk
from handlers import linking, links, registration
from handlers.check_in import actor_for, event_and_words, name_of
from reports import qr_codes
from storage import attendance, events, files, sign_ups, tokens
from storage.attendance import CheckIn
from storage.audit import Actor
from storage.events import Event
from storage.refusals import CodeWordNotKnown, NotSignedUp
from storage.times import local

PURPOSE = "check-in"

_LONGEST = timedelta(days=400)


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
    event = events.get(talk.tx, int(tokens.read(talk.tx, PURPOSE, token, talk.now)["event"]))
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
    """“签到码”: what to hang on the wall, as a picture and as words."""
    event, _ = await event_and_words(talk)
    actor_for(talk, event)
    lasts = min(max(event.ends_at - talk.now, timedelta(minutes=1)), _LONGEST)
    token = tokens.issue(talk.tx, PURPOSE, {"event": event.id}, talk.now, lasts)
    word = f"口令是“{event.code_word}”，到场的人回“口令 {event.code_word}”也行。" if event.code_word else ""
    found = links.addresses(talk.tx, f"checkin-{token}")
    if "wechat" in found and not word:
        word = "微信里要用口令签到，还没设。"
    coded = {channel: url for channel, url in found.items() if url}
    set_word = () if event.code_word else (Choice(f"改活动 {event.id}", "设口令"),)
    if not coded:
        return talk.say(word or "这里做不了签到码。可以设一个口令。", *set_word)
    for channel, url in coded.items():
        name = f"签到码 {event.title} {linking.CHANNELS[channel]}.png"
        picture = files.add(talk.tx, name, qr_codes.MEDIA_TYPE, qr_codes.png(url), talk.person_id, talk.now)
        talk.say(
            f"《{event.title}》{linking.CHANNELS[channel]}的签到码，打印出来贴在门口，扫一扫就签到，到活动结束为止。",
            photo=File(picture, name, qr_codes.MEDIA_TYPE),
        )
    own = links.here(talk, "签到", f"checkin-{token}")
    return talk.say(f"{word}不方便打印，就把链接发给大家。" if own else word or "贴好就行。", *set_word, link=own)


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

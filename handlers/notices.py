"""What people are told unasked because of what somebody else did: a seat came free, a time changed, an event is off."""

from datetime import datetime, timedelta

from dialogue import texts
from dialogue.message import Choice, Reply, encoded
from handlers import market_words
from storage import events, outbox, queue_numbers
from storage.database import Transaction
from storage.events import Event
from storage.sign_ups import Promotion


def coming_choices(event: Event) -> tuple[Choice, Choice]:
    """The two answers to any news of an event, each a word to be said."""
    return Choice(f"来 {event.id}", "来"), Choice(f"不来 {event.id}", "不来")


def where_and_when(event: Event) -> str:
    return f"{texts.moment(event.starts_at)}，{event.venue}"


def promoted(tx: Transaction, promotions: list[Promotion], now: datetime) -> None:
    for promotion in promotions:
        event = promotion.event
        for entry in promotion.sign_ups:
            if entry.state == "offered":
                text = f"有人退出，《{event.title}》空出座位了。{where_and_when(event)}。您要来吗？请今天回我。"
            else:
                text = f"好消息：有人退出，《{event.title}》您有座位了。{where_and_when(event)}。"
            planned = outbox.Planned(
                "promotion",
                f"promotion:{entry.id}:{int(now.timestamp())}",
                encoded(Reply(text, coming_choices(event))),
                now,
                person_id=entry.person_id,
                expires_at=event.starts_at,
                event_id=event.id,
                sign_up_id=entry.id,
            )
            outbox.plan(tx, planned, now)


def changed(tx: Transaction, before: Event, after: Event, now: datetime) -> int:
    """Tell everyone concerned what changed. Returns how many."""
    news = changes_in_words(before, after)
    if not news:
        return 0
    if outbox.outdate(tx, after.id, now):
        # Who was not told of the last change must not hear only what became of it.
        news = f"现在定在{where_and_when(after)}"
    text = f"《{after.title}》有变动：{news}。您还能来吗？"
    return _tell_all(tx, after, "change", text, coming_choices(after), now, after.ends_at)


def cancelled(tx: Transaction, event: Event, reason: str, now: datetime) -> int:
    """Tell everyone concerned that it is off, and why. Returns how many."""
    outbox.outdate(tx, event.id, now)
    why = f"，因为{reason}" if reason else ""
    text = f"{texts.moment(event.starts_at)}的《{event.title}》不办了{why}。给您添麻烦了，有新日子马上告诉您。"
    return _tell_all(tx, event, "cancel", text, (Choice("活动", "看看别的活动"),), now, event.ends_at)


def on_again(tx: Transaction, event: Event, now: datetime) -> int:
    """It was called off by mistake. Who did not hear of that hears nothing new. Returns how many are told."""
    if outbox.outdate(tx, event.id, now):
        text = f"《{event.title}》照常办：{where_and_when(event)}。"
    else:
        text = f"《{event.title}》照常办，刚才说不办了是我们弄错了。{where_and_when(event)}。您能来吗？"
    return _tell_all(tx, event, "on again", text, coming_choices(event), now, event.ends_at)


def changes_in_words(before: Event, after: Event) -> str:
    """What an elder must know of it: the new time, the new place, or both."""
    parts = []
    if before.starts_at != after.starts_at:
        parts.append(f"时间改到{texts.moment(after.starts_at)}")
    if before.venue != after.venue:
        parts.append(f"地点改到{after.venue}")
    if parts and before.venue == after.venue:
        parts.append("地点不变")
    if parts and before.starts_at == after.starts_at:
        parts.append(f"时间不变，还是{texts.moment(after.starts_at)}")
    if not parts and before.title != after.title:
        parts.append(f"名字改成《{after.title}》，时间地点不变")
    return "，".join(parts)


def _tell_all(
    tx: Transaction,
    event: Event,
    what: str,
    text: str,
    choices: tuple[Choice, ...],
    now: datetime,
    until: datetime,
) -> int:
    concerned = events.concerned(tx, event.id)
    for person_id, _ in concerned:
        turns = market_words.turns(queue_numbers.of_person(tx, event.id, person_id))
        also = "" if not turns else f"{turns[:-1]}，也不办了。" if what == "cancel" else turns
        planned = outbox.Planned(
            "change",
            f"{what}:{event.id}:{event.revision}:{int(now.timestamp())}:{person_id}",
            encoded(Reply(f"{text}{also}", choices)),
            now,
            person_id=person_id,
            expires_at=max(until, now + timedelta(hours=1)),
            event_id=event.id,
            revision=event.revision,
        )
        outbox.plan(tx, planned, now)
    return len(concerned)

"""Codes to print: for the door, where people check themselves in, and for a poster that opens an event in the chat."""

from datetime import datetime, timedelta
from typing import Any, Literal

from dialogue import texts
from dialogue.message import Choice, File, Link, Reply, encoded
from dialogue.talk import Talk
from handlers import links, organise
from handlers.linking import CHANNELS
from reports import qr_codes
from storage import events, exports, files, outbox, settings, tokens
from storage.database import Transaction
from storage.events import Event
from storage.exports import Export

CHECK_IN = "check-in"
"""What the token behind a code at the door is for."""

OF_WECHAT = "scene_codes"
"""The setting that says whether our WeChat account may make codes: only its own open it."""

TEMPORARY_LASTS = timedelta(days=30)
"""The longest that WeChat keeps a code that is not for ever; of those for ever there are 100,000 in all."""

_LONGEST = timedelta(days=400)
_SHORTEST = timedelta(minutes=1)

Use = Literal["check-in", "event"]

_NAMES: dict[Use, str] = {"check-in": "签到码", "event": "活动码"}
_SAYS: dict[Use, str] = {
    "check-in": "打印出来贴在门口，扫一扫就签到",
    "event": "印在海报上，扫一扫就看到这场活动，可以报名",
}
NO_RIGHT = "这个公众号做不了微信的二维码。"
_NOT_MADE = "微信的二维码没做成，多半是微信那边忙。过一会儿再要一次；等不及就说口令、发活动编号，一样能用。"
_NOT_ALLOWED = "微信没有让我们做二维码，请告诉区里管公众号的同志。现在用口令、发活动编号，一样能签到、报名。"


async def poster(talk: Talk) -> None:
    """“活动码 12”: what to print on the poster of an event."""
    event = await organise.one_i_run(talk, "要哪场活动的码？", states=("published",))
    if event is None or event.state != "published" or event.ends_at <= talk.now:
        return talk.say("您没有发布着的活动。", Choice("发布活动", "发布活动"))
    of_wechat = give(talk, event, "event")
    word = f"不会扫的，跟我说“活动 {event.id}”也一样。"
    return talk.say(of_wechat + word, Choice(f"活动链接 {event.id}", "要链接"))


def give(talk: Talk, event: Event, use: Use) -> str:
    """Say a picture for each channel that has an address. Returns a sentence about the code of WeChat, or nothing.

    That code only WeChat can make: it is asked for here, and sent when it is there, if the account may have it at all.
    """
    for channel, url in links.addresses(talk.tx, payload(talk.tx, use, event, talk.now)).items():
        if not url:
            continue
        picture = _picture(talk.tx, use, event, channel, url, talk.person_id, talk.now)
        text = f"《{event.title}》{CHANNELS[channel]}的{_NAMES[use]}，{_SAYS[use]}"
        text += "，到活动结束为止。" if use == "check-in" else "。"
        if channel == talk.account.channel:
            talk.say(f"{text}不方便打印，就把链接发给大家。", photo=picture, link=Link(_NAMES[use], url))
        else:
            talk.say(text, photo=picture)
    if not settings.get(talk.tx, OF_WECHAT, default=False):
        return NO_RIGHT if "wechat" in settings.get(talk.tx, links.ADDRESSES, {}) else ""
    wanted = {"event": event.id, "for": use}
    exports.ask(talk.tx, exports.SCENE_CODE, wanted, talk.person_id, talk.account.id, talk.now)
    return f"微信的{_NAMES[use]}正在做，好了马上发给您。"


def payload(tx: Transaction, use: Use, event: Event, now: datetime) -> str:
    """What a scan brings. At the door it stands for this event until its end, and nobody can make one up."""
    if use == "event":
        return f"event-{event.id}"
    lasts = min(max(event.ends_at - now, _SHORTEST), _LONGEST)
    return f"checkin-{tokens.issue(tx, CHECK_IN, {'event': event.id}, now, lasts)}"


def wanted_of_wechat(tx: Transaction, wanted: dict[str, Any], now: datetime) -> tuple[str, timedelta | None]:
    """What WeChat is asked for: the payload, and for how long. None is for ever, where the event is too far ahead.

    A poster hangs on when its event is put off by some days; a code for the door is of no use after the end.
    """
    event, use = events.get(tx, int(wanted["event"])), _use(wanted)
    left = max(event.ends_at - now, _SHORTEST)
    lasts = left if use == "check-in" else TEMPORARY_LASTS
    return payload(tx, use, event, now), lasts if left <= TEMPORARY_LASTS else None


def made(tx: Transaction, export: Export, url: str, lasts: timedelta | None, now: datetime) -> None:
    """Send the code to who asked for it, with until when it works."""
    event, use = events.get(tx, int(export.wanted["event"])), _use(export.wanted)
    if use == "check-in":
        until = f"能扫到{texts.moment(event.ends_at)}"
    else:
        until = "这个码一直能扫" if lasts is None else f"能扫到{texts.moment(now + lasts)}"
    picture = _picture(tx, use, event, "wechat", url, export.person_id, now)
    exports.ready(tx, export.id, picture.token, now)
    _tell(tx, export, Reply(f"《{event.title}》微信的{_NAMES[use]}，{_SAYS[use]}。{until}。", photo=picture), now)


def not_made(tx: Transaction, export: Export, now: datetime, *, for_good: bool) -> None:
    """Say so, and what works instead."""
    exports.failed(tx, export.id, "refused" if for_good else "no answer", now)
    _tell(tx, export, Reply(_NOT_ALLOWED if for_good else _NOT_MADE), now)


def _use(wanted: dict[str, Any]) -> Use:
    return "check-in" if wanted["for"] == "check-in" else "event"


def _picture(
    tx: Transaction, use: Use, event: Event, channel: str, url: str, person_id: int | None, now: datetime
) -> File:
    name = f"{_NAMES[use]} {event.title} {CHANNELS[channel]}.png"
    token = files.add(tx, name, qr_codes.MEDIA_TYPE, qr_codes.png(url), person_id, now)
    return File(token, name, qr_codes.MEDIA_TYPE)


def _tell(tx: Transaction, export: Export, reply: Reply, now: datetime) -> None:
    planned = outbox.Planned("alert", f"export:{export.id}", encoded(reply), now, person_id=export.person_id)
    outbox.plan(tx, planned, now)

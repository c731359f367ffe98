"""What a push says: read into a message for the conversations, a change of permission, or a report of the platform."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.channels.wechat.links import from_link_id
from bot.channels.wechat.signature import BadPush
from bot.channels.wechat.xml import Element, only, text_of
from dialogue.message import Address, Attachment, Message
from storage.geography import Place
from storage.wechat import Arrival, Grant, Visit

FOLLOW = "/start"  # what following the account says in the person's name: the menu, after a greeting
_SCENE = "qrscene_"
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_NUMBER = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Gone:
    """The person unfollowed the account."""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """A message counted as sent did not arrive. `because` is the platform's word for it."""

    platform_id: str
    because: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Needs no answer: `kind` is for the log."""

    kind: str


Meaning = Message | Gone | Undelivered | Nothing


@dataclass(frozen=True, slots=True)
class Heard:
    """A push, read. `account` is the account's own name, from which it is answered."""

    visit: Visit
    account: str
    meaning: Meaning
    place: int = 0  # of the choice, in the answer whose link was tapped


def read(element: Element) -> Heard:
    """Raises `BadPush` only where nobody could be answered; an unknown kind is `Nothing`."""
    user, account = only(element, "FromUserName"), only(element, "ToUserName")
    kind = only(element, "MsgType").lower()
    if not user or not kind or len(user) > 64:
        raise BadPush("no sender or no kind")
    if kind == "event":
        return _event(element, user, account)
    message = only(element, "MsgId")
    if not message or len(message) > 64:
        raise BadPush("a message without its number")
    link, place = from_link_id(text_of(element, "bizmsgmenuid"))
    text = text_of(element, "Content")
    visit = Visit(message, user, "message", said=normal(text), link=link)
    return Heard(visit, account, _message(element, kind, message, user, text), place)


def meant(heard: Heard, message: Message, arrival: Arrival) -> Message:
    """The message with the choice it stands for, when it came from a link or repeats the line of one."""
    if heard.visit.link:
        if arrival.linked is None or not 1 <= heard.place <= len(arrival.linked):
            return _with_choice(message, message.text, "gone")  # no question has this turn, so it answers none
        choice = arrival.linked[heard.place - 1]
        return _with_choice(message, choice.value, choice.turn, choice.label)
    for choice in arrival.last:
        # What a client sends that drops ids, when the line as shown was tapped.
        if choice.number and heard.visit.said == normal(f"{choice.number} {choice.label}"):
            return _with_choice(message, choice.value, choice.turn, choice.label)
    return message


def _with_choice(message: Message, value: str, turn: str, label: str = "") -> Message:
    return Message(message.id, message.sender, message.sent_at, text=label or message.text, choice=value, turn=turn)


def _message(element: Element, kind: str, number: str, user: str, text: str) -> Meaning:
    sender, sent_at = Address("wechat", user), _moment(element)
    match kind:
        case "text":
            return Message(number, sender, sent_at, text=text)
        case "image" | "voice" | "video" | "shortvideo":
            attachment = _attachment(element, kind)
            if attachment is None:
                return Nothing(kind)
            return Message(number, sender, sent_at, text=text_of(element, "Recognition"), attachment=attachment)
        case "location":
            place = _place(text_of(element, "Location_X"), text_of(element, "Location_Y"))
            if place is None:
                return Nothing(kind)
            return Message(number, sender, sent_at, place=place)
        case "link":
            return Message(number, sender, sent_at, text=text_of(element, "Title") or text_of(element, "Url"))
        case _:
            return Nothing(kind[:20])


def _attachment(element: Element, kind: str) -> Attachment | None:
    reference = text_of(element, "MediaId")
    if not reference or len(reference) > 300:
        return None
    match kind:
        case "image":
            return Attachment("photo", reference, "照片.jpg", "image/jpeg")
        case "voice":
            form = text_of(element, "Format").lower()
            known = form if form in ("amr", "speex", "mp3") else "amr"
            return Attachment("voice", reference, f"语音.{known}", f"audio/{known}")
        case _:
            return Attachment("video", reference, "视频.mp4", "video/mp4")


def _event(element: Element, user: str, account: str) -> Heard:
    name, key = only(element, "Event"), only(element, "EventKey")
    created = only(element, "CreateTime")
    identity = hashlib.sha256("\n".join((user, created, name, key)).encode()).hexdigest()[:40]
    number = f"event-{identity}"

    def heard(meaning: Meaning, grant: Grant | None = None) -> Heard:
        return Heard(Visit(number, user, grant), account, meaning)

    def message(text: str = "", payload: str = "") -> Message:
        return Message(number, Address("wechat", user), _moment(element), text=text, payload=payload)

    match name.lower():
        case "subscribe":
            return heard(message(FOLLOW, _payload(key.removeprefix(_SCENE))), "follow")
        case "scan":
            return heard(message(payload=_payload(key)) if _payload(key) else message(FOLLOW), "scan")
        case "unsubscribe":
            return heard(Gone())
        case "click":
            return heard(message(key), "menu")
        case "scancode_waitmsg" | "scancode_push":
            found = text_of(element, "ScanCodeInfo/ScanResult")
            payload = _payload(found.rpartition("=")[2] if found.startswith("http") else found)
            return heard(message(payload=payload) if payload else message(FOLLOW), "menu")
        case "templatesendjobfinish":
            return heard(_report(only(element, "MsgID"), only(element, "Status")))
        case "subscribe_msg_sent_event":
            return heard(_subscription_report(element))
        case _:
            # VIEW, LOCATION (nobody asked for it: care.md P6), location_select and pictures from the menu (their
            # message follows by itself), and whatever the platform may think of next.
            return heard(Nothing(name[:40]))


def _report(platform_id: str, status: str) -> Meaning:
    return Nothing("sent") if status.lower() == "success" else Undelivered(platform_id, status[:60])


def _subscription_report(element: Element) -> Meaning:
    for entry in element.findall("SubscribeMsgSentEvent/List"):
        if text_of(entry, "ErrorCode") not in ("", "0"):
            return Undelivered(text_of(entry, "MsgID"), text_of(entry, "ErrorStatus")[:60])
    return Nothing("sent")


def _payload(text: str) -> str:
    return text if _PAYLOAD.fullmatch(text) else ""


def _place(latitude: str, longitude: str) -> Place | None:
    """The platform calls the latitude X. It is picked on a Tencent map, hence GCJ-02."""
    if not _NUMBER.fullmatch(latitude) or not _NUMBER.fullmatch(longitude):
        return None
    north, east = float(latitude), float(longitude)
    return Place(north, east, "gcj02") if abs(north) <= 90 and abs(east) <= 180 else None


def _moment(element: Element) -> datetime:
    seconds = text_of(element, "CreateTime")
    if not seconds.isascii() or not seconds.isdecimal() or len(seconds) > 11:
        raise BadPush("no time")
    return datetime.fromtimestamp(int(seconds), UTC)


def normal(text: str) -> str:
    """Full-width letters and digits as half-width ones, without blanks around."""
    return unicodedata.normalize("NFKC", text).strip()

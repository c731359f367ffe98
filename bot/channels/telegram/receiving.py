"""A raw update as what it means to us: something said, someone lost or found again, a message changed, or nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import msgspec
from telegram import CallbackQuery, ChatMemberUpdated, Update
from telegram import Message as TelegramMessage
from telegram.constants import ChatType

from bot.channels.telegram.buttons import read_data
from bot.channels.telegram.rendering import SHARE_CONTACT, SHARE_PLACE
from dialogue.message import Address, Attachment, Contact, Message
from storage.geography import Place

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")

_CHANNEL = "telegram"
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")
_COMMAND = re.compile(r"/([A-Za-z0-9_]{1,32})(?:@([A-Za-z0-9_]+))?(?:\s+(.*))?", re.DOTALL)
_LABELS_SENT_AS_TEXT = frozenset({SHARE_PLACE, SHARE_CONTACT})
_GONE = frozenset({"kicked", "left"})
_NOTES_OF_TELEGRAM = frozenset(  # "pinned", "joined": nobody said them, so nobody waits for an answer
    {
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "new_chat_photo",
        "delete_chat_photo",
        "group_chat_created",
        "supergroup_chat_created",
        "channel_chat_created",
        "message_auto_delete_timer_changed",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "pinned_message",
        "connected_website",
        "write_access_allowed",
        "proximity_alert_triggered",
        "boost_added",
        "chat_background_set",
        "forum_topic_created",
        "forum_topic_edited",
        "forum_topic_closed",
        "forum_topic_reopened",
        "video_chat_scheduled",
        "video_chat_started",
        "video_chat_ended",
        "video_chat_participants_invited",
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    message: Message
    query_id: str = ""  # of a tap, which Telegram wants answered


@dataclass(frozen=True, slots=True)
class Membership:
    """The person blocked the bot, or let it speak again, at a time of its own: updates of this kind overtake others."""

    address: Address
    reachable: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Changed:
    """The text of an earlier message was changed. Never an answer; perhaps worth a hint."""

    address: Address
    message_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """Not for us. `why` is a word for the counters; a tap is answered all the same."""

    why: str
    query_id: str = ""


Kind = Literal["photo", "voice", "video", "file"]
Event = Said | Membership | Changed | Nothing


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads updates for the bot `bot_id`. `commands` says which words each menu command stands for."""

    bot_id: str
    commands: Mapping[str, str]

    def read(self, raw: dict[str, Any], username: str, now: datetime) -> Event:
        """What the update means. Taps carry no date, so theirs is `now`. Raises whatever the update makes fail."""
        message_id = self.message_id(raw)
        words = _plain_words(raw)
        if words is not None:
            sender = Address(_CHANNEL, str(words.chat.id))
            text = "" if words.text in _LABELS_SENT_AS_TEXT else words.text
            return Said(Message(message_id, sender, datetime.fromtimestamp(words.date, UTC), text))
        update = Update.de_json(raw, None)
        if update.message is not None:
            if not _NOTES_OF_TELEGRAM.isdisjoint(raw["message"]):
                return Nothing("note of Telegram")
            return _checked(self._message(update.message, message_id, username))
        if update.callback_query is not None:
            return _checked(_tap(update.callback_query, message_id, now))
        if update.edited_message is not None:
            return _checked(_edit(update.edited_message))
        if update.my_chat_member is not None:
            return _checked(_membership(update.my_chat_member))
        return Nothing(kind_of(raw))

    def message_id(self, raw: dict[str, Any]) -> str:
        """Unique also when the bot is replaced by another, whose numbers begin anew."""
        return f"{self.bot_id}-{int(raw['update_id'])}"

    def sender_of_unreadable(self, raw: dict[str, Any]) -> Address | None:
        """Who sent an update that cannot be read, when that much can be made out."""
        content = raw.get(kind_of(raw))
        if kind_of(raw) not in ("message", "callback_query") or not isinstance(content, dict):
            return None
        sender, chat = content.get("from"), content.get("chat")
        if isinstance(chat, dict) and chat.get("type") != ChatType.PRIVATE:
            return None
        for known in (sender, chat):
            if isinstance(known, dict) and isinstance(known.get("id"), int) and known["id"] > 0:
                return Address(_CHANNEL, str(known["id"]))
        return None

    def _message(self, message: TelegramMessage, message_id: str, username: str) -> Event:
        private = message.chat.type == ChatType.PRIVATE
        text = message.text or message.caption or ""
        if not private:
            if message.from_user is None or message.from_user.is_bot:
                return Nothing("group: no person")
            if not self._is_for_us(message, text, username):
                return Nothing("group: not for us")
            text = text.replace(f"@{username}", "").strip() if username else text
        text, payload = self._command(text)
        said = Message(
            id=message_id,
            sender=Address(_CHANNEL, str(int(message.chat.id))),
            sent_at=message.date,
            # Some clients send the words on the button instead of what it shares. Then there is nothing to go by.
            text="" if text in _LABELS_SENT_AS_TEXT else text,
            payload=payload,
            attachment=_attachment(message),
            place=_place(message),
            contact=_contact(message),
            private=private,
        )
        return Said(said)

    def _is_for_us(self, message: TelegramMessage, text: str, username: str) -> bool:
        """In a group: a command of ours, our name, or an answer to us. The rest is not ours to hear."""
        command = _COMMAND.fullmatch(text)
        if command is not None:
            known = command[1].lower() == "start" or command[1].lower() in self.commands
            return known if command[2] is None else command[2].lower() == username.lower()
        if username and f"@{username}".lower() in text.lower():
            return True
        answered = message.reply_to_message
        return answered is not None and answered.from_user is not None and str(answered.from_user.id) == self.bot_id

    def _command(self, text: str) -> tuple[str, str]:
        """The words a command stands for, and the payload of `/start payload`."""
        found = _COMMAND.fullmatch(text)
        if found is None:
            return text, ""
        name, rest = found[1].lower(), (found[3] or "").strip()
        if name == "start":
            return "/start", rest if _PAYLOAD.fullmatch(rest) else ""
        words = self.commands.get(name, f"/{name}")
        return f"{words} {rest}".strip(), ""


def _checked(event: Event) -> Event:
    """The library takes any value for any field: a phone that is a number would be kept, and could not be read again.

    Raises `msgspec.ValidationError`.
    """
    return msgspec.json.decode(msgspec.json.encode(event), type=type(event))


def kind_of(raw: dict[str, Any]) -> str:
    """The one field beside `update_id`, such as `message`."""
    return next((name for name in raw if name != "update_id"), "nothing")


class _Who(msgspec.Struct):
    id: int


class _PrivateChat(msgspec.Struct):
    id: int
    type: Literal["private"]


class _PlainWords(msgspec.Struct, forbid_unknown_fields=True):
    """Words said in private, and nothing else: most of what arrives."""

    message_id: int
    date: Annotated[int, msgspec.Meta(gt=0, lt=2**40)]
    chat: _PrivateChat
    sender: _Who = msgspec.field(name="from")
    text: Annotated[str, msgspec.Meta(pattern="^[^/]")]  # a command is read by the library


def _plain_words(raw: dict[str, Any]) -> _PlainWords | None:
    """Read without the library's objects, which cost more than the whole answer; None for anything unusual."""
    if raw.keys() != {"update_id", "message"}:
        return None
    try:
        return msgspec.convert(raw["message"], _PlainWords)
    except msgspec.ValidationError:
        return None


def _tap(query: CallbackQuery, message_id: str, now: datetime) -> Event:
    chat = query.message.chat if query.message is not None else None  # missing, or a stub, when the message is old
    private = chat is None or chat.type == ChatType.PRIVATE
    if query.data is None:
        return Nothing("tap without data", query.id)
    choice, turn = read_data(query.data)
    user = str(int(query.from_user.id if private or chat is None else chat.id))
    said = Message(message_id, Address(_CHANNEL, user), now, choice=choice, turn=turn, private=private)
    return Said(said, query.id)


def _edit(message: TelegramMessage) -> Event:
    if message.text is None or message.chat.type != ChatType.PRIVATE:
        return Nothing("edit")  # each step of a live position comes as one
    return Changed(Address(_CHANNEL, str(int(message.chat.id))), int(message.message_id), message.text)


def _membership(change: ChatMemberUpdated) -> Event:
    address = Address(_CHANNEL, str(int(change.chat.id)))
    return Membership(address, change.new_chat_member.status not in _GONE, change.date)


def _attachment(message: TelegramMessage) -> Attachment | None:
    group = message.media_group_id or ""
    if message.photo:
        largest = max(message.photo, key=lambda size: size.width * size.height)
        return Attachment("photo", largest.file_id, "", "image/jpeg", largest.file_size or 0, group)
    if message.voice is not None:
        voice = message.voice
        return Attachment("voice", voice.file_id, "", voice.mime_type or "audio/ogg", voice.file_size or 0, group)
    if message.video_note is not None:
        note = message.video_note
        return Attachment("video", note.file_id, "", "video/mp4", note.file_size or 0, group)
    named = message.audio or message.video or message.animation or message.document
    if named is None:
        return None
    media_type = named.mime_type or ""
    kind: Kind = "file"
    if message.audio is not None:
        kind = "voice"
    elif message.video is not None or message.animation is not None:
        kind = "video"
    elif media_type.startswith("image/"):  # a picture sent "as a file" keeps its full size, and is a picture still
        kind = "photo"
    return Attachment(kind, named.file_id, named.file_name or "", media_type, named.file_size or 0, group)


def _place(message: TelegramMessage) -> Place | None:
    where = message.venue.location if message.venue is not None else message.location
    # The datum is "as defined by the sender"; telephones give WGS-84.
    return None if where is None else Place(where.latitude, where.longitude, "wgs84")


def _contact(message: TelegramMessage) -> Contact | None:
    card = message.contact
    if card is None:
        return None
    sender = message.from_user
    own = sender is not None and card.user_id is not None and card.user_id == sender.id
    return Contact(_plain_phone(card.phone_number), own)


def _plain_phone(phone: str) -> str:
    """+86 138-0000 0000 as 13800000000; a number from elsewhere keeps its country."""
    digits = re.sub(r"[^\d+]", "", phone)
    mainland = re.fullmatch(r"(?:\+?86|0086)(1\d{10})", digits)
    return mainland[1] if mainland else digits

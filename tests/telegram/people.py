"""People and groups on the other side: what they send, and the screen they read the answers from."""

import io
import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

from tests.telegram import markup
from tests.telegram.updates import Raw

if TYPE_CHECKING:
    from tests.telegram.server import FakeTelegram

PROMPT_LIFE = 150.0


@dataclass
class Shown:
    """One message as it stands on a screen."""

    message_id: int
    text: str
    by_bot: bool
    date: int
    kind: str = "text"
    buttons: list[list[Raw]] = field(default_factory=list)
    content: bytes = b""
    name: str = ""
    place: tuple[float, float] | None = None
    edited: bool = False

    @property
    def labels(self) -> list[str]:
        """What the buttons say, without the numbers before it."""
        return [_unnumbered(button["text"]) for row in self.buttons for button in row]


class Chat:
    """What every chat has: a screen, and a keyboard under it."""

    def __init__(self, telegram: "FakeTelegram", chat_id: int) -> None:
        self.telegram = telegram
        self.id = chat_id
        self.screen: list[Shown] = []
        self.keyboard: list[list[Raw]] | None = None
        self.one_time = False
        self._numbers = itertools.count(1)
        self._read = 0  # messages of the bot already looked at

    @property
    def as_chat(self) -> Raw:
        raise NotImplementedError

    @property
    def answers(self) -> list[Shown]:
        return [shown for shown in self.screen if shown.by_bot]

    async def reads(self, count: int = 1) -> str:
        """Waits for the bot's next `count` messages and returns their texts, a line each."""
        wanted = self._read + count
        await self.telegram.until(lambda: len(self.answers) >= wanted, f"{count} more messages to {self.id}")
        texts = [shown.text for shown in self.answers[self._read : wanted]]
        self._read = wanted
        return "\n".join(texts)

    async def sees(self, words: str) -> Shown:
        """Waits until a message of the bot holds `words`, and returns it; everything up to it counts as read."""

        def found() -> bool:
            return any(words in shown.text for shown in self.answers[self._read :])

        await self.telegram.until(found, f"{words!r} on the screen of {self.id}")
        for index, shown in enumerate(self.answers):
            if index >= self._read and words in shown.text:
                self._read = index + 1
                return shown
        raise AssertionError(words)

    def show(self, shown: Shown) -> None:
        self.screen.append(shown)
        self.telegram.tell()

    def next_number(self) -> int:
        return next(self._numbers)

    def find(self, message_id: int) -> Shown | None:
        return next((shown for shown in self.screen if shown.message_id == message_id), None)

    def use(self, reply_markup: Raw | None) -> None:
        """What the person's phone does with a keyboard that came with a message."""
        if reply_markup is None:
            return
        if reply_markup.get("keyboard") is not None:
            self.keyboard = [[_as_button(button) for button in row] for row in reply_markup["keyboard"]]
            self.one_time = reply_markup.get("one_time_keyboard", False)
        elif reply_markup.get("remove_keyboard"):
            self.keyboard = None


class Person(Chat):
    """Someone with a private chat. They have to write first, as everywhere in Telegram."""

    def __init__(self, telegram: "FakeTelegram", person_id: int, first_name: str) -> None:
        super().__init__(telegram, person_id)
        self.first_name = first_name
        self.started = False
        self.blocking = False
        self.deactivated = False
        self.toasts: list[str] = []
        self.queries: dict[str, float] = {}  # taps not answered yet, with the moment they lapse
        self._sent: dict[int, Raw] = {}

    @property
    def as_user(self) -> Raw:
        return {"id": self.id, "is_bot": False, "first_name": self.first_name, "language_code": "zh-hans"}

    @property
    def as_chat(self) -> Raw:
        return {"id": self.id, "type": "private", "first_name": self.first_name}

    def says(self, text: str) -> Raw:
        content: Raw = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(" ")[0])}]
        return self.sends(content, text)

    def opens_link(self, payload: str) -> Raw:
        """Follows t.me/<bot>?start=<payload>."""
        return self.says(f"/start {payload}")

    def sends(self, content: Raw, shown_as: str = "", chat: Chat | None = None, **rest: Any) -> Raw:
        """Any message; `content` is what a Message holds beside its sender, chat and date."""
        chat = chat or self
        self.started = self.started or chat is self
        now = int(self.telegram.clock.time())
        message = {"message_id": chat.next_number(), "from": self.as_user, "chat": chat.as_chat, "date": now, **content}
        self._sent[message["message_id"]] = message
        chat.show(Shown(message["message_id"], shown_as, by_bot=False, date=now))
        return self.telegram.deliver("message", message, **rest)

    def corrects(self, update: Raw, text: str) -> Raw:
        """Edits a message sent before."""
        now = int(self.telegram.clock.time())
        message = {**update["message"], "text": text, "edit_date": now}
        return self.telegram.deliver("edited_message", message)

    def moves_on(self, update: Raw, latitude: float, longitude: float) -> Raw:
        """The next step of a live position."""
        place = {**update["message"]["location"], "latitude": latitude, "longitude": longitude}
        now = int(self.telegram.clock.time())
        return self.telegram.deliver("edited_message", {**update["message"], "location": place, "edit_date": now})

    def sends_photo(self, picture: bytes | None = None, *, caption: str = "", album: str = "") -> Raw:
        """A picture in three sizes. The default is a small one that can be opened."""
        picture = picture if picture is not None else png(40, 30)
        content: Raw = {"photo": [self._stored(picture, size=size) for size in (90, 320, 800)]}
        if caption:
            content["caption"] = caption
        if album:
            content["media_group_id"] = album
        return self.sends(content, caption)

    def sends_voice(self, sound: bytes = b"OggS" + bytes(100), *, seconds: int = 3) -> Raw:
        kept = self.telegram.files.keep(sound, "voice", "file.oga")
        return self.sends({"voice": {**kept, "duration": seconds, "mime_type": "audio/ogg"}})

    def sends_document(self, content: bytes, name: str, media_type: str) -> Raw:
        kept = self.telegram.files.keep(content, "documents", name)
        return self.sends({"document": {**kept, "file_name": name, "mime_type": media_type}})

    def shares_place(self, latitude: float, longitude: float, *, live: bool = False) -> Raw:
        place: Raw = {"latitude": latitude, "longitude": longitude}
        if live:
            place["live_period"] = 900
        self._put_keyboard_away()
        return self.sends({"location": place})

    def sends_venue(self, latitude: float, longitude: float, title: str, address: str) -> Raw:
        place = {"latitude": latitude, "longitude": longitude}
        return self.sends({"venue": {"location": place, "title": title, "address": address}, "location": place})

    def shares_contact(self, phone: str, *, whose: int | None = None, named: bool = True) -> Raw:
        """A contact card: their own, another person's (`whose`), or one without an account (`named=False`)."""
        card: Raw = {"phone_number": phone, "first_name": self.first_name}
        if named:
            card["user_id"] = self.id if whose is None else whose
        self._put_keyboard_away()
        return self.sends({"contact": card})

    def sends_sticker(self) -> Raw:
        kept = self.telegram.files.keep(b"RIFF", "stickers", "file.webp")
        look = {"type": "regular", "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍"}
        return self.sends({"sticker": {**kept, **look}})

    def taps(self, label: str) -> Raw:
        """Taps the newest button with that label on the screen: under a message, or of the keyboard."""
        for shown in reversed(self.answers):
            for button in (button for row in shown.buttons for button in row):
                if _unnumbered(button["text"]) == label and "callback_data" in button:
                    return self._tap(button["callback_data"], self._as_message(shown))
        for button in (button for row in self.keyboard or [] for button in row):
            if button["text"] == label:
                assert not button.get("request_location"), "shares_place() taps this one"
                assert not button.get("request_contact"), "shares_contact() taps this one"
                self._put_keyboard_away()
                return self.says(label)
        labels = [shown.labels for shown in self.answers[-3:]]
        raise AssertionError(f"no button {label!r} on the screen; the last messages have {labels}, {self.keyboard}")

    def taps_from_last_year(self, data: str, *, inaccessible: bool = True, without_message: bool = False) -> Raw:
        """A button of a message that is no longer on the screen, or never was."""
        if without_message:
            return self._tap(data, None)
        message: Raw = {"chat": self.as_chat, "message_id": 1, "date": 0}
        if not inaccessible:
            long_ago = int(self.telegram.clock.time()) - 365 * 86400
            message |= {"date": long_ago, "text": "……", "from": self.telegram.as_user}
        return self._tap(data, message)

    def blocks(self) -> Raw:
        self.blocking = True
        return self._membership("member", "kicked")

    def unblocks(self) -> Raw:
        self.blocking = False
        return self._membership("kicked", "member")

    def _membership(self, old: str, new: str) -> Raw:
        def member(status: str) -> Raw:
            until = {"until_date": 0} if status == "kicked" else {}
            return {"status": status, "user": self.telegram.as_user, **until}

        now = int(self.telegram.clock.time())
        change = {"chat": self.as_chat, "from": self.as_user, "date": now}
        change |= {"old_chat_member": member(old), "new_chat_member": member(new)}
        return self.telegram.deliver("my_chat_member", change)

    def _tap(self, data: str, message: Raw | None) -> Raw:
        query_id = str(self.telegram.next_query())
        self.queries[query_id] = self.telegram.clock.time() + PROMPT_LIFE
        query: Raw = {"id": query_id, "from": self.as_user, "chat_instance": str(self.id * 7), "data": data}
        if message is not None:
            query["message"] = message
        return self.telegram.deliver("callback_query", query)

    def _as_message(self, shown: Shown) -> Raw:
        return {
            "message_id": shown.message_id,
            "from": self.telegram.as_user,
            "chat": self.as_chat,
            "date": shown.date,
            "text": shown.text,
            "reply_markup": {"inline_keyboard": shown.buttons},
        }

    def _put_keyboard_away(self) -> None:
        if self.one_time:
            self.keyboard = None

    def _stored(self, picture: bytes, size: int) -> Raw:
        kept = self.telegram.files.keep(picture, "photos", f"file_{size}.jpg")
        return {**kept, "width": size, "height": size * 3 // 4}


class Group(Chat):
    """A group with the bot in it, until it is kicked or becomes a supergroup."""

    def __init__(self, telegram: "FakeTelegram", chat_id: int, title: str) -> None:
        super().__init__(telegram, chat_id)
        self.title = title
        self.kicked = False
        self.migrated_to: int | None = None

    @property
    def as_chat(self) -> Raw:
        return {"id": self.id, "type": "group", "title": self.title}

    def hears(self, person: Person, text: str) -> Raw:
        content: Raw = {"text": text}
        if text.startswith("/"):
            content["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text.split(" ")[0])}]
        return person.sends(content, text, chat=self)

    def hears_nobody(self, text: str) -> Raw:
        """A message without a sender, as from a linked channel."""
        now = int(self.telegram.clock.time())
        message = {"message_id": self.next_number(), "chat": self.as_chat, "date": now, "text": text}
        return self.telegram.deliver("message", message)


def png(width: int, height: int) -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (width, height), (180, 30, 30)).save(kept, "PNG")
    return kept.getvalue()


def _unnumbered(label: str) -> str:
    return re.sub(r"^\d+\. ", "", label)


def _as_button(button: Any) -> Raw:
    return {"text": button} if isinstance(button, str) else button


def shown_from_call(message: Raw, given: dict[str, Any], content: bytes, name: str) -> Shown:
    """What a person sees of a message the bot has just sent."""
    kinds = [kind for kind in ("photo", "document", "voice", "video", "venue", "location") if kind in message]
    place = message.get("location")
    inline = given.get("reply_markup", {}).get("inline_keyboard", []) if given.get("reply_markup") else []
    words = (
        markup.visible(given, "text") or markup.visible(given, "caption") or message.get("venue", {}).get("title", "")
    )
    return Shown(
        message["message_id"],
        words,
        by_bot=True,
        date=message["date"],
        kind=kinds[0] if kinds else "text",
        buttons=inline,
        content=content,
        name=name,
        place=(place["latitude"], place["longitude"]) if place else None,
    )

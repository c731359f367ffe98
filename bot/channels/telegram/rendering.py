"""A reply as the Bot API calls that show it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from telegram import (
    KeyboardButton,
    LinkPreviewOptions,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
)
from telegram.constants import InlineKeyboardMarkupLimit, MessageLimit

from bot.channels.telegram.buttons import data_for
from dialogue.message import File, Reply

SHARE_PLACE = "发我的位置"
SHARE_CONTACT = "发我的手机号"

_TYPE_A_PLACE = "也可以直接打小区名或者路名"
_TYPE_A_PHONE = "也可以直接打手机号"
_MOST_OF_A_TEXT = int(MessageLimit.MAX_TEXT_LENGTH)  # UTF-16 units
_MOST_OF_A_CAPTION = int(MessageLimit.CAPTION_LENGTH)
_MOST_BUTTONS = int(InlineKeyboardMarkupLimit.TOTAL_BUTTON_NUMBER)
_SHORT_LABEL = 9  # characters, number included; two such buttons stand side by side at the largest letters
_VOICE = frozenset({"audio/ogg", "audio/opus"})

Button = dict[str, str]
"""An inline button as it is sent. Built by hand: the library's types cost as much as the rest of an answer together."""

_PLAIN = LinkPreviewOptions(is_disabled=True).to_dict()
_NO_KEYBOARD = ReplyKeyboardRemove().to_dict()


@dataclass(slots=True)
class Part:
    """One call. `file` goes into the parameter named `slot`; a part that `may_fail` is an extra to what was said."""

    method: str
    given: dict[str, Any]
    file: File | None = None
    slot: str = ""
    may_fail: bool = False


def parts(user: str, reply: Reply) -> list[Part]:
    """The calls that show `reply`, in order. What must arrive comes first; buttons stand under the last words."""
    private = not user.startswith("-")  # groups have negative ids
    keyboard, lines = _keyboard(reply, private)
    text = "\n".join([reply.text, *lines]).strip()
    media = [_media(user, file, slot) for file, slot in ((reply.photo, "photo"), (reply.file, "document")) if file]
    made: list[Part] = []
    if media and units(text) <= _MOST_OF_A_CAPTION:
        if text:
            media[0].given["caption"] = text
        made = media
    elif text:
        made = [_text(user, piece) for piece in _pieces(text)] + media
    if reply.venue is not None:
        place = reply.venue.place.as_wgs84()
        at = {"latitude": place.latitude, "longitude": place.longitude}
        venue = {"chat_id": user, **at, "title": reply.venue.name, "address": reply.venue.address or reply.venue.name}
        made.append(Part("sendVenue", venue, may_fail=bool(made)))
    spoken = [part for part in made if "text" in part.given or "caption" in part.given] or made
    if keyboard is not None and spoken:
        spoken[-1].given["reply_markup"] = keyboard
    return made


def units(text: str) -> int:
    """Length in UTF-16 code units: under the limit in this unit, a text is under it in any other."""
    return len(text) + sum(1 for character in text if character > "\uffff")


def _text(user: str, text: str) -> Part:
    return Part("sendMessage", {"chat_id": user, "text": text, "link_preview_options": _PLAIN})


def _media(user: str, file: File, slot: str) -> Part:
    if slot == "document" and file.media_type in _VOICE:
        slot = "voice"
    return Part(f"send{slot.capitalize()}", {"chat_id": user}, file, slot)


def _keyboard(reply: Reply, private: bool) -> tuple[dict[str, Any] | None, list[str]]:
    """The keyboard, and what no button can carry as lines of text."""
    link_fits = reply.link is not None and _is_public(reply.link.url)
    if private and (reply.wants_place or reply.wants_contact):
        # Buttons that share something exist on this kind of keyboard only; the choices join them as words to send.
        lines = [f"{reply.link.label}：{reply.link.url}"] if reply.link else []
        return _sharing_keyboard(reply), lines
    lines = []
    buttons: list[Button] = []
    for number, choice in enumerate(reply.choices, start=1):
        data = data_for(reply.turn, number, choice)
        # Numbered, because the words above may say "回 1": typing the number and tapping are the same answer.
        label = choice.label if reply.lines else f"{number}. {choice.label}"
        if data is None or len(buttons) >= _MOST_BUTTONS - 1:
            lines.append(label)
        else:
            buttons.append({"text": label, "callback_data": data})
    rows = _rows(buttons)
    if reply.link is not None:
        if link_fits:
            rows.append([{"text": reply.link.label, "url": reply.link.url}])
        else:
            lines.append(f"{reply.link.label}：{reply.link.url}")
    if rows:
        return {"inline_keyboard": rows}, lines
    return (_NO_KEYBOARD if private else None), lines


def _sharing_keyboard(reply: Reply) -> dict[str, Any]:
    rows: list[list[KeyboardButton]] = []
    if reply.wants_place:
        rows.append([KeyboardButton(SHARE_PLACE, request_location=True)])
    if reply.wants_contact:
        rows.append([KeyboardButton(SHARE_CONTACT, request_contact=True)])
    rows += [[KeyboardButton(choice.label)] for choice in reply.choices]
    hint = _TYPE_A_PLACE if reply.wants_place else _TYPE_A_PHONE
    return ReplyKeyboardMarkup(
        rows, resize_keyboard=True, one_time_keyboard=True, input_field_placeholder=hint
    ).to_dict()


def _rows(buttons: list[Button]) -> list[list[Button]]:
    wide = 2 if all(len(button["text"]) <= _SHORT_LABEL for button in buttons) else 1
    return [buttons[start : start + wide] for start in range(0, len(buttons), wide)]


def _is_public(url: str) -> bool:
    """Telegram refuses a button whose address has no public host, and the message with it."""
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "")


def _pieces(text: str) -> list[str]:
    """`text` in messages that Telegram takes, cut between lines where that is possible."""
    pieces: list[str] = []
    rest = text
    while units(rest) > _MOST_OF_A_TEXT:
        head = rest.encode("utf-16-le")[: 2 * _MOST_OF_A_TEXT].decode("utf-16-le", "ignore")
        cut = head.rfind("\n", 1)
        piece = head[:cut] if cut > 0 else head
        pieces.append(piece)
        rest = rest[len(piece) :].lstrip("\n")
    if rest.strip():
        pieces.append(rest)
    return pieces

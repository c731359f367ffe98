"""What people see of a message: text after its markup is read, buttons, keyboards, and the rules both must keep."""

import re
from html import unescape
from typing import Any

from tests.telegram.calls import Mistake

TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "a", "code", "pre", "span", "blockquote"}
TAGS |= {"tg-spoiler", "tg-emoji", "tg-time"}
_PIECE = re.compile(r"<(/?)([a-zA-Z-]+)((?:\s+[^<>]*)?)>|<|&(#?\w+;)?|[^<&]+")
_NAMED_ENTITIES = {"lt;", "gt;", "amp;", "quot;"}
_VISIBLE = {"text": 4096, "caption": 1024}
_BUTTON_ACTIONS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_REPLY_ACTIONS = (
    "request_users",
    "request_chat",
    "request_managed_bot",
    "request_contact",
    "request_location",
    "request_poll",
    "web_app",
)


class Unreadable(Exception):
    """Markup that Telegram cannot parse."""


def units(text: str) -> int:
    """Length in UTF-16 code units, the way Telegram counts."""
    return len(text.encode("utf-16-le")) // 2


def read_html(text: str) -> tuple[str, int]:
    """The visible text and the number of entities. Raises `Unreadable`."""
    seen: list[str] = []
    open_tags: list[str] = []
    entities = 0
    for match in _PIECE.finditer(text):
        piece, closing, tag = match.group(0), match.group(1), match.group(2)
        if tag:
            tag = tag.lower()
            if tag not in TAGS:
                raise Unreadable(f'unsupported start tag "{tag}"')
            if not closing:
                open_tags.append(tag)
                entities += 1
            elif not open_tags or open_tags.pop() != tag:
                raise Unreadable(f'unexpected end tag "{tag}"')
        elif piece == "<":
            raise Unreadable("unescaped <")
        elif piece.startswith("&"):
            name = match.group(4) or ""
            known = name in _NAMED_ENTITIES or re.fullmatch(r"#(\d+|x[0-9a-fA-F]+);", name)
            seen.append(unescape(piece) if known else piece)
        else:
            seen.append(piece)
    if open_tags:
        raise Unreadable(f'no end tag for "{open_tags[-1]}"')
    return "".join(seen), entities


def visible(given: dict[str, Any], name: str) -> str:
    """What a person reads of the parameter `name`. Raises `Unreadable`."""
    text = given.get(name) or ""
    return read_html(text)[0] if given.get("parse_mode") == "HTML" else text


def mistakes_in_texts(method: str, given: dict[str, Any]) -> list[Mistake]:
    found = []
    for name, most in _VISIBLE.items():
        text = given.get(name)
        if text is None or (name == "text" and method not in ("sendMessage", "editMessageText")):
            continue
        if not isinstance(text, str):
            found.append(Mistake(f"{name}: no String"))
            continue
        if given.get("parse_mode") in ("Markdown", "MarkdownV2"):
            found.append(Mistake("parse_mode: we send plain text or HTML", None))
        if given.get("parse_mode") == "HTML":
            try:
                text, entities = read_html(text)
            except Unreadable as problem:
                found.append(Mistake(f"{name}: {problem}", f"Bad Request: can't parse entities: {problem}"))
                continue
            if entities > 100:
                found.append(Mistake(f"{name}: {entities} entities", None))
        if name == "text" and not text.strip():
            found.append(Mistake("text is blank", "Bad Request: message text is empty"))
        if units(text) > most:
            what = "message" if name == "text" else "message caption"
            found.append(Mistake(f"{name}: {units(text)} units", f"Bad Request: {what} is too long"))
    if method in ("editMessageText", "editMessageReplyMarkup", "editMessageCaption"):
        here = "chat_id" in given and "message_id" in given
        if here == ("inline_message_id" in given):
            found.append(
                Mistake(
                    "chat_id and message_id, or inline_message_id", "Bad Request: message identifier is not specified"
                )
            )
    if method == "editMessageText" and ("text" in given) == ("rich_message" in given):
        found.append(Mistake("text or rich_message", "Bad Request: message text is empty"))
    return found


def mistakes_in_button(value: dict[str, Any], kind: str, where: str) -> list[Mistake]:
    if kind == "InlineKeyboardButton":
        actions = [action for action in _BUTTON_ACTIONS if action in value]
        if len(actions) != 1:
            return [
                Mistake(
                    f"{where}: {len(actions)} actions", "Bad Request: Text buttons are unallowed in the inline keyboard"
                )
            ]
        if "url" in value and not re.match(r"(https?|tg)://[^/\s]*\.[^/\s]+|tg://", str(value["url"])):
            return [Mistake(f"{where}: the address has no public host", "Bad Request: BUTTON_URL_INVALID")]
    if kind == "KeyboardButton":
        actions = [action for action in _REPLY_ACTIONS if value.get(action)]
        if len(actions) > 1:
            return [Mistake(f"{where}: {len(actions)} actions")]
    return []


def mistakes_in_keyboard(given: dict[str, Any]) -> list[Mistake]:
    keyboard = given.get("reply_markup")
    if not isinstance(keyboard, dict):
        return []
    found = []
    rows = keyboard.get("inline_keyboard")
    if isinstance(rows, list):
        buttons = sum(len(row) for row in rows if isinstance(row, list))
        if buttons > 100:
            found.append(Mistake(f"{buttons} buttons", "Bad Request: reply markup is too long"))
        if any(isinstance(row, list) and len(row) > 8 for row in rows):
            found.append(Mistake("more than 8 buttons in a row", None))
        if any(row == [] for row in rows):
            found.append(Mistake("a row without buttons", None))
    private = not (isinstance(given.get("chat_id"), int) and given["chat_id"] < 0)
    rows = keyboard.get("keyboard")
    if isinstance(rows, list) and not private:
        asking = [button for row in rows for button in row if isinstance(button, dict)]
        if any(button.get("request_location") or button.get("request_contact") for button in asking):
            found.append(
                Mistake("request_* in a group", "Bad Request: location can be requested in private chats only")
            )
    return found

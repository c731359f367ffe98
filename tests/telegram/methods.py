"""What each method of the fake server does once its call has been found right."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from tests.telegram import files
from tests.telegram.calls import Answer, Call
from tests.telegram.people import Group, Person, shown_from_call
from tests.telegram.table import Upload
from tests.telegram.updates import Conflict
from tests.telegram.webhook import Target

if TYPE_CHECKING:
    from tests.telegram.server import FakeTelegram

Method = Callable[["FakeTelegram", Call, dict[str, Upload]], Awaitable[Any]]


async def get_me(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    return {**telegram.as_user, "can_join_groups": True, "can_read_all_group_messages": False}


async def get_updates(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    if telegram.webhook.target is not None:
        text = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
        raise Answer(409, f"Conflict: {text}")
    given = call.given
    if given.get("offset", 0) < 0:
        telegram.object_to("getUpdates: a negative offset forgets updates")
    if "allowed_updates" in given:
        telegram.updates.allowed = given["allowed_updates"]
    else:
        telegram.object_to("getUpdates: without allowed_updates it depends on the last caller")
    try:
        return await telegram.updates.get(given.get("offset", 0), given.get("limit", 100), given.get("timeout", 0))
    except Conflict as conflict:
        raise Answer(409, f"Conflict: {conflict}") from None


async def set_webhook(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    given, hook, now = call.given, telegram.webhook, telegram.clock.time()
    earlier = [other for other in telegram.calls_of("setWebhook") if other is not call and other.executed]
    target = Target(given["url"], given.get("secret_token", ""), given.get("max_connections", 40))
    allowed = given.get("allowed_updates", telegram.updates.allowed)
    if hook.target == target and allowed == telegram.updates.allowed:
        return True
    if earlier and now - earlier[-1].at < 1:
        raise Answer(429, "Too Many Requests: retry after 1", retry_after=1)
    telegram.updates.allowed = allowed
    if given.get("drop_pending_updates"):
        telegram.object_to("setWebhook: drops what people have sent")
        telegram.updates.waiting.clear()
    hook.target = target if target.url else None
    telegram.updates.end_polls()
    hook.wake()
    return True


async def delete_webhook(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    if call.given.get("drop_pending_updates"):
        telegram.object_to("deleteWebhook: drops what people have sent")
        telegram.updates.waiting.clear()
    telegram.webhook.target = None
    return True


async def get_webhook_info(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    target = telegram.webhook.target
    info: dict[str, Any] = {"url": target.url if target else "", "has_custom_certificate": False}
    info["pending_update_count"] = len(telegram.updates.waiting)
    if telegram.updates.allowed is not None:
        info["allowed_updates"] = telegram.updates.allowed
    if target:
        info["max_connections"] = target.max_connections
    if telegram.webhook.last_error:
        info["last_error_date"], info["last_error_message"] = telegram.webhook.last_error
    return info


async def send(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    """Every method that sends a message."""
    chat = _chat(telegram, call.given["chat_id"])
    if wait := telegram.rates.retry_after(chat.id, telegram.clock.time()):
        raise Answer(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
    message: dict[str, Any] = {
        "message_id": 0,
        "from": telegram.as_user,
        "chat": chat.as_chat,
        "date": int(telegram.clock.time()),
    }
    content, name = _fill(telegram, call, uploads, message)
    message["message_id"] = call.message_id = chat.next_number()
    keyboard = call.given.get("reply_markup")
    if keyboard and "inline_keyboard" in keyboard:
        message["reply_markup"] = keyboard
    chat.show(shown_from_call(message, call.given, content, name))
    chat.use(keyboard)
    return message


def _fill(
    telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload], message: dict[str, Any]
) -> tuple[bytes, str]:
    given = call.given
    if given.get("caption"):
        message["caption"] = given["caption"]
    match call.method:
        case "sendMessage":
            message["text"] = given["text"]
            return b"", ""
        case "sendVenue" | "sendLocation":
            message["location"] = {"latitude": given["latitude"], "longitude": given["longitude"]}
            if call.method == "sendVenue":
                message["venue"] = {
                    "location": message["location"],
                    "title": given["title"],
                    "address": given["address"],
                }
            return b"", ""
        case _:
            kind = call.method.removeprefix("send").lower()
            kept, content, name = _file(telegram, kind, given.get(kind), uploads)
            rest = {"photo": {"width": 800, "height": 600}, "voice": {"duration": 1}}
            rest |= {"video": {"width": 800, "height": 600, "duration": 1}}
            file = {**kept, **rest.get(kind, {"file_name": name})}
            message[kind] = [file] if kind == "photo" else file
            return content, name


def _file(
    telegram: "FakeTelegram", kind: str, given: Any, uploads: dict[str, Upload]
) -> tuple[dict[str, Any], bytes, str]:
    name = given.removeprefix("attach://") if isinstance(given, str) and given.startswith("attach://") else kind
    if name in uploads:
        upload = uploads[name]
        telegram.files.uploads += 1
        if not upload.content:
            raise Answer(400, "Bad Request: file must be non-empty")
        problem = files.problem_with_photo(upload.content) if kind == "photo" else ""
        if len(upload.content) > files.MOST_TO_UPLOAD:
            problem = "Request Entity Too Large"
        if problem:
            telegram.object_to(f"{kind}: {problem}")
            raise Answer(400, problem)
        kept = telegram.files.keep(upload.content, f"{kind}s", upload.name)
        return kept, upload.content, upload.name
    known = telegram.files.by_id.get(given)
    if known is None:
        raise Answer(400, "Bad Request: wrong file identifier/HTTP URL specified")
    size = len(known.content)
    fields = {"file_id": known.file_id, "file_unique_id": known.unique_id, "file_size": size}
    return fields, known.content, known.path.rsplit("/", 1)[-1].split("_", 1)[-1]


async def send_chat_action(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    _chat(telegram, call.given["chat_id"])
    return True


async def answer_callback_query(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    query = call.given["callback_query_id"]
    for chat in telegram.chats.values():
        if isinstance(chat, Person) and query in chat.queries:
            if chat.queries.pop(query) < telegram.clock.time():
                break
            if call.given.get("text"):
                chat.toasts.append(call.given["text"])
            return True
    text = "query is too old and response timeout expired or query ID is invalid"
    raise Answer(400, f"Bad Request: {text}")


async def edit(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    given = call.given
    chat = _chat(telegram, given["chat_id"])
    shown = chat.find(given["message_id"])
    if shown is None:
        raise Answer(400, "Bad Request: message to edit not found")
    if not shown.by_bot:
        raise Answer(400, "Bad Request: message can't be edited")
    text = given.get("text", given.get("caption", shown.text))
    buttons = (given.get("reply_markup") or {}).get("inline_keyboard", [])
    if text == shown.text and buttons == shown.buttons:
        same = "specified new message content and reply markup are exactly the same as a current content"
        raise Answer(400, f"Bad Request: message is not modified: {same} and reply markup of the message")
    shown.text, shown.buttons, shown.edited = text, buttons, True
    message = {"message_id": shown.message_id, "from": telegram.as_user, "chat": chat.as_chat}
    message |= {"date": shown.date, "edit_date": int(telegram.clock.time()), "text": text}
    return message


async def delete_message(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    chat = _chat(telegram, call.given["chat_id"])
    shown = chat.find(call.given["message_id"])
    if shown is None:
        raise Answer(400, "Bad Request: message to delete not found")
    chat.screen.remove(shown)
    return True


async def set_my_commands(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    names = [command["command"] for command in call.given["commands"]]
    if len(set(names)) < len(names):
        telegram.object_to("setMyCommands: a command stands twice")
    _check_scope(telegram, call)
    telegram.commands[_scope(call)] = call.given["commands"]
    return True


async def delete_my_commands(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    _check_scope(telegram, call)
    telegram.commands.pop(_scope(call), None)
    return True


async def get_my_commands(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    return telegram.commands.get(_scope(call), [])


async def set_chat_menu_button(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    telegram.menu_buttons[call.given.get("chat_id", 0)] = call.given.get("menu_button", {"type": "default"})
    return True


async def get_chat_menu_button(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    return telegram.menu_buttons.get(call.given.get("chat_id", 0), {"type": "default"})


async def get_file(telegram: "FakeTelegram", call: Call, uploads: dict[str, Upload]) -> Any:
    kept = telegram.files.by_id.get(call.given["file_id"])
    if kept is None:
        raise Answer(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    if len(kept.content) > files.MOST_TO_DOWNLOAD:
        raise Answer(400, "Bad Request: file is too big")
    fields = {"file_id": kept.file_id, "file_unique_id": kept.unique_id, "file_size": len(kept.content)}
    return {**fields, "file_path": telegram.files.link(kept)}


def _chat(telegram: "FakeTelegram", chat_id: Any) -> Person | Group:
    try:
        chat = telegram.chats.get(int(chat_id))
    except ValueError:
        chat = None
    if chat is None:
        raise Answer(400, "Bad Request: chat not found")
    if isinstance(chat, Group):
        if chat.migrated_to is not None:
            text = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Answer(400, text, migrate_to_chat_id=chat.migrated_to)
        if chat.kicked:
            raise Answer(403, "Forbidden: bot was kicked from the group chat")
        return chat
    if chat.deactivated:
        raise Answer(403, "Forbidden: user is deactivated")
    if chat.blocking:
        raise Answer(403, "Forbidden: bot was blocked by the user")
    if not chat.started:
        raise Answer(403, "Forbidden: bot can't initiate conversation with a user")
    return chat


def _scope(call: Call) -> str:
    return json.dumps(call.given.get("scope", {"type": "default"}), sort_keys=True)


def _check_scope(telegram: "FakeTelegram", call: Call) -> None:
    scope = call.given.get("scope", {})
    if scope.get("type") == "chat" and int(scope["chat_id"]) not in telegram.chats:
        raise Answer(400, "Bad Request: chat not found")


METHODS: dict[str, Method] = {
    "getMe": get_me,
    "getUpdates": get_updates,
    "setWebhook": set_webhook,
    "deleteWebhook": delete_webhook,
    "getWebhookInfo": get_webhook_info,
    "sendMessage": send,
    "sendPhoto": send,
    "sendDocument": send,
    "sendVoice": send,
    "sendVideo": send,
    "sendVenue": send,
    "sendLocation": send,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_callback_query,
    "editMessageText": edit,
    "editMessageCaption": edit,
    "editMessageReplyMarkup": edit,
    "deleteMessage": delete_message,
    "setMyCommands": set_my_commands,
    "deleteMyCommands": delete_my_commands,
    "getMyCommands": get_my_commands,
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "getFile": get_file,
}

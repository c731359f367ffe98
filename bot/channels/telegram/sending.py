"""Sending a reply to one person, and saying truly what became of it."""

import asyncio
import logging
import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from telegram import InputFile
from telegram.error import (
    BadRequest,
    ChatMigrated,
    EndPointNotFound,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)

from bot.channels import Rejected, TryLater, Unreachable, Unsure
from bot.channels.pace import Pace, backoff
from bot.channels.telegram.client import Client
from bot.channels.telegram.rendering import Part, parts
from bot.channels.telegram.request import NotSent
from dialogue.message import File, Reply

OpenFile = Callable[[str], Awaitable[bytes]]
"""The bytes behind a `File.token`. Raises `LookupError` when they are gone."""

_QUOTED = re.compile(r"[^ -~]+|\d{5,}")

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = 60.0  # seconds between tries while Telegram cannot be reached
_TOKEN_PAUSE = 60.0
_WRONG_BOT_PAUSE = 600.0
_SUSPICIOUS = 5  # chats not found in a row: more likely a wrong bot than five vanished people
_PATIENCE = 30.0  # seconds for the rest of a reply whose beginning was delivered
_KEPT_UPLOADS = 500
_MOST_OF_A_PHOTO = 10_000_000  # bytes

_NOT_A_PHOTO = ("photo_invalid_dimensions", "image_process_failed", "photo_save_file_invalid", "file is too big")
_UNKNOWN_FILE = ("wrong file identifier", "wrong file_id", "wrong remote file")
_NO_CHAT = ("chat not found", "private chat not found", "peer_id_invalid")


class TelegramChannel:
    """`bot.channels.Channel` for Telegram. Pauses that Telegram asks for are noted in `pace`, which delivery obeys."""

    name = "telegram"

    def __init__(
        self,
        client: Client,
        pace: Pace,
        open_file: OpenFile,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.pace = pace
        self.token_refused = False
        self._client = client
        self._open_file = open_file
        self._sleep = sleep
        self._uploads = _Uploads()
        self._faults = 0  # calls in a row that could not leave
        self._not_found = 0  # chats in a row that do not exist

    async def send(self, user: str, reply: Reply, *, urgent: bool = False) -> str:  # noqa: ARG002 - one way to speak
        """As `Channel.send`. Of several messages the id of the first is returned.

        What Telegram cannot repeat is not repeated: when the first message of a reply arrived and a later one is in
        doubt, all of it counts as unsure.
        """
        first = ""
        for number, part in enumerate(parts(user, reply)):
            try:
                made = await (self._say(part) if number == 0 else self._say_rest(part))
            except (TryLater, Unreachable, Rejected, Unsure) as problem:
                if number == 0:
                    raise
                if part.may_fail:
                    _log.warning("%s after the text failed: %s", part.method, type(problem).__name__)
                    continue
                raise Unsure(f"{part.method}, part {number + 1}: {type(problem).__name__}") from None
            first = first or str(made.get("message_id", ""))
        return first

    async def _say_rest(self, part: Part) -> dict[str, Any]:
        self.pace.take(part.given["chat_id"])
        waited = 0.0
        while True:
            try:
                return await self._say(part)
            except TryLater as later:
                waited += later.seconds
                if waited > _PATIENCE:
                    raise
                await self._sleep(later.seconds)

    async def _say(self, part: Part) -> dict[str, Any]:
        try:
            made = await self._call(part)
        except RetryAfter as error:
            seconds = _seconds(error.retry_after)
            everyone = self.pace.refused(part.given["chat_id"], seconds)
            raise TryLater(seconds, everyone=everyone, reason="429") from None
        except NotSent as error:
            self._faults += 1
            seconds = backoff(self._faults, _LONGEST_PAUSE)
            self.pace.pause(seconds)
            raise TryLater(seconds, everyone=True, reason=f"not sent: {error.message}") from None
        except (InvalidToken, EndPointNotFound):
            self.token_refused = True
            self.pace.pause(_TOKEN_PAUSE)
            _log.error("Telegram refuses the bot's token")
            raise TryLater(_TOKEN_PAUSE, everyone=True, reason="token refused") from None
        except Forbidden as error:
            self._answered()
            raise Unreachable(_reason(error), final="deactivated" in error.message.lower()) from None
        except BadRequest as error:
            self._faults = 0
            raise self._meaning_of(part, error) from None
        except TelegramError as error:
            raise Unsure(f"{part.method}: {type(error).__name__} {_reason(error)}") from None
        self._answered()
        return made

    def _answered(self) -> None:
        self._faults = 0
        self._not_found = 0
        self.token_refused = False

    def _meaning_of(self, part: Part, error: BadRequest) -> Exception:
        reason = _reason(error)
        if not any(words in reason.lower() for words in _NO_CHAT):
            self._not_found = 0
            _log.error("Telegram refuses a %s for good: %s", part.method, reason)
            return Rejected(f"{part.method}: {reason}")
        self._not_found += 1
        if self._not_found < _SUSPICIOUS:
            return Unreachable("chat not found")
        _log.error("%d chats in a row are unknown to Telegram: is this the token of another bot?", self._not_found)
        self.pace.pause(_WRONG_BOT_PAUSE)
        return TryLater(_WRONG_BOT_PAUSE, everyone=True, reason="chats unknown: another bot's token?")

    async def _call(self, part: Part) -> dict[str, Any]:
        """One call, and the few ways in which a refused one may be made once more, differently."""
        try:
            return await self._call_with_file(part)
        except ChatMigrated as moved:
            _log.warning("a group has become a supergroup; its messages go there")
            part.given["chat_id"] = str(moved.new_chat_id)
            return await self._call_with_file(part)

    async def _call_with_file(self, part: Part) -> dict[str, Any]:
        if part.file is None:
            return await self._post(part.method, part.given)
        file, slot = part.file, part.slot
        try:
            return await self._uploads.send(file.token, slot, lambda known: self._post_file(part, file, known))
        except BadRequest as error:
            if slot != "photo" or not _is_about(error, _NOT_A_PHOTO):
                raise
        part.method, part.slot = "sendDocument", "document"
        return await self._post_file(part, file, None)

    async def _post_file(self, part: Part, file: File, known: str | None) -> dict[str, Any]:
        if known is not None:
            try:
                return await self._post(part.method, {**part.given, part.slot: known})
            except BadRequest as error:
                if not _is_about(error, _UNKNOWN_FILE):
                    raise
        content = await self._content(file)
        if part.slot == "photo" and len(content) > _MOST_OF_A_PHOTO:
            part.method, part.slot = "sendDocument", "document"
        upload = InputFile(content, filename=_printable(file.name) or None)
        return await self._post(part.method, {**part.given, part.slot: upload})

    async def _content(self, file: File) -> bytes:
        try:
            content = await self._open_file(file.token)
        except (LookupError, FileNotFoundError):
            raise BadRequest("the file is no longer kept") from None
        if not content:
            raise BadRequest("the file is empty")
        return content

    async def _post(self, method: str, given: dict[str, Any]) -> dict[str, Any]:
        # The raw answer: a typed method parses it, and when that fails the message was delivered all the same.
        has_file = any(isinstance(value, InputFile) for value in given.values())
        made: Any = await (self._client.bot.do_api_request if has_file else self._client.call)(method, given)
        return made if isinstance(made, dict) else {}


class _Uploads:
    """Files Telegram has already: each is uploaded once and named by its id from then on.

    Uploads of one size are slowed down by Telegram after the first few, so those who want the same file at the same
    moment wait for the first of them.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._busy: dict[tuple[str, str], asyncio.Lock] = {}

    async def send(
        self, token: str, slot: str, send: Callable[[str | None], Awaitable[dict[str, Any]]]
    ) -> dict[str, Any]:
        key = token, slot
        if key in self._ids:
            made = await send(self._ids[key])
            self._note(key, made)
            return made
        async with self._busy.setdefault(key, asyncio.Lock()):
            try:
                made = await send(self._ids.get(key))
                self._note(key, made)
            finally:
                self._busy.pop(key, None)
        return made

    def _note(self, key: tuple[str, str], made: dict[str, Any]) -> None:
        file_id = _file_id(made.get(key[1]))
        if file_id:
            self._ids[key] = file_id
            self._ids.move_to_end(key)
            if len(self._ids) > _KEPT_UPLOADS:
                self._ids.popitem(last=False)


def _file_id(made: Any) -> str:
    """The id under which Telegram keeps what was just sent; empty when it does not say."""
    kept = made[-1] if isinstance(made, list) and made else made
    return str(kept.get("file_id", "")) if isinstance(kept, dict) else ""


def _printable(name: str) -> str:
    return "".join(character for character in name if character.isprintable())


def _is_about(error: BadRequest, words: tuple[str, ...]) -> bool:
    return any(word in error.message.lower() for word in words)


def _seconds(told: int | timedelta) -> float:
    return told.total_seconds() if isinstance(told, timedelta) else float(told)


def _reason(error: TelegramError) -> str:
    """Telegram's own words, which are English. What it may quote of ours is not: a name, a number, what was said."""
    return _QUOTED.sub("…", error.message)[:100]

"""One update after the other for each person, all people side by side: read, answered, on disk, and only then done."""

import asyncio
import hashlib
import logging
import traceback
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol

import msgspec
from telegram.error import TelegramError

from bot.channels import Receive, Rejected, TryLater, Unreachable, Unsure
from bot.channels.telegram.client import Client
from bot.channels.telegram.receiving import Changed, Membership, Nothing, Reader, Said, kind_of
from bot.channels.telegram.sending import TelegramChannel
from dialogue.message import Address, Message, Reply
from storage.database import Spoiled, StorageFault

EDITED = "改过的话我看不出来。要改的话，请把改好的内容重新发一条给我。"

_MOST_EXCUSED = 10_000  # people; when nothing can be kept for longer the others only wait
_REMEMBERED = 2_000  # texts of recent messages, to tell a real change from one nobody made

_log = logging.getLogger(__name__)


class Quarantine(Protocol):
    """Keeps, sealed, an update that could not be dealt with. Raises `StorageFault`."""

    def __call__(self, channel: str, message: str, problem: str, kind: str, raw: str, /) -> Awaitable[None]: ...


Reachability = Callable[[Address, bool, datetime], Awaitable[None]]
"""Notes that a person blocked the bot (False) or let it speak again (True), at a moment. Raises `StorageFault`."""

Say = Callable[[Address, Reply, str], Awaitable[None]]
"""Puts one reply into the outbox; the same key twice is one reply. Raises `StorageFault`."""


class Intake:
    """What both ways of receiving hand their updates to. `username` is empty until Telegram has told it."""

    def __init__(
        self,
        client: Client,
        reader: Reader,
        *,
        receive: Receive,
        wake: Callable[[], None],
        quarantine: Quarantine,
        reachability: Reachability,
        say: Say,
        channel: TelegramChannel,
        clock: Callable[[], datetime],
        excuse: str = "",
        excuse_again: str = "",
    ) -> None:
        self.username = ""
        self.ignored: dict[str, int] = {}
        self.quarantined = 0
        self._client = client
        self._reader = reader
        self._receive = receive
        self._wake = wake
        self._quarantine = quarantine
        self._reachability = reachability
        self._say = say
        self._channel = channel
        self._clock = clock
        self._excuse = excuse
        self._excuse_again = excuse_again
        self._excused: set[str] = set()  # who was told, since nothing can be kept
        self._turns = Turns()
        self._texts = _Texts()
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, raw: dict[str, Any]) -> None:
        """Deal with one update. When this returns it may be confirmed, whatever it held.

        Raises `StorageFault` alone: then nothing is kept, and Telegram must be left to deliver it again.
        """
        try:
            event = self._reader.read(raw, self.username, self._clock())
        except Exception as problem:  # noqa: BLE001 - whatever one update holds, the others must go on
            await self._set_aside(raw, problem)
            await self._answer_unreadable(raw)
            return
        match event:
            case Said(message, query_id):
                if query_id:
                    self._begin(self._answer_tap(query_id))
                self._texts.note(message.sender, raw.get("message"))
                await self._answer(raw, message)
            case Membership(address, reachable, at):
                async with self._turns.of(address.user):
                    await self._reachability(address, reachable, at)
            case Changed(address, message_id, text):
                if self._texts.differs(address, message_id, text):
                    await self._say(address, Reply(EDITED), f"telegram edit {address.user} {message_id}")
                    self._wake()
            case Nothing(why, query_id):
                self.ignored[why] = self.ignored.get(why, 0) + 1
                if query_id:
                    self._begin(self._answer_tap(query_id))

    async def set_aside_unnumbered(self, body: bytes) -> None:
        """Keep a body that is no update at all, under its own hash."""
        self.quarantined += 1
        key = hashlib.sha256(body).hexdigest()[:40]
        _log.error("an update that is no update was set aside")
        await self._quarantine("telegram", key, "NoUpdate", "unknown", body.decode("utf-8", "replace"))

    async def drain(self, within: float) -> None:
        """Let the last taps be answered, for `within` seconds."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within)

    async def _answer(self, raw: dict[str, Any], message: Message) -> None:
        async with self._turns.of(message.sender.user):
            try:
                replies = await self._receive(message)
                self._excused.clear()
            except Spoiled as problem:  # brought again it would fail again, and hold up everybody
                self._excuse_to(message, self._excuse_again)
                await self._set_aside(raw, problem)
                return
            except StorageFault:
                self._excuse_to(message, self._excuse)
                raise
            except Exception as problem:  # noqa: BLE001 - a bug must not make Telegram repeat this for a day
                await self._set_aside(raw, problem)
                return
        if not message.private and self._channel.pace.wait_for(message.sender.user) == 0:
            self._begin(self._answer_group(message.sender.user, replies))

    def _excuse_to(self, message: Message, excuse: str) -> None:
        """Nothing can be kept, so the outbox is no way either: said once to each person, as long as that lasts."""
        user = message.sender.user
        if excuse and message.private and user not in self._excused and len(self._excused) < _MOST_EXCUSED:
            self._excused.add(user)
            self._begin(self._say_now(user, (Reply(excuse),)))

    async def _say_now(self, user: str, replies: tuple[Reply, ...]) -> None:
        """Without the outbox: once, or not at all."""
        try:
            for reply in replies:
                self._channel.pace.take(user)
                await self._channel.send(user, reply)
        except (TryLater, Unreachable, Rejected, Unsure) as problem:
            _log.info("something was not said: %s", type(problem).__name__)

    async def _answer_group(self, group: str, replies: tuple[Reply, ...]) -> None:
        """A group has no account and no outbox: what is said there is said once, or not at all."""
        try:
            for reply in replies:
                self._channel.pace.take(group)
                await self._channel.send(group, reply)
        except (TryLater, Unreachable, Rejected, Unsure) as problem:
            _log.info("a group was not answered: %s", type(problem).__name__)

    async def _set_aside(self, raw: dict[str, Any], problem: Exception) -> None:
        self.quarantined += 1
        kind = kind_of(raw)
        # The text of the exception may quote what the person wrote; where it was raised is enough.
        where = "".join(traceback.format_tb(problem.__traceback__))
        _log.error("an update (%s) was set aside: %s\n%s", kind, type(problem).__name__, where)
        try:
            message_id = self._reader.message_id(raw)
        except (KeyError, TypeError, ValueError):
            message_id = hashlib.sha256(msgspec.json.encode(raw)).hexdigest()[:40]
        raw_text = msgspec.json.encode(raw).decode()
        await self._quarantine("telegram", message_id, type(problem).__name__, kind, raw_text)

    async def _answer_unreadable(self, raw: dict[str, Any]) -> None:
        """Nobody is met with silence: whoever sent it is answered as if they had sent something without words."""
        sender = self._reader.sender_of_unreadable(raw)
        if sender is not None:
            await self._answer(raw, Message(self._reader.message_id(raw), sender, self._clock()))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer_tap(self, query_id: str) -> None:
        """Stops the little clock on the button. Tried once: a late answer helps nobody."""
        try:
            await self._client.call("answerCallbackQuery", {"callback_query_id": query_id})
        except TelegramError as error:
            _log.info("a tap was not answered: %s", type(error).__name__)


class Turns:
    """One at a time for each key, in order of arrival; different keys do not wait for each other."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        lock, users = self._locks.get(key) or (asyncio.Lock(), 0)
        self._locks[key] = lock, users + 1
        try:
            async with lock:
                yield
        finally:
            lock, users = self._locks[key]
            if users == 1:
                del self._locks[key]
            else:
                self._locks[key] = lock, users - 1


class _Texts:
    """Fingerprints of recent messages. Edits also come for changes nobody made by hand, such as a link's preview."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, int], int] = OrderedDict()

    def note(self, sender: Address, message: dict[str, Any] | None) -> None:
        number, text = (message or {}).get("message_id"), (message or {}).get("text")
        if not isinstance(number, int) or not isinstance(text, str):
            return
        self._kept[sender.user, number] = hash(text)
        if len(self._kept) > _REMEMBERED:
            self._kept.popitem(last=False)

    def differs(self, sender: Address, message_id: int, text: str) -> bool:
        """True the first time a message we remember has become another."""
        before = self._kept.pop((sender.user, message_id), None)
        return before is not None and before != hash(text)

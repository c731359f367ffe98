"""Updates on their way to the bot: how long they wait, and who is given which (getUpdates)."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.telegram.clock import Clock

Raw = dict[str, Any]

LIVES = {"callback_query": 150.0, "inline_query": 30.0, "chosen_inline_result": 600.0}
LIFE = 24 * 3600.0
NOT_BY_DEFAULT = {"chat_member", "message_reaction", "message_reaction_count"}
_KIND = 1 << 33  # webhook queues of one person differ by multiples of it


class Conflict(Exception):
    """Another call took over, or a webhook is set."""


@dataclass(eq=False)
class Waiting:
    raw: Raw
    kind: str
    until: float  # after this moment it is never delivered
    queue: int  # one webhook request at a time inside it
    tries: int = 0
    not_before: float = 0.0


class Updates:
    def __init__(self, clock: Clock, first_id: int = 500_000_001) -> None:
        self._clock = clock
        self.next_id = first_id
        self.waiting: list[Waiting] = []
        self.allowed: list[str] | None = None  # kept until changed, like the server does
        self.confirmed: list[int] = []
        self.changed: list[Callable[[], None]] = []
        self._woken = asyncio.Event()
        self._poll = 0
        self._hung_up = 0
        self._last_poll: tuple[int, float] | None = None

    def put(self, kind: str, content: Raw, *, update_id: int | None = None, age: float = 0.0) -> Raw:
        """Queue one update; `age` seconds of its life are over already. Returns it, queued or not."""
        if update_id is None:
            update_id = self.next_id
            self.next_id += 1
        raw = {"update_id": update_id, kind: content}
        if self._is_allowed(kind):
            until = self._clock.time() - age + LIVES.get(kind, LIFE)
            self.waiting.append(Waiting(raw, kind, until, _queue(kind, content)))
            self.tell()
        return raw

    def again(self, raw: Raw) -> None:
        """Deliver an update once more, as happens when an answer was lost."""
        kind = next(name for name in raw if name != "update_id")
        self.waiting.append(Waiting(raw, kind, self._clock.time() + LIFE, _queue(kind, raw[kind])))
        self.tell()

    def tell(self) -> None:
        self._woken.set()
        for callback in self.changed:
            callback()

    def forget_the_dead(self) -> None:
        now = self._clock.time()
        self.waiting = [one for one in self.waiting if one.until > now]

    def done(self, one: Waiting) -> None:
        self.waiting.remove(one)
        self.confirmed.append(one.raw["update_id"])
        self.tell()

    def end_polls(self) -> None:
        """Whoever waits now is told that someone else took over."""
        self._poll += 1
        self._woken.set()

    def hang_up(self) -> None:
        """Whoever waits now is given nothing more, as when the server stops: nobody took over."""
        self._hung_up += 1
        self._woken.set()

    async def get(self, offset: int, limit: int, seconds: float) -> list[Raw]:
        """What getUpdates answers, after waiting up to `seconds` for it.

        Raises `Conflict` in the older of two waiting calls.
        """
        now = self._clock.time()
        if self._last_poll is not None and self._last_poll[0] == offset:
            since = now - self._last_poll[1]
            if since < 0.5:
                limit = 1
            if since < 3:
                seconds = max(seconds, 3.0)
        self._last_poll = (offset, now)
        self._confirm(offset)
        ready = self._ready(limit)
        if ready or seconds <= 0:
            return ready
        self.end_polls()
        mine, line = self._poll, self._hung_up
        ends = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            while not ready and not ends.done() and line == self._hung_up:
                self._woken.clear()
                woken = asyncio.ensure_future(self._woken.wait())
                await asyncio.wait((woken, ends), return_when=asyncio.FIRST_COMPLETED)
                woken.cancel()
                if mine != self._poll:
                    raise Conflict(
                        "terminated by other getUpdates request; make sure that only one bot instance is running"
                    )
                ready = self._ready(limit)
        finally:
            ends.cancel()
        return ready

    def _confirm(self, offset: int) -> None:
        newest = self.waiting[-1].raw["update_id"] if self.waiting else self.next_id - 1
        if offset > newest + 10:
            return
        kept = self.waiting[offset:] if offset < 0 else [one for one in self.waiting if one.raw["update_id"] >= offset]
        self.confirmed += [one.raw["update_id"] for one in self.waiting if one not in kept]
        self.waiting = kept
        for callback in self.changed:
            callback()

    def _ready(self, limit: int) -> list[Raw]:
        self.forget_the_dead()
        return [one.raw for one in self.waiting[:limit]]

    def _is_allowed(self, kind: str) -> bool:
        return kind in self.allowed if self.allowed else kind not in NOT_BY_DEFAULT


def _queue(kind: str, content: Raw) -> int:
    person = content.get("from", {}).get("id", 0) if isinstance(content.get("from"), dict) else 0
    chat = content.get("chat", {}).get("id", 0) if isinstance(content.get("chat"), dict) else 0
    match kind:
        case "callback_query":
            return int(person) + 3 * _KIND
        case "my_chat_member":
            return int(chat) + 5 * _KIND
        case "chat_member":
            return int(person) + 6 * _KIND
        case _:
            return int(chat)

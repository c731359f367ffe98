"""How fast a channel may speak: even slots for everyone, a budget for each chat, and pauses that only grow.

Nothing here sleeps. It answers "when", in seconds of the monotonic clock it was given; delivery does the waiting.
"""

import time
from collections import deque
from collections.abc import Callable

_CAUTION = 0.988  # of the rate: clocks here and there do not agree to the percent
_CATCH_UP = 0.007  # seconds that a slot may be taken late without pushing back those after it; within the caution
_MARGIN = 0.5  # seconds added to every pause we were told
_STEADY = 2  # messages at once that nobody could call too much
_GROUP_MESSAGES = 20
_GROUP_WINDOW = 60.0  # seconds
_FORGET_ABOVE = 10_000  # chats


def backoff(faults: int, most: float, first: float = 1.0) -> float:
    """Seconds to wait after so many failures in a row: twice as long each time, up to `most`."""
    # An outage of a day counts thousands: 2.0 ** 1100 would end the loop that waits.
    return min(most, first * 2.0 ** min(max(faults - 1, 0), 30))


class Pace:
    """`per_second` messages for all together, evenly: a burst would put more into one second than is allowed.

    One chat has a message a second, of which it may use three at once; a group also has twenty a minute.
    Rule: the platform's published limits, Telegram's FAQ for bots.
    """

    def __init__(
        self,
        per_second: float,
        *,
        chat_per_second: float = 1.0,
        chat_burst: int = 3,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if per_second <= 0:
            raise ValueError("messages_per_second must be above 0")
        self._slot = 1 / (per_second * _CAUTION)
        self._chat_rate = chat_per_second, chat_burst
        self._monotonic = monotonic
        self._next_slot = monotonic()
        self._paused_until = float("-inf")
        self._chats: dict[str, _Chat] = {}
        self._forget_above = _FORGET_ABOVE

    def wait(self) -> float:
        """Seconds until anything may be sent, 0 when a slot is free."""
        return max(0.0, max(self._next_slot, self._paused_until) - self._monotonic())

    def pause_left(self) -> float:
        """Seconds for which the platform asked everyone to wait."""
        return max(0.0, self._paused_until - self._monotonic())

    def slots_within(self, seconds: float) -> int:
        """How many messages may begin within the next `seconds`."""
        left = seconds - self.wait()
        return int(left / self._slot) + 1 if left >= 0 else 0

    def wait_for(self, chat: str) -> float:
        """Seconds until this chat's own budget allows a message; slots and pauses for everyone are not in it."""
        kept = self._chats.get(chat)
        return 0.0 if kept is None else max(0.0, kept.ready_at() - self._monotonic())

    def take(self, chat: str) -> None:
        """Use the free slot for a message to `chat`. Slots missed earlier do not pile up into a burst."""
        now = self._monotonic()
        self._next_slot = max(self._next_slot, now - _CATCH_UP) + self._slot
        kept = self._chats.get(chat)
        if kept is None:
            self._forget_idle(now)
            kept = self._chats[chat] = _Chat(*self._chat_rate, now, is_group=chat.startswith("-"))
        kept.take(now)

    def refused(self, chat: str, seconds: float) -> bool:
        """The platform asked us to wait. True when everyone must, False when `chat` alone had asked for too much."""
        now = self._monotonic()
        until = now + seconds + _MARGIN
        kept = self._chats.get(chat)
        if kept is not None and kept.is_over_budget(now):
            kept.paused_until = max(kept.paused_until, until)
            return False
        self._paused_until = max(self._paused_until, until)
        return True

    def pause(self, seconds: float) -> None:
        """Nothing for anyone for `seconds`; a longer pause already running stays."""
        self._paused_until = max(self._paused_until, self._monotonic() + seconds)

    @property
    def paused_for(self) -> float:
        """Seconds that a pause for everyone still lasts."""
        return max(0.0, self._paused_until - self._monotonic())

    def _forget_idle(self, now: float) -> None:
        if len(self._chats) > self._forget_above:
            self._chats = {chat: kept for chat, kept in self._chats.items() if kept.is_busy(now)}
            self._forget_above = max(_FORGET_ABOVE, 2 * len(self._chats))


class _Chat:
    """A bucket of messages that fills with time; for a group, also the moments of its last minute."""

    __slots__ = ("_at", "_burst", "_left", "_past", "_per_second", "paused_until")

    def __init__(self, per_second: float, burst: int, at: float, *, is_group: bool) -> None:
        self._per_second = per_second
        self._burst = float(burst)
        self._left = float(burst)
        self._at = at
        self._past: deque[float] | None = deque(maxlen=_GROUP_MESSAGES) if is_group else None
        self.paused_until = float("-inf")

    def ready_at(self) -> float:
        ready = self._at + (1 - self._left) / self._per_second
        if self._past is not None and len(self._past) == _GROUP_MESSAGES:
            ready = max(ready, self._past[0] + _GROUP_WINDOW)
        return max(ready, self.paused_until)

    def take(self, now: float) -> None:
        self._left = self._left_at(now) - 1
        self._at = now
        if self._past is not None:
            self._past.append(now)

    def is_over_budget(self, now: float) -> bool:
        """Whether it used more than its steady rate: then it, and nobody else, is the likely reason of a refusal."""
        past = self._past
        crowded = past is not None and len(past) == _GROUP_MESSAGES and now - past[0] < _GROUP_WINDOW
        return crowded or self._burst - self._left_at(now) > _STEADY

    def is_busy(self, now: float) -> bool:
        recent = self._past is not None and len(self._past) > 0 and now - self._past[-1] < _GROUP_WINDOW
        return recent or now < self.paused_until or self._left_at(now) < self._burst

    def _left_at(self, now: float) -> float:
        return min(self._burst, self._left + (now - self._at) * self._per_second)

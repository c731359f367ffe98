"""How often one visitor of the chat page, and one address, may look, write and send files.

A whole village may stand behind one address (a service point's Wi-Fi, a mobile network): 300 people who each tap twenty
times a minute come to a hundred messages a second.
"""

from collections.abc import Callable
from datetime import datetime

from bot.web.limits import Limit


class Doors:
    """Every limit of the chat page. Each returns 0, or the seconds to wait."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._pages = Limit(1500, 120)
        self._said = Limit(20, 1)
        self._said_from = Limit(1500, 120)
        self._newcomers_from = Limit(600, 2)
        self._uploads = Limit(12, 0.2)
        self._looks = Limit(60, 2)
        self._files_from = Limit(1500, 60)

    def page(self, address: str) -> float:
        return self._take((self._pages, address))

    def say(self, user: str, address: str, *, is_new: bool, has_file: bool) -> float:
        """A message. Of a newcomer too: whoever throws the cookie away each time is held by the address."""
        limits = [(self._said, user), (self._said_from, address)]
        if is_new:
            limits.append((self._newcomers_from, address))
        if has_file:
            limits.append((self._uploads, user))
        return self._take(*limits)

    def look(self, user: str) -> float:
        return self._take((self._looks, user))

    def file(self, address: str) -> float:
        return self._take((self._files_from, address))

    def _take(self, *limits: tuple[Limit, str]) -> float:
        now = self._clock().timestamp()
        return max(limit.take(key, now) for limit, key in limits)

"""How many messages of one account are read: far more than a person sends, in whatever channel."""

from datetime import datetime
from typing import Literal

from bot.web.limits import Limit


class Hurry:
    """Sixty at once, then one a second: an organiser with forty people at the door stays far below."""

    def __init__(self) -> None:
        self._said = Limit(60, 1)
        self._told = Limit(1, 1 / 60)

    def __call__(self, account_id: int, now: datetime) -> Literal["fine", "tell", "ignore"]:
        key, at = str(account_id), now.timestamp()
        if not self._said.take(key, at):
            return "fine"
        return "ignore" if self._told.take(key, at) else "tell"

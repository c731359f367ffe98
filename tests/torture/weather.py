"""What the platform of a broadcast answers on a bad day, and what it keeps of each message."""

import asyncio
import time
from dataclasses import dataclass

from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import RESET, Troubles, too_many

WAITS, RESETS, BLOCKED = 0.10, 0.02, 0.05  # of the calls, of those not asked to wait, and of the people
TRAVEL = 0.04  # seconds of a message to the platform: a kill meets many on their way
PAUSE = 1  # seconds that the platform asks for


@dataclass(frozen=True)
class Attempt:
    """One call for a recipient, as the platform's ledger has it. `arrived_as`: the message's number there, or None."""

    refused: bool  # asked to come again
    answered: bool
    arrived_as: str | None


class Weather(Troubles):
    """A spell of refusals lasts as long as it says, for whoever writes; so many that a tenth of all calls meet one."""

    def __init__(self, chance):
        super().__init__(chance=chance)
        self.is_bad = False
        self._calls = self._refused = 0
        self._until = 0.0

    def take(self, method):
        if not self.is_bad or method != "sendMessage":
            return super().take(method)
        self._calls += 1
        now = time.monotonic()
        if now >= self._until and self._refused < WAITS * self._calls and self.chance.random() < 0.05:
            self._until = now + PAUSE
        if now < self._until:
            self._refused += 1
            return too_many(PAUSE)
        return RESET if self.chance.random() < RESETS else None


class FarTelegram(FakeTelegram):
    """A message takes a while to get there."""

    async def _called(self, request):
        if request.match_info["method"] == "sendMessage":
            await asyncio.sleep(TRAVEL)
        return await super()._called(request)

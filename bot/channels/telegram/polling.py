"""Asking Telegram for updates, for ever: confirmed only when kept, and never stopped by anything that fails."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from telegram.error import Conflict, EndPointNotFound, InvalidToken, RetryAfter, TelegramError

from bot.channels.pace import backoff
from bot.channels.telegram.client import Client
from bot.channels.telegram.health import Health
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.receiving import ALLOWED_UPDATES
from bot.channels.telegram.request import NotSent, OutcomeUnknown
from storage.database import StorageFault

POLL = 25  # seconds Telegram holds an empty call

_HARD_LIMIT = 15  # seconds more, after which a call that does not come back is given up
_FIRST_WAIT = 1.0  # the same offset again within half a second would be given one update only
_LONGEST_WAIT = 30.0
_BATCH = 100

_log = logging.getLogger(__name__)


class Polling:
    """The one poll loop of a bot. Run a second one and both lose calls to 409, but no update."""

    def __init__(
        self,
        client: Client,
        intake: Intake,
        health: Health,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        hard_limit: float = POLL + _HARD_LIMIT,
    ) -> None:
        self._client = client
        self._intake = intake
        self._health = health
        self._clock = clock
        self._sleep = sleep
        self._hard_limit = hard_limit
        self._offset = 0  # the oldest unconfirmed one; nothing is stored, for a repeat changes nothing
        self._faults = 0

    async def run(self) -> None:
        """Poll until cancelled."""
        await self._insist(self._drop_webhook)
        while True:
            await self._insist(self._round)

    async def _insist(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` until it succeeds."""
        while True:
            try:
                await work()
            except RetryAfter as error:
                self._health.problem = "429"
                await self._sleep(_seconds(error.retry_after))
            except (TelegramError, TimeoutError, StorageFault) as error:
                await self._recover(error)
            else:
                self._faults = 0
                return

    async def _drop_webhook(self) -> None:
        # Once, at the start: a webhook set while we run is somebody's decision, and an alarm.
        await self._client.bot.do_api_request("deleteWebhook", {"drop_pending_updates": False})

    async def _round(self) -> None:
        async with asyncio.timeout(self._hard_limit):
            raw = await self._ask()
        self._health.heard(self._clock())
        if raw:
            await self._keep(raw)
            self._offset = max(update["update_id"] for update in raw) + 1

    async def _ask(self) -> list[dict[str, Any]]:
        given = {"offset": self._offset, "timeout": POLL, "limit": _BATCH, "allowed_updates": list(ALLOWED_UPDATES)}
        raw: Any = await self._client.bot.do_api_request("getUpdates", given, read_timeout=POLL + 10)
        return raw if isinstance(raw, list) else []

    async def _keep(self, raw: list[dict[str, Any]]) -> None:
        """All of them, or the fault of the first that could not be kept: then all of them come again."""
        ended = await asyncio.gather(*(self._intake.take(update) for update in raw), return_exceptions=True)
        faults = [end for end in ended if isinstance(end, BaseException)]
        if faults:
            raise faults[0]

    async def _recover(self, error: Exception) -> None:
        self._faults += 1
        self._health.problem = _problem(error)
        alarming = isinstance(error, Conflict | InvalidToken | EndPointNotFound | StorageFault)
        _log.log(logging.ERROR if alarming else logging.WARNING, "polling: %s", self._health.problem)
        await self._sleep(backoff(self._faults, _LONGEST_WAIT, _FIRST_WAIT))
        if self._faults % 2 == 0:
            await self._client.poll.rebuild()


def _problem(error: Exception) -> str:
    if isinstance(error, Conflict):
        return "another program receives this bot's updates (409)"
    if isinstance(error, InvalidToken | EndPointNotFound):
        return "Telegram refuses the bot's token"
    if isinstance(error, StorageFault):
        return "updates cannot be kept"
    if isinstance(error, NotSent) and "DNS" in error.message:
        return "the name of Telegram cannot be looked up"
    if isinstance(error, NotSent | OutcomeUnknown):
        return (
            f"Telegram cannot be reached ({error.message})"  # the kind of fault: never an address, which has the token
        )
    return type(error).__name__


def _seconds(told: int | timedelta) -> float:
    return told.total_seconds() if isinstance(told, timedelta) else float(told)

"""The `telegram.Bot` everything here calls through, and how its library is set up for us."""

import logging
import os
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.warnings import PTBUserWarning

from bot.channels.telegram.request import AiohttpRequest, plain

_CALLS_AT_ONCE = 120
_MOST_OF_A_BATCH = 64 << 20  # bytes: a hundred updates of 512 KiB each, and some


@dataclass(frozen=True, slots=True, repr=False)  # what shows a Bot shows its token
class Client:
    """The bot, and the connections of its long poll, which may have to be made anew."""

    bot: Bot
    calls: AiohttpRequest
    poll: AiohttpRequest

    @property
    def bot_id(self) -> str:
        """The part of the token that is no secret."""
        return self.bot.token.partition(":")[0]

    async def call(self, method: str, given: dict[str, Any]) -> Any:
        """The raw result of a method whose parameters are plain JSON. Raises `TelegramError`.

        What `bot.do_api_request` does besides, looking for files and durations in every value, costs a seventh of all
        that an answer costs the event loop.
        """
        return await self.calls.post(f"{self.bot.base_url}/{method}", plain(given))

    async def learn_name(self) -> str:
        """Asks Telegram who we are; returns the username. Raises `TelegramError`."""
        me = await self.bot.get_me()
        return me.username or ""


@asynccontextmanager
async def open_client(token: str, api_base_url: str, proxy_url: str | None = None) -> AsyncIterator[Client]:
    """Ready without a word from Telegram: the program must start while Telegram is away.

    Raises `ValueError`, which names the setting, for a proxy we cannot speak to.
    """
    settle_library()
    calls = AiohttpRequest(connections=_CALLS_AT_ONCE, proxy_url=proxy_url)
    poll = AiohttpRequest(connections=2, proxy_url=proxy_url, most_bytes=_MOST_OF_A_BATCH)
    base = api_base_url.rstrip("/")
    bot = Bot(token, f"{base}/bot", f"{base}/file/bot", request=calls, get_updates_request=poll)
    async with calls, poll:
        yield Client(bot, calls, poll)


def settle_library() -> None:
    """Three things python-telegram-bot does for others and not for us."""
    # Durations as timedelta; else a deprecation warning is raised while `RetryAfter` is being built.
    os.environ.setdefault("PTB_TIMEDELTA", "1")
    # Raw results are wanted where the typed method would cost as much as everything else together.
    warnings.filterwarnings("ignore", r"Please use 'Bot\.", PTBUserWarning)
    # At DEBUG it logs every call with all its parameters.
    logging.getLogger("telegram").setLevel(logging.WARNING)

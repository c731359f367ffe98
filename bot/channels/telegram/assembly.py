"""All parts of the Telegram channel, put together and kept running."""

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from starlette.routing import Route
from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels import Receive
from bot.channels.pace import Pace, backoff
from bot.channels.telegram.client import Client, open_client
from bot.channels.telegram.health import Health
from bot.channels.telegram.intake import Intake, Quarantine, Reachability, Say
from bot.channels.telegram.keeping import Keeping
from bot.channels.telegram.media import Media
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.menu import Command, Menu
from bot.channels.telegram.polling import Polling
from bot.channels.telegram.receiving import Reader
from bot.channels.telegram.sending import OpenFile, TelegramChannel
from bot.channels.telegram.webhook import Webhook, WebhookWatch
from bot.figures import Figure
from storage.database import Database, StorageFault

WEBHOOK_PATH = "/telegram/webhook"

# Who taps through a conversation gets an answer each time, and a second's wait for each would be felt. What Telegram
# allows beyond one a second is elastic, and a refusal pauses this chat alone (docs/decisions/0012).
_CHAT_BURST = 20
_LONGEST_WAIT = 60.0  # seconds
_TELEGRAMS_RATE = 30.0  # messages a second, for bulk
_LAST_WORDS = 5.0  # seconds for what is under way when the program stops

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """The section `[telegram]`, and where the program is reached from outside."""

    token: str
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: str = ""  # empty: one is made from the token, the same at every start
    api_base_url: str = "https://api.telegram.org"
    proxy_url: str = ""
    messages_per_second: float = 25.0
    public_url: str = ""
    excuse: str = ""  # what people are told while nothing can be kept
    excuse_again: str = ""  # and when what they said was set aside

    @property
    def secret(self) -> str:
        """What proves that a push comes from Telegram; nobody who does not know the token can guess it."""
        made = hmac.digest(self.token.encode(), b"webhook secret of hongyan", "sha256").hex()
        return self.webhook_secret or made

    def __repr__(self) -> str:  # a dataclass would show the token
        return f"Settings(mode={self.mode!r})"


@dataclass(frozen=True, slots=True)
class Telegram:
    """What the program around needs of the running channel."""

    channel: TelegramChannel
    intake: Intake
    media: Media
    menu: Menu
    health: Health
    routes: tuple[Route, ...]  # to be mounted; none when updates are asked for

    def figures(self, _now: datetime) -> list[Figure]:
        of_us = (("channel", "telegram"),)
        return [
            Figure("channel_problem", bool(self.health.problem), of_us),
            Figure("channel_pending_updates", self.health.pending, of_us),
            Figure("channel_pause_seconds", round(self.channel.pace.pause_left()), of_us),
            *(
                Figure("updates_ignored_total", count, (*of_us, ("kind", kind)))
                for kind, count in self.intake.ignored.items()
            ),
        ]

    def link(self, payload: str) -> str | None:
        """The address that opens the chat and says `payload` (1 to 64 of A-Z a-z 0-9 _ -); None until it is known."""
        return create_deep_linked_url(self.intake.username, payload) if self.intake.username else None


InTurn = Callable[[Callable[[], Coroutine[Any, Any, None]]], Coroutine[Any, Any, None]]
"""Does what only one of several workers may do: it may wait, and begin it more than once."""


async def _at_once(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    await work()


@dataclass(frozen=True, slots=True)
class Program:
    """What the channel needs of the program around it."""

    receive: Receive
    wake: Callable[[], None]  # something was put into the outbox
    quarantine: Quarantine
    reachability: Reachability
    say: Say
    open_file: OpenFile
    memory: Memory
    clock: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    in_turn: InTurn = _at_once


def on_database(
    database: Database,
    receive: Receive,
    wake: Callable[[], None],
    clock: Callable[[], datetime],
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    in_turn: InTurn = _at_once,
) -> Program:
    """A program that keeps everything in `database`."""
    keeping = Keeping(database, clock)
    return Program(
        receive=receive,
        wake=wake,
        quarantine=keeping.quarantine,
        reachability=keeping.reachability,
        say=keeping.say,
        open_file=keeping.open_file,
        memory=keeping,
        clock=clock,
        sleep=sleep,
        in_turn=in_turn,
    )


@asynccontextmanager
async def open_telegram(
    settings: Settings, program: Program, commands: Sequence[Command], of_staff: Sequence[Command] = ()
) -> AsyncIterator[Telegram]:
    """The channel, receiving and ready to send. Commands `of_staff` are understood, and shown by `Menu.publish_for`.

    It comes up, and stays up, whether Telegram can be reached or not.

    Raises `ValueError`, which names the setting, for a proxy it cannot speak to.
    """
    async with open_client(settings.token, settings.api_base_url, settings.proxy_url or None) as client:
        health = Health(program.clock())
        pace = _pace(settings.messages_per_second)
        channel = TelegramChannel(client, pace, program.open_file, sleep=program.sleep)
        intake = Intake(
            client,
            Reader(client.bot_id, {command.name: command.words for command in (*commands, *of_staff)}),
            receive=program.receive,
            wake=program.wake,
            quarantine=program.quarantine,
            reachability=program.reachability,
            say=program.say,
            channel=channel,
            clock=program.clock,
            excuse=settings.excuse,
            excuse_again=settings.excuse_again,
        )
        menu = Menu(client, program.memory)
        routes: tuple[Route, ...] = ()
        if settings.mode == "webhook":
            hook = Webhook(intake, health, [settings.secret], clock=program.clock)
            routes = (Route(WEBHOOK_PATH, hook),)
            watch = WebhookWatch(
                client,
                health,
                program.memory,
                url=settings.public_url.rstrip("/") + WEBHOOK_PATH,
                secret=settings.secret,
                clock=program.clock,
                sleep=program.sleep,
            )
            receive = watch.run
        else:
            receive = Polling(client, intake, health, clock=program.clock, sleep=program.sleep).run
        work = program.in_turn(receive), _introduce(client, intake, menu, commands, program.sleep)
        tasks = [asyncio.create_task(one) for one in work]
        for task in tasks:
            task.add_done_callback(_report_end)
        try:
            yield Telegram(channel, intake, Media(client), menu, health, routes)
        finally:
            # A call that waits for updates may be cut: what is not confirmed comes again.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await intake.drain(_LAST_WORDS)


def _pace(per_second: float) -> Pace:
    """A message a second for each chat, with room for a quick conversation.

    A rate above Telegram's own is set only where the server is one's own and has other limits; a chat's share of it
    grows alike, or one quick talker would wait for nothing.
    """
    larger = max(1.0, per_second / _TELEGRAMS_RATE)
    return Pace(per_second, chat_per_second=larger, chat_burst=int(_CHAT_BURST * larger))


async def _introduce(
    client: Client,
    intake: Intake,
    menu: Menu,
    commands: Sequence[Command],
    sleep: Callable[[float], Awaitable[None]],
) -> None:
    """Learn our name and tell Telegram the menu, as soon as it can be reached."""
    faults = 0
    while True:
        try:
            intake.username = intake.username or await client.learn_name()
            await menu.publish(commands)
        except (TelegramError, StorageFault) as error:
            faults += 1
            _log.warning("Telegram does not know our menu yet: %s", type(error).__name__)
            await sleep(backoff(faults, _LONGEST_WAIT))
        else:
            return


def _report_end(task: asyncio.Task[None]) -> None:
    """A loop that ends by a bug must be heard of: nobody awaits it before the program stops."""
    if not task.cancelled() and task.exception() is not None:
        _log.critical("a part of the Telegram channel stopped: %s", type(task.exception()).__name__)

"""The composition root: every part of the program, made in order and handed to the next."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot import looks, opening, words
from bot.address import address
from bot.backups import Backups
from bot.channels import Channel, Receive
from bot.channels.pace import Pace
from bot.channels.telegram.assembly import InTurn, Telegram, on_database, open_telegram
from bot.channels.telegram.assembly import Settings as TelegramSettings
from bot.channels.web import WebChannel, WebSettings, web_routes
from bot.channels.wechat import settings as wechat_settings
from bot.channels.wechat.channel import WechatChannel
from bot.chat_addresses import ChatAddresses
from bot.config import Settings
from bot.console import ConsoleSettings, console_routes
from bot.console.ahead import CountingAhead
from bot.delivery import Delivery
from bot.exports import Exporter
from bot.fetching import Fetch, Fetching
from bot.health import Health, LastHeard, More
from bot.hurry import Hurry
from bot.outgoing import Outgoing
from bot.sample import must_not_be_sample
from bot.scene_codes import SceneCodes
from bot.schedule import Job, Schedule, daily, every_minute, twice_a_minute
from bot.site import Site
from bot.staff_menus import StaffMenus
from bot.standing import StandingNotes
from dialogue.message import Message, Reply
from dialogue.reception import Reception
from dialogue.talk import House, Talk, step
from dialogue.texts import not_kept, not_kept_say_again
from dialogue.understanding import Menu
from handlers import HOUSE, MENU
from handlers.console import ADDRESS as CONSOLE_ADDRESS
from handlers.wall_codes import OF_WECHAT
from reports.remembered import Remembered
from storage import accounts, communities, points, settings
from storage.conversations import Said
from storage.database import Database, Transaction
from storage.lease import Lease, while_leading

_log = logging.getLogger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Program:
    """The running program, as commands and tests hold it."""

    web: Site
    database: Database
    reception: Reception
    delivery: Delivery
    telegram: Telegram | None
    wechat: WechatChannel | None


@asynccontextmanager
async def running(
    config: Settings,
    clock: Callable[[], datetime] = utc_now,
    menu: Menu = MENU,
    house: House = HOUSE,
) -> AsyncIterator[Program]:
    """Everything but the HTTP port. Raises `WrongSettings` when it cannot start as it is set."""
    bot = config.config.bot
    async with AsyncExitStack() as stack:
        vault = opening.vault(config)
        database = await stack.enter_async_context(opening.database(config))
        console_address = address(config) if config.config.web.console else ""
        is_sample = await database.write(_begin, bot.support_phone, console_address, clock())
        must_not_be_sample(config, is_sample=is_sample)
        outgoing = Outgoing()
        lease = outgoing.lease = await stack.enter_async_context(opening.lease(config, database, outgoing.heard, clock))
        house = replace(house, looks=looks.of(_on(config)))
        reception = Reception(database, menu, house, clock, frozenset({"telegram"}), outgoing, outgoing.wake, Hurry())
        is_open = asyncio.Event()

        async def receive(message: Message) -> tuple[Reply, ...]:
            await is_open.wait()
            return await reception.receive(message)

        channels: dict[str, Channel] = {}
        paces: dict[str, Pace] = {}
        fetches: dict[str, Fetch] = {}
        heard: dict[str, LastHeard] = {}
        routes: list[BaseRoute] = []
        telegram = None
        if config.config.telegram.enabled:
            telegram = await stack.enter_async_context(
                _telegram(
                    config, database, receive, clock, partial(outgoing.wake, "telegram"), partial(while_leading, lease)
                )
            )
            channels["telegram"], paces["telegram"] = telegram.channel, telegram.channel.pace
            fetches["telegram"] = _typed(telegram.media.fetch)
            heard["telegram"] = _heard(telegram.health, lease, clock)
            routes += telegram.routes
        wechat = None
        if config.config.wechat.enabled:
            wechat = await stack.enter_async_context(
                WechatChannel.open(
                    replace(
                        wechat_settings.from_section(config.config.wechat),
                        excuse=not_kept_say_again(bot.support_phone),
                    ),
                    database,
                    receive,
                    public_url=bot.public_url,
                    clock=clock,
                )
            )
            channels["wechat"], fetches["wechat"] = wechat, wechat.fetch
            heard["wechat"] = _heard(wechat.line, lease, clock)
            routes += wechat.routes()
        if config.config.web.chat:
            web = WebChannel(database, clock)
            stack.callback(web.close)
            channels["web"], fetches["web"], outgoing.pages = web, web.fetch, web.pages
            page = WebSettings(bot.public_url, bot.support_phone, is_sample)
            keys = vault.derived("web chat cookie")
            greeting = _greeting(database, house, clock)
            routes += web_routes(web, receive, database, clock, keys, page, greeting)
            routes.append(Route("/", _to_the_chat))

        delivery = outgoing.delivery = Delivery(database, channels, clock, paces, left_waiting=outgoing.left_waiting)
        if config.config.web.console:
            desk = ConsoleSettings(bot.public_url, bot.support_phone, is_sample, house.looks)
            remembered, key = Remembered(), vault.derived("console form")[0]
            routes += console_routes(database, clock, key, desk, outgoing.wake, remembered)
            await stack.enter_async_context(_tasks(CountingAhead(database, remembered, clock).run()))
        wechat_templates = wechat is not None and bool(config.config.wechat.reminder_template_id)
        backups = Backups.found(config, clock)
        jobs = {
            "backup": Job(daily("2-8", 40), backups.make, at_start=False),
            "stopped workers": Job(every_minute(), delivery.note_who_stopped, at_start=False),
        }
        if telegram is not None:
            jobs["staff menus"] = Job(every_minute(), StaffMenus(database, telegram.menu, clock).publish)
        known = {"web": f"{address(config)}/chat?start="} if config.config.web.chat else {}
        if wechat is not None:
            jobs["wechat line"] = Job(twice_a_minute(), wechat.line.look)
            known["wechat"] = ""  # its codes are scenes of the account, made one by one (`SceneCodes`); a word does too
        addresses = ChatAddresses(database, clock, known, telegram)
        await addresses.keep()
        jobs["chat addresses"] = Job(every_minute(), addresses.keep)
        jobs["standing"] = Job(every_minute(), StandingNotes(database, clock, channels, heard, backups).write_down)
        schedule = Schedule(database, clock, outgoing.wake, templates=wechat_templates, more=jobs)
        more = [
            backups.figures,
            _of_the_leader(lease, schedule.figures),
            *([telegram.figures] if telegram is not None else []),
            *([wechat.line.figures] if wechat is not None else []),
        ]
        routes += Health(database, delivery, lease, clock, heard, more).routes()
        exporter = Exporter(database, config.file, clock, outgoing.wake)
        duties = [delivery.serve, schedule.serve, exporter.run, Fetching(database, fetches).run]
        makes_codes = wechat is not None and wechat.makes_codes
        await database.write(settings.put, OF_WECHAT, makes_codes, clock())
        if wechat is not None and makes_codes:
            duties.append(SceneCodes(database, wechat.scene_code, clock, partial(outgoing.wake, "wechat")).run)
        await stack.enter_async_context(_tasks(*(while_leading(lease, duty) for duty in duties)))
        await _until_either(delivery.ready, lease.follows)
        is_open.set()
        if wechat is not None:
            await stack.enter_async_context(_tasks(wechat.start(words.WECHAT_MENU)))
        yield Program(Site(routes), database, reception, delivery, telegram, wechat)


def _on(config: Settings) -> set[str]:
    """The channels in which people may read something."""
    is_on = {"telegram": config.config.telegram.enabled, "wechat": config.config.wechat.enabled}
    return {channel for channel, on in {**is_on, "web": config.config.web.chat}.items() if on}


def _begin(tx: Transaction, support_phone: str, console_address: str, now: datetime) -> bool:
    """Keep what conversations need of the settings; returns whether the points are sample data."""
    settings.put(tx, "support_phone", support_phone, now)
    settings.put(tx, CONSOLE_ADDRESS, console_address, now)
    communities.lay_out(tx)
    return points.has_sample(tx)


async def _until_either(one: asyncio.Event, other: asyncio.Event) -> None:
    async with _tasks(one.wait(), other.wait()) as waiting:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)


class _Line(Protocol):
    last_success: datetime | None


def _heard(line: _Line, lease: Lease, clock: Callable[[], datetime]) -> LastHeard:
    """Only the leader looks after the line to a platform, from the moment it leads."""

    def last() -> datetime:
        return max(line.last_success or lease.since, lease.since) if lease.leads.is_set() else clock()

    return last


def _of_the_leader(lease: Lease, more: More) -> More:
    return lambda now: more(now) if lease.leads.is_set() else ()


def _telegram(
    config: Settings,
    database: Database,
    receive: Receive,
    clock: Callable[[], datetime],
    wake: Callable[[], None],
    in_turn: InTurn,
) -> AbstractAsyncContextManager[Telegram]:
    section = config.config.telegram
    given = TelegramSettings(
        token=section.token,
        mode=section.mode,
        webhook_secret=section.webhook_secret,
        api_base_url=section.api_base_url,
        proxy_url=section.proxy_url,
        messages_per_second=section.messages_per_second,
        public_url=config.config.bot.public_url,
        excuse=not_kept(config.config.bot.support_phone),
        excuse_again=not_kept_say_again(config.config.bot.support_phone),
    )
    return open_telegram(
        given, on_database(database, receive, wake, clock, in_turn=in_turn), words.TELEGRAM_COMMANDS, words.OF_STAFF
    )


def _typed(fetch: Callable[[str], Awaitable[bytes]]) -> Fetch:
    async def fetched(reference: str) -> tuple[bytes, str]:
        return await fetch(reference), ""

    return fetched


def _greeting(
    database: Database, house: House, clock: Callable[[], datetime]
) -> Callable[[], Awaitable[tuple[Reply, ...]]]:
    def greet(tx: Transaction) -> tuple[Reply, ...]:
        now = clock()
        talk = Talk(tx, accounts.Account(0, "web", "", None, True, None), now, house, Said("", now))
        step(house.greet, talk)
        return tuple(talk.replies)

    async def greeting() -> tuple[Reply, ...]:
        return await database.read(greet)

    return greeting


async def _to_the_chat(_request: Request) -> Response:
    return RedirectResponse("/chat")


@asynccontextmanager
async def _tasks(*work: Coroutine[Any, Any, object]) -> AsyncIterator[list[asyncio.Task[object]]]:
    """Run beside the block, cancelled at its end. A task that fails is a bug: it is logged, and the rest goes on."""
    tasks = [asyncio.create_task(one) for one in work]
    for task in tasks:
        task.add_done_callback(_report)
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _report(task: asyncio.Task[object]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        _log.error("a task of the program ended: %s", type(problem).__name__, exc_info=problem)

"""One push, one answer: in time if the turn allows, and otherwise owed and given as soon as it may be."""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.channels import Receive
from bot.channels.wechat import inbound, xml
from bot.channels.wechat.api import Sleep
from bot.channels.wechat.display import Display
from bot.channels.wechat.inbound import Gone, Heard, Nothing, Undelivered
from bot.channels.wechat.ladder import Ladder
from bot.channels.wechat.parts import Part, Silence, Text, from_json, to_json
from bot.channels.wechat.rendering import render
from bot.channels.wechat.settings import Settings
from bot.channels.wechat.signature import BadPush
from dialogue.message import Message, Reply, decoded
from storage import outbox, wechat, wechat_followers
from storage.database import Database, StorageFault
from storage.wechat import Arrival, Visit

_log = logging.getLogger(__name__)

IN_TIME = 4.5  # seconds; the platform gives up at 5
_MOST_NOT_KEPT = 10_000  # pushes; with more of them waiting the oldest is counted anew
_BEGIN_TO_OWE = 4.0  # so that the debt is on disk when time is up
_ONE_ATTEMPT = 5.0
_REPORT_TRIES = 4  # the platform may report before our own note of the sending is kept

MORE = "更多"
_QUOTES = re.compile(r"[\s“”\"'‘’「」。.！!]")  # people type the word as it is shown
STILL_BUSY = "正在办，请稍等一会儿，回复“继续”看结果。"
OF_BEFORE = "您前面问的："
REMINDED = "刚才提醒您的："
ONLY_WORDS = "这里收不了语音、照片和视频，请打字告诉我，或者发位置。"


@dataclass(slots=True)
class _Running:
    task: "asyncio.Task[Part]"
    attempts: int = 0
    promised: bool = False  # confirmed before it was ready: its answer goes out by itself


@dataclass(slots=True)
class _Said:
    """What goes into an answer, and which debts it pays."""

    replies: list[Reply] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)
    noticed: list[int] = field(default_factory=list)


class Turns:
    """Answers pushes. A push that comes again while its turn runs waits for the same turn."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        receive: Receive,
        ladder: Ladder,
        display: Display,
        *,
        clock: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._settings = settings
        self._profile = settings.profile
        self._database = database
        self._receive = receive
        self._ladder = ladder
        self._display = display
        self._clock = clock
        self._sleep = sleep
        self._running: dict[str, _Running] = {}
        self._not_kept: Counter[str] = Counter()  # how often a push was refused because nothing could be kept
        self._behind: set[asyncio.Task[None]] = set()
        self._reports: set[asyncio.Task[None]] = set()

    async def answer(self, heard: Heard, push: str) -> Part | None:
        """What to answer within `IN_TIME`; None when the platform must be left to send the push again.

        `push` is its XML, kept when the answer comes later.
        """
        key = heard.visit.message
        running = self._running.get(key)
        if running is None:
            running = _Running(asyncio.create_task(self._turn(heard)))
            self._running[key] = running
            running.task.add_done_callback(lambda _task: self._ended(key))
        running.attempts += 1
        if await self._done_within(running.task, _BEGIN_TO_OWE):
            return _result(running.task) or self._excuse(key)
        last = running.attempts >= self._settings.push_attempts
        if not self._profile.customer_service and not last:
            await self._done_within(running.task, _ONE_ATTEMPT - _BEGIN_TO_OWE)
            return _result(running.task) if running.task.done() else None
        owing = asyncio.create_task(self._database.write(wechat.owe, heard.visit, push, self._clock()))
        await self._done_within(running.task, IN_TIME - _BEGIN_TO_OWE)
        if running.task.done():
            self._in_background(self._unowe(owing, key))
            return _result(running.task)
        if not owing.done() or owing.exception() is not None:
            return None
        running.promised = True
        return Silence() if self._profile.customer_service else Text(STILL_BUSY)

    def _excuse(self, key: str) -> Part | None:
        """Nothing could be kept. After its last push the platform would tell the person that the account is broken."""
        self._not_kept[key] += 1
        if self._not_kept[key] < self._settings.push_attempts:
            while len(self._not_kept) > _MOST_NOT_KEPT:
                del self._not_kept[next(iter(self._not_kept))]
            return None
        del self._not_kept[key]
        return Text(self._settings.excuse)

    async def resume(self) -> None:
        """After a restart: work off what was confirmed but not answered."""
        for message, _, push in await self._database.read(wechat.owed):
            if message in self._running:
                continue
            try:
                heard = inbound.read(xml.parse(push.encode()))
                await self._say_late(heard)
            except (BadPush, StorageFault) as fault:
                _log.warning("wechat: an owed answer could not be made: %s", type(fault).__name__)

    async def drain(self) -> None:
        """Let turns that run, and answers on their way, come to an end. Reports may be lost: the message was not."""
        for report in self._reports:
            report.cancel()
        while pending := [running.task for running in self._running.values()] + list(self._behind):
            await asyncio.wait(pending)

    # -- one turn

    async def _turn(self, heard: Heard) -> Part:
        visit, now = heard.visit, self._clock()
        match heard.meaning:
            case Nothing():
                return Silence()
            case Gone():
                await self._database.write(wechat_followers.unfollowed, visit.user, now)
                return Silence()
            case Undelivered() as report:
                self._in_background(self._report(report), self._reports)
                return Silence()
            case Message() as message:
                pass
        arrival = await self._database.write(wechat.arrive, visit, now)
        if arrival.answer is not None:
            return from_json(arrival.answer)
        if arrival.rest and _QUOTES.sub("", message.text) == MORE:
            rest = arrival.rest[1:]
            kept = await self._database.write(wechat.settle, visit, arrival.rest[0], now, rest=rest)
            return from_json(kept)
        if message.attachment is not None and not self._profile.media and not message.text:
            return await self._settle(visit, arrival, _Said([Reply(ONLY_WORDS)]))
        return await self._settle(
            visit, arrival, await self._said(visit, arrival, inbound.meant(heard, message, arrival))
        )

    async def _said(self, visit: Visit, arrival: Arrival, message: Message) -> _Said:
        said = _Said()
        for key in arrival.late:
            replies = None if key in self._running else await self._replies_to(key)
            if replies is not None:
                said.replies += [Reply(OF_BEFORE), *replies]
                said.paid.append(key)
        for number, notice in await self._database.read(wechat.announced, visit.user):
            said.replies += [Reply(REMINDED), decoded(notice)]
            said.noticed.append(number)
        said.replies += await self._receive(message)
        return said

    async def _settle(self, visit: Visit, arrival: Arrival, said: _Said) -> Part:
        replies = await self._display.with_offer(visit.user, said.replies)
        look = await self._display.look(replies)
        rendered = render(replies, arrival.number, look)
        for reason in rendered.refused:
            _log.warning("wechat: not shown: %s", reason)
        shown: Part = rendered.parts[0] if rendered.parts else Silence()
        kept = await self._database.write(
            wechat.settle,
            visit,
            to_json(shown),
            self._clock(),
            number=arrival.number,
            links=rendered.links,
            rest=[to_json(part) for part in rendered.parts[1:]],
            paid=said.paid,
            noticed=said.noticed,
        )
        return from_json(kept)

    async def _replies_to(self, key: str) -> Sequence[Reply] | None:
        """The replies to an earlier push that was not answered in time; answering it again changes nothing."""
        push = await self._database.read(wechat.push_of, key)
        if push is None:
            return None
        heard = inbound.read(xml.parse(push.encode()))
        return await self._receive(heard.meaning) if isinstance(heard.meaning, Message) else ()

    # -- late answers

    def _ended(self, key: str) -> None:
        running = self._running.pop(key)
        if running.promised:
            self._in_background(self._after_its_time(key, running.task))

    async def _after_its_time(self, key: str, task: "asyncio.Task[Part]") -> None:
        if task.cancelled() or task.exception() is not None:
            return  # it stays owed, and is tried again with the person's next message
        push = await self._database.read(wechat.push_of, key)
        if push is not None:
            await self._say_late(inbound.read(xml.parse(push.encode())))

    async def _say_late(self, heard: Heard) -> None:
        visit = heard.visit
        if not isinstance(heard.meaning, Message):
            return
        replies = tuple(await self._receive(heard.meaning))
        look = await self._display.look(replies)
        push = await self._database.write(wechat.take_late, visit.message)
        if push is not None and not await self._ladder.answer_late(visit.user, replies, look):
            await self._database.write(wechat.owe, visit, push, self._clock())

    async def _unowe(self, owing: "asyncio.Task[None]", key: str) -> None:
        await asyncio.wait([owing])
        await self._database.write(wechat.take_late, key)

    async def _report(self, report: Undelivered) -> None:
        state: outbox.End = "unreachable" if "block" in report.because else "refused"
        for attempt in range(_REPORT_TRIES):
            if attempt:
                await self._sleep(2.0**attempt)
            if await self._database.write(wechat_followers.reported, report.platform_id, state, report.because):
                return

    async def _done_within(self, task: "asyncio.Task[Part]", seconds: float) -> bool:
        timer = asyncio.ensure_future(self._sleep(seconds))
        try:
            await asyncio.wait([task, timer], return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return task.done()

    def _in_background(self, work: Coroutine[Any, Any, None], among: "set[asyncio.Task[None]] | None" = None) -> None:
        task = asyncio.create_task(work)
        tasks = self._behind if among is None else among
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(_log_fault)


def _log_fault(task: "asyncio.Task[None]") -> None:
    if not task.cancelled() and (fault := task.exception()) is not None:
        _log.error("wechat: work behind a turn ended: %s", type(fault).__name__)


def _result(task: "asyncio.Task[Part]") -> Part | None:
    try:
        return task.result()
    except StorageFault:
        return None

"""A fake Telegram for each test, which fails when the program made a call that Telegram would object to."""

import asyncio

import pytest

from bot.channels.pace import Pace
from bot.channels.telegram.client import open_client
from bot.channels.telegram.health import Health
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.receiving import Reader
from bot.channels.telegram.sending import TelegramChannel
from storage.database import StorageFault
from tests.telegram.clock import HandClock
from tests.telegram.server import FakeTelegram

COMMANDS = {"points": "服务点", "events": "活动"}


@pytest.fixture
async def telegram():
    async with FakeTelegram() as server:
        yield server
    assert server.mistakes == []


@pytest.fixture
async def client(telegram):
    async with open_client(telegram.token, telegram.url) as client:
        yield client


@pytest.fixture
def clock():
    return HandClock()


class Desk:
    """Stands where the program around the channel would: takes messages, and may be unable to keep them."""

    def __init__(self):
        self.messages = []
        self.order = []
        self.set_aside = []
        self.memberships = []
        self.said = []
        self.replies = ()
        self.wakes = 0
        self.broken = 0  # so many times nothing can be kept
        self.bug_at = ""
        self.gate = None  # an event: answers wait for it
        self.now = self.most = 0
        self._changed = asyncio.Event()

    async def receive(self, message):
        if self.broken:
            self.broken -= 1
            raise StorageFault
        if self.bug_at and message.text == self.bug_at:
            raise ZeroDivisionError(f"secret words: {message.text}")
        self.now += 1
        self.most = max(self.most, self.now)
        self._changed.set()
        if self.gate is not None:
            await self.gate.wait()
        self.now -= 1
        if message.id not in [known.id for known in self.messages]:
            self.messages.append(message)
        self._changed.set()
        return self.replies

    def wake(self):
        self.wakes += 1

    async def quarantine(self, channel, message, problem, kind, raw):
        self.set_aside.append((channel, message, problem, kind, raw))
        self._changed.set()

    async def reachability(self, address, reachable, at):
        self.memberships.append((address, reachable, at))
        self._changed.set()

    async def say(self, address, reply, key):
        self.said.append((address, reply, key))
        self._changed.set()

    async def until(self, holds):
        async with asyncio.timeout(60):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    @property
    def texts(self):
        return [message.text for message in self.messages]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def health(clock):
    return Health(clock.now())


@pytest.fixture
def files():
    """What `File.token` opens."""
    return {}


@pytest.fixture
def channel(client, files):
    async def open_file(token):
        return files[token]

    return TelegramChannel(client, Pace(1000), open_file)


@pytest.fixture
def intake(client, desk, clock, channel):
    return Intake(
        client,
        Reader(client.bot_id, COMMANDS),
        receive=desk.receive,
        wake=desk.wake,
        quarantine=desk.quarantine,
        reachability=desk.reachability,
        say=desk.say,
        channel=channel,
        clock=clock.now,
    )

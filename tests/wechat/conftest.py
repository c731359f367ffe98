"""A strict WeChat for each test, which fails in the end for anything the platform would have objected to."""

import asyncio

import pytest

from dialogue.message import Choice, Reply, all_decoded, encoded
from storage import accounts, inbox
from tests.wechat.clock import Clock
from tests.wechat.program import Program
from tests.wechat.server import FakeWechat

TEMPLATE = "template-of-reminders"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kind():
    """Override with `@pytest.mark.parametrize("kind", […])`."""
    return "service_verified"


@pytest.fixture
def aes_key(kind):
    return None if kind == "test" else "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@pytest.fixture
async def wechat(clock, kind, aes_key):
    async with FakeWechat.open(clock, kind=kind, aes_key=aes_key) as server:
        yield server
    server.assert_content()


class Desk:
    """Stands where the conversations would: remembers what it heard, and says what a test wants said."""

    def __init__(self, database, clock):
        self.database = database
        self.clock = clock
        self.heard = []
        self.calls = 0
        self.replies = lambda message: (Reply(f"听到：{message.text or message.choice or message.payload}"),)
        self.gate = None  # an event that answers wait for
        self.arrived = asyncio.Event()

    async def receive(self, message):
        self.arrived.set()
        self.calls += 1
        if self.gate is not None:
            await self.gate.wait()
        return await self.database.write(self._answer, message)

    def _answer(self, tx, message):
        """Once for each message, and kept, as the conversations do."""
        kept = inbox.answer_to(tx, "wechat", message.id)
        if kept is not None:
            return all_decoded(kept)
        account = accounts.heard(tx, *message.sender, self.clock())
        self.heard.append(message)
        replies = tuple(self.replies(message))
        inbox.keep(tx, "wechat", message.id, account.id, message.text, encoded(replies), self.clock())
        return replies


@pytest.fixture
async def desk(database, clock):
    return Desk(database, clock)


@pytest.fixture
def settings():
    """More settings of the account; override with `@pytest.mark.parametrize`."""
    return {}


@pytest.fixture
async def program(wechat, database, desk, settings):
    async with Program(wechat, database, desk.receive, **settings) as running:
        yield running


@pytest.fixture
async def slow_program(clock, kind, aes_key, database, desk, settings):
    """As `program`, with a platform and a program that both wait by the test's clock."""
    async with (
        FakeWechat.open(clock, kind=kind, aes_key=aes_key, sleep=clock.sleep) as server,
        Program(server, database, desk.receive, sleep=clock.sleep, **settings) as running,
    ):
        yield running


@pytest.fixture
def person(program):
    return program.wechat.follower()


def asks(text="哪个区？", turn="t1", labels=("东城", "西城", "亚龙湾")):
    return Reply(text, tuple(Choice(f"v{n}", label) for n, label in enumerate(labels, start=1)), turn)

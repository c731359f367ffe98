"""A person to test with: `chat` talks to the bot as people do, and reads what they would read."""

import itertools
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest

from bot.channels.plain import render
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.database import open_database
from storage.migrations import migrate
from storage.vault import Vault

MORNING = datetime(2026, 11, 23, 2, tzinfo=UTC)  # Monday 10:00 in 三亚
ME = Address("web", "me")
SOMEONE_ELSE = Address("telegram", "someone else")


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated file to copy: migrating once is enough for all tests."""
    path = tmp_path_factory.mktemp("empty") / "hongyan.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def vault(tmp_path):
    return Vault.load_or_create(tmp_path / "hongyan.key")


@pytest.fixture
async def database(empty_database, tmp_path, vault):
    """A database of one's own, open."""
    path = tmp_path / "hongyan.db"
    path.write_bytes(empty_database.read_bytes())
    async with open_database(f"sqlite:///{path}", vault) as database:
        yield database


class Clock:
    """The time, moved only by tests."""

    def __init__(self, now=MORNING):
        self.now = now

    def __call__(self):
        return self.now

    def passes(self, **duration):
        self.now += timedelta(**duration)


class Chat:
    """Talks to the bot. When `restarting`, the program starts anew before every message."""

    def __init__(self, path, vault, menu=MENU, house=HOUSE, restarting=False):
        self.url = f"sqlite:///{path}"
        self.vault = vault
        self.menu = menu
        self.house = house
        self.restarting = restarting
        self.who = ME
        self.clock = Clock()
        self.buttons = {}  # label -> what tapping it sends, for the last choices shown
        self.replies = ()
        self._ids = itertools.count()
        self._open = AsyncExitStack()
        self.database = None

    async def __call__(self, text="", **sent):
        """Send a message; return everything answered, as plain text."""
        if self.restarting:
            await self.close()
        await self.open()
        reception = Reception(self.database, self.menu, self.house, self.clock, frozenset({"telegram"}))
        message = {"id": f"m{next(self._ids)}", "sender": self.who, "sent_at": self.clock(), "text": text, **sent}
        self.replies = await reception.receive(Message(**message))
        for reply in self.replies:
            if reply.choices:
                self.buttons = {
                    choice.label: {"choice": choice.value, "turn": reply.turn or None} for choice in reply.choices
                }
        return "\n".join(render(reply) for reply in self.replies)

    async def says(self, *texts):
        """Send several messages; return what was answered to the last."""
        for text in texts:
            answer = await self(text)
        return answer

    async def taps(self, label):
        return await self(**self.buttons[label])

    async def open(self):
        if self.database is None:
            self.database = await self._open.enter_async_context(open_database(self.url, self.vault))
        return self.database

    async def does(self, work, *args, **kwargs):
        """Run a storage function, as staff or the program would: returns its result, on disk."""
        return await (await self.open()).write(work, *args, **kwargs)

    async def close(self):
        await self._open.aclose()
        self.database = None


@pytest.fixture(params=[False, True], ids=["steady", "restarting"])
async def chat(request, empty_database, tmp_path, vault):
    path = tmp_path / "chat.db"
    path.write_bytes(empty_database.read_bytes())
    chat = Chat(path, vault, restarting=request.param)
    yield chat
    await chat.close()

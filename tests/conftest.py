"""A database on either engine, and a person to test with: `chat` talks to the bot as people do."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.channels.plain import render
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.database import open_database
from storage.migrations import engine_for, migrate
from storage.prepared import Statements
from storage.schema import metadata
from storage.vault import Vault
from tests import conversations, engines

MORNING = datetime(2026, 11, 23, 2, tzinfo=UTC)  # Monday 10:00 in 三亚
ME = Address("web", "me")
SOMEONE_ELSE = Address("telegram", "someone else")
_STATEMENTS = Statements()
"""What a statement is compiled to, known to every restart: a third of the time of all transcripts otherwise."""


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory):
    """A migrated file to copy: migrating once is enough for all tests."""
    path = tmp_path_factory.mktemp("empty") / "hongyan.db"
    migrate(f"sqlite:///{path}")
    return path


def pytest_generate_tests(metafunc):
    """What is marked `both_engines` runs on PostgreSQL too, in every run; HONGYAN_TEST_ENGINE chooses one for all."""
    if "engine" in metafunc.fixturenames:
        names = [engines.FROM_ENVIRONMENT]
        if "HONGYAN_TEST_ENGINE" not in os.environ and _is_for_both(metafunc.definition):
            names = ["sqlite", "postgresql"]
        metafunc.parametrize(
            "engine", names, indirect=True, scope="session", ids=names if len(names) > 1 else [pytest.HIDDEN_PARAM]
        )


_PATIENCE, _LONG_PATIENCE = 180, 1800  # seconds; twenty times what the slowest of each takes


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A test that waits for what never comes fails and says what waits, in place of keeping everybody."""

    def give_up(_signal, _frame):
        for task in asyncio.all_tasks(asyncio.get_running_loop()):
            task.print_stack(file=sys.stderr)
        raise TimeoutError("this test would have waited for ever")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(_LONG_PATIENCE if item.get_closest_marker("long") else _PATIENCE)
    try:
        return (yield)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def _is_for_both(test):
    but = any(test.get_closest_marker(name) is not None for name in ("of_sqlite", "slow_there"))
    return test.get_closest_marker("both_engines") is not None and not but


def pytest_collection_modifyitems(config, items):
    """With HONGYAN_TEST_ENGINE=postgresql only what uses a database runs, and nothing that is about SQLite."""
    if engines.FROM_ENVIRONMENT == "sqlite":
        return
    left = [item for item in items if "engine" not in getattr(item, "fixturenames", ())]
    left += [item for item in items if item not in left and item.get_closest_marker("of_sqlite")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture(scope="session")
def postgres():
    """The PostgreSQL server of this run. What needs it is left out where none can start, unless asked for."""
    try:
        server = engines.Server()
    except (ImportError, OSError, subprocess.SubprocessError) as problem:
        if engines.FROM_ENVIRONMENT == "postgresql":
            raise
        pytest.skip(f"no PostgreSQL can be started here ({type(problem).__name__})")
    yield server
    server.close()


@pytest.fixture
def url(postgres, tmp_path):
    """An empty database of PostgreSQL, whatever engine the run is on."""
    engine = engines.Postgresql(postgres)
    url = engine.new(tmp_path / "hongyan.db")
    yield url
    engine.drop([url])


@pytest.fixture(scope="session")
def engine(request):
    """Gives out databases: `new(path)` and `copy(url, path)` return a URL."""
    if request.param == "postgresql":
        return engines.Postgresql(request.getfixturevalue("postgres"), "hongyan_numbered")
    return engines.Sqlite(request.getfixturevalue("empty_database"))


@pytest.fixture
def databases(engine):
    """As `engine`; what it gives is dropped after the test."""
    made = []

    class Lent:
        name = engine.name

        def new(self, path):
            made.append(engine.new(path))
            return made[-1]

        def copy(self, url, path):
            made.append(engine.copy(url, path))
            return made[-1]

    yield Lent()
    engine.drop(made)


@pytest.fixture
def vault(tmp_path):
    return Vault.load_or_create(tmp_path / "hongyan.key")


@pytest.fixture
async def database(databases, tmp_path, vault):
    """A database of one's own, open."""
    async with open_database(databases.new(tmp_path / "hongyan.db"), vault) as database:
        yield database


def content_of(url):
    """Every byte that a database keeps, as one who stole it would read it."""
    if url.startswith("sqlite"):
        path = Path(url.removeprefix("sqlite:///"))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))
    with engine_for(url) as engine, engine.connect() as connection:
        rows = [row for table in metadata.tables.values() for row in connection.execute(table.select())]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row)


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

    def __init__(self, url, vault, menu=MENU, house=HOUSE, restarting=False):
        self.url = url
        self.vault = vault
        self.menu = menu
        self.house = house
        self.restarting = restarting
        self.who = ME
        self.clock = Clock()
        self.buttons = {}  # label -> what tapping it sends, for the last choices shown
        self.replies = ()
        self.heard = []  # who said what, and what was answered, for the page that staff read
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
        answered = "\n".join(render(reply) for reply in self.replies)
        if not os.environ.get("PYTEST_CURRENT_TEST", "").endswith("(setup)"):  # what fixtures say leads up to it
            self.heard.append((self.who, conversations.words_of(text, sent), answered))
        return answered

    async def says(self, *texts):
        """Send several messages; return what was answered to the last."""
        for text in texts:
            answer = await self(text)
        return answer

    async def taps(self, label):
        answered = await self(**self.buttons[label])
        if self.heard:
            self.heard[-1] = (self.who, label, answered)
        return answered

    async def open(self):
        if self.database is None:
            self.database = await self._open.enter_async_context(
                open_database(self.url, self.vault, statements=_STATEMENTS)
            )
        return self.database

    async def does(self, work, *args, **kwargs):
        """Run a storage function, as staff or the program would: returns its result, on disk."""
        return await (await self.open()).write(work, *args, **kwargs)

    async def close(self):
        await self._open.aclose()
        self.database = None


@pytest.fixture(params=[False, True], ids=["steady", "restarting"])
async def chat(request, databases, tmp_path, vault):
    chat = Chat(databases.new(tmp_path / "chat.db"), vault, restarting=request.param)
    yield chat
    await chat.close()
    if not request.param and not chat.url.startswith("postgresql"):
        conversations.looked_at(request.node, chat.heard)

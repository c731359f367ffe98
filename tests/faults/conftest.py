"""The whole program on a real file, with people who write to it by Telegram and on the page while something breaks."""

import asyncio
import itertools
import logging
import re
import shutil
import tempfile
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot.app import running
from bot.config import Settings, checked
from bot.figures import PREFIX
from storage import database as storage_database
from tests.dialogues.town import town
from tests.telegram.server import FakeTelegram
from tests.web.conftest import Visitor

PATIENCE = 60.0  # seconds of a busy machine; the program tries again after some
PHONE = "0898-0000-0012"


class ShiftedClock:
    """The wall's, as far off as a test sets it."""

    def __init__(self):
        self.off = timedelta()

    def __call__(self):
        return datetime.now(UTC) + self.off


class House:
    def __init__(self, folder, telegram, url="sqlite:///hongyan.db", **more):
        values = {
            "bot": {"quiet_hours": ["23:59-00:00"], "support_phone": PHONE},
            "storage": {"url": url, "key_file": "hongyan.key"},
            "telegram": {"enabled": True, "token": telegram.token, "api_base_url": telegram.url, **more},
        }
        self.settings = Settings(checked(values), folder / "config.toml")
        self.path = folder / "hongyan.db"
        self.telegram = telegram
        self.clock = ShiftedClock()
        self.program = None
        self.visitors = []

    @asynccontextmanager
    async def open(self):
        async with running(self.settings, self.clock) as self.program:
            try:
                yield self
            finally:
                for visitor in self.visitors:
                    await visitor.http.aclose()

    def visitor(self, *others):
        """`others` are houses behind the same address: each request is answered by the next of them."""
        programs = itertools.cycle([house.program.web for house in (self, *others)])

        async def answered(*request):
            await next(programs)(*request)

        visitor = Visitor("http://127.0.0.1", transport=httpx.ASGITransport(answered), timeout=PATIENCE)
        self.visitors.append(visitor)
        return visitor

    async def people_in_talk(self):
        """Somebody on the page who is asked for the name, and somebody on Telegram who was answered."""
        visitor, wang = self.visitor(), self.telegram.person()
        await visitor.posts(text="登记")
        await visitor.posts(text="同意")
        wang.says("您好")
        await self.telegram.until(lambda: self.telegram.sent_to(wang.id), "an answer before the fault")
        return visitor, wang

    async def does(self, work, *args, **kwargs):
        return await self.program.database.write(work, *args, **kwargs)

    async def failing(self):
        """What /readyz names."""
        answer = await self.visitor().http.get("/readyz")
        failing = answer.json()["failing"]
        assert (answer.status_code == 503) == bool(failing)
        return failing

    async def figure(self, name):
        answer = await self.visitor().http.get("/metrics")
        assert answer.status_code == 200
        return figure_in(answer.text, name)

    async def until(self, holds):
        async with asyncio.timeout(PATIENCE):
            while not await holds():  # noqa: ASYNC110 - what changes it tells nobody
                await asyncio.sleep(0)


def figure_in(metrics, name):
    return float(re.search(rf"^{re.escape(PREFIX + name)} (\S+)$", metrics, re.M)[1])


@pytest.fixture(scope="module")
async def house(pytestconfig, empty_database):
    """One for all faults of a file: after each it must be as before, without a hand."""
    # On the project's own disk: a file system in memory lets an open file be written whatever its flags say.
    build = pytestconfig.rootpath / "build"
    build.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir=build))
    (folder / "hongyan.db").write_bytes(empty_database.read_bytes())
    before, storage_database._SQLITE_BUSY = storage_database._SQLITE_BUSY, 200  # milliseconds: nobody waits ten seconds
    async with FakeTelegram() as telegram:
        telegram.patience = PATIENCE
        async with House(folder, telegram).open() as house:
            await house.does(town)
            yield house
        assert telegram.mistakes == []
    storage_database._SQLITE_BUSY = before
    shutil.rmtree(folder)


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO)
    return caplog

"""The console over real HTTP on loopback, on the sample district, with a visitor for each role."""

import asyncio
import contextlib
import re
import socket

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from bot.console import ConsoleSettings, console_routes
from storage import grants, sessions
from storage.audit import Actor
from storage.database import open_database
from storage.demo import build_demo
from storage.vault import Vault
from tests.browser import chromium as chromium  # a fixture for the tests here
from tests.conftest import MORNING, Clock

ROLES = ("district_staff", "point_lead", "organiser", "checker", "branch_secretary", "auditor")
KEY = b"a key for the forms of tests...."
PHONE = "0898-0000-0000"


@pytest.fixture(scope="session")
def sample(tmp_path_factory, engine):
    """A district with its season, to copy: its URL, its key file, and the staff by role."""
    folder = tmp_path_factory.mktemp("sample")
    url, key = engine.new(folder / "hongyan.db"), folder / "hongyan.key"

    async def fill():
        async with open_database(url, Vault.load_or_create(key)) as database:
            return await database.write(build_demo, MORNING)

    return url, key, asyncio.run(fill())


class House:
    """The console, served; `staff` are persons by role."""

    def __init__(self, database, staff, public_url=""):
        self.database = database
        self.staff = staff
        self.clock = Clock()
        self.public_url = public_url
        self.woken = 0
        self.looks = {}

    def wake(self):
        self.woken += 1

    async def start(self):
        settings = ConsoleSettings(self.public_url, PHONE, is_sample=True, looks=self.looks)
        app = Starlette(routes=console_routes(self.database, self.clock, KEY, settings, self.wake))
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, ws="none")
        self._server = uvicorn.Server(config)
        self._server.capture_signals = contextlib.nullcontext
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self):
        self._server.should_exit = True
        await self._serving
        self._socket.close()

    async def does(self, work, *args, **given):
        return await self.database.write(work, *args, **given)

    async def link(self, role="district_staff"):
        token = await self.does(sessions.link_for, self.staff[role], self.clock())
        return f"/console/in/{token}"

    async def grant(self, role, person_id, **scope):
        return await self.does(grants.grant, role, Actor(), self.clock(), person_id=person_id, **scope)


@pytest.fixture
async def house(sample, databases, tmp_path):
    url, key, staff = sample
    url = databases.copy(url, tmp_path / "hongyan.db")
    async with open_database(url, Vault.load_or_create(key)) as database:
        house = House(database, staff)
        house.database_url = url
        house.key = key
        await house.start()
        yield house
        await house.stop()


class Visitor:
    """A browser without scripts: keeps cookies, reads pages, posts their forms."""

    def __init__(self, house):
        self.house = house
        self.http = httpx.AsyncClient(base_url=house.url, trust_env=False, timeout=60)
        self.html = ""

    async def opens(self, path, **given):
        response = await self.http.get(path, **given)
        self.html = response.text
        return response

    async def reads(self, path):
        """The page as a person reads it."""
        response = await self.opens(path)
        assert response.status_code == 200, (path, response.status_code, words(response.text))
        return words(response.text)

    @property
    def token(self):
        return re.search(r'name="form_token" value="([^"]+)"', self.html)[1]

    async def posts(self, path, headers=None, files=None, **fields):
        response = await self.http.post(path, data={"form_token": self.token, **fields}, headers=headers, files=files)
        if response.status_code == 303:
            return await self.opens(response.headers["location"])
        return response

    async def signs_in(self, role="district_staff"):
        response = await self.http.post(await self.house.link(role))
        assert response.status_code == 303
        await self.opens("/console")
        return self


def words(html):
    text = re.sub(r"<(script|style)[^>]*>.*?</\1>", " ", html.split("<body>")[-1], flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


@pytest.fixture
async def visitor(house):
    visitor = Visitor(house)
    yield visitor
    await visitor.http.aclose()


@pytest.fixture
async def desk(visitor):
    """The district's staff, signed in."""
    return await visitor.signs_in()


@pytest.fixture
async def somebody(house):
    """Makes further visitors."""
    made = []

    async def signed_in(role):
        made.append(Visitor(house))
        return await made[-1].signs_in(role)

    yield signed_in
    for visitor in made:
        await visitor.http.aclose()


@pytest.fixture
async def screens(chromium, house):
    """Opens screens signed in as a role. What the browser complains about is a fault."""
    contexts, complaints = [], []

    def heard(message):
        if message.type == "error" and "Failed to load resource" not in message.text:  # pages that are not there
            complaints.append(message.text)

    async def screen(role="district_staff", width=1280, height=860):
        context = await chromium.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(60_000)  # of a busy machine; nothing here waits on purpose
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.accept()))
        await page.goto(house.url + await house.link(role))
        await page.click("button.main")
        await page.wait_for_url("**/console")
        return page

    yield screen
    for context in contexts:
        await context.close()
    assert complaints == []

"""The program around the page: a real HTTP server on loopback, the database and the channel; restartable."""

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import uvicorn
from starlette.applications import Starlette

from bot.channels.web import WebChannel, WebSettings, web_routes
from dialogue.reception import Reception
from dialogue.talk import Talk, step
from storage.accounts import Account
from storage.conversations import Said
from tests.web.house import HOUSE, MENU, PHONE

KEYS = (b"a key for the cookies of tests....",)


class TickingClock:
    """Tests move it; each look moves it a millisecond, so that no two things happen at the same moment."""

    def __init__(self, start=datetime(2026, 11, 23, 2, tzinfo=UTC)):
        self.now = start

    def __call__(self):
        self.now += timedelta(milliseconds=1)
        return self.now

    def passes(self, **duration):
        self.now += timedelta(**duration)


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


class Program:
    """`gate` stands before the reception: tests close it, or let storage fail, without touching what is tested."""

    def __init__(self, database, *, menu=MENU, house=HOUSE, keys=KEYS, patience=5.0, public_url="", is_sample=False):
        self.database = database
        self.clock = TickingClock()
        self.house = house
        self.keys = keys
        self.received = []  # every message that reached the reception
        self.gate = None  # awaited with each message before it is answered
        self.after = None  # awaited with each message after it was answered
        self.reception = Reception(database, menu, house, self.clock)
        self.patience = patience
        self.channel = WebChannel(database, self.clock, patience=patience)
        self.settings = WebSettings(public_url, PHONE, is_sample)
        self._socket = socket.socket(proto=socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", 0))
        self._port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._server = None
        self._serving = None

    @property
    def app(self):
        routes = web_routes(
            self.channel, self.receive, self.database, self.clock, self.keys, self.settings, self.greeting
        )
        return Starlette(routes=routes)

    async def receive(self, message):
        self.received.append(message)
        if self.gate is not None:
            await self.gate(message)
        replies = await self.reception.receive(message)
        if self.after is not None:
            await self.after(message)
        return replies

    async def greeting(self):
        def greet(tx):
            nobody = Account(0, "web", "", None, True, None)
            talk = Talk(tx, nobody, self.clock(), self.house, Said("", self.clock()))
            step(self.house.greet, talk)
            return tuple(talk.replies)

        return await self.database.read(greet)

    async def start(self):
        if self._socket is None:
            self._socket = socket.socket(proto=socket.IPPROTO_TCP)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._socket.bind(("127.0.0.1", self._port))
        self.channel = WebChannel(self.database, self.clock, patience=self.patience)
        config = uvicorn.Config(
            self.app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=2, ws="none"
        )
        self._server = _Server(config)
        self._socket.listen(128)
        self._serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))

    async def stop(self):
        """As when the network is gone: nobody listens at the address any more."""
        self.channel.close()
        self._server.should_exit = True
        await self._serving
        self._socket.close()
        self._socket = None


@asynccontextmanager
async def running(database, **given):
    program = Program(database, **given)
    await program.start()
    try:
        yield program
    finally:
        await program.stop()

"""Several workers on one PostgreSQL behind one address, killed at random: the same promises as for one on a file.

Each connection goes to the next worker, so that what a person says is answered now here, now there. In the long form
the leader is also stopped for a while, as a machine that hangs: it must have lost the lead when it wakes.
"""

import asyncio
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import psycopg

from tests.torture import process
from tests.torture.kills import Kills

_LONGEST_WITHOUT = 60.0  # seconds until another must lead


class Workers(Kills):
    """As `Kills`; `kill -9` hits one worker, and another one is started in its place."""

    def __init__(self, folder, database_url, *, workers=3, hang=False, **given):
        super().__init__(folder, "webhook", **given)
        self._database_url = database_url
        self._ports = [self._own_port() for _ in range(workers)]
        self._programs = {}
        self._turn = 0
        self._hang = hang
        self.leaders = []  # processes that led, one after the other
        self.longest_without = 0.0  # seconds that somebody looked for the leader
        self.answered_by = dict.fromkeys(self._ports, 0)  # connections

    @property
    def database_url(self):
        return self._database_url

    async def run(self):
        server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        try:
            return await self._run()
        finally:
            server.close()
            for program in self._programs.values():
                if program.returncode is None:
                    program.kill()
                    await program.wait()

    # The address.

    async def _forward(self, reader, writer):
        """To the next worker that takes the connection."""
        for _ in self._ports:
            self._turn += 1
            port = self._ports[self._turn % len(self._ports)]
            with suppress(OSError):
                to_reader, to_writer = await asyncio.open_connection("127.0.0.1", port)
                self.answered_by[port] += 1
                await asyncio.gather(_pipe(reader, to_writer), _pipe(to_reader, writer))
                return
        writer.close()

    # The workers, and their deaths.

    async def _start_at(self, port):
        self._programs[port] = await process.start(self.folder, HONGYAN__WEB__PORT=str(port))
        self.lives += 1
        self.telegram.tell()

    async def _killing(self):
        until = time.monotonic() + self.seconds
        for port in self._ports:
            await self._start_at(port)
        await asyncio.gather(*map(self._is_up, self._ports))
        while self.result.kills < self.at_most and time.monotonic() < until:
            leader = await self._leader()
            if self._hang and self.result.kills % 5 == 4:
                await asyncio.gather(*map(self._is_up, self._ports))  # those that are to take over must have started
                await self._hangs(leader)
            await self._until_acknowledged(self.chance.randint(3, 12))
            # Each other time the leader; and now and then one that is only just starting.
            port = leader if self.result.kills % 2 == 0 else self.chance.choice(self._ports)
            if self.chance.random() < 0.8:
                await self._is_up(port)
            program = self._programs[port]
            program.kill()
            await program.wait()
            self.result.kills += 1
            await self._until_acknowledged(self.chance.randint(0, 5))  # by the others, while it is gone
            await self._start_at(port)
        self.over.set()
        self._last_start = datetime.now(UTC)

    async def _until_acknowledged(self, more):
        enough = self.acknowledged + more
        await self.telegram.until(lambda: self.acknowledged >= enough, "the workers answer")

    async def _is_up(self, port):
        """Returns what it says of itself."""
        async with asyncio.timeout(120), httpx.AsyncClient(trust_env=False, timeout=5) as http:
            while True:
                with suppress(httpx.TransportError):
                    return (await http.get(f"http://127.0.0.1:{port}/readyz")).json()
                if self._programs[port].returncode is not None:
                    raise AssertionError(f"a worker ended by itself:\n{self._log()[-3000:]}")
                await asyncio.sleep(0.1)

    async def _leader(self):
        """The port of the worker that leads. Raises when nobody does within a minute."""
        began = time.monotonic()
        async with asyncio.timeout(_LONGEST_WITHOUT):
            while True:
                for port in self._ports:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(5):  # one that hangs says nothing
                            if (await self._is_up(port))["leads"]:
                                self.leaders.append(self._programs[port].pid)
                                self.longest_without = max(self.longest_without, time.monotonic() - began)
                                return port
                await asyncio.sleep(0.1)

    async def _hangs(self, port):
        """As a machine does: when it goes on, somebody else leads, and what it had in hand must not go out twice."""
        program = self._programs[port]
        program.send_signal(signal.SIGSTOP)
        try:
            while await self._leader() == port:  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.5)
        finally:
            program.send_signal(signal.SIGCONT)

    async def _stop_in_order(self, _program):
        for port, program in self._programs.items():
            await self._is_up(port)
            await super()._stop_in_order(program)

    # What was kept.

    def _ask(self, query):
        with psycopg.connect(self.database_url) as connection:
            return connection.execute(query).fetchone()[0]

    def _look_at_the_file(self):
        """PostgreSQL looks after its own."""


async def _pipe(reader, writer):
    with suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    with suppress(OSError):
        writer.close()

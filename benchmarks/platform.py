"""Both ends of Telegram in one lean process: it delivers updates to a webhook, and takes the bot's answers."""

import asyncio
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import httptools

TOKEN = "123456:benchmark-token"
SECRET = "benchmark-secret"


class Requests(asyncio.Protocol):
    """Answers Bot API calls with as little work as HTTP allows: the peers are to be measured, not this.

    `called` is given the method, the kind of the body and the body, and returns the JSON of the answer.
    """

    def __init__(self, called: Callable[[str, bytes, bytes], bytes]) -> None:
        self._called = called
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._type = b""
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._url, self._type = b"", b""
        self._body.clear()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"content-type":
            self._type = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._url.rpartition(b"/")[2].partition(b"?")[0].decode()
        body = self._called(method, self._type, bytes(self._body))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        self._transport.write(head + body)  # type: ignore[attr-defined]


class _Delivery(asyncio.Protocol):
    """One keep-alive connection to the webhook."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(self._parser.get_status_code())

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(ConnectionResetError())

    async def post(self, path: str, body: bytes) -> int:
        self._answered = asyncio.get_running_loop().create_future()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: bot\r\nContent-Type: application/json\r\n"
            f"X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)  # type: ignore[attr-defined]
        return await self._answered


@dataclass
class Result:
    """Messages answered, the seconds it took, and how long each person waited for each answer."""

    messages: int
    seconds: float
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.messages / self.seconds

    def percentile(self, percent: int) -> float:
        """Milliseconds."""
        return statistics.quantiles(self.waits, n=100)[percent - 1] * 1000


class Platform:
    """Serves the Bot API on a free port and plays people against a webhook."""

    def __init__(self) -> None:
        self._sends: dict[int, int] = defaultdict(int)
        self._expected: dict[int, tuple[int, asyncio.Future[None]]] = {}
        self._update_id = 0
        self._message_id = 0
        self.last_sent_at = 0.0

    async def open(self) -> int:
        server = await asyncio.get_running_loop().create_server(lambda: Requests(self._answer), "127.0.0.1", 0)
        return int(server.sockets[0].getsockname()[1])

    def _answer(self, method: str, kind: bytes, body: bytes) -> bytes:
        return b'{"ok":true,"result":' + self.called(method, kind, body) + b"}"

    def called(self, method: str, kind: bytes, body: bytes) -> bytes:
        if method.lower() == "sendmessage":
            chat = chat_id(kind, body)
            self._message_id += 1
            self._sent(chat)
            return (
                b'{"message_id":%d,"date":1795400000,"chat":{"id":%d,"type":"private","first_name":"x"},"text":"x"}'
                % (self._message_id, chat)
            )
        if method.lower() == "getme":
            return b'{"id":123456,"is_bot":true,"first_name":"bench","username":"bench_bot"}'
        if method.lower() == "getwebhookinfo":
            url = b"https://bench.example/telegram/webhook"
            return b'{"url":"%s","has_custom_certificate":false,"pending_update_count":0}' % url
        return b"true"

    async def count_replies(self, port: int, path: str, chat: int, script: Sequence[str], quiet: float) -> list[int]:
        """Play the script slowly once: how many messages each step is answered with."""
        connection = await self._connect(port)
        counts = []
        for text in script:
            before = self._sends[chat]
            await connection.post(path, self._update(chat, text))
            deadline = time.perf_counter() + 10
            while self._sends[chat] == before or time.perf_counter() - self.last_sent_at < quiet:
                if time.perf_counter() > deadline:
                    raise TimeoutError(f"“{text}” was not answered")
                await asyncio.sleep(quiet / 10)
            counts.append(self._sends[chat] - before)
        return counts

    async def play(
        self,
        port: int,
        path: str,
        people: range,
        script_of: Callable[[int], Sequence[str]],
        replies: Sequence[int],
        in_flight: int,
    ) -> Result:
        """Every person says the whole script, each line once the one before is answered; `in_flight` at a time."""
        waiting = iter(people)
        result = Result(0, 0.0)

        async def one_after_the_other() -> None:
            connection = await self._connect(port)
            for person in waiting:
                for text, count in zip(script_of(person), replies, strict=True):
                    body = self._update(person, text)
                    answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                    self._expected[person] = self._sends[person] + count, answered
                    begun = time.perf_counter()
                    status = await connection.post(path, body)
                    if status != 200:
                        raise RuntimeError(f"the webhook answered {status}")
                    await asyncio.wait_for(answered, 30)
                    result.waits.append(time.perf_counter() - begun)
                    result.messages += 1

        begun = time.perf_counter()
        await asyncio.gather(*(one_after_the_other() for _ in range(in_flight)))
        result.seconds = time.perf_counter() - begun
        return result

    async def deliver(self, port: int, path: str, chat: int, text: str) -> None:
        """One update on a connection of its own; whoever serves the Bot API sees the answer."""
        connection = await self._connect(port)
        await connection.post(path, self._update(chat, text))
        connection.transport.close()

    async def rush(self, port: int, path: str, people: Sequence[int], text: str, connections: int) -> list[float]:
        """All say `text` at once. Seconds from then until each has an answer."""
        waiting, waits = iter(people), list[float]()

        async def one_after_the_other(connection: _Delivery) -> None:
            for person in waiting:
                answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._expected[person] = self._sends[person] + 1, answered
                answered.add_done_callback(lambda _: waits.append(time.perf_counter() - begun))
                status = await connection.post(path, self._update(person, text))
                if status != 200:
                    raise RuntimeError(f"the webhook answered {status}")
                await asyncio.wait_for(answered, 60)

        opened = [await self._connect(port) for _ in range(min(connections, len(people)))]
        begun = time.perf_counter()
        await asyncio.gather(*(one_after_the_other(each) for each in opened))
        return waits

    async def _connect(self, port: int) -> _Delivery:
        _, connection = await asyncio.get_running_loop().create_connection(_Delivery, "127.0.0.1", port)
        return connection

    def _sent(self, chat: int) -> None:
        self._sends[chat] += 1
        self.last_sent_at = time.perf_counter()
        wanted = self._expected.get(chat)
        if wanted is not None and self._sends[chat] >= wanted[0] and not wanted[1].done():
            wanted[1].set_result(None)

    def _update(self, chat: int, text: str) -> bytes:
        self._update_id += 1
        person = {"id": chat, "is_bot": False, "first_name": "老人"}
        message = {
            "message_id": self._update_id,
            "date": int(time.time()),
            "chat": {"id": chat, "type": "private", "first_name": "老人"},
            "from": person,
            "text": text,
        }
        if text.startswith("/"):
            message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
        return json.dumps({"update_id": self._update_id, "message": message}).encode()


def chat_id(kind: bytes, body: bytes) -> int:
    if b"json" in kind:
        return int(json.loads(body)["chat_id"])
    if b"urlencoded" in kind:
        return int(parse_qs(body.decode())["chat_id"][0])
    begin = body.index(b'name="chat_id"')
    return int(body[body.index(b"\r\n\r\n", begin) + 4 :].split(b"\r\n", 1)[0])

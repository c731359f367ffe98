"""The ceiling: bare ASGI, msgspec and aiohttp that say back what they hear, keep nothing and know nothing."""

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import msgspec
import uvicorn
import uvloop


class Chat(msgspec.Struct):
    id: int


class Message(msgspec.Struct):
    chat: Chat
    text: str = ""


class Update(msgspec.Struct):
    message: Message


_read = msgspec.json.Decoder(Update).decode


class Echo:
    """An ASGI application for every path."""

    def __init__(self, client: aiohttp.ClientSession, url: str) -> None:
        self._client = client
        self._url = url
        self._speaking = set[asyncio.Task[None]]()

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            event = await receive()
            body += event.get("body", b"")
            if not event.get("more_body"):
                break
        self._speaking.add(task := asyncio.create_task(self._speak(_read(body).message)))
        task.add_done_callback(self._speaking.discard)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    async def _speak(self, message: Message) -> None:
        said = msgspec.json.encode({"chat_id": message.chat.id, "text": message.text})
        async with self._client.post(self._url, data=said, headers={"Content-Type": "application/json"}) as response:
            await response.read()


async def main(api: str, token: str, port: int) -> None:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        echo = Echo(client, f"{api}/bot{token}/sendMessage")
        config = uvicorn.Config(
            echo, port=port, log_level="critical", access_log=False, lifespan="off", http="httptools"
        )
        await uvicorn.Server(config).serve()


if __name__ == "__main__":
    _, api, token, port, _ = sys.argv[1:]
    uvloop.run(main(api, token, int(port)))

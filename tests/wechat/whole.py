"""The whole program behind the channel: settings in, WeChat out, with delivery, fetching and the conversations."""

import asyncio
import contextlib
import socket
from contextlib import asynccontextmanager

import uvicorn

from bot import config
from bot.app import running

TOML = """
[bot]
public_url = "https://hy.example"
support_phone = "0898-0000-0012"
[web]
chat = {chat}
console = false
"""


@asynccontextmanager
async def hongyan(wechat, folder, *, chat=False, **changed):
    """The program as `hongyan run` makes it, on a free port. `changed`: other values of the account."""
    file = folder / "config.toml"
    file.write_text(wechat.settings(**changed) + TOML.format(chat=str(chat).lower()), encoding="utf-8")
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(100)
    wechat.push_to = f"http://127.0.0.1:{listener.getsockname()[1]}/wechat"
    async with running(config.read(file, {}), clock=wechat.clock) as program:
        server = uvicorn.Server(uvicorn.Config(program.web, lifespan="off", log_config=None))
        server.capture_signals = contextlib.nullcontext
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield program
        finally:
            server.should_exit = True
            await serving
            listener.close()

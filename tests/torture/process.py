"""The real process, `python -m bot run`, in a folder of its own: its settings, its start, its end, what it logged."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import closing


def free_port():
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        return free.getsockname()[1]


def write_settings(folder, database_url, telegram, port, mode="polling", more=""):
    """So fast that a run need not wait for the pace, and quiet for the one minute that may not be left out.

    `more`: sections beside these.
    """
    (folder / "config.toml").write_text(
        f"""
[bot]
public_url = "http://127.0.0.1:{port}"
support_phone = "0898-0000-0000"
quiet_hours = ["23:59-00:00"]

[storage]
url = "{database_url}"
key_file = "hongyan.key"

[telegram]
enabled = true
token = "{telegram.token}"
mode = "{mode}"
api_base_url = "{telegram.url}"
messages_per_second = 1000.0

[web]
port = {port}
{more}""",
        encoding="utf-8",
    )


async def start(folder, **environment):
    command = (sys.executable, "-m", "bot", "run", "--config", str(folder / "config.toml"))
    with (folder / "log").open("ab") as log:
        return await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log, env={**os.environ, **environment})


async def stops_in_order(program):
    program.send_signal(signal.SIGTERM)
    return await asyncio.wait_for(program.wait(), 30) == 0


def log_of(folder):
    return (folder / "log").read_text("utf-8")

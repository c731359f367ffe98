"""hongyan demo: everything at once on sample data, with no account, token or server of any kind."""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot import config, opening
from bot.commands.run import until_stopped
from bot.config import Settings
from storage import sessions
from storage.database import Transaction
from storage.demo import build_demo

_CONFIG = """# Written by `hongyan demo`. The data in this folder is sample data: invented people and places.

[bot]
support_phone = "0898-0000-0000"

[storage]
url = "sqlite:///hongyan.db"
key_file = "hongyan.key"

[web]
port = {port}
"""


def run(asked: argparse.Namespace) -> int:
    folder: Path = asked.data
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.toml"
    file.write_text(_CONFIG.format(port=asked.port), encoding="utf-8")
    settings = config.read(file)
    token = asyncio.run(_fill(settings))

    def started(port: int) -> None:
        print("红雁 is running on sample data (示例数据).", flush=True)
        print(f"  Chat page: http://127.0.0.1:{port}/chat", flush=True)
        print(f"  Console:   http://127.0.0.1:{port}/console/in/{token}", flush=True)
        print(f"             once, soon; later: hongyan console-link --config {file}", flush=True)
        print("Stop it with Ctrl-C.", flush=True)

    return until_stopped(settings, started)


async def _fill(settings: Settings) -> str:
    """Returns the token of a link that signs in to the console as the sample's district staff."""
    async with opening.database(settings) as database:
        return await database.write(_built, datetime.now(UTC))


def _built(tx: Transaction, now: datetime) -> str:
    staff = build_demo(tx, now)
    return sessions.link_for(tx, staff["district_staff"], now)

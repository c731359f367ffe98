"""hongyan demo: everything at once on sample data, with no account, token or server of any kind."""

import argparse
import asyncio
from datetime import UTC, datetime
from pathlib import Path

from bot import config, opening
from bot.commands.run import until_stopped
from bot.config import Settings
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
    asyncio.run(_fill(settings))

    def started(port: int) -> None:
        print("红雁 is running on sample data (示例数据).", flush=True)
        print(f"  Chat page: http://127.0.0.1:{port}/chat", flush=True)
        print(f"  Console:   hongyan console-link --config {file}", flush=True)
        print("Stop it with Ctrl-C.", flush=True)

    return until_stopped(settings, started)


async def _fill(settings: Settings) -> None:
    async with opening.database(settings) as database:
        await database.write(build_demo, datetime.now(UTC))

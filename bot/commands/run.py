"""hongyan run: the service, until it is told to stop."""

import argparse
import gc
import sys
from collections.abc import Callable

import uvloop

from bot import config, logs
from bot.app import running
from bot.config import Settings
from bot.serving import serve


def print_port(port: int) -> None:
    print(f"红雁 listens on port {port}.", flush=True)


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    logs.begin(settings)
    return until_stopped(settings)


def until_stopped(settings: Settings, started: Callable[[int], None] = print_port) -> int:
    """Serve until SIGTERM or SIGINT. `started` is told the port once it is open."""
    web = settings.config.web

    async def service() -> None:
        async with running(settings) as program:
            _spare_the_collector()
            await serve(program.web, web.host, web.port, started)

    try:
        uvloop.run(service())
    except OSError as problem:
        print(f"hongyan: {web.host}:{web.port} cannot be used: {problem.strerror}; see web.port", file=sys.stderr)
        return 1
    return 0


def _spare_the_collector() -> None:
    """Look through what was made while serving alone, and less often: each message leaves little that is circular."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)

"""hongyan run: the service, until it is told to stop."""

import argparse
import asyncio
import gc
import os
import sys
from collections.abc import Callable

import uvloop

from bot import config, logs
from bot.app import running
from bot.config import Settings
from bot.serving import listen, serve


def print_port(port: int) -> None:
    print(f"红雁 listens on port {port}.", flush=True)


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    logs.begin(settings)
    return until_stopped(settings)


def until_stopped(settings: Settings, started: Callable[[int], None] = print_port) -> int:
    """Serve until SIGTERM or SIGINT. `started` is told the port once it is open."""
    web = settings.config.web
    try:
        # Before anything else: where one like it runs already, this one must not touch what that one is sending.
        listener = listen(web.host, web.port)
    except OSError as problem:
        print(f"hongyan: {web.host}:{web.port} cannot be used: {_reason(problem)}; see web.port", file=sys.stderr)
        return 1

    async def service() -> None:
        asyncio.get_running_loop().set_exception_handler(logs.of_the_loop)
        async with running(settings) as program:
            spare_the_collector()
            await serve(program.web, listener, started)

    with listener:
        uvloop.run(service())
    return 0


def _reason(problem: OSError) -> str:
    """In a few words; Python's own name the address a second time."""
    return os.strerror(problem.errno) if problem.errno and problem.errno > 0 else str(problem.strerror)


def spare_the_collector() -> None:
    """Look through what was made while serving alone, and less often: each message leaves little that is circular."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)

"""Serves HTTP until it is told to stop, then lets what runs around it end in order."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

_GRACE = 10  # seconds for open requests; an open chat page would otherwise hold the stop


class _Server(uvicorn.Server):
    """uvicorn raises the signal again after it has stopped, and everything behind `serve()` would never run."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take the port; 0 takes a free one. Whoever connects waits until `serve` runs.

    Raises `OSError` when the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=1024)  # uvicorn's own would exit on a fault


async def serve(app: ASGIApp, listener: socket.socket, started: Callable[[int], None]) -> None:
    """Returns after SIGTERM or SIGINT. `started` is told the port."""
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=75,
        proxy_headers=True,  # believed from this machine alone, or from what FORWARDED_ALLOW_IPS names
    )
    server = _Server(config)
    loop = asyncio.get_running_loop()

    def stop() -> None:
        server.should_exit = True

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    started(listener.getsockname()[1])
    try:
        await server.serve(sockets=[listener])
    finally:
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)

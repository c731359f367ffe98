"""Ports of servers that go down and come up again while the whole machine takes and leaves ports."""

import socket


def held() -> socket.socket:
    """A port of 127.0.0.1 that nobody else is given while this is open; whoever calls it is refused.

    A server listens there beside it, with `reuse_address` or `reuse_port`.
    """
    port = socket.socket()
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    port.bind(("127.0.0.1", 0))
    return port


def number(port: socket.socket) -> int:
    return int(port.getsockname()[1])

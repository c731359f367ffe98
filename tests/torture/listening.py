"""The page's stream of events, which does not end by itself: opened with odd headers, heard for a moment, and left."""

import asyncio


async def listen(program, headers):
    """The status it answers. `headers` are pairs of bytes. A stream that opened is left at its first line."""
    began = asyncio.Event()
    statuses = []
    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive():
        for message in asked:
            return message
        await began.wait()
        return {"type": "http.disconnect"}

    async def send(message):
        if message["type"] == "http.response.start":
            statuses.append(message["status"])
        else:
            began.set()

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/chat/events",
        "raw_path": b"/chat/events",
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"program"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("program", 80),
    }
    async with asyncio.timeout(30):
        await program(scope, receive, send)
    return statuses[0]

"""A Bot API in a process of its own that allows so many messages a second and answers 429 to the others.

Run by the benchmark of broadcasts: python -m benchmarks.allowance PORT PER_SECOND. `/seen` says what came.
"""

import asyncio
import json
import sys
import time
from collections import deque

import uvloop

from benchmarks.platform import Requests, chat_id

WHO_WRITES = 10_000_000_000  # chats from here on are people who wrote themselves


class Allowance:
    """Counts what is sent within any one second; `sent_at` are moments of the monotonic clock."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._lately: deque[float] = deque()
        self.sent_at: list[float] = []
        self.refused_at: list[float] = []
        self.answered_at: dict[int, float] = {}

    def called(self, method: str, kind: bytes, body: bytes) -> bytes:
        if method == "seen":
            return json.dumps(
                {"sent_at": self.sent_at, "refused_at": self.refused_at, "answered_at": list(self.answered_at.items())}
            ).encode()
        if method.lower() == "sendmessage":
            return self._send(chat_id(kind, body))
        if method.lower() == "getme":
            return b'{"ok":true,"result":{"id":123456,"is_bot":true,"first_name":"bench","username":"bench_bot"}}'
        if method.lower() == "getwebhookinfo":
            url = b"https://bench.example/telegram/webhook"
            about = b'{"url":"%s","has_custom_certificate":false,"pending_update_count":0}' % url
            return b'{"ok":true,"result":%s}' % about
        return b'{"ok":true,"result":true}'

    def _send(self, chat: int) -> bytes:
        now = time.monotonic()
        while self._lately and self._lately[0] <= now - 1:
            self._lately.popleft()
        if len(self._lately) >= self._per_second:
            self.refused_at.append(now)
            return b'{"ok":false,"error_code":429,"description":"Too Many Requests","parameters":{"retry_after":1}}'
        self._lately.append(now)
        self.sent_at.append(now)
        if chat >= WHO_WRITES:
            self.answered_at.setdefault(chat, now)
        return (
            b'{"ok":true,"result":{"message_id":%d,"date":1795400000,"text":"x",'
            b'"chat":{"id":%d,"type":"private","first_name":"x"}}}' % (len(self.sent_at), chat)
        )


async def main(port: int, per_second: int) -> None:
    allowance = Allowance(per_second)
    await asyncio.get_running_loop().create_server(lambda: Requests(allowance.called), "127.0.0.1", port)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), int(sys.argv[2])))

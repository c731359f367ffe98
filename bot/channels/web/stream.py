"""The line that stays open to a page and carries nothing but “come and get it” (server-sent events)."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from bot.channels.web.pages import Page, Pages

_BEAT = 20.0  # seconds; proxies close a line on which nothing moves for a minute
_OPENING = b"retry: 3000\n: hello\n\n"
_NEWS = b"event: news\ndata: 1\n\n"
_QUIET = b": still here\n\n"


class NewsStream(Response):
    """Open until the page leaves or is closed from our side."""

    media_type = "text/event-stream"

    def __init__(self, pages: Pages, user: str, *, beat: float = _BEAT) -> None:
        super().__init__(headers={"x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._pages = pages
        self._user = user
        self._beat = beat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        page = self._pages.open(self._user)
        gone = asyncio.ensure_future(_gone(receive))
        gone.add_done_callback(lambda _: page.close())
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": _OPENING, "more_body": True})
            while not page.is_closed:
                line = await self._next(page)
                await send({"type": "http.response.body", "body": line, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except OSError:
            pass  # the page left while we wrote
        finally:
            gone.cancel()
            self._pages.leave(self._user, page)

    async def _next(self, page: Page) -> bytes:
        try:
            async with asyncio.timeout(self._beat):
                await page.nudged.wait()
        except TimeoutError:
            return _QUIET
        page.nudged.clear()
        return _QUIET if page.is_closed else _NEWS


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

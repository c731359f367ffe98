"""Calls to the platform: one HTTP session, one access token at a time, and errors that hold no secret."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, Self, TypeVar

import aiohttp

from bot.channels.wechat.verdicts import Verdict, verdict_on

T = TypeVar("T")

Sleep = Callable[[float], Awaitable[None]]
Json = dict[str, Any]

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=10)
_LARGEST_ANSWER = 1 << 20
LARGEST_FILE = 20 << 20
_TRIES = 3
_RENEW_BEFORE = timedelta(minutes=5)  # in its last five minutes a token and its successor both work
_RID = re.compile(r"rid: ?([0-9a-f-]{8,40})")
_ADDRESS = re.compile(r"invalid ip ([0-9a-fA-F.:]{3,45})")


class ApiRefusal(Exception):
    """The platform said no. `address` is our own address when the platform does not let it in."""

    def __init__(self, code: int, message: str) -> None:
        rid = _RID.search(message)
        super().__init__(f"error {code}" + (f" (rid {rid[1]})" if rid else ""))
        self.code = code
        self.verdict = verdict_on(code)
        found = _ADDRESS.search(message)
        self.address = found[1] if found else ""


class NotSent(Exception):
    """Nothing left this machine: no connection."""


class NoAnswer(Exception):
    """The request left, and no answer came that says what became of it."""


@dataclass(slots=True)
class _Token:
    text: str
    good_until: datetime


class Api:
    """The account's side of the API. Every method raises `ApiRefusal`, `NotSent` or `NoAnswer`, and nothing else."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        app_id: str,
        app_secret: str,
        *,
        clock: Callable[[], datetime],
        sleep: Sleep,
    ) -> None:
        self._session = session
        self._base_url = base_url.rstrip("/")
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._sleep = sleep
        self._token: _Token | None = None
        self._fetching = asyncio.Lock()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, base_url: str, app_id: str, app_secret: str, *, clock: Callable[[], datetime], sleep: Sleep = asyncio.sleep
    ) -> AsyncIterator[Self]:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_that_it_left)
        connector = aiohttp.TCPConnector(limit=50)
        async with aiohttp.ClientSession(
            connector=connector, timeout=_TIMEOUT, trace_configs=[trace], auto_decompress=True
        ) as session:
            yield cls(session, base_url, app_id, app_secret, clock=clock, sleep=sleep)

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        return await self._with_token(lambda token: self._json("GET", path, query, token), harmless=True)

    async def post(self, path: str, body: Json, *, harmless: bool = False) -> Json:
        """`harmless`: doing it twice is like doing it once, so it may be repeated when no answer came."""
        return await self._with_token(lambda token: self._json("POST", path, None, token, body), harmless=harmless)

    async def upload(self, kind: Literal["image", "voice"], name: str, media_type: str, content: bytes) -> str:
        """The media id, good for three days. `name` must be ASCII."""

        async def once(token: str) -> Json:
            form = aiohttp.FormData()
            form.add_field("media", content, filename=name, content_type=media_type)
            return _as_json(await self._raw("POST", "/cgi-bin/media/upload", {"type": kind}, token, data=form))

        answer = await self._with_token(once, harmless=True)
        media_id = answer.get("media_id")
        if not isinstance(media_id, str):
            raise NoAnswer("no media_id")
        return media_id

    async def download(self, media_id: str) -> tuple[bytes, str]:
        """The bytes a person sent and their media type, as the platform keeps them."""

        async def once(token: str) -> tuple[bytes, str]:
            body, media_type = await self._raw_file("/cgi-bin/media/get", {"media_id": media_id}, token)
            if body[:1] != b"{":
                return body, media_type
            answer = _as_json(body)  # an error, or for a video its address
            _raise_if_refused(answer)
            if not isinstance(address := answer.get("video_url"), str):
                raise NoAnswer("no file")
            return await self._fetch(address)

        return await self._with_token(once, harmless=True)

    async def fresh_token(self) -> None:
        """Fetch the access token now, to see whether the platform hears us and takes our settings."""
        async with self._fetching:
            await self._fetch_token_insistently()

    async def _with_token(self, once: Callable[[str], Awaitable[T]], *, harmless: bool) -> T:
        renewed = False
        tries = 0
        while True:
            token = await self._access_token()
            tries += 1
            try:
                return await once(token)
            except ApiRefusal as refusal:
                if refusal.verdict is Verdict.NEW_TOKEN and not renewed:
                    # Once and no more: a secret that is wrong would otherwise be asked for without end.
                    renewed = True
                    tries -= 1
                    self._drop(token)
                    continue
                if refusal.verdict is not Verdict.AGAIN or tries == _TRIES:
                    raise
            except NotSent:
                if tries == _TRIES:
                    raise
            except NoAnswer:
                if not harmless or tries == _TRIES:
                    raise
            spread = random.uniform(0.4, 0.6)  # noqa: S311 - no secret depends on it  # nosec B311
            await self._sleep(2 ** (tries - 1) * spread)

    async def _access_token(self) -> str:
        if self._token is not None and self._clock() < self._token.good_until:
            return self._token.text
        async with self._fetching:
            if self._token is not None and self._clock() < self._token.good_until:
                return self._token.text  # fetched while we waited
            return await self._fetch_token_insistently()

    async def _fetch_token_insistently(self) -> str:
        for left in reversed(range(_TRIES)):
            try:
                self._token = await self._fetch_token()
                return self._token.text
            except ApiRefusal as refusal:
                if refusal.verdict is not Verdict.AGAIN or not left:
                    raise
            except (NotSent, NoAnswer) as fault:
                if not left:
                    # Whatever was to be sent did not leave.
                    raise NotSent(str(fault)) from None
            await self._sleep(0.5)
        raise AssertionError("unreachable")

    async def _fetch_token(self) -> _Token:
        body = {
            "grant_type": "client_credential",
            "appid": self._app_id,
            "secret": self._app_secret,
            "force_refresh": False,
        }
        answer = await self._json("POST", "/cgi-bin/stable_token", None, None, body)
        text, lasts = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(text, str) or not text or not isinstance(lasts, int):
            raise NoAnswer("no access_token")
        good = max(timedelta(seconds=lasts) - _RENEW_BEFORE, timedelta(seconds=lasts) / 2)
        return _Token(text, self._clock() + good)

    def _drop(self, token: str) -> None:
        """Only if it is still the one that failed: another call may have fetched a new one meanwhile."""
        if self._token is not None and self._token.text == token:
            self._token = None

    async def _json(
        self, method: str, path: str, query: Mapping[str, str] | None, token: str | None, body: Json | None = None
    ) -> Json:
        # The platform takes \uXXXX for illegal characters, so the text goes out as it is.
        data = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        answer = _as_json(await self._raw(method, path, query, token, data=data))
        _raise_if_refused(answer)
        return answer

    async def _raw(
        self, method: str, path: str, query: Mapping[str, str] | None, token: str | None, *, data: Any = None
    ) -> bytes:
        headers = {"Content-Type": "application/json; charset=utf-8"} if isinstance(data, bytes) else None
        body, _ = await self._request(method, self._base_url + path, query, token, _LARGEST_ANSWER, data, headers)
        return body

    async def _raw_file(self, path: str, query: Mapping[str, str], token: str) -> tuple[bytes, str]:
        return await self._request("GET", self._base_url + path, query, token, LARGEST_FILE)

    async def _fetch(self, url: str) -> tuple[bytes, str]:
        return await self._request("GET", url, None, None, LARGEST_FILE)

    async def _request(
        self,
        method: str,
        url: str,
        query: Mapping[str, str] | None,
        token: str | None,
        at_most: int,
        data: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[bytes, str]:
        params = {**(query or {}), **({} if token is None else {"access_token": token})}
        seen = {"left": False}
        try:
            async with self._session.request(
                method,
                url,
                params=params,
                data=data,
                headers=headers,
                allow_redirects=False,
                trace_request_ctx=seen,
            ) as response:
                body = await response.content.read(at_most + 1)
                while len(body) <= at_most and not response.content.at_eof():
                    body += await response.content.read(at_most + 1 - len(body))
                status, media_type = response.status, response.content_type
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
            # Never the text of the fault: it may hold the address with the token in it.
            raise (NoAnswer if seen["left"] else NotSent)(type(fault).__name__) from None
        if status != 200:
            raise NoAnswer(f"HTTP {status}")
        if len(body) > at_most:
            raise NoAnswer("too large")
        return body, media_type


async def _note_that_it_left(_session: Any, context: Any, _params: Any) -> None:
    context.trace_request_ctx["left"] = True


def _as_json(body: bytes) -> Json:
    try:
        answer = json.loads(body)
    except ValueError:
        raise NoAnswer("not JSON") from None
    if not isinstance(answer, dict):
        raise NoAnswer("not a JSON object")
    return answer


def _raise_if_refused(answer: Json) -> None:
    code = answer.get("errcode", 0)
    if not isinstance(code, int):
        raise NoAnswer("an error without a number")
    if code != 0:
        raise ApiRefusal(code, str(answer.get("errmsg", "")))

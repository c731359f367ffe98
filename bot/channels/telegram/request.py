"""HTTP under python-telegram-bot, on aiohttp: cheap with many calls at once, and exact about what left the house."""

from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import aiohttp
import msgspec
from telegram.error import BadRequest, NetworkError, RetryAfter
from telegram.request import BaseRequest, RequestData
from yarl import URL

MOST_TO_DOWNLOAD = 20 * 1024 * 1024  # bytes; Telegram itself gives bots no more

_CONNECT_WITHIN = 10.0  # seconds, waiting for a free connection included
_ANSWER_WITHIN = 30.0
_UPLOAD_WITHIN = 120.0
_DEFAULT_RETRY_AFTER = 5.0
_BOT_API_REFUSALS = frozenset({400, 401, 403, 404, 409, 429})

_to_json = msgspec.json.Encoder().encode
_from_json = msgspec.json.Decoder().decode


class NotSent(NetworkError):
    """Nothing left the house: no connection was made. Trying again cannot double anything."""


class OutcomeUnknown(NetworkError):
    """The call may have been carried out: it was on its way when the answer failed to come, or made no sense."""


class AiohttpRequest(BaseRequest):
    """Calls over one pool of `connections`; answers of more than `most_bytes` are not read to their end.

    Every error raised here has a fixed text. Those of aiohttp hold addresses, hence the token, and proxy passwords.
    """

    def __init__(self, *, connections: int, proxy_url: str | None = None, most_bytes: int = 1 << 20) -> None:
        problem = proxy_problem(proxy_url) if proxy_url else None
        if problem:
            raise ValueError(problem)
        self._connections = connections
        self._proxy = proxy_url or None
        self._most_bytes = most_bytes
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float:
        return _ANSWER_WITHIN

    async def initialize(self) -> None:
        if self._session is not None:
            return
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_headers_sent)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            trace_configs=[trace],
            headers={"User-Agent": self.USER_AGENT},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def rebuild(self) -> None:
        """Begin with fresh connections: what a call hangs on may be a dead one."""
        await self.shutdown()
        await self.initialize()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Raises `NotSent`, `OutcomeUnknown`, `RetryAfter` or `BadRequest`; all else is for `BaseRequest` to name."""
        if self._session is None:
            raise NotSent("closed")
        seen = _Seen()
        upload = request_data is not None and request_data.contains_files
        answer_within = _seconds(read_timeout, _UPLOAD_WITHIN if upload else _ANSWER_WITHIN)
        connect_within = _seconds(connect_timeout, _CONNECT_WITHIN) + _seconds(pool_timeout, 0)
        timeout = aiohttp.ClientTimeout(
            # `sock_read` does not run while a body is written: without `total` a stalled upload would hang for ever.
            total=connect_within + _seconds(write_timeout, 5) + answer_within,
            connect=connect_within,
            sock_read=answer_within,
        )
        body, content_type = _body(request_data)
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=content_type,
                timeout=timeout,
                proxy=self._proxy,
                allow_redirects=False,
                trace_request_ctx=seen,
            ) as answer:
                status = answer.status
                payload = await self._read(answer, MOST_TO_DOWNLOAD if method == "GET" else self._most_bytes)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise (OutcomeUnknown if seen.headers_sent else NotSent)(type(error).__name__) from None
        _check(status, payload, method, answer.headers.get("Retry-After"))
        return status, payload

    async def _read(self, answer: aiohttp.ClientResponse, at_most: int) -> bytes:
        if answer.content_length is not None and answer.content_length <= at_most:
            return await answer.read()
        pieces: list[bytes] = []
        size = 0
        async for piece in answer.content.iter_any():
            size += len(piece)
            if size > at_most:
                raise BadRequest("file is too big") if answer.method == "GET" else OutcomeUnknown("endless answer")
            pieces.append(piece)
        return b"".join(pieces)

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """As in `BaseRequest`, but it logs nothing and takes only what a Bot API server says."""
        try:
            answer = _from_json(payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise OutcomeUnknown("no JSON") from None
        if not isinstance(answer, dict) or ("result" if answer.get("ok") else "description") not in answer:
            raise OutcomeUnknown("no answer of a Bot API")
        return answer


class _Plain:
    """The two things that are read of a `RequestData`, for parameters that are JSON as they stand."""

    __slots__ = ("parameters",)
    contains_files = False

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.parameters = parameters


def plain(parameters: dict[str, Any]) -> RequestData:
    """Parameters that hold no file."""
    return cast(RequestData, _Plain(parameters))


def proxy_problem(url: str) -> str | None:
    """What is wrong with `telegram.proxy_url`. aiohttp would speak HTTP to a SOCKS proxy without a word."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "telegram.proxy_url must look like http://host:port (SOCKS is not spoken)"
    return None


def _seconds(given: Any, otherwise: float) -> float:
    return otherwise if given is BaseRequest.DEFAULT_NONE or given is None else float(given)


class _Seen:
    """Whether a request's headers were written; a mark that aiohttp carries through the call."""

    __slots__ = ("headers_sent",)

    def __init__(self) -> None:
        self.headers_sent = False


async def _note_headers_sent(_session: Any, context: Any, _params: Any) -> None:
    context.trace_request_ctx.headers_sent = True


def _body(data: RequestData | None) -> tuple[bytes | aiohttp.FormData | None, dict[str, str] | None]:
    if data is None:
        return None, None
    if not data.contains_files:
        return _to_json(data.parameters), {"Content-Type": "application/json"}
    form = aiohttp.FormData(quote_fields=False)  # else people read a file's name as %E7%AD%BE
    for name, value in data.json_parameters.items():
        form.add_field(name, value)
    for name, (filename, content, media_type) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=media_type)
    return form, None


def _check(status: int, payload: bytes, method: str, retry_after: str | None) -> None:
    """Lets pass what `BaseRequest` names rightly, and names the rest itself."""
    if 200 <= status < 300:
        if method == "POST" and not payload.startswith(b'{"ok":true'):
            answer = AiohttpRequest.parse_json_payload(payload)
            if not answer["ok"]:
                raise OutcomeUnknown(f"HTTP {status} with a refusal")
        return
    if status >= 500:
        raise OutcomeUnknown(f"HTTP {status}")
    if status == 429 and b'"retry_after"' not in payload:
        told = retry_after is not None and retry_after.isdecimal()
        raise RetryAfter(timedelta(seconds=float(retry_after or 0) if told else _DEFAULT_RETRY_AFTER))
    if method == "GET" or status not in _BOT_API_REFUSALS:
        raise BadRequest(f"HTTP {status}")
    # A page of a proxy or a hotel's Wi-Fi must not pass for "blocked by the user".
    AiohttpRequest.parse_json_payload(payload)

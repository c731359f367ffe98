"""Updates that Telegram pushes: 200 with nothing in it once they are on disk, 503 when they could not be kept."""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from telegram.error import TelegramError

from bot.channels.pace import backoff
from bot.channels.telegram.client import Client
from bot.channels.telegram.health import Health
from bot.channels.telegram.intake import Intake
from bot.channels.telegram.memory import Memory
from bot.channels.telegram.receiving import ALLOWED_UPDATES
from storage.database import StorageFault

MOST_BYTES = 1 << 20  # Telegram's own updates end at 512 KiB
RETRY_AFTER = 5  # seconds; a longer wait could outlive a tap, which Telegram would then drop at once

_SECRET_HEADER = b"x-telegram-bot-api-secret-token"
_LOOK_EVERY = 30.0  # seconds
_LONGEST_WAIT = 60.0

_log = logging.getLogger(__name__)
_read_json = msgspec.json.Decoder().decode

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Webhook:
    """An ASGI application for one path. `secrets`: the current one first, then any that is being retired."""

    def __init__(
        self, intake: Intake, health: Health, secrets: Sequence[str], *, clock: Callable[[], datetime]
    ) -> None:
        if not all(secrets) or not secrets:
            raise ValueError("telegram.webhook_secret must not be empty")
        self._intake = intake
        self._health = health
        self._secrets = [secret.encode() for secret in secrets]
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            await _answer(send, 405, allow=b"POST")
            return
        given = next((value for name, value in scope["headers"] if name == _SECRET_HEADER), b"")
        # Every secret is compared, and each in constant time: neither which nor how far tells anything.
        if sum(hmac.compare_digest(given, secret) for secret in self._secrets) == 0:
            await _answer(send, 403)
            return
        body = await _read_at_most(receive, MOST_BYTES)
        if body is None:
            await _answer(send, 413)
            return
        try:
            await self._keep(body)
        except StorageFault:
            self._health.problem = "updates cannot be kept"
            await _answer(send, 503, **{"retry-after": str(RETRY_AFTER).encode()})
            return
        self._health.heard(self._clock())
        await _answer(send, 200)  # with a body it could be taken for a call to carry out

    async def _keep(self, body: bytes) -> None:
        try:
            update = _read_json(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            update = None
        if isinstance(update, dict) and isinstance(update.get("update_id"), int):
            await self._intake.take(update)
        else:
            await self._intake.set_aside_unnumbered(body)


class WebhookWatch:
    """Sets the webhook where it is not as it should be, then looks whether Telegram gets through."""

    def __init__(
        self,
        client: Client,
        health: Health,
        memory: Memory,
        *,
        url: str,
        secret: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._health = health
        self._memory = memory
        self._url = url
        self._secret = secret
        self._clock = clock
        self._sleep = sleep
        self._is_set = False

    async def run(self) -> None:
        """Watch until cancelled."""
        faults = 0
        while True:
            try:
                await self._look()
                faults = 0
            except (TelegramError, StorageFault) as error:
                faults += 1
                self._health.problem = f"webhook: {type(error).__name__}"
                _log.warning("the webhook could not be looked at: %s", type(error).__name__)
            wait = _LOOK_EVERY if faults == 0 else backoff(faults, _LONGEST_WAIT)
            await self._sleep(wait)

    async def _look(self) -> None:
        info: Any = await self._client.bot.do_api_request("getWebhookInfo")
        differs = info.get("url") != self._url or set(info.get("allowed_updates", ())) != set(ALLOWED_UPDATES)
        if self._is_set and differs:
            # Somebody else changed it while we ran. Fighting over it would serve nobody.
            self._health.problem = "the webhook was changed by somebody else"
            _log.error(self._health.problem)
            return
        if not self._is_set:
            await self._set(differs=differs)
        self._health.pending = int(info.get("pending_update_count", 0))
        self._health.heard(self._clock())

    async def _set(self, *, differs: bool) -> None:
        # Telegram never tells the secret, so a fingerprint of the last one set is kept.
        fingerprint = hashlib.sha256(f"{self._client.bot_id} {self._secret}".encode()).hexdigest()[:16]
        if differs or await self._memory.recall("telegram.webhook") != fingerprint:
            given = {"url": self._url, "secret_token": self._secret, "allowed_updates": list(ALLOWED_UPDATES)}
            await self._client.bot.do_api_request("setWebhook", given)
            await self._memory.remember("telegram.webhook", fingerprint)
        self._is_set = True


async def _read_at_most(receive: Receive, most: int) -> bytes | None:
    body = b""
    while True:
        piece = await receive()
        if piece["type"] == "http.disconnect":
            raise StorageFault("the connection was lost before the update was whole")
        body += bytes(piece.get("body", b""))
        if len(body) > most:
            return None
        if not piece.get("more_body", False):
            return body


async def _answer(send: Send, status: int, **headers: bytes) -> None:
    fields = [(b"content-length", b"0"), *((name.encode(), value) for name, value in headers.items())]
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": b""})

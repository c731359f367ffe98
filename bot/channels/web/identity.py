"""Who sits before the page: a random id in a signed cookie, and the token that its forms carry."""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response

KEPT = timedelta(days=400)  # browsers keep no cookie longer
_RENEWED_AFTER = timedelta(days=7)
_VALUE = re.compile(r"([\w-]{22})\.(\d{1,12})\.([\w-]{43})")


@dataclass(frozen=True, slots=True)
class Visitor:
    """`user` is their id in this channel. `since` is when the cookie was signed; None for one not signed yet."""

    user: str
    since: datetime | None


class Identity:
    """Signs with the first of `keys` and believes all of them, so that a key can be replaced without losing anyone."""

    def __init__(self, keys: Sequence[bytes], clock: Callable[[], datetime], *, is_secure: bool) -> None:
        if not keys or min(map(len, keys)) < 16:
            raise ValueError("the chat cookie needs a key of at least 16 bytes")
        self._keys = keys
        self._clock = clock
        self._is_secure = is_secure
        # With this prefix a browser takes the cookie from this very host alone, never from a neighbour's subdomain.
        self._name = "__Host-hongyan" if is_secure else "hongyan"

    def of(self, request: Request) -> Visitor:
        """The person of the cookie; a new one when there is none, or it is not ours, or too old."""
        parts = _VALUE.fullmatch(request.cookies.get(self._name, ""))
        if parts is not None and self._is_signed("cookie", f"{parts[1]}.{parts[2]}", parts[3]):
            age = self._clock().timestamp() - int(parts[2])
            if age < KEPT.total_seconds():
                return Visitor(parts[1], datetime.fromtimestamp(int(parts[2]), self._clock().tzinfo))
        return Visitor(secrets.token_urlsafe(16), None)

    def keep(self, response: Response, visitor: Visitor) -> None:
        """Let the browser remember the person, and renew what it has before it gets old."""
        now = self._clock()
        if visitor.since is not None and now - visitor.since < _RENEWED_AFTER:
            return
        value = f"{visitor.user}.{int(now.timestamp())}"
        response.set_cookie(
            self._name,
            f"{value}.{_signed(self._keys[0], 'cookie', value)}",
            max_age=int(KEPT.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="lax",
        )

    def form_token(self, visitor: Visitor) -> str:
        return _signed(self._keys[0], "form", visitor.user)

    def is_form_token(self, visitor: Visitor, token: str) -> bool:
        return self._is_signed("form", visitor.user, token)

    def _is_signed(self, purpose: str, value: str, signature: str) -> bool:
        given = signature.encode()
        return any(hmac.compare_digest(_signed(key, purpose, value).encode(), given) for key in self._keys)


def _signed(key: bytes, purpose: str, value: str) -> str:
    digest = hmac.digest(key, f"hongyan.web.{purpose}|{value}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")

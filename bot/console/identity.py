"""Which browser is signed in: the cookie with the secret of its session, and the token that its forms carry."""

import base64
import hashlib
import hmac

from starlette.requests import Request
from starlette.responses import Response

from storage import sessions


class Identity:
    def __init__(self, key: bytes, *, is_secure: bool) -> None:
        self._key = key
        self._is_secure = is_secure
        # With this prefix a browser takes the cookie from this very host alone, never from a neighbour's subdomain.
        self._name = "__Host-hongyan-console" if is_secure else "hongyan-console"

    def secret(self, request: Request) -> str:
        """Empty when the browser has none."""
        return request.cookies.get(self._name, "")[:100]

    def keep(self, response: Response, secret: str) -> None:
        response.set_cookie(
            self._name,
            secret,
            max_age=int(sessions.LASTS.total_seconds()),
            path="/",
            secure=self._is_secure,
            httponly=True,
            samesite="strict",
        )

    def forget(self, response: Response) -> None:
        response.delete_cookie(self._name, path="/", secure=self._is_secure, httponly=True, samesite="strict")

    def form_token(self, secret: str) -> str:
        digest = hmac.digest(self._key, f"hongyan.console.form|{secret}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def is_form_token(self, secret: str, token: str) -> bool:
        return hmac.compare_digest(self.form_token(secret).encode(), token.encode())

"""Signing in by a one-time link, and signing out.

Opening the link shows a button and uses nothing up: chat programs look at links before people do.
"""

from datetime import datetime

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console import texts
from bot.console.doors import Closed, Doorkeeper
from bot.console.visit import Visit
from bot.web.origin import is_from_here
from storage import audit, grants, sessions, tokens
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import CodeNotValid

_LONGEST = 64


class SignIn:
    def __init__(self, doorkeeper: Doorkeeper) -> None:
        self._doorkeeper = doorkeeper

    async def look(self, request: Request) -> Response:
        """The page with the button."""
        try:
            self._doorkeeper.take_sign_in(request)
            token = _token(request)
            await self._doorkeeper.database.read(tokens.read, sessions.LINK, token, self._doorkeeper.clock())
        except Closed as closed:
            return self._doorkeeper.closed(request, closed.status, closed.sentence)
        except CodeNotValid:
            return self._doorkeeper.closed(request, 410, texts.LINK_OVER)
        return HTMLResponse(
            self._doorkeeper.rendering.page(
                "sign_in.html",
                token=token,
                is_sample=self._doorkeeper.settings.is_sample,
                support_phone=self._doorkeeper.settings.support_phone,
            )
        )

    async def enter(self, request: Request) -> Response:
        """Uses the link up. The session before it, if the browser had one, ends."""
        keeper = self._doorkeeper
        before = keeper.identity.secret(request)
        try:
            keeper.take_sign_in(request)
            if not is_from_here(request, keeper.settings.public_url):
                raise Closed(403, texts.STALE)
            secret = await keeper.database.write(_begin, _token(request), before, keeper.clock())
        except Closed as closed:
            return keeper.closed(request, closed.status, closed.sentence)
        except CodeNotValid:
            return keeper.closed(request, 410, texts.LINK_OVER)
        response = RedirectResponse("/console", 303)
        keeper.identity.keep(response, secret)
        return response

    async def leave(self, visit: Visit) -> Response:
        identity = self._doorkeeper.identity
        await visit.write(sessions.end, identity.secret(visit.request))
        parts = {"support_phone": visit.settings.support_phone, "is_sample": visit.settings.is_sample}
        response = HTMLResponse(self._doorkeeper.rendering.page("signed_out.html", **parts))
        identity.forget(response)
        return response


def _begin(tx: Transaction, token: str, before: str, now: datetime) -> str:
    if before:
        sessions.end(tx, before)
    secret, person_id = sessions.begin(tx, token, now)
    held = grants.of_person(tx, person_id, now)
    if not held:
        raise CodeNotValid  # the role was taken back after the link was given
    audit.note(tx, Actor(person_id, held[0].role, "console"), "console.sign_in", f"person {person_id}", now)
    return secret


def _token(request: Request) -> str:
    token: str = request.path_params["token"]
    return token[:_LONGEST]

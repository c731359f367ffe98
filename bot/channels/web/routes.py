"""The addresses of the chat page, and what happens at each."""

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from bot.channels import Receive
from bot.channels.web import chats, forms, texts
from bot.channels.web.channel import WebChannel
from bot.channels.web.chats import CHANNEL
from bot.channels.web.downloads import Downloads
from bot.channels.web.forms import TooLarge, Unreadable
from bot.channels.web.identity import Identity, Visitor
from bot.channels.web.limits import Doors
from bot.channels.web.rendering import Rendering, fresh_id, kind_of
from bot.channels.web.settings import WebSettings
from bot.channels.web.stream import NewsStream
from bot.web import media
from bot.web.files import as_file
from bot.web.headers import SecurityHeaders
from bot.web.limits import address_of
from bot.web.media import Media, Unusable
from bot.web.origin import is_from_here
from dialogue.message import Address, Attachment, Message, Reply
from storage import accounts, uploads
from storage.chat_history import Turn
from storage.database import Database, StorageFault
from storage.geography import Place

Greeting = Callable[[], Awaitable[tuple[Reply, ...]]]
"""What somebody reads who opens the page for the first time. Nothing is kept until they say something."""

_SIZES = ("0", "1", "2")  # of the letters
_SIZE = "hongyan_size"
_ID = re.compile(r"[A-Za-z0-9]{8,32}")
_PAYLOAD = re.compile(r"[\w-]{1,64}", re.ASCII)
_AT_ONCE = 2  # pictures made anew at the same time: each takes a processor and some megabytes
_SENTENCES = {"empty": texts.EMPTY_FILE, "unknown": texts.UNKNOWN_FILE, "broken": texts.BROKEN_PICTURE}
_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def web_routes(
    channel: WebChannel,
    receive: Receive,
    database: Database,
    clock: Callable[[], datetime],
    keys: Sequence[bytes],
    settings: WebSettings,
    greeting: Greeting,
) -> list[BaseRoute]:
    """Everything below /chat, and /files. `keys` sign the cookie: the first signs, all are believed."""
    doors = Doors(clock)
    identity = Identity(keys, clock, is_secure=settings.is_secure)
    chat = Chat(channel, receive, database, clock, identity, doors, settings, greeting)
    downloads = Downloads(database, clock, doors)
    guard = [Middleware(SecurityHeaders, is_secure=settings.is_secure)]
    return [
        Route("/chat", chat.page, methods=["GET"], middleware=guard),
        Route("/chat", chat.say, methods=["POST"], middleware=guard),
        Route("/chat/news", chat.news, methods=["POST"], middleware=guard),
        Route("/chat/events", chat.events, methods=["GET"], middleware=guard),
        Route("/chat/size", chat.size, methods=["POST"], middleware=guard),
        Route("/chat/sent/{message}", chat.sent, methods=["GET"], middleware=guard),
        Route("/chat/assets/{name}", chat.asset, methods=["GET"], middleware=guard),
        Route("/files/{token}", downloads.file, methods=["GET"], middleware=guard),
    ]


@dataclass(eq=False)
class Problem(Exception):
    """The message was not taken; `sentence` says what to do."""

    sentence: str
    status: int
    retry_after: float = 0


class Chat:
    """The page and what it posts. It works without scripts; with them the same posts are answered in JSON."""

    def __init__(
        self,
        channel: WebChannel,
        receive: Receive,
        database: Database,
        clock: Callable[[], datetime],
        identity: Identity,
        doors: Doors,
        settings: WebSettings,
        greeting: Greeting,
    ) -> None:
        self._channel = channel
        self._receive = receive
        self._database = database
        self._clock = clock
        self._identity = identity
        self._doors = doors
        self._settings = settings
        self._greeting = greeting
        self._rendering = Rendering()
        self._drawing = asyncio.Semaphore(_AT_ONCE)

    # Showing.

    async def page(self, request: Request) -> Response:
        wait = self._doors.page(_address(request))
        if wait:
            return PlainTextResponse(texts.too_fast(wait), 429, {"retry-after": str(int(wait) + 1)})
        visitor = self._identity.of(request)
        start = request.query_params.get("start", "")
        return await self._page(request, visitor, start=start if _PAYLOAD.fullmatch(start) else "")

    async def _page(
        self, request: Request, visitor: Visitor, *, start: str = "", typed: str = "", problem: Problem | None = None
    ) -> Response:
        turns: list[Turn] = []
        token = self._identity.form_token(visitor)
        try:
            if visitor.since is not None:
                turns = await self._to_be_shown(request, visitor)
            chat = self._rendering.chat(turns, token) or self._rendering.greeting(await self._greeting(), token)
        except StorageFault:  # not even reading works: the page still says whom to call
            chat, problem = "", problem or Problem(texts.fault(self._settings.support_phone), 503, 10)
        html = self._rendering.page(
            chat=chat,
            last=turns[-1].id if turns else "",
            form_token=token,
            message_id=fresh_id(),
            start=start,
            typed=typed,
            problem=problem.sentence if problem else "",
            size=_size(request.cookies.get(_SIZE, "")),
            phone=self._settings.support_phone,
            is_sample=self._settings.is_sample,
        )
        response = HTMLResponse(html, problem.status if problem else 200)
        if problem and problem.retry_after:
            response.headers["retry-after"] = str(int(problem.retry_after) + 1)
        self._identity.keep(response, visitor)
        return response

    async def _to_be_shown(self, request: Request, visitor: Visitor) -> list[Turn]:
        # A browser that only guesses we might come here must not fetch what waits for us.
        purpose = request.headers.get("sec-purpose", request.headers.get("purpose", ""))
        if request.method != "HEAD" and "prefetch" not in purpose:
            with suppress(StorageFault):
                return await self._channel.news(visitor.user)
        return await self._look(visitor.user)

    def _turns(self, turns: Sequence[Turn], visitor: Visitor, form: FormData) -> Response:
        """What the page does not show yet."""
        token = self._identity.form_token(visitor)
        return JSONResponse({"html": self._rendering.chat(turns, token, forms.text(form, "after", 100))})

    async def _look(self, user: str) -> list[Turn]:
        return await self._database.read(chats.look, user)

    async def news(self, request: Request) -> Response:
        visitor = self._identity.of(request)
        try:
            form = await forms.read(request)
            self._check_sender(request, visitor, form)
            if wait := self._doors.look(visitor.user):
                raise Problem(texts.too_fast(wait), 429, wait)
            turns = await self._channel.news(visitor.user)
        except (TooLarge, Unreadable):
            return _in_json(Problem(texts.NOT_READ, 400))
        except StorageFault:
            return _in_json(Problem(texts.fault(self._settings.support_phone), 503, 10))
        except Problem as problem:
            return _in_json(problem)
        except ClientDisconnect:
            return Response()
        return self._turns(turns, visitor, form)

    async def events(self, request: Request) -> Response:
        visitor = self._identity.of(request)
        if visitor.since is None:
            return Response(status_code=204)  # tells the browser not to come back: without a cookie there is no news
        if wait := self._doors.look(visitor.user):
            return PlainTextResponse(texts.too_fast(wait), 429, {"retry-after": str(int(wait) + 1)})
        return NewsStream(self._channel.pages, visitor.user)

    async def sent(self, request: Request) -> Response:
        """A picture or a voice message, for the one who sent it."""
        visitor = self._identity.of(request)
        message: str = request.path_params["message"]
        found = None
        try:
            if message.endswith(_tag(visitor)):
                account = await self._database.read(accounts.find, CHANNEL, visitor.user)
                if account is not None:
                    found = await self._database.read(uploads.seen_by, account.id, CHANNEL, message)
        except StorageFault:
            return PlainTextResponse(texts.fault(self._settings.support_phone), 503, {"retry-after": "10"})
        if found is None:
            return PlainTextResponse(texts.GONE, 404)
        content, media_type = found
        return as_file(content, media_type, f"{kind_of(message)}.{media_type.rpartition('/')[2]}")

    async def asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        content = self._rendering.assets.get(name)
        if content is None:
            return PlainTextResponse("", 404)
        # The address changes with the content, so a copy never gets old.
        lasting = request.query_params.get("v") == self._rendering.version
        response = Response(content, headers={"cache-control": f"public, max-age={31536000 if lasting else 300}"})
        response.headers["content-type"] = _MEDIA_TYPES[name.rpartition(".")[2]]
        return response

    async def size(self, request: Request) -> Response:
        """Larger letters, without scripts."""
        response = RedirectResponse("/chat", 303)
        try:
            form = await forms.read(request)
        except (TooLarge, Unreadable, ClientDisconnect):
            return response
        wanted = _size(forms.text(form, "size", 1))
        response.set_cookie(
            _SIZE, wanted, max_age=34_560_000, path="/", samesite="lax", secure=self._settings.is_secure
        )
        return response

    # Taking what is said.

    async def say(self, request: Request) -> Response:
        visitor = self._identity.of(request)
        with_scripts = "application/json" in request.headers.get("accept", "")
        typed = ""
        form = None
        try:
            form = await forms.read(request)
            typed = forms.text(form, "text")
            self._check_sender(request, visitor, form)
            await self._take(request, visitor, form, typed)
        except (TooLarge, Unreadable) as problem:
            sentence = Problem(texts.TOO_LARGE, 413) if isinstance(problem, TooLarge) else Problem(texts.NOT_READ, 400)
            return await self._refuse(request, visitor, typed, sentence, with_scripts=with_scripts)
        except StorageFault:
            sentence = Problem(texts.fault(self._settings.support_phone), 503, 10)
            return await self._refuse(request, visitor, typed, sentence, with_scripts=with_scripts)
        except Problem as problem:
            return await self._refuse(request, visitor, typed, problem, with_scripts=with_scripts)
        except ClientDisconnect:
            return Response()
        finally:
            if form is not None:
                await form.close()
        self._channel.pages.nudge(visitor.user)  # other pages of the same person
        if not with_scripts:
            return RedirectResponse("/chat#end", 303)
        try:
            turns = await self._look(visitor.user)
        except StorageFault:  # kept and answered: posting it again changes nothing
            return _in_json(Problem(texts.fault(self._settings.support_phone), 503, 10))
        return self._turns(turns, visitor, form)

    async def _refuse(
        self, request: Request, visitor: Visitor, typed: str, problem: Problem, *, with_scripts: bool
    ) -> Response:
        if with_scripts:
            return _in_json(problem)
        return await self._page(request, visitor, typed=typed, problem=problem)

    def _check_sender(self, request: Request, visitor: Visitor, form: FormData) -> None:
        if not is_from_here(request, self._settings.public_url) or not self._identity.is_form_token(
            visitor, forms.text(form, "token", 100)
        ):
            raise Problem(texts.STALE, 403)

    async def _take(self, request: Request, visitor: Visitor, form: FormData, typed: str) -> None:
        """Answer what was posted. When it returns, message and bytes are on disk."""
        given_id = forms.text(form, "id", 40)
        if not _ID.fullmatch(given_id):
            raise Problem(texts.NOT_READ, 400)
        upload = await forms.upload(form, "file")
        is_new = not await self._database.read(chats.is_known, visitor.user)
        if wait := self._doors.say(visitor.user, _address(request), is_new=is_new, has_file=upload is not None):
            raise Problem(texts.too_fast(wait), 429, wait)
        if is_new:
            hello = f"hello-{_tag(visitor)}"
            await self._database.write(chats.begin, visitor.user, await self._greeting(), hello, self._clock())
        made = None if upload is None else await self._made(upload)
        kind, parts = _parts(form, typed, made)
        # The sender is part of the id: nobody gets another's answer by repeating what the other's browser made up.
        message_id = f"{kind}-{given_id}-{_tag(visitor)}"
        if made is not None and upload is not None:
            kept = made.media_type, made.content, self._clock()
            await self._database.write(uploads.keep, CHANNEL, message_id, *kept)
            parts["attachment"] = Attachment(made.kind, message_id, upload.name, made.media_type, len(made.content))
        sender = Address(CHANNEL, visitor.user)
        await self._receive(Message(message_id, sender, self._clock(), **parts))
        if made is not None:
            await self._database.write(uploads.hand_over, CHANNEL, message_id)

    async def _made(self, upload: forms.Upload) -> Media:
        try:
            async with self._drawing:
                return await asyncio.to_thread(media.read, upload.content, upload.declared)
        except Unusable as problem:
            raise Problem(_SENTENCES[problem.because], 415) from None


def _parts(form: FormData, typed: str, made: Media | None) -> tuple[str, dict[str, Any]]:
    """What kind of message was posted, and the parts of it."""
    if made is not None:
        return made.kind, {"text": typed}
    choice = form.get("choice")
    if isinstance(choice, str):
        return "tap", {"choice": choice[:200], "turn": forms.text(form, "turn", 100) or None}
    if payload := forms.text(form, "payload", 64):
        return "link", {"payload": payload if _PAYLOAD.fullmatch(payload) else ""}
    if (place := _place(form)) is not None:
        return "place", {"place": place}
    return "say", {"text": typed}


def _place(form: FormData) -> Place | None:
    """A position as browsers give it, in WGS-84."""
    try:
        latitude, longitude = (float(forms.text(form, name, 30)) for name in ("latitude", "longitude"))
    except ValueError:
        return None
    return Place(latitude, longitude) if -90 <= latitude <= 90 and -180 <= longitude <= 180 else None


def _tag(visitor: Visitor) -> str:
    return hashlib.sha256(visitor.user.encode()).hexdigest()[:16]


def _size(value: str) -> str:
    return value if value in _SIZES else _SIZES[0]


def _address(request: Request) -> str:
    return address_of(request.client.host if request.client else "")


def _in_json(problem: Problem) -> Response:
    headers = {"retry-after": str(int(problem.retry_after) + 1)} if problem.retry_after else None
    return JSONResponse({"problem": problem.sentence}, problem.status, headers)

"""A Bot API server on a loopback port that checks every call, plays people and breaks when told to."""

import asyncio
import contextlib
import itertools
import json
import re
import socket
import struct
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

from tests import ports
from tests.telegram import methods
from tests.telegram.calls import Answer, Call
from tests.telegram.clock import Clock, WallClock
from tests.telegram.files import Files
from tests.telegram.people import Group, Person
from tests.telegram.table import Table, Upload, bot_api
from tests.telegram.troubles import Trouble, Troubles
from tests.telegram.updates import Raw, Updates
from tests.telegram.webhook import Webhook

TOKEN = "700000001:AAF-example_token_of_a_bot_that_is_not"
PATIENCE = 10.0  # seconds of real time a test waits for something that ought to happen


@dataclass
class Rates:
    """Strict sliding windows: (how many, in how many seconds); None leaves one open."""

    everyone: tuple[int, float] | None = None
    chat: tuple[int, float] | None = None
    group: tuple[int, float] | None = None
    sent: dict[int, deque[float]] = field(default_factory=dict)
    until: float = 0.0

    def retry_after(self, chat: int, now: float) -> int:
        """Seconds to wait, 0 when the message may go. Asking during a wait prolongs it."""
        if now < self.until:
            self.until = max(self.until, now + 3)
            return int(self.until - now) + 1
        windows = [(0, self.everyone), (chat, self.group if chat < 0 and self.group else self.chat)]
        for key, window in windows:
            if window is None:
                continue
            past = self.sent.setdefault(key, deque())
            while past and past[0] <= now - window[1]:
                past.popleft()
            if len(past) >= window[0]:
                self.until = now + 3
                return 3
        for key, _ in windows:
            self.sent.setdefault(key, deque()).append(now)
        return 0


class FakeTelegram:
    """Steered by a test; `mistakes` holds what the program did wrong, also where it swallowed the answer."""

    def __init__(self, clock: Clock | None = None, *, token: str = TOKEN, table: Table | None = None) -> None:
        self.clock = clock or WallClock()
        self.token = token
        self.table = table or bot_api()
        self.mistakes: list[str] = []
        self.calls: list[Call] = []
        self.troubles = Troubles()
        self.rates = Rates()
        self.files = Files(self.clock)
        self.updates = Updates(self.clock)
        self.webhook = Webhook(self.updates, self.clock, self.object_to)
        self.chats: dict[int, Person | Group] = {}
        self.commands: dict[str, list[Raw]] = {}  # by scope, as JSON
        self.menu_buttons: dict[int, Raw] = {}
        self.revoked = False
        self.patience = PATIENCE
        self.port = 0
        self._queries = itertools.count(9_000_000_001)
        self._happened = asyncio.Event()
        self.updates.changed.append(self.tell)
        self._uploads: dict[str, Upload] = {}
        self._stack = contextlib.AsyncExitStack()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def as_user(self) -> Raw:
        bot_id = int(self.token.split(":")[0])
        return {"id": bot_id, "is_bot": True, "first_name": "红雁", "username": "hongyan_example_bot"}

    async def __aenter__(self) -> Self:
        await self.up()
        pushing = asyncio.ensure_future(self.webhook.run())

        async def stop() -> None:
            pushing.cancel()
            await asyncio.gather(pushing, return_exceptions=True)
            await self.down()

        self._stack.push_async_callback(stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def up(self) -> None:
        """Listen, on the port of before if there was one."""
        self.port = self.port or ports.number(self._stack.enter_context(ports.held()))
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/bot{token:[^/]+}/{method}", self._called)
        app.router.add_get("/file/bot{token:[^/]+}/{path:.+}", self._fetched)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=True).start()

    async def down(self) -> None:
        """Refuse every connection, and end those that are open."""
        self.updates.hang_up()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def person(self, first_name: str = "王建国", *, number: int = 0) -> Person:
        person = Person(self, number or 100_001 + len(self.chats), first_name)
        self.chats[person.id] = person
        return person

    def group(self, title: str = "春园候鸟群") -> Group:
        group = Group(self, -(200_001 + len(self.chats)), title)
        self.chats[group.id] = group
        return group

    def deliver(self, kind: str, content: Raw, *, checked: bool = True, **rest: Any) -> Raw:
        """Queue an update. `checked=False` lets one pass that Telegram itself would never make."""
        raw = self.updates.put(kind, content, **rest)
        if checked:
            wrong = self.table.mistakes_in_value(raw, "Update")
            assert not wrong, f"the fake itself is wrong: {wrong}"
        return raw

    def next_query(self) -> int:
        return next(self._queries)

    def tell(self) -> None:
        self._happened.set()

    async def until(self, holds: Callable[[], bool], what: str = "it") -> None:
        """Wait until `holds()`; looked at whenever a call, a message or an update has passed."""
        try:
            async with asyncio.timeout(self.patience):
                while not holds():
                    self._happened.clear()
                    await self._happened.wait()
        except TimeoutError:
            raise AssertionError(f"waited for {what} in vain; mistakes: {self.mistakes}") from None

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def sent_to(self, chat: int) -> list[str]:
        """Texts of what was executed for a chat, in order, whether the program learned of it or not."""
        return [
            call.given.get("text", call.given.get("caption", ""))
            for call in self.calls
            if call.executed and call.message_id and call.given.get("chat_id") in (chat, str(chat))
        ]

    def object_to(self, what: str) -> None:
        self.mistakes.append(what)

    async def _called(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        if request.match_info["token"] != self.token or self.revoked:
            self.tell()
            return _refusal(Answer(401, "Unauthorized"))
        method = self.table.methods.get(name.lower())
        if method is None:
            self.object_to(f"unknown method {name}")
            return _refusal(Answer(404, "Not Found: method not found"))
        given, uploads = await self._read(request, method.name)
        call = Call(method.name, given, self.clock.time(), content_type=request.content_type)
        self.calls.append(call)
        self.tell()
        trouble = self.troubles.take(method.name)
        if trouble is not None and trouble.when == "before":
            return await self._break(request, trouble, call, None)
        answer: web.Response
        try:
            result = await self._execute(call, uploads)
        except Answer as refusal:
            call.status = refusal.status
            answer = _refusal(refusal)
        else:
            call.status, call.executed = 200, True
            if method.name != "getUpdates":  # checked as they were made
                self._check_result(method.name, result)
            answer = web.json_response({"ok": True, "result": result})
        self.tell()
        if trouble is not None:
            return await self._break(request, trouble, call, answer)
        call.answered = True
        return answer

    async def _execute(self, call: Call, uploads: dict[str, Upload]) -> Any:
        found = self.table.mistakes_in_call(call.method, call.given, uploads)
        for mistake in found:
            self.object_to(f"{call.method}: {mistake.what}")
        for mistake in found:
            if mistake.answer is not None:
                raise Answer(400, mistake.answer)
        return await methods.METHODS[call.method](self, call, uploads)

    def _check_result(self, method: str, result: Any) -> None:
        kinds = self.table.methods[method.lower()].returns
        tried = [self.table.mistakes_in_value(result, kind, "", "result") for kind in kinds]
        assert not min(tried, key=len), f"the fake itself answers {method} wrongly: {tried}"

    async def _read(self, request: web.Request, method: str) -> tuple[dict[str, Any], dict[str, Upload]]:
        """Parameters, decoded to what the table calls them, and the files that came along."""
        given: dict[str, Any] = {}
        uploads: dict[str, Upload] = {}
        for name, value in request.query.items():
            given[name] = self._decoded(method, name, value)
        if request.content_type == "application/json":
            body = json.loads(await request.read() or b"{}")
            given |= body if isinstance(body, dict) else {}
        elif request.method == "POST":
            for name, part in (await request.post()).items():
                if isinstance(part, web.FileField):
                    uploads[name] = Upload(part.filename, part.content_type, part.file.read())
                else:
                    given[name] = self._decoded(method, name, str(part))
        return given, uploads

    def _decoded(self, method: str, name: str, value: str) -> Any:
        known = self.table.methods[method.lower()].fields.get(name)
        if known is None or "InputFile" in known.types:
            return value
        for kind in known.types:
            if kind == "Boolean" and value.lower() in ("true", "false"):
                return value.lower() == "true"
            if kind in ("Integer", "Float") and re.fullmatch(r"-?\d+(\.\d+)?", value):
                return int(value) if kind == "Integer" and "." not in value else float(value)
            if kind not in ("Boolean", "Integer", "Float", "String"):
                with contextlib.suppress(ValueError):
                    return json.loads(value)
        return value

    async def _fetched(self, request: web.Request) -> web.StreamResponse:
        trouble = self.troubles.take("file")
        if trouble is not None and trouble.when == "before":
            return await self._break(request, trouble, None, None)
        content = self.files.at(request.match_info["path"]) if request.match_info["token"] == self.token else None
        if content is None:
            return _refusal(Answer(404, "Not Found"))
        answer = web.Response(body=content, content_type="application/octet-stream")
        return answer if trouble is None else await self._break(request, trouble, None, answer)

    async def _break(
        self, request: web.Request, trouble: Trouble, call: Call | None, answer: web.Response | None
    ) -> web.StreamResponse:
        self.tell()
        match trouble.how:
            case "slow":
                await self.clock.sleep(trouble.seconds)
                assert answer is not None
                return answer
            case "answer":
                if call is not None and trouble.when == "before":
                    call.status, call.answered = trouble.status, True
                return _refusal(_answer_of(trouble), with_parameters=trouble.with_parameters)
            case "html":
                page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
                return web.Response(status=trouble.status, text=page, content_type="text/html")
            case "raw":
                return web.Response(status=trouble.status, text=trouble.description, content_type="application/json")
            case "silence":
                await asyncio.Event().wait()
            case "half":
                half = web.StreamResponse(headers={"Content-Length": "5000", "Content-Type": "application/json"})
                await half.prepare(request)
                await half.write(b'{"ok":true,"res')
            case "reset":
                _reset_on_close(request)
        assert request.transport is not None
        request.transport.abort()
        return web.Response()


def _answer_of(trouble: Trouble) -> Answer:
    parameters = {"retry_after": trouble.retry_after} if trouble.retry_after is not None else {}
    return Answer(trouble.status, trouble.description, **parameters)


def _refusal(answer: Answer, *, with_parameters: bool = True) -> web.Response:
    body: Raw = {"ok": False, "error_code": answer.status, "description": answer.description}
    if answer.parameters and with_parameters:
        body["parameters"] = answer.parameters
    headers = {"Retry-After": str(answer.parameters["retry_after"])} if "retry_after" in answer.parameters else {}
    return web.json_response(body, status=answer.status, headers=headers)


def _reset_on_close(request: web.Request) -> None:
    assert request.transport is not None
    connection = request.transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

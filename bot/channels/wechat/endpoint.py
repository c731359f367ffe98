"""The addresses the platform calls: pushes, the verification of the address, and the way back from a consent."""

import html
import logging
import traceback
from collections.abc import Callable
from datetime import datetime
from xml.etree import ElementTree  # it writes; what came was read by `xml`  # nosec B405

from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from bot.channels.wechat import inbound, promises, xml
from bot.channels.wechat.parts import SUCCESS, Shown, Silence, Text, passive
from bot.channels.wechat.signature import BadPush
from bot.channels.wechat.turns import Turns
from bot.channels.wechat.wire import Push, Wire
from storage import wechat_promises
from storage.database import Database, StorageFault
from storage.inbox import quarantine

_log = logging.getLogger(__name__)

FAULT = "我这边出了点毛病，您的话没丢。请过十分钟再发一次。"
_PAGE = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>红雁</title>
<style>body{{font:20px/1.6 sans-serif;color:#111;background:#fff;margin:2em auto;max-width:30em;padding:0 1em}}</style>
</head><body><h1>{title}</h1><p>{text}</p></body></html>
"""
_AGREED = ("好，记下了", "到时候我提醒您。现在可以关上这一页，回到聊天里。")
_NOT_AGREED = ("好的，不提醒", "想要提醒，随时回来说一声。现在可以关上这一页，回到聊天里。")
_OLD = ("这个链接用过了", "请回到聊天里再点一次。")


class Endpoint:
    """Believes the platform and nobody else."""

    def __init__(self, wire: Wire, turns: Turns, database: Database, clock: Callable[[], datetime]) -> None:
        self._wire = wire
        self._turns = turns
        self._database = database
        self._clock = clock

    def routes(self) -> list[Route]:
        return [
            Route("/wechat", self.verify, methods=["GET"]),
            Route("/wechat", self.push, methods=["POST"]),
            Route(promises.PATH, self.promised, methods=["GET"]),
            Route(promises.PATH + "/", self.promised, methods=["GET"]),
        ]

    async def verify(self, request: Request) -> Response:
        """The console asks whether the address is ours."""
        try:
            return _plain(self._wire.echo(request.query_params.multi_items()))
        except BadPush as fault:
            return _refused(fault)

    async def push(self, request: Request) -> Response:
        query = request.query_params.multi_items()
        try:
            self._wire.admit(query, self._clock())
            push = self._wire.open(query, await _body(request))
        except BadPush as fault:
            return _refused(fault)
        try:
            return await self._answer(push)
        except Exception as fault:  # noqa: BLE001 - the outermost edge: logged, and the person is told
            # Where it happened, never what was said: the text of an exception may quote a person.
            where = "".join(traceback.format_list(traceback.extract_tb(fault.__traceback__)))
            _log.error("wechat: a push could not be answered: %s\n%s", type(fault).__name__, where)
            return self._shown(push, Text(FAULT))

    async def _answer(self, push: Push) -> Response:
        raw = ElementTree.tostring(push.element, encoding="unicode")
        try:
            heard = inbound.read(push.element)
        except BadPush as fault:
            # It is the platform's, and cannot be read: set aside, so that it is not sent again for ever.
            now = self._clock()
            await self._database.write(quarantine, "wechat", push.nonce[:80], fault.reason, "push", raw, now)
            return _plain(SUCCESS)
        part = await self._turns.answer(heard, raw)
        if part is None:
            return Response(status_code=503)
        if isinstance(part, Silence):
            return _plain(SUCCESS)
        return self._shown(push, part)

    def _shown(self, push: Push, part: Shown) -> Response:
        now = self._clock()
        user, account = xml.text_of(push.element, "FromUserName"), xml.text_of(push.element, "ToUserName")
        answer = passive(part, user, account, int(now.timestamp()))
        return Response(self._wire.seal(answer, push, now), media_type="application/xml; charset=utf-8")

    async def promised(self, request: Request) -> Response:
        """Anybody can call this address; only the token of an open offer counts."""
        given = request.query_params
        token, scene = given.get("reserved", ""), given.get("scene", "")
        user = given.get("openid", "") if given.get("action") == "confirm" else None
        if not token or not scene.isascii() or not scene.isdecimal() or len(scene) > 5 or user == "":
            return _page(*_OLD, status=404)
        try:
            known = await self._database.write(wechat_promises.answer, token, user, int(scene), self._clock())
        except StorageFault:
            return _page(*_OLD, status=503)
        if not known:
            return _page(*_OLD, status=404)
        return _page(*(_NOT_AGREED if user is None else _AGREED))


async def _body(request: Request) -> bytes:
    body = b""
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > xml.AT_MOST_BYTES:
                raise BadPush("too large")
    except ClientDisconnect:
        raise BadPush("cut off") from None
    return body


def _plain(text: str) -> Response:
    return Response(text, media_type="text/plain; charset=utf-8")


def _refused(fault: BadPush) -> Response:
    _log.info("wechat: a request was refused: %s", fault.reason)
    return Response(status_code=403)


def _page(title: str, text: str, *, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=html.escape(title), text=html.escape(text)), status_code=status)

"""The platform's API, strictly: rights, tokens, quotas and field rules; refusals are HTTP 200 with an error code."""

import asyncio
import itertools
import json
import secrets
from collections import Counter
from datetime import timedelta
from urllib.parse import quote

from aiohttp import web

from tests.wechat import rights, rules

MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken",
    40003: "invalid openid",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40033: "invalid request, cannot contain \\uxxxx",
    40037: "invalid template_id",
    40053: "invalid action info",
    40125: "invalid appsecret",
    40200: "invalid account type",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    43101: "user refuse to accept the msg",
    44004: "empty content",
    45002: "content size out of limit",
    45008: "article size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    47001: "data format error",
    48001: "api unauthorized",
}


class Refused(Exception):
    def __init__(self, code, message=""):
        self.code = code
        self.message = message or MESSAGES.get(code, "refused")


class Api:
    """One account at the platform. `server` is the FakeWechat around it."""

    def __init__(self, server):
        self.server = server
        self.clock = server.clock
        self.calls = []  # (path, body) of everything that was asked
        self.tokens = {}  # token -> good until
        self.stable = None
        self.whitelist = {"127.0.0.1"}
        self.trouble = {}  # path -> list of what goes wrong next
        self.always = None  # what goes wrong with every other call
        self.used = Counter()
        self.limits = dict(rights.DAILY_OF_A_TEST_ACCOUNT if server.kind == "test" else rights.DAILY)
        self.templates = {}  # id -> keys
        self.subscription_template = ""
        self.consents = set()  # (openid, scene), unused
        self.no_templates = set()
        self.media = {}  # id -> (bytes, media type, created)
        self.codes = {}  # url -> scene_str
        self.menu = None
        self.sent_ids = {}  # client_msg_id -> (msgid, when)
        self._numbers = itertools.count(200228332)
        self.waiting = asyncio.Event()

    def routes(self):
        get, post = web.get, web.post
        return [
            post("/cgi-bin/stable_token", self.answer),
            get("/cgi-bin/token", self.answer),
            post("/cgi-bin/message/custom/send", self.answer),
            post("/cgi-bin/message/template/send", self.answer),
            post("/cgi-bin/message/template/subscribe", self.answer),
            post("/cgi-bin/menu/create", self.answer),
            get("/cgi-bin/menu/get", self.answer),
            post("/cgi-bin/qrcode/create", self.answer),
            post("/cgi-bin/media/upload", self.answer),
            get("/cgi-bin/media/get", self.answer),
            get("/cgi-bin/user/info", self.answer),
            get("/cgi-bin/getcallbackip", self.answer),
            web.route("*", "/{other:.*}", self.unknown),
        ]

    async def unknown(self, request):
        self.server.fault(f"an address that does not exist: {request.path}")
        return web.Response(status=404)

    async def answer(self, request):
        path = request.path
        raw = b"" if request.content_type.startswith("multipart/") else await request.read()
        troubles = self.trouble.get(path, [])
        trouble = troubles.pop(0) if troubles else self.always
        if trouble == "reset":
            request.transport.abort()
            return web.Response()
        if trouble == "502":
            return web.Response(status=502, text="<html>Bad Gateway</html>", content_type="text/html")
        try:
            if isinstance(trouble, int):
                self.calls.append((path, None))
                raise Refused(trouble, self.message_of(trouble))
            answer = await self._executed(path, request, raw)
        except Refused as refused:
            rid = "-".join(secrets.token_hex(4) for _ in range(3))
            answer = {"errcode": refused.code, "errmsg": f"{refused.message} rid: {rid}"}
        if trouble == "reset after executing":
            request.transport.abort()
            return web.Response()
        if trouble == "half":
            return web.Response(text='{"errcode":0,', content_type="text/plain")
        if isinstance(answer, web.Response):
            return answer
        return web.Response(text=json.dumps(answer, ensure_ascii=False), content_type="text/plain")

    def message_of(self, code):
        if code == 40164:
            return "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"
        if code == 47003:
            return "argument invalid! data.thing1.value invalid"
        return MESSAGES.get(code, "refused")

    async def _executed(self, path, request, raw):
        if request.remote not in self.whitelist:
            raise Refused(40164, f"invalid ip {request.remote} ipv6 ::ffff:{request.remote}, not in whitelist")
        body = self._body(raw) if raw else None
        self.calls.append((path, body))
        if path in ("/cgi-bin/stable_token", "/cgi-bin/token"):
            return self._token(path, body)
        self._check_token(request.query.get("access_token"))
        if path not in rights.PATHS[self.server.kind]:
            raise Refused(48001)
        self._count(path)
        match path.removeprefix("/cgi-bin/"):
            case "message/custom/send":
                return self._custom(body)
            case "message/template/send":
                return self._template(body)
            case "message/template/subscribe":
                return self._one_time(body)
            case "menu/create":
                return self._menu(body)
            case "menu/get":
                return self.menu or {}
            case "qrcode/create":
                return self._code(body)
            case "media/upload":
                return await self._upload(request)
            case "media/get":
                return self._download(request.query.get("media_id", ""))
            case "user/info":
                person = self.server.followers.get(request.query.get("openid"))
                return {"subscribe": int(person is not None and person.following), "openid": request.query["openid"]}
            case "getcallbackip":
                return {"ip_list": ["127.0.0.1"]}
        raise AssertionError(path)

    def _body(self, raw):
        text = raw.decode()
        if "\\u" in text:
            self.server.fault("an escape in JSON")
            raise Refused(40033)
        try:
            return json.loads(text)
        except ValueError:
            raise Refused(47001) from None

    # -- tokens

    def _token(self, path, body):
        server = self.server
        if path == "/cgi-bin/token":
            server.fault("the old token address kills the token of everybody else")
            raise Refused(48001)
        if body.get("grant_type") != "client_credential" or body.get("force_refresh"):
            server.fault("force_refresh is for leaked tokens")
        if body["appid"] != server.app_id:
            raise Refused(40013)
        if body["secret"] != server.app_secret:
            raise Refused(40125)
        now = self.clock()
        if self.stable is None or self.tokens[self.stable] - now <= timedelta(minutes=5):
            self.stable = "token+/=" + secrets.token_hex(60)
            self.tokens[self.stable] = now + timedelta(hours=2)
        return {"access_token": self.stable, "expires_in": int((self.tokens[self.stable] - now).total_seconds())}

    def revoke_token(self):
        """As when somebody else forces a new one."""
        self.tokens.pop(self.stable, None)
        self.stable = None

    def _check_token(self, token):
        if not token:
            raise Refused(41001)
        if token not in self.tokens:
            raise Refused(40001)
        if self.tokens[token] <= self.clock():
            raise Refused(42001)

    def _count(self, path):
        day = (self.clock() + timedelta(hours=8)).date()
        self.used[path, day] += 1
        if path in self.limits and self.used[path, day] > self.limits[path]:
            raise Refused(45009)

    # -- messages

    def _custom(self, body):
        openid, kind = body.get("touser"), body.get("msgtype")
        person = self.server.followers.get(openid)
        if person is None:
            raise Refused(40003)
        shown = self._content(kind, body)
        code = 45015 if not person.following or person.blocks else self.server.ledger.take(openid)
        if code is not None:
            raise Refused(code)
        person.sees(*shown)
        return {"errcode": 0, "errmsg": "ok"}

    def _content(self, kind, body):
        content = body.get(kind)
        try:
            match kind:
                case "text":
                    if not content["content"]:
                        raise Refused(44004)
                    if len(content["content"].encode()) > 2048:
                        raise Refused(45002)
                    return "text", {"content": rules.text_shown(content["content"])}
                case "news":
                    if len(content["articles"]) != 1:
                        raise Refused(45008)
                    return "news", rules.article_shown(content["articles"][0])
                case "image":
                    self._kept(content["media_id"])
                    return "image", {"media_id": content["media_id"]}
                case "msgmenu":
                    if self.server.kind not in rights.MESSAGE_MENU:
                        raise Refused(40200)
                    if not content["list"] or any(not one["content"] or not one["id"] for one in content["list"]):
                        raise Refused(47001)
                    return "msgmenu", content
        except rules.Bad as bad:
            self.server.fault(f"customer service: {bad}")
            raise Refused(47001) from None
        raise Refused(40008)

    def _template(self, body):
        person = self.server.followers.get(body["touser"])
        if body["template_id"] not in self.templates:
            raise Refused(40037)
        if person is None or not person.following:
            raise Refused(43004)
        if body["touser"] in self.no_templates:
            raise Refused(48002)
        keys = self.templates[body["template_id"]]
        if set(body["data"]) != set(keys):
            wrong = next(iter(set(body["data"]) ^ set(keys)))
        else:
            wrong = rules.wrong_field(body["data"])
        if wrong:
            raise Refused(47003, f"argument invalid! data.{wrong}.value invalid")
        known = self.sent_ids.get(body.get("client_msg_id"))
        if known is not None and self.clock() - known[1] < timedelta(minutes=10):
            return {"errcode": 0, "errmsg": "ok", "msgid": known[0]}
        number = next(self._numbers)
        self.sent_ids[body.get("client_msg_id")] = (number, self.clock())
        if not person.blocks:
            person.sees("template", {key: field["value"] for key, field in body["data"].items()})
        self.server.later_report(person, number, "failed:user block" if person.blocks else "success")
        return {"errcode": 0, "errmsg": "ok", "msgid": number}

    def _one_time(self, body):
        if body["template_id"] != self.subscription_template:
            raise Refused(40037)
        content = body["data"]["content"]["value"]
        if len(body["title"]) > 15 or len(content) > 200:
            self.server.fault("title or content of a one-time message is too long")
        consent = (body["touser"], int(body["scene"]))
        if consent not in self.consents:
            raise Refused(43101)
        self.consents.remove(consent)
        self.server.followers[body["touser"]].sees("one-time", {"title": body["title"], "content": content})
        return {"errcode": 0, "errmsg": "ok"}

    # -- the rest

    def _menu(self, body):
        if not rules.menu_is_right(body):
            self.server.fault("a menu the platform refuses")
            raise Refused(47001)
        self.menu = body
        return {"errcode": 0, "errmsg": "ok"}

    def _code(self, body):
        scene = body["action_info"]["scene"]["scene_str"]
        if body["action_name"] not in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE") or not 1 <= len(scene) <= 64:
            raise Refused(40053)
        if body["action_name"] == "QR_STR_SCENE" and not 1 <= body["expire_seconds"] <= 2_592_000:
            raise Refused(40053)
        url = f"http://weixin.qq.com/q/{secrets.token_urlsafe(12)}"
        lasts = body.get("expire_seconds")
        self.codes[url] = (scene, None if lasts is None else self.clock() + timedelta(seconds=lasts))
        return {"ticket": quote(secrets.token_urlsafe(24)), "url": url, **({"expire_seconds": lasts} if lasts else {})}

    async def _upload(self, request):
        part = await (await request.multipart()).next()
        if part.name != "media" or not part.filename or not part.filename.isascii():
            raise Refused(41005, "media data missing")
        content = bytes(await part.read())
        if len(content) > 2 << 20:
            raise Refused(45001, "media size out of limit")
        media_id = self.keep(content, part.headers["Content-Type"])
        return {"type": request.query["type"], "media_id": media_id, "created_at": int(self.clock().timestamp())}

    def keep(self, content, media_type):
        media_id = secrets.token_urlsafe(48)
        self.media[media_id] = (content, media_type, self.clock())
        return media_id

    def _kept(self, media_id):
        content, media_type, created = self.media.get(media_id, (None, None, None))
        if created is None or self.clock() - created > timedelta(days=3):
            raise Refused(40007)
        return content, media_type

    def _download(self, media_id):
        content, media_type = self._kept(media_id)
        return web.Response(body=content, content_type=media_type)

    def asked(self, path):
        """The bodies of all calls of `path`."""
        return [body for called, body in self.calls if called == path]

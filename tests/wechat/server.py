"""A strict WeChat: pushes as the platform pushes, shows what the platform shows, and remembers every fault of ours."""

import asyncio
import itertools
import random
from contextlib import ExitStack, asynccontextmanager
from xml.sax.saxutils import escape

import aiohttp
from aiohttp import web

from tests import ports
from tests.wechat import crypto, rights, rules
from tests.wechat.api import Api
from tests.wechat.ledger import Ledger
from tests.wechat.people import Follower

APP_ID, APP_SECRET, TOKEN = "wx0123456789abcdef", "0123456789abcdef0123456789abcdef", "hongyan"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
ACCOUNT = "gh_0123456789ab"
FAULT_TEXT = "该公众号提供的服务出现故障，请稍后再试"


_SETTINGS = """
[wechat]
enabled = true
app_id = "{app_id}"
app_secret = "{app_secret}"
token = "{token}"
encoding_aes_key = "{aes_key}"
account_kind = "{kind}"
api_base_url = "{base_url}"
"""


class FakeWechat:
    """`push_to` is the address of the program. In the end, `assert_content()` fails for any fault seen."""

    def __init__(self, clock, *, kind="service_verified", sleep=asyncio.sleep, aes_key=AES_KEY, attempts=3):
        self.clock = clock
        self.sleep = sleep
        self.kind = kind
        self.app_id, self.app_secret, self.token = APP_ID, APP_SECRET, TOKEN
        self.aes_key = aes_key
        self.attempts = attempts
        self.push_to = ""
        self.base_url = ""
        self.port = 0
        self._held = ExitStack()
        self._runner = None
        self.faults = []
        self.followers = {}
        self.reports = []  # results of template messages, not pushed yet
        self.ledger = Ledger(clock)
        self.api = Api(self)
        self.session = None
        self.seconds = []  # how long each answered push took
        self.attempts_made = 0
        self._answers = asyncio.Semaphore(0)  # one for each attempt that got an answer, whatever it was
        self._chance = random.Random(7)
        self._ids = itertools.count(6054768590064713728)

    @classmethod
    @asynccontextmanager
    async def open(cls, clock, **options):
        server = cls(clock, **options)
        connector = aiohttp.TCPConnector(limit=0)
        session = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None))
        with server._held:
            await server.up()
            async with session as server.session:
                try:
                    yield server
                finally:
                    await server.down()

    async def up(self):
        """Listen for calls, on the port of before if there was one."""
        self.port = self.port or ports.number(self._held.enter_context(ports.held()))
        self.base_url = f"http://127.0.0.1:{self.port}"
        app = web.Application(client_max_size=8 << 20)
        app.add_routes(self.api.routes())
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port, reuse_port=True).start()

    async def down(self):
        """Refuse every call. Pushes go on: those come from other machines of the platform."""
        await self._runner.cleanup()

    def settings(self, **changed):
        """The program's section about this account. `changed`: other values than the account has."""
        return _SETTINGS.format(**{**vars(self), **changed})

    def fault(self, what):
        self.faults.append(what)

    def assert_content(self):
        assert not self.faults, self.faults

    def follower(self, name="o_wang", **habits):
        """A person with a phone, by openid; the same one each time."""
        if name not in self.followers:
            self.followers[name] = Follower(self, name, **habits)
        return self.followers[name]

    # -- pushing

    def xml(self, openid, fields, *, created=None):
        head = {
            "ToUserName": ACCOUNT,
            "FromUserName": openid,
            "CreateTime": int(self.clock().timestamp()) if created is None else created,
        }
        return "<xml>" + "".join(_element(name, value) for name, value in {**head, **fields}.items()) + "</xml>"

    def message_id(self):
        return str(next(self._ids))

    def signed(self, plain, *, nonce=None):
        """Query and body of a POST that carries `plain`, in the mode of the account."""
        timestamp = str(int(self.clock().timestamp()))
        nonce = nonce or str(self._chance.randrange(10**8, 10**10))
        query = {"signature": crypto.sha1_of(self.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        if not self.aes_key:
            return query, plain.encode()
        sealed = crypto.encrypt(self.aes_key, self.app_id, plain.encode(), self._chance.randbytes(16))
        query |= {
            "openid": "o_not_covered_by_the_signature",
            "encrypt_type": "aes",
            "msg_signature": crypto.sha1_of(self.token, timestamp, nonce, sealed),
        }
        return query, f"<xml>{_element('ToUserName', ACCOUNT)}{_element('Encrypt', sealed)}</xml>".encode()

    async def push(self, person, fields, *, created=None):
        """Push until it is answered, as the platform does. Returns (kind, fields) shown, or None for `success`."""
        plain = self.xml(person.openid, fields, created=created)
        if fields["MsgType"] == "event" and fields["Event"] == "unsubscribe":
            person.following = False
            self.ledger.closed(person.openid)
        for attempt in range(self.attempts):
            self.attempts_made += 1
            query, body = self.signed(plain)
            begun = asyncio.get_running_loop().time()
            post = asyncio.ensure_future(self._post(query, body))
            timer = asyncio.ensure_future(self.sleep(5))
            await asyncio.wait([post, timer], return_when=asyncio.FIRST_COMPLETED)
            if post.done():
                self._answers.release()
                try:
                    shown = self._understood(person, *post.result(), query["nonce"])
                except (rules.Bad, KeyError, ValueError, aiohttp.ClientError) as bad:
                    why = f"attempt {attempt + 1}: {type(bad).__name__} {bad}"
                    if attempt < self.attempts - 1:
                        await asyncio.wait([timer])
                else:
                    timer.cancel()
                    self.seconds.append(asyncio.get_running_loop().time() - begun)
                    if shown is not None:
                        person.sees(*shown)
                    return shown
            else:
                why = f"attempt {attempt + 1}: no answer in 5 s"
                post.cancel()
                await asyncio.wait([post])
            timer.cancel()
        self.fault(f"服务故障 after {why}")
        person.sees("fault", {"content": FAULT_TEXT})
        return None

    async def _post(self, query, body):
        async with self.session.post(self.push_to, params=query, data=body, headers={"Content-Type": "text/xml"}) as r:
            return r.status, await r.read()

    def _understood(self, person, status, body, nonce):
        if status != 200:
            raise rules.Bad(f"HTTP {status}")
        if body in (b"", b"success"):
            return None
        if self.aes_key:
            body = self._opened(body, nonce)
        return rules.reply_to_push(body, person.openid, ACCOUNT, self.kind in rights.PASSIVE_MEDIA)

    def _opened(self, body, nonce):
        fields = {child.tagName: rules.inner(child) for child in rules.root_of(body).childNodes}
        if fields["Nonce"] != nonce:
            raise rules.Bad("not the nonce of this attempt")
        signature = crypto.sha1_of(self.token, fields["TimeStamp"], nonce, fields["Encrypt"])
        if fields["MsgSignature"] != signature:
            raise rules.Bad("MsgSignature")
        return crypto.decrypt(self.aes_key, self.app_id, fields["Encrypt"])

    def later_report(self, person, number, status):
        fields = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": number, "Status": status}
        self.reports.append((person, fields))

    async def answered(self):
        """Wait until one more attempt got an answer, good or bad."""
        async with asyncio.timeout(60):
            await self._answers.acquire()

    async def settled(self):
        """Report what became of the template messages."""
        while self.reports:
            await self.push(*self.reports.pop(0))

    async def verify(self, echostr="4375120948345356249", **changed):
        """The console's question whether the address is ours: status and body."""
        timestamp, nonce = str(int(self.clock().timestamp())), "1514711492"
        query = {"signature": crypto.sha1_of(self.token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce}
        query = {name: value for name, value in {**query, "echostr": echostr, **changed}.items() if value is not None}
        async with self.session.get(self.push_to, params=query) as response:
            return response.status, await response.text()


def _element(name, value):
    if isinstance(value, dict):
        return f"<{name}>" + "".join(_element(*pair) for pair in value.items()) + f"</{name}>"
    if isinstance(value, list):
        return "".join(_element(name, one) for one in value)
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    if "]]>" in str(value):
        return f"<{name}>{escape(str(value))}</{name}>"
    return f"<{name}><![CDATA[{value}]]></{name}>"

"""The doors of the running program, with its database, behind an HTTP client in the same process."""

import asyncio
import json
import logging
import re
import tempfile
import time
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import httpx
from sqlalchemy import insert

from bot.app import running
from bot.config import Settings, checked
from bot.console.routes import doors as console_doors
from reports.remembered import Remembered
from storage import grants, sessions
from storage.grants import ROLES
from storage.schema.organisations import organisations
from storage.schema.talks import quarantine
from tests.dialogues.town import class_of, person, staff, town
from tests.telegram.server import TOKEN
from tests.torture.listening import listen
from tests.torture.result import SLOW, without_processor
from tests.torture.spoiler import Spoiler
from tests.wechat import crypto
from tests.wechat.server import AES_KEY, APP_ID
from tests.wechat.server import TOKEN as WECHAT_TOKEN

SECRET = "a-Secret_of-the_webhook"
ANSWERS = {200, 204, 303, 304, 400, 401, 403, 404, 405, 409, 410, 411, 413, 415, 422, 429}
AT_ONCE = 16  # requests in flight: the database commits for all who wait
IN_MEMORY = Path("/dev/shm")  # what is asked is how long the program takes, not a disk that others write to
FORM = "application/x-www-form-urlencoded"


class _Clock:
    """Every look is a second later, so that nobody is asked to slow down for ever."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


def _values():
    return {
        "bot": {"public_url": "http://program", "support_phone": "0898-0000-0000"},
        "storage": {"url": "sqlite:///hongyan.db", "key_file": "hongyan.key"},
        "telegram": {
            "enabled": True,
            "token": TOKEN,
            "mode": "webhook",
            "webhook_secret": SECRET,
            "api_base_url": "http://127.0.0.1:9",  # nobody is there: what goes out is another test's
        },
        "wechat": {
            "enabled": True,
            "app_id": APP_ID,
            "app_secret": "s" * 32,
            "token": WECHAT_TOKEN,
            "encoding_aes_key": AES_KEY,
            "api_base_url": "http://127.0.0.1:9",
        },
    }


def _lay_out(tx):
    """Staff of every kind, some people, an event. Returns the staff, the district more often: it reaches most."""
    town(tx)
    for number in range(3):
        person(tx, f"王建{'国军华'[number]}", f"1390013900{number}")
    event = class_of(tx)
    branch = tx.execute(insert(organisations).values(name="示例支部", kind="branch")).inserted_primary_key[0]
    scopes = {"checker": {"event_id": event}, "branch_secretary": {"organisation_id": branch}}
    scopes |= {role: {} for role in ("district_staff", "auditor")}
    offices = {role: person(tx, f"李干{n}", f"1370013700{n}") for n, role in enumerate(ROLES)}
    for role, person_id in offices.items():
        staff(tx, person_id, role, **scopes.get(role, {"point_id": 1}))
    return [*offices.values(), *[offices["district_staff"]] * 3]


@dataclass
class Request:
    """One input at a door: `given` is what to show if it goes wrong."""

    door: str
    given: object
    method: str
    url: str
    more: dict


class House:
    """The program, and the ways into it that a stranger or a member of the staff has."""

    def __init__(self, program, http, clock, spoiler, offices):
        self.program, self.http, self.clock, self.spoiler, self.offices = program, http, clock, spoiler, offices
        self.chance = spoiler.chance
        self.chat_token = self.form_token = ""
        known = console_doors(SimpleNamespace(leave=None), Remembered())  # only their addresses are wanted
        self.posts = [door.path for door in known if door.method == "POST" and "sign-out" not in door.path]
        self.gets = [door.path for door in known if door.method == "GET"]

    async def enter(self):
        """The chat page, and the console through a link, as somebody of any office."""
        self.chat_token = re.search(r'data-token="([^"]+)"', (await self.http.get("/chat")).text)[1]
        link = await self.program.database.write(self._link_for_somebody)
        await self.http.post(f"/console/in/{link}")
        page = await self.http.get("/console")
        self.form_token = re.search(r'name="form_token" value="([^"]+)"', page.text)[1]

    def _link_for_somebody(self, tx):
        """Forms filled in at random take offices away; the last of the district stays."""
        left = [person for person in self.offices if grants.of_person(tx, person, self.clock())]
        return sessions.link_for(tx, self.chance.choice(left), self.clock())

    def inputs(self):
        """A new input at one of the doors, the conversations more often than the rest."""
        makers = (
            *[self.telegram] * 5, *[self.wechat] * 5, *[self.chat] * 4, self.start, self.upload, self.console_form,
            self.console_form, self.console_page, self.table, self.beside, self.stranger, self.stream,
        )  # fmt: skip
        return self.chance.choice(makers)()

    def telegram(self):
        return self._update("Telegram webhook", self.spoiler.update())

    def start(self):
        """A deep link, in Telegram or on the page."""
        payload = self.spoiler.payload()
        if self.chance.random() < 0.5:
            return Request("deep links", payload, "GET", f"/chat?start={quote(payload, errors='replace')}", {})
        update = json.loads(self.spoiler.updates[0])
        update["update_id"] = self.chance.randrange(1, 1 << 40)
        if "message" in update:
            update["message"]["text"] = f"/start {payload}"
        return self._update("deep links", json.dumps(update).encode())

    def _update(self, door, body):
        headers = {"x-telegram-bot-api-secret-token": SECRET}
        return Request(door, body, "POST", "/telegram/webhook", {"content": body, "headers": headers})

    def wechat(self):
        """As the platform sends it: encrypted, and signed with the token."""
        plain = self.spoiler.push()
        timestamp, nonce = str(int(self.clock.now.timestamp())), str(self.chance.randrange(1 << 40))
        sealed = crypto.encrypt(AES_KEY, APP_ID, plain, b"r" * 16)
        query = {"timestamp": timestamp, "nonce": nonce, "encrypt_type": "aes"}
        query["signature"] = crypto.sha1_of(WECHAT_TOKEN, timestamp, nonce)
        query["msg_signature"] = crypto.sha1_of(WECHAT_TOKEN, timestamp, nonce, sealed)
        body = f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode()
        return Request("WeChat, signed", plain, "POST", f"/wechat?{urlencode(query)}", {"content": body})

    def stranger(self):
        """Somebody who has no token and no secret: nothing of it may be taken."""
        body = self.spoiler.octets()
        if self.chance.random() < 0.5:
            query = {name: self.spoiler.text()[:60] for name in ("signature", "timestamp", "nonce", "msg_signature")}
            url = f"/wechat?{urlencode(query, errors='replace')}"
            return Request("strangers", body, self.chance.choice(["GET", "POST"]), url, {"content": body})
        headers = {"x-telegram-bot-api-secret-token": SECRET[:-1]}
        return Request("strangers", body, "POST", "/telegram/webhook", {"content": body, "headers": headers})

    def chat(self):
        body = urlencode(self.spoiler.post(self.chat_token), errors="replace").encode()
        if self.chance.random() < 0.1:
            body = self.spoiler.octets(body)
        headers = {"content-type": FORM, "accept": "application/json"}
        return Request("chat page", body, "POST", "/chat", {"content": body, "headers": headers})

    def upload(self):
        content, name = self.spoiler.file(), self.spoiler.text()[:40].replace('"', "") or "a"
        declared = self.chance.choice(["image/jpeg", "image/png", "audio/webm", "audio/mp4", "text/html", "x", ""])
        fields = {"token": self.chat_token, "id": f"{self.chance.randrange(1 << 60):016x}"}
        files = {self.chance.choice(["photo", "voice", "file"]): (name, content, declared)}
        more = {"data": fields, "files": files, "headers": {"accept": "application/json"}}
        return Request("uploads", (name, declared, content), "POST", "/chat", more)

    def beside(self):
        """What the page asks for beside the talk."""
        token = self.spoiler.text()[:40]
        path = self.chance.choice(
            [f"/files/{quote(token, safe='', errors='replace')}", f"/chat/sent/{self.chance.randrange(1 << 70)}"]
        )
        if self.chance.random() < 0.5:
            return Request("files and news", path, "GET", path, {})
        body = urlencode({"token": self.chat_token, "size": token, "after": token}, errors="replace").encode()
        path = self.chance.choice(["/chat/news", "/chat/size"])
        return Request("files and news", body, "POST", path, {"content": body, "headers": {"content-type": FORM}})

    def stream(self):
        """As a browser opens it again after a break, or somebody else."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.http.cookies.items())
        if self.chance.random() < 0.3:
            cookie = self.spoiler.text()[:200]
        headers = {"last-event-id": self.spoiler.text()[:300], "cookie": cookie, "accept": self.spoiler.text()[:60]}
        given = [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
        return Request("stream of events", given, "GET", "/chat/events", {})

    def console_form(self):
        fields = {"form_token": self.form_token}
        for name in self.chance.sample(CONSOLE_FIELDS, 9):
            fields[name] = self.spoiler.text()[:500] if self.chance.random() < 0.6 else str(self.chance.randrange(9))
        body = urlencode(fields, errors="replace").encode()
        return Request("console forms", body, "POST", self._path(self.posts), self._form(body))

    def console_page(self):
        query = {name: self.spoiler.text()[:60] for name in self.chance.sample(CONSOLE_FIELDS, 3)}
        url = f"{self._path(self.gets)}?{urlencode(query, errors='replace')}"
        return Request("console pages", url, "GET", url, {})

    def table(self):
        content, name = self.spoiler.table(), self.spoiler.text()[:20].replace('"', "") or "a"
        url = self.chance.choice(["/console/people/import", "/console/points/import"])
        fields = {"form_token": self.form_token}
        return Request("imports", content, "POST", url, {"data": fields, "files": {"file": (name, content)}})

    def _path(self, paths):
        chosen = self.chance.choice(paths)
        number = str(self.chance.choice([1, 1, 1, 2, 3, 0, 10**9, 10**30]))
        return re.sub(r"\{\w+(:\w+)?\}", number, chosen)

    def _form(self, body):
        return {"content": body, "headers": {"content-type": FORM}}


CONSOLE_FIELDS = (
    "title type day starts ends point venue capacity words speaker members_only sure reach reason number person what "
    "after stall name phone note result report format from to role scope until community question options gist units "
    "branch file agreed said page period q owner step urgent text audience kind date label hours services entry "
).split()


@asynccontextmanager
async def open_house(folder, spoiler):
    clock = _Clock()
    async with (
        running(Settings(checked(_values()), Path(folder) / "config.toml"), clock) as program,
        httpx.AsyncClient(transport=httpx.ASGITransport(program.web), base_url="http://program") as http,
    ):
        house = House(program, http, clock, spoiler, await program.database.write(_lay_out))
        await house.enter()
        yield house


def _room():
    return IN_MEMORY if IN_MEMORY.is_dir() else None


async def try_doors(result, at_most, seconds, seed=6):
    """At every door, some at a time, and in the end all still serve."""
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory(dir=_room()) as folder, complaints(result):
        async with open_house(folder, Spoiler(seed)) as house:
            for begin in range(0, at_most, AT_ONCE):
                if time.monotonic() > until:
                    break
                made = [house.inputs() for _ in range(min(AT_ONCE, at_most - begin))]
                given = await asyncio.gather(*(_give(house, result, request) for request in made))
                for request, (_, took) in zip(made, given, strict=True):
                    if took > SLOW and (alone := await _alone(house, result, request)) > SLOW:
                        result.fault(
                            request.door, (request.url, request.given), f"took {took:.1f} s, {alone:.1f} alone"
                        )
                if house.chance.random() < 0.25 or any(status == 401 for status, _ in given):
                    await house.enter()  # somebody else, or the session of the console has come to its end
            await _still_serves(house, result)


_EDGES = {"asyncio", "bot.console.doors", "bot.channels.wechat.endpoint", "dialogue.reception", "storage.database"}


class _Complaints(logging.Handler):
    """What the program logs as its own fault, though it was answered with an apology."""

    def __init__(self, result):
        super().__init__(logging.ERROR)
        self.result = result

    def emit(self, record):
        if record.name in _EDGES:
            self.result.fault(record.name, logging.Formatter().format(record)[-600:], "logged")


@contextmanager
def complaints(result):
    handler = _Complaints(result)
    logging.getLogger().addHandler(handler)
    yield
    logging.getLogger().removeHandler(handler)


async def _give(house, result, request):
    """The status, and the seconds it took while others were asked beside it."""
    began = time.perf_counter()
    try:
        if request.door == "stream of events":
            status = await listen(house.program.web, request.given)
        else:
            status = (await house.http.request(request.method, request.url, **request.more)).status_code
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is a fault to report
        result.fault(request.door, request.given, f"{type(problem).__name__}: {problem}")
        return 0, 0.0
    took = time.perf_counter() - began
    result.note(request.door, took)
    result.answers[f"{request.door} {status}"] += 1
    if status not in ANSWERS:
        result.fault(request.door, (request.url, request.given), f"answered {status}")
    if request.door == "strangers" and status not in (401, 403, 413):
        result.fault(request.door, request.given, f"a stranger got {status}")
    return status, took


async def _alone(house, result, request):
    """Seconds it takes with nobody beside it, here or on the machine."""
    before = without_processor()
    _, took = await _give(house, result, request)
    return took - (without_processor() - before)


async def _still_serves(house, result):
    await house.enter()
    sane = {"token": house.chat_token, "id": "thelastone00", "text": "找服务点"}
    answer = await house.http.post("/chat", data=sane, headers={"accept": "application/json"})
    page = await house.http.get("/console/events")
    for door, status in (("chat page", answer.status_code), ("console pages", page.status_code)):
        if status != 200:
            result.fault(door, sane, f"the last sane request got {status}")
    aside = await house.program.database.read(lambda tx: len(tx.execute(quarantine.select()).all()))
    result.answers["set aside"] = aside

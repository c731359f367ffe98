"""Hostile and broken inputs at every door, made from a kept corpus: each must be answered, soon, and without a fault.

The parsers are called directly, a hundred thousand times a minute; the doors are those of the running program, with
its database, behind an HTTP client in the same process.
"""

import asyncio
import json
import random
import re
import tempfile
import time
from collections import Counter
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx

from bot.app import running
from bot.channels.web.media import Unusable
from bot.channels.web.media import read as read_media
from bot.config import Settings, checked
from dialogue import dates, numbers
from dialogue.questions import Invalid, Name, Names, Number, OneOf, Phone, SeveralOf, Text, YesNo
from storage import masks
from storage.conversations import Said
from storage.schema.talks import quarantine
from storage.scrub import scrub
from tests.dialogues.town import town
from tests.telegram.server import TOKEN
from tests.wechat.fuzz import one_input as one_push

CORPUS = Path(__file__).parent / "corpus"
SECRET = "a-Secret_of-the_webhook"
SLOW = 1.0  # seconds
NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
ODD = (
    "\x00\x1b\u202e\u200b\ufeff\ud7ff\uffff𠮷😀１２②十百万亿零〇两半刻点号月年周初腊闰前后上下今明昨"
    "-—~:：.。,，/\\'\"<>&%{}[]()（）*=+@#\n\r\t "
)
PICTURES = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"GIF89a\x01\x00",
    b"RIFF....WEBP",
    b"OggS",
    b"PK\x03\x04word/",
)
ANSWERS = {200, 303, 400, 403, 405, 413, 415, 429}


@dataclass
class Result:
    """How many inputs each door got, the slowest answer of each in seconds, and what went wrong."""

    seconds: float = 0.0
    inputs: dict[str, int] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, door, seconds):
        self.inputs[door] += 1
        if seconds > self.slowest.get(door, 0):
            self.slowest[door] = round(seconds, 4)

    def fault(self, door, given, problem):
        if len(self.faults) < 50:
            self.faults.append(f"{door}: {problem}: {given!r:.300}")

    def as_dict(self):
        return {**vars(self), "inputs": dict(self.inputs), "answers": dict(self.answers)}


class Spoiler:
    """Takes something that was said and makes it worse."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.said = (CORPUS / "said.txt").read_text(encoding="utf-8").splitlines()
        self.updates = (CORPUS / "updates.txt").read_text(encoding="utf-8").splitlines()
        self.posts = (CORPUS / "posts.txt").read_text(encoding="utf-8").splitlines()

    def text(self):
        text = self.chance.choice(self.said)
        for _ in range(self.chance.choice([0, 1, 1, 2, 3, 8])):
            place = self.chance.randint(0, len(text))
            match self.chance.randrange(6):
                case 0:
                    text = text[:place] + self.chance.choice(ODD) + text[place:]
                case 1:
                    text = text[:place] + text[place + self.chance.randint(1, 4) :]
                case 2:
                    text = text[:place] + self.chance.choice(self.said) + text[place:]
                case 3:
                    text = text[:place] + str(self.chance.randrange(10 ** self.chance.randint(1, 20))) + text[place:]
                case 4:
                    text = text[:place] + text[place : place + 2] * self.chance.randint(2, 40) + text[place:]
                case 5:
                    text = "".join(self.chance.sample(text, len(text)))
        return text[:4000]

    def octets(self, begin=None):
        kept = bytearray(begin if begin is not None else self.text().encode("utf-8", "surrogatepass"))
        for _ in range(self.chance.randint(0, 6)):
            place = self.chance.randint(0, len(kept))
            match self.chance.randrange(4):
                case 0:
                    kept[place:place] = self.chance.randbytes(self.chance.randint(1, 8))
                case 1:
                    del kept[place : place + self.chance.randint(1, 16)]
                case 2:
                    kept[place : place + 1] = self.chance.randbytes(1)
                case 3:
                    kept = kept[:place]
        return bytes(kept)

    def update(self):
        """An update whose values are other than Telegram's, or bytes that are no update."""
        raw = self.chance.choice(self.updates)
        if self.chance.random() < 0.2:
            return self.octets(raw.encode())
        update = json.loads(raw)
        update["update_id"] = self.chance.randrange(1, 1 << 40)
        for _ in range(self.chance.randint(0, 3)):
            self._spoil(update)
        return json.dumps(update).encode()

    def _spoil(self, inside):
        while inside:
            keys = list(inside) if isinstance(inside, dict) else range(len(inside))
            key = self.chance.choice(keys)
            if isinstance(inside[key], (dict, list)) and inside[key] and self.chance.random() < 0.8:
                inside = inside[key]
                continue
            odd = [None, "", "x", self.text(), -1, 0, 1 << 70, 1.5, True, [], {}, [[]], {"id": {}}, float("1e308")]
            if self.chance.random() < 0.3 and isinstance(inside, dict):
                del inside[key]
            else:
                inside[key] = self.chance.choice(odd)
            return

    def post(self, token):
        """Fields of the chat form, some as a page sends them."""
        fields = dict(part.partition("=")[::2] for part in self.chance.choice(self.posts).split("&"))
        fields.setdefault("token", token)
        fields.setdefault("id", f"{self.chance.randrange(1 << 60):016x}")
        if self.chance.random() < 0.7:
            fields[self.chance.choice(["text", "text", "choice", "turn", "payload", "latitude", "id"])] = self.text()
        return fields


def parsers(spoiler):
    """Name of each, and what calls it with a new input. `Invalid` and the like are answers, not faults."""
    kinds = [
        Text(at_most=200), Name(), Names(3), Phone(), YesNo("要", "不要"), Number(1, 500),
        OneOf({"now": "已经到了", "soon": "下个月"}), SeveralOf({"a": "书法", "b": "唱歌", "c": "太极"}),
    ]  # fmt: skip

    def question(text):
        with suppress(Invalid):
            spoiler.chance.choice(kinds).parse(Said(text, NOW))

    def date(text):
        now = NOW + timedelta(minutes=spoiler.chance.randrange(2_000_000))
        for reading in (dates.read_moment(text, now), dates.read_date(text, now)):
            assert reading is not None

    def number(text):
        for read in (numbers.read_number, numbers.read_choice, numbers.read_count, numbers.read_list):
            read(text)

    def mask(text):
        masked, found = scrub(text)
        assert len(masked) == len(text)
        assert scrub(masked) == (masked, False) or found
        masks.mask_name(text), masks.mask_phone(text), masks.mask_identity(text)

    def file(content):
        with suppress(Unusable):
            read_media(content)

    return {
        "dates": (date, spoiler.text, 10),
        "questions": (question, spoiler.text, 6),
        "numbers": (number, spoiler.text, 6),
        "masks": (mask, spoiler.text, 4),
        "files by their bytes": (file, lambda: spoiler.octets(spoiler.chance.choice(PICTURES)), 3),
        "WeChat pushes": (one_push, spoiler.octets, 2),
    }


def try_parsers(result, at_most, seconds, seed=5):
    spoiler = Spoiler(seed)
    doors = parsers(spoiler)
    names = list(doors)
    weights = [doors[name][2] for name in names]
    until = time.monotonic() + seconds
    for count in range(at_most):
        if count % 256 == 0 and time.monotonic() > until:
            return
        name = spoiler.chance.choices(names, weights)[0]
        call, make, _ = doors[name]
        given = make()
        began = time.perf_counter()
        try:
            call(given)
        except Exception as problem:  # noqa: BLE001 - whatever it is, it is a fault to report
            result.fault(name, given, f"{type(problem).__name__}: {problem}")
        took = time.perf_counter() - began
        result.note(name, took)
        if took > SLOW:
            result.fault(name, given, f"took {took:.1f} s")


class _Clock:
    """Every look is a second later, so that nobody is asked to slow down for ever."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        self.now += timedelta(seconds=1)
        return self.now


@asynccontextmanager
async def _program(folder):
    values = {
        "bot": {"public_url": "http://program", "support_phone": "0898-0000-0000"},
        "storage": {"url": "sqlite:///hongyan.db", "key_file": "hongyan.key"},
        "telegram": {
            "enabled": True,
            "token": TOKEN,
            "mode": "webhook",
            "webhook_secret": SECRET,
            "api_base_url": "http://127.0.0.1:9",  # nobody is there: what goes out is another test's
        },
    }
    async with running(Settings(checked(values), Path(folder) / "config.toml"), _Clock()) as program:
        await program.database.write(town)
        yield program


async def try_doors(result, at_most, seconds, seed=6):
    """Half to the webhook, half to the chat page, a few at a time, and in the end both still serve."""
    spoiler = Spoiler(seed)
    until = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        async with (
            _program(folder) as program,
            httpx.AsyncClient(transport=httpx.ASGITransport(program.web), base_url="http://program") as http,
        ):
            token = re.search(r'data-token="([^"]+)"', (await http.get("/chat")).text)[1]

            async def give(door, given, request):
                began = time.perf_counter()
                try:
                    status = (await request).status_code
                except Exception as problem:  # noqa: BLE001 - whatever it is, it is a fault to report
                    result.fault(door, given, f"{type(problem).__name__}: {problem}")
                    return
                took = time.perf_counter() - began
                result.note(door, took)
                result.answers[f"{door} {status}"] += 1
                if status not in ANSWERS or took > SLOW:
                    result.fault(door, given, f"answered {status} after {took:.1f} s")

            for _ in range(at_most // 2):
                if time.monotonic() > until:
                    break
                update, post = spoiler.update(), spoiler.post(token)
                headers = {"x-telegram-bot-api-secret-token": SECRET}
                await give("Telegram webhook", update, http.post("/telegram/webhook", content=update, headers=headers))
                body = urlencode(post, errors="replace").encode()
                if spoiler.chance.random() < 0.1:
                    body = spoiler.octets(body)
                form = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
                await give("chat page", body, http.post("/chat", content=body, headers=form))

            sane = {"token": token, "id": "thelastone00", "text": "找服务点"}
            answer = await http.post("/chat", data=sane, headers={"accept": "application/json"})
            if answer.status_code != 200:
                result.fault("chat page", sane, f"the last sane message got {answer.status_code}")
            aside = await program.database.read(lambda tx: len(tx.execute(quarantine.select()).all()))
            result.answers["set aside by the webhook"] = aside


def run(at_most, seconds, seed=5):
    """`at_most` inputs, one in twenty to the doors; or as many as `seconds` allow."""
    result = Result()
    began = time.monotonic()
    asyncio.run(try_doors(result, at_most // 20, seconds / 2, seed + 1))
    try_parsers(result, at_most - sum(result.inputs.values()), seconds - (time.monotonic() - began), seed)
    result.seconds = round(time.monotonic() - began, 1)
    return result

"""The real program among faults of every kind: nothing it writes, or `ps` shows, names a person or holds a secret.

Nor does anything listen but the one port.

`test_privacy.py` looks into the database and at what conversations log; here it is everything that leaves the process.
"""

import asyncio
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from bot import config, opening
from bot.channels.wechat import settings as wechat_settings
from bot.config import WrongSettings
from storage import grants, sessions
from storage.audit import Actor
from tests.dialogues.town import person, town
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import HALF_AN_ANSWER, RESET, refused, says
from tests.web.conftest import Visitor
from tests.wechat.server import FakeWechat

ROOT = Path(__file__).parent.parent
NAME, PHONE, WORDS = "欧阳标记", "13912340099", "楼道里标记着灯坏了"
OPENID = "o_marked0openid"
SECRETS = {
    "WECHAT__APP_SECRET": "5ecret0fwechatappthatnobodymaysee",
    "WECHAT__TOKEN": "tokenofwechatpushes",
    "WECHAT__ENCODING_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
    "TELEGRAM__PROXY_URL": "",
    "TELEGRAM__WEBHOOK_SECRET": "secret-of-the-webhook-nobody-may-see",
}
CONFIG = """
[bot]
quiet_hours = ["23:59-00:00"]
[storage]
url = "sqlite:///hongyan.db"
key_file = "hongyan.key"
[telegram]
enabled = true
api_base_url = "{telegram}"
[wechat]
enabled = true
app_id = "{app_id}"
api_base_url = "{wechat}"
[logs]
file = "logs/hongyan.log"
format = "json"
"""


class Program:
    """The process, with what it writes and how others see it."""

    def __init__(self, folder, telegram, wechat):
        self.folder = folder
        self.telegram = telegram
        self.environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HONGYAN__WEB__PORT": "0"}
        self.environment |= {f"HONGYAN__{name}": value for name, value in SECRETS.items()}
        self.environment["HONGYAN__TELEGRAM__TOKEN"] = telegram.token
        written = CONFIG.format(telegram=telegram.url, wechat=wechat.base_url, app_id=wechat.app_id)
        (folder / "config.toml").write_text(written, encoding="utf-8")
        self.url = ""
        self.argv = ""
        self.listens = set()

    async def __aenter__(self):
        self._errors = (self.folder / "stderr").open("wb")
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "run"),
            cwd=self.folder,
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._errors,
        )
        line = (await asyncio.wait_for(self.process.stdout.readline(), 60)).decode()
        port = re.search(r"port (\d+)", line)[1]
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_):
        with open(f"/proc/{self.process.pid}/cmdline", encoding="utf-8") as argv:  # noqa: ASYNC230 - no disk
            self.argv = argv.read()
        self.listens = listening(self.process.pid)
        self.process.terminate()
        (self.folder / "stdout").write_bytes(await self.process.stdout.read())
        assert await asyncio.wait_for(self.process.wait(), 60) == 0
        self._errors.close()

    def spoil(self, statement):
        with closing(sqlite3.connect(self.folder / "hongyan.db", timeout=30)) as file:
            file.execute(statement)
            file.commit()

    def run(self, *words, config="config.toml", **environment):
        return subprocess.run(
            [sys.executable, "-m", "bot", *words, "--config", config],
            cwd=self.folder,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def written(self):
        files = [self.folder / "stderr", self.folder / "stdout", *(self.folder / "logs").iterdir()]
        return "\n".join(file.read_text(encoding="utf-8") for file in files)


def listening(pid):
    """Addresses and ports of IPv4 and IPv6 at which a process listens, as the kernel writes them."""
    files = Path(f"/proc/{pid}/fd")
    mine = set()
    for file in files.iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            mine.add(os.readlink(file))
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in mine:
                found.add(fields[1])
    return found


async def talk_by_wechat(wechat, url):
    """Followed, said, unreadable, and refused: with marked words and a marked openid wherever a person may stand."""
    wechat.push_to = f"{url}/wechat"
    follower = wechat.follower(OPENID)
    await follower.follows()
    await follower.says(WORDS)
    await follower.says(f"我叫{NAME}，电话{PHONE}")
    await wechat.push(follower, {"MsgType": "text", "Content": WORDS})  # without its number it cannot be read
    await wechat.push(follower, {"MsgType": WORDS, "Content": WORDS, "MsgId": 1})
    wechat.api.always = 40001
    await follower.sends_picture()
    wechat.api.always = None
    wechat.assert_content()


def a_member_of_staff(tx, user):
    """Registered with the marked name; returns the one-time link of the console."""
    town(tx)
    number = person(tx, NAME, PHONE, ("telegram", str(user)))
    now = datetime.now(UTC)
    grants.grant(tx, "district_staff", Actor(), now, person_id=number)
    return sessions.link_for(tx, number, now)


async def says_all(telegram, person, words):
    for word in words:
        before = len(telegram.sent_to(person.id))
        person.says(word)
        await telegram.until(lambda before=before: len(telegram.sent_to(person.id)) > before, f"an answer to {word}")


async def test_nothing_that_is_written_or_listed_names_a_person_or_holds_a_secret(tmp_path):
    async with FakeTelegram() as telegram, FakeWechat.open(lambda: datetime.now(UTC)) as wechat:
        telegram.patience = 60
        wechat.app_secret, wechat.token = SECRETS["WECHAT__APP_SECRET"], SECRETS["WECHAT__TOKEN"]
        wechat.api.trouble["/cgi-bin/menu/create"] = [40008]
        wang, other = telegram.person(NAME), telegram.person("李秀兰")
        program = Program(tmp_path, telegram, wechat)
        async with opening.database(config.read(tmp_path / "config.toml", program.environment)) as database:
            token = await database.write(a_member_of_staff, wang.id)
        async with program, httpx.AsyncClient(base_url=program.url, timeout=60) as http:
            await says_all(telegram, wang, ("说难处", WORDS))
            await talk_by_wechat(wechat, program.url)

            # Sends that fail, in every way a platform has, and files it will not give.
            for trouble in (
                refused(400, f"Bad Request: {WORDS}"),
                RESET,
                HALF_AN_ANSWER,
                says(WORDS),
                refused(403, PHONE),
            ):
                telegram.troubles.next("sendMessage", trouble)
                calls = len(telegram.calls_of("sendMessage"))
                other.says(WORDS)
                await telegram.until(lambda calls=calls: len(telegram.calls_of("sendMessage")) > calls, "a try")

            # Updates that cannot be read, with people's words where the fault is.
            for spoiled in (
                {"date": WORDS},
                {"text": [WORDS]},
                {"from": PHONE},
                {"contact": {"phone_number": {NAME: 1}}},
            ):
                message = {"message_id": 1, "date": 1, "chat": {"id": wang.id, "type": "private"}, "text": WORDS}
                telegram.deliver("message", {**message, **spoiled}, checked=False)

            signed_in = await http.get(f"/console/in/{token}")
            # A bug inside a handler: what is kept of this person cannot be read.
            program.spoil(f"UPDATE people SET interests = '{WORDS}{PHONE}'")
            telegram.deliver("edited_message", {"message_id": WORDS}, checked=False)
            await says_all(telegram, wang, ("我的信息",))

            # The page, with and without a right to it; doors that nobody may open.
            visitor = Visitor(program.url)
            await visitor.opens()
            await visitor.posts(text=f"我叫{NAME}，电话{PHONE}")
            cookies, form_token = list(visitor.http.cookies.values()), visitor.token
            for address in (f"/console/in/{PHONE}", f"/files/{NAME}", f"/chat/sent/{PHONE}", f"/chat?start={PHONE}"):
                await http.get(address)
            await http.post(
                "/wechat", params={"signature": SECRETS["WECHAT__TOKEN"], "nonce": PHONE}, content=WORDS.encode()
            )
            await http.post("/telegram/webhook", content=WORDS.encode())
            await http.post(
                "/chat", content=WORDS.encode(), headers={"content-type": "multipart/form-data; boundary=x"}
            )
            await visitor.http.aclose()

            # Other commands beside it, and settings that are wrong.
            backup = program.run("backup", "today.backup")
            wrong = program.run("run", HONGYAN__TELEGRAM__TOKEN="no" + telegram.token.replace(":", ""))
            said = wrong.stderr
            for name, value in (
                ("WECHAT__ENCODING_AES_KEY", "short" + SECRETS["WECHAT__TOKEN"]),
                ("TELEGRAM__MODE", SECRETS["WECHAT__APP_SECRET"]),
                ("WEB__CHAT", telegram.token),
                ("WEB__PORT", telegram.token),
                ("STORAGE__URL", f"postgresql:/{telegram.token}"),
            ):
                given = {**program.environment, f"HONGYAN__{name}": value}
                with pytest.raises(WrongSettings) as problem:
                    wechat_settings.from_section(config.read(tmp_path / "config.toml", given).config.wechat)
                said += str(problem.value)
    key_file = re.findall(r'"([\w+/=]{44})"', (tmp_path / "hongyan.key").read_text(encoding="utf-8"))
    assert len(key_file) >= 3
    assert program.listens == {f"0100007F:{int(program.url.rpartition(':')[2]):04X}"}
    assert wrong.returncode == 2
    assert signed_in.status_code == 200

    log = program.written()
    for fault in ("fault ", "was set aside", "wechat: "):  # they happened, and were logged
        assert fault in log
    beside = backup.stdout + backup.stderr + said
    secrets = [value for value in SECRETS.values() if value]
    secrets += [
        wechat.api.stable,
        telegram.token,
        telegram.token.partition(":")[2],
        *key_file,
        *cookies,
        form_token,
        token,
    ]
    marked = [
        NAME,
        "欧阳",
        PHONE,
        OPENID,
        "o_not_covered_by_the_signature",  # stands in the query of each push
        f"{PHONE[:3]} {PHONE[3:7]} {PHONE[7:]}",
        WORDS,
        "标记",
        ascii(NAME)[1:-1],
        ascii(WORDS)[1:-1],
    ]
    for secret in (*secrets, *marked):
        assert len(secret) > 1
        for where, text in (("the log", log), ("what commands said", beside), ("ps", program.argv)):
            assert secret not in text, f"{secret} stands in {where}"

"""kill -9 at random moments: residents register and sign up in all three channels while the program dies.

Each resident is somebody new, says everything once, and says the next thing when the last was acknowledged. In the
end the file is compared with what they were told.
"""

import asyncio
import html
import itertools
import random
import re
import secrets
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from dialogue.message import Address
from storage import audit, events, people
from storage import sign_ups as verbs
from storage.audit import Actor
from storage.database import open_database
from storage.schema.events import events as events_table
from storage.schema.events import sign_ups
from storage.schema.people import accounts as accounts_table
from storage.schema.people import people as people_table
from storage.schema.talks import inbox, outbox
from storage.vault import Vault
from tests import ports
from tests.dialogues.town import person as registered
from tests.dialogues.town import town
from tests.telegram.clock import QuickClock
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import BAD_GATEWAY, RESET, too_many
from tests.torture import process
from tests.torture.followers import PEOPLE as WECHAT_PEOPLE
from tests.torture.followers import followers as wechat_followers

TELEGRAM_PEOPLE = 5  # at the same time
WEB_PEOPLE = 3
SEATS = 3  # of each lesson; more people than that want one
PEOPLE_TO_A_LESSON = 6
LESSONS = 400
REMINDED = 3  # people of each lesson whose reminder falls due while the program is being killed
BETWEEN_REMINDERS = timedelta(seconds=12)
_TELLING = re.compile(r"报上了|名额满了|登记好了")


@dataclass
class Result:
    """What a run did, and what it found missing or doubled: `lost` is empty when every promise held."""

    mode: str
    kills: int = 0
    kills_while_starting: int = 0
    seconds: float = 0.0
    said_by_telegram: int = 0
    said_by_web: int = 0
    said_by_wechat: int = 0
    gave_up_wechat: int = 0
    shown_by_telegram: int = 0
    faults_of_the_platform: int = 0
    registered: int = 0
    told_registered: int = 0
    seats_taken: int = 0
    told_a_seat: int = 0
    reminders_planned: int = 0
    outbox: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)

    def as_dict(self):
        return asdict(self)


@dataclass
class Resident:
    name: str
    phone: str
    channel: str
    user: str = ""
    lesson: str = ""
    told_registered: bool = False
    told_seat: bool = False
    finished: bool = False
    web_messages: list[str] = field(default_factory=list)

    @property
    def words(self):
        return ("登记", "同意", self.name, self.phone, "常住三亚", "春园社区", "示例小区", "不想说", "对")

    def was_told(self, text):
        self.told_registered |= "登记好了" in text
        self.told_seat |= "报上了" in text and self.lesson in text


def title(number):
    """Two lessons never sound alike, or their names would be asked about."""
    return "第" + "".join("零一二三四五六七八九"[int(digit)] for digit in f"{number:03d}") + "课"


class Kills:
    """One run on a database of its own in `folder`. `at_most` kills, or `seconds` of them, whatever comes first."""

    def __init__(self, folder, mode, *, at_most, seconds=600.0, seed=11, push_wait=5.0):
        self.folder = Path(folder)
        self.mode = mode
        self.at_most = at_most
        self.seconds = seconds
        self.chance = random.Random(seed)
        self.result = Result(mode)
        self.residents = []
        self.over = asyncio.Event()
        self.lives = 0  # how often the program was started
        self.acknowledged = 0
        self.telegram = None
        self.push_wait = push_wait
        self.followers = None
        self.reminders = []  # (person's number, when due)
        self._last = self._last_start = None
        self._numbers = itertools.count()
        self._held = AsyncExitStack()  # our ports
        self.port = self._own_port()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def database_url(self):
        return f"sqlite:///{self.folder / 'hongyan.db'}"

    async def run(self, empty_database):
        """Returns the `Result`. Raises when the program ended by itself, or cannot be started again."""
        shutil.copyfile(empty_database, self.folder / "hongyan.db")
        return await self._run()

    async def _run(self):
        began = time.monotonic()
        async with (
            self._held,
            FakeTelegram(QuickClock(20)) as telegram,
            wechat_followers(self.url, self.push_wait) as self.followers,
        ):
            telegram.patience = 300  # seconds; of a machine that has other work too
            self.telegram = telegram
            process.write_settings(self.folder, self.database_url, telegram, self.port, self.mode)
            self.followers.add_settings(self.folder / "config.toml")
            async with self._database() as opened:
                await opened.write(self._prepare)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._killing())
                for _ in range(TELEGRAM_PEOPLE):
                    group.create_task(self._by_telegram())
                for _ in range(WEB_PEOPLE):
                    group.create_task(self._by_web())
                for _ in range(WECHAT_PEOPLE):
                    group.create_task(self._by_wechat())
            await self._live_quietly()
            self.result.lost += [f"a mistake towards Telegram: {mistake}" for mistake in telegram.mistakes]
        self.result.seconds = round(time.monotonic() - began, 1)
        return self.result

    # The program, and its deaths.

    def _own_port(self):
        return ports.number(self._held.enter_context(ports.held()))

    async def _start(self):
        program = await process.start(self.folder)
        self.lives += 1
        self.telegram.tell()
        return program

    async def _killing(self):
        until = time.monotonic() + self.seconds
        while self.result.kills < self.at_most and time.monotonic() < until:
            program = await self._start()
            ended = asyncio.create_task(program.wait())
            ended.add_done_callback(lambda _: self.telegram.tell())
            try:
                if self.chance.random() < 0.15:
                    self.result.kills_while_starting += 1
                    await asyncio.wait([ended], timeout=self.chance.uniform(0.05, 1.5))
                else:
                    enough = self.acknowledged + self.chance.randint(3, 30)
                    await self.telegram.until(
                        lambda enough=enough, ended=ended: ended.done() or self.acknowledged >= enough,
                        "the program answers",
                    )
                    await asyncio.sleep(self.chance.uniform(0, 0.02))  # at any point of handling the next
                if ended.done():
                    raise AssertionError(f"the program ended by itself:\n{self._log()[-3000:]}")
            finally:
                if program.returncode is None:
                    program.kill()
                await ended
            self.result.kills += 1
            self._trouble()
        self.over.set()
        self._last_start = datetime.now(UTC)
        self._last = await self._start()

    def _trouble(self):
        """The platforms and the lines are no better than elsewhere."""
        if self.chance.random() < 0.4:
            self.telegram.troubles.next("sendMessage", self.chance.choice([RESET, BAD_GATEWAY, too_many(1)]))
            self.result.faults_of_the_platform += 1
        if self.chance.random() < 0.4:
            self.followers.trouble(self.chance)
            self.result.faults_of_the_platform += 1

    async def _live_quietly(self):
        """Without another kill, everything comes to its end; then the program is asked to stop, and does."""
        waits = "SELECT count(*) FROM outbox WHERE ended_at IS NULL AND kind IN ('answer', 'reminder')"
        owed = "SELECT count(*) FROM wechat_late"
        async with asyncio.timeout(90):
            while self.telegram.updates.waiting or await self._unplanned() or self._ask(waits) or self._ask(owed):  # noqa: ASYNC110
                await asyncio.sleep(0.2)  # another process writes there and tells nobody
        await self._stop_in_order(self._last)
        await self._compare()

    async def _stop_in_order(self, program):
        if not await process.stops_in_order(program):
            self.result.lost.append("the program did not stop in order")

    async def _unplanned(self):
        """Reminders that fell due before the last start and are no rows yet."""
        planned = "SELECT count(DISTINCT sign_up_id) FROM outbox WHERE kind = 'reminder'"
        return self._ask(planned) < len(self._fallen_due())

    def _fallen_due(self):
        return [person_id for person_id, due in self.reminders if due < self._last_start]

    # The people.

    def _somebody(self, channel):
        number = next(self._numbers)
        lesson = title(number // PEOPLE_TO_A_LESSON % LESSONS)
        name = "王" + "".join("甲乙丙丁戊己庚辛壬癸"[int(digit)] for digit in f"{number:03d}")
        resident = Resident(name, f"138{number:08d}", channel, lesson=lesson)
        self.residents.append(resident)
        return resident

    def _was_acknowledged(self):
        self.acknowledged += 1
        self.telegram.tell()

    async def _by_telegram(self):
        while not self.over.is_set():
            resident = self._somebody("telegram")
            person = self.telegram.person(resident.name)
            resident.user = str(person.id)
            for text in (*resident.words, f"报名{resident.lesson}"):
                update = person.says(text)
                await self.telegram.until(
                    lambda update=update: update["update_id"] in self.telegram.updates.confirmed, "an acknowledgement"
                )
                self._was_acknowledged()
                self.result.said_by_telegram += 1
            resident.finished = True

    async def _by_web(self):
        while not self.over.is_set():
            resident = self._somebody("web")
            async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=20) as http:
                token = await self._opens(http)
                resident.user = next(iter(http.cookies.values())).partition(".")[0]
                for text in (*resident.words, f"报名{resident.lesson}"):
                    given = {"token": token, "id": secrets.token_hex(8), "text": text}
                    answer = await self._posts(http, given)
                    resident.web_messages.append(given["id"])
                    resident.was_told(html.unescape(re.sub(r"<[^>]+>", " ", answer)))
                    self._was_acknowledged()
                    self.result.said_by_web += 1
            resident.finished = True

    async def _by_wechat(self):
        def was_acknowledged():
            self._was_acknowledged()
            self.result.said_by_wechat += 1

        while not self.over.is_set():
            await self.followers.talks(self._somebody("wechat"), was_acknowledged)

    async def _opens(self, http):
        while True:
            with suppress(httpx.TransportError):
                response = await http.get("/chat")
                if response.status_code == 200:
                    return re.search(r'data-token="([^"]+)"', response.text)[1]
            await asyncio.sleep(0.1)

    async def _posts(self, http, given):
        """As a page does: the same message again, until it is answered."""
        while True:
            with suppress(httpx.TransportError):
                response = await http.post("/chat", data=given, headers={"accept": "application/json"})
                if response.status_code == 200:
                    return response.json()["html"]
                assert response.status_code in (429, 503), f"{response.status_code}: {response.text[:300]}"
                await asyncio.sleep(float(response.headers.get("retry-after", 1)))
                continue
            await asyncio.sleep(0.1)

    def _prepare(self, tx):
        """Lessons that begin in ten days, for the rush; and lessons of today, whose reminders fall due in between."""
        town(tx)
        now = datetime.now(UTC)
        starts_at = now.replace(hour=6, minute=30, second=0, microsecond=0) + timedelta(days=10)
        for number in range(LESSONS):
            _lesson(tx, title(number), starts_at, now)
        long_ago = now - timedelta(days=3)
        for number in range(int(timedelta(seconds=self.seconds) / BETWEEN_REMINDERS) + 1):
            due = now + number * BETWEEN_REMINDERS
            event_id = _lesson(tx, f"讲座{title(number)[1:-1]}", due + timedelta(hours=2), long_ago)
            for place in range(REMINDED):
                person = self.telegram.person(f"李{number}-{place}")
                person.started = True
                phone = f"139{number:05d}{place:03d}"
                who = self.followers.address(f"o_{phone}") if place == 0 else Address("telegram", str(person.id))
                person_id = registered(tx, person.first_name, phone, who)
                verbs.sign_up(tx, event_id, [person_id], Actor(), long_ago)
                self.reminders.append((person_id, due))

    # What was told, and what was kept.

    async def _compare(self):
        result = self.result
        self._look_at_the_file()
        for resident in self.residents:
            if resident.channel == "telegram" and resident.user:
                for shown in self.telegram.chats[int(resident.user)].answers:
                    resident.was_told(shown.text)
        result.gave_up_wechat = self.followers.gave_up
        async with self._database() as opened:
            result.lost += await opened.read(lambda tx: list(self.followers.compare(tx, self.residents)))
            await opened.read(self._look_at_people)
            await opened.read(self._look_at_seats)
            await opened.read(self._look_at_messages)
            if (row := await opened.read(audit.first_broken)) is not None:
                result.lost.append(f"the audit log is broken at row {row}")
        secrets = self.telegram.token, self.followers.wechat.app_secret, self.followers.wechat.aes_key
        if any(secret in self._log() for secret in secrets):
            result.lost.append("a secret stands in the log")

    def _look_at_the_file(self):
        for check in ("integrity_check", "foreign_key_check"):
            with closing(sqlite3.connect(self.folder / "hongyan.db")) as file:
                found = file.execute(f"PRAGMA {check}").fetchall()
            if found not in ([], [("ok",)]):
                self.result.lost.append(f"{check}: {found[:3]}")

    def _look_at_people(self, tx):
        result = self.result
        found = Counter(people.get(tx, row.id).phone for row in tx.execute(people_table.select()))
        named = {people.get(tx, row.id).phone: people.get(tx, row.id).name for row in tx.execute(people_table.select())}
        result.registered = sum(found[resident.phone] for resident in self.residents)
        result.told_registered = sum(resident.told_registered for resident in self.residents)
        for resident in self.residents:
            times = found[resident.phone]
            if times > 1:
                result.lost.append(f"{resident.name} is registered {times} times")
            if times == 0 and (resident.told_registered or resident.finished):
                result.lost.append(f"{resident.name} ({resident.channel}) said everything and is not registered")
            if times and named[resident.phone] != resident.name:
                result.lost.append(f"{resident.name} is registered under another name")

    def _look_at_seats(self, tx):
        result = self.result
        taken, mine = Counter(), Counter()
        titles = {row.id: row.title for row in tx.execute(events_table.select())}
        phones = {row.id: people.get(tx, row.id).phone for row in tx.execute(people_table.select())}
        for row in tx.execute(sign_ups.select().where(sign_ups.c.state == "confirmed")):
            taken[row.event_id] += 1
            mine[phones[row.person_id], titles[row.event_id]] += 1
        result.seats_taken = sum(mine[resident.phone, resident.lesson] for resident in self.residents)
        result.told_a_seat = sum(resident.told_seat for resident in self.residents)
        result.lost += [
            f"{titles[event]} has {count} people in {SEATS} seats" for event, count in taken.items() if count > SEATS
        ]
        for resident in self.residents:
            times = mine[resident.phone, resident.lesson]
            if times > 1 or (resident.told_seat and times != 1):
                result.lost.append(f"{resident.name} was told of a seat and has {times}")

    def _look_at_messages(self, tx):
        result = self.result
        rows = tx.execute(outbox.select().where(outbox.c.kind == "reminder")).all()
        ends = {row.person_id: row.state for row in rows}
        result.reminders_planned = len(rows)
        for person_id in self._fallen_due():
            if ends.get(person_id) not in ("delivered", "unknown"):
                result.lost.append(f"the reminder of person {person_id} ended as {ends.get(person_id)}")
        result.outbox = dict(Counter(row.state for row in tx.execute(outbox.select())))
        kept = {row.message.split("-")[1] for row in tx.execute(inbox.select().where(inbox.c.channel == "web"))}
        for resident in self.residents:
            result.lost += [
                f"a web message of {resident.name} is lost" for one in resident.web_messages if one not in kept
            ]
        accounts = {row.user: row.id for row in tx.execute(accounts_table.select()) if row.channel == "telegram"}
        for user, account in accounts.items():
            shown = self.telegram.chats[int(user)].answers
            result.shown_by_telegram += len(shown)
            mine = tx.execute(outbox.select().where(outbox.c.account_id == account)).all()
            delivered = {row.platform_id.split(":")[-1] for row in mine if row.state == "delivered"}
            unknown = sum(row.state == "unknown" for row in mine)
            stray = [one for one in shown if str(one.message_id) not in delivered]
            if len(stray) > unknown:
                result.lost.append(f"{user} reads {len(stray) - unknown} messages that no row explains")
            if len(delivered) > len(shown):
                result.lost.append(f"{user} misses {len(delivered) - len(shown)} delivered messages")
            told = Counter(one.text for one in shown if _TELLING.search(one.text))
            result.lost += [f"{user} was told twice: {text[:40]}" for text, times in told.items() if times > 1]

    def _log(self):
        return process.log_of(self.folder)

    def _database(self):
        return open_database(self.database_url, Vault.load_or_create(self.folder / "hongyan.key"))

    def _ask(self, query):
        with closing(sqlite3.connect(f"file:{self.folder / 'hongyan.db'}?mode=ro", uri=True, timeout=10)) as file:
            return file.execute(query).fetchone()[0]


def _lesson(tx, name, starts_at, now):
    draft = events.Draft("sunset_school", name, starts_at, starts_at + timedelta(hours=2), "春园社区红雁之家")
    draft.capacity, draft.point_id, draft.contact_phone = SEATS, 1, "0898-0000-0011"
    event_id = events.create(tx, draft, now)
    events.publish(tx, event_id, Actor(), now)
    return event_id

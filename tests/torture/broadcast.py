"""One broadcast to thousands over HTTP, written and agreed to in the chat, while the program is killed with kill -9.

The platform answers as Telegram does on a bad day: a tenth of all messages are asked to wait, some people have blocked
us, and now and then the connection is reset after the message arrived. In the end its own ledger is laid beside what
the program kept, what it tells staff in the chat, and the lists they take away.
"""

import asyncio
import random
import re
import shutil
import sqlite3
import time
from collections import Counter
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
from sqlalchemy import insert, select

from dialogue.message import Address
from handlers.broadcasts import STANDS
from reports.attendance import Paper
from reports.call_list import call_list, not_reached
from reports.periods import Period
from reports.sheet import Book
from reports.xlsx import write_xlsx
from storage import audit
from storage import broadcasts as verbs
from storage import recipients as kept
from storage.audit import Actor
from storage.database import open_database
from storage.grants import grant
from storage.schema.people import accounts, people
from storage.schema.talks import outbox
from storage.times import local_date
from storage.vault import Vault
from tests.dialogues.town import person as registered
from tests.dialogues.town import town
from tests.torture import process
from tests.torture.weather import BLOCKED, TRAVEL, Attempt, FarTelegram, Weather

WORDS = "明天上午停水，请先接好水。"
_WRITING = {
    "群发": "要告诉大家什么",
    WORDS: "还要带上什么",
    "就这些字": "发给谁",
    "所有人": "是普通通知，还是紧急通知",
    "普通通知": "群发 1（存着）",
    "发出群发 1": "请另一位区级工作人员看",
}
_TRIED = "SELECT count(*) FROM outbox WHERE broadcast_id = 1 AND state <> 'planned'"
STAFF = 2  # who writes it, and who agrees: they get it too
_FIRST = 100_001  # number of the first chat


@dataclass
class Result:
    """What a run did, and what it found wrong: `lost` is empty when every promise held."""

    seed: int
    recipients: int
    kills: int = 0
    seconds: float = 0.0
    calls: int = 0
    asked_to_wait: int = 0
    reset: int = 0
    delivered: int = 0
    blocked: int = 0
    unknown: int = 0
    unknown_after_a_reset: int = 0
    unknown_after_a_kill: int = 0
    unknown_but_arrived: int = 0
    doubled: int = 0
    longest_answer: float = 0.0  # seconds that staff waited for a word just after a start, while it went out
    lost: list[str] = field(default_factory=list)

    def as_dict(self):
        return asdict(self)


class Broadcast:
    """One run on a database of its own in `folder`."""

    settings = ""  # sections beside the usual ones
    is_over = "SELECT state = 'finished' FROM broadcasts"
    in_the_end = "发完了"
    missed_by_blocked = "unreachable"

    def __init__(self, folder, recipients, *, kills, seed=11):
        self.folder = Path(folder)
        self.recipients = recipients
        self.kills = kills
        self.chance = random.Random(seed)
        self.result = Result(seed, recipients)
        self.telegram = None
        self.persons = []  # of the platform, in the order of our numbers
        self.blocked = set()  # our numbers of people
        self._program = None

    async def run(self, empty_database):
        """Returns the `Result`. Raises when the program ended by itself, or the broadcast does not come to an end."""
        shutil.copyfile(empty_database, self.folder / "hongyan.db")
        began = time.monotonic()
        try:
            async with FarTelegram() as telegram, self._beside():
                telegram.patience = 300
                telegram.troubles = Weather(random.Random(self.result.seed))
                self.telegram = telegram
                await self._prepare()
                await self._send()
                self.result.seconds = round(time.monotonic() - began, 1)
                said = await self._ask_for_the_result()
                if not await process.stops_in_order(self._program):
                    self.result.lost.append("the program did not stop in order")
                self.result.lost += [f"a mistake towards Telegram: {mistake}" for mistake in telegram.mistakes]
                await self._compare(said)
        except BaseException as problem:
            problem.add_note(f"seed {self.result.seed}; the log ends with:\n{process.log_of(self.folder)[-2000:]}")
            raise
        finally:
            if self._program is not None and self._program.returncode is None:
                self._program.kill()
                await self._program.wait()
        return self.result

    # Before.

    @asynccontextmanager
    async def _beside(self):
        """What else must be up."""
        yield

    async def _prepare(self):
        for number in range(self.recipients):
            someone = self.telegram.person(f"示例{number}", number=_FIRST + number)
            someone.started = True
            self.persons.append(someone)
        everyone = range(STAFF + 1, self.recipients + 1)
        self.blocked = set(self.chance.sample(everyone, round(self.recipients * BLOCKED)))
        for number in self.blocked:
            self._blocks(number)
        port = process.free_port()
        process.write_settings(self.folder, self._url, self.telegram, port, more=self.settings)
        async with self._database() as opened:
            await opened.write(self._populate, datetime.now(UTC))

    def _blocks(self, number):
        """Since long: we are not told, and learn it when we write."""
        self.persons[number - 1].blocking = True

    def _address(self, number):
        return Address("telegram", str(self.persons[number - 1].id))

    def _populate(self, tx, now):
        town(tx)
        for number, name in enumerate(("李干事", "陈干事"), 1):
            staff = registered(tx, name, f"1370013700{number}", self._address(number))
            grant(tx, "district_staff", Actor(), now, person_id=staff)
        rows = [{"id": number, "uid": f"u{number}"} for number in range(STAFF + 1, self.recipients + 1)]
        names = [{"name": tx.vault.seal("示例", f"people.name|{row['uid']}"), "created_at": now} for row in rows]
        tx.execute(insert(people), [{**row, **name} for row, name in zip(rows, names, strict=True)])
        theirs = [(row["id"], self._address(row["id"])) for row in rows]
        their = {"reachable": True, "created_at": now}
        tx.execute(insert(accounts), [{**their, **who._asdict(), "person_id": number} for number, who in theirs])

    # The broadcast, and the deaths of the program.

    async def _send(self):
        writer, other = self.persons[:STAFF]
        await self._start()
        for text, answer in _WRITING.items():
            await self._asks(writer, text, answer)
        await self._asks(other, "同意群发 1", "开始发")
        self._worsens()
        moments = sorted(self.chance.uniform(0.05, 0.9) for _ in range(self.kills))
        for moment in moments:
            wanted = max(self._ask(_TRIED) + self.chance.randint(20, 60), int(self.recipients * moment))
            while self._ask(_TRIED) < min(wanted, 0.95 * self.recipients):
                assert self._program.returncode is None, "the program ended by itself"
                await asyncio.sleep(0.02)
            await asyncio.sleep(self.chance.uniform(0, 2 * TRAVEL))
            self._program.kill()
            await self._program.wait()
            self.result.kills += 1
            await self._start()
            await self._looks_on(writer)
        async with asyncio.timeout(1200):
            while not self._ask(self.is_over):  # noqa: ASYNC110 - another process writes there
                await asyncio.sleep(0.3)
        self.telegram.troubles.is_bad = False

    def _worsens(self):
        self.telegram.troubles.is_bad = True

    async def _start(self):
        self._program = await process.start(self.folder)
        ended = asyncio.create_task(self._program.wait())
        ended.add_done_callback(lambda _: self.telegram.tell())

    async def _until(self, holds, what):
        await self.telegram.until(lambda: self._program.returncode is not None or holds(), what)
        assert self._program.returncode is None, "the program ended by itself"

    async def _asks(self, someone, text, words):
        """Says it, and returns the answer that holds `words`."""
        read = len(someone.answers)

        def answered():
            return [shown.text for shown in someone.answers[read:] if words in shown.text]

        someone.says(text)
        await self._until(answered, f"an answer to {text}")
        return answered()[0]

    async def _looks_on(self, writer):
        """Whoever asks in between is answered with figures that leave nobody out."""
        before = len(self.telegram.calls)
        await self._until(lambda: any(one.method == "getUpdates" for one in self.telegram.calls[before:]), "a poll")
        began = time.monotonic()
        said = await self._asks(writer, "看群发 1", "群发 1（")
        self.result.longest_answer = max(self.result.longest_answer, round(time.monotonic() - began, 2))
        if (told := sum(_figures(said).values())) != self.recipients:
            self.result.lost.append(f"in between the chat speaks of {told} people")

    async def _ask_for_the_result(self):
        """What staff read in the chat: the figures, how many go on the call list, and how many stand there."""
        writer = self.persons[0]
        figures = _figures(await self._asks(writer, "看群发 1", f"（{self.in_the_end}）"))
        listed = re.search(r"列进电话名单 (\d+) 人", await self._asks(writer, "打电话群发 1", "列进电话名单"))
        to_call = re.search(r"要打的电话有 (\d+) 个", await self._asks(writer, "电话名单", "要打的电话"))
        return figures, int(listed[1]), int(to_call[1])

    # What was kept, and what the platform says.

    async def _compare(self, said):
        async with self._database() as opened:
            found = await opened.read(lambda tx: tx.execute(_ROWS).all())
            if (row := await opened.read(audit.first_broken)) is not None:
                self.result.lost.append(f"the audit log is broken at row {row}")
            shown = await opened.read(self._shown_to_staff)
        if sorted(row.person_id for row in found) != list(range(1, self.recipients + 1)):
            self.result.lost.append(f"{len(found)} rows for {self.recipients} people")
        if self.telegram.token in process.log_of(self.folder):
            self.result.lost.append("the token stands in the log")
        self._look_at_rows(found)
        states = Counter(row.state for row in found)
        missed = {row.person_id: row.state for row in found if row.state != "delivered"}
        self._look_at_figures(states, missed, said, *shown)
        if self._ask("PRAGMA integrity_check") != "ok":
            self.result.lost.append("the file is damaged")

    def _shown_to_staff(self, tx):
        """By the storage, and in the two workbooks: the rows of each that are about the broadcast."""
        found = verbs.get(tx, 1)
        paper = Paper("示例", datetime.now(UTC))
        first = local_date(found.begun_at)
        sheets = {
            "calls": call_list(tx, found.begun_at, paper, masked=False),
            "missed": not_reached(tx, Period(first, local_date(paper.made_at), "示例"), paper, masked=False),
        }
        rows = {}
        for name, sheet in sheets.items():
            path = self.folder / f"{name}.xlsx"
            write_xlsx(Book((sheet,), ()), path)
            cells = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
            rows[name] = Counter(_why(row) for row in cells if "群发通知" in row)
        progress = kept.progress(tx, found)
        return progress, dict(kept.missed(tx, 1, at_most=self.recipients)), rows

    def _look_at_figures(self, states, missed, said, progress, listed_as_missed, rows):
        result = self.result
        result.delivered, result.blocked = states["delivered"], states[self.missed_by_blocked]
        result.unknown = states["unknown"]
        figures, listed, to_call = said
        to_phone = Counter(missed.values())
        over = Counter({state: number for state, number in to_phone.items() if state != "waiting"})
        in_words = {STANDS[state]: number for state, number in states.items()}
        for what, is_so in {
            f"the chat says {figures}, the rows {in_words}": figures == in_words,
            f"the count says {progress.states}, the rows {states}": progress.states == states,
            f"{progress.meant} were meant": progress.meant == self.recipients,
            "who did not get it is not who is listed": listed_as_missed == missed,
            f"{listed} of {len(missed)} go on the call list": listed == len(missed),
            f"{to_call} of {len(missed)} stand on the call list": to_call == len(missed),
            f"the workbook of calls says {rows['calls']}": rows["calls"] == to_phone,
            f"the workbook of what was missed says {rows['missed']}": rows["missed"] == over,
        }.items():
            if not is_so:
                result.lost.append(what)

    def _look_at_rows(self, found):
        result = self.result
        every = self._attempts()
        result.calls = sum(map(len, every.values()))
        result.asked_to_wait = sum(one.refused for mine in every.values() for one in mine)
        result.reset = sum(not one.answered for mine in every.values() for one in mine)
        for row in found:
            faults = self._faults(row, [one for one in every.get(row.person_id, ()) if not one.refused])
            result.lost += [f"person {row.person_id} ({row.state}, {row.because}): {fault}" for fault in faults]

    def _attempts(self):
        """Every call for a recipient of the broadcast, in order, by our number of the person."""
        found = {}
        for call in self.telegram.calls:
            if call.method == "sendMessage" and call.given["text"] == WORDS:
                attempt = Attempt(call.status == 429, call.answered, str(call.message_id) if call.message_id else None)
                found.setdefault(int(call.given["chat_id"]) - _FIRST + 1, []).append(attempt)
        return found

    def _read_by(self, number):
        """How often it stands on the person's screen."""
        return sum(shown.text == WORDS for shown in self.persons[number - 1].answers)

    def _is_the_one(self, platform_id, arrived):
        return [platform_id.split(":")[-1]] == arrived

    def _faults(self, row, mine):
        """Everything wrong with one recipient."""
        result = self.result
        arrived = [one.arrived_as for one in mine if one.arrived_as]
        read = self._read_by(row.person_id)
        result.doubled += max(len(arrived), read) > 1
        was_reset = any(not one.answered for one in mine)
        if len(mine) > 1:
            yield f"tried {len(mine)} times"
        if read != len(arrived):
            yield f"{len(arrived)} arrived and {read} are read"
        if row.ended_at is None and row.state != "waiting":
            yield "has no end"
        if was_reset and row.state != "unknown":
            yield "was reset, and is not unknown"
        if row.state == "delivered":
            if not self._is_the_one(row.platform_id, arrived):
                yield f"{arrived} arrived, and {row.platform_id} is kept"
        elif row.state == self.missed_by_blocked:
            if arrived or row.person_id not in self.blocked or (row.reachable and row.state == "unreachable"):
                yield f"{arrived} arrived; is reachable: {row.reachable}"
        elif row.state == "unknown":
            result.unknown_after_a_reset += was_reset
            result.unknown_after_a_kill += not was_reset
            result.unknown_but_arrived += bool(arrived)
            if not was_reset and row.because != "stopped while sending":
                yield "is in doubt without a reason"
        else:
            yield "is no end of a broadcast"

    @property
    def _url(self):
        return f"sqlite:///{self.folder / 'hongyan.db'}"

    def _database(self):
        return open_database(self._url, Vault.load_or_create(self.folder / "hongyan.key"))

    def _ask(self, query):
        with closing(sqlite3.connect(f"file:{self.folder / 'hongyan.db'}?mode=ro", uri=True, timeout=10)) as file:
            return file.execute(query).fetchone()[0]


_ROWS = (
    select(
        outbox.c.person_id,
        outbox.c.state,
        outbox.c.because,
        outbox.c.platform_id,
        outbox.c.ended_at,
        accounts.c.reachable,
    )
    .select_from(outbox.outerjoin(accounts, accounts.c.id == outbox.c.account_id))
    .where(outbox.c.broadcast_id == 1)
)
_WHY = {"账号联系不上": "unreachable", "不知是否送到": "unknown", "要等本人先说话": "waiting"}


def _why(row):
    return next((_WHY[cell] for cell in row if cell in _WHY), row)


def _figures(said):
    """How many people the chat names, by how they stand."""
    return {label: int(number) for label, number in re.findall(r"^(\S+) (\d+) 人$", said, re.MULTILINE)}

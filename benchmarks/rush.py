"""Ten thousand people for a hundred seats and a waiting list, all at once, each answered when it is on disk.

Run: python -m benchmarks.rush [--people 10000] [--url postgresql://…] [--keep]

Storage: `sign_ups.sign_up` for everyone at once, beside the same claim as others write it on the same tables (aiosqlite
with a commit each, SQLAlchemy's async layer, and sqlite3 in one thread with one commit for all who wait, which is the
limit); all with synchronous=FULL, so that a commit each costs at least an fsync of this very disk. Reception:
everyone's “报名” at once. Webhook: the same through Telegram's webhook over real HTTP, until the answer has left. Waits
count from the moment at which all began. After each the list is looked at: as many seats given as there are, everybody
on it once, numbers without a gap. `--url`: on an empty PostgreSQL database, without the peers.
"""

import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvloop

from benchmarks.figures import Figure, at_least, at_most, beside, options, percentile, tell
from benchmarks.peers import rush as peers
from benchmarks.platform import Platform
from benchmarks.programs import WEBHOOK, running_on
from bot.commands.run import spare_the_collector
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from handlers.consent_texts import REGISTRATION
from storage import accounts, consents, events, people, settings, sign_ups
from storage.audit import Actor
from storage.database import Database, Transaction, open_database
from storage.migrations import migrate
from storage.people import Facts
from storage.vault import Vault

TITLE = "Rush"
SEATS = 100
_IN_TIME = 5_000  # ms: what WeChat waits for an answer
_CHANNEL = "telegram"
_CONNECTIONS = 500
_ROUNDS = ("ours", "aiosqlite", "sqlalchemy", "one thread", "reception", "webhook")

Rush = Callable[[int, Sequence[int]], Awaitable[None]]


async def main(number: int, url: str | None, *, keep: bool, command: str) -> None:
    spare_the_collector()  # as the program does while it serves; the peers here have the same of it
    with tempfile.TemporaryDirectory() as own:
        folder = Path(own)
        on = url or f"sqlite:///{folder}/hongyan.db"
        migrate(on)
        vault = Vault.load_or_create(folder / "hongyan.key")
        async with open_database(on, vault) as database:
            persons = await _register(database, number)
            held = {name: await database.write(_an_event) for name in _ROUNDS}
        figures = await (_on_sqlite(folder, vault, persons, held) if url is None else _ours(on, vault, persons, held))
        title = TITLE if url is None else f"{TITLE} on PostgreSQL"
        tell(title, command, figures, [f"{number:,} people, {SEATS} seats, all at once."], keep=keep)


async def _on_sqlite(folder: Path, vault: Vault, persons: Sequence[int], held: dict[str, int]) -> list[Figure]:
    path, url = folder / "hongyan.db", f"sqlite:///{folder}/hongyan.db"
    rates = {}
    for name, rush in (
        ("aiosqlite", peers.with_aiosqlite),
        ("sqlalchemy", peers.with_sqlalchemy),
        ("one thread", peers.with_one_thread),
    ):
        begun = time.perf_counter()
        await rush(path, held[name], persons)
        rates[name] = len(persons) / (time.perf_counter() - begun)
    ours = await _ours(url, vault, persons, held)
    rate = _rate_of(ours[0])
    webhook = await _through_webhook(folder, persons, held["webhook"])
    async with open_database(url, vault) as database:
        for event_id in held.values():
            await database.read(_nobody_oversold, event_id, len(persons))
    return [
        *ours,
        *webhook,
        at_least("storage ÷ aiosqlite, a commit each", rate / rates["aiosqlite"], 5, " ×"),
        beside("storage ÷ SQLAlchemy async, a commit each", f"{rate / rates['sqlalchemy']:.1f} ×"),
        at_least("storage ÷ sqlite3 in one thread, the limit", rate / rates["one thread"], 0.5, " ×"),
        beside("aiosqlite / SQLAlchemy / one thread", " / ".join(f"{each:,.0f}" for each in rates.values()) + " per s"),
        beside("an fsync of this disk, p50", f"{_fsync(folder) * 1e6:,.0f} µs"),
        Figure("seats given too often, people lost or doubled, gaps", "0", "0", True),
    ]


async def _ours(url: str, vault: Vault, persons: Sequence[int], held: dict[str, int]) -> list[Figure]:
    async with open_database(url, vault) as database:
        waits: list[float] = []
        begun = time.perf_counter()

        async def claims(person: int) -> None:
            actor = Actor(person, "resident", _CHANNEL)
            await database.write(sign_ups.sign_up, held["ours"], [person], actor, datetime.now(UTC))
            waits.append(time.perf_counter() - begun)

        await asyncio.gather(*(claims(person) for person in persons))
        stored = list(waits)
        waits.clear()
        reception = Reception(database, MENU, HOUSE, lambda: datetime.now(UTC), frozenset({_CHANNEL}))

        async def says(person: int) -> None:
            sender = Address(_CHANNEL, str(person))
            await reception.receive(Message(f"rush {person}", sender, datetime.now(UTC), f"报名 {held['reception']}"))
            waits.append(time.perf_counter() - begun)

        begun = time.perf_counter()
        await asyncio.gather(*(says(person) for person in persons))
        for name in ("ours", "reception"):
            await database.read(_nobody_oversold, held[name], len(persons))
        return [
            beside("storage alone", f"{len(stored) / max(stored):,.0f} per s"),
            beside("storage alone, p50 / p99", f"{percentile(stored, 50):,.0f} / {percentile(stored, 99):,.0f} ms"),
            beside("reception", f"{len(waits) / max(waits):,.0f} per s"),
            at_most("reception, p99 until the answer is on disk", percentile(waits, 99), _IN_TIME, " ms", 0),
        ]


async def _through_webhook(folder: Path, persons: Sequence[int], event_id: int) -> list[Figure]:
    platform = Platform()
    api = await platform.open()
    async with running_on(folder, api) as (port, _):
        waits = await platform.rush(port, WEBHOOK, persons, f"报名 {event_id}", _CONNECTIONS)
    return [
        beside("Telegram webhook", f"{len(waits) / max(waits):,.0f} per s"),
        at_most("Telegram webhook, p99 until the answer has left", percentile(waits, 99), _IN_TIME, " ms", 0),
    ]


def _fsync(folder: Path) -> float:
    """Seconds: what a commit each cannot be quicker than."""
    took = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(200):
            file.write(bytes(4096))
            begun = time.perf_counter()
            os.fsync(file.fileno())
            took.append(time.perf_counter() - begun)
    return statistics.median(took)


async def _register(database: Database, number: int) -> list[int]:
    found: list[int] = []
    for begin in range(0, number, 500):
        found += await database.write(_add_some, range(begin, min(begin + 500, number)))
    await database.write(settings.put, "support_phone", "0898-0000-0000", datetime.now(UTC))
    return found


def _add_some(tx: Transaction, numbers: range) -> list[int]:
    now, found = datetime.now(UTC), []
    for number in numbers:
        person = people.add(tx, Facts(name="王建国", phone=f"139{number:08d}", residence="local"), now)
        account = accounts.heard(tx, _CHANNEL, str(person), now)
        accounts.belongs_to(tx, account.id, person)
        consents.give(tx, accounts.get(tx, account.id), REGISTRATION, now)
        found.append(person)
    return found


def _an_event(tx: Transaction) -> int:
    now = datetime.now(UTC)
    starts_at = now + timedelta(days=7)
    draft = events.Draft("sunset_school", "夕阳红私塾", starts_at, starts_at + timedelta(hours=2), "春园社区")
    draft.capacity, draft.contact_phone = SEATS, "0898-0000-0012"
    event_id = events.create(tx, draft, now)
    events.publish(tx, event_id, Actor(), now)
    return event_id


def _nobody_oversold(tx: Transaction, event_id: int, number: int) -> None:
    listed = sign_ups.of_event(tx, event_id)
    seats = [entry for entry in listed if entry.state == "confirmed"]
    waiting = [entry for entry in listed if entry.state == "waitlisted"]
    right = len(seats) == min(SEATS, number) and len(seats) + len(waiting) == number
    right &= len({entry.person_id for entry in listed}) == number
    right &= [entry.number for entry in listed] == list(range(1, number + 1))
    right &= max(entry.number for entry in seats) < min((entry.number for entry in waiting), default=number + 1)
    if not right:
        raise RuntimeError(f"event {event_id}: {len(seats)} seats given, {len(waiting)} waiting, {number} people")


def _rate_of(figure: Figure) -> float:
    return float(figure.value.split()[0].replace(",", ""))


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--url", help="an empty PostgreSQL database, in place of an SQLite file")
    asked = parser.parse_args()
    command = "python -m benchmarks.rush" + (" --url postgresql://…" if asked.url else "")
    uvloop.run(main(200 if asked.tiny else asked.people, asked.url, keep=asked.keep, command=command))


if __name__ == "__main__":
    _run()

"""Starts the programs that are compared, each in a process and a folder of its own."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.peers import script
from benchmarks.platform import SECRET, TOKEN
from storage import events, settings
from storage.audit import Actor
from storage.database import Transaction, open_database
from storage.demo import places
from storage.migrations import migrate
from storage.vault import Vault

WEBHOOK = "/telegram/webhook"


@dataclass(frozen=True)
class Program:
    """One that is compared: how to start it, and what a person says to it."""

    name: str
    start: Callable[[Path, int, int], "asyncio.Future[asyncio.subprocess.Process] | object"]
    says: Callable[[int], Sequence[str]]


def we_say(person: int) -> Sequence[str]:
    """The whole registration of a local resident, and a sign-up for the first event."""
    return (
        "登记",
        "1",
        "王建国",
        f"139{person % 100_000_000:08d}",
        "2",
        "春园社区",
        "示例小区",
        "2",
        "1",
        "报名",
        "1",
    )


async def prepared(folder: Path) -> tuple[str, Vault]:
    """A database with places and two events to sign up for: its URL and its keys."""
    url = f"sqlite:///{folder}/hongyan.db"
    migrate(url)
    vault = Vault.load_or_create(folder / "hongyan.key")
    async with open_database(url, vault) as database:
        await database.write(_prepare)
    return url, vault


async def start_ours(folder: Path, api: int, port: int) -> asyncio.subprocess.Process:
    await prepared(folder)
    return await start_on(folder, api, port)


async def start_on(folder: Path, api: int, port: int, per_second: float = 100_000.0) -> asyncio.subprocess.Process:
    """Our program on the database and the keys that are in `folder` already."""
    (folder / "config.toml").write_text(
        f"""
        [bot]
        public_url = "https://bench.example"
        quiet_hours = ["23:58-00:01"]
        [storage]
        url = "sqlite:///hongyan.db"
        key_file = "hongyan.key"
        [telegram]
        enabled = true
        token = "{TOKEN}"
        mode = "webhook"
        webhook_secret = "{SECRET}"
        api_base_url = "http://127.0.0.1:{api}"
        messages_per_second = {per_second}
        [web]
        port = {port}
        """
    )
    return await _run("-m", "bot", "run", "--config", str(folder / "config.toml"))


def peer(module: str, *more: str) -> Callable[[Path, int, int], object]:
    async def start(folder: Path, api: int, port: int) -> asyncio.subprocess.Process:
        database = folder / "peer.db"
        return await _run("-m", module, str(database), f"http://127.0.0.1:{api}", TOKEN, str(port), *(more or ("",)))

    return start


OURS = Program("红雁", start_ours, we_say)
# Updates one by one, as its documentation asks for: with concurrent updates a ConversationHandler learns its next state
# after the answer was sent, and a quick reply to that answer is lost (it does happen in this very script).
PTB = Program("python-telegram-bot, ConversationHandler", peer("benchmarks.peers.ptb_bot"), script.says)
AIOGRAM = Program("aiogram 3, FSM on SQLite", peer("benchmarks.peers.aiogram_bot"), script.says)
ECHOES = (  # they keep nothing: what it costs to hear and to speak
    Program("python-telegram-bot, echo", peer("benchmarks.peers.ptb_echo"), script.says),
    Program("aiogram 3, echo", peer("benchmarks.peers.aiogram_echo"), script.says),
    Program("ASGI, msgspec and aiohttp, echo", peer("benchmarks.peers.lean"), script.says),
)


@asynccontextmanager
async def running_on(folder: Path, api: int, per_second: float = 100_000.0) -> AsyncIterator[tuple[int, int]]:
    """The same for our program on the database and the keys that are in `folder` already."""

    def start(folder: Path, api: int, port: int) -> object:
        return start_on(folder, api, port, per_second)

    async with running(Program("红雁", start, we_say), folder, api) as found:
        yield found


@asynccontextmanager
async def running(program: Program, folder: Path, api: int) -> AsyncIterator[tuple[int, int]]:
    """The port it listens on, and its process id."""
    port = free_port()
    process = await program.start(folder, api, port)  # type: ignore[misc]
    try:
        await listens(port, process)
        yield port, process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), 15)
        except TimeoutError:
            process.kill()
            await process.wait()


def processor_seconds(pid: int) -> float:
    """What the process used so far, of both cores."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Resident megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


def _prepare(tx: Transaction) -> None:
    now = datetime.now(UTC)
    places.lay_out(tx, now)
    # The program refuses to serve people with sample points; here nobody is served.
    tx.connection.exec_driver_sql("UPDATE service_points SET is_sample = false")
    tx.connection.exec_driver_sql("UPDATE organisations SET is_sample = false")
    starts_at = now + timedelta(days=7)
    draft = events.Draft(
        type="sunset_school",
        title="夕阳红私塾",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=2),
        venue="春园社区",
        contact_phone="0898-0000-0012",
        capacity=10_000_000,
    )
    for title in ("夕阳红私塾", "书法班"):
        draft.title = title
        event_id = events.create(tx, draft, now)
        events.publish(tx, event_id, Actor(), now)
    settings.put(tx, "support_phone", "0898-0000-0000", now)


async def _run(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL)


async def listens(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until it does."""
    for _ in range(600):
        if process.returncode is not None:
            raise RuntimeError(f"it stopped with {process.returncode}")
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise TimeoutError("it does not listen")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

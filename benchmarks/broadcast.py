"""A broadcast through Telegram: how near the allowed rate it comes, what it costs, and whether others notice.

Run: python -m benchmarks.broadcast [--recipients 1600000] [--seconds 60] [--keep]

The platform is a process of its own (`benchmarks.allowance`) that allows 30, or 1,000, messages within any one second
and answers 429 to the others. Ours is the whole program, started on a district whose broadcast is approved. Reached is
what came in a steady stretch, after the first five seconds, ÷ what is allowed. Processor time per message is that of
the whole program, beside a process that posts the same with aiohttp at the same rate and does nothing else. In the
same stretch somebody writes every fifth of a second, and waits for the answer. Memory is the most that was resident
from the start on, with 1,000 recipients and with the many.
"""

import asyncio
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import uvloop

from benchmarks import district
from benchmarks.allowance import WHO_WRITES
from benchmarks.figures import Figure, at_least, at_most, beside, options, percentile, tell
from benchmarks.platform import TOKEN, Platform
from benchmarks.programs import WEBHOOK, free_port, listens, memory, processor_seconds, running_on
from dialogue.message import Reply, encoded
from storage import broadcasts, grants, recipients
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import Transaction, open_database

TITLE = "Broadcast"
_BEGINS = 5.0  # seconds that belong to the start
_WORDS = "明天上午9点，春园社区有义诊，量血压、测血糖，欢迎您来。"
_WRITES_EVERY = 0.2
_ANSWERED = 100.0  # ms


@dataclass
class Course:
    """What was seen of one broadcast."""

    reached: float  # ÷ allowed
    refused: int  # with 429, in the steady stretch
    refused_before: int
    microseconds: float  # of processor for a message
    resident: float  # MB at most
    waits: list[float]  # of those who wrote, in seconds


async def main(recipients: int, seconds: float, *, keep: bool, command: str) -> None:
    with tempfile.TemporaryDirectory() as own:
        few, many = Path(own) / "few", Path(own) / "many"
        for folder, persons in ((few, 1_000), (many, recipients)):
            folder.mkdir()
            await district.build(folder, persons, 0, datetime.now(UTC))
            await _approve(folder)
        slow = await course(few, 30, min(seconds, 25.0))
        fast = await course(many, 1_000, seconds)
    raw_slow, raw_fast = await raw(30, 5.0), await raw(1_000, 5.0)
    figures = [
        *_figures("30/s", slow, raw_slow),
        *_figures("1,000/s", fast, raw_fast),
        Figure(
            f"memory at most, 1,000 / {recipients:,} recipients",
            f"{slow.resident:.0f} / {fast.resident:.0f} MB",
            "the same (± 10 %)",
            abs(fast.resident - slow.resident) <= 0.1 * slow.resident,
        ),
    ]
    tell(TITLE, command, figures, keep=keep)


def _figures(rate: str, seen: Course, raw_microseconds: float) -> list[Figure]:
    return [
        at_least(f"{rate}: reached ÷ allowed", seen.reached, 0.98, digits=3),
        at_most(f"{rate}: 429 in the steady stretch", seen.refused, 0, digits=0),
        at_most(f"{rate}: processor ÷ raw aiohttp", seen.microseconds / raw_microseconds, 1.5, " ×"),
        beside(f"{rate}: processor, ours / raw", f"{seen.microseconds:,.0f} / {raw_microseconds:,.0f} µs"),
        at_most(f"{rate}: p99 of answers meanwhile", percentile(seen.waits, 99), _ANSWERED, " ms", 0),
    ]


async def course(folder: Path, per_second: int, seconds: float) -> Course:
    """Let the broadcast run for so long after its first seconds."""
    api = free_port()
    allowance = await _process("benchmarks.allowance", str(api), str(per_second))
    try:
        await listens(api, allowance)
        async with running_on(folder, api, per_second) as (port, pid):
            wrote: dict[int, float] = {}
            residents = asyncio.create_task(_watch(pid))
            writer = asyncio.create_task(_write(port, wrote))
            await _first_sent(api)
            await asyncio.sleep(_BEGINS)
            begins, used = time.monotonic(), processor_seconds(pid)
            await asyncio.sleep(seconds)
            ends, used = time.monotonic(), processor_seconds(pid) - used
            writer.cancel()
            await asyncio.sleep(0.5)
            residents.cancel()
            seen = await _seen(api)
            (resident,) = await asyncio.gather(residents)
    finally:
        allowance.terminate()
        await allowance.wait()
    sent = sum(begins <= at < ends for at in seen["sent_at"])
    steady = sum(begins <= at < ends for at in seen["refused_at"])
    waits = [at - wrote[chat] for chat, at in seen["answered_at"] if begins <= wrote.get(chat, 0.0) < ends]
    rate = sent / (ends - begins)
    before = len(seen["refused_at"]) - steady
    return Course(rate / per_second, steady, before, used / max(sent, 1) * 1e6, resident, waits)


async def raw(per_second: int, seconds: float) -> float:
    """Microseconds of processor for a message of a process that only posts them."""
    api = free_port()
    allowance = await _process("benchmarks.allowance", str(api), str(per_second * 2))
    try:
        await listens(api, allowance)
        post = ("--post", str(api), "--rate", str(per_second), "--seconds", str(seconds))
        posting = await _process("benchmarks.broadcast", *post, stdout=asyncio.subprocess.PIPE)
        out, _ = await posting.communicate()
        return float(out)
    finally:
        allowance.terminate()
        await allowance.wait()


async def post(api: int, per_second: int, seconds: float) -> float:
    url, number = f"http://127.0.0.1:{api}/bot{TOKEN}/sendMessage", round(per_second * seconds)
    async with aiohttp.ClientSession() as client:

        async def one(chat: int) -> None:
            async with client.post(url, json={"chat_id": chat, "text": _WORDS}) as response:
                await response.json()

        flying = set[asyncio.Task[None]]()
        begun, used = time.monotonic(), time.process_time()
        for chat in range(1, number + 1):
            await asyncio.sleep(max(0.0, begun + chat / per_second - time.monotonic()))
            flying.add(task := asyncio.create_task(one(chat)))
            task.add_done_callback(flying.discard)
        await asyncio.gather(*flying)
        return (time.process_time() - used) / number * 1e6


async def _approve(folder: Path) -> None:
    about = district.District(folder, 0, 0, 0, 0, "")
    async with open_database(about.url, about.vault()) as database:
        await database.write(_begin, datetime.now(UTC))


def _begin(tx: Transaction, now: datetime) -> None:
    other = district.STAFF + 1
    grants.grant(tx, "district_staff", Actor(), now, person_id=other)
    made = Actor(district.STAFF, "district_staff", "console")
    for earlier in recipients.unfinished(tx):
        broadcasts.stop(tx, earlier, made, now)
    # Some of the district had a broadcast today; here everybody gets this one.
    broadcasts.set_caps(tx, broadcasts.Caps(a_day=100, a_week=100), made, now)
    draft = broadcasts.draft(tx, encoded(Reply(_WORDS)), Audience(), made, now)
    broadcasts.hand_in(tx, draft, made, now)
    broadcasts.approve(tx, draft, Actor(other, "district_staff", "console"), now)


async def _write(port: int, wrote: dict[int, float]) -> None:
    """Somebody new asks for help every fifth of a second."""
    asking = set[asyncio.Task[None]]()
    platform = Platform()
    for chat in range(WHO_WRITES, WHO_WRITES + 1_000_000):
        asking.add(task := asyncio.create_task(_ask(platform, port, chat, wrote)))
        task.add_done_callback(asking.discard)
        await asyncio.sleep(_WRITES_EVERY)


async def _ask(platform: Platform, port: int, chat: int, wrote: dict[int, float]) -> None:
    wrote[chat] = time.monotonic()
    await platform.deliver(port, WEBHOOK, chat, "帮助")


async def _watch(pid: int) -> float:
    most = 0.0
    try:
        while True:
            most = max(most, memory(pid))
            await asyncio.sleep(0.25)
    except asyncio.CancelledError:
        return most


async def _first_sent(api: int) -> None:
    async with asyncio.timeout(120):
        while not (await _seen(api))["sent_at"]:  # noqa: ASYNC110 - it is another process that sends
            await asyncio.sleep(0.2)


async def _seen(api: int) -> dict[str, Any]:
    address = f"http://127.0.0.1:{api}/seen"
    async with aiohttp.ClientSession() as client, client.get(address) as response:
        return dict(await response.json())


async def _process(module: str, *arguments: str, stdout: int | None = None) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-m", module, *arguments, stdout=stdout)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--recipients", type=int, default=1_600_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--post", type=int, help="only post to this port; used by the benchmark itself")
    parser.add_argument("--rate", type=int, help="with --post")
    asked = parser.parse_args()
    if asked.post:
        print(uvloop.run(post(asked.post, asked.rate, asked.seconds)))
        return
    if asked.tiny:
        asked.recipients, asked.seconds = 2_000, 3.0
    uvloop.run(main(asked.recipients, asked.seconds, keep=asked.keep, command="python -m benchmarks.broadcast"))


if __name__ == "__main__":
    _run()

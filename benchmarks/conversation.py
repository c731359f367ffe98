"""Whole registrations and sign-ups: through the reception alone, and through the Telegram webhook over real HTTP beside
those who do the same work with the same durability.

Run: python -m benchmarks.conversation [people]
"""

import asyncio
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.platform import Platform, Result
from benchmarks.programs import (
    AIOGRAM,
    OURS,
    PTB,
    WEBHOOK,
    Program,
    memory,
    prepared,
    processor_seconds,
    running,
    we_say,
)
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.database import open_database

_IN_FLIGHT = 64
_WARM_UP = 30
_ALONE = 20


async def through_webhook(program: Program, people: int) -> tuple[Result, Result, float, float]:
    """With many in flight, with one; processor seconds per message, and megabytes in the end."""
    platform = Platform()
    api = await platform.open()
    with tempfile.TemporaryDirectory() as folder:
        async with running(program, Path(folder), api) as (port, pid):
            replies = await platform.count_replies(port, WEBHOOK, 999, program.says(999), quiet=0.3)
            warm = range(1_000, 1_000 + _WARM_UP)
            await platform.play(port, WEBHOOK, warm, program.says, replies, 8)
            alone = await platform.play(port, WEBHOOK, range(2_000, 2_000 + _ALONE), program.says, replies, 1)
            before = processor_seconds(pid)
            crowd = range(10_000, 10_000 + people)
            many = await platform.play(port, WEBHOOK, crowd, program.says, replies, _IN_FLIGHT)
            used = (processor_seconds(pid) - before) / many.messages
            return many, alone, used, memory(pid)


async def through_reception(people: int, in_flight: int) -> Result:
    """The same talks handed to the reception: no HTTP, everything else, each answer on disk."""
    result = Result(0, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        url, vault = await prepared(Path(folder))
        async with open_database(url, vault) as database:
            reception = Reception(database, MENU, HOUSE, lambda: datetime.now(UTC), frozenset({"telegram"}))
            waiting = iter(range(10_000, 10_000 + people))

            async def one_after_the_other() -> None:
                for person in waiting:
                    for number, text in enumerate(we_say(person)):
                        message = Message(
                            f"{person}-{number}", Address("telegram", str(person)), datetime.now(UTC), text
                        )
                        begun = time.perf_counter()
                        await reception.receive(message)
                        result.waits.append(time.perf_counter() - begun)
                        result.messages += 1

            begun = time.perf_counter()
            await asyncio.gather(*(one_after_the_other() for _ in range(in_flight)))
            result.seconds = time.perf_counter() - begun
    return result


async def main(people: int) -> None:
    print(f"{people} people, each a registration and a sign-up (11 messages); {_IN_FLIGHT} in flight, and one")
    rates: dict[str, float] = {}
    for program in (PTB, AIOGRAM, OURS):
        many, alone, used, megabytes = await through_webhook(program, people)
        rates[program.name] = many.rate
        print(_line(program.name, many, alone), f"{used * 1e6:6.0f} µs CPU {megabytes:4.0f} MB", flush=True)
    many, alone = await through_reception(people, _IN_FLIGHT), await through_reception(_ALONE, 1)
    print(_line("红雁, the reception alone", many, alone))
    fastest = max(rate for name, rate in rates.items() if name != OURS.name)
    print(f"红雁 beside the faster peer, through the webhook: {rates[OURS.name] / fastest:.2f} × (goal: 2)")


def _line(name: str, many: Result, alone: Result) -> str:
    times = f"p50 {many.percentile(50):6.1f} p99 {many.percentile(99):6.1f} ms"
    single = f"alone p50 {alone.percentile(50):5.2f} p99 {alone.percentile(99):6.2f} ms"
    return f"{name:42} {many.rate:6.0f} messages/s  {times}  {single}"


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))

"""Whole registrations and sign-ups through the Telegram webhook, over real HTTP, beside those who do the same work.

Run: python -m benchmarks.conversation [people]
"""

import asyncio
import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks.platform import Platform, Result
from benchmarks.programs import AIOGRAM, OURS, PTB, WEBHOOK, Program, memory, processor_seconds, running

_IN_FLIGHT = 64
_WARM_UP = 30


async def measure(program: Program, people: int) -> tuple[Result, Result, float, float]:
    """With many in flight, with one; processor seconds per message, and megabytes in the end."""
    platform = Platform()
    api = await platform.open()
    with tempfile.TemporaryDirectory() as folder:
        async with running(program, Path(folder), api) as (port, pid):
            replies = await platform.count_replies(port, WEBHOOK, 999, program.says(999), quiet=0.3)
            warm = range(1_000, 1_000 + _WARM_UP)
            await platform.play(port, WEBHOOK, warm, program.says, replies, 8)
            alone = await platform.play(port, WEBHOOK, range(2_000, 2_030), program.says, replies, 1)
            before = processor_seconds(pid)
            many = await platform.play(port, WEBHOOK, range(10_000, 10_000 + people), program.says, replies, _IN_FLIGHT)
            used = (processor_seconds(pid) - before) / many.messages
            return many, alone, used, memory(pid)


async def main(people: int) -> None:
    print(f"{people} people, each a registration and a sign-up; {_IN_FLIGHT} in flight, and one")
    rates: dict[str, float] = {}
    for program in (PTB, AIOGRAM, OURS):
        many, alone, used, megabytes = await measure(program, people)
        rates[program.name] = many.rate
        print(
            f"{program.name:42} {many.rate:7.0f} messages/s   p50 {many.percentile(50):6.1f} p99 {many.percentile(99):6.1f} ms"
            f"   alone p50 {alone.percentile(50):5.2f} p99 {alone.percentile(99):5.2f} ms"
            f"   {used * 1e6:5.0f} µs CPU   {megabytes:4.0f} MB"
        )
    fastest = max(rate for name, rate in rates.items() if name != OURS.name)
    print(f"红雁 beside the faster peer: {rates[OURS.name] / fastest:.2f} × (goal: 2)")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))

"""How soon the program is ready, and how much memory it holds: idle, and while people write.

Run: python -m benchmarks.start [--messages 20000] [--keep]

The whole program, with Telegram, chat page and console, on an empty house that is migrated. Ready is when it takes
connections, from the start of the process, the best of five. Under load: registrations and sign-ups through the
webhook, 64 in flight, as in the benchmark of conversations.
"""

import asyncio
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.figures import at_most, beside, options, tell
from benchmarks.platform import Platform
from benchmarks.programs import OURS, WEBHOOK, memory, prepared, running, running_on, we_say

TITLE = "Start and size"
_STARTS = 5
_READY, _RESIDENT = 2.0, 150.0  # seconds, MB
_IN_FLIGHT = 64


async def main(messages: int, starts: int, *, keep: bool, command: str) -> None:
    platform = Platform()
    api = await platform.open()
    took = []
    with tempfile.TemporaryDirectory() as folder:
        await prepared(Path(folder))
        for _ in range(starts):
            begun = time.perf_counter()
            async with running_on(Path(folder), api) as (_, pid):
                took.append(time.perf_counter() - begun)
                await asyncio.sleep(3)  # what is done once after the start
                idle = memory(pid)
    with tempfile.TemporaryDirectory() as folder:
        async with running(OURS, Path(folder), api) as (port, pid):
            replies = await platform.count_replies(port, WEBHOOK, 999, we_say(999), quiet=0.3)
            people = max(1, messages // len(replies))
            seen = await platform.play(port, WEBHOOK, range(10_000, 10_000 + people), we_say, replies, _IN_FLIGHT)
            loaded = memory(pid)
    figures = [
        at_most("ready to take connections", min(took), _READY, " s"),
        beside("each start", " / ".join(f"{each:.2f}" for each in took) + " s"),
        at_most("memory, idle", idle, _RESIDENT, " MB", 0),
        at_most(f"memory after {seen.messages:,} messages", loaded, _RESIDENT, " MB", 0),
    ]
    tell(TITLE, command, figures, keep=keep)


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--messages", type=int, default=20_000)
    asked = parser.parse_args()
    messages, starts = (44, 1) if asked.tiny else (asked.messages, _STARTS)
    uvloop.run(main(messages, starts, keep=asked.keep, command="python -m benchmarks.start"))


if __name__ == "__main__":
    _run()

"""Whole registrations and sign-ups, each message answered when it is on disk: beside those who do the same work.

Run: python -m benchmarks.conversation [--people 120] [--keep]

Eleven messages each, through the Telegram webhook over real HTTP: an update goes in, the answer comes out as a
`sendMessage`, and the person writes on when they have it. The platform at both ends is one lean process. Every program
has its answer on disk before it gives it, confirms an update when it is dealt with, and takes a repeated update once.
python-telegram-bot handles updates one by one, as its documentation asks for with a ConversationHandler: with
concurrent updates a quick reply is lost, because the next state is known only after the answer was sent. The reception
alone is the same without HTTP.
"""

import asyncio
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.figures import at_least, beside, options, tell
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
from bot.commands.run import spare_the_collector
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.database import open_database

TITLE = "Conversation"
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


async def main(people: int, *, keep: bool, command: str) -> None:
    rates, spent, figures = {}, {}, []
    for program in (PTB, AIOGRAM, OURS):
        many, alone, used, megabytes = await through_webhook(program, people)
        rates[program.name], spent[program.name] = many.rate, used
        figures += [
            beside(program.name, f"{many.rate:,.0f}/s, {used * 1e6:,.0f} µs, {megabytes:.0f} MB"),
            beside(f"{program.name}: p50 / p99", _waits(many, alone)),
        ]
    spare_the_collector()  # as the program does while it serves
    many, alone = await through_reception(people, _IN_FLIGHT), await through_reception(min(people, _ALONE), 1)
    figures += [
        beside("红雁, the reception alone", f"{many.rate:,.0f}/s"),
        beside("红雁, the reception alone: p50 / p99", _waits(many, alone)),
    ]
    faster = max((PTB.name, AIOGRAM.name), key=rates.__getitem__)
    figures += [
        at_least(f"ours ÷ the faster peer ({faster})", rates[OURS.name] / rates[faster], 2, " ×"),
        beside("processor of that peer ÷ ours, a message", f"{spent[faster] / spent[OURS.name]:.1f} ×"),
    ]
    notes = [f"{people} people, each a registration and a sign-up: 11 messages; {_IN_FLIGHT} in flight, and one."]
    tell(TITLE, command, figures, notes, keep=keep)


def _waits(many: Result, alone: Result) -> str:
    crowd = f"{many.percentile(50):.0f} / {many.percentile(99):.0f} ms"
    return f"{crowd}, alone {alone.percentile(50):.1f} / {alone.percentile(99):.1f} ms"


def _run() -> None:
    parser = options(__doc__)
    parser.add_argument("--people", type=int, default=120)
    asked = parser.parse_args()
    uvloop.run(main(4 if asked.tiny else asked.people, keep=asked.keep, command="python -m benchmarks.conversation"))


if __name__ == "__main__":
    _run()

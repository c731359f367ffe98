"""hongyan person copy|erase: for close relatives of somebody who has died (PIPL 49), by those who run the house."""

import argparse
import asyncio
import sys
from datetime import UTC, datetime

from bot import config, opening
from handlers import leaving, own_data_file
from storage import audit, erasure, own_data, people
from storage.audit import Actor
from storage.database import Transaction
from storage.people import Person
from storage.times import local


def run(asked: argparse.Namespace) -> int:
    """Name and phone are read from the input: others see what stands on a command line."""
    if asked.action == "copy" and asked.output is None:
        print("hongyan: -o FILE says where the copy is to be written", file=sys.stderr)
        return 2
    settings = config.read(asked.config)
    name, phone = (_asked(what) for what in ("Name", "Phone"))
    now = datetime.now(UTC)

    async def done() -> str | None:
        async with opening.database(settings) as database:
            if asked.action == "erase":
                return await database.write(erase, name, phone, asked.reason, now)
            copy = await database.write(copied, name, phone, asked.reason, now)
        if copy is None:
            return None
        asked.output.touch(mode=0o600)
        asked.output.chmod(0o600)  # it may have been there, open to others
        asked.output.write_bytes(copy)
        return f"Everything held is in {asked.output}: give it to the relatives, and delete it."

    said = asyncio.run(done())
    print(
        said or "hongyan: nobody is registered with this name and this phone", file=sys.stdout if said else sys.stderr
    )
    return 0 if said else 1


def copied(tx: Transaction, name: str, phone: str, reason: str, now: datetime) -> bytes | None:
    """All that is held, to be read; None when nobody is registered so."""
    person = _of(tx, name, phone)
    if person is None:
        return None
    audit.note(tx, Actor(), "person.copied", f"person {person.id}", now, reason=reason)
    return own_data_file.as_text(own_data.of(tx, person.id), f"{local(now):%Y年%m月%d日 %H:%M}")


def erase(tx: Transaction, name: str, phone: str, reason: str, now: datetime) -> str | None:
    """As when people leave themselves: what was counted stays. None when nobody is registered so."""
    person = _of(tx, name, phone)
    if person is None:
        return None
    audit.note(tx, Actor(), "person.erase asked", f"person {person.id}", now, reason=reason)
    leaving.tell_others(tx, erasure.erase(tx, person.id, Actor(), now, "staff"), now)
    return "Erased. What was counted stays; their places at coming events went to the next in line."


def _of(tx: Transaction, name: str, phone: str) -> Person | None:
    return people.same(tx, phone, name)


def _asked(what: str) -> str:
    print(f"{what}: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()

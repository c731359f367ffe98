"""A broadcast over real HTTP, among refusals, lost connections and kills: one end for each person, nobody twice."""

import asyncio
import random
import signal
import sys
import time
from collections import Counter

import pytest
from sqlalchemy import insert, select

from dialogue.message import Reply, encoded
from storage import broadcasts, recipients
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import open_database
from storage.schema.people import accounts, people
from storage.schema.talks import outbox
from storage.vault import Vault
from tests.conftest import MORNING
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import RESET, Troubles, too_many

KILLS = 5
STAFF = 2  # who wrote it and who agreed, among the people


class Weather(Troubles):
    """10 % are asked to wait, for 2 % the connection is reset after the message was sent."""

    def take(self, method):
        if method.lower() != "sendmessage":
            return None
        draw = self.chance.random()
        return too_many(1) if draw < 0.10 else RESET if draw < 0.12 else None


def populate(tx, numbers):
    rows = [{"id": place, "uid": f"u{place}", "created_at": MORNING} for place in range(1, len(numbers) + 1)]
    tx.execute(insert(people), [{**row, "name": tx.vault.seal("示例", f"people.name|{row['uid']}")} for row in rows])
    rows = [
        {"channel": "telegram", "user": str(number), "person_id": place, "reachable": True, "created_at": MORNING}
        for place, number in enumerate(numbers, 1)
    ]
    tx.execute(insert(accounts), rows)


def begin(tx):
    maker, other = Actor(1, "district_staff", "test"), Actor(2, "district_staff", "test")
    made = broadcasts.draft(tx, encoded(Reply("明天上午停水。")), Audience(), maker, MORNING)
    if broadcasts.hand_in(tx, made, maker, MORNING).state == "asked":
        broadcasts.approve(tx, made, other, MORNING)
    return made


def stands(tx, made):
    rows = tx.execute(select(outbox.c.person_id, outbox.c.state).where(outbox.c.broadcast_id == made)).all()
    assert len(rows) == len({row.person_id for row in rows})
    return {row.person_id: row.state for row in rows}


def executed(telegram):
    """How often each chat was sent to, whether or not the program learned of it."""
    return Counter(int(call.given["chat_id"]) for call in telegram.calls if call.executed and call.message_id)


async def broadcast_to(many, databases, tmp_path):
    """Begin it, kill the program five times on the way, and look at everything when it is over."""
    url, key = databases.new(tmp_path / "hongyan.db"), tmp_path / "hongyan.key"
    vault = Vault.load_or_create(key)
    async with FakeTelegram() as telegram:
        telegram.patience = 900
        telegram.troubles = Weather(chance=random.Random(5))
        persons = [telegram.person("示例", number=100_000 + number) for number in range(many)]
        blocked = {number for number, person in enumerate(persons, 1) if number > STAFF and number % 20 == 0}
        for person in persons:
            person.started = True
        for number in blocked:
            persons[number - 1].blocks()
        async with open_database(url, vault) as database:
            await database.write(populate, [person.id for person in persons])
            made = await database.write(begin)

        began = time.time()
        command = [sys.executable, "-m", "tests.telegram.broadcasting", url, key, telegram.token, telegram.url]
        for life in range(1, KILLS + 1):
            process = await asyncio.create_subprocess_exec(*command, str(began))
            wanted = many * life // (KILLS + 1)
            await telegram.until(lambda wanted=wanted: len(telegram.calls) >= wanted, "calls")
            process.send_signal(signal.SIGKILL)
            await process.wait()
        process = await asyncio.create_subprocess_exec(*command, str(began))
        async with asyncio.timeout(900):
            assert await process.wait() == 0

        async with open_database(url, vault) as database:
            states = await database.read(stands, made)
            found = await database.read(broadcasts.get, made)
            progress = await database.read(recipients.progress, found)
            missed = await database.read(recipients.missed, made, at_most=many)
    assert telegram.mistakes == []
    return states, executed(telegram), {persons[number - 1].id for number in blocked}, progress, missed, found


async def must_hold(many, databases, tmp_path):
    states, sent, blocked, progress, missed, found = await broadcast_to(many, databases, tmp_path)
    assert found.state == "finished"
    assert sorted(states) == list(range(1, many + 1))
    assert set(states.values()) <= {"delivered", "unreachable", "unknown"}
    assert max(sent.values()) == 1
    of_chat = {100_000 + person - 1: state for person, state in states.items()}
    for chat, state in of_chat.items():
        if state == "delivered":
            assert sent[chat] == 1
        elif state == "unreachable":
            assert chat in blocked
            assert sent[chat] == 0
    assert all(of_chat[chat] in ("unreachable", "unknown") for chat in blocked)
    unknown = [chat for chat, state in of_chat.items() if state == "unknown"]
    assert 0 < len(unknown) < many * 0.04 + KILLS * 40
    assert progress.states == Counter(states.values())
    assert {person for person, _ in missed} == {person for person, state in states.items() if state != "delivered"}


@pytest.mark.long
async def test_three_hundred_people_among_faults_and_five_kills(databases, tmp_path):
    await must_hold(300, databases, tmp_path)


@pytest.mark.long
async def test_ten_thousand_people_among_faults_and_five_kills(databases, tmp_path):
    await must_hold(10_000, databases, tmp_path)

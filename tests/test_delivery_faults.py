"""Delivery among refusals, blocked people, lost connections and kills: each row ends once, nobody is sent to twice."""

import random
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from bot.channels import NotNow, Rejected, TryLater, Unreachable, Unsure
from dialogue.message import Reply, encoded
from storage import outbox
from storage.database import open_database
from storage.hours import MessageHours
from storage.outbox import AT_ANY_HOUR, LANES, Planned
from storage.schema.people import accounts as accounts_table
from storage.schema.people import people
from storage.schema.talks import outbox as table
from tests.conftest import MORNING
from tests.simulated import FakeChannel, Time, delivering

ENDS = {"delivered", "refused", "unreachable", "expired", "superseded", "unknown"}


class Lost(Unsure):
    """The connection broke after the message was sent: it arrived, and nobody knows."""

    arrived = True


def populate(tx, many, channel="telegram"):
    """So many residents, each with an account of the number they have themselves."""
    rows = [{"id": number, "uid": f"u{number}", "created_at": MORNING} for number in range(1, many + 1)]
    tx.execute(insert(people), rows)
    rows = [
        {"id": number, "channel": channel, "user": str(number), "person_id": number, "reachable": True}
        for number in range(1, many + 1)
    ]
    tx.execute(insert(accounts_table), [{**row, "created_at": MORNING} for row in rows])


async def ends(database):
    """How each row stands, by its key."""

    def read(tx):
        return dict(tuple(row) for row in tx.execute(select(table.c.key, table.c.state)))

    return await database.read(read)


async def test_ten_thousand_recipients_among_faults_and_five_kills_end_in_one_state_each(database):
    """10 % are asked to wait once, 5 % have blocked us, the connection breaks for 2 % after the message left."""
    many, chance = 10_000, random.Random(4)
    fate = {}
    for user in map(str, range(1, many + 1)):
        draw = chance.random()
        fate[user] = "later" if draw < 0.10 else "blocked" if draw < 0.15 else "lost" if draw < 0.17 else "fine"
    asked_to_wait = set()

    def does(user, text):
        match fate[user]:
            case "later" if user not in asked_to_wait:
                asked_to_wait.add(user)
                return TryLater(2)
            case "blocked":
                return Unreachable("bot was blocked by the user")
            case "lost":
                return Lost("reset")
        return None

    def send_out(tx):
        populate(tx, many)
        reply = encoded(Reply("通知"))
        for number in range(1, many + 1):
            planned = Planned("broadcast", f"b:{number}", reply, MORNING, person_id=number, broadcast_id=1)
            planned.expires_at = MORNING + timedelta(hours=24)
            outbox.plan(tx, planned, MORNING)

    await database.write(send_out)
    time = Time()
    telegram = FakeChannel("telegram", time, does, takes=0.05)
    at_a_kill = set()
    for _ in range(5):
        async with delivering(database, time, telegram, per_second=500):
            await time.passes(seconds=3)
            at_a_kill |= {key for key, state in (await ends(database)).items() if state == "sending"}
    async with delivering(database, time, telegram, per_second=500):
        await time.passes(minutes=5)

    states = await ends(database)
    assert len(states) == many
    assert set(states.values()) <= ENDS
    got = Counter(user for _, user, _ in telegram.sent)
    assert max(got.values()) == 1
    tried = Counter(user for _, user, _ in telegram.tried)
    for user, how in fate.items():
        state = states[f"b:{user}"]
        if state == "unknown":
            assert how == "lost" or f"b:{user}" in at_a_kill
            assert tried[user] <= (2 if how == "later" else 1)
        elif how == "blocked":
            assert state == "unreachable"
        else:
            assert how in ("fine", "later")
            assert state == "delivered"
            assert got[user] == 1
    assert 0 < len(at_a_kill) <= 5 * 30


OUTCOMES = {
    "fine": lambda: None,
    "later": lambda: TryLater(40),
    "everyone waits": lambda: TryLater(90, everyone=True),
    "blocked": lambda: Unreachable("blocked"),
    "not now": NotNow,
    "too long": lambda: Rejected("too long"),
    "lost": lambda: Lost("reset"),
    "no answer": lambda: Unsure("no answer"),
    "bug": ZeroDivisionError,
}
KINDS = st.sampled_from(sorted(LANES))
PLANS = st.lists(
    st.tuples(KINDS, st.integers(1, 4), st.integers(0, 600), st.one_of(st.none(), st.integers(1, 900))),
    min_size=1,
    max_size=15,
)
FAULTS = st.lists(st.sampled_from(sorted(OUTCOMES)), max_size=20)
KILLS = st.lists(st.integers(1, 20_000), max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plans=PLANS, faults=FAULTS, kills=KILLS, begin=st.integers(0, 24 * 60 - 1))
async def test_whatever_the_channel_does_and_whenever_we_are_killed_each_row_ends_once(
    databases, tmp_path_factory, vault, plans, faults, kills, begin
):
    """Nothing twice, nothing after it expired, nothing unasked outside the message hours.

    `plans`: kind, person, minutes until due, minutes after that until it expires. `kills`: seconds of life.
    """
    url = databases.new(tmp_path_factory.mktemp("faults") / "hongyan.db")
    async with open_database(url, vault) as database:
        now = MORNING + timedelta(minutes=begin)
        time = Time(now)
        expires, kinds, to_come = {}, {}, list(faults)

        def does(user, text):
            outcome = to_come.pop() if to_come else "fine"
            return OUTCOMES[outcome]()

        def plan(tx):
            populate(tx, 4)
            for number, (kind, person, minutes, lasts) in enumerate(plans):
                key = f"{kind}:{number}"
                due_at = now + timedelta(minutes=minutes)
                planned = Planned(kind, key, encoded(Reply(key)), due_at, person_id=person)
                if kind == "answer":
                    planned.account_id, planned.channel, planned.person_id = person, "telegram", None
                elif lasts is not None:
                    planned.expires_at = expires[key] = due_at + timedelta(minutes=lasts)
                kinds[key] = kind
                outbox.plan(tx, planned, now)

        await database.write(plan)
        telegram = FakeChannel("telegram", time, does, takes=2)
        for life in kills:
            async with delivering(database, time, telegram, per_second=10):
                await time.passes(seconds=life)
        async with delivering(database, time, telegram, per_second=10):
            await time.passes(hours=40)
            await database.write(outbox.expire, time.now)

        states = await ends(database)
        # Only what has no end of its own may still wait for the person to write.
        assert {states[key] for key in states} <= ENDS | {"waiting"}
        assert all(key not in expires for key, state in states.items() if state == "waiting")
        assert max(Counter(text for _, _, text in telegram.sent).values(), default=0) <= 1
        assert not telegram.two_at_once
        hours = MessageHours()
        for moment, _, text in telegram.tried:
            assert kinds[text] in AT_ANY_HOUR or hours.are_on(moment)
            assert text not in expires or moment < expires[text]
        for _, _, text in telegram.sent:
            assert states[text] in ("delivered", "unknown")
        for key, state in states.items():
            if state == "delivered":
                assert key in telegram.texts()

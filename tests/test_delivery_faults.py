"""Whatever a channel does and whenever the program is killed: each row ends once, nobody is sent to twice.

The same of a broadcast over HTTP, with the real process: `tests/torture/broadcast.py`.
"""

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

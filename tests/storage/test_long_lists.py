"""A page of a long list, and how long it is, are those of the whole list: the house only reads less for them."""

from collections import Counter
from datetime import timedelta

from sqlalchemy import update

from dialogue.message import Reply, encoded
from storage import audit, broadcasts, membership, missed, organisations, outbox, people, recipients, residents
from storage.audiences import Audience
from storage.audit import Actor
from storage.outbox import Planned
from storage.people import Party
from storage.schema.talks import outbox as table
from tests.conftest import MORNING
from tests.dialogues.town import person, town

BOSS = Actor(None, "district_staff", "console")
ENDS = ("delivered", "unreachable", "unknown", "delivered", "expired", "refused", "superseded")


def crowd(tx, many=24):
    town(tx)
    return [
        person(tx, f"王建{'一二三四五六七八九十'[number % 10]}", f"138001380{number:02d}") for number in range(many)
    ]


async def test_what_did_not_arrive(database):
    def work(tx):
        who = crowd(tx)
        for number, one in enumerate(who):
            kind = ("reminder", "broadcast", "notice")[number % 3]
            due = MORNING + timedelta(minutes=number)
            outbox.plan(tx, Planned(kind, f"m{number}", encoded(Reply("好")), due, person_id=one), MORNING)
            end = {"state": ENDS[number % len(ENDS)], "ended_at": due}
            tx.execute(update(table).where(table.c.key == f"m{number}").values(**end))
        span = MORNING, MORNING + timedelta(minutes=20)
        every = missed.between(tx, *span)
        assert missed.tallies(tx, *span) == Counter((one.state, one.kind) for one in every)
        for state in ("", "unreachable", "refused"):
            for kind in ("", "reminder"):
                fitting = [one for one in every if state in ("", one.state) and kind in ("", one.kind)]
                assert missed.newest(tx, *span, state, kind, at_most=3) == fitting[::-1][:3]

    await database.write(work)


async def test_the_audit_log(database):
    def work(tx):
        for number in range(30):
            audit.note(tx, BOSS, f"kind.{number % 4}", f"event {number}", MORNING + timedelta(minutes=number))
        span = MORNING + timedelta(minutes=3), MORNING + timedelta(minutes=27)
        every = list(audit.between(tx, *span))
        assert audit.kinds(tx, *span) == Counter(act.action for act in every)
        chosen = [act for act in every if act.action in ("kind.1", "kind.3")][::-1]
        assert audit.newest(tx, *span, ["kind.1", "kind.3"], 0, 5) == chosen[:5]
        assert audit.newest(tx, *span, ["kind.1", "kind.3"], 10, 5) == chosen[10:]
        assert audit.newest(tx, *span, [], 0, 5) == []

    await database.write(work)


async def test_how_a_broadcast_stands(database):
    """Those that arrived are not counted: they are what the others leave."""

    def work(tx):
        who = crowd(tx)
        boss = Actor(who[0], "district_staff")
        made = broadcasts.draft(tx, encoded(Reply("好")), Audience(), boss, MORNING)
        broadcasts.hand_in(tx, made, boss, MORNING)
        assert recipients.progress(tx, broadcasts.get(tx, made)).states == {}
        while recipients.carry_on(tx, made, MORNING) == "more":
            pass
        rows = tx.execute(table.select().where(table.c.broadcast_id == made)).all()
        assert len(rows) == len(who)
        reasons = (None, recipients.CAPPED, "told already", "stopped", outbox.MESSAGES_STOPPED)
        for number, row in enumerate(rows):
            state = (*ENDS, "planned", "waiting")[number % 9]
            end = {"state": state, "because": reasons[number % 5] if state == "superseded" else None}
            end["ended_at"] = None if state in ("planned", "waiting") else MORNING
            tx.execute(update(table).where(table.c.id == row.id).values(**end))
        names = {recipients.CAPPED: "capped", "stopped": "stopped", outbox.MESSAGES_STOPPED: "fewer"}
        rows = tx.execute(table.select().where(table.c.broadcast_id == made).order_by(table.c.person_id)).all()
        naive = Counter(names.get(row.because, row.state) for row in rows)
        assert recipients.progress(tx, broadcasts.get(tx, made)).states == naive
        ends = ("unreachable", "refused", "expired", "unknown", "waiting")
        not_reached = [(row.person_id, row.state) for row in rows if row.state in ends]
        assert recipients.missed(tx, made) == not_reached
        assert recipients.missed(tx, made, 4, not_reached[2][0]) == not_reached[3:7]

    await database.write(work)


async def test_the_members_of_a_branch_and_those_of_none(database):
    def work(tx):
        who = crowd(tx)
        branch = membership_of(tx, who)
        every = [one.id for one in residents.everyone(tx) if one.host_branch_id == branch]
        assert len(every) == 16
        paged, count = [], 0
        for skip in range(0, 20, 5):
            some, count = residents.of_branch(tx, branch, skip, 5)
            paged += [one.id for one in some]
        assert (paged, count) == (every, 16)
        assert [one.id for one in residents.members_without_branch(tx, 0, 50)[0]] == sorted(who)[16:]

    await database.write(work)


def membership_of(tx, who):
    """Two of three are placed in one branch; all are members."""
    branch = organisations.add(tx, "一支部", "branch")
    for place, number in enumerate(sorted(who)):
        one = people.get(tx, number)
        one.party = Party(member="yes")
        people.change(tx, one, MORNING)
        if place < 16:
            membership.place(tx, people.get(tx, number), branch, None, BOSS, MORNING)
    return branch

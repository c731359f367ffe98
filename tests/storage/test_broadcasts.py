"""Broadcasts: whom they are for, who must agree, and one row with one end for each person meant."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from dialogue.message import Reply, encoded
from storage import (
    accounts,
    attendance,
    audiences,
    broadcasts,
    call_list,
    delivery,
    grants,
    merging,
    outbox,
    people,
    recipients,
    settings,
)
from storage import sign_ups as sign_ups_store
from storage.audiences import Audience
from storage.audit import Actor
from storage.outbox import Ended
from storage.refusals import BroadcastNotNow, EmergencyNeedsReason, OwnBroadcast
from storage.schema.events import events as events_table
from storage.schema.organisations import organisations
from storage.schema.people import people as people_table
from storage.schema.talks import outbox as table
from tests.conftest import MORNING
from tests.dialogues.town import class_of, person, town

WORDS = encoded(Reply("明天上午停水，请先接好水。"))
FIRST, SECOND = Actor(1, "district_staff", "test"), Actor(2, "district_staff", "test")


@pytest.fixture
async def does(database):
    await database.write(town)
    await database.write(person, "李干事", "13700137000", ("telegram", "first"))
    await database.write(person, "陈干事", "13700137001", ("telegram", "second"))
    return database.write


def residents(tx, number, channel="telegram", **facts):
    """So many more people, each with an account of their own. Returns their numbers."""
    return [
        person(tx, f"老人{n}", f"139{len(facts):04d}{n:04d}", (channel, f"{sorted(facts)} {n}"), **facts)
        for n in range(number)
    ]


async def sent(does, audience, actor=FIRST, now=MORNING, ahead=recipients.AHEAD, **more):
    """A broadcast on its way, approved by the second person where that is needed. Returns its number."""
    made = await does(broadcasts.draft, WORDS, audience, actor, now, **more)
    found = await does(broadcasts.hand_in, made, actor, now)
    if found.state == "asked":
        await does(broadcasts.approve, made, SECOND, now)
    await planned(does, made, now, ahead)
    return made


async def planned(does, broadcast, now=MORNING, ahead=recipients.AHEAD):
    while await does(recipients.carry_on, broadcast, now, ahead) == "more":
        pass


def rows(tx, broadcast):
    """Each recipient's row: person -> (state, reason, kind)."""
    found = tx.execute(
        select(table.c.person_id, table.c.state, table.c.because, table.c.kind).where(table.c.broadcast_id == broadcast)
    ).all()
    assert len(found) == len({row.person_id for row in found})
    return {row.person_id: (row.state, row.because, row.kind) for row in found}


def settle(tx, now, how):
    """Let everything due go out on Telegram, each ending as `how(user)` says."""
    delivery.route(tx, now, ["telegram", "web"], at_most=1000)
    while (turn := delivery.turn(tx, "telegram", [], 100, now)).due:
        for due in turn.due:
            state = how(due.user)
            outbox.settle(tx, Ended(due.id, state, account_id=due.account_id if state == "unreachable" else None), now)


async def test_every_condition_narrows_and_its_values_widen(does):
    at_two = await does(residents, 2, point_id=2)
    seasonal = await does(residents, 2, point_id=2, residence="seasonal")

    async def meant(**conditions):
        return [row.id for row in await does(audiences.after, Audience(**conditions), 0, 100, MORNING)]

    assert await meant(points=(2,)) == [*at_two, *seasonal]
    assert await meant(points=(2,), residences=("seasonal",)) == seasonal
    assert await meant(points=(1, 2), residences=("local",)) == [1, 2, *at_two]
    assert await meant(communities=("460204000002",)) == []


async def test_by_branch_role_interest_and_stay(does):
    def arrange(tx):
        branch = tx.execute(insert(organisations).values(name="示例支部", kind="branch").returning(organisations.c.id))
        one, two, away = residents(tx, 3, residence="seasonal")
        tx.execute(update(people_table).where(people_table.c.id == one).values(host_branch_id=branch.scalar_one()))
        tx.execute(update(people_table).where(people_table.c.id == two).values(interests='["learning"]'))
        left = {"leaves_on": (MORNING - timedelta(days=9)).date()}
        tx.execute(update(people_table).where(people_table.c.id == away).values(left))
        grants.grant(tx, "checker", Actor(), MORNING, person_id=two, ends_at=MORNING + timedelta(days=1))
        return one, two, away

    one, two, away = await does(arrange)

    async def meant(now=MORNING, **conditions):
        return [row.id for row in await does(audiences.after, Audience(**conditions), 0, 100, now)]

    assert await meant(branches=(1,)) == [one]
    assert await meant(interests=("learning",)) == [two]
    assert await meant(roles=("checker",)) == [two]
    assert await meant(roles=("checker",), now=MORNING + timedelta(days=2)) == []
    assert await meant(residences=("seasonal",)) == [one, two]
    assert await meant(residences=("seasonal",), in_town=False) == [one, two, away]


async def test_by_a_season_they_came_in_together_with_what_they_care_for(does):
    def arrange(tx):
        one, two, three = residents(tx, 3)
        for who in (one, two):
            tx.execute(update(people_table).where(people_table.c.id == who).values(interests='["learning"]'))
        for day, came in (
            (datetime(2025, 10, 1, 1, tzinfo=UTC), (one, three)),
            (datetime(2025, 4, 30, 1, tzinfo=UTC), (two,)),
        ):
            event = class_of(tx, capacity=9)
            tx.execute(update(events_table).where(events_table.c.id == event).values(starts_at=day, ends_at=day))
            for who in came:
                attendance.check_in(tx, event, who, "by_staff", FIRST, day)
        return one, two, three

    one, two, three = await does(arrange)

    async def meant(**conditions):
        return [row.id for row in await does(audiences.after, Audience(**conditions), 0, 100, MORNING)]

    assert await meant(seasons=(2025,)) == [one, three]
    assert await meant(seasons=(2024,)) == [two]
    assert await meant(seasons=(2024, 2025)) == [one, two, three]
    assert await meant(seasons=(2025,), interests=("learning",)) == [one]


async def test_by_how_people_stand_with_an_event(does):
    def arrange(tx):
        event = class_of(tx, capacity=2, starts_in=timedelta(minutes=30))
        for who in people_there:
            sign_ups_store.sign_up(tx, event, [who], Actor(who), MORNING - timedelta(hours=4))
        attendance.check_in(tx, event, people_there[0], "by_staff", FIRST, MORNING)
        attendance.check_in(tx, event, people_there[1], "by_staff", FIRST, MORNING, state="absent")
        return event

    people_there = await does(residents, 3)
    event = await does(arrange)

    async def meant(*standings):
        audience = Audience(events=(event,), standings=standings)
        return [row.id for row in await does(audiences.after, audience, 0, 100, MORNING)]

    assert await meant() == people_there[:2]
    assert await meant("waitlisted") == people_there[2:]
    assert await meant("attended") == people_there[:1]
    assert await meant("absent") == people_there[1:2]
    assert await meant("attended", "waitlisted") == [people_there[0], people_there[2]]


async def test_the_count_tells_each_channel_and_who_cannot_be_reached(does):
    def arrange(tx):
        residents(tx, 2)
        residents(tx, 3, "wechat", estate="甲")
        residents(tx, 1, "web", estate="乙", salutation="阿姨")
        person(tx, "没有账号", "13600136000")
        lost = person(tx, "屏蔽了", "13600136001", ("telegram", "lost"))
        accounts.lost(tx, accounts.find(tx, "telegram", "lost").id, "blocked")
        quiet = people.get(tx, person(tx, "不收", "13600136002", ("telegram", "quiet")))
        quiet.messages = "none"
        people.change(tx, quiet, MORNING)
        return lost

    await does(arrange)
    counted = await does(audiences.count, Audience(), MORNING)
    assert counted == audiences.Count(11, {"telegram": 4, "wechat": 3, "web": 1}, 1, 2, 1)
    two_days_later = await does(audiences.count, Audience(), MORNING + timedelta(days=2, minutes=1))
    assert two_days_later.later == 4


async def test_few_people_need_no_second_person_and_many_do(does):
    await does(residents, 10)
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    assert (await does(broadcasts.hand_in, made, FIRST, MORNING)).state == "sending"

    await does(settings.put, broadcasts.APPROVAL_ABOVE, 5, MORNING)
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    assert (await does(broadcasts.hand_in, made, FIRST, MORNING)).state == "asked"
    await planned(does, made)
    assert await does(rows, made) == {}
    with pytest.raises(OwnBroadcast):
        await does(broadcasts.approve, made, FIRST, MORNING)
    with pytest.raises(OwnBroadcast):
        await does(broadcasts.approve, made, Actor(), MORNING)
    assert (await does(broadcasts.approve, made, SECOND, MORNING)).approved_by == 2
    with pytest.raises(BroadcastNotNow):
        await does(broadcasts.approve, made, SECOND, MORNING)


async def test_fifty_is_not_above_fifty(does):
    await does(residents, 48)
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    assert (await does(broadcasts.hand_in, made, FIRST, MORNING)).state == "sending"
    await does(residents, 1, estate="甲")
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    assert (await does(broadcasts.hand_in, made, FIRST, MORNING)).state == "asked"


async def test_each_person_meant_has_one_row_however_often_it_is_carried_on(does):
    await does(residents, 250)
    made = await sent(does, Audience())
    for _ in range(3):
        await does(recipients.carry_on, made, MORNING)
    found = await does(rows, made)
    assert sorted(found) == list(range(1, 253))
    assert {state for state, _, _ in found.values()} == {"planned"}


async def test_a_day_has_one_broadcast_and_a_week_three(does):
    async def reached(now, **more):
        made = await sent(does, Audience(), now=now, **more)
        await does(settle, now, lambda user: "delivered")
        return Counter(why for _, why, _ in (await does(rows, made)).values())

    assert await reached(MORNING) == {None: 2}
    assert await reached(MORNING + timedelta(hours=1)) == {recipients.CAPPED: 2}
    assert await reached(MORNING + timedelta(days=1)) == {None: 2}
    assert await reached(MORNING + timedelta(days=2)) == {None: 2}
    assert await reached(MORNING + timedelta(days=3)) == {recipients.CAPPED: 2}
    assert await reached(MORNING + timedelta(days=3), emergency_because="台风") == {None: 2}
    assert await reached(MORNING + timedelta(days=7)) == {None: 2}


async def test_what_did_not_arrive_does_not_count_as_enough(does):
    await sent(does, Audience())
    await does(settle, MORNING, lambda user: "refused")
    made = await sent(does, Audience(), now=MORNING + timedelta(hours=1))
    assert {state for state, _, _ in (await does(rows, made)).values()} == {"planned"}


async def test_fewer_messages_are_respected_but_not_in_an_emergency(does):
    def arrange(tx):
        event = class_of(tx)
        for messages, point in (("none", 1), ("own", 1), ("point", 1), ("point", 2)):
            who = people.get(tx, person(tx, f"{messages}{point}", None, point_id=point))
            who.messages = messages
            people.change(tx, who, MORNING)
            if messages == "own":
                sign_ups_store.sign_up(tx, event, [who.id], Actor(who.id), MORNING)
        return event

    event = await does(arrange)

    async def wanted(now, audience, **more):
        found = await does(rows, await sent(does, audience, now=now, **more))
        return sorted(who for who, (state, _, _) in found.items() if state == "planned")

    assert await wanted(MORNING, Audience()) == [1, 2]
    assert await wanted(MORNING + timedelta(days=1), Audience(points=(1,))) == [1, 2, 5]
    assert await wanted(MORNING + timedelta(days=2), Audience(events=(event,))) == [4]
    assert await wanted(MORNING + timedelta(days=2), Audience(), emergency_because="台风") == [1, 2, 3, 4, 5, 6]


async def test_an_emergency_needs_a_reason_and_a_second_person_and_counts_who_read_it(does):
    with pytest.raises(EmergencyNeedsReason):
        await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING, emergency_because=" ")
    night = MORNING + timedelta(hours=13)
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, night, emergency_because="台风红色预警")
    assert (await does(broadcasts.hand_in, made, FIRST, night)).state == "asked"
    await does(broadcasts.approve, made, SECOND, night)
    await planned(does, made, night)
    told = []
    await does(settle, night, lambda user: told.append(user) or "delivered")
    assert sorted(told) == ["first", "second"]
    assert await does(recipients.last_emergency, 1, night) == made
    assert await does(recipients.acknowledge, made, 1, night)
    assert not await does(recipients.acknowledge, made, 1, night)
    assert not await does(recipients.acknowledge, made, 99, night)
    found = await does(broadcasts.get, made)
    assert (await does(recipients.progress, found)).acknowledged == 1


async def test_a_pause_holds_everyone_back_and_a_stop_is_for_good(does):
    await does(residents, 20)
    made = await sent(does, Audience())
    told = []

    def few(user):
        told.append(user)
        return "delivered"

    def some(tx):
        delivery.route(tx, MORNING, ["telegram"])
        for due in delivery.turn(tx, "telegram", [], 5, MORNING).due:
            outbox.settle(tx, Ended(due.id, few(due.user)), MORNING)

    await does(some)
    await does(broadcasts.pause, made, FIRST, MORNING)
    await does(settle, MORNING + timedelta(hours=1), few)
    assert len(told) == 5
    await does(broadcasts.resume, made, FIRST, MORNING + timedelta(hours=1))
    await does(some_at(few, MORNING + timedelta(hours=1)))
    assert len(told) == 10
    await does(broadcasts.stop, made, FIRST, MORNING + timedelta(hours=2))
    await does(settle, MORNING + timedelta(hours=3), few)
    assert len(told) == len(set(told)) == 10
    progress = await does(recipients.progress, await does(broadcasts.get, made))
    assert progress.states == {"delivered": 10, "stopped": 12}
    with pytest.raises(BroadcastNotNow):
        await does(broadcasts.resume, made, FIRST, MORNING)


def some_at(how, now):
    def some(tx):
        delivery.route(tx, now, ["telegram"])
        for due in delivery.turn(tx, "telegram", [], 5, now).due:
            outbox.settle(tx, Ended(due.id, how(due.user)), now)

    return some


async def test_a_paused_one_expires_after_a_day_with_everyone_written_down(does):
    await does(residents, 120)
    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    await does(broadcasts.hand_in, made, FIRST, MORNING)
    await does(broadcasts.approve, made, SECOND, MORNING)
    await does(recipients.carry_on, made, MORNING)
    await does(broadcasts.pause, made, FIRST, MORNING)
    later = MORNING + timedelta(hours=25)
    await planned(does, made, later)
    await does(settle, later, lambda user: pytest.fail("too late"))
    await does(outbox.expire, later)
    await does(recipients.carry_on, made, later)
    found = await does(broadcasts.get, made)
    assert found.state == "finished"
    assert (await does(recipients.progress, found)).states == {"expired": 122}


async def test_only_so_many_wait_to_go_out_that_a_pause_is_one_short_statement(does):
    await does(residents, 300)
    made = await sent(does, Audience(), ahead=100)
    assert 100 <= len(await does(rows, made)) < 300
    await does(settle, MORNING, lambda user: "delivered")
    await planned(does, made)
    assert len(await does(rows, made)) == 302


async def test_it_ends_with_who_was_not_reached_and_they_can_be_phoned(does):
    def arrange(tx):
        return person(tx, "没有账号", "13600136000"), person(tx, "屏蔽了", "13600136001", ("telegram", "lost"))

    without, lost = await does(arrange)
    made = await sent(does, Audience())
    await does(settle, MORNING, lambda user: "unreachable" if user == "lost" else "delivered")
    await does(recipients.carry_on, made, MORNING)
    found = await does(broadcasts.get, made)
    assert found.state == "finished"
    assert (await does(recipients.progress, found)).states == {"delivered": 2, "unreachable": 2}
    assert await does(recipients.missed, made) == [(without, "unreachable"), (lost, "unreachable")]
    assert await does(recipients.list_for_calls, made, "群发：停水", MORNING) == (2, lost)
    assert await does(recipients.list_for_calls, made, "群发：停水", MORNING) == (2, lost)
    listed = await does(call_list.to_call, MORNING)
    assert sorted(entry.person_id for entry in listed) == [without, lost]


async def test_unsubscribing_meanwhile_is_respected(does):
    made = await sent(does, Audience())

    def unsubscribe(tx):
        who = people.get(tx, 1)
        who.messages = "own"
        people.change(tx, who, MORNING)

    await does(unsubscribe)
    await does(settle, MORNING, lambda user: "delivered")
    assert (await does(rows, made))[1][:2] == ("superseded", outbox.MESSAGES_STOPPED)


@pytest.mark.parametrize("kept_first", [True, False])
@pytest.mark.parametrize(
    "when", ["before anybody was written down", "in between", "before it was sent", "after it was sent"]
)
async def test_whoever_is_merged_while_it_runs_gets_it_once(does, monkeypatch, when, kept_first):
    monkeypatch.setattr(recipients, "AT_ONCE", 3)
    first, *others, second = await does(residents, 6)
    kept, gone = (first, second) if kept_first else (second, first)
    got = Counter()

    def how(user):
        got[user] += 1
        return "delivered"

    async def merge():
        await does(merging.merge, kept, gone, FIRST, MORNING, "同一个人登记了两次")

    made = await does(broadcasts.draft, WORDS, Audience(), FIRST, MORNING)
    await does(broadcasts.hand_in, made, FIRST, MORNING)
    if when == "before anybody was written down":
        await merge()
    assert await does(recipients.carry_on, made, MORNING) == "more"
    if when == "in between":
        await merge()
    await planned(does, made)
    if when == "before it was sent":
        await merge()
    await does(settle, MORNING, how)
    if when == "after it was sent":
        await merge()
    await planned(does, made)
    await does(settle, MORNING, how)
    whole = len(others) + 2 + 1  # with the two members of staff, and the one person that the two are
    assert sum(got.values()) == whole + (when == "after it was sent")
    assert set(got.values()) == {1}

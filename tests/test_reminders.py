"""Who is reminded, when, and of what: domain 9.1 to 9.3 and care.md C16."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from dialogue.message import decoded
from handlers import reminders as words
from storage import events, merging, outbox, people, reminders, sign_ups
from storage.audit import Actor
from storage.database import open_database
from storage.events import Draft
from storage.refusals import Refused
from storage.schema.people import proxies
from storage.schema.talks import outbox as table
from storage.times import local
from tests.conftest import MORNING
from tests.simulated import FakeChannel, Time, delivering
from tests.test_delivery import account
from tests.test_hours import here

STAFF = Actor(None, "organiser", "web")


@pytest.fixture
def start():
    return here("12-08 14:30")


async def event(database, start, **facts):
    def make(tx):
        draft = Draft("sunset_school", "夕阳红私塾", start, start + timedelta(hours=2), "春园社区", **facts)
        event_id = events.create(tx, draft, MORNING)
        events.publish(tx, event_id, STAFF, MORNING)
        return event_id

    return await database.write(make)


async def resident(database, name="王建国", **facts):
    return await database.write(people.add, people.Facts(name=name, **facts), MORNING)


async def joins(database, event_id, *persons, now=MORNING):
    await database.write(sign_ups.sign_up, event_id, persons, STAFF, now)


async def plan(database, moment):
    return await database.write(reminders.plan_due, moment, words.written)


async def rows(database):
    def read(tx):
        found = []
        for row in tx.execute(select(table).where(table.c.kind == "reminder").order_by(table.c.id)):
            text = decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}")).text
            found.append((row.key, local(row.due_at).strftime("%m-%d %H:%M"), row.state, text))
        return found

    return await database.read(read)


async def keys(database, state="planned"):
    return [key for key, _, now, _ in await rows(database) if now == state]


async def test_a_person_is_reminded_the_evening_before_and_two_hours_before(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database))
    assert await plan(database, here("12-07 17:59")) == 0
    assert await plan(database, here("12-07 18:00")) == 1
    assert await plan(database, here("12-07 18:01")) == 0
    assert [(due, text) for _, due, _, text in await rows(database)] == [
        ("12-07 18:00", "提醒您：明天12月8日（周二）下午2点30分，《夕阳红私塾》，地点：春园社区。您来吗？"),
    ]
    assert await plan(database, here("12-08 11:29")) == 0
    assert await plan(database, here("12-08 11:30")) == 1
    assert [(due, text) for _, due, _, text in await rows(database)][1:] == [
        ("12-08 11:30", "提醒您：今天12月8日（周二）下午2点30分，《夕阳红私塾》，地点：春园社区。您来吗？"),
    ]


async def test_the_answers_are_one_word_each_and_name_the_event(database, start):
    one = await event(database, start)
    facts = reminders.Facts(await database.read(events.get, one), "day_before", start.date(), False)
    choices = decoded(words.written(facts)).choices
    assert [(choice.value, choice.label) for choice in choices] == [(f"来 {one}", "来"), (f"不来 {one}", "不来")]


async def test_reminders_that_meet_on_one_evening_are_one(database):
    early = here("12-08 08:30")
    one = await event(database, early)
    await joins(database, one, await resident(database))
    for moment in ("12-07 18:00", "12-07 19:30", "12-08 08:00"):
        await plan(database, here(moment))
    assert [key.rpartition(":")[2] for key in await keys(database)] == ["day_before"]


async def test_who_signs_up_between_two_reminders_that_would_meet_gets_the_second(database):
    one = await event(database, here("12-08 08:30"))
    await joins(database, one, await resident(database), now=here("12-07 19:00"))
    await plan(database, here("12-07 19:10"))
    assert await rows(database) == []
    await plan(database, here("12-07 19:30"))
    assert [key.rpartition(":")[2] for key in await keys(database)] == ["two_hours"]


async def test_who_signs_up_late_gets_what_is_still_due(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database), now=here("12-07 20:00"))
    await plan(database, here("12-07 20:01"))
    assert await rows(database) == []
    await plan(database, here("12-08 11:30"))
    assert len(await rows(database)) == 1


async def test_who_signs_up_after_the_last_reminder_gets_none(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database), now=here("12-08 12:30"))
    await plan(database, here("12-08 14:00"))
    assert await rows(database) == []


async def test_only_those_with_a_place_are_reminded(database, start):
    one = await event(database, start, capacity=1)
    seated, waiting = await resident(database), await resident(database, "李秀兰")
    await joins(database, one, seated)
    await joins(database, one, waiting)
    await plan(database, here("12-07 18:00"))
    assert await keys(database) == [f"reminder:{one}:1:{seated}:day_before"]


async def test_who_is_promoted_after_the_evening_is_reminded_two_hours_before(database, start):
    one = await event(database, start, capacity=1)
    seated, waiting = await resident(database), await resident(database, "李秀兰")
    await joins(database, one, seated)
    await joins(database, one, waiting)
    await plan(database, here("12-07 18:00"))
    await database.write(sign_ups.cancel, one, seated, Actor(seated), here("12-07 18:30"))
    await plan(database, here("12-08 11:30"))
    assert await keys(database) == [f"reminder:{one}:1:{waiting}:two_hours"]
    assert await keys(database, "superseded") == [f"reminder:{one}:1:{seated}:day_before"]


async def test_a_reminder_missed_while_the_program_was_down_is_made_up_for_once(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database))
    await plan(database, here("12-07 22:00"))
    assert len(await keys(database)) == 1


async def test_after_a_night_and_a_morning_down_one_reminder_is_enough(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database))
    await plan(database, here("12-08 12:00"))
    assert [key.rpartition(":")[2] for key in await keys(database)] == ["two_hours"]


async def test_an_unread_reminder_gives_way_to_the_later_one(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database))
    await plan(database, here("12-07 18:00"))
    await plan(database, here("12-08 11:30"))
    assert [(key.rpartition(":")[2], state) for key, _, state, _ in await rows(database)] == [
        ("day_before", "superseded"),
        ("two_hours", "planned"),
    ]


async def test_tomorrow_becomes_today_after_midnight_in_what_was_not_read_yet(database, start):
    one = await event(database, start)
    await joins(database, one, await resident(database))
    await plan(database, here("12-07 18:00"))
    await plan(database, here("12-08 00:01"))
    await plan(database, here("12-08 00:02"))
    [(_, _, _, text)] = await rows(database)
    assert text.startswith("提醒您：今天12月8日（周二）")


async def test_a_moved_event_is_reminded_of_at_its_new_time_and_no_more_at_the_old(database, start):
    one = await event(database, start)
    me = await resident(database)
    await account(database, "me", "telegram", me)
    await joins(database, one, me)
    time = Time(here("12-07 18:00"))
    telegram = FakeChannel("telegram", time)
    await plan(database, time.now)
    moved = {"starts_at": here("12-10 09:00"), "ends_at": here("12-10 11:00")}
    await database.write(events.change, one, moved, STAFF, here("12-07 18:00"))
    async with delivering(database, time, telegram):
        await time.until(here("12-08 12:00"))
        assert telegram.sent == []
        await plan(database, here("12-09 18:00"))
        await time.until(here("12-09 19:00"))
    assert [text[:12] for text in telegram.texts()] == ["提醒您：明天12月10日"]


async def test_who_was_just_told_of_the_new_time_is_not_reminded_of_it_a_minute_later(database):
    one = await event(database, here("12-12 14:30"))
    await joins(database, one, await resident(database))
    moved = {"starts_at": here("12-08 14:30"), "ends_at": here("12-08 16:30")}
    await database.write(events.change, one, moved, STAFF, here("12-07 18:30"))
    await plan(database, here("12-07 18:31"))
    assert await rows(database) == []
    await plan(database, here("12-08 11:30"))
    assert len(await keys(database)) == 1


async def test_however_often_an_event_is_moved_nobody_is_reminded_more_than_twice(database, start):
    one = await event(database, start)
    me = await resident(database)
    await account(database, "me", "telegram", me)
    await joins(database, one, me)
    time = Time(here("12-07 18:00"))
    telegram = FakeChannel("telegram", time)
    async with delivering(database, time, telegram) as running:
        for day in range(8, 13):
            evening = here(f"12-{day - 1:02} 18:00")
            await time.until(evening)
            await plan(database, evening)
            running.wake()
            await time.passes(minutes=1)
            moved = {"starts_at": here(f"12-{day + 1:02} 14:30"), "ends_at": here(f"12-{day + 1:02} 16:30")}
            await database.write(events.change, one, moved, STAFF, time.now)
    assert len(telegram.sent) == 2


async def test_a_cancelled_event_is_not_reminded_of(database, start):
    one = await event(database, start)
    me = await resident(database)
    await account(database, "me", "telegram", me)
    await joins(database, one, me)
    time = Time(here("12-07 18:00"))
    telegram = FakeChannel("telegram", time)
    await plan(database, time.now)
    await database.write(events.cancel, one, "台风", STAFF, time.now)
    async with delivering(database, time, telegram):
        await time.passes(hours=20)
    assert telegram.sent == []
    await plan(database, here("12-08 11:30"))
    assert await keys(database) == []


async def test_a_reminder_is_never_sent_after_the_start(database, start):
    one = await event(database, start)
    me = await resident(database)
    await account(database, "me", "telegram", me)
    await joins(database, one, me)
    await plan(database, here("12-08 11:30"))
    time = Time(start)
    telegram = FakeChannel("telegram", time)
    async with delivering(database, time, telegram):
        await time.passes(hours=1)
    assert telegram.sent == []
    assert await keys(database, "expired") == [f"reminder:{one}:1:{me}:two_hours"]


async def test_who_acts_for_a_person_gets_a_copy_that_asks_nothing(database, start):
    one = await event(database, start)
    me, daughter, former = [await resident(database, name) for name in ("王建国", "王小梅", "李前")]

    def appoint(tx):
        for proxy, ended in ((daughter, None), (former, MORNING)):
            row = {"person_id": me, "proxy_id": proxy, "asked_at": MORNING, "agreed_at": MORNING, "ended_at": ended}
            tx.execute(proxies.insert(), row)

    await database.write(appoint)
    await joins(database, one, me)
    await plan(database, here("12-07 18:00"))
    assert [key for key, *_ in await rows(database)] == [
        f"reminder:{one}:1:{me}:day_before",
        f"reminder:{one}:1:{me}:day_before:{daughter}",
    ]
    assert (await rows(database))[1][3].startswith("给您捎个信，王建国报了名：明天12月8日")


async def test_who_said_they_come_is_reminded_but_not_asked_again(database, start):
    one = await event(database, start)
    me = await resident(database)
    await joins(database, one, me)
    await database.write(sign_ups.accept, one, me, here("12-07 18:10"))
    await plan(database, here("12-08 11:30"))
    [(_, _, _, text)] = await rows(database)
    assert text.endswith("您说过要来，来不了请告诉我。")


async def test_whose_two_registrations_are_merged_is_not_reminded_a_second_time(database, start):
    one = await event(database, start)
    twice, me = await resident(database), await resident(database, "王建国（候鸟）")
    await joins(database, one, twice)
    await plan(database, here("12-07 18:00"))
    await database.write(merging.merge, me, twice, STAFF, here("12-07 18:05"), "同一个人")
    await plan(database, here("12-07 18:06"))
    assert await keys(database) == [f"reminder:{one}:1:{twice}:day_before"]
    await plan(database, here("12-08 11:30"))
    assert await keys(database) == [f"reminder:{one}:1:{me}:two_hours"]


async def test_a_large_event_is_planned_piece_by_piece(database, start):
    one = await event(database, start)
    for number in range(5):
        await joins(database, one, await resident(database, f"王{'一二三四五'[number]}"))
    assert [await database.write(reminders.plan_due, here("12-07 18:00"), words.written, 2) for _ in range(4)] == [
        2,
        2,
        1,
        0,
    ]
    assert len(await keys(database)) == 5


STEPS = st.lists(
    st.tuples(st.integers(1, 400), st.sampled_from(["plan", "join", "leave", "move", "says"]), st.integers(0, 2)),
    min_size=5,
    max_size=30,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, start_minute=st.integers(0, 24 * 60 - 1))
async def test_whatever_happens_no_more_than_two_reminders_and_all_of_them_true(
    databases, tmp_path_factory, vault, steps, start_minute
):
    """Never for who has no place, after the start, out of hours, twice by one rule, or of an old time."""
    url = databases.new(tmp_path_factory.mktemp("steps") / "hongyan.db")
    async with open_database(url, vault) as database:
        start = here("12-08 00:00") + timedelta(minutes=start_minute)
        one = await event(database, start, capacity=2)
        everyone = [await resident(database, f"王{name}") for name in "一二三"]
        for number, person in enumerate(everyone):
            await account(database, f"user{number}", "telegram", person)
        time = Time(here("12-06 20:00"))
        told = []

        def read(user, text):
            current = telegram_event[0]
            place = places.get(int(user[4:]))
            told.append((time.now, user, text))
            assert time.now < current.starts_at
            assert place == "confirmed"
            assert current.venue in text
            assert f"{local(current.starts_at).day}日" in text

        telegram = FakeChannel("telegram", time, read, takes=0)
        telegram_event, places = [await database.read(events.get, one)], {}
        async with delivering(database, time, telegram) as running:
            for minutes, step, who in steps:
                await time.passes(minutes=minutes)
                person = everyone[who]
                if time.now >= telegram_event[0].starts_at:
                    break
                try:
                    if step == "join":
                        await joins(database, one, person, now=time.now)
                    elif step == "leave":
                        await database.write(sign_ups.cancel, one, person, Actor(person), time.now)
                    elif step == "says":
                        await database.write(sign_ups.accept, one, person, time.now)
                    elif step == "move":
                        later = telegram_event[0].starts_at + timedelta(hours=7)
                        moved = {"starts_at": later, "ends_at": later + timedelta(hours=2), "venue": f"{minutes}号楼"}
                        await database.write(events.change, one, moved, STAFF, time.now)
                except Refused:
                    pass  # they are refused as in the chat
                telegram_event[0] = await database.read(events.get, one)
                for number, someone in enumerate(everyone):
                    entry = await database.read(sign_ups.active, one, someone)
                    places[number] = entry and entry.state
                await plan(database, time.now)
                running.wake()
        for user in {user for _, user, _ in told}:
            assert len([1 for _, who, _ in told if who == user]) <= reminders.MOST
        hours = reminders.MessageHours()
        assert all(hours.are_on(moment) for moment, _, _ in told)
        assert set(await database.read(outbox.states)) <= {"planned", "delivered", "superseded", "expired"}

"""What delivery promises: each message once, in order, in good time, with one end, whatever becomes of the program."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.channels import NotNow, Rejected, TryLater, Unreachable, Unsure
from bot.delivery import Delivery
from dialogue.message import Choice, Reply, encoded
from storage import accounts, conversations, delivery, outbox, settings
from storage.outbox import Planned
from storage.schema.people import people
from storage.schema.talks import outbox as table
from storage.times import at, local_date
from tests.conftest import MORNING
from tests.simulated import FakeChannel, Time, delivering


@pytest.fixture
def time():
    return Time()


async def account(database, user, channel="telegram", person=None):
    def add(tx):
        found = accounts.heard(tx, channel, user, MORNING)
        if person is not None:
            accounts.belongs_to(tx, found.id, person)
        return found.id

    return await database.write(add)


async def person(database, **facts):
    def add(tx):
        row = {"uid": facts.pop("uid", None) or f"uid{tx.execute(select(people.c.id)).all().__len__()}"}
        row |= {"created_at": MORNING, **facts}
        return tx.execute(people.insert().returning(people.c.id), row).scalar_one()

    return await database.write(add)


async def answer(database, account_id, text, now=MORNING, channel="telegram"):
    planned = Planned("answer", f"answer:{account_id}:{text}", encoded(Reply(text)), now)
    planned.account_id, planned.channel = account_id, channel
    await database.write(outbox.plan, planned, now)


async def notice(database, person_id, text, now=MORNING, kind="notice", choices=(), **more):
    reply = encoded(Reply(text, choices))
    planned = Planned(kind, f"{kind}:{person_id}:{text}", reply, more.pop("due_at", now), person_id=person_id, **more)
    await database.write(outbox.plan, planned, now)


async def states(database):
    return await database.read(outbox.states)


async def test_an_answer_goes_out_at_once_without_waiting_for_a_tick(database, time):
    telegram = FakeChannel("telegram", time, takes=0)
    me = await account(database, "me")
    async with delivering(database, time, telegram) as running:
        await time.passes(seconds=10)
        await answer(database, me, "好的", time.now)
        running.wake("telegram")
        await time.passes(seconds=1)
        assert [(moment - MORNING).total_seconds() for moment, _, _ in telegram.sent] == [10]
    assert await states(database) == {"delivered": 1}


async def test_several_answers_to_one_person_arrive_in_order_one_after_the_other(database, time):
    telegram = FakeChannel("telegram", time, takes=0.2)
    me = await account(database, "me")
    for number in range(6):
        await answer(database, me, f"第{number}句")
    async with delivering(database, time, telegram):
        await time.passes(seconds=20)
    assert telegram.texts() == [f"第{number}句" for number in range(6)]
    assert not telegram.two_at_once


async def test_different_people_are_written_to_side_by_side(database, time):
    telegram = FakeChannel("telegram", time, takes=1)
    for number in range(120):
        await answer(database, await account(database, f"user{number}"), "好的")
    async with delivering(database, time, telegram):
        await time.passes(seconds=10)
    assert len(telegram.sent) == 120
    assert telegram.most_at_once == 100


async def test_of_a_channel_without_a_pace_a_kill_leaves_few_in_doubt(database, time):
    wechat = FakeChannel("wechat", time, takes=1)
    for number in range(60):
        await account(database, f"user{number}", "wechat", await person(database))
        await notice(database, number + 1, "停水")
    async with delivering(database, time, wechat, per_second=None):
        await time.passes(seconds=2)
        assert wechat.most_at_once == 10
    async with delivering(database, time, wechat, per_second=None):
        await time.passes(seconds=20)
    assert (await states(database))["unknown"] <= 10
    assert wechat.most_at_once == 10


async def test_what_was_said_later_does_not_overtake_what_must_be_tried_again(database, time):
    refusals = [TryLater(3), TryLater(3)]
    telegram = FakeChannel("telegram", time, lambda user, text: refusals.pop() if refusals else None)
    me = await account(database, "me")
    await answer(database, me, "先")
    await answer(database, me, "后")
    async with delivering(database, time, telegram):
        await time.passes(seconds=30)
    assert telegram.texts() == ["先", "后"]
    assert telegram.sent[0][0] >= MORNING + timedelta(seconds=6)
    assert await states(database) == {"delivered": 2}


async def test_a_pause_for_everyone_stops_everyone_and_holds_no_row_as_being_sent(database, time):
    refused = []

    def once(user, text):
        if not refused:
            refused.append(user)
            return TryLater(60, everyone=True)
        return None

    telegram = FakeChannel("telegram", time, once)
    for number in range(50):
        await answer(database, await account(database, f"user{number}"), "好的")
    async with delivering(database, time, telegram, per_second=20):
        await time.passes(seconds=30)
        assert await database.read(outbox.under_way) == {"planned": 50}
        await time.passes(seconds=60)
    assert len(telegram.sent) == 50
    assert [
        moment for moment, _, _ in telegram.tried if timedelta(seconds=1) < moment - MORNING < timedelta(minutes=1)
    ] == []


async def test_sending_is_evenly_spaced_at_the_channels_pace(database, time):
    telegram = FakeChannel("telegram", time)
    for number in range(100):
        await notice(database, await with_account(database, f"user{number}"), "通知")
    async with delivering(database, time, telegram, per_second=25):
        await time.passes(seconds=10)
    moments = [moment for moment, _, _ in telegram.tried]
    assert len(moments) == 100
    for first, later in zip(moments, moments[25:], strict=False):
        assert later - first >= timedelta(seconds=1)


async def test_an_answer_waits_at_most_one_slot_behind_a_broadcast(database, time):
    telegram = FakeChannel("telegram", time)
    for number in range(200):
        await notice(database, await with_account(database, f"user{number}"), "通知", kind="broadcast")
    me = await account(database, "me")
    async with delivering(database, time, telegram, per_second=10) as running:
        await time.passes(seconds=5)
        asked = time.now
        await answer(database, me, "好的", asked)
        running.wake("telegram")
        await time.passes(seconds=2)
    [answered] = [moment for moment, user, _ in telegram.tried if user == "me"]
    assert answered - asked <= timedelta(seconds=0.21)


async def test_one_chat_gets_a_message_a_second_and_holds_up_nobody(database, time):
    telegram = FakeChannel("telegram", time)
    flooded, other = await account(database, "flooded"), await account(database, "other")
    for number in range(10):
        await answer(database, flooded, f"{number}")
    await answer(database, other, "好的")
    async with delivering(database, time, telegram):
        await time.passes(seconds=1)
        assert "好的" in telegram.texts("other")
        assert len(telegram.texts("flooded")) <= 4
        await time.passes(seconds=10)
    assert telegram.texts("flooded") == [str(number) for number in range(10)]


@pytest.mark.parametrize(
    ("problem", "end"),
    [
        (Rejected("too long"), "refused"),
        (Unsure("no answer"), "unknown"),
        (Unreachable("blocked"), "unreachable"),
        (ZeroDivisionError(), "unknown"),
    ],
)
async def test_each_outcome_of_a_channel_is_one_end(database, time, problem, end):
    telegram = FakeChannel("telegram", time, lambda user, text: problem)
    await notice(database, await with_account(database, "me"), "通知")
    async with delivering(database, time, telegram):
        await time.passes(hours=3)
    assert len(telegram.tried) == 1
    assert await states(database) == {end: 1}


async def with_account(database, user, channel="telegram", **facts):
    someone = await person(database, uid=f"{channel} {user}", **facts)
    await account(database, user, channel, someone)
    return someone


async def test_a_lost_account_ends_all_that_waits_for_it(database, time):
    telegram = FakeChannel("telegram", time, lambda user, text: Unreachable("blocked"))
    me = await with_account(database, "me")
    await notice(database, me, "今天")
    await notice(database, me, "明天", due_at=MORNING + timedelta(days=1))
    async with delivering(database, time, telegram):
        await time.passes(days=2)
    assert len(telegram.tried) == 1
    assert await states(database) == {"unreachable": 2}


async def test_a_lost_account_is_tried_again_once_it_writes(database, time):
    telegram = FakeChannel("telegram", time, lambda user, text: Unreachable("blocked"))
    me = await with_account(database, "me")
    await notice(database, me, "一")
    async with delivering(database, time, telegram) as running:
        await time.passes(minutes=20)
        telegram.does = lambda user, text: None
        await notice(database, me, "二", time.now)
        await time.passes(minutes=20)
        assert telegram.texts() == []
        await database.write(accounts.heard, "telegram", "me", time.now)
        await notice(database, me, "三", time.now)
        running.wake("telegram")
        await time.passes(minutes=20)
    assert telegram.texts() == ["三"]


async def test_who_is_lost_in_one_channel_is_written_to_in_another_they_use(database, time):
    telegram = FakeChannel("telegram", time, lambda user, text: Unreachable("blocked"))
    wechat = FakeChannel("wechat", time)
    me = await with_account(database, "me", "telegram")
    await account(database, "wx", "wechat", me)
    await database.write(accounts.heard, "telegram", "me", MORNING + timedelta(minutes=2))
    await notice(database, me, "一")
    await notice(database, me, "二", due_at=MORNING + timedelta(hours=1))
    async with delivering(database, time, telegram, wechat):
        await time.passes(hours=2)
    assert wechat.texts() == ["一", "二"]
    assert await states(database) == {"delivered": 2}


async def test_what_a_channel_cannot_say_now_waits_for_the_person_to_write(database, time):
    web = FakeChannel("web", time, lambda user, text: NotNow())
    me = await with_account(database, "me", "web")
    await notice(database, me, "有新活动")
    async with delivering(database, time, web):
        await time.passes(hours=1)
        assert await states(database) == {"waiting": 1}

        def writes(tx):
            return outbox.take_waiting(tx, accounts.heard(tx, "web", "me", time.now), 3, time.now)

        [shown] = await database.write(writes)
        assert "有新活动" in shown
        assert await database.write(writes) == []
    assert await states(database) == {"delivered": 1}


async def test_who_cannot_be_pushed_to_in_one_channel_is_told_in_the_other(database, time):
    wechat = FakeChannel("wechat", time, lambda user, text: NotNow())
    telegram = FakeChannel("telegram", time)
    me = await with_account(database, "me", "telegram")
    await account(database, "wx", "wechat", me)
    await database.write(accounts.heard, "wechat", "wx", MORNING + timedelta(minutes=2))
    await notice(database, me, "通知")
    async with delivering(database, time, telegram, wechat):
        await time.passes(hours=1)
    assert [user for _, user, _ in wechat.tried] == ["wx"]
    assert telegram.texts() == ["通知"]


async def test_who_has_no_account_or_only_one_in_a_channel_switched_off_is_unreachable(database, time):
    telegram = FakeChannel("telegram", time)
    await notice(database, await person(database), "通知")
    await notice(database, await with_account(database, "wx", "wechat"), "通知")
    async with delivering(database, time, telegram):
        await time.passes(hours=1)
    assert await states(database) == {"unreachable": 2}


async def test_nothing_unasked_goes_out_at_night_but_answers_do(database, time):
    time.now = evening = at(local_date(MORNING), MORNING.time().replace(hour=21))
    telegram = FakeChannel("telegram", time)
    me = await with_account(database, "me")
    for kind in ("broadcast", "notice", "need", "change", "alert"):
        await notice(database, me, kind, evening, kind)
    await answer(database, await account(database, "other"), "answer", evening)
    async with delivering(database, time, telegram):
        await time.until(evening + timedelta(hours=10))
        assert sorted(telegram.texts()) == ["alert", "answer"]
        await time.passes(hours=2)
    assert telegram.texts()[2:] == ["change", "notice", "need", "broadcast"] or len(telegram.sent) == 6
    assert all(moment >= evening + timedelta(hours=11) for moment, _, _ in telegram.sent[2:])


async def test_a_retry_does_not_slip_into_the_midday_rest(database, time):
    time.now = noon = at(local_date(MORNING), MORNING.time().replace(hour=11, minute=59))
    refusals = [TryLater(600)]
    telegram = FakeChannel("telegram", time, lambda user, text: refusals.pop() if refusals else None)
    await notice(database, await with_account(database, "me"), "通知", noon)
    async with delivering(database, time, telegram):
        await time.passes(hours=5)
    [(moment, _, _)] = telegram.sent
    assert moment >= at(local_date(MORNING), MORNING.time().replace(hour=14, minute=30))


async def test_nothing_is_sent_after_it_expired(database, time):
    telegram = FakeChannel("telegram", time, lambda user, text: TryLater(600))
    await notice(database, await with_account(database, "me"), "通知", expires_at=MORNING + timedelta(minutes=25))
    async with delivering(database, time, telegram):
        await time.passes(hours=2)
    assert len(telegram.tried) == 3
    assert await states(database) == {"expired": 1}


async def test_while_sending_is_paused_only_answers_go_out(database, time):
    telegram = FakeChannel("telegram", time)
    await database.write(settings.put, outbox.PAUSED, True, MORNING)
    await notice(database, await with_account(database, "me"), "通知", kind="alert")
    await answer(database, await account(database, "other"), "好的")
    async with delivering(database, time, telegram) as running:
        await time.passes(hours=1)
        assert telegram.texts() == ["好的"]
        await database.write(settings.put, outbox.PAUSED, False, time.now)
        running.wake()
        await time.passes(seconds=1)
    assert telegram.texts() == ["好的", "通知"]


async def test_who_stopped_messages_gets_answers_and_news_of_a_need_alone(database, time):
    telegram = FakeChannel("telegram", time)
    silent = await with_account(database, "silent", messages="none")
    own = await with_account(database, "own", messages="own")
    for kind in ("broadcast", "notice", "need", "reminder", "change"):
        await notice(database, silent, kind, kind=kind)
        await notice(database, own, kind, kind=kind)
    async with delivering(database, time, telegram):
        await time.passes(hours=1)
    assert telegram.texts("silent") == ["need"]
    assert sorted(telegram.texts("own")) == ["change", "need", "notice", "reminder"]


async def test_a_bare_number_means_the_words_shown_last_unasked(database, time):
    telegram = FakeChannel("telegram", time)
    me = await with_account(database, "me")
    choices = (Choice("来 12", "来"), Choice("不来 12", "不来"))
    await notice(database, me, "明天私塾", kind="reminder", choices=choices)
    async with delivering(database, time, telegram):
        await time.passes(hours=1)

    def screen(tx):
        desk = conversations.of(tx, accounts.find(tx, "telegram", "me").id)
        return desk.screen, desk.screen_is_newer

    assert await database.read(screen) == ([("来 12", "来"), ("不来 12", "不来")], True)


async def test_words_that_did_not_arrive_are_not_what_a_bare_number_means(database, time):
    telegram = FakeChannel("telegram", time, lambda user, text: Rejected("too long"))
    me = await with_account(database, "me")
    await notice(database, me, "明天私塾", choices=(Choice("来 12", "来"),))
    async with delivering(database, time, telegram):
        await time.passes(hours=1)
    number = (await database.read(accounts.find, "telegram", "me")).id
    assert (await database.read(conversations.of, number)).screen == []


async def test_what_was_in_flight_at_a_kill_is_unknown_and_never_sent_again(database, time):
    telegram = FakeChannel("telegram", time, takes=60)
    for number in range(5):
        await notice(database, await with_account(database, f"user{number}"), "通知")
    async with delivering(database, time, telegram):
        await time.passes(seconds=30)
        assert await database.read(outbox.under_way) == {"sending": 5}
    telegram.takes = 0
    async with delivering(database, time, telegram):
        await time.passes(hours=1)
    assert len(telegram.tried) == 5
    assert await states(database) == {"unknown": 5}


async def test_a_late_word_of_a_killed_program_does_not_change_an_end(database):
    me = await with_account(database, "me")
    await notice(database, me, "通知")
    await database.write(delivery.route, MORNING, ["telegram"])
    [due] = (await database.write(delivery.turn, "telegram", (), 5, MORNING)).due
    await database.write(delivery.after_a_stop, MORNING)
    await database.write(outbox.settle_all, [outbox.Ended(due.id, "delivered")], MORNING)
    await database.write(outbox.settle_all, [outbox.Ended(due.id, "planned")], MORNING)
    assert await states(database) == {"unknown": 1}


async def test_a_graceful_stop_finishes_what_is_in_flight_and_claims_nothing_more(database, time):
    telegram = FakeChannel("telegram", time, takes=0)
    gate = asyncio.Event()

    class Slow:
        name = "telegram"

        async def send(self, user, reply, *, urgent=False):
            started.set()
            await gate.wait()
            return await telegram.send(user, reply)

    started = asyncio.Event()
    await answer(database, await account(database, "me"), "好的")
    service = Delivery(database, {"telegram": Slow()}, time)
    async with service.running():
        await started.wait()
        await answer(database, await account(database, "other"), "再见")
        service.stop()
        gate.set()
    assert telegram.texts() == ["好的"]
    assert await states(database) == {"delivered": 1, "planned": 1}
    assert service.ended == {("telegram", "delivered"): 1}


async def test_who_is_stopped_before_it_could_begin_takes_nothing(database, time):
    service = Delivery(database, {"telegram": FakeChannel("telegram", time, takes=0)}, time)
    running = asyncio.create_task(service.run())
    await asyncio.sleep(0)  # it begins; what it asks of the database comes back later
    service.stop()
    await running
    assert not service.is_open()


async def test_a_row_that_cannot_be_read_stops_nobody(database, time, caplog):
    telegram = FakeChannel("telegram", time)
    await answer(database, await account(database, "one"), "好的")
    await answer(database, await account(database, "two"), "再见")

    def damage(tx):
        tx.execute(table.update().where(table.c.id == 1).values(reply=b"\x01damaged"))

    await database.write(damage)
    async with delivering(database, time, telegram):
        await time.passes(seconds=10)
    assert telegram.texts() == ["再见"]
    assert await states(database) == {"refused": 1, "delivered": 1}


async def test_delivery_goes_on_when_the_disk_is_full_for_a_while(database, time, caplog):
    class Full:
        """The database behind a disk that takes nothing."""

        full = False

        async def write(self, work, /, *args, **kwargs):
            if self.full:
                from storage.database import StorageFault

                raise StorageFault("database or disk is full")
            return await database.write(work, *args, **kwargs)

        read = database.read

    disk = Full()
    telegram = FakeChannel("telegram", time, takes=5)
    await answer(database, await account(database, "me"), "一")
    async with delivering(disk, time, telegram) as running:
        await time.passes(seconds=1)
        disk.full = True
        await time.passes(minutes=5)
        disk.full = False
        await answer(database, await account(database, "me"), "二", time.now)
        running.wake("telegram")
        await time.passes(minutes=5)
    assert telegram.texts() == ["一", "二"]
    assert await states(database) == {"delivered": 2}
    assert "disk is full" in caplog.text


async def says(database, running, time, user, text):
    """The reception answers: the row is claimed as it is written, and handed over."""
    number = (await database.read(accounts.find, "telegram", user)).id
    planned = Planned("answer", f"answer:{user}:{text}", encoded(Reply(text)), time.now, account_id=number)
    planned.channel = "telegram"
    due = await database.write(outbox.answer, planned, user, time.now)
    if due is not None:
        running.take("telegram", [due])
    else:
        running.wake("telegram")


async def test_answers_handed_over_in_a_rush_leave_few_in_doubt_when_we_are_killed(database, time):
    telegram = FakeChannel("telegram", time)
    for number in range(100):
        await account(database, f"user{number}")
    async with delivering(database, time, telegram, per_second=25) as running:
        await time.passes(seconds=1)
        for number in range(100):
            await says(database, running, time, f"user{number}", "好的")
        await time.passes(seconds=1)
    async with delivering(database, time, telegram, per_second=25):
        await time.passes(minutes=1)
    found = await states(database)
    assert found["unknown"] <= 5
    assert found["unknown"] + found["delivered"] == 100
    assert len(telegram.sent) + found["unknown"] >= 100
    assert len(set(telegram.sent)) == len(telegram.sent)


async def test_answers_handed_over_while_earlier_ones_must_wait_do_not_overtake_them(database, time):
    refusals = [TryLater(3)]
    telegram = FakeChannel("telegram", time, lambda user, text: refusals.pop() if refusals else None)
    await account(database, "me")
    async with delivering(database, time, telegram, per_second=25) as running:
        await time.passes(seconds=1)
        for number in range(12):
            await says(database, running, time, "me", str(number))
            await time.passes(milliseconds=30)
        await time.passes(minutes=1)
    assert telegram.texts() == [str(number) for number in range(12)]
    assert not telegram.two_at_once


async def test_who_asks_for_a_look_while_one_is_under_way_gets_another(database, time):
    """What is planned just after the look began would otherwise wait for the next tick."""
    telegram = FakeChannel("telegram", time, takes=0)
    me = await with_account(database, "me")

    class Asking:
        """A database in whose shadow somebody plans a message and wakes delivery."""

        read = database.read
        asked = False

        async def write(self, work, /, *args, **kwargs):
            done = await database.write(work, *args, **kwargs)
            if not self.asked and time.now > MORNING:
                self.asked = True
                await notice(database, me, "通知", time.now)
                running.wake("telegram")
            return done

    async with delivering(Asking(), time, telegram) as running:
        await time.passes(seconds=1)
        running.wake("telegram")
        await time.passes(seconds=1)
        assert telegram.texts() == ["通知"]

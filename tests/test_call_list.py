"""Whom staff must phone: everyone expected whom no message reaches, and nobody else (domain 9.6)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.channels import NotNow, Unreachable
from dialogue.message import Reply, encoded
from handlers import reminders as words
from storage import accounts, call_list, events, grants, outbox, people, reminders, sign_ups
from storage.audit import Actor
from storage.call_list import forget_before, to_call
from storage.schema.people import people as people_table
from storage.schema.places import service_points
from tests.conftest import ME, MORNING, SOMEONE_ELSE
from tests.simulated import FakeChannel, Time, delivering
from tests.test_delivery import account
from tests.test_hours import here
from tests.test_reminders import event, joins, resident

STAFF = Actor(None, "point_lead", "web")
LIST_IS_MADE = here("12-07 16:00")
REFRESHED = here("12-07 19:00")


@pytest.fixture
async def school(database):
    return await event(database, here("12-08 14:30"))


async def listed(database, now=LIST_IS_MADE):
    return [(entry.name, entry.why) for entry in await database.read(to_call, now)]


async def make(database, now=LIST_IS_MADE, **more):
    return await database.write(call_list.make, now, **more)


async def on(database, channel, name, event_id, user=None):
    """A resident with one account, signed up."""
    someone = await resident(database, name)
    if channel is not None:
        await account(database, user or name, channel, someone)
    await joins(database, event_id, someone)
    return someone


async def test_who_has_no_account_or_only_one_that_cannot_be_pushed_to_is_phoned(database, school):
    await on(database, "telegram", "张电报", school)
    await on(database, None, "李没有", school)
    await on(database, "web", "王网页", school)
    await on(database, "wechat", "赵微信", school)
    lost = await on(database, "telegram", "钱拉黑", school)
    silent = await on(database, "telegram", "孙退订", school)

    def befall(tx):
        accounts.lost(tx, accounts.of_person(tx, lost)[0].id, "blocked")
        tx.execute(update(people_table).where(people_table.c.id == silent).values(messages="none"))

    await database.write(befall)
    await make(database)
    assert await listed(database) == [
        ("李没有", "no_account"),
        ("王网页", "waiting"),
        ("赵微信", "waiting"),
        ("钱拉黑", "unreachable"),
        ("孙退订", "stopped"),
    ]


async def test_who_can_be_pushed_to_in_wechat_by_template_is_not_phoned(database, school):
    await on(database, "wechat", "赵微信", school)
    assert await make(database, templates=True) == 0


async def test_the_list_is_of_tomorrow_from_four_in_the_afternoon_on(database, school):
    await on(database, None, "李没有", school)
    assert await make(database, here("12-07 15:59")) == 0
    assert await make(database, here("12-07 16:00")) == 1
    assert await make(database, here("12-08 09:00")) == 1


async def test_only_those_with_a_place_are_phoned_and_not_for_a_cancelled_event(database):
    one = await event(database, here("12-08 14:30"), capacity=1)
    await on(database, None, "李没有", one)
    await on(database, None, "周候补", one)
    await make(database)
    assert await listed(database) == [("李没有", "no_account")]
    await database.write(events.cancel, one, "台风", STAFF, LIST_IS_MADE)
    assert await make(database) == 0


async def test_the_refresh_takes_off_who_was_reached_and_adds_who_was_not(database, school):
    await on(database, "web", "王网页", school, "web")
    await on(database, "telegram", "钱拉黑", school, "blocked")
    await on(database, "telegram", "张电报", school, "fine")
    await make(database)
    assert await listed(database) == [("王网页", "waiting")]
    time = Time(here("12-07 18:00"))
    web = FakeChannel("web", time)
    telegram = FakeChannel("telegram", time, lambda user, _: Unreachable("blocked") if user == "blocked" else None)
    await database.write(reminders.plan_due, time.now, words.written)
    async with delivering(database, time, web, telegram):
        await time.until(REFRESHED)
    await make(database, REFRESHED)
    assert await listed(database, REFRESHED) == [("钱拉黑", "unreachable")]


async def test_a_spouse_without_an_account_is_reached_through_the_one_who_brought_them(database, school):
    me = await resident(database, "王建国", phone="13800138000")
    await account(database, "me", "telegram", me)
    wife = await database.write(lambda tx: people.add_companion(tx, "李秀兰", people.get(tx, me), MORNING))
    await joins(database, school, me, wife)
    assert await make(database) == 0


async def test_not_coming_frees_the_seat_for_the_next_who_waits(database):
    one = await event(database, here("12-08 14:30"), capacity=1)
    me = await on(database, None, "李没有", one)
    waiting = await on(database, "telegram", "周候补", one)
    await make(database)
    [entry] = await database.read(to_call, LIST_IS_MADE)
    [promotion] = await database.write(call_list.note, entry.id, "not_coming", STAFF, LIST_IS_MADE)
    assert [moved.person_id for moved in promotion.sign_ups] == [waiting]
    assert await database.read(sign_ups.active, one, me) is None
    assert await database.write(call_list.note, entry.id, "not_coming", STAFF, LIST_IS_MADE) == []
    assert await listed(database) == []


async def test_who_does_not_answer_stays_on_the_list_behind_the_others_and_who_was_told_leaves_it(database, school):
    for name in ("李没有", "周没有", "吴没有"):
        await on(database, None, name, school)
    await make(database)
    staff = await resident(database, "点长")
    first, second, _ = await database.read(to_call, LIST_IS_MADE)
    await database.write(call_list.note, first.id, "no_answer", Actor(staff), LIST_IS_MADE)
    await database.write(call_list.note, second.id, "told", Actor(staff), LIST_IS_MADE)
    assert [name for name, _ in await listed(database)] == ["吴没有", "李没有"]
    await make(database, REFRESHED)
    assert [name for name, _ in await listed(database)] == ["吴没有", "李没有"]
    known = {entry.name: entry for entry in await database.read(call_list.made_since, MORNING)}
    told = known["周没有"]
    assert (told.result, told.called_by, told.called_at) == ("told", staff, LIST_IS_MADE)
    assert (known["李没有"].result, known["李没有"].calls) == ("no_answer", 1)


async def change_notice(database, person, event_id, text="时间改到下午3点"):
    planned = outbox.Planned("change", f"change:{person}", encoded(Reply(text)), MORNING, person_id=person)
    planned.event_id, planned.expires_at = event_id, here("12-08 16:30")
    await database.write(outbox.plan, planned, MORNING)


async def test_news_that_did_not_arrive_is_passed_on_by_phone_until_it_arrives(database, school):
    time = Time(MORNING)
    web = FakeChannel("web", time, lambda *_: NotNow())
    telegram = FakeChannel("telegram", time, lambda *_: Unreachable("blocked"))
    for channel, name in (("web", "王网页"), ("telegram", "钱拉黑"), (None, "李没有")):
        await change_notice(database, await on(database, channel, name, school), school)
    async with delivering(database, time, web, telegram):
        await time.passes(minutes=10)
    await database.write(call_list.sweep, time.now)
    entries = await database.read(to_call, time.now)
    assert sorted((entry.name, entry.why) for entry in entries) == [
        ("李没有", "unreachable"),
        ("王网页", "waiting"),
        ("钱拉黑", "unreachable"),
    ]
    assert all("时间改到下午3点" in entry.notices[0] for entry in entries)

    def visits(tx):
        return outbox.take_waiting(tx, accounts.heard(tx, "web", "王网页", time.now), 3, time.now)

    assert len(await database.write(visits)) == 1
    await database.write(call_list.sweep, time.now)
    assert sorted(name for name, _ in await listed(database, time.now)) == ["李没有", "钱拉黑"]


async def test_one_call_is_about_everything_of_an_event_and_what_was_told_is_not_sent_later(database, school):
    time = Time(MORNING)
    someone = await on(database, "web", "王网页", school)
    await change_notice(database, someone, school)
    async with delivering(database, time, FakeChannel("web", time, lambda *_: NotNow())):
        await time.passes(minutes=10)
    await database.write(call_list.sweep, time.now)
    await make(database)
    [entry] = await database.read(to_call, LIST_IS_MADE)
    assert len(entry.notices) == 1
    await database.write(call_list.note, entry.id, "told", STAFF, LIST_IS_MADE)
    assert await database.read(to_call, LIST_IS_MADE) == []
    assert await database.read(outbox.states) == {"superseded": 1}
    await database.write(call_list.sweep, LIST_IS_MADE)
    assert await database.read(to_call, LIST_IS_MADE) == []


async def test_after_the_event_nobody_is_phoned_about_it(database, school):
    await on(database, None, "李没有", school)
    await make(database)
    assert await listed(database, here("12-08 17:00")) == []


async def test_a_call_about_something_else_is_on_the_list_of_its_point(database):
    someone = await resident(database, "李没有")
    asked = {"subject": "第128号诉求回访", "point_id": None}
    for _ in range(2):
        await database.write(call_list.add, "follow-up:128", "need", someone, "waiting", MORNING, **asked)
    [entry] = await database.read(to_call, MORNING)
    assert entry.subject == "第128号诉求回访"
    await database.write(call_list.note, entry.id, "told", STAFF, MORNING)
    assert await database.read(to_call, MORNING) == []


async def test_the_list_is_forgotten_after_seven_days(database, school):
    await on(database, None, "李没有", school)
    await make(database)
    assert await database.write(forget_before, LIST_IS_MADE + timedelta(days=7) - call_list.KEPT) == 0
    assert await database.write(forget_before, LIST_IS_MADE + timedelta(days=7, seconds=1) - call_list.KEPT) == 1


# In the chat.


@pytest.fixture
async def lead(chat):
    """The chat of a point lead; returns the number of an event with two people to phone and one who waits."""
    chat.clock.now = LIST_IS_MADE
    database = await chat.open()
    point = await database.write(_point, "A")
    other = await database.write(_point, "B")
    one = await event(database, here("12-08 14:30"), capacity=2, point_id=point)
    elsewhere = await event(database, here("12-08 09:00"), point_id=other)
    for name, phone in (("李秀兰", "13800138001"), ("周大山", None)):
        someone = await resident(database, name, phone=phone)
        await joins(database, one, someone)
    await on(database, "telegram", "吴候补", one)
    await on(database, None, "郑别处", elsewhere)
    await database.write(call_list.make, LIST_IS_MADE)

    def employ(tx):
        me = people.add(tx, people.Facts(name="点长"), MORNING)
        accounts.belongs_to(tx, accounts.heard(tx, *ME, MORNING).id, me)
        grants.grant(tx, "point_lead", STAFF, MORNING, person_id=me, point_id=point)

    await database.write(employ)
    return one


def _point(tx, code):
    row = {"code": code, "name": f"{code}站", "kind": "community_window", "address": "1号", "phone": "0898-0000-0012"}
    return tx.execute(service_points.insert().returning(service_points.c.id), {**row, "hours": ""}).scalar_one()


async def test_a_point_lead_works_down_the_list_with_one_tap_a_call(chat, lead):
    assert "要打的电话有 2 个" in await chat("电话名单")
    assert "1. 李秀兰　138 0013 8001　夕阳红私塾" in await chat("电话名单")
    shown = await chat("1")
    assert "李秀兰，138 0013 8001" in shown
    assert "没有聊天账号" in shown
    assert "1. 已告知" in shown
    told = await chat("1")
    assert told.startswith("记下了：李秀兰，已告知。")
    assert "要打的电话有 1 个" in told
    shown = await chat("1")
    assert "周大山，没留电话" in shown
    assert "3. 不来" in shown
    gone = await chat("3")
    assert "座位让出来了，候补的人会收到消息。" in gone
    assert "现在没有要打的电话" in gone
    states = {entry.state for entry in await chat.does(sign_ups.of_event, lead)}
    assert states == {"confirmed", "cancelled"}
    assert await chat.does(outbox.states) == {"planned": 1}


async def test_nobody_sees_the_list_of_another_point(chat, lead):
    assert "郑别处" not in await chat("电话名单")
    others = [entry.id for entry in await chat.does(to_call, LIST_IS_MADE) if entry.name == "郑别处"]
    assert "点长" in await chat(f"电话 {others[0]}")
    assert "点长" in await chat(f"电话 {others[0]} 不来")
    chat.who = SOMEONE_ELSE
    assert "这件事要组织者来办" in await chat("电话名单")


async def test_who_did_not_answer_is_marked_on_the_list(chat, lead):
    await chat("电话名单")
    await chat.says("1", "无人接听")
    assert "（没人接过）" in await chat("电话名单")

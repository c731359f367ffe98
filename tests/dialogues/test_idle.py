"""Who has not come for a year is asked, and forgotten after thirty days without a sign (care.md K8 and 7)."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from handlers import idle
from storage import call_list, needs, outbox, people, sign_ups
from storage.audit import Actor
from storage.schema.people import people as people_table
from storage.schema.talks import outbox as outbox_table
from tests.dialogues.town import class_of, person, registered, staff


def told(tx, person_id):
    rows = tx.execute(outbox_table.select().where(outbox_table.c.person_id == person_id).order_by(outbox_table.c.id))
    return [(row.kind, json.loads(outbox.opened(tx, row))["text"]) for row in rows.all()]


async def night(chat):
    """What the schedule does once a day: how many were asked, and how many forgotten."""
    now = chat.clock()
    return await chat.does(idle.ask, now), await chat.does(idle.forget, now)


@pytest.fixture
async def forgotten_friend(town_chat):
    """A person who registered, wrote once and was not heard of for 364 days."""
    await registered(town_chat)
    await town_chat("活动")
    town_chat.clock.passes(days=364)
    return town_chat


async def test_before_the_year_is_over_nobody_is_asked(forgotten_friend):
    assert await night(forgotten_friend) == (0, 0)


async def test_after_a_year_they_are_asked_once(forgotten_friend):
    chat = forgotten_friend
    chat.clock.passes(days=2)
    assert await night(chat) == (1, 0)
    chat.clock.passes(days=1)
    assert await night(chat) == (0, 0)
    [(kind, text)] = await chat.does(told, 1)
    assert kind == "notice"
    assert text == "您好，又到候鸟季了。您的登记还留着吗？三十天没有回音，我们就去掉您的姓名和电话。"


async def test_without_a_sign_they_are_forgotten_after_thirty_days(forgotten_friend):
    chat = forgotten_friend
    chat.clock.passes(days=2)
    await night(chat)
    chat.clock.passes(days=29)
    assert await night(chat) == (0, 0)
    chat.clock.passes(days=1, hours=1)
    assert await night(chat) == (0, 1)
    assert await chat.does(people.find, 1) is None
    assert await night(chat) == (0, 0)


async def test_one_digit_keeps_everything(forgotten_friend):
    chat = forgotten_friend
    chat.clock.passes(days=2)
    await night(chat)
    chat.clock.passes(days=3)
    answer = await chat("你好")
    assert "您的登记还留着吗" in answer
    assert "登记给您留着" in await chat("1")
    chat.clock.passes(days=31)
    assert await night(chat) == (0, 0)
    assert await chat.does(people.find, 1) is not None


async def test_a_no_leads_to_being_forgotten_with_a_last_question(forgotten_friend):
    chat = forgotten_friend
    chat.clock.passes(days=2)
    await night(chat)
    await chat("你好")
    assert "找不回来" in await chat("2")
    assert "注销好了" in await chat("注销")


@pytest.mark.parametrize("sign", ["wrote", "signed up by phone", "need open"])
async def test_any_sign_of_life_counts(forgotten_friend, sign):
    chat = forgotten_friend
    chat.clock.passes(days=2)
    await night(chat)
    chat.clock.passes(days=10)
    if sign == "wrote":
        await chat("找服务点")
    elif sign == "signed up by phone":
        await chat.does(class_of, starts_in=timedelta(days=400))
        await chat.does(sign_ups.sign_up, 1, [1], Actor(None, "point_lead"), chat.clock())
    else:
        await chat.does(needs.tell, needs.Told(1, "路灯坏了", "phone", "housing"), Actor(), chat.clock())
    chat.clock.passes(days=30)
    assert await night(chat) == (0, 0)


async def test_staff_are_not_asked(town_chat):
    person_id = await registered(town_chat)
    await town_chat.does(staff, person_id, "point_lead", point_id=1)
    town_chat.clock.passes(days=400)
    assert await night(town_chat) == (0, 0)


async def test_sample_people_are_left_alone(town_chat):
    await town_chat.does(person, "王建国", "13800138000", None, is_sample=True)
    town_chat.clock.passes(days=400)
    assert await night(town_chat) == (0, 0)


async def test_whom_no_message_reaches_is_phoned(town_chat):
    chat = town_chat
    person_id = await chat.does(person, "王建国", "13800138000")
    chat.clock.passes(days=400)
    assert await night(chat) == (1, 0)
    [entry] = await chat.does(call_list.to_call, chat.clock())
    assert (entry.person_id, entry.why, entry.subject) == (person_id, "no_account", "一年没来往，问登记还留不留")


async def test_who_wanted_no_messages_is_told_of_this_one_and_not_phoned(forgotten_friend):
    chat = forgotten_friend
    await chat.does(lambda tx: tx.execute(people_table.update().values(messages="none")))
    chat.clock.passes(days=2)
    await night(chat)
    assert [kind for kind, _ in await chat.does(told, 1)] == ["alert"]
    assert await chat.does(call_list.to_call, chat.clock()) == []
    assert "您的登记还留着吗" in await chat("你好")


# Welcomed back.

OCTOBER = datetime(2027, 10, 5, 2, tzinfo=UTC)


async def gone_home(chat, **facts):
    facts = {"residence": "seasonal", "arrives_on": date(2026, 10, 20), "leaves_on": date(2027, 4, 5), **facts}
    person_id = await registered(chat, **facts)
    await chat("活动")
    return person_id


async def test_in_october_they_are_welcomed_back_once_and_asked_what_changed(town_chat):
    chat = town_chat
    person_id = await gone_home(chat)
    chat.clock.now = OCTOBER
    assert await chat.does(idle.welcome_back, chat.clock()) == 1
    chat.clock.passes(days=5)
    assert await chat.does(idle.welcome_back, chat.clock()) == 0
    assert await chat.does(told, person_id) == [("notice", "王建国，又到候鸟季了，欢迎回来。您的信息有变化吗？")]


async def test_nothing_changed_means_the_same_days_again(town_chat):
    chat = town_chat
    person_id = await gone_home(chat)
    chat.clock.now = OCTOBER
    await chat.does(idle.welcome_back, chat.clock())
    assert "欢迎回来" in await chat("你好")
    assert "记的还是10月20日到、4月5日回" in await chat("1")
    kept = await chat.does(people.get, person_id)
    assert (kept.arrives_on, kept.leaves_on) == (date(2027, 10, 20), date(2028, 4, 5))


async def test_a_change_is_said_by_its_field(town_chat):
    chat = town_chat
    await gone_home(chat)
    chat.clock.now = OCTOBER
    await chat.does(idle.welcome_back, chat.clock())
    await chat("你好")
    assert "要改哪一样" in await chat("2")


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        (datetime(2027, 9, 30, 2, tzinfo=UTC), {}),
        (datetime(2027, 11, 1, 2, tzinfo=UTC), {}),
        (OCTOBER, {"leaves_on": date(2027, 12, 1)}),
        (OCTOBER, {"residence": "local"}),
        (OCTOBER, {"messages": "none"}),
    ],
    ids=["before", "after", "still here", "lives here", "wants no messages"],
)
async def test_nobody_else_and_at_no_other_time(town_chat, when, facts):
    await gone_home(town_chat, **facts)
    town_chat.clock.now = when
    assert await town_chat.does(idle.welcome_back, town_chat.clock()) == 0


async def test_whoever_is_asked_whether_to_stay_is_not_welcomed_too(town_chat):
    chat = town_chat
    await gone_home(chat)
    chat.clock.now = OCTOBER + timedelta(days=365)
    assert await chat.does(idle.welcome_back, chat.clock()) == 0
    assert await chat.does(idle.ask, chat.clock()) == 1

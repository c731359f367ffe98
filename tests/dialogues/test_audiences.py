"""发给谁: every condition, alone and together, with how many each way reaches."""

import pytest
from sqlalchemy import insert, update

from storage import attendance, series, sign_ups
from storage.audit import Actor
from storage.schema.events import events
from storage.schema.organisations import organisations
from storage.schema.people import people
from tests.conftest import ME
from tests.dialogues.town import class_of, person, registered, staff

WORDS = "明天上午停水，请先接好水。"
BRANCH = "示例支部"
SERIES = "书法"
LEARNER, OTHER, BIRD, WITHOUT = 2, 3, 4, 5  # people, by number


@pytest.fixture
async def office(town_chat):
    """One of the district's staff, and four residents: one of 河西, one by WeChat, one without any account."""
    number = await registered(town_chat, "李干事", "13700137000", ME)
    await town_chat.does(staff, number, "district_staff")
    await town_chat.does(_residents)
    return town_chat


def _residents(tx):
    person(tx, "学习的", "13900000001", ("telegram", "learner"))
    person(tx, "河西的", "13900000002", ("telegram", "other"), point_id=2, community_code="460204000002")
    person(tx, "候鸟", "13900000003", ("wechat", "bird"), residence="seasonal")
    person(tx, "没账号的", "13900000004")
    branch = tx.execute(insert(organisations).values(name=BRANCH, kind="branch").returning(organisations.c.id)).scalar()
    tx.execute(update(people).where(people.c.id.in_((LEARNER, WITHOUT))).values(interests='["learning"]'))
    tx.execute(update(people).where(people.c.id.in_((OTHER, WITHOUT))).values(host_branch_id=branch))
    staff(tx, LEARNER, "checker", point_id=1)


def _class_that_was(tx, now):
    """The learner came, the other did not, the bird waits for a seat that whoever is without an account has not."""
    event_id = class_of(tx, capacity=2)
    for number in (LEARNER, OTHER, BIRD):
        sign_ups.sign_up(tx, event_id, [number], Actor(number), now)
    series.join(tx, series.create(tx, SERIES, "sunset_school"), event_id)
    tx.execute(update(events).where(events.c.id == event_id).values(starts_at=now, ends_at=now))
    attendance.check_in(tx, event_id, LEARNER, "by_staff", Actor(1), now)
    return event_id


async def meant(office, *words):
    """What staff read before anything leaves, about this audience."""
    await office.says("取消", "群发", WORDS, "就这些字")
    answer = await office.says(*words, "普通通知")
    return answer.partition("发给：")[2].split("\n")[:2]


async def test_each_condition_says_how_many_each_way_reaches_and_who_is_not_reached(office):
    for words, described, counted in (
        (["所有人"], "在三亚的。", "一共 5 人：Telegram 2 人、网页 1 人、微信 1 人；"),
        (["按服务点", "河西社区"], "天涯红雁之家·河西社区，在三亚的。", "一共 1 人：Telegram 1 人。"),
        (["按社区", "春园社区"], "春园社区，在三亚的。", "一共 4 人：Telegram 1 人、网页 1 人、微信 1 人；"),
        (["按支部", BRANCH], f"{BRANCH}，在三亚的。", "一共 2 人：Telegram 1 人；1 人没有聊天账号或者发不过去。"),
        (["按工作身份", "签到员"], "签到员，在三亚的。", "一共 1 人：Telegram 1 人。"),
        (["按关心的事", "文体学习"], "文体学习，在三亚的。", "一共 2 人：Telegram 1 人；1 人没有聊天账号"),
        (["候鸟或常住", "候鸟"], "候鸟，在三亚的。", "一共 1 人：微信 1 人。"),
    ):
        said = await meant(office, *words)
        assert said[0] == described
        assert said[1].startswith(counted), said


async def test_by_how_people_stand_with_an_event_or_a_series(office):
    await office.does(_class_that_was, office.clock())
    for standing, counted in (
        ("报上名的", "一共 2 人：Telegram 2 人。"),
        ("候补的", "一共 1 人：微信 1 人。"),
        ("到场的", "一共 1 人：Telegram 1 人。"),
        ("没到的", "没有"),
    ):
        for words in (["按活动", "书法班"], ["按系列", SERIES]):
            said = await meant(office, *words, standing)
            assert (said[1:] or ["没有"])[0].startswith(counted), (standing, words, said)


async def test_any_conditions_together_mean_who_fits_them_all(office):
    await office.does(_class_that_was, office.clock())
    for words, described, people_meant in (
        (["按支部、按关心的事", BRANCH, "文体学习"], f"{BRANCH}，文体学习，在三亚的。", 1),
        (
            ["按社区、按支部、按关心的事", "春园社区", BRANCH, "文体学习"],
            f"春园社区，{BRANCH}，文体学习，在三亚的。",
            1,
        ),
        (
            ["按服务点、按活动", "河西社区", "书法班", "报上名的"],
            "天涯红雁之家·河西社区，《书法班》，报上名的。",
            1,
        ),
        (["按活动、按工作身份", "签到员", "书法班", "报上名的、候补的"], "《书法班》，报上名的、候补的，签到员。", 1),
        (["按系列、候鸟或常住", "候鸟", SERIES, "报上名的、候补的"], f"{SERIES}，报上名的、候补的，候鸟。", 1),
    ):
        said = await meant(office, *words)
        assert said[0] == described
        assert said[1].startswith(f"一共 {people_meant} 人："[:6]), said

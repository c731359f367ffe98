"""Role, act and scope: whatever a role must not do is tried, refused in words, and leaves everything as it was."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from dialogue.message import Address, Reply, encoded
from storage import attendance, broadcasts, call_list, events, grants, merging, series, sign_ups
from storage.audiences import Audience
from storage.audit import Actor
from storage.schema import metadata
from storage.schema.organisations import organisations
from tests.conftest import MORNING, Chat
from tests.dialogues.town import class_of, person, staff, town

ELSEWHERE = {  # each role, holding somewhere else than where the acts are tried
    "resident": None,
    "checker": {"event_id": 2},
    "organiser": {"point_id": 2},
    "point_lead": {"point_id": 2},
    "branch_secretary": {"organisation_id": 2},
    "auditor": {},
}
ON_WHAT_IS_ELSEWHERE = (  # nobody in ELSEWHERE may do these to event 1, its people or its messages
    "签到 1号活动 1",
    "撤销签到 1号活动 1",
    "加人 1号活动 孙悟空",
    "人数 1号活动 5",
    "随行 1号活动 2",
    "签退 1号活动 1",
    "补录 1号活动 1",
    "签到码 1号活动",
    "结束签到 1号活动",
    "改签到 1",
    "改时长 1",
    "改活动 1",
    "取消活动 1",
    "撤回 1",
    "发布存稿 3",
    "结业名单 1",
    "看群发 1",
    "发出群发 1",
    "同意群发 1",
    "退回群发 1",
    "停掉群发 1",
    "没收到群发 1",
    "打电话群发 1",
    "电话 1 已告知",
    "合并",
    "拆开合并 5",
)
LEADS = {"point_lead"}
BY_OFFICE = {  # what a role elsewhere does open, and for whom it does
    "发布活动": {"organiser", "point_lead", "branch_secretary"},
    "和上次一样": {"organiser", "point_lead", "branch_secretary"},
    "群发": {"organiser", "point_lead", "branch_secretary"},
    "给职务": LEADS,
    "收回职务": LEADS,
    "登记别人": LEADS,
    "查人 王秀英": LEADS | {"branch_secretary"},
    "谁在三亚": LEADS | {"branch_secretary"},
    "编入支部": {"branch_secretary"},
    "核实党员": {"branch_secretary"},
    "派单": set(),
    "督办清单": set(),
    "改直派表": set(),
    "发起议事": LEADS | {"branch_secretary"},
}
NOT_THEIRS = {"inbox", "conversations", "accounts", "audit_log", "outbox"}
REFUSED = re.compile(r"要(?:工作人员|签到员|组织者|点长|支部书记|区级工作人员)来办|不用您自己办")


def arrange(tx):
    """Event 1 at point 1 with people, a draft, a series, a broadcast, a call and a merge; event 2 elsewhere."""
    town(tx)
    tx.execute(insert(organisations), [{"name": f"示例{n}支部", "kind": "branch"} for n in (1, 2)])
    office = person(tx, "李干事", "13700137000", ("telegram", "office"))
    staff(tx, office, "district_staff")
    staff(tx, person(tx, "陈干事", "13700137001", ("telegram", "second")), "district_staff")
    for name in ("王秀英", "张桂芳"):
        person(tx, name, f"1390000{len(name)}{ord(name[0]) % 1000:03d}", None)
    gone = person(tx, "王秀英", "13900001009", None)
    series.create(tx, "书法班", "sunset_school", 1, 1)
    class_of(tx, series_id=1, capacity=5)
    class_of(tx, "河西课", starts_in=timedelta(minutes=40))
    tx.execute(events.table.update().where(events.table.c.id == 2).values(point_id=2))
    starts_at = MORNING + timedelta(minutes=30)
    at_the_door = {"starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2), "point_id": 1}
    tx.execute(events.table.update().where(events.table.c.id == 1).values(at_the_door))
    draft = events.Draft("other", "存稿", starts_at + timedelta(days=3), starts_at + timedelta(days=4), "x")
    draft.point_id, draft.organiser_id = 1, office
    events.create(tx, draft, MORNING)
    for number in (3, 4):
        sign_ups.sign_up(tx, 1, [number], Actor(number), MORNING, override="示例")
    attendance.check_in(tx, 1, 3, "by_staff", Actor(office), MORNING)
    call_list.add(tx, "example", "need", 4, "no_account", MORNING, subject="示例", point_id=1)
    broadcasts.draft(tx, encoded(Reply("示例")), Audience(), Actor(office, "district_staff"), MORNING)
    merging.merge(tx, 3, gone, Actor(office, "district_staff"), MORNING, "示例")
    for role, scope in ELSEWHERE.items():
        number = person(tx, f"外人{role}", None, ("telegram", role), point_id=2)
        if scope is not None:
            grants.grant(tx, role, Actor(), MORNING, person_id=number, **scope)


def everything(tx):
    return {
        name: [tuple(row) for row in tx.execute(select(table))]
        for name, table in metadata.tables.items()
        if name not in NOT_THEIRS
    }


@pytest.fixture
async def district(databases, tmp_path, vault):
    chat = Chat(databases.new(tmp_path / "chat.db"), vault)
    await chat.does(arrange)
    yield chat
    await chat.close()


@pytest.mark.parametrize("role", ELSEWHERE)
async def test_whatever_a_role_must_not_do_is_refused_in_words_and_changes_nothing(district, role):
    district.who = Address("telegram", role)
    wrong = []
    before = await district.does(everything)
    refused = [said for said, roles in BY_OFFICE.items() if role not in roles]
    for said in (*ON_WHAT_IS_ELSEWHERE, *refused):
        answer = await district(said)
        asks = any(reply.turn for reply in district.replies)
        if asks or not REFUSED.search(answer):
            wrong.append((said, answer))
            await district("取消")
        after = await district.does(everything)
        if after != before:
            wrong.append((said, [name for name in before if before[name] != after[name]]))
            before = after
    assert wrong == []


async def test_the_district_may_do_what_the_others_are_refused(district):
    """Else the test above would hold for a program that refuses everyone everything."""
    district.who = Address("telegram", "office")
    for said in (*ON_WHAT_IS_ELSEWHERE, *BY_OFFICE):
        answer = await district(said)
        assert not REFUSED.search(answer), said
        await district("取消")


async def test_nobody_is_found_by_who_does_not_reach_them(district):
    for role in ("point_lead", "branch_secretary"):
        district.who = Address("telegram", role)
        assert "没找到" in await district("查人 王秀英")
        assert "王秀英" not in await district("谁在三亚")

"""双报到: unit and member in one step, for a year; the sheet counts what came of it without another form."""

from datetime import UTC, datetime

import pytest

from reports.attendance import paper
from reports.periods import Period
from reports.report_ins import dual_report_in
from storage import attendance, events, report_ins, sign_ups, wishes
from storage.audit import Actor
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.town import class_of, registered

YEAR = Period.year(2026)


@pytest.fixture
async def member(town_chat):
    town_chat.me = await registered(town_chat, "王建国", "13800138000", ME, member="yes")
    return town_chat


async def sheet(chat, period=YEAR):
    def made(tx):
        built = dual_report_in(tx, period, paper(tx, datetime(2026, 12, 31, tzinfo=UTC)))
        return [column.header for column in built.columns], list(built.rows), built.total()

    return await chat.does(made)


async def test_one_step_reports_unit_and_member_in_for_a_year(member):
    assert "哪个单位" in await member("双报到")
    assert "哪个社区报到" in await member("示例区税务局")
    assert "示例区税务局和您本人，在春园社区报到" in await member("1")
    assert "管到2027年11月23日" in await member("对")
    headers, rows, total = await sheet(member)
    assert headers == "序号 单位/姓名 报到社区 报到日期 参加活动数 服务时长 认领微心愿数 完成数".split()
    assert [row[1:3] for row in rows] == [("示例区税务局", "春园社区"), ("　王*国", "春园社区")]
    assert total[1] == "1个单位，1名党员"


async def test_the_unit_may_be_said_at_once_and_the_community_be_another(member):
    assert "哪个社区报到" in await member("双报到 示例区税务局")
    await member.says("2", "河西", "对")
    [kept] = await member.does(report_ins.of_person, member.me)
    assert (kept.unit, kept.community) == ("示例区税务局", "河西社区")


async def test_a_second_time_within_the_year_is_said_to_be_there(member):
    await member.says("双报到 示例区税务局", "1", "对")
    await member.says("双报到 示例区税务局", "1")
    assert "您在春园社区报到过了，管到2027年11月23日" in await member("对")
    member.clock.passes(days=366)
    await member.says("双报到 示例区税务局", "1", "对")
    assert len(await member.does(report_ins.of_person, member.me)) == 2


async def test_who_is_no_member_is_told_so(town_chat):
    await registered(town_chat)
    assert "在职党员办的" in await town_chat("双报到")


async def test_a_no_keeps_nothing(member):
    await member.says("双报到 示例区税务局", "1")
    assert "没有记" in await member("不对")
    assert await member.does(report_ins.of_person, member.me) == []


async def test_what_two_members_of_a_unit_did_counts_once_for_the_unit(member):
    other = await registered(member, "李秀兰", "13900139000", SOMEONE_ELSE, member="yes")

    def live(tx):
        starts_at = events.get(tx, class_of(tx, "帮厨")).starts_at
        for person in (member.me, other):
            report_ins.report_in(tx, person, "示例区税务局", "460204000001", Actor(person), member.clock())
            sign_ups.sign_up(tx, 1, [person], Actor(person), member.clock())
            attendance.check_in(tx, 1, person, "by_staff", Actor(), starts_at)
        events.close(tx, 1, Actor(), starts_at)
        wish = wishes.submit(tx, other, "想要一副老花镜", "460204000001", Actor(other), starts_at)
        wish = wishes.post(tx, wish, "想要一副老花镜", 1, Actor(role="district_staff"), starts_at)
        wishes.claim(tx, wish, member.me, Actor(member.me), starts_at)

    await member.does(live)
    _, rows, total = await sheet(member)
    unit, first, second = (row[4:] for row in rows)
    assert unit == (1, 0.0, 1, 0), "the same event counts once"
    assert first == (1, 0.0, 1, 0)
    assert second == (1, 0.0, 0, 0)
    assert total[4:] == (1, 0.0, 1, 0)


async def test_a_report_in_that_is_over_is_not_listed(member):
    await member.says("双报到 示例区税务局", "1", "对")
    assert (await sheet(member, Period.year(2027)))[1]
    assert (await sheet(member, Period.year(2028)))[1] == []

"""The other lists staff hand in: calls, messages that did not arrive, needs, points, money, the audit log."""

from datetime import UTC, datetime, timedelta

import pytest

from reports.attendance import paper
from reports.audit import audit_log
from reports.budget import budget_ledger
from reports.call_list import call_list, not_reached
from reports.needs import need_ledger, need_statistics
from reports.periods import Period
from reports.points import point_list
from reports.priority_list import priority_list
from reports.sheet import Book
from reports.xlsx import write_xlsx
from storage import call_list as calls
from storage import events, needs, outbox
from storage import need_ledger as ledger
from storage import priority_list as priorities
from storage.audit import Actor
from storage.calendar import WORKING_DAY

NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)  # Tuesday 10:00 in 三亚
AFTERNOON = datetime(2026, 11, 24, 8, 5, tzinfo=UTC)  # the list for tomorrow is made at 16:00
SEASON = Period.season(2026)


def headers(sheet):
    return [column.header for column in sheet.columns]


@pytest.fixture
def read(own_season):
    return own_season.read


async def somebody(read):
    def first(tx):
        return tx.connection.exec_driver_sql(
            "SELECT s.person_id, s.event_id FROM sign_ups s JOIN events e ON e.id = s.event_id "
            "AND e.state = 'published' WHERE s.state = 'confirmed' ORDER BY e.starts_at, s.id LIMIT 1"
        ).one()

    return await read(first)


async def test_the_call_list_says_whom_to_phone_about_what(own_season, read):
    await own_season.write(calls.make, AFTERNOON)
    sheet = await read(lambda tx: call_list(tx, AFTERNOON - timedelta(hours=1), paper(tx, AFTERNOON), masked=False))
    assert headers(sheet) == "序号 姓名 电话 事由 活动 时间 地点 未送达原因 结果 拨打人 拨打时间".split()
    assert len(sheet.rows) > 5
    row = sheet.rows[0]
    assert row[2].startswith("08980000")
    assert row[3:5] == ("提醒来参加活动", "书法班：楷书入门（示例）")
    assert row[7] == "没有聊天账号"
    assert sheet.total()[8] == f"待打{len(sheet.rows)}人"

    (staff,) = await read(lambda tx: tx.connection.exec_driver_sql("SELECT max(person_id) FROM grants").one())
    first = (await read(calls.made_since, AFTERNOON - timedelta(hours=1)))[0]
    await own_season.write(calls.note, first.id, "told", Actor(staff, "point_lead"), AFTERNOON)
    sheet = await read(lambda tx: call_list(tx, AFTERNOON - timedelta(hours=1), paper(tx, AFTERNOON)))
    called = next(row for row in sheet.rows if row[8] == "已告知")
    assert "*" in called[1]
    assert "****" in called[2]
    assert called[9]
    assert called[10] == AFTERNOON


async def test_a_point_lead_gets_the_calls_of_their_point_alone(own_season, read):
    await own_season.write(calls.make, AFTERNOON)
    nothing = await read(
        lambda tx: call_list(tx, AFTERNOON - timedelta(hours=1), paper(tx, AFTERNOON), point_ids=frozenset({1}))
    )
    assert list(nothing.rows) == []


async def test_messages_that_did_not_arrive_are_listed_without_their_words(own_season, read):
    person, event = await somebody(read)

    def send(tx):
        for number, state in enumerate(("delivered", "expired", "unknown"), 1):
            key = f"test:{number}"
            outbox.plan(
                tx, outbox.Planned("reminder", key, '{"text": "秘密"}', NOW, person_id=person, event_id=event), NOW
            )
            (row_id,) = tx.connection.exec_driver_sql(f"SELECT id FROM outbox WHERE key = '{key}'").one()
            outbox.settle(tx, outbox.Ended(row_id, state), NOW)

    await own_season.write(send)
    sheet = await read(lambda tx: not_reached(tx, SEASON, paper(tx, NOW)))
    assert headers(sheet) == "序号 姓名 手机号 消息 计划时间 状态 原因".split()
    assert [row[5] for row in sheet.rows] == ["过期未发", "结果不明"]
    assert all(row[3].startswith("活动提醒：") for row in sheet.rows)
    assert "秘密" not in str(sheet.rows)


async def test_the_need_ledger_has_its_columns_and_names_nobody(read, tmp_path):
    period = Period.season(2026)
    sheet = await read(lambda tx: need_ledger(tx, period, paper(tx, NOW)))
    assert (
        headers(sheet)
        == (
            "序号 编号 受理时间 受理方式 类别 社区 内容摘要 办理方式（直接办/联合办） 主办 协办 阶段 "
            "到期时间 答复时间 用时（工作日） 退单次数 重开次数 回访时间 回访方式 结果 满意度 办结时间"
        ).split()
    )
    assert len(sheet.rows) == 5
    by_category = {row[4]: row for row in sheet.rows}
    assert by_category["住房物业"][6].startswith("电梯这几天")
    assert by_category["就医医保"][6] == "", "words about health stay with the owner"
    assert by_category["住房物业"][8] == "三亚湾社区服务点（示例）"
    assert by_category["住房物业"][10] == "派单"
    assert 0 < by_category["环境卫生"][13] < 3
    assert sheet.total()[1] == "5件"
    write_xlsx(Book((sheet,), ()), tmp_path / "needs.xlsx")


async def test_need_statistics_stand_by_category_and_a_rate_without_denominator_is_a_dash(own_season, read):
    """One was withdrawn, the others fell due unanswered, nobody was asked yet."""

    def withdraw(tx):
        need = ledger.received(tx, SEASON.begins, SEASON.ends, NOW)[0].need
        needs.withdraw(tx, need, Actor(need.person_id, "resident"), NOW)

    await own_season.write(withdraw)
    later = NOW + timedelta(days=20)
    sheet = await read(lambda tx: need_statistics(tx, SEASON, paper(tx, later)))
    assert [row[0] for row in sheet.rows] == ["就医医保", "住房物业", "交通出行", "环境卫生", "文体学习"]
    assert sheet.total() == ("合计", 5, 4, 0, 0.0, 0, None, 0, None, None, 0, 0, 0)
    assert sheet.notes[0].startswith("受理诉求5件，按期办结率0.0%，回访率—，解决率—，满意率—；")


async def test_numbers_in_the_words_of_a_need_are_masked(own_season, read):
    person, _ = await somebody(read)
    told = needs.Told(person, "打我电话13800138000，身份证460200195001011234", "web", "other")
    await own_season.write(needs.tell, told, Actor(person), NOW)
    rows = await read(ledger.received, SEASON.begins, SEASON.ends, NOW)
    assert rows[-1].summary == "打我电话138****8000，身份证4602**********1234"


async def test_the_priority_list_shows_what_is_overdue_and_what_stands_in_the_way(own_season, read):
    def list_one(tx):
        need = ledger.received(tx, SEASON.begins, SEASON.ends, NOW)[0].need
        actor = Actor(1, "district_staff")
        priorities.put_on(tx, need, "overdue", actor, NOW)
        priorities.note_obstacle(tx, need, "等配件（示例）", actor, NOW)
        priorities.note_visit(tx, need, "社区、物业", "约定周五更换", actor, NOW)

    await own_season.write(list_one)
    later = NOW + timedelta(days=30)
    sheet = await read(lambda tx: priority_list(tx, paper(tx, later)))
    assert headers(sheet) == "序号 编号 类别 社区 主办 到期时间 超期（工作日） 卡点 现场协调时间 参加单位 结果".split()
    (row,) = sheet.rows
    assert row[7:] == ("等配件（示例）", NOW, "社区、物业", "约定周五更换")
    assert row[6] > 5
    assert timedelta(hours=10) == WORKING_DAY


async def test_the_list_of_points_has_all_67_with_their_datum(read):
    sheet = await read(lambda tx: point_list(tx, paper(tx, NOW)))
    assert len(sheet.rows) == 67
    assert {row[8] for row in sheet.rows} == {"WGS-84"}
    assert {row[16] for row in sheet.rows} == {"示例数据"}


async def test_money_is_counted_in_fen_and_shown_in_yuan(own_season, read):
    def spend(tx):
        tx.connection.exec_driver_sql(
            "UPDATE events SET budget_spent = 12345, receipt_number = '00123', budget_state = 'reported' "
            "WHERE type = 'service_market' AND state = 'held'"
        )

    await own_season.write(spend)
    sheet = await read(lambda tx: budget_ledger(tx, Period.season(2025), paper(tx, NOW)))
    assert headers(sheet) == "序号 活动编号 名称 支部 预算 实际支出 票据号 人次 状态".split()
    markets = [row for row in sheet.rows if row[5] is not None]
    assert [row[5] for row in markets] == [123.45, 123.45, 123.45]
    assert all(row[4] == 600 and row[6] == "00123" and row[8] == "已报" for row in markets)
    assert sum(row[7] for row in markets) == 156
    assert sheet.total()[5] == pytest.approx(370.35)
    assert any(row[8] == "待报（已取消）" for row in sheet.rows)


async def test_the_audit_log_names_staff_and_numbers_residents(own_season, read):
    _, event = await somebody(read)
    staff, _ = await read(
        lambda tx: tx.connection.exec_driver_sql("SELECT person_id, role FROM grants WHERE role = 'organiser'").one()
    )
    await own_season.write(events.cancel, event, "台风（示例）", Actor(staff, "organiser", "web"), NOW)
    today = Period(NOW.date(), NOW.date())
    sheet = await read(lambda tx: list(audit_log(tx, today, paper(tx, NOW)).rows))
    last = sheet[-1]
    assert last[1:6] == ("赵敏行", "组织者", "网页", "取消活动", f"活动 {event}")
    assert last[8] == "台风（示例）"
    assert any(row[1] == "程序" for row in sheet)

"""Every sheet has the columns that were agreed (domain rule 8.2): these headers, in this order, and no others."""

from datetime import UTC, datetime

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from reports.attendance import STATISTICS, attendance_sheet, event_statistics, paper
from reports.catalogue import REPORTS, Wanted, book, sheet
from reports.counts import counts
from reports.credit_points import points_ledger
from reports.csv import write_csv
from reports.members import participation_proof
from reports.periods import Period
from reports.sheet import Book
from reports.xlsx import write_xlsx

SEASON = Period.season(2025)
MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)
AGREED = {
    "attendance_sheet": "序号 姓名 类别 所属社区 手机号 签到时间 签到方式 签名 备注",
    "event_ledger": (
        "序号 活动编号 日期 名称 类型 系列 主办 地点/服务点 报名数 实名签到 现场清点 人次合计 其中党员 其中候鸟 "
        "主讲/联系人 照片有无 备注"
    ),
    "event_statistics": (
        "周期 场次 人次 实名签到 现场清点 人数（去重） 党员人次 群众人次 候鸟人次 场均人次 报名数 到场率"
    ),
    "member_ledger": (
        "序号 姓名 手机号 身份类别 核实状态 原党组织 来源地 来琼日期 预计离琼日期 现居社区 小区 报到服务点 编入支部 "
        "党小组 状态（在琼/已离琼）"
    ),
    "coverage": "支部/社区 在琼登记党员 参加过的党员 党员参与覆盖率 服务点数 有活动服务点数 服务点覆盖率",
    "need_ledger": (
        "序号 编号 受理时间 受理方式 类别 社区 内容摘要 办理方式（直接办/联合办） 主办 协办 阶段 到期时间 答复时间 "
        "用时（工作日） 退单次数 重开次数 回访时间 回访方式 结果 满意度 办结时间"
    ),
    "priority_list": "序号 编号 类别 社区 主办 到期时间 超期（工作日） 卡点 现场协调时间 参加单位 结果",
    "wish_ledger": "序号 编号 登记日期 社区 心愿（去标识） 状态 认领人/单位 认领日期 完成日期 本人确认",
    "service_hours": "序号 姓名 党员/群众 活动编号 日期 项目 计划时长 实测时长 更正时长 更正原因 批准人",
    "origin_distribution": "省份 人数 占比",
    "dual_report_in": "序号 单位/姓名 报到社区 报到日期 参加活动数 服务时长 认领微心愿数 完成数",
    "participation_proof": "日期 活动 类型 主办",
    "call_list": "序号 姓名 电话 事由 活动 时间 地点 未送达原因 结果 拨打人 拨打时间",
    "not_reached": "序号 姓名 手机号 消息 计划时间 状态 原因",
    "budget_ledger": "序号 活动编号 名称 支部 预算 实际支出 票据号 人次 状态",
    "points_ledger": "序号 时间 来源活动 规则版本 分值 冲正 余额 有效期",
    "audit_log": "时间 操作人 角色 通道 动作 对象 变更前 变更后 原因",
}
OF_ONE = {
    "attendance_sheet": lambda tx: attendance_sheet(tx, 1, paper(tx, MADE)),
    "participation_proof": lambda tx: participation_proof(tx, 1, SEASON, paper(tx, MADE)),
    "points_ledger": lambda tx: points_ledger(tx, 1, paper(tx, MADE)),
}


def made(tx, name):
    return OF_ONE[name](tx) if name in OF_ONE else sheet(tx, name, Wanted(SEASON, paper(tx, MADE)))


@pytest.mark.parametrize("name", AGREED)
async def test_the_columns_are_those_that_were_agreed_in_workbook_and_csv(season, tmp_path, name):
    book_path, csv_path = tmp_path / "a.xlsx", tmp_path / "a.csv"

    def write(tx):
        write_xlsx(Book((made(tx, name),), ()), book_path)
        write_csv(made(tx, name), csv_path)

    await season(write)
    agreed = AGREED[name].split(" ")
    printed, plain = CalamineWorkbook.from_path(book_path).sheet_names[:2]
    workbook = CalamineWorkbook.from_path(book_path)
    assert workbook.get_sheet_by_name(printed).to_python(skip_empty_area=False)[2][: len(agreed)] == agreed
    assert workbook.get_sheet_by_name(plain).to_python(skip_empty_area=False)[0] == agreed
    assert csv_path.read_text("utf-8-sig").splitlines()[0] == ",".join(agreed)


async def test_statistics_have_one_sheet_for_each_grouping(season):
    def names(tx):
        return [each.name for each in event_statistics(counts(tx, SEASON, *STATISTICS), paper(tx, MADE))]

    assert await season(names) == ["按月", "按类型", "按社区", "按服务点", "按支部", "按系列"]


@pytest.mark.parametrize("name", [name for name in REPORTS if name not in ("came", "audit_log")])
async def test_a_sheet_is_laid_out_for_paper(season, tmp_path, name):
    """Title, by whom and as of when, headers on each page, a total and who signs (domain rule 8.2)."""
    path = tmp_path / "a.xlsx"
    await season(lambda tx: write_xlsx(book(tx, name, Wanted(SEASON, paper(tx, MADE))), path))
    first = openpyxl.load_workbook(path).worksheets[0]
    for part in ("填报单位：天涯区候鸟党委", "期间：", "制表日期：2026年12月8日", "数据截至：2026年12月8日 18:00"):
        assert part in first["A2"].value
    assert first.page_setup.orientation == "landscape"
    assert first.print_title_rows == "$1:$3"
    assert first.freeze_panes == "A4"
    below = [str(row[0].value) for row in first.iter_rows(min_row=4)]
    assert "合计" in below
    assert any(text.startswith("制表人：") and "审核人：" in text for text in below)
    assert len(first.title) <= 31

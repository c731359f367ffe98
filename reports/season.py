"""The report of a season: one workbook that an office can hand upwards unchanged."""

from reports.attendance import STATISTICS, Paper, came_rows, event_ledger, event_statistics
from reports.counts import CO_HOSTED, DEFINITIONS, Counts, counts
from reports.coverage import COVERAGE_DEFINITIONS, coverage_sheet, origin_distribution
from reports.needs import need_statistics
from reports.periods import Period
from reports.sheet import NO_RATE, Book, Column, Row, Sheet
from storage import need_counts
from storage.database import Transaction

_COLUMNS = (Column("项目", width=24), Column("指标", width=22), Column("数值", "number", 14), Column("说明", width=64))


def season_book(
    tx: Transaction,
    period: Period,
    on: Paper,
    *,
    masked: bool = True,
    sees_party: bool = False,
    point_ids: frozenset[int] | None = None,
) -> Book:
    """Overview, statistics of every grouping, ledger, coverage, origins and needs, and the rows behind them."""
    counted = counts(tx, period, *STATISTICS, "member", "residence")
    return Book(
        sheets=(
            _overview(tx, counted, on),
            *event_statistics(counted, on),
            event_ledger(tx, period, on),
            coverage_sheet(tx, period, on),
            origin_distribution(tx, period, on),
            need_statistics(tx, period, on),
        ),
        definitions=(DEFINITIONS, CO_HOSTED, *COVERAGE_DEFINITIONS, need_counts.DEFINITIONS),
        raw=came_rows(tx, period, masked=masked, sees_party=sees_party, point_ids=point_ids),
    )


def title(period: Period) -> str:
    return f"{period.name or period.days}工作报表"


def _overview(tx: Transaction, counted: Counts, on: Paper) -> Sheet:
    total, period = counted.total, counted.period
    per_event = NO_RATE if total.per_event is None else f"{total.per_event:.1f}"
    rate = NO_RATE if total.rate is None else f"{total.rate:.1%}"
    rows: list[Row] = [
        ("总体", "场次", total.events, "已举办的活动"),
        ("总体", "人次", total.attendances, "实名签到加现场清点"),
        ("总体", "实名签到", total.named, "人次"),
        ("总体", "现场清点", total.unnamed, "人次，没有登记姓名的"),
        ("总体", "人数（去重）", total.people, "至少实名到场1次的不同的人"),
        ("总体", "场均人次", per_event, "人次÷场次"),
        ("参加的人", "党员人次", total.members, "按活动当时登记的身份"),
        ("参加的人", "群众人次", total.non_members, "按活动当时登记的身份"),
        ("参加的人", "候鸟人次", total.seasonal, "按活动当时登记的身份"),
        ("报名到场", "报名数", total.signed_up, "活动开始时的有效报名"),
        ("报名到场", "到场率", rate, "已报名且到场的人次÷报名数"),
    ]
    for year in range(period.first.year, period.last.year + 1):
        part = counts(tx, period.within_year(year)).total
        rows.append((f"{year}年部分", "场次", part.events, ""))
        rows.append((f"{year}年部分", "人次", part.attendances, ""))
        rows.append((f"{year}年部分", "人数（去重）", part.people, "各年人数不能相加"))
    for group in counted.groups["type"]:
        figures = group.figures
        rows.append(("活动类型", group.label, figures.attendances, f"{figures.events}场"))
    return Sheet(
        title(period),
        _COLUMNS,
        rows,
        heads=on.heads(period.title),
        notes=(counted.headline, DEFINITIONS),
        name="概况",
    )

"""Needs on paper: the ledger, and the figures of how they were dealt with."""

from collections.abc import Mapping
from types import MappingProxyType

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import NO_RATE, Chart, Column, Row, Sheet
from storage import need_categories, need_counts
from storage import need_ledger as ledger
from storage.database import Transaction
from storage.need_counts import Figures
from storage.need_ledger import NeedRow
from storage.need_stages import STAGES

_CHANNELS: Mapping[str, str] = MappingProxyType(
    {"wechat": "微信", "telegram": "Telegram", "web": "网页", "phone": "电话", "counter": "窗口"}
)
_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "solved": "已解决",
        "partly_solved": "部分解决",
        "explained": "解释说明",
        "referred_12345": "转12345",
        "withdrawn": "本人撤回",
        "duplicate": "重复",
        "unconfirmed": "多次未联系上",
    }
)
_RESULTS: Mapping[str, str] = MappingProxyType({"solved": "已解决", "partly_solved": "部分解决", "unsolved": "未解决"})
_SATISFACTION: Mapping[str, str] = MappingProxyType(
    {"satisfied": "满意", "mostly_satisfied": "基本满意", "dissatisfied": "不满意"}
)
_COLUMNS = (
    Column("序号", "text", 6),
    Column("编号", width=14),
    Column("受理时间", "moment"),
    Column("受理方式", width=10),
    Column("类别", width=10),
    Column("社区", width=14),
    Column("内容摘要", width=34),
    Column("办理方式（直接办/联合办）", width=14),
    Column("主办", width=22),
    Column("协办", width=18),
    Column("阶段", width=8),
    Column("到期时间", "moment"),
    Column("答复时间", "moment"),
    Column("用时（工作日）", "decimal", 10),
    Column("退单次数", "number"),
    Column("重开次数", "number"),
    Column("回访时间", "moment"),
    Column("回访方式", width=9),
    Column("结果", width=12),
    Column("满意度", width=10),
    Column("办结时间", "moment"),
)


_STATISTICS = (
    Column("类别", width=14),
    Column("受理数", "number"),
    Column("期内到期", "number"),
    Column("按期答复", "number"),
    Column("按期办结率", "ratio", 11),
    Column("有回访结果", "number", 11),
    Column("回访率", "ratio"),
    Column("已解决", "number"),
    Column("解决率", "ratio"),
    Column("满意率", "ratio"),
    Column("重复诉求数", "number", 11),
    Column("退单数", "number"),
    Column("重开数", "number"),
)


def sentence(counted: Figures) -> str:
    return (
        f"受理诉求{counted.received}件，按期办结率{_percent(counted.in_time_rate)}，"
        f"回访率{_percent(counted.asked_rate)}，解决率{_percent(counted.solved_rate)}，"
        f"满意率{_percent(counted.satisfied_rate)}；重复诉求{counted.duplicates}件，退单{counted.returned}次，"
        f"重开{counted.reopened}次。"
    )


def need_ledger(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """需求办理台账. It carries no name of a resident; words about health stay with the owner."""
    rows = ledger.received(tx, period.begins, period.ends, on.made_at)
    counted = need_counts.counts(tx, period.begins, period.ends, on.made_at)
    returns, reopened = sum(row.returns for row in rows), sum(row.reopened for row in rows)
    return Sheet(
        "需求办理台账",
        _COLUMNS,
        [_row(place, row) for place, row in enumerate(rows, 1)],
        heads=on.heads(period.title),
        total=lambda: ("合计", f"{len(rows)}件", *[None] * 12, returns, reopened, *[None] * 5),
        notes=(sentence(counted), need_counts.DEFINITIONS),
    )


def need_statistics(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """The indicators of the period by category."""
    span = (period.begins, period.ends, on.made_at)
    total = need_counts.counts(tx, *span)
    by_category = need_counts.counts_by(tx, *span, "category")
    labels = {code: need_categories.get(tx, code).label for code in by_category if code is not None}
    order = [each.code for each in need_categories.listed(tx)]
    codes = sorted(labels, key=lambda code: order.index(code) if code in order else len(order))
    return Sheet(
        "需求办理统计",
        _STATISTICS,
        [_figures_row(labels[code], by_category[code]) for code in codes],
        heads=on.heads(period.title),
        total=lambda: _figures_row("合计", total),
        notes=(sentence(total), need_counts.DEFINITIONS),
        charts=(
            Chart("诉求受理和解决（按类别）", "类别", "受理数", "已解决"),
            Chart("解决率（按类别）", "类别", "解决率"),
        ),
    )


def _figures_row(label: str, counted: Figures) -> Row:
    return (
        label,
        counted.received,
        counted.due,
        counted.in_time,
        counted.in_time_rate,
        counted.asked,
        counted.asked_rate,
        counted.solved,
        counted.solved_rate,
        counted.satisfied_rate,
        counted.duplicates,
        counted.returned,
        counted.reopened,
    )


def _row(place: int, row: NeedRow) -> Row:
    need, asked = row.need, row.follow_up
    result = _OUTCOMES.get(need.outcome or "", "")
    if asked is not None and not result:
        result = _RESULTS[asked.result or "unsolved"]
    return (
        str(place),
        need.number,
        need.received_at,
        _CHANNELS.get(need.channel, need.channel),
        row.category,
        row.community,
        row.summary,
        "联合办" if need.mode == "joint" else "直接办",
        row.owner,
        row.supports,
        STAGES[need.stage],
        row.due_at,
        row.answered_at,
        row.working_days,
        row.returns,
        row.reopened,
        None if asked is None else asked.answered_at,
        None if asked is None else {"chat": "聊天", "call": "电话"}.get(asked.method or "", ""),
        result,
        None if asked is None else _SATISFACTION.get(asked.satisfaction or "", ""),
        need.closed_at,
    )


def _percent(rate: float | None) -> str:
    return NO_RATE if rate is None else f"{rate:.1%}"

"""Needs on paper: the ledger, and the figures of how they were dealt with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import NO_RATE, Column, Row, Sheet
from storage import need_ledger as ledger
from storage.database import Transaction
from storage.need_ledger import NeedRow
from storage.need_stages import STAGES

NEED_DEFINITIONS = (
    "诉求口径：按受理时间归期。按期办结率＝按期答复÷期内到期；回访率＝有回访结果÷应回访；解决率＝已解决÷有回访结果；"
    "满意率＝（满意＋基本满意）÷答了满意度的。分母为0时写“—”。"
)
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


@dataclass(frozen=True, slots=True)
class NeedFigures:
    """Figures of the needs received in a period (domain rule 8.1). A rate is None where its denominator is 0."""

    received: int
    duplicates: int
    returns: int
    reopened: int
    due: int
    in_time: int
    follow_ups_due: int
    follow_ups_done: int
    solved: int
    rated: int
    content: int

    @property
    def in_time_rate(self) -> float | None:
        return _rate(self.in_time, self.due)

    @property
    def follow_up_rate(self) -> float | None:
        return _rate(self.follow_ups_done, self.follow_ups_due)

    @property
    def solved_rate(self) -> float | None:
        return _rate(self.solved, self.follow_ups_done)

    @property
    def content_rate(self) -> float | None:
        return _rate(self.content, self.rated)


def figures(rows: Sequence[NeedRow]) -> NeedFigures:
    told = [row.follow_up for row in rows if row.follow_up is not None]
    rated = [each.satisfaction for each in told if each.satisfaction is not None]
    return NeedFigures(
        received=len(rows),
        duplicates=sum(row.need.outcome == "duplicate" for row in rows),
        returns=sum(row.returns for row in rows),
        reopened=sum(row.reopened for row in rows),
        due=sum(row.in_time is not None for row in rows),
        in_time=sum(row.in_time is True for row in rows),
        follow_ups_due=sum(row.follow_ups_due > 0 or row.follow_ups_done > 0 for row in rows),
        follow_ups_done=len(told),
        solved=sum(each.result == "solved" for each in told),
        rated=len(rated),
        content=sum(each != "dissatisfied" for each in rated),
    )


def sentence(counted: NeedFigures) -> str:
    return (
        f"受理诉求{counted.received}件，按期办结率{_percent(counted.in_time_rate)}，"
        f"回访率{_percent(counted.follow_up_rate)}，解决率{_percent(counted.solved_rate)}，"
        f"满意率{_percent(counted.content_rate)}；重复诉求{counted.duplicates}件，退单{counted.returns}次，"
        f"重开{counted.reopened}次。"
    )


def need_ledger(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """需求办理台账. It carries no name of a resident; words about health stay with the owner."""
    rows = ledger.received(tx, period.begins, period.ends, on.made_at)
    counted = figures(rows)
    return Sheet(
        "需求办理台账",
        _COLUMNS,
        [_row(place, row) for place, row in enumerate(rows, 1)],
        heads=on.heads(period.title),
        total=lambda: (
            "合计",
            f"{counted.received}件",
            *[None] * 12,
            counted.returns,
            counted.reopened,
            *[None] * 5,
        ),
        notes=(sentence(counted), NEED_DEFINITIONS),
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


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _percent(rate: float | None) -> str:
    return NO_RATE if rate is None else f"{rate:.1%}"

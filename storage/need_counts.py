"""The indicators of needs (domain 8.1), counted from rows each time; no counter is stored."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal, Self

from sqlalchemy import Select, and_, bindparam, case, func, or_, select

from storage.database import Transaction
from storage.schema.needs import need_deadlines, need_entries, need_follow_ups, need_returns
from storage.schema.needs import needs as table

Grouping = Literal["category", "community"]

DEFINITIONS = (
    "需求口径：1. 受理数：统计期内受理的需求。2. 按期办结率＝按期答复÷期内到期；重新办理的另算一个期限，"
    "本人撤回和并入别件的不计。3. 回访率＝有回访结果÷应回访，应回访是统计期内该问的，每次答复问一次。"
    "4. 解决率＝回访时说解决了的÷有回访结果。5. 满意率＝（满意＋基本满意）÷答了满意度的。"
    "6. 重复诉求数：统计期内受理、并入别件的。7. 退单数、重开数按发生的次数计。分母为0的写“—”。"
)


@dataclass(frozen=True, slots=True)
class Figures:
    received: int = 0  # 受理数
    due: int = 0  # 期内到期: deadlines that fell into the period, answered or not
    in_time: int = 0  # 按期答复
    to_ask: int = 0  # 应回访
    asked: int = 0  # 有回访结果
    solved: int = 0  # 已解决, in the resident's own words
    rated: int = 0
    satisfied: int = 0  # 满意 and 基本满意
    duplicates: int = 0  # 重复诉求数
    returned: int = 0  # 退单数
    reopened: int = 0  # 重开数

    @property
    def in_time_rate(self) -> float | None:
        """按期办结率; None when nothing fell due."""
        return _ratio(self.in_time, self.due)

    @property
    def asked_rate(self) -> float | None:
        """回访率."""
        return _ratio(self.asked, self.to_ask)

    @property
    def solved_rate(self) -> float | None:
        """解决率."""
        return _ratio(self.solved, self.asked)

    @property
    def satisfied_rate(self) -> float | None:
        """满意率."""
        return _ratio(self.satisfied, self.rated)

    def __add__(self, other: Self) -> "Figures":
        return Figures(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


_GROUP = (table.c.category, table.c.community_code)
_BEGINS: Any = bindparam("begins")
_ENDS: Any = bindparam("ends")
_NOW: Any = bindparam("now")


def _within(column: Any) -> Any:
    return and_(column >= _BEGINS, column < _ENDS)


def _sum(condition: Any, name: str) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0).label(name)


_RECEIVED = (
    select(*_GROUP, func.count().label("received"), _sum(table.c.parent_id.is_not(None), "duplicates"))
    .where(_within(table.c.received_at))
    .group_by(*_GROUP)
)
_FELL_DUE = (
    select(
        *_GROUP,
        func.count().label("due"),
        _sum(
            and_(need_deadlines.c.because == "answered", need_deadlines.c.ended_at <= need_deadlines.c.due_at),
            "in_time",
        ),
    )
    .join(table, table.c.id == need_deadlines.c.need_id)
    .where(_within(need_deadlines.c.due_at))
    .where(
        or_(
            need_deadlines.c.because == "answered",
            and_(need_deadlines.c.ended_at.is_(None), need_deadlines.c.due_at <= _NOW),
        )
    )
    .group_by(*_GROUP)
)
_ASKED = (
    select(
        *_GROUP,
        func.count().label("to_ask"),
        _sum(need_follow_ups.c.result.is_not(None), "asked"),
        _sum(need_follow_ups.c.result == "solved", "solved"),
        _sum(need_follow_ups.c.satisfaction.is_not(None), "rated"),
        _sum(need_follow_ups.c.satisfaction.in_(["satisfied", "mostly_satisfied"]), "satisfied"),
    )
    .join(table, table.c.id == need_follow_ups.c.need_id)
    .where(_within(need_follow_ups.c.due_at), need_follow_ups.c.void.is_(False))
    .where(or_(need_follow_ups.c.due_at <= _NOW, need_follow_ups.c.result.is_not(None)))
    .group_by(*_GROUP)
)
_RETURNED = (
    select(*_GROUP, func.count().label("returned"))
    .join(table, table.c.id == need_returns.c.need_id)
    .where(_within(need_returns.c.at))
    .group_by(*_GROUP)
)
_REOPENED = (
    select(*_GROUP, func.count().label("reopened"))
    .join(table, table.c.id == need_entries.c.need_id)
    .where(need_entries.c.kind == "reopened", _within(need_entries.c.at))
    .group_by(*_GROUP)
)
_ALL: tuple[Select[Any], ...] = (_RECEIVED, _FELL_DUE, _ASKED, _RETURNED, _REOPENED)


def counts(tx: Transaction, begins: datetime, ends: datetime, now: datetime) -> Figures:
    """Of the half-open span from `begins` to `ends`. What falls due or is asked after `now` is not counted yet."""
    total = Figures()
    for _, figures in _rows(tx, begins, ends, now):
        total += figures
    return total


def counts_by(
    tx: Transaction, begins: datetime, ends: datetime, now: datetime, grouping: Grouping
) -> dict[str | None, Figures]:
    """The same by category or by community (None is a need without one). The groups add up to the whole."""
    found: dict[str | None, Figures] = defaultdict(Figures)
    for (category, community), figures in _rows(tx, begins, ends, now):
        found[category if grouping == "category" else community] += figures
    return dict(found)


def _rows(
    tx: Transaction, begins: datetime, ends: datetime, now: datetime
) -> Iterator[tuple[tuple[str, str | None], Figures]]:
    for statement in _ALL:
        for row in tx.execute(statement, {"begins": begins, "ends": ends, "now": now}):
            facts = dict(row._mapping)
            yield (facts.pop("category"), facts.pop("community_code")), Figures(**facts)

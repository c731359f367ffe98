"""经费台账: what was planned and what was spent, in yuan."""

from reports.attendance import Paper
from reports.counts import counts
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import budgets
from storage.budgets import Budget
from storage.database import Transaction

_STATES = {"open": "待报", "reported": "已报", "checked": "已核"}
_COLUMNS = (
    Column("序号", "text", 6),
    Column("活动编号", width=13),
    Column("名称", width=30),
    Column("支部", width=28),
    Column("预算", "money", 12),
    Column("实际支出", "money", 12),
    Column("票据号", width=18),
    Column("人次", "number"),
    Column("状态", width=10),
)


def budget_ledger(tx: Transaction, period: Period, on: Paper) -> Sheet:
    kept = budgets.between(tx, period.begins, period.ends)
    came = {event.event_id: event.named + event.unnamed for event in counts(tx, period).events}
    planned, spent = sum(each.planned or 0 for each in kept), sum(each.spent or 0 for each in kept)
    attendances = sum(came.get(each.event_id, 0) for each in kept)
    by_branch: dict[str, int] = {}
    for each in kept:
        by_branch[each.host] = by_branch.get(each.host, 0) + (each.spent or 0)
    sums = "；".join(f"{host or '未填主办'} {fen / 100:.2f}元" for host, fen in by_branch.items())
    return Sheet(
        "经费台账",
        _COLUMNS,
        [_row(place, each, came.get(each.event_id, 0)) for place, each in enumerate(kept, 1)],
        heads=on.heads(period.title),
        total=lambda: ("合计", None, f"{len(kept)}场", None, planned / 100, spent / 100, None, attendances, None),
        notes=(f"各支部实际支出：{sums}。",) if kept else (),
    )


def _row(place: int, budget: Budget, attendances: int) -> Row:
    state = _STATES.get(budget.budget_state or "open", "")
    return (
        str(place),
        budget.number,
        budget.title,
        budget.host,
        None if budget.planned is None else budget.planned / 100,
        None if budget.spent is None else budget.spent / 100,
        budget.receipt_number,
        attendances,
        f"{state}（已取消）" if budget.state == "cancelled" else state,
    )

"""重点督办清单, as it is handed to the district each week."""

from reports.attendance import Paper
from reports.sheet import Column, Row, Sheet, chinese_date
from storage import assignments, need_categories, residents
from storage import priority_list as listed
from storage.database import Transaction
from storage.priority_list import Listed
from storage.times import local_date

_COLUMNS = (
    Column("序号", "text", 6),
    Column("编号", width=14),
    Column("类别", width=10),
    Column("社区", width=14),
    Column("主办", width=24),
    Column("到期时间", "moment"),
    Column("超期（工作日）", "decimal", 10),
    Column("卡点", width=34),
    Column("现场协调时间", "moment"),
    Column("参加单位", width=26),
    Column("结果", width=30),
)


def priority_list(tx: Transaction, on: Paper) -> Sheet:
    kept = listed.listed(tx, on.made_at)
    names = residents.community_names(tx)
    return Sheet(
        "重点督办清单",
        _COLUMNS,
        [_row(tx, place, each, names) for place, each in enumerate(kept, 1)],
        heads=on.heads(f"截至{chinese_date(local_date(on.made_at))}"),
        total=lambda: ("合计", f"{len(kept)}件", *[None] * (len(_COLUMNS) - 2)),
    )


def _row(tx: Transaction, place: int, each: Listed, names: dict[str, str]) -> Row:
    lead = assignments.lead(tx, each.need.id)
    last = each.visits[-1] if each.visits else None
    return (
        str(place),
        each.need.number,
        need_categories.get(tx, each.need.category).label,
        names.get(each.need.community_code or "", ""),
        "" if lead is None else lead.called,
        each.need.due_at,
        each.days_overdue,
        each.obstacle,
        None if last is None else last.at,
        "" if last is None else last.units,
        "" if last is None else last.result,
    )

"""Hours that volunteers gave."""

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import volunteering
from storage.database import Transaction
from storage.times import local_date

_HOURS = (
    Column("序号", "text", 6),
    Column("姓名", width=12),
    Column("党员/群众", width=11),
    Column("活动编号", width=13),
    Column("日期", "date"),
    Column("项目", width=30),
    Column("计划时长", "decimal", 10),
    Column("实测时长", "decimal", 10),
    Column("更正时长", "decimal", 10),
    Column("更正原因", width=26),
    Column("批准人", width=12),
)


def service_hours(
    tx: Transaction, period: Period, on: Paper, *, masked: bool = True, sees_party: bool = False
) -> Sheet:
    """志愿服务时长, in hours. What was planned, measured and corrected are three values; none replaces another."""
    served = volunteering.hours(tx, period.begins, period.ends, masked=masked)
    rows: list[Row] = [
        (
            str(place),
            each.name,
            ("党员" if each.party_member else "群众") if sees_party else None,
            each.event_number,
            local_date(each.starts_at),
            each.title,
            _hours(each.planned),
            _hours(each.measured),
            _hours(each.corrected),
            each.reason,
            each.approver,
        )
        for place, each in enumerate(served, 1)
    ]
    planned = sum(each.planned or 0 for each in served)
    measured = sum(each.measured or 0 for each in served)
    counted = sum(each.counted for each in served)
    return Sheet(
        "志愿服务时长",
        _HOURS,
        rows,
        heads=on.heads(period.title),
        total=lambda: (
            "合计",
            f"{len(served)}人次",
            None,
            None,
            None,
            None,
            planned / 60,
            measured / 60,
            None,
            f"有更正的按更正，共{counted / 60:.1f}小时",
            None,
        ),
    )


def _hours(minutes: int | None) -> float | None:
    return None if minutes is None else minutes / 60

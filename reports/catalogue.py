"""Every report staff may ask for, by name: one list for the console, the command line and the chat."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from reports import (
    attendance,
    audit,
    budget,
    call_list,
    coverage,
    members,
    needs,
    points,
    priority_list,
    report_ins,
    volunteering,
    wishes,
)
from reports.attendance import Paper
from reports.counts import CO_HOSTED, DEFINITIONS, counts
from reports.periods import Period
from reports.season import season_book
from reports.sheet import Book, Sheet, Unmasked
from storage import need_counts
from storage.database import Transaction
from storage.times import local_date


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for, and what they may see. `None` for points or branches is the whole district.

    `unmasked` is who takes full names and phones away, in a role that may, with a reason noted by the caller.
    """

    period: Period
    on: Paper
    sees_party: bool = False
    point_ids: frozenset[int] | None = None
    branch_ids: frozenset[int] | None = None
    unmasked: Unmasked | None = None

    @property
    def masked(self) -> bool:
        return self.unmasked is None


Make = Callable[[Transaction, Wanted], Sheet]


@dataclass(frozen=True, slots=True)
class Report:
    """`label` also names the file. `has_persons`: names of residents are in it, masked or not."""

    label: str
    make: Make
    has_period: bool = True
    has_persons: bool = False
    definitions: tuple[str, ...] = ()


def _month_statistics(tx: Transaction, wanted: Wanted) -> Sheet:
    (sheet,) = attendance.event_statistics(counts(tx, wanted.period, "month"), wanted.on)
    return sheet


REPORTS: Mapping[str, Report] = MappingProxyType(
    {
        "event_ledger": Report(
            "活动台账",
            lambda tx, wanted: attendance.event_ledger(tx, wanted.period, wanted.on),
            definitions=(DEFINITIONS,),
        ),
        "event_statistics": Report("活动统计", _month_statistics, definitions=(DEFINITIONS,)),
        "came": Report(
            "签到明细",
            lambda tx, wanted: attendance.came_rows(
                tx,
                wanted.period,
                masked=wanted.masked,
                sees_party=wanted.sees_party,
                point_ids=wanted.point_ids,
            ),
            has_persons=True,
            definitions=(DEFINITIONS,),
        ),
        "member_ledger": Report(
            "候鸟党员报到台账",
            lambda tx, wanted: members.member_ledger(
                tx, local_date(wanted.on.made_at), wanted.on, branch_ids=wanted.branch_ids, masked=wanted.masked
            ),
            has_period=False,
            has_persons=True,
        ),
        "coverage": Report(
            "覆盖率",
            lambda tx, wanted: coverage.coverage_sheet(tx, wanted.period, wanted.on),
            definitions=coverage.COVERAGE_DEFINITIONS,
        ),
        "origin_distribution": Report(
            "来源地分布",
            lambda tx, wanted: coverage.origin_distribution(tx, wanted.period, wanted.on),
            definitions=coverage.COVERAGE_DEFINITIONS,
        ),
        "need_ledger": Report(
            "需求办理台账",
            lambda tx, wanted: needs.need_ledger(tx, wanted.period, wanted.on),
            definitions=(need_counts.DEFINITIONS,),
        ),
        "need_statistics": Report(
            "需求办理统计",
            lambda tx, wanted: needs.need_statistics(tx, wanted.period, wanted.on),
            definitions=(need_counts.DEFINITIONS,),
        ),
        "priority_list": Report(
            "重点督办清单", lambda tx, wanted: priority_list.priority_list(tx, wanted.on), has_period=False
        ),
        "wish_ledger": Report("微心愿台账", lambda tx, wanted: wishes.wish_ledger(tx, wanted.period, wanted.on)),
        "service_hours": Report(
            "志愿服务时长",
            lambda tx, wanted: volunteering.service_hours(
                tx, wanted.period, wanted.on, masked=wanted.masked, sees_party=wanted.sees_party
            ),
            has_persons=True,
        ),
        "call_list": Report(
            "电话名单",
            lambda tx, wanted: call_list.call_list(
                tx,
                wanted.on.made_at - timedelta(days=1),
                wanted.on,
                point_ids=wanted.point_ids,
                masked=wanted.masked,
            ),
            has_period=False,
            has_persons=True,
        ),
        "not_reached": Report(
            "未送达名单",
            lambda tx, wanted: call_list.not_reached(tx, wanted.period, wanted.on, masked=wanted.masked),
            has_persons=True,
        ),
        "dual_report_in": Report(
            "双报到汇总",
            lambda tx, wanted: report_ins.dual_report_in(tx, wanted.period, wanted.on, masked=wanted.masked),
            has_persons=True,
            definitions=report_ins.REPORT_IN_DEFINITIONS,
        ),
        "budget_ledger": Report("经费台账", lambda tx, wanted: budget.budget_ledger(tx, wanted.period, wanted.on)),
        "point_list": Report("服务点名录", lambda tx, wanted: points.point_list(tx, wanted.on), has_period=False),
        "audit_log": Report("审计日志", lambda tx, wanted: audit.audit_log(tx, wanted.period, wanted.on)),
    }
)

BOOKS: Mapping[str, str] = MappingProxyType({"attendance": "活动签到统计", "season": "候鸟季工作报表"})
"""Reports of several sheets, which CSV cannot hold."""


def sheet(tx: Transaction, name: str, wanted: Wanted) -> Sheet:
    """One report as a single table, for a page or CSV. Raises `KeyError` for a name that is none."""
    return REPORTS[name].make(tx, wanted)


def book(tx: Transaction, name: str, wanted: Wanted) -> Book:
    """One report as a workbook, of `REPORTS` or of `BOOKS`. Raises `KeyError` for a name that is none."""
    if name in BOOKS:
        make = attendance.attendance_book if name == "attendance" else season_book
        made = make(
            tx,
            wanted.period,
            wanted.on,
            masked=wanted.masked,
            sees_party=wanted.sees_party,
            point_ids=wanted.point_ids,
        )
    elif name == "event_statistics":
        counted = counts(tx, wanted.period, *attendance.STATISTICS)
        made = Book(attendance.event_statistics(counted, wanted.on), (DEFINITIONS, CO_HOSTED))
    else:
        report = REPORTS[name]
        made = Book((report.make(tx, wanted),), report.definitions)
    return Book(made.sheets, made.definitions, made.raw, wanted.unmasked)


def label(name: str) -> str:
    """What the report is called on paper and in the name of its file."""
    return BOOKS.get(name) or REPORTS[name].label

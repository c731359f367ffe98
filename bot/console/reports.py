"""Reports at the console: any of the catalogue as a workbook or CSV, made beside the page; figures as pictures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any

from starlette.responses import Response

from bot.console.access import CHECKERS, COUNTERS, Staff
from bot.console.events import seen
from bot.console.visit import Visit
from bot.wanted import OF_ONE
from bot.web.files import in_pieces
from handlers.figures import read_period
from reports import snapshots
from reports.attendance import event_statistics, paper
from reports.catalogue import BOOKS, REPORTS, label
from reports.counts import DEFINITIONS, Counts
from reports.needs import need_statistics
from reports.periods import Period
from reports.pictures import Picture, pictures
from reports.remembered import Remembered
from reports.snapshots import Comparison
from storage import audit, exports, files, people
from storage import snapshots as kept_snapshots
from storage.database import Transaction
from storage.exports import Export
from storage.files import Begun
from storage.refusals import NotAllowed, NotFound
from storage.times import local_date

_OVERSEERS = ("auditor", "district_staff")
_DISTRICT = ("district_staff",)
WHOSE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "attendance": COUNTERS,
        "season": COUNTERS,
        "event_ledger": COUNTERS,
        "event_statistics": COUNTERS,
        "came": _DISTRICT,
        "member_ledger": ("branch_secretary", "district_staff"),
        "coverage": ("branch_secretary", *_OVERSEERS),
        "origin_distribution": _OVERSEERS,
        "need_statistics": _OVERSEERS,
        "need_ledger": _OVERSEERS,
        "priority_list": _OVERSEERS,
        "call_list": ("point_lead", "district_staff"),
        "not_reached": _DISTRICT,
        "dual_report_in": _OVERSEERS,
        "budget_ledger": ("branch_secretary", *_OVERSEERS),
        "point_list": COUNTERS,
        "audit_log": _OVERSEERS,
    }
)
"""Who may take which report away; one that is not named is for district staff alone."""

STATES = {"wanted": "排着队", "making": "正在做", "ready": "做好了", "failed": "没做成", "cancelled": "不做了"}
FORMATS = {"xlsx": "Excel 表格", "csv": "CSV（给别的软件用）"}
_FORMS = (*FORMATS, "pdf")
_AS_PAGES = ("season",)
_MOST_SNAPSHOTS = 5


@dataclass(frozen=True, slots=True)
class Job:
    export: Export
    title: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class HandedOut:
    """A report that was taken away, by whom, how it differs from today, and what was corrected since."""

    comparison: Comparison
    by: str
    corrections: list[tuple[datetime, str, str, str]]


def may_have(staff: Staff, name: str) -> bool:
    return staff.holds(*WHOSE.get(name, _DISTRICT))


class Reports:
    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    async def page(self, visit: Visit) -> Response:
        """?period=本月, or ?from=…&to=…; the season when neither says."""
        period = asked_period(visit)

        def look(tx: Transaction) -> dict[str, object]:
            counted = self._remembered.counts(tx, period)
            return {
                "counted": counted,
                "pictures": _pictures(tx, visit, counted),
                "handed_out": _handed_out(tx, counted, says_why=visit.staff.holds(*_OVERSEERS)),
                "jobs": _jobs(tx, visit),
            }

        names = [name for name in (*BOOKS, *REPORTS) if may_have(visit.staff, name)]
        return visit.page(
            "reports.html",
            period=period,
            quick=quick_periods(local_date(visit.now)),
            reports=[(name, label(name), name in REPORTS and REPORTS[name].has_persons) for name in names],
            formats=FORMATS,
            states=STATES,
            definitions=DEFINITIONS,
            **await visit.read(look),
        )


async def jobs(visit: Visit) -> Response:
    """The list of files alone, as long as something is being made."""
    return visit.part("report_jobs.html", jobs=await visit.read(_jobs, visit), states=STATES)


async def ask(visit: Visit) -> Response:
    name, form, reason = visit.text("report", 30), visit.text("format", 4), visit.text("reason", 100)
    period = period_between(visit.text("from", 10), visit.text("to", 10))
    if name not in BOOKS and name not in REPORTS:
        raise NotFound("报表")
    if not may_have(visit.staff, name):
        raise NotAllowed("区级工作人员")
    if period is None:
        return visit.goes_to("/console/reports?said=日子没填对，结束不能早于开始。")
    if form == "csv" and name in BOOKS:
        return visit.goes_to("/console/reports?said=这一份有好几张表，只能做成 Excel 表格。")
    if form == "pdf" and name not in _AS_PAGES:
        return visit.goes_to("/console/reports?said=这一份只能做成表格。")
    has_persons = name in REPORTS and REPORTS[name].has_persons
    wanted: dict[str, Any] = {"report": name, "from": period.first.isoformat(), "to": period.last.isoformat()}
    wanted |= {"name": period.name, "format": form if form in _FORMS else "xlsx"}
    wanted |= {"points": _ids(visit.staff.points("organiser", "point_lead", *_OVERSEERS))}
    wanted |= {"branches": _ids(visit.staff.branches("branch_secretary", "district_staff"))}
    wanted |= {"sees_party": visit.staff.is_district, "unmasked": visit.staff.name if reason and has_persons else None}

    def work(tx: Transaction) -> None:
        export_id = exports.ask(tx, "report", wanted, visit.staff.person_id, None, visit.now)
        actor = visit.staff.actor(visit.staff.first_of(WHOSE.get(name, _DISTRICT)))
        about = {"report": name, "from": wanted["from"], "to": wanted["to"], "masked": wanted["unmasked"] is None}
        audit.note(tx, actor, "report.export", f"export {export_id}", visit.now, after=about, reason=reason or None)

    await visit.write(work)
    return visit.goes_to("/console/reports?said=正在做，做好了在下面拿。#files")


async def ask_sheet(visit: Visit) -> Response:
    """活动签到表 of one event; with a reason the names and phones in full."""
    event_id, reason, is_blank = visit.path_number(), visit.text("reason", 100), visit.text("blank", 3) == "yes"

    def work(tx: Transaction) -> None:
        event = seen(tx, visit.staff, event_id)
        actor = visit.staff.acting_on(event, CHECKERS)
        day = local_date(event.starts_at).isoformat()
        wanted = {"report": "attendance_sheet", "event": event_id, "from": day, "to": day, "blank": is_blank}
        form = "pdf" if visit.text("format", 4) == "pdf" else "xlsx"
        wanted |= {"format": form, "subject": event.title, "unmasked": visit.staff.name if reason else None}
        export_id = exports.ask(tx, "report", wanted, visit.staff.person_id, None, visit.now)
        about = {"report": "attendance_sheet", "event": event_id, "masked": not reason}
        audit.note(tx, actor, "report.export", f"export {export_id}", visit.now, after=about, reason=reason or None)

    await visit.write(work)
    return visit.goes_to("/console/files?said=正在做，做好了在这里拿。")


async def own_files(visit: Visit) -> Response:
    return visit.page("files.html", jobs=await visit.read(_jobs, visit), states=STATES)


async def cancel(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        exports.cancel(tx, _own(tx, visit).id, visit.now)

    await visit.write(work)
    if visit.is_partial:
        return await jobs(visit)
    return visit.goes_to("/console/files?said=不做了。")


async def file(visit: Visit) -> Response:
    """The file, for whoever asked for it alone; it is there for seven days."""

    def look(tx: Transaction) -> Begun | None:
        token = exports.file_token(tx, _own(tx, visit).id)
        return None if token is None else files.begin(tx, token, visit.now)

    found = await visit.read(look)
    if found is None:
        raise NotFound("文件")
    return in_pieces(visit.database, found)


def asked_period(visit: Visit) -> Period:
    today = local_date(visit.now)
    given = period_between(visit.asked("from", 10), visit.asked("to", 10))
    return given or read_period(visit.asked("period", 20), today) or Period.season_around(today)


def _pictures(tx: Transaction, visit: Visit, counted: Counts) -> list[Picture]:
    """The charts of the very sheets that are handed out."""
    on = paper(tx, visit.now)
    sheets = list(event_statistics(counted, on))
    if may_have(visit.staff, "need_statistics"):
        sheets.append(need_statistics(tx, counted.period, on))
    return [picture for sheet in sheets for picture in pictures(sheet, sheet.rows)]


def _handed_out(tx: Transaction, counted: Counts, *, says_why: bool) -> list[HandedOut]:
    """The newest first. A reason may name a resident: it is for those who read the audit log."""
    found = []
    for kept in kept_snapshots.of_period(tx, counted.period.first, counted.period.last)[:_MOST_SNAPSHOTS]:
        comparison, person = snapshots.compare(tx, kept, counted), people.find(tx, kept.made_by)
        by = "" if person is None else person.name
        corrections = comparison.corrections if says_why else ()
        found.append(HandedOut(comparison, by, [snapshots.corrected(tx, act) for act in corrections]))
    return found


def _jobs(tx: Transaction, visit: Visit) -> list[Job]:
    return [Job(export, _title(export), at) for export, at in exports.of_person(tx, visit.staff.person_id)]


def _title(export: Export) -> str:
    wanted = export.wanted
    if wanted["report"] in OF_ONE:
        return f"{OF_ONE[wanted['report']]} {wanted.get('subject', '')}"
    period = Period.between(date.fromisoformat(wanted["from"]), date.fromisoformat(wanted["to"]))
    return f"{label(wanted['report'])} {period.name or period.days}"


def _own(tx: Transaction, visit: Visit) -> Export:
    """Raises `NotFound` for what somebody else asked for."""
    export = exports.get(tx, visit.path_number())
    if export is None or export.person_id != visit.staff.person_id:
        raise NotFound("文件")
    return export


def period_between(first: str, last: str) -> Period | None:
    try:
        return Period.between(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None


def quick_periods(today: date) -> list[tuple[str, Period]]:
    season = Period.season_around(today)
    return [
        ("这一季", season),
        ("上一季", Period.season(season.first.year - 1)),
        ("这个月", Period.month(today.year, today.month)),
        ("上个月", Period.month(today.year - (today.month == 1), today.month - 1 or 12)),
        ("今年", Period.year(today.year)),
    ]


def _ids(reached: frozenset[int] | None) -> list[int] | None:
    return None if reached is None else sorted(reached)

"""What a file was asked for: which report, of which time, in which form."""

from datetime import date
from typing import Any

from reports.catalogue import REPORTS
from reports.periods import Period

EVENT_SHEET = "attendance_sheet"
PROOF = "participation_proof"
POINTS = "points_ledger"
OF_ONE = {EVENT_SHEET: "活动签到表", PROOF: "参加活动证明", POINTS: "积分台账"}
"""Reports about one event or one person, and what they are called."""

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "pdf": "application/pdf",
}
_AS_PAGES = frozenset({"season", EVENT_SHEET, PROOF})


def report_of(kind: str, wanted: dict[str, Any]) -> str:
    """Which report an export is; the figures that a chat asks for are the book of attendances."""
    return str(wanted["report"]) if kind == "report" else "attendance"


def suffix_of(kind: str, wanted: dict[str, Any]) -> str:
    """The form of the file: that asked for, as far as the report can be had so, else a workbook. A proof is a page."""
    name, form = report_of(kind, wanted), wanted.get("format")
    if name == PROOF or (form == "pdf" and name in _AS_PAGES):
        return "pdf"
    return "csv" if form == "csv" and (name in REPORTS or name in OF_ONE) else "xlsx"


def period_of(wanted: dict[str, Any]) -> Period:
    return Period(date.fromisoformat(wanted["from"]), date.fromisoformat(wanted["to"]), wanted.get("name", ""))

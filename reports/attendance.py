"""Who came, as offices want it on paper: the sheet of one event, the ledger of a period, and its statistics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from reports.counts import CO_HOSTED, DEFINITIONS, Counts, Figures, Grouping, counts
from reports.labels import kind_of_person
from reports.periods import Period
from reports.sheet import Book, Chart, Column, Row, Sheet, chinese_date, heads
from storage import attendance, ledgers
from storage.attendance import METHODS
from storage.counts import EventTally
from storage.database import Transaction
from storage.events import TYPES
from storage.ledgers import EventFacts, RollEntry
from storage.times import local, local_date

SAMPLE = "示例数据：活动和人员均为虚构。"

_SHEET_COLUMNS = (
    Column("序号", width=6),
    Column("姓名", width=12),
    Column("类别", width=12),
    Column("所属社区", width=16),
    Column("手机号", "phone"),
    Column("签到时间", "moment"),
    Column("签到方式", width=10),
    Column("签名", width=16),
    Column("备注", width=20),
)
_LEDGER_COLUMNS = (
    Column("序号", "text", 5),
    Column("活动编号", width=13),
    Column("日期", "date", 11),
    Column("名称", width=21),
    Column("类型", width=11),
    Column("系列", width=15),
    Column("主办", width=17),
    Column("地点/服务点", width=19),
    Column("报名数", "number", 7),
    Column("实名签到", "number", 7),
    Column("现场清点", "number", 7),
    Column("人次合计", "number", 7),
    Column("其中党员", "number", 7),
    Column("其中候鸟", "number", 7),
    Column("主讲/联系人", width=15),
    Column("照片有无", width=6),
    Column("备注", width=15),
)
_STATISTICS_COLUMNS = (
    Column("周期", width=22),
    Column("场次", "number", 7),
    Column("人次", "number", 7),
    Column("实名签到", "number"),
    Column("现场清点", "number"),
    Column("人数（去重）", "number", 13),
    Column("党员人次", "number"),
    Column("群众人次", "number"),
    Column("候鸟人次", "number"),
    Column("场均人次", "decimal"),
    Column("报名数", "number"),
    Column("到场率", "ratio"),
)
_CAME_COLUMNS = (
    Column("活动编号", width=13),
    Column("开始时间", "moment"),
    Column("活动名称", width=26),
    Column("类型", width=12),
    Column("人员编号", "number", 10),
    Column("姓名", width=12),
    Column("手机号", "phone"),
    Column("类别", width=12),
    Column("所属社区", width=16),
    Column("签到时间", "moment"),
    Column("签到方式", width=10),
    Column("现场加入", width=10),
    Column("人次", "number"),
)
STATISTICS: Mapping[Grouping, str] = MappingProxyType(
    {
        "month": "按月",
        "type": "按类型",
        "community": "按社区",
        "point": "按服务点",
        "organisation": "按支部",
        "series": "按系列",
    }
)
"""What the statistics are grouped by, and what their sheets are called (domain rule 8.2)."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What every sheet says about itself: who hands it in, when, and whether its rows are real."""

    unit: str
    made_at: datetime
    sample: bool = False

    def heads(self, period: str) -> tuple[tuple[str, str], ...]:
        above = heads(self.unit, period, local_date(self.made_at), self.made_at)
        return (*above, ("说明", SAMPLE)) if self.sample else above


def paper(tx: Transaction, made_at: datetime, unit: str = "天涯区候鸟党委") -> Paper:
    return Paper(unit, made_at, ledgers.holds_samples(tx))


def attendance_sheet(
    tx: Transaction, event_id: int, on: Paper, *, masked: bool = True, sees_party: bool = False, blank: bool = False
) -> Sheet:
    """活动签到表 of one event. `blank` leaves the cells of who came empty, to be printed and signed.

    `sees_party`: whether the reader may know who is a Party member; otherwise 类别 says 候鸟 or 常住 alone (P28).
    Raises `NotFound`.
    """
    event = ledgers.event(tx, event_id)
    entries = ledgers.roll(tx, event_id, masked=masked)
    came = sum(1 for entry in entries if entry.state == "attended")
    unnamed = attendance.heads(tx, event_id)
    begins, ends = local(event.starts_at), local(event.ends_at)
    about = (
        ("活动名称", event.title),
        ("时间", f"{chinese_date(begins.date())} {begins:%H:%M}—{ends:%H:%M}"),
        ("地点", event.place),
        ("主办", event.hosts),
        ("应到", "" if blank else f"{sum(entry.expected for entry in entries)}人"),
        ("实到", "" if blank else f"{came + unnamed}人次"),
    )
    rows = [_roll_row(place, entry, sees_party, blank) for place, entry in enumerate(entries, 1)]
    if unnamed and not blank:
        rows.append((None, "现场清点", None, None, None, None, None, None, f"{unnamed}人次，未登记姓名"))

    def total() -> Row:
        note = "" if blank else f"实名签到{came}人次，现场清点{unnamed}人次"
        return ("合计", *[None] * (len(_SHEET_COLUMNS) - 2), note)

    return Sheet(
        "活动签到表",
        _SHEET_COLUMNS,
        rows,
        heads=about + on.heads(chinese_date(begins.date())),
        total=total,
    )


def _roll_row(place: int, entry: RollEntry, sees_party: bool, blank: bool) -> Row:
    kind = kind_of_person(entry.party_member if sees_party else None, entry.residence)
    who = (str(entry.number or place), entry.name, kind, entry.community, entry.phone)
    if blank:
        return (*who, None, None, None, None)
    came = entry.state == "attended"
    remark = {"excused": "请假", "absent": "未到", None: "未记"}.get(entry.state, "")
    if came and entry.walk_in:
        remark = "现场加入"
    return (*who, entry.came_at if came else None, METHODS.get(entry.method or "") if came else None, None, remark)


def event_ledger(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """活动台账: a row for each held event of the period."""
    counted = counts(tx, period)
    total = counted.total
    held = zip(ledgers.held_events(tx, period.begins, period.ends), counted.events, strict=True)
    return Sheet(
        "活动台账",
        _LEDGER_COLUMNS,
        [_ledger_row(place, event, tally) for place, (event, tally) in enumerate(held, 1)],
        heads=on.heads(period.title),
        total=lambda: (
            "合计",
            None,
            None,
            f"共{total.events}场",
            None,
            None,
            None,
            None,
            total.signed_up,
            total.named,
            total.unnamed,
            total.attendances,
            total.members,
            total.seasonal,
            None,
            None,
            f"参加人数（去重）{total.people}人",
        ),
    )


def _ledger_row(place: int, event: EventFacts, tally: EventTally) -> Row:
    return (
        str(place),
        event.number,
        local_date(event.starts_at),
        event.title,
        TYPES.get(event.type, event.type),
        event.series,
        event.hosts,
        event.place,
        tally.signed_up,
        tally.named,
        tally.unnamed,
        tally.named + tally.unnamed,
        tally.members,
        tally.seasonal,
        event.speaker,
        {True: "有", False: "无", None: ""}[event.photo_taken],
        event.remark,
    )


def event_statistics(counted: Counts, on: Paper) -> tuple[Sheet, ...]:
    """活动统计: one sheet for each grouping in `counted`, with the definitions printed below."""
    return tuple(
        _statistics(counted, grouping, name, on) for grouping, name in STATISTICS.items() if grouping in counted.groups
    )


def _statistics(counted: Counts, grouping: Grouping, name: str, on: Paper) -> Sheet:
    rows = [_figures_row(group.label, group.figures) for group in counted.groups[grouping]]
    charts = [Chart(f"活动人次（{name}）", "周期", "人次"), Chart(f"活动场次（{name}）", "周期", "场次")]
    if grouping != "point":
        charts.append(Chart(f"到场率（{name}）", "周期", "到场率"))
    return Sheet(
        f"活动统计（{name}）",
        (Column(_STATISTICS_COLUMNS[0].header, width=30 if grouping != "month" else 14), *_STATISTICS_COLUMNS[1:]),
        rows,
        heads=on.heads(counted.period.title),
        total=lambda: _figures_row("合计", counted.total),
        notes=(counted.headline, DEFINITIONS, *((CO_HOSTED,) if grouping == "organisation" else ())),
        name=name,
        charts=tuple(charts) if grouping in ("month", "type", "point") else (),
    )


def _figures_row(label: str, figures: Figures) -> Row:
    return (
        label,
        figures.events,
        figures.attendances,
        figures.named,
        figures.unnamed,
        figures.people,
        figures.members,
        figures.non_members,
        figures.seasonal,
        figures.per_event,
        figures.signed_up,
        figures.rate,
    )


def came_rows(
    tx: Transaction,
    period: Period,
    *,
    masked: bool = True,
    sees_party: bool = False,
    point_ids: frozenset[int] | None = None,
) -> Sheet:
    """The rows behind the figures: everyone who came by name, and what was counted on the spot, event by event.

    Of events of `point_ids` alone (None is the whole district): a point sees no other point's people (domain 3).
    Streams: a million rows need no more memory than one event's.
    """

    def rows() -> Iterator[Row]:
        for came in ledgers.came(tx, period.begins, period.ends, masked=masked, point_ids=point_ids):
            yield (
                came.event_number,
                came.starts_at,
                came.title,
                TYPES.get(came.type, came.type),
                came.person_id,
                came.name,
                came.phone,
                "现场清点"
                if came.person_id is None
                else kind_of_person(came.party_member if sees_party else None, came.residence),
                came.community,
                came.came_at,
                METHODS.get(came.method or "", ""),
                "是" if came.walk_in else "",
                came.people,
            )

    return Sheet("签到明细", _CAME_COLUMNS, rows())


def attendance_book(
    tx: Transaction,
    period: Period,
    on: Paper,
    *,
    masked: bool = True,
    sees_party: bool = False,
    point_ids: frozenset[int] | None = None,
) -> Book:
    """What `export attendance` hands over: ledger, statistics of every grouping, and the rows behind them."""
    counted = counts(tx, period, *STATISTICS)
    ledger = event_ledger(tx, period, on)
    return Book(
        sheets=(replace(ledger, notes=(counted.headline, DEFINITIONS)), *event_statistics(counted, on)),
        definitions=(DEFINITIONS, CO_HOSTED),
        raw=came_rows(tx, period, masked=masked, sees_party=sees_party, point_ids=point_ids),
    )

"""The report of a season as one document, to be handed upwards as it is.

It goes by the four headings of the programme: 精心 organisation, 细心 service, 热心 events, 用心 platform.
"""

from dataclasses import replace

from reports import snapshots
from reports.attendance import STATISTICS, Paper, event_statistics
from reports.counts import CO_HOSTED, DEFINITIONS, Counts, counts
from reports.coverage import COVERAGE_DEFINITIONS, coverage_sheet, origin_distribution
from reports.needs import need_statistics
from reports.pdf import Document
from reports.periods import Period
from reports.pictures import pictures
from reports.season import title
from reports.sheet import Column, Row, Sheet, chinese_date
from storage import need_counts, volunteering, wishes
from storage.database import Transaction
from storage.times import local, local_date

_SMALL = 8.0  # points, of the letters in the wide tables
_DIFFERENCES = (
    Column("指标", width=24),
    Column("上次报送", "number", 14),
    Column("现在", "number", 14),
    Column("相差", "number", 14),
)
_CORRECTIONS = (
    Column("时间", "moment"),
    Column("经手人", width=12),
    Column("事项", width=14),
    Column("原因", width=40),
)
_MOST_CORRECTIONS = 20


def season_document(tx: Transaction, period: Period, on: Paper, *, says_why: bool = True) -> Document:
    """It names nobody but those who corrected a figure in office.

    `says_why`: with the reasons of corrections, which may name a resident and are for those who read the audit log.
    """
    counted = counts(tx, period, *STATISTICS)
    by = {sheet.name: sheet for sheet in event_statistics(counted, on)}
    document = Document(title(period), is_sample=on.sample)
    document.headline(title(period), 22)
    document.facts([pair for pair in on.heads(period.title) if pair[0] != "期间"], in_columns=2)
    document.paragraph(f"　　{counted.headline}", 12, is_bold=True)
    document.paragraph(_shares(counted))

    document.heading("一、精心建组织")
    _coverage(tx, document, period, on)
    _table(document, by["按支部"], note=CO_HOSTED)

    document.heading("二、细心做服务")
    needs = need_statistics(tx, period, on)
    document.paragraph(f"　　{needs.notes[0]}" if needs.rows else "　　这一段没有受理诉求。")
    _table(document, needs)
    made = wishes.within(tx, period.begins, period.ends)
    fulfilled = sum(wish.state == "confirmed" for wish in made)
    document.paragraph(
        f"　　居民登记微心愿{len(made)}个，本人确认实现{fulfilled}个。" if made else "　　这一段没有登记微心愿。"
    )

    document.heading("三、热心办活动")
    for name in ("按月", "按类型", "按系列"):
        _table(document, by[name])
    served = volunteering.hours(tx, period.begins, period.ends)
    document.paragraph(f"　　志愿服务{len(served)}人次，共{sum(each.counted for each in served) / 60:.1f}小时。")

    document.heading("四、用心搭平台")
    for sheet in (by["按服务点"], by["按社区"], origin_distribution(tx, period, on)):
        _table(document, sheet)

    document.heading("五、和上次报送的数字相比")
    _compared(tx, document, counted, says_why=says_why)

    document.heading("六、口径说明")
    for paragraph in (DEFINITIONS, *COVERAGE_DEFINITIONS, need_counts.DEFINITIONS):
        if paragraph == need_counts.DEFINITIONS:
            document.needs(60)  # what is signed stands on the page of the signatures
        document.paragraph(f"　　{paragraph}", 10)
        document.gap(1)
    document.signatures("制表人", "审核人", "负责人")
    document.paragraph(f"{on.unit}（盖章）　　{chinese_date(local_date(on.made_at))}", align="right")
    return document


def _shares(counted: Counts) -> str:
    total = counted.total
    rate = "—" if total.rate is None else f"{total.rate:.1%}"
    per_event = "—" if total.per_event is None else f"{total.per_event:.1f}"
    return (
        f"　　实名签到中，党员{total.members}人次，群众{total.non_members}人次；候鸟{total.seasonal}人次；"
        f"场均{per_event}人次；报名{total.signed_up}人次，到场率{rate}。"
    )


def _coverage(tx: Transaction, document: Document, period: Period, on: Paper) -> None:
    """Where there are members or were events; the rest is a sentence, and in the total."""
    sheet = coverage_sheet(tx, period, on)
    rows = list(sheet.rows)
    reached = [row for row in rows if row[1] or row[5]]
    rest = (
        f"另有{len(rows) - len(reached)}个支部和社区没有在琼登记党员，也没有办过活动，只计入合计。"
        if rows != reached
        else ""
    )
    _table(document, replace(sheet, title="党员参与和服务点覆盖", rows=reached), note=f"{sheet.notes[-1]}{rest}")


def _table(document: Document, sheet: Sheet, note: str = "") -> None:
    rows: list[Row] = list(sheet.rows)
    if not rows:
        return
    document.grid(sheet.columns, rows, sheet.total() if sheet.total else None, title=sheet.title, size=_SMALL)
    if note:
        document.paragraph(f"注：{note}", 9)
    document.pictures(pictures(sheet, rows))


def _compared(tx: Transaction, document: Document, counted: Counts, *, says_why: bool) -> None:
    comparison = snapshots.last_of(tx, counted)
    if comparison is None:
        document.paragraph("　　这一段的数字，以前没有报送过。")
        return
    when = local(comparison.snapshot.made_at)
    said = f"　　上次报送是{chinese_date(when.date())} {when:%H:%M}。"
    if not comparison.differences:
        document.paragraph(f"{said}各项数字和那时一样。")
        return
    document.paragraph(f"{said}以后有更正，下列数字和那时不同：")
    rows: list[Row] = [
        (each.label, each.then, each.now, f"{each.now - each.then:+d}") for each in comparison.differences
    ]
    document.grid(_DIFFERENCES, rows)
    corrections = comparison.corrections[-_MOST_CORRECTIONS:]
    if corrections and says_why:
        document.paragraph("谁更正的，为什么：")
        document.grid(_CORRECTIONS, [snapshots.corrected(tx, act) for act in corrections])

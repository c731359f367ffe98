"""双报到汇总: which units and members in service reported in where, and what came of it."""

from collections.abc import Iterable

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import report_ins
from storage.database import Transaction
from storage.report_ins import Claimed, ReportIn, Service
from storage.times import local_date

REPORT_IN_DEFINITIONS = (
    "双报到口径：1. 期内有效的报到都列，报到一次管一年；单位列一行，下面列本单位报到的党员。"
    "2. 参加活动数：期内实名到场的活动数，单位的按本单位报到党员算，同一场只计1次。3. 服务时长：志愿服务的小时数，"
    "有更正的按更正。4. 认领微心愿数按期内认领的计，单位的含以单位名义和本单位报到党员认领的，同一个心愿只计1次；"
    "完成数是其中已经办成的。",
)
_COLUMNS = (
    Column("序号", "text", 6),
    Column("单位/姓名", width=28),
    Column("报到社区", width=18),
    Column("报到日期", "date"),
    Column("参加活动数", "number", 11),
    Column("服务时长", "decimal", 10),
    Column("认领微心愿数", "number", 13),
    Column("完成数", "number", 9),
)


def dual_report_in(tx: Transaction, period: Period, on: Paper, *, masked: bool = True) -> Sheet:
    """A row for each unit in a community, and below it one for each of its members there."""
    kept = report_ins.within(tx, period.first, period.ends, masked=masked)
    service = report_ins.service(tx, period.begins, period.ends)
    claimed = report_ins.claimed(tx, period.begins, period.ends)
    by_unit: dict[tuple[str, str], dict[int, ReportIn]] = {}
    for each in kept:  # who reported in again within the period is one row still
        by_unit.setdefault((each.community_code, each.unit), {}).setdefault(each.person_id, each)
    rows: list[Row] = []
    for (_, unit), members in by_unit.items():
        first = next(iter(members.values()))
        rows.append((str(len(rows) + 1), unit, *_facts(first, members, service, claimed, unit)))
        for person_id, each in members.items():
            rows.append((str(len(rows) + 1), f"　{each.name}", *_facts(each, [person_id], service, claimed)))
    people = {each.person_id for each in kept}
    units = {each.unit for each in kept}
    named = [claim for claim in claimed if claim.person_id in people or claim.unit in units]
    return Sheet(
        "双报到汇总",
        _COLUMNS,
        rows,
        heads=on.heads(period.title),
        total=lambda: (
            "合计",
            f"{len(units)}个单位，{len(people)}名党员",
            None,
            None,
            *_done([each for person in people for each in service.get(person, [])], named),
        ),
        notes=REPORT_IN_DEFINITIONS,
    )


def _facts(
    report: ReportIn,
    people: Iterable[int],
    service: dict[int, list[Service]],
    claimed: list[Claimed],
    unit: str | None = None,
) -> Row:
    who = set(people)
    theirs = [claim for claim in claimed if claim.person_id in who or (unit is not None and claim.unit == unit)]
    came = [each for person in who for each in service.get(person, [])]
    return (report.community, local_date(report.reported_at), *_done(came, theirs))


def _done(came: list[Service], claimed: list[Claimed]) -> Row:
    wishes = {claim.wish_id for claim in claimed}
    done = {claim.wish_id for claim in claimed if claim.is_done}
    return (len({each.event_id for each in came}), sum(each.minutes for each in came) / 60, len(wishes), len(done))

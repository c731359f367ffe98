"""How many of those registered were reached, by branch and by community, and where people come from."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from reports.attendance import Paper
from reports.counts import counts
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import ledgers, points, residents
from storage.database import Transaction
from storage.residents import Resident

COVERAGE_DEFINITIONS = (
    "覆盖率口径：党员参与覆盖率＝期内参加过1次及以上的在琼登记党员÷期内在琼登记党员；"
    "服务点覆盖率＝有已举办活动的服务点÷启用的服务点。在琼按登记的来琼、离琼日期推算，期内到过场的算在琼。",
    "来源地：按期内在琼的候鸟登记的来源地统计，不足5人的并入其他。",
)
_AT_LEAST = 5  # fewer people from one place could be recognised

_COVERAGE = (
    Column("支部/社区", width=30),
    Column("在琼登记党员", "number", 14),
    Column("参加过的党员", "number", 14),
    Column("党员参与覆盖率", "ratio", 15),
    Column("服务点数", "number", 10),
    Column("有活动服务点数", "number", 15),
    Column("服务点覆盖率", "ratio", 14),
)
_ORIGINS = (Column("省份", width=24), Column("人数", "number", 10), Column("占比", "ratio", 10))


@dataclass(slots=True)
class _Reach:
    members: int = 0
    took_part: int = 0
    points: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)

    def row(self, label: str) -> Row:
        return (
            label,
            self.members,
            self.took_part,
            self.took_part / self.members if self.members else None,
            len(self.points),
            len(self.used),
            len(self.used) / len(self.points) if self.points else None,
        )


def in_town(tx: Transaction, period: Period, came: set[int]) -> list[Resident]:
    """Who was in town at some time of the period: by the dates of the stay, or because they came to something."""
    return [
        person
        for person in residents.everyone(tx)
        if person.registered_at < period.ends and (person.id in came or person.was_in_town(period.first, period.last))
    ]


def coverage_sheet(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """覆盖率: branches by the members they took in, communities by the members living there and their points."""
    came = ledgers.took_part(tx, period.begins, period.ends)
    used = {event.point_id for event in counts(tx, period).events if event.point_id is not None}
    branches: dict[str, _Reach] = defaultdict(_Reach)
    communities: dict[str, _Reach] = defaultdict(_Reach)
    whole = _Reach()
    for person in in_town(tx, period, came):
        if person.member:
            for reach in (branches[person.host_branch or "未编入支部"], communities[person.community], whole):
                reach.members += 1
                reach.took_part += person.id in came
    names = residents.community_names(tx)
    for point in points.active(tx):
        for reach in (communities[names.get(point.community_code or "", "")], whole):
            reach.points.add(point.id)
            if point.id in used:
                reach.used.add(point.id)
    order = {name: place for place, name in enumerate(names.values())}
    by_community = sorted(communities.items(), key=lambda pair: order.get(pair[0], len(order)))
    rows = [reach.row(name) for name, reach in sorted(branches.items())]
    rows += [reach.row(name or "未填社区") for name, reach in by_community]
    return Sheet(
        "覆盖率",
        _COVERAGE,
        rows,
        heads=on.heads(period.title),
        total=lambda: whole.row("合计"),
        notes=(COVERAGE_DEFINITIONS[0], "支部和社区各列一次，合计不是各行之和。"),
    )


def origin_distribution(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """来源地分布 of the seasonal residents in town; what fewer than five share is put together."""
    came = ledgers.took_part(tx, period.begins, period.ends)
    origins = Counter(province(person.origin) for person in in_town(tx, period, came) if person.residence == "seasonal")
    everyone = sum(origins.values())
    shown = Counter({name: number for name, number in origins.items() if number >= _AT_LEAST and name})
    other = everyone - sum(shown.values())
    rows: list[Row] = [(name, number, number / everyone) for name, number in shown.most_common()]
    if other:
        rows.append(("其他", other, other / everyone))
    return Sheet(
        "来源地分布",
        _ORIGINS,
        rows,
        heads=on.heads(period.title),
        total=lambda: ("合计", everyone, 1.0 if everyone else None),
        notes=(COVERAGE_DEFINITIONS[1],),
    )


def province(origin: str) -> str:
    """The province a typed place of origin begins with, without its kind: 黑龙江, 内蒙古, 北京."""
    name = origin.strip()
    return next((short for short in _PROVINCES if name.startswith(short)), "")


_PROVINCES = (
    "北京 天津 河北 山西 内蒙古 辽宁 吉林 黑龙江 上海 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 广西 海南 重庆 "
    "四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾"
).split()

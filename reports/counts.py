"""The figures of a period: one function for the chat, the console, the command line and every file.

How each is counted stands in `DEFINITIONS`, which is printed with them.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from reports.labels import RESIDENCES
from reports.periods import Period
from storage import counts as tallies
from storage.counts import EventTally, Key
from storage.database import Transaction
from storage.events import TYPES
from storage.times import local

Grouping = tallies.Grouping | Literal["member", "residence"]

DEFINITIONS = (
    "口径说明：1. 场次：统计期内已举办的活动数，按开始时间（北京时间）归期；取消和未举办的不计；系列活动每次计1场；"
    "改期的只计1场；联合主办只计1场。2. 人次：每场到场的人各计1次，等于实名签到加现场清点。"
    "3. 人数：统计期内至少实名到场1次的不同的人，各月人数不能相加。"
    "4. 到场率：已报名且到场的人次÷活动开始时的有效报名数，现场加入的不计。"
    "5. 党员人次、候鸟人次按活动当时登记的身份统计，未登记党员身份的计入群众。"
)
CO_HOSTED = "联合主办的活动在每个主办单位名下各列一次，因此各行相加可能大于合计。"

_WITHOUT = {"series": "不属于系列", "community": "其他地点", "point": "其他地点", "organisation": "未填主办"}


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of held events. `members`, `seasonal` and `people` speak of those who came by name."""

    events: int = 0  # 场次
    named: int = 0  # 实名签到
    unnamed: int = 0  # 现场清点
    people: int = 0  # 人数（去重）; those of groups do not add up
    members: int = 0  # 党员人次
    seasonal: int = 0  # 候鸟人次
    signed_up: int = 0  # 报名数
    signed_up_and_came: int = 0

    @property
    def attendances(self) -> int:
        """人次."""
        return self.named + self.unnamed

    @property
    def non_members(self) -> int:
        """群众人次."""
        return self.named - self.members

    @property
    def per_event(self) -> float | None:
        """场均人次; None when nothing was held."""
        return self.attendances / self.events if self.events else None

    @property
    def rate(self) -> float | None:
        """到场率 as a fraction; None when nobody had signed up."""
        return self.signed_up_and_came / self.signed_up if self.signed_up else None


@dataclass(frozen=True, slots=True)
class Group:
    key: Key | bool
    label: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Counts:
    """The figures of `period` as a whole, and by each grouping that was asked for."""

    period: Period
    total: Figures
    events: tuple[EventTally, ...]  # the rows behind the figures, in order of time
    groups: dict[Grouping, tuple[Group, ...]] = field(default_factory=dict)

    @property
    def headline(self) -> str:
        """The sentence of the year's report (domain rule 8.1)."""
        total = self.total
        return (
            f"{self.period.title}共计开展活动{total.events}场，惠及{total.attendances}人次"
            f"（其中实名签到{total.named}人次，现场清点{total.unnamed}人次），参加人数{total.people}人。"
        )


def counts(tx: Transaction, period: Period, *groupings: Grouping) -> Counts:
    """Count `period`. `member` and `residence` group those who came; every other grouping groups the events.

    Months without events are listed with zeros; of the other groups only those in which something was held.
    """
    events = tallies.held_events(tx, period.begins, period.ends)
    total = _figures(events, tallies.people(tx, period.begins, period.ends))
    return Counts(period, total, tuple(events), {each: _grouped(tx, period, events, each) for each in groupings})


def _figures(events: Iterable[EventTally], people: int) -> Figures:
    held = list(events)
    return Figures(
        events=len(held),
        named=sum(event.named for event in held),
        unnamed=sum(event.unnamed for event in held),
        people=people,
        members=sum(event.members for event in held),
        seasonal=sum(event.seasonal for event in held),
        signed_up=sum(event.signed_up for event in held),
        signed_up_and_came=sum(event.signed_up_and_came for event in held),
    )


def _grouped(tx: Transaction, period: Period, events: list[EventTally], grouping: Grouping) -> tuple[Group, ...]:
    if grouping == "member" or grouping == "residence":
        return _by_kind(tx, period, grouping)
    people = tallies.people_by(tx, period.begins, period.ends, grouping)
    held: dict[Key, list[EventTally]] = defaultdict(list)
    for event in events:
        for key in _keys(event, grouping):
            held[key].append(event)
    match grouping:
        case "month":
            labels: dict[Key, str] = {f"{each.first:%Y-%m}": each.name for each in period.months()}
        case "type":
            labels = {key: label for key, label in TYPES.items() if key in held}
        case "series" | "community" | "point" | "organisation":
            labels = {key: name for key, name in tallies.names(tx, grouping).items() if key in held}
            if None in held:
                labels[None] = _WITHOUT[grouping]
    return tuple(Group(key, label, _figures(held.get(key, ()), people.get(key, 0))) for key, label in labels.items())


def _keys(event: EventTally, grouping: tallies.Grouping) -> tuple[Key, ...]:
    match grouping:
        case "month":
            return (f"{local(event.starts_at):%Y-%m}",)
        case "type":
            return (event.type,)
        case "series":
            return (event.series_id,)
        case "community":
            return (event.community_code,)
        case "point":
            return (event.point_id,)
        case "organisation":
            return event.organisation_ids or (None,)


def _by_kind(tx: Transaction, period: Period, kind: Literal["member", "residence"]) -> tuple[Group, ...]:
    counted = tallies.by_kind(tx, period.begins, period.ends, kind)
    labels: dict[bool | str | None, str] = dict(RESIDENCES) | {None: "未登记"}
    if kind == "member":
        labels = {True: "党员", False: "群众"}
    return tuple(
        Group(key, label, _figures_of_kind(counted.get(key)))
        for key, label in labels.items()
        if key is not None or key in counted
    )


def _figures_of_kind(tally: tallies.KindTally | None) -> Figures:
    if tally is None:
        return Figures()
    return Figures(tally.events, tally.named, 0, tally.people, tally.members, tally.seasonal)

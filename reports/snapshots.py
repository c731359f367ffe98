"""What a report said when it was handed in, and how that differs from today."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from reports.counts import Counts, Figures, counts
from reports.periods import Period
from storage import people, snapshots
from storage.audit import Act
from storage.database import Transaction
from storage.snapshots import Snapshot

LABELS: Mapping[str, str] = MappingProxyType(
    {
        "events": "场次",
        "attendances": "人次",
        "named": "实名签到",
        "unnamed": "现场清点",
        "people": "人数（去重）",
        "members": "党员人次",
        "non_members": "群众人次",
        "seasonal": "候鸟人次",
        "signed_up": "报名数",
        "signed_up_and_came": "报名且到场",
    }
)


ACTS: Mapping[str, str] = MappingProxyType(
    {
        "attendance.correct": "改签到",
        "attendance.undo": "撤销签到",
        "event.close": "结束签到",
        "event.cancel": "取消活动",
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that is no longer what was handed in."""

    label: str
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """`corrections` are the acts since then that can have changed a figure, with who and why."""

    snapshot: Snapshot
    differences: tuple[Difference, ...]
    corrections: tuple[Act, ...]


def keep(tx: Transaction, counted: Counts, made_by: int | None, now: datetime) -> int:
    """Keep the figures of a report that is being handed out. Returns the number of the snapshot."""
    period = counted.period
    return snapshots.keep(tx, period.first, period.last, _numbers(counted.total), made_by, now)


def compare(tx: Transaction, snapshot: Snapshot, counted: Counts | None = None) -> Comparison:
    """What was handed in, held against a count of today: `counted`, where that period is counted already."""
    counted = counted or counts(tx, Period.between(snapshot.first, snapshot.last))
    today = _numbers(counted.total)
    differences = tuple(
        Difference(label, snapshot.figures[name], today[name])
        for name, label in LABELS.items()
        if name in snapshot.figures and snapshot.figures[name] != today[name]
    )
    corrections = snapshots.corrections_since(tx, snapshot.made_at) if differences else []
    return Comparison(snapshot, differences, tuple(corrections))


def last_of(tx: Transaction, counted: Counts) -> Comparison | None:
    """The newest report that was handed out for exactly this period, held against `counted`."""
    kept = snapshots.of_period(tx, counted.period.first, counted.period.last)
    return compare(tx, kept[0], counted) if kept else None


def corrected(tx: Transaction, act: Act) -> tuple[datetime, str, str, str]:
    """When, who by name (they acted in office), what was done, and why."""
    person = people.find(tx, act.actor_id)
    return act.at, "程序" if person is None else person.name, ACTS.get(act.action, act.action), act.reason or ""


def _numbers(figures: Figures) -> dict[str, int]:
    return {name: getattr(figures, name) for name in LABELS}

"""Keeps the invented people of the sample, and the staff who act in it."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from storage import grants, people
from storage.audit import Actor
from storage.database import Transaction
from storage.demo.crowd import Neighbour
from storage.demo.places import Ground
from storage.people import Facts, Party
from storage.times import at, local_date

_STAFF = (  # role, name, where: point code or short name of an organisation
    ("district_staff", "李秋实", ""),
    ("point_lead", "王守一", "TYHY-S025"),
    ("organiser", "赵敏行", "TYHY-S025"),
    ("checker", "孙乐群", ""),
    ("branch_secretary", "周明德", "三亚湾"),
    ("auditor", "吴知微", ""),
)
_HOME_BRANCHES = (
    "示例市示例区示例社区党支部",
    "示例厂离退休党支部",
    "示例大学退休教师党支部",
    "示例局机关离退休党支部",
)


def employ(tx: Transaction, ground: Ground, now: datetime) -> dict[str, int]:
    """Staff by role. Their phones are invented, and their roles are given by the program itself."""
    staff = {}
    for place, (role, name, _) in enumerate(_STAFF):
        facts = Facts(
            name=name,
            phone=f"08980000{9001 + place}",
            party=Party("yes", "天涯区示例机关党支部"),
            residence="local",
            community_code=ground.communities["三亚湾社区"],
            point_id=ground.points["TYHY-S025"],
            is_sample=True,
        )
        staff[role] = people.add(tx, facts, now)
    for role, _, where in _STAFF:
        if role == "checker":
            continue  # that role is for one event: `coming` gives it
        grants.grant(
            tx,
            role,
            Actor(),
            now,
            person_id=staff[role],
            point_id=ground.points.get(where),
            organisation_id=ground.organisations.get(where),
            ends_at=now + timedelta(days=365),
        )
    return staff


def settle(tx: Transaction, crowd: Sequence[Neighbour], ground: Ground, now: datetime) -> list[int]:
    """Register the crowd; returns their ids in its order. Every fourth of them is back in town by `now`."""
    ids = []
    for neighbour in crowd:
        facts = _facts(neighbour, ground)
        if neighbour.seasonal and is_back(neighbour, now):
            facts.arrives_on = local_date(now) - timedelta(days=12 + neighbour.place % 30)
            facts.leaves_on = _next_spring(local_date(now))
        registered = at(min(neighbour.arrives_on or date(2025, 9, 20), date(2025, 9, 20)), time(10))
        ids.append(people.add(tx, facts, registered, checked_by_staff=True))
    return ids


def is_back(neighbour: Neighbour, now: datetime) -> bool:
    """Whether the person is in town at `now`: who lives here, and some of the seasonal once their last stay ended."""
    if not neighbour.seasonal:
        return True
    gone = neighbour.leaves_on is not None and neighbour.leaves_on < local_date(now)
    return gone and neighbour.place % 4 == 0


def _facts(neighbour: Neighbour, ground: Ground) -> Facts:
    couple = neighbour.place - neighbour.place % 2 if neighbour.place % 10 < 4 else neighbour.place
    branch = ground.branch_of[neighbour.community] if neighbour.member else None
    return Facts(
        name=neighbour.name,
        phone=f"08980000{1000 + couple}",  # couples share one
        party=Party("yes", _HOME_BRANCHES[neighbour.place % 4], _member_type(neighbour))
        if neighbour.member
        else Party("no"),
        residence="seasonal" if neighbour.seasonal else "local",
        origin=neighbour.origin,
        arrives_on=neighbour.arrives_on,
        leaves_on=neighbour.leaves_on,
        community_code=ground.communities[neighbour.community],
        estate="示例小区甲" if neighbour.place % 3 == 0 else None,
        point_id=_point_of(neighbour, ground),
        salutation="阿姨" if neighbour.place % 2 else "叔叔",
        host_branch_id=branch,
        party_group="第一党小组（示例）" if branch and neighbour.place % 2 else None,
        verification="verified" if neighbour.place % 5 else "self_reported",
        is_sample=True,
    )


def _member_type(neighbour: Neighbour) -> str | None:
    if not neighbour.seasonal:
        return "local_member"
    return (None, "short_stay_member", "mobile_member")[neighbour.place % 3]


def _point_of(neighbour: Neighbour, ground: Ground) -> int | None:
    name = f"天涯红雁之家·{neighbour.community}"
    return next((ground.points[code] for code, called in ground.point_names.items() if called == name), None)


def _next_spring(day: date) -> date:
    return date(day.year + (day.month > 4), 4, 10)

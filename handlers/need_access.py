"""Who of the staff may see which need, and as what they act on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialogue.talk import Talk
from storage import assignments, communities, grants, need_categories, needs, people, points
from storage.accounts import Account
from storage.audit import Actor
from storage.database import Transaction
from storage.needs import Need
from storage.refusals import NotAllowed, NotFound

Part = Literal["owner", "support", "supervisor", "district_staff", "point_lead"]
TITLES: dict[Part, str] = {
    "owner": "承办人",
    "support": "协办人",
    "supervisor": "督办人",
    "district_staff": "区级工作人员",
    "point_lead": "点长",
}


@dataclass(frozen=True, slots=True)
class NeedWorkers:
    """Owners, supports and supervisors: whoever has a need to work on, whatever their roles."""

    title: str = TITLES["owner"]

    def __call__(self, tx: Transaction, account: Account, _now: datetime, /) -> bool:
        return account.person_id is not None and assignments.works_on_needs(tx, account.person_id)


def staff_need(talk: Talk, number: int) -> tuple[Need, set[Part]]:
    """The newest need of this number that the person has a part in. Raises `NotFound` for any other."""
    for need in needs.with_number(talk.tx, number):
        if parts := parts_in(talk, need):
            return need, parts
    raise NotFound("号的难处")


def parts_in(talk: Talk, need: Need) -> set[Part]:
    """As what the person may see it. A point lead sees those of the point's community and of its own people."""
    parts: set[Part] = set()
    for role in assignments.roles_of(talk.tx, need.id, talk.person_id):
        parts.add("owner" if role == "lead" else role)
    for grant in grants.roles_of(talk.tx, talk.account, talk.now):
        if grant.role == "district_staff":
            parts.add("district_staff")
        elif grant.role == "point_lead" and grant.point_id is not None and _is_of_point(talk, need, grant.point_id):
            parts.add("point_lead")
    return parts


def actor(talk: Talk, parts: set[Part], *wanted: Part) -> Actor:
    """The person acting in the first of `wanted` that is theirs. Raises `NotAllowed`."""
    for part in wanted:
        if part in parts:
            return Actor(talk.person_id, part, talk.account.channel)
    raise NotAllowed(TITLES[wanted[0]])


def may_read(talk: Talk, need: Need, parts: set[Part]) -> bool:
    """What is said about health is for those who work on it (care.md K6: 只有经办人能看)."""
    return bool(parts & {"owner", "support"}) or not need_categories.get(talk.tx, need.category).is_health


def _is_of_point(talk: Talk, need: Need, point_id: int) -> bool:
    person = people.find(talk.tx, need.person_id)
    if person is not None and person.point_id is not None:
        return person.point_id == point_id
    return need.community_code is not None and points.get(talk.tx, point_id).community_code == need.community_code


def where(talk: Talk, need: Need) -> str:
    community = communities.get(talk.tx, need.community_code) if need.community_code else None
    return community.display_name if community is not None else "没说地方"

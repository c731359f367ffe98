"""Who may do what in a chat: the roles of an account, and what they reach."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dialogue.talk import Talk
from dialogue.understanding import Allowed
from storage import grants
from storage.accounts import Account
from storage.database import Transaction
from storage.events import Event, Outline
from storage.refusals import NotAllowed

TITLES = {
    "checker": "签到员",
    "organiser": "组织者",
    "point_lead": "点长",
    "branch_secretary": "支部书记",
    "district_staff": "区级工作人员",
    "auditor": "审计",
}
ORGANISERS = ("organiser", "point_lead", "branch_secretary", "district_staff")
CHECKERS = ("checker", *ORGANISERS)
COUNTERS = ("point_lead", "branch_secretary", "district_staff", "auditor", "organiser")


@dataclass(frozen=True, slots=True)
class Holding:
    """Entries of the menu for holders of one of `roles`, whatever their scope."""

    roles: tuple[str, ...]
    title: str

    def __call__(self, tx: Transaction, account: Account, now: datetime, /) -> bool:
        return any(grant.role in self.roles for grant in grants.roles_of(tx, account, now))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Entries for whoever one of `some` lets in."""

    some: tuple[Allowed, ...]

    @property
    def title(self) -> str:
        return self.some[0].title

    def __call__(self, tx: Transaction, account: Account, now: datetime, /) -> bool:
        return any(one(tx, account, now) for one in self.some)


def holding(*roles: str) -> Holding:
    """Whoever is turned away hears of the first of `roles`."""
    return Holding(roles, TITLES[roles[0]])


def role_for(talk: Talk, event: Event, roles: Iterable[str]) -> str | None:
    """The role in which this person may act on `event`; None when none of theirs reaches it."""
    return role_among(grants.roles_of(talk.tx, talk.account, talk.now), talk.person_id, event, roles)


def role_among(
    held: Iterable[grants.Grant], person_id: int | None, event: Event | Outline, roles: Iterable[str]
) -> str | None:
    """The same, of somebody with the roles `held`. Whoever made an event keeps it while they organise anything."""
    own, wanted = tuple(held), tuple(roles)
    for grant in own:
        if grant.role in wanted and reaches(grant, event):
            return grant.role
    is_maker = event.organiser_id is not None and event.organiser_id == person_id
    if is_maker and "organiser" in wanted:
        return next((grant.role for grant in own if grant.role in ORGANISERS), None)
    return None


def points_of(held: Iterable[grants.Grant], roles: Iterable[str]) -> frozenset[int] | None:
    """The service points that grants of these roles reach; None is the whole district."""
    own = [grant for grant in held if grant.role in tuple(roles)]
    if any(grant.point_id is None and grant.organisation_id is None and grant.event_id is None for grant in own):
        return None
    return frozenset(grant.point_id for grant in own if grant.point_id is not None)


def first_of(talk: Talk, roles: Iterable[str]) -> str:
    """The first of `roles` that is theirs. Raises `NotAllowed`."""
    held = {grant.role for grant in grants.roles_of(talk.tx, talk.account, talk.now)}
    wanted = tuple(roles)
    for role in wanted:
        if role in held:
            return role
    raise NotAllowed(TITLES[wanted[0]])


def may_hold_at(held: Iterable[grants.Grant], point_id: int | None) -> bool:
    """Whether somebody with the roles `held` may make an event of this point. One of no point, whoever organises may.

    Who organises for a branch or the district does so at every point.
    """
    return any(
        grant.role in ORGANISERS and grant.event_id is None and grant.point_id in (None, point_id) for grant in held
    ) or (point_id is None and any(grant.role in ORGANISERS for grant in held))


def must_reach(talk: Talk, event: Event, roles: tuple[str, ...]) -> str:
    """The same, or `NotAllowed` with the role that would be needed."""
    own = grants.roles_of(talk.tx, talk.account, talk.now)
    role = role_among(own, talk.person_id, event, roles)
    if role is None:
        raise NotAllowed(TITLES[roles[0]], elsewhere=any(grant.role in roles for grant in own))
    return role


def reaches(grant: grants.Grant, event: Event | Outline) -> bool:
    """A scope names a point, an organisation or an event; a grant with none is for the whole district."""
    scopes = [
        (grant.event_id, event.id),
        (grant.point_id, event.point_id),
        (grant.organisation_id, event.organisation_id),
    ]
    named = [(scope, actual) for scope, actual in scopes if scope is not None]
    return any(scope == actual for scope, actual in named) or not named

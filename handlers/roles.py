"""Who may do what in a chat: the roles of an account, and what they reach."""

from collections.abc import Iterable
from datetime import datetime

from dialogue.talk import Talk
from dialogue.understanding import Allowed
from storage import grants
from storage.accounts import Account
from storage.database import Transaction
from storage.events import Event
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


def holding(*roles: str) -> Allowed:
    """Entries of the menu for holders of one of `roles`, whatever their scope."""

    def allowed(tx: Transaction, account: Account, now: datetime) -> bool:
        return any(grant.role in roles for grant in grants.roles_of(tx, account, now))

    return allowed


def any_of(*some: Allowed) -> Allowed:
    """Entries for whoever one of `some` lets in."""

    def allowed(tx: Transaction, account: Account, now: datetime) -> bool:
        return any(one(tx, account, now) for one in some)

    return allowed


def role_for(talk: Talk, event: Event, roles: Iterable[str]) -> str | None:
    """The role in which this person may act on `event`; None when none of theirs reaches it."""
    for grant in grants.roles_of(talk.tx, talk.account, talk.now):
        if grant.role in roles and reaches(grant, event):
            return grant.role
    if "organiser" in roles and event.organiser_id is not None and event.organiser_id == talk.person_id:
        return "organiser"
    return None


def must_reach(talk: Talk, event: Event, roles: tuple[str, ...]) -> str:
    """The same, or `NotAllowed` with the role that would be needed."""
    role = role_for(talk, event, roles)
    if role is None:
        raise NotAllowed(TITLES[roles[0]])
    return role


def reaches(grant: grants.Grant, event: Event) -> bool:
    """A scope names a point, an organisation or an event; a grant with none is for the whole district."""
    scopes = [
        (grant.event_id, event.id),
        (grant.point_id, event.point_id),
        (grant.organisation_id, event.organisation_id),
    ]
    named = [(scope, actual) for scope, actual in scopes if scope is not None]
    return any(scope == actual for scope, actual in named) or not named

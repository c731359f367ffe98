"""Who is signed in, and what of the district they may see and do: the same scopes as in the chat."""

from collections.abc import Iterable
from dataclasses import dataclass

from handlers.roles import CHECKERS, COUNTERS, ORGANISERS, TITLES, role_among
from storage.audit import Actor
from storage.events import Event, Outline
from storage.grants import ROLES, Grant
from storage.refusals import NotAllowed

ANYONE = ROLES
READERS_OF_PEOPLE = ("point_lead", "branch_secretary", "district_staff")
CALLERS = ORGANISERS
NEED_WORKERS = ("point_lead", "district_staff", "auditor")
WISH_WORKERS = ("point_lead", "district_staff")
POLLSTERS = ("point_lead", "branch_secretary", "district_staff")
OVERSEERS = ("district_staff", "auditor")
SECRETARIES = ("branch_secretary", "district_staff")
POINT_KEEPERS = ("point_lead", "district_staff")
DISTRICT = ("district_staff",)

__all__ = ["ANYONE", "CALLERS", "CHECKERS", "COUNTERS", "DISTRICT", "NEED_WORKERS", "ORGANISERS", "OVERSEERS"]
__all__ += ["POINT_KEEPERS", "POLLSTERS", "READERS_OF_PEOPLE", "SECRETARIES", "WISH_WORKERS", "Staff"]


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in person. `form_token` must come with everything they post."""

    person_id: int
    name: str
    grants: tuple[Grant, ...]
    form_token: str

    def holds(self, *roles: str) -> bool:
        return any(grant.role in roles for grant in self.grants)

    @property
    def titles(self) -> str:
        held = {grant.role for grant in self.grants}
        return "、".join(title for role, title in TITLES.items() if role in held)

    @property
    def is_district(self) -> bool:
        return self.holds(*DISTRICT)

    def first_of(self, roles: Iterable[str]) -> str:
        """The first of `roles` that is theirs. Raises `NotAllowed`."""
        wanted = tuple(roles)
        for role in wanted:
            if self.holds(role):
                return role
        raise NotAllowed(TITLES[wanted[-1]])

    def actor(self, role: str) -> Actor:
        return Actor(self.person_id, role, "console")

    def role_for(self, event: Event | Outline, roles: Iterable[str]) -> str | None:
        """The role in which this person may act on `event`; None when none of theirs reaches it."""
        return role_among(self.grants, self.person_id, event, roles)

    def acting_on(self, event: Event, roles: tuple[str, ...]) -> Actor:
        """Raises `NotAllowed` with the role that would be needed."""
        role = self.role_for(event, roles)
        if role is None:
            raise NotAllowed(TITLES[roles[0]])
        return self.actor(role)

    def points(self, *roles: str) -> frozenset[int] | None:
        """The service points that these roles reach; None is the whole district."""
        return self._reach("point_id", roles)

    def branches(self, *roles: str) -> frozenset[int] | None:
        """The organisations that these roles reach; None is the whole district."""
        return self._reach("organisation_id", roles)

    def _reach(self, scope: str, roles: tuple[str, ...]) -> frozenset[int] | None:
        reached = set()
        for grant in self.grants:
            if grant.role not in roles:
                continue
            if grant.point_id is None and grant.organisation_id is None and grant.event_id is None:
                return None
            if (found := getattr(grant, scope)) is not None:
                reached.add(found)
        return frozenset(reached)

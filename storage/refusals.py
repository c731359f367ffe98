"""Why a rule says no: facts for whoever has to say it. The sentences stand in `dialogue/texts.py`."""

from dataclasses import dataclass
from datetime import date, datetime


class Refused(Exception):
    """Something a rule forbids. Nothing was kept of it."""


@dataclass(eq=False)  # with eq it would be unhashable; frozen, it could not carry its traceback
class NotFound(Refused):
    """`what` is the thing in daily Chinese: 活动, 服务点."""

    what: str


@dataclass(eq=False)
class NotAllowed(Refused):
    """The role, in Chinese, that would be needed here; `elsewhere` when they hold it, but not for this."""

    role: str
    elsewhere: bool = False


@dataclass(eq=False)
class NotRegistered(Refused):
    """Only a registered person can do this."""


@dataclass(eq=False)
class EventCancelled(Refused):
    title: str


@dataclass(eq=False)
class EventOver(Refused):
    title: str


@dataclass(eq=False)
class EventNotOpen(Refused):
    """Not published yet, or already closed by the organiser."""

    title: str


@dataclass(eq=False)
class SignUpNotOpenYet(Refused):
    title: str
    opens_at: datetime


@dataclass(eq=False)
class SignUpClosed(Refused):
    title: str
    phone: str


@dataclass(eq=False)
class MembersOnly(Refused):
    title: str


@dataclass(eq=False)
class GroupTooLarge(Refused):
    at_most: int


@dataclass(eq=False)
class GroupTooLargeForEvent(Refused):
    """The group could never be admitted together."""

    title: str
    capacity: int


@dataclass(eq=False)
class NotSignedUp(Refused):
    title: str


@dataclass(eq=False)
class CapacityBelowTaken(Refused):
    """More places are taken than the new number would leave."""

    taken: int


@dataclass(eq=False)
class CheckInNotOpenYet(Refused):
    title: str
    opens_at: datetime


@dataclass(eq=False)
class CheckInOver(Refused):
    """Staff may still note it, with a reason, if they lead the point."""

    title: str


@dataclass(eq=False)
class NobodyCame(Refused):
    """An event is held only with at least one attendance, or with a reason."""

    title: str


@dataclass(eq=False)
class AlreadyClosed(Refused):
    title: str


@dataclass(eq=False)
class TooLateToUndo(Refused):
    minutes: int


@dataclass(eq=False)
class StartsInThePast(Refused):
    starts_at: datetime


@dataclass(eq=False)
class ThirdOnOnePhone(Refused):
    """Two people already share this phone; staff look at a third (domain 4.2)."""


@dataclass(eq=False)
class AlreadyRegistered(Refused):
    """This phone and name are registered on another account; a code links the two."""

    name: str


@dataclass(eq=False)
class CodeNotValid(Refused):
    """A one-time code or link that is wrong, used or expired."""


@dataclass(eq=False)
class AlreadyLinked(Refused):
    """This chat is already that of `name`, and not of the person whose code was typed: staff merge the two."""

    name: str


@dataclass(eq=False)
class TooManyTries(Refused):
    """So many wrong codes that none is taken for a while."""

    minutes: int


@dataclass(eq=False)
class LastDistrictAccount(Refused):
    """Somebody must be left who can give roles."""


@dataclass(eq=False)
class OutOfReach(Refused):
    """The place is not in the district."""


@dataclass(eq=False)
class NothingToCheck(Refused):
    """No event that this person checks is on now: an hour before its start until a day after its end."""


@dataclass(eq=False)
class NotNow(Refused):
    """The need, wish or poll of this number is at a stage, named in Chinese, at which this cannot be done."""

    number: str
    stage: str


@dataclass(eq=False)
class OwnFollowUp(Refused):
    """Whether a need is solved is asked by somebody other than its owner (domain 7.1)."""

    number: str


@dataclass(eq=False)
class RulingStands(Refused):
    """A final ruling cannot be returned."""

    number: str


@dataclass(eq=False)
class PauseTooLong(Refused):
    """Pauses may take ten working days in all; this one could last until `latest` at most, None for not at all."""

    latest: date | None


@dataclass(eq=False)
class TooLateToReopen(Refused):
    """It was closed more than `days` days ago: it is told anew and linked to the old one."""

    number: str
    days: int


@dataclass(eq=False)
class WishTaken(Refused):
    """As many as may share the wish have taken it on already."""

    number: str


@dataclass(eq=False)
class PartyMatter(Refused):
    """Members decide Party matters in their organisations; a poll here is about a community (domain 4.2.5)."""


@dataclass(eq=False)
class PollOver(Refused):
    """Opinions were collected until `closed_at`."""

    question: str
    closed_at: datetime


@dataclass(eq=False)
class NotYourCommunity(Refused):
    """The poll is about another community."""

    community: str


@dataclass(eq=False)
class BroadcastNotNow(Refused):
    """The broadcast of this number is at a stage, named in Chinese, at which this cannot be done."""

    number: int
    stage: str


@dataclass(eq=False)
class OwnBroadcast(Refused):
    """A second person must agree, not the one who wrote it."""


@dataclass(eq=False)
class EmergencyNeedsReason(Refused):
    """Outside the message hours and beyond the caps only with a written reason."""


@dataclass(eq=False)
class BranchInUse(Refused):
    """Members are placed there, or other organisations belong to it."""

    name: str


@dataclass(eq=False)
class CodeWordNotKnown(Refused):
    """No event that is on now has this word, or none at all."""


@dataclass(eq=False)
class NotToBeDrawn(Refused):
    """Lots are drawn once, when sign-up is closed, and only where places are given so."""

    title: str
    closes_at: datetime


@dataclass(eq=False)
class NoPlaceYet(Refused):
    """Numbers at the stalls of a market are for who has a place there."""

    title: str


@dataclass(eq=False)
class StallClosed(Refused):
    stall: str


@dataclass(eq=False)
class NoNumberLeft(Refused):
    """The stall gave out as many queue numbers as it can serve."""

    stall: str
    most: int


@dataclass(eq=False)
class SlotGone(Refused):
    """The slot is full or over, or there is none of that kind."""

    stall: str


@dataclass(eq=False)
class BudgetChecked(Refused):
    """The accounts of the event are checked; nothing is added to them any more."""

    title: str


@dataclass(eq=False)
class NotAPartyMember(Refused):
    """双报到 is for members in service."""


@dataclass(eq=False)
class AlreadyReportedIn(Refused):
    community: str
    until: date


@dataclass(eq=False)
class NoPointsYet(Refused):
    """The district has made no rule for points."""

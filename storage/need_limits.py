"""How long an answer may take: working days for urgent, direct and joint needs, and for a category of its own."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from storage import audit, settings
from storage.audit import Actor
from storage.calendar import WORKING_DAY
from storage.database import Transaction

_KEY = "need_limits"
MOST = 60  # working days; a season has about twice as many


@dataclass(frozen=True, slots=True)
class Limits:
    """Working days. `categories` binds needs that are handled directly; our own defaults are of domain rule 7.2."""

    urgent: int = 1
    direct: int = 7
    joint: int = 15
    categories: Mapping[str, int] = field(default_factory=dict)


def get(tx: Transaction) -> Limits:
    return Limits(**settings.get(tx, _KEY, {}))


def put(tx: Transaction, limits: Limits, actor: Actor, now: datetime) -> None:
    """For needs told from now on: whoever told one before was promised a day."""
    before = asdict(get(tx))
    settings.put(tx, _KEY, asdict(limits), now)
    audit.note(tx, actor, "setting.need_limits", _KEY, now, before=before, after=asdict(limits))


def normal_time(tx: Transaction, category: str, mode: str | None, *, urgent: bool) -> timedelta:
    """Working time to the answer, before the season limit."""
    limits = get(tx)
    if urgent:
        return limits.urgent * WORKING_DAY
    return (limits.joint if mode == "joint" else limits.categories.get(category, limits.direct)) * WORKING_DAY

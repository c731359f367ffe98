"""What the house is watched by, beside the outbox: how late it is, what was set aside, and whether it holds back."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select

from storage import missed, settings
from storage.database import Transaction
from storage.outbox import PAUSED, UNDER_WAY, under_way
from storage.schema.talks import outbox, quarantine

_OLDEST = select(func.min(outbox.c.due_at)).where(
    UNDER_WAY, outbox.c.state == "planned", outbox.c.due_at <= bindparam("now")
)
_SET_ASIDE = select(quarantine.c.channel, func.count()).group_by(quarantine.c.channel)


@dataclass(frozen=True, slots=True)
class Vitals:
    late_by: timedelta  # the message that should have gone out first; in the night they wait for the morning
    set_aside: dict[str, int]  # updates nobody could read, by channel
    is_paused: bool
    states: dict[str, int]  # messages under way, and those of the last seven days that reached nobody


_LATELY = timedelta(days=7)


def look(tx: Transaction, now: datetime) -> Vitals:
    oldest = tx.execute(_OLDEST, {"now": now}).scalar()
    set_aside = {row[0]: row[1] for row in tx.execute(_SET_ASIDE)}
    late_by = now - oldest if oldest is not None else timedelta()
    # To count those that arrived would be to read whatever was ever sent.
    states = {**missed.states(tx, now - _LATELY, now), **under_way(tx)}
    return Vitals(late_by, set_aside, bool(settings.get(tx, PAUSED, default=False)), states)

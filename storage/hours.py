"""The hours in which we write to people unasked, on the clock of 三亚 (domain 9.1)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from storage.times import at, local

_BEFORE_THE_END = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class MessageHours:
    """Two spans a day; nothing goes out unasked in the night or over the midday rest."""

    morning: tuple[time, time] = (time(8), time(12))
    afternoon: tuple[time, time] = (time(14, 30), time(20))

    def are_on(self, moment: datetime) -> bool:
        clock = local(moment).time()
        return any(begins <= clock < ends for begins, ends in (self.morning, self.afternoon))

    def next(self, moment: datetime) -> datetime:
        """`moment` itself inside the hours, else the minute they next begin."""
        if self.are_on(moment):
            return moment
        here = local(moment)
        if here.time() < self.morning[0]:
            return at(here.date(), self.morning[0])
        if here.time() < self.afternoon[0]:
            return at(here.date(), self.afternoon[0])
        return at(here.date() + timedelta(days=1), self.morning[0])

    def last_before(self, moment: datetime) -> datetime:
        """The last good minute before `moment`: half an hour before a span ends (11:30 or 19:30)."""
        here = local(moment)
        for day in (here.date(), here.date() - timedelta(days=1)):
            for _, ends in (self.afternoon, self.morning):
                good = at(day, ends) - _BEFORE_THE_END
                if good < moment:
                    return good
        raise AssertionError("yesterday always has one")

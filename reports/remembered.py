"""Figures that were counted already and cannot have changed since: a page need not count a million rows again."""

from collections import OrderedDict

from reports.counts import Counts, Grouping, counts
from reports.periods import Period
from storage.counts import Marks, marks, may_differ
from storage.database import Transaction

_AT_MOST = 64
_GROUPINGS: tuple[Grouping, ...] = ("month", "type", "point")


class Remembered:
    """Counts like `reports.counts.counts`, and keeps the answer for as long as nothing happened that could change it.

    One for each process, made by the composition root. Every answer is held against the database as `tx` sees it, so
    several processes need not know of each other.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[Period, tuple[Marks, Counts]] = OrderedDict()

    def counts(self, tx: Transaction, period: Period) -> Counts:
        """With what every page shows of a period, so that what was counted for one serves the others."""
        now = marks(tx)
        kept = self._kept.get(period)
        if kept is not None and kept[0] == now:
            return kept[1]
        if kept is not None and not may_differ(tx, period.begins, period.ends, kept[0]):
            counted = kept[1]
        else:
            counted = counts(tx, period, *_GROUPINGS)
        self._kept[period] = (now, counted)
        self._kept.move_to_end(period)
        while len(self._kept) > _AT_MOST:
            self._kept.popitem(last=False)
        return counted

"""Opening hours as offices write them (“周一至周五 08:30-12:00;14:30-17:30”), and whether a point is open now."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, time

from storage.times import local

_DAYS = "一二三四五六日"
_CLOCK = r"([01]?[0-9]|2[0-4])[:：]([0-5][0-9])"
_SPAN = re.compile(rf"(?<![0-9]){_CLOCK}\s*[-–—~至到]\s*{_CLOCK}(?![0-9])")
_RANGE = re.compile(r"(?:周|星期)([一二三四五六日天])\s*[至到\-–—~]\s*(?:周|星期)?([一二三四五六日天])")
_SEASON = re.compile(r"(\d{1,2})月\s*[-–—~至到]\s*(?:次年|第二年)?(\d{1,2})月")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    weekdays: frozenset[int]  # Monday is 0
    spans: tuple[tuple[time, time], ...]
    months: frozenset[int]

    def are_on(self, moment: datetime) -> bool:
        here = local(moment)
        if here.weekday() not in self.weekdays or here.month not in self.months:
            return False
        return any(begins <= here.time() < ends for begins, ends in self.spans)


def read(text: str) -> OpeningHours | None:
    """None when the text gives no times: then nobody may say whether it is open."""
    plain = unicodedata.normalize("NFKC", text)
    spans = tuple((_time(a, b), _time(c, d)) for a, b, c, d in _SPAN.findall(plain))
    if not spans:
        return None
    weekdays = frozenset(range(7))
    if found := _RANGE.search(plain):
        first, last = (_DAYS.index(name.replace("天", "日")) for name in found.groups())
        weekdays = frozenset((first + step) % 7 for step in range((last - first) % 7 + 1))
    elif named := re.findall(r"(?:周|星期)([一二三四五六日天])", plain):
        weekdays = frozenset(_DAYS.index(name.replace("天", "日")) for name in named)
    months = frozenset(range(1, 13))
    if found := _SEASON.search(plain):
        first, last = int(found[1]), int(found[2])
        months = frozenset((first - 1 + step) % 12 + 1 for step in range((last - first) % 12 + 1))
    return OpeningHours(weekdays, spans, months)


def _time(hour: str, minute: str) -> time:
    """“24:00” is the end of the day, not its beginning."""
    return time.max if int(hour) == 24 else time(int(hour), int(minute))

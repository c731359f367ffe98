"""How the account stands with the platform: what it may not do at all, and what is closed for now."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal, NoReturn

from bot.channels import Rejected, TryLater, Unreachable
from bot.channels.wechat.alarms import Alarm, Raise
from bot.channels.wechat.api import ApiRefusal
from bot.channels.wechat.profiles import Profile
from bot.channels.wechat.verdicts import Verdict
from storage.times import day_ends, local_date

_log = logging.getLogger(__name__)

Way = Literal["consent", "template", "customer service", "message menu"]

_PAUSE_FOR_SETTINGS = timedelta(minutes=10)
_PAUSE_FOR_PUNISHMENT = timedelta(hours=1)


class NextWay(Exception):
    """This way is closed for this person. `unused`: whatever it would have used up is still there."""

    def __init__(self, verdict: Verdict | None = None, *, unused: bool = False) -> None:
        super().__init__()
        self.verdict = verdict
        self.unused = unused


class TooLong(Exception):
    """The platform takes it only shorter."""


class UploadGone(Exception):
    """The platform does not keep this upload any more."""


class Standing:
    """Kept in memory: after a restart the platform says it again."""

    def __init__(self, profile: Profile, clock: Callable[[], datetime], alarm: Raise) -> None:
        self._rights: dict[Way, bool] = {
            "consent": profile.one_time,
            "template": profile.templates,
            "customer service": profile.customer_service,
            "message menu": profile.message_menu,
        }
        self._clock = clock
        self._alarm = alarm
        self._closed: dict[Way, datetime] = {}
        self._paused_until: datetime | None = None
        self._why_paused = ""

    def may(self, way: Way) -> bool:
        return self._rights[way]

    def seconds_closed(self, way: Way) -> float:
        """Until the way opens again for everyone; 0 when it is open."""
        until = self._closed.get(way)
        return 0.0 if until is None else max(0.0, (until - self._clock()).total_seconds())

    def raise_while_paused(self) -> None:
        """Raises `TryLater` for everyone while nothing may go out."""
        if self._paused_until is not None and self._clock() < self._paused_until:
            seconds = (self._paused_until - self._clock()).total_seconds()
            raise TryLater(seconds, everyone=True, reason=self._why_paused)

    def after(self, refusal: ApiRefusal, way: Way) -> None:
        """Raise what `refusal` means. Returns only when the message had been sent before.

        Raises `NextWay`, `TooLong`, `UploadGone`, `TryLater`, `Unreachable` or `Rejected`.
        """
        _log.warning("wechat: %s refused: %s", way, refusal)
        match refusal.verdict:
            case Verdict.SENT:
                return
            case Verdict.AGAIN:
                raise TryLater(30, reason=str(refusal))
            case Verdict.NEXT_MINUTE:
                self._pause(timedelta(minutes=1), None, str(refusal))
            case Verdict.TOMORROW:
                counted: Way = "customer service" if way == "message menu" else way
                self._closed[counted] = day_ends(local_date(self._clock()))
                self._alarm(Alarm("quota", f"{counted}: the day's quota is used up ({refusal})", refusal.code))
                raise NextWay(refusal.verdict, unused=True)
            case Verdict.SETTINGS | Verdict.NEW_TOKEN:
                seen = f"; the platform sees us as {refusal.address}" if refusal.address else ""
                alarm = Alarm("settings", f"the settings do not work: {refusal}{seen}", refusal.code)
                self._pause(_PAUSE_FOR_SETTINGS, alarm, str(refusal))
            case Verdict.PUNISHED:
                alarm = Alarm("punished", f"the platform restricts the account: {refusal}", refusal.code)
                self._pause(_PAUSE_FOR_PUNISHMENT, alarm, str(refusal))
            case Verdict.STRANGER:
                raise Unreachable("unknown to the account", final=True)
            case Verdict.NO_TEMPLATE | Verdict.NO_RIGHT:
                self._switch_off(way, refusal)
                raise NextWay(refusal.verdict, unused=True)
            case Verdict.TOO_LONG:
                raise TooLong
            case Verdict.UPLOAD_AGAIN:
                raise UploadGone
            case (
                Verdict.NOT_FOLLOWING | Verdict.NO_CONSENT | Verdict.NO_WINDOW | Verdict.NO_TEMPLATES_WANTED
            ) as verdict:
                raise NextWay(verdict)
            case Verdict.FAULT | Verdict.DECORATION:
                self._alarm(Alarm("fault", f"{way}: our request was refused ({refusal})", refusal.code))
                raise Rejected(str(refusal))

    def _switch_off(self, way: Way, refusal: ApiRefusal) -> None:
        if self._rights[way]:
            self._rights[way] = False
            fact = f"{way}: this account may not ({refusal}); switched off until the next start"
            self._alarm(Alarm("right", fact, refusal.code))

    def _pause(self, how_long: timedelta, alarm: Alarm | None, why: str) -> NoReturn:
        until = self._clock() + how_long
        self._paused_until = until if self._paused_until is None else max(until, self._paused_until)
        self._why_paused = why
        if alarm is not None:
            self._alarm(alarm)
        raise TryLater(how_long.total_seconds(), everyone=True, reason=why)

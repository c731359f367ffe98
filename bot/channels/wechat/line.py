"""Whether the platform hears us: asked twice a minute, for on a quiet night nothing else would show it."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from bot.channels.wechat.api import Api, ApiRefusal, NoAnswer, NotSent
from bot.figures import Figure

_log = logging.getLogger(__name__)


class Line:
    """`last_success`: when the platform last gave us our access token. `problem` holds no secret."""

    def __init__(self, api: Api, clock: Callable[[], datetime]) -> None:
        self._api = api
        self._clock = clock
        self.last_success: datetime | None = None
        self.problem = ""

    async def look(self) -> None:
        """Ask for the token. It is the same one each time, and no other call costs so little: 500,000 a day are free.

        Never raises for what the platform or the network does; a problem, and its end, stand in the log once.
        """
        try:
            await self._api.fresh_token()
        except ApiRefusal as refusal:
            seen = f"; it sees us as {refusal.address}" if refusal.address else ""
            self._is_wrong(f"the platform refuses us: {refusal}{seen}")
        except (NotSent, NoAnswer) as fault:
            self._is_wrong(f"the platform cannot be reached ({fault})")
        else:
            self.last_success = self._clock()
            if self.problem:
                _log.info("wechat: the platform answers again")
            self.problem = ""

    def _is_wrong(self, problem: str) -> None:
        if problem != self.problem:
            _log.error("wechat: %s; people who write are answered, what was to be sent waits", problem)
        self.problem = problem

    def figures(self, _now: datetime) -> Iterable[Figure]:
        return [Figure("channel_problem", bool(self.problem), (("channel", "wechat"),))]

"""Makes the codes of the WeChat account that were asked for in a chat, and sends each when it is there."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.channels import Rejected, TryLater
from handlers import wall_codes
from storage import exports
from storage.database import Database, StorageFault

Make = Callable[[str, timedelta | None], Awaitable[str]]
"""The text of a code that brings this payload, for so long. Raises `Rejected` or `TryLater`."""

_KINDS = (exports.SCENE_CODE,)
_LOOK_EVERY = 1.0  # seconds
_TRIES = 3

_log = logging.getLogger(__name__)


class SceneCodes:
    """One task, beside that of the other files: whoever stands at the door does not wait for a report."""

    def __init__(
        self,
        database: Database,
        make: Make,
        clock: Callable[[], datetime],
        wake: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._database = database
        self._make = make
        self._clock = clock
        self._wake = wake
        self._sleep = sleep

    async def run(self) -> None:
        left_over = True
        while True:
            try:
                if left_over:
                    await self._database.write(exports.after_a_stop, _KINDS)
                    left_over = False
                while await self.make_next():
                    pass
            except StorageFault as fault:
                _log.error("codes: nothing can be kept: %s", fault)
            await asyncio.sleep(_LOOK_EVERY)

    async def make_next(self) -> bool:
        """Make the next one, if any is wanted."""
        if not await self._database.read(exports.is_any_wanted, _KINDS):
            return False
        export = await self._database.write(exports.take_next, self._clock(), _KINDS)
        if export is None:
            return False
        payload, lasts = await self._database.write(wall_codes.wanted_of_wechat, export.wanted, self._clock())
        try:
            url = await self._made(payload, lasts)
        except (Rejected, TryLater) as problem:
            _log.error("code %d was not made: %s", export.id, problem)
            for_good = isinstance(problem, Rejected)
            await self._database.write(wall_codes.not_made, export, self._clock(), for_good=for_good)
        else:
            await self._database.write(wall_codes.made, export, url, lasts, self._clock())
        self._wake()
        return True

    async def _made(self, payload: str, lasts: timedelta | None) -> str:
        for left in reversed(range(_TRIES)):
            try:
                return await self._make(payload, lasts)
            except TryLater as later:
                if not left:
                    raise
                await self._sleep(later.seconds)
        raise AssertionError("unreachable")

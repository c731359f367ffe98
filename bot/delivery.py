"""Sends what the outbox holds: one line for each channel, at the channel's pace, and one end for each row."""

import asyncio
import logging
import traceback
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from bot.channels import Channel, NotNow, Rejected, TryLater, Unreachable, Unsure
from bot.channels.pace import Pace, backoff
from dialogue.message import Reply, decoded
from storage import delivery, outbox
from storage.database import Database, StorageFault, Transaction
from storage.outbox import AT_ANY_HOUR, Due, Ended

Wait = Callable[[asyncio.Event, float], Awaitable[None]]
"""Returns when the event is set, or after so many seconds."""

_HORIZON = 0.03  # seconds; rows are claimed for the slots that come within it, so that an answer waits no longer
_LINGER = 0.05  # seconds; after a kill, what was sent within it is listed as unknown
_EVEN = 0.002  # seconds; timers are no finer, so nearer slots are taken together
_LONGEST_FAULT = 30.0  # seconds between tries while nothing can be kept
_WITHOUT_A_PACE = 10  # messages on their way: nothing else bounds how many a kill leaves in doubt
_LAST_SENDS = 20.0  # seconds for what is in flight when the program stops

_log = logging.getLogger(__name__)


async def _wait(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


class Delivery:
    """Delivers what is due. A channel without a pace of its own is held back by what it answers alone.

    At most `at_once` messages of a channel are in flight, and fewer of one without a pace. Every `tick` seconds a line
    looks unasked, for rows that another process wrote.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        paces: Mapping[str, Pace] | None = None,
        *,
        at_once: int = 100,
        tick: float = 5.0,
        wait: Wait = _wait,
        left_waiting: Callable[[str, str], None] = lambda _channel, _user: None,
    ) -> None:
        self.ended: Counter[tuple[str, str]] = Counter()
        """How many rows ended how since the start: (channel, state)."""
        self.ready = asyncio.Event()
        """Set while it runs, once what the last stop left behind is noted: only then anything may be handed over."""
        self.left_waiting = left_waiting
        """Told (channel, user) when a message must wait for the person to come; on disk already."""
        self._has_run = False
        self._stopping = False
        self.database = database
        self.clock = clock
        self.wait = wait
        self._given_back: set[asyncio.Task[None]] = set()
        self._lines: dict[str, _Line] = {}
        for name, channel in channels.items():
            pace = (paces or {}).get(name) or Pace(1_000, chat_per_second=1_000, chat_burst=1_000)
            most = at_once if name in (paces or {}) else min(at_once, _WITHOUT_A_PACE)
            self._lines[name] = _Line(name, channel, pace, self, most, tick)

    @property
    def channels(self) -> Collection[str]:
        return self._lines.keys()

    def wake(self, channel: str | None = None) -> None:
        """Something was put into the outbox: look at once, in this channel or in all."""
        for line in self._lines.values() if channel is None else [self._lines[channel]]:
            line.look()

    def is_open(self) -> bool:
        return self.ready.is_set()

    def take(self, channel: str, due: Sequence[Due]) -> None:
        """Send these answers at once. They are `sending` on disk already, so there is nothing to look for.

        After `stop` they are planned instead, for the next start.
        """
        if self._lines[channel].take(due):
            return
        again = [Ended(one.id, "planned", "stopped") for one in due]
        task = asyncio.create_task(self.database.write(outbox.settle_all, again, self.clock()))
        self._given_back.add(task)
        task.add_done_callback(self._given_back.discard)

    async def run(self) -> None:
        """Deliver until `stop`, and again when called again.

        What a worker that is gone was sending is noted as unknown first.
        """
        self._stopping = False
        for line in self._lines.values():
            line.begin()
        await self._note_the_last_stop()
        self._has_run = True
        if not self._stopping:
            self.ready.set()
        async with asyncio.TaskGroup() as group:
            for name, line in self._lines.items():
                group.create_task(line.run(), name=f"delivery {name}")

    def stop(self) -> None:
        """Claim nothing more. `run` returns when what is in flight has ended and is noted."""
        self.ready.clear()
        self._stopping = True
        for line in self._lines.values():
            line.stop()

    async def serve(self) -> None:
        """Deliver until cancelled."""
        async with self.running():
            await asyncio.Event().wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Deliver while the block runs; at its end, finish what is in flight."""
        task = asyncio.create_task(self.run(), name="delivery")
        try:
            yield
        finally:
            self.stop()
            try:
                await asyncio.wait_for(task, _LAST_SENDS)
            except TimeoutError:
                _log.warning("delivery: stopped while sending; what was in flight will be listed as unknown")

    async def note_who_stopped(self, *, but_own: bool = True) -> None:
        """Lists as unknown what workers were sending that live no more: also those that answered and did not lead."""
        count = await self.database.write(delivery.after_a_stop, self.clock(), but_own)
        if count:
            _log.warning("delivery: %d messages were being sent at the last stop; they may have arrived", count)

    async def _note_the_last_stop(self) -> None:
        faults = 0
        while True:
            try:
                return await self.note_who_stopped(but_own=self._has_run)
            except StorageFault as fault:
                faults += 1
                _log.error("delivery: nothing can be kept: %s", fault)
                await self.wait(asyncio.Event(), backoff(faults, _LONGEST_FAULT))


@dataclass(slots=True)
class _Hop:
    due: list[Due]
    more: bool
    routed: set[str]  # channels that got rows
    next_at: datetime | None  # when the next row falls due, if that is known


def _hop(
    tx: Transaction,
    channel: str,
    ended: Sequence[Ended],
    room: int,
    now: datetime,
    busy: Collection[int],
    channels: Collection[str],
) -> _Hop:
    """All that a line needs of the database, in one transaction."""
    if not room:
        outbox.settle_all(tx, ended, now)
        # While one message was on its way to them, no other was chosen for these accounts; and one that is planned
        # again falls due at a moment that only a look finds.
        more = any(end.state == "planned" for end in ended) or delivery.any_due(tx, channel, now)
        return _Hop([], more, set(), None)
    routed = delivery.route(tx, now, channels)
    turn = delivery.turn(tx, channel, ended, room, now, busy)
    more = turn.more or bool(routed)
    return _Hop(turn.due, more, routed, None if more or turn.due else delivery.next_due(tx, channel, now))


class _Line:
    """The messages of one channel on their way."""

    def __init__(self, name: str, channel: Channel, pace: Pace, delivery: Delivery, at_once: int, tick: float) -> None:
        self.woken = asyncio.Event()
        self._name = name
        self._channel = channel
        self._pace = pace
        self._delivery = delivery
        self._at_once = at_once
        self._tick = tick
        self._stopping = False
        self._look_at = delivery.clock()
        self._lingers = False  # what ended is noted a little later, many at once
        self._must_look = True  # rows may be due that nobody handed over
        self._handed: deque[Due] = deque()
        self._claimed: deque[Due] = deque()  # each for a slot that comes within the horizon
        self._flying: dict[int, asyncio.Task[None]] = {}  # by account
        self._spoken_to: dict[int, str] = {}  # accounts whose budget is used up, and their user
        self._ended: list[Ended] = []  # not noted yet
        self._returned: set[int] = set()  # accounts with a row among them that is planned again
        self._unheard: list[str] = []  # users for whom something waits, not on disk yet

    def begin(self) -> None:
        self._stopping = False
        self._must_look = True

    def stop(self) -> None:
        self._stopping = True
        self.woken.set()

    def look(self) -> None:
        self._must_look = True
        self.woken.set()

    def take(self, due: Sequence[Due]) -> bool:
        """False when nothing is sent any more."""
        if self._stopping:
            return False
        self._handed += due
        self._start_handed()
        if self._handed:
            self.woken.set()
        return True

    def _start_handed(self) -> None:
        """Start what was handed over, as far as the pace allows; what is said to one person stays in order.

        What cannot start within a moment is planned: a kill would leave it as unknown although it never left.
        """
        left: deque[Due] = deque()
        held = {due.account_id for due in self._claimed}
        while self._handed and (self._stopping or len(self._flying) < self._at_once):
            due = self._handed.popleft()
            account = due.account_id
            if self._stopping or account in self._returned or self._pace.wait_for(due.user) > _HORIZON:
                self._give_back(due, "stopped" if self._stopping else "pause")
            elif (
                account in held
                or account in self._flying
                or self._pace.wait() > _EVEN
                or self._pace.wait_for(due.user) > 0
            ):
                held.add(account)
                left.append(due)
            else:
                self._launch(due, was_handed=True)
        left += self._handed
        while len(left) > self._pace.slots_within(_HORIZON):
            self._give_back(left.pop(), "pause")
        self._handed = left

    def _give_back(self, due: Due, because: str) -> None:
        """Nothing may be handed over for this account until it is noted: that would arrive first."""
        self._returned.add(due.account_id)
        self._ended.append(Ended(due.id, "planned", because, account_id=due.account_id))
        self._must_look = True
        self.woken.set()

    async def run(self) -> None:
        faults = 0
        try:
            while True:
                self.woken.clear()
                try:
                    rest = await self._turn()
                    faults = 0
                except StorageFault as fault:
                    faults += 1
                    rest = backoff(faults, _LONGEST_FAULT)
                    _log.error("delivery %s: nothing can be kept: %s", self._name, fault)
                except Exception as bug:  # noqa: BLE001 - the outermost edge: one fault must not end all delivery
                    faults += 1
                    rest = backoff(faults, _LONGEST_FAULT)
                    _log_bug(self._name, bug)
                if self._stopping and not (self._flying or self._ended or self._handed or self._claimed):
                    return
                await self._delivery.wait(self.woken, rest)
                self._must_look |= not self.woken.is_set()
        finally:
            for task in self._flying.values():
                task.cancel()

    async def _turn(self) -> float:
        """Note what ended, claim and start what is due. Returns for how many seconds there is nothing to do.

        What was claimed last is started while the next is being claimed.
        """
        self._start_handed()
        await self._start_claimed(but=self._pace.slots_within(_HORIZON) // 2)
        room = self._room() if self._must_look and not self._stopping else 0
        if not room:
            await self._start_claimed()
        if not room and not self._ended:
            return self._until_more() if self._must_look or self._handed else self._tick_rest()
        self._spoken_to = {one: user for one, user in self._spoken_to.items() if self._pace.wait_for(user) > 0}
        held = {due.account_id for due in (*self._handed, *self._claimed)}
        busy = self._flying.keys() | self._spoken_to.keys() | held
        ended, self._ended = self._ended, []
        unheard, self._unheard = self._unheard, []
        looked, self._must_look = self._must_look, False  # whoever asks for a look during the hop gets another
        try:
            claiming = asyncio.ensure_future(
                self._delivery.database.write(
                    _hop, self._name, ended, room, self._delivery.clock(), busy, self._delivery.channels
                )
            )
            await self._start_claimed()
            hop = await claiming
        except BaseException:
            self._ended[:0] = ended
            self._must_look |= looked
            raise
        self._returned = {
            end.account_id for end in self._ended if end.state == "planned" and end.account_id is not None
        }
        self._delivery.ended.update((self._name, end.state) for end in ended)
        for user in unheard:
            self._delivery.left_waiting(self._name, user)
        for channel in hop.routed - {self._name}:
            self._delivery.wake(channel)
        self._claimed += hop.due
        self._must_look |= hop.more or (looked and not room)
        if self._claimed:
            return 0.0
        if self._must_look or self._handed:
            return self._until_more()
        if not room:
            return self._tick_rest()
        rest = self._until_due(hop.next_at)
        self._look_at = self._delivery.clock() + timedelta(seconds=rest)
        return rest

    def _tick_rest(self) -> float:
        """Seconds until a look is due without anyone asking for it."""
        rest = (self._look_at - self._delivery.clock()).total_seconds()
        if rest <= 0:
            self._must_look = True
        return max(0.0, min(rest, self._tick))

    def _until_more(self) -> float:
        """Seconds until a look is possible, or something handed over may start. The end of a send wakes the line."""
        rests = [self._until_room()] if self._must_look else []
        for due in self._handed:
            waits_for_a_send = due.account_id in self._flying or len(self._flying) >= self._at_once
            rests.append(self._tick if waits_for_a_send else max(self._pace.wait(), self._pace.wait_for(due.user)))
        return min(rests)

    def _until_room(self) -> float:
        if self._stopping or len(self._flying) >= self._at_once:
            return self._tick
        # Ahead of the slot: the hop takes some of the time that is left, and a slot that is missed is lost.
        return max(0.0, self._pace.wait() - _HORIZON)

    def _until_due(self, next_at: datetime | None) -> float:
        rests = [self._tick, *(rest for user in self._spoken_to.values() if (rest := self._pace.wait_for(user)))]
        if next_at is not None:
            rests.append((next_at - self._delivery.clock()).total_seconds())
        return max(0.0, min(rests))

    def _room(self) -> int:
        """How many more may be claimed now."""
        return max(0, min(self._at_once - len(self._flying), self._pace.slots_within(_HORIZON)) - len(self._claimed))

    async def _start_claimed(self, but: int = 0) -> None:
        """Start what was claimed, each at its slot, until only the last few are left for later."""
        while len(self._claimed) > but:
            seconds = self._pace.wait()
            # Everyone must wait, or an answer was quicker: a row must not be held as `sending` meanwhile.
            if seconds > 2 * _HORIZON or self._claimed[0].account_id in self._flying:
                self._give_back(self._claimed.popleft(), "pause")
            elif seconds > _EVEN:
                await self._delivery.wait(asyncio.Event(), seconds)
            else:
                self._launch(self._claimed.popleft(), was_handed=False)

    def _launch(self, due: Due, *, was_handed: bool) -> None:
        self._pace.take(due.user)
        self._spoken_to[due.account_id] = due.user
        self._flying[due.account_id] = asyncio.create_task(self._send(due, was_handed), name=f"send {due.id}")

    async def _send(self, due: Due, was_handed: bool) -> None:
        try:
            ended = await self._attempt(due)
            self._ended.append(ended)  # not around the await: the list is another one by now
        finally:
            was_full = len(self._flying) >= self._at_once
            self._flying.pop(due.account_id, None)
            if self._must_look and not (was_full or self._handed or self._stopping) and self._until_room() < _LINGER:
                pass  # the line looks at the next slot by itself: one transaction notes this end and claims the next
            elif not was_handed or self._must_look or self._handed or self._stopping:
                self.woken.set()
            elif not self._lingers:
                self._lingers = True
                asyncio.get_running_loop().call_later(_LINGER, self._settle)

    def _settle(self) -> None:
        self._lingers = False
        self.woken.set()

    async def _attempt(self, due: Due) -> Ended:
        try:
            reply = decoded(due.reply)
        except msgspec.DecodeError as bug:
            _log_bug(self._name, bug)
            return Ended(due.id, "refused", "cannot be read")
        try:
            sent_as = await self._channel.send(due.user, reply, urgent=due.kind in AT_ANY_HOUR)
        except Unreachable as lost:
            return Ended(due.id, "unreachable", lost.reason, account_id=due.account_id)
        except TryLater as later:
            self._returned.add(due.account_id)
            if later.everyone:
                self._pace.pause(later.seconds)
                return Ended(due.id, "planned", later.reason, account_id=due.account_id)
            again_at = self._delivery.clock() + timedelta(seconds=later.seconds)
            return Ended(due.id, "planned", later.reason, again_at=again_at, account_id=due.account_id)
        except NotNow:
            self._unheard.append(due.user)
            return Ended(due.id, "waiting", "no way to speak unasked")
        except Rejected as refused:
            return Ended(due.id, "refused", refused.reason)
        except Unsure as doubt:
            return Ended(due.id, "unknown", doubt.reason)
        except Exception as bug:  # noqa: BLE001 - the outermost edge: what a channel's bug did is not known
            _log_bug(self._name, bug)
            return Ended(due.id, "unknown", type(bug).__name__)
        return Ended(
            due.id, "delivered", platform_id=sent_as, account_id=due.account_id, screen=_standing_words(due, reply)
        )


def _standing_words(due: Due, reply: Reply) -> tuple[tuple[str, str], ...]:
    """What a bare number now means. An answer has put its own words on the screen already."""
    if reply.turn or due.kind == "answer":
        return ()
    return tuple((choice.value, choice.label) for choice in reply.choices)


def _log_bug(channel: str, bug: Exception) -> None:
    # Where it happened, never what was said: the text of an exception may quote a person.
    where = "".join(traceback.format_list(traceback.extract_tb(bug.__traceback__)))
    _log.error("delivery %s: %s\n%s", channel, type(bug).__name__, where)

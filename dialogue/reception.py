"""One message in, its replies out, in one transaction: the whole bot, whatever the channel."""

import hashlib
import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal, Protocol

from dialogue import texts
from dialogue.desk import Visit
from dialogue.message import Message, Reply, all_decoded, decoded, encoded, joined
from dialogue.talk import House
from dialogue.understanding import Menu, Understanding
from storage import accounts, conversations, inbox, outbox, settings
from storage.database import Database, StorageFault, Transaction
from storage.outbox import Due
from storage.scrub import scrub

_log = logging.getLogger(__name__)


class HandOver(Protocol):
    """Takes answers of a channel that are to be sent at once; they are on disk already."""

    def is_open(self) -> bool:
        """Whether this process sends now. When it does not, answers are planned for the one that does."""
        ...

    def take(self, channel: str, due: Sequence[Due], /) -> None: ...


Hurry = Callable[[int, datetime], Literal["fine", "tell", "ignore"]]
"""What to do about one more message of this account just now: more than a person can send is told so once."""

LONGEST_MESSAGE = 4_000  # characters; more is answered, but only so much of it is read


_Turn = tuple[tuple[Reply, ...], list[Due], bool]


class Reception:
    """Answers messages. `pushed` names the channels whose answers are sent as messages of their own (the outbox).

    `wake` is called when a message has caused something to be sent beside its answer, such as an alert to staff.
    """

    def __init__(
        self,
        database: Database,
        menu: Menu,
        house: House,
        clock: Callable[[], datetime],
        pushed: frozenset[str] = frozenset(),
        hand_over: HandOver | None = None,
        wake: Callable[[], None] | None = None,
        hurry: Hurry | None = None,
    ) -> None:
        self._database = database
        self._menu = menu
        self._house = house
        self._clock = clock
        self._pushed = pushed
        self._hand_over = hand_over
        self._wake = wake
        self._hurry = hurry
        self._understanding = Understanding(menu)

    async def receive(self, message: Message) -> tuple[Reply, ...]:
        """Answer a message. Receiving it twice gives the same answer and changes nothing.

        Raises `StorageFault` when nothing could be kept; the platform must then send the message again.
        """
        try:
            replies, due, has_planned = await self._database.write(self._turn, message)
        except StorageFault:
            raise
        except Exception as problem:  # noqa: BLE001 - the outermost edge: logged, apologised for, nothing kept of it
            number = _fault_number(message)
            # Where it happened, never what was said: the text of an exception may quote a person.
            frames = traceback.extract_tb(problem.__traceback__)
            where = "\n".join(f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
            _log.error("fault %s: %s\n%s", number, type(problem).__name__, where)
            replies, due, has_planned = await self._database.write(self._apologise, message, number)
        if due and self._hand_over is not None:
            self._hand_over.take(message.sender.channel, due)
        if has_planned and self._wake is not None:
            self._wake()
        return replies

    def _turn(self, tx: Transaction, message: Message) -> _Turn:
        channel = message.sender.channel
        accounts.hold(tx, *message.sender)  # another worker may have the last message in hand, or this one
        kept = inbox.answer_to(tx, channel, message.id)
        if kept is not None:
            return all_decoded(kept), [], False
        now = self._clock()
        text, masked = scrub(message.text[:LONGEST_MESSAGE])
        if text != message.text:
            message = replace(message, text=text)
        if not message.private:
            return self._keep(tx, message, None, (Reply(texts.IN_PRIVATE),), now)
        account = accounts.heard(tx, *message.sender, now)
        if self._hurry is not None and (hurry := self._hurry(account.id, now)) != "fine":
            told = (Reply(texts.TOO_FAST),) if hurry == "tell" else ()
            return self._keep(tx, message, account.id, told, now)
        desk = conversations.of(tx, account.id)
        visit = Visit(tx, account, desk, now, self._menu, self._house, self._understanding)
        replies = visit.take(message)
        if masked:
            replies.insert(0, Reply(texts.MASKED))
        if channel not in self._pushed:
            pending = [decoded(kept) for kept in outbox.take_waiting(tx, account, 3, now)]
            visit.shows(pending)
            replies += pending
        conversations.save(tx, account.id, desk, now)
        return self._keep(tx, message, account.id, tuple(replies), now)

    def _keep(
        self, tx: Transaction, message: Message, account_id: int | None, replies: tuple[Reply, ...], now: datetime
    ) -> _Turn:
        channel = message.sender.channel
        said = message.text or message.choice or ""
        inbox.keep(tx, channel, message.id, account_id, said, encoded(replies), now)
        due: list[Due] = []
        if channel in self._pushed and account_id is not None:
            for number, reply in enumerate(joined(replies)):
                planned = outbox.Planned("answer", f"answer:{channel}:{message.id}:{number}", encoded(reply), now)
                planned.account_id, planned.channel = account_id, channel
                if self._hand_over is None or not self._hand_over.is_open():
                    outbox.plan(tx, planned, now)
                elif (sending := outbox.answer(tx, planned, message.sender.user, now)) is not None:
                    due.append(sending)
        return replies, due, tx.has_planned

    def _apologise(self, tx: Transaction, message: Message, number: str) -> _Turn:
        """With the telephone of the house: whatever is kept of the person may be what cannot be read."""
        now = self._clock()
        account = accounts.heard(tx, *message.sender, now)
        reply = Reply(texts.fault(number, settings.support_phone(tx)))
        return self._keep(tx, replace(message, text=""), account.id, (reply,), now)


def _fault_number(message: Message) -> str:
    return hashlib.sha256(f"{message.sender.channel}:{message.id}".encode()).hexdigest()[:4].upper()

"""Where people reach us. A channel turns platform events into messages and shows replies; it decides nothing else."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from dialogue.message import Message, Reply

Receive = Callable[[Message], Awaitable[tuple[Reply, ...]]]
"""Answers one message. When it returns, the message, its effect and its replies are on disk.

Raises `storage.database.StorageFault` when nothing could be kept: the platform must then be left to send it again.
"""


class Unreachable(Exception):
    """This person cannot be written to (blocked, deactivated, never started). `final`: no later message ends it."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final


class TryLater(Exception):
    """Certainly not sent. Try again after `seconds`; `everyone` when the whole channel must pause."""

    def __init__(self, seconds: float, *, everyone: bool = False, reason: str = "") -> None:
        super().__init__(reason)
        self.seconds = seconds
        self.everyone = everyone
        self.reason = reason


class NotNow(Exception):
    """The channel has no way to speak unasked at this moment. The row waits until the person writes or visits."""


class Rejected(Exception):
    """The platform refused this message for good. `reason` holds no text of the message."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unsure(Exception):
    """The platform gave no answer: the message may have arrived. Never sent again blindly."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Channel(Protocol):
    """What delivery needs of a channel: one reply to one person, and what became of it."""

    @property
    def name(self) -> str: ...

    async def send(self, user: str, reply: Reply, *, urgent: bool = False) -> str:
        """Send `reply`; returns the platform's id of the message.

        Raises `Unreachable`, `TryLater`, `NotNow`, `Rejected` or `Unsure`, and nothing else.
        """
        ...

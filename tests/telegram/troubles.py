"""What can go wrong with a call: each trouble is ordered for the next call of a method, or for a share of all."""

import random
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Literal

When = Literal["before", "after"]


@dataclass(frozen=True)
class Trouble:
    """`how` the connection or the answer goes wrong, `when`: before the call was executed, or after."""

    how: Literal["close", "reset", "silence", "half", "html", "answer", "raw", "slow"]
    when: When = "before"
    status: int = 502
    description: str = "Bad Gateway"
    retry_after: int | None = None  # seconds, in the answer's parameters and its header
    with_parameters: bool = True
    seconds: float = 0.0


CLOSED_UNREAD = Trouble("close")
CLOSED = Trouble("close", "after")
RESET = Trouble("reset", "after")
SILENT = Trouble("silence", "after")
HALF_AN_ANSWER = Trouble("half", "after")
BAD_GATEWAY = Trouble("html", status=502)
BAD_GATEWAY_AFTER = Trouble("html", "after", status=502)
RESTARTING = Trouble("answer", "after", 500, "Internal Server Error: restart")
REVOKED = Trouble("answer", status=401, description="Unauthorized")
GONE = Trouble("answer", status=404, description="Not Found")


def too_many(seconds: int, *, with_parameters: bool = True) -> Trouble:
    """429. Without parameters only the header names the seconds."""
    text = f"Too Many Requests: retry after {seconds}"
    return Trouble("answer", "before", 429, text, seconds, with_parameters)


def says(body: str, status: int = 200) -> Trouble:
    """An answer of these very words, after the call was executed."""
    return Trouble("raw", "after", status, body)


def page(status: int) -> Trouble:
    """What a proxy or a gate on the way answers."""
    return Trouble("html", "before", status)


def refused(status: int, description: str) -> Trouble:
    return Trouble("answer", "before", status, description)


def slow(seconds: float) -> Trouble:
    return Trouble("slow", "after", seconds=seconds)


@dataclass
class Troubles:
    planned: dict[str, deque[Trouble | None]] = field(default_factory=lambda: defaultdict(deque))
    shares: dict[str, tuple[float, Trouble]] = field(default_factory=dict)
    always: dict[str, Trouble] = field(default_factory=dict)
    chance: random.Random = field(default_factory=lambda: random.Random(7))

    def next(self, method: str, *troubles: Trouble | None) -> None:
        """The next calls of `method` meet these, one each; None lets a call pass."""
        self.planned[method.lower()].extend(troubles)

    def share(self, method: str, part: float, trouble: Trouble) -> None:
        self.shares[method.lower()] = (part, trouble)

    def for_ever(self, method: str, trouble: Trouble | None) -> None:
        """Every call of `method` ("*": of any) meets this, until it is taken back with None."""
        if trouble is None:
            self.always.pop(method.lower(), None)
        else:
            self.always[method.lower()] = trouble

    def take(self, method: str) -> Trouble | None:
        method = method.lower()
        if self.planned[method]:
            return self.planned[method].popleft()
        part, trouble = self.shares.get(method, (0.0, None))
        if trouble is not None and self.chance.random() < part:
            return trouble
        return self.always.get(method) or self.always.get("*")

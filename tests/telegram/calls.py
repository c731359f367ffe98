"""One call, what was wrong with it, and what it is answered."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mistake:
    """Something wrong with a call. `answer` is what Telegram says to it; None when it would let it pass."""

    what: str
    answer: str | None = "Bad Request: wrong parameter"


@dataclass
class Call:
    """One call, as the ledger has it. `message_id` is 0 when nothing was sent."""

    method: str
    given: dict[str, Any]
    at: float
    status: int = 0  # as answered, or as it would have been
    executed: bool = False
    answered: bool = False
    message_id: int = 0
    content_type: str = ""


class Answer(Exception):
    """What is answered instead of a result."""

    def __init__(self, status: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.status, self.description, self.parameters = status, description, parameters

"""What the console is told about the house it stands for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from dialogue.message import Reply


@dataclass(frozen=True, slots=True)
class ConsoleSettings:
    """`public_url` as people reach us from outside; with https the cookie is sent over nothing else."""

    public_url: str
    support_phone: str
    is_sample: bool = False  # the house runs on sample data, and every page says so
    looks: Mapping[str, Callable[[Reply], str]] = field(default_factory=dict)  # by channel that is on, as `bot.looks`

    @property
    def is_secure(self) -> bool:
        return urlsplit(self.public_url).scheme == "https"

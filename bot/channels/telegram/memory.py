"""What the channel needs to know again after a restart: small words under fixed names."""

from typing import Protocol


class Memory(Protocol):
    """Kept by the program around; `bot.app` gives one that lies in the database."""

    async def recall(self, name: str) -> str | None: ...

    async def remember(self, name: str, value: str) -> None: ...


class ForgetfulMemory:
    """Lasts as long as the process. What depends on it is then done once more at each start, which harms nothing."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def recall(self, name: str) -> str | None:
        return self._kept.get(name)

    async def remember(self, name: str, value: str) -> None:
        self._kept[name] = value

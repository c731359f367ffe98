"""Whether Telegram is being heard: by the last time it really was, never by a flag that says "running"."""

from dataclasses import dataclass
from datetime import datetime, timedelta

SILENT_AFTER = timedelta(seconds=90)


@dataclass(slots=True)
class Health:
    """`since` is the start. `problem` says in a few words what is known to be wrong, and holds no secret."""

    since: datetime
    last_success: datetime | None = None  # last getUpdates or getWebhookInfo that succeeded, or update that was kept
    problem: str = ""
    pending: int = 0  # updates waiting at Telegram, where it is known

    def heard(self, at: datetime) -> None:
        self.last_success = at
        self.problem = ""

    def failing(self, now: datetime) -> str | None:
        """Why the channel is not ready at `now`; None when it is."""
        if now - (self.last_success or self.since) <= SILENT_AFTER:
            return None
        return self.problem or f"nothing heard for more than {SILENT_AFTER.seconds} seconds"

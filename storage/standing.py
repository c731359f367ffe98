"""How the program stands, written down every minute by the worker that leads, so that any worker can show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from storage import settings
from storage.database import Transaction

_KEY = "standing"


@dataclass(frozen=True, slots=True)
class Standing:
    """`heard` holds when each channel that is on last had an answer of its platform; None where there is none to ask.

    `backup_at` is None while there is no backup; `backs_up` is false where the database has tools of its own for it.
    """

    at: datetime
    heard: Mapping[str, datetime | None]
    backs_up: bool
    backup_at: datetime | None


def write_down(tx: Transaction, standing: Standing) -> None:
    kept = {
        "heard": {name: _text(moment) for name, moment in standing.heard.items()},
        "backs_up": standing.backs_up,
        "backup_at": _text(standing.backup_at),
        "at": _text(standing.at),
    }
    settings.put(tx, _KEY, kept, standing.at)


def last(tx: Transaction) -> Standing | None:
    """None before any worker led."""
    kept = settings.get(tx, _KEY)
    if kept is None:
        return None
    heard = {name: _moment(text) for name, text in kept["heard"].items()}
    at = datetime.fromisoformat(kept["at"])
    return Standing(at, heard, bool(kept["backs_up"]), _moment(kept["backup_at"]))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)

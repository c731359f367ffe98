"""Where each chat stands: the open talk with the words said so far, talks laid aside, and the last list shown."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import bindparam, delete, select

from storage.database import Transaction
from storage.geography import Place
from storage.schema.talks import conversations as table
from storage.upsert import upsert
from storage.vault import Unreadable

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Said:
    """An answer as it was given. What it means is read afresh each time.

    `place` is there only while its message is answered; `save` drops such answers, for a position is never kept.
    """

    text: str
    at: datetime
    picked: list[str] = field(default_factory=list)  # values of the choices tapped, or meant by their numbers
    attachments: list[int] = field(default_factory=list)  # rows of `attachments`
    contact: str = ""  # a phone number shared by a button and vouched for by the platform
    place: Place | None = None


@dataclass(slots=True)
class State:
    """An open talk between two messages."""

    name: str  # the entry of the menu that began it
    opening: Said  # what began it, without the words that name the entry
    payload: str = ""  # the deep link that began it
    answers: dict[str, Said] = field(default_factory=dict)  # by question
    reached: list[str] = field(default_factory=list)  # the questions that led here; the last is open
    shown: list[tuple[str, str]] = field(default_factory=list)  # value and label of the choices shown with the open one
    pages: dict[str, int] = field(default_factory=dict)  # how far a long list was turned, by question
    turn: str = ""  # the `Reply.turn` it was put with
    misses: int = 0  # answers in a row that could not be used
    last_at: datetime | None = None


@dataclass(slots=True)
class Desk:
    """Everything remembered of a chat between two messages."""

    talk: State | None = None
    parked: list[State] = field(default_factory=list)  # laid aside for another talk; the newest is last
    screen: list[tuple[str, str]] = field(default_factory=list)  # standing words shown last: value and label
    screen_is_newer: bool = False  # shown after the open question, so a bare number means them
    lines: str = ""  # the words that bare numbers follow instead, where a numbered list stands beside them
    misses: int = 0  # messages in a row that were not understood, outside a talk
    album: str = ""  # the platform's name of the last pictures sent together, and the row of the first of them
    album_first: int = 0

    def show(self, words: Iterable[tuple[str, str]], lines: str = "") -> None:
        """These standing words, value and label, are the last that were shown (domain 9.9)."""
        self.screen, self.screen_is_newer, self.lines = list(words), True, lines


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Desk)

_OF = select(table.c.state).where(table.c.account_id == bindparam("account"))
_SAVE = upsert(table, key=("account_id",), change=("state", "updated_at"))
_FORGET = delete(table).where(table.c.account_id == bindparam("account"))
_IDLE = delete(table).where(table.c.updated_at < bindparam("before"))


def of(tx: Transaction, account_id: int) -> Desk:
    """A state that cannot be read is as good as none: otherwise this person would never be answered again."""
    tx.lock(f"account {account_id}")  # whoever looks will save it, and must not save over somebody else
    sealed = tx.execute(_OF, {"account": account_id}).scalar()
    if sealed is None:
        return Desk()
    try:
        return _decoder.decode(tx.vault.open(sealed, f"conversations.state|{account_id}"))
    except (msgspec.DecodeError, Unreadable) as problem:
        _log.error("the talk of account %d cannot be read (%s); it begins anew", account_id, type(problem).__name__)
        return Desk()


def save(tx: Transaction, account_id: int, desk: Desk, now: datetime) -> None:
    for talk in (desk.talk, *desk.parked):
        if talk is not None:
            talk.opening.place = None
            talk.answers = {key: said for key, said in talk.answers.items() if said.place is None}
    state = tx.vault.seal(_encoder.encode(desk).decode(), f"conversations.state|{account_id}")
    tx.execute(_SAVE(tx), {"account_id": account_id, "state": state, "updated_at": now})


def forget(tx: Transaction, account_id: int) -> None:
    tx.execute(_FORGET, {"account": account_id})


def forget_idle(tx: Transaction, before: datetime) -> int:
    """Drop what nobody came back to (care.md 7: seven days after the last word). Returns how many."""
    return tx.execute(_IDLE, {"before": before}).rowcount

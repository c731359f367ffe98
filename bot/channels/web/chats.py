"""A chat in the database: looking at it, and giving what waited for its page to be opened."""

from dataclasses import dataclass
from datetime import datetime

from dialogue.message import Reply, decoded, encoded
from storage import accounts, chat_history, conversations, outbox
from storage.chat_history import Turn
from storage.database import Transaction

CHANNEL = "web"
SHOWN = 30  # turns on the page
_MOST_WAITING = 5  # messages given at once; more would bury the first


@dataclass(frozen=True, slots=True)
class Unasked:
    """Something we said that nobody asked for. `id` is unique within the channel."""

    id: str
    reply: Reply


def visit(tx: Transaction, user: str, brought: list[Unasked], visit_id: str, now: datetime) -> list[Turn]:
    """The page was opened, or came for news: keep what it is given, then return what it shows."""
    account = accounts.find(tx, CHANNEL, user)
    if account is None:
        return []
    waited = [decoded(kept) for kept in outbox.take_waiting(tx, account, _MOST_WAITING, now)]
    if waited:
        chat_history.add(tx, CHANNEL, visit_id, account.id, encoded(tuple(waited)), now)
        _put_on_screen(tx, account.id, waited, now)
    for said in brought:
        chat_history.add(tx, CHANNEL, said.id, account.id, encoded((said.reply,)), now)
    return _turns(tx, account.id)


def begin(tx: Transaction, user: str, greeting: tuple[Reply, ...], greeting_id: str, now: datetime) -> None:
    """The first message of a person: what the empty page greeted them with becomes the beginning of the chat."""
    if accounts.find(tx, CHANNEL, user) is not None:
        return
    account = accounts.heard(tx, CHANNEL, user, now)
    chat_history.add(tx, CHANNEL, greeting_id, account.id, encoded(greeting), now)
    _put_on_screen(tx, account.id, list(greeting), now)


def look(tx: Transaction, user: str) -> list[Turn]:
    account = accounts.find(tx, CHANNEL, user)
    return [] if account is None else _turns(tx, account.id)


def is_known(tx: Transaction, user: str) -> bool:
    return accounts.find(tx, CHANNEL, user) is not None


def _turns(tx: Transaction, account_id: int) -> list[Turn]:
    return chat_history.last(tx, account_id, SHOWN)


def _put_on_screen(tx: Transaction, account_id: int, replies: list[Reply], now: datetime) -> None:
    """A bare number now means the standing words shown last."""
    shown = [reply for reply in replies if reply.choices and not reply.turn]
    if shown:
        desk = conversations.of(tx, account_id)
        desk.show(((choice.value, choice.label) for choice in shown[-1].choices), shown[-1].lines)
        conversations.save(tx, account_id, desk, now)

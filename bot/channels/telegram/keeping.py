"""What the Telegram channel keeps in the database, and reads back from it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dialogue.message import Address, Reply, encoded
from storage import accounts, files, inbox, outbox, settings
from storage.database import Database, Transaction

_WHOLE_SECONDS = timedelta(seconds=1)  # Telegram dates things by them, our clock is finer


@dataclass(frozen=True, slots=True)
class Keeping:
    """Each method is one transaction, on disk when it returns. All but the reading ones raise `StorageFault`."""

    database: Database
    clock: Callable[[], datetime]

    async def quarantine(self, channel: str, message: str, problem: str, kind: str, raw: str) -> None:
        await self.database.write(inbox.quarantine, channel, message, problem, kind, raw, self.clock())

    async def reachability(self, address: Address, reachable: bool, at: datetime) -> None:
        await self.database.write(note_reachability, address, reachable=reachable, at=at, now=self.clock())

    async def say(self, address: Address, reply: Reply, key: str) -> None:
        await self.database.write(plan_answer, address, reply, key, self.clock())

    async def open_file(self, token: str) -> bytes:
        opened = await self.database.read(files.opened_by, token, self.clock())
        if opened is None:
            raise LookupError("the file is no longer kept")
        return opened[2]

    async def recall(self, name: str) -> str | None:
        kept = await self.database.read(settings.get, name)
        return None if kept is None else str(kept)

    async def remember(self, name: str, value: str) -> None:
        await self.database.write(settings.put, name, value, self.clock())


def note_reachability(tx: Transaction, address: Address, *, reachable: bool, at: datetime, now: datetime) -> None:
    """A block, or its end, at `at`. What was heard from the person since then counts for more."""
    account = accounts.find(tx, *address)
    if account is None:
        return
    if account.last_heard_at is not None and account.last_heard_at > at + _WHOLE_SECONDS:
        return
    if reachable:
        accounts.heard(tx, *address, now)
    else:
        accounts.lost(tx, account.id, "blocked")
        outbox.give_up_on(tx, account.id, "blocked", now)


def plan_answer(tx: Transaction, address: Address, reply: Reply, key: str, now: datetime) -> None:
    """One reply to whoever has an account; the same key twice is one reply."""
    account = accounts.find(tx, *address)
    if account is not None:
        planned = outbox.Planned("answer", key, encoded(reply), now)
        planned.account_id, planned.channel = account.id, account.channel
        outbox.plan(tx, planned, now)

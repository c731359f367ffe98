"""What is forgotten when: the periods of care.md 7, each as a step that does a little at a time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Column, Delete, Table, bindparam, delete, select, tuple_, update

from storage import (
    audit,
    call_list,
    consents,
    conversations,
    files,
    inbox,
    need_retention,
    sessions,
    settings,
    tokens,
    wechat_promises,
)
from storage.database import Transaction
from storage.schema.talks import attachments, outbox, quarantine
from storage.schema.talks import inbox as inbox_table
from storage.schema.wechat import wechat_answers, wechat_late, wechat_links, wechat_notices, wechat_windows

DRAFTS = timedelta(days=7)  # after the last word
NUMBERS = timedelta(days=7)  # of messages, for handling each once
CHAT = timedelta(days=30)  # what was said and answered, and what was sent without belonging to a need
CONSENTS = timedelta(days=3 * 365 + 1)  # after the registration has ended
ACTS = timedelta(days=400)  # the audit log; the law asks for 365
SENT = timedelta(days=400)  # that something was sent, without its words

_A_LITTLE = 500  # rows in one transaction, so that nobody who writes waits for the purge
_NUMBERS_DONE = "message_numbers_forgotten_until"
_BEFORE: BindParameter[Any] = bindparam("before")


@dataclass(frozen=True, slots=True)
class Done:
    """How many rows a step forgot, and whether there may be more."""

    rows: int
    more: bool = False


Step = Callable[[Transaction, datetime], Done]


def _a_little_of(table: Table, *conditions: Any) -> Delete:
    key: list[Column[Any]] = list(table.primary_key.columns)
    some = select(*key).where(*conditions).limit(_A_LITTLE)
    return delete(table).where((tuple_(*key) if len(key) > 1 else key[0]).in_(some))


def _older(statement: Delete, than: timedelta) -> Step:
    def step(tx: Transaction, now: datetime) -> Done:
        rows = tx.execute(statement, {"before": now - than}).rowcount
        return Done(rows, rows >= _A_LITTLE)

    return step


_SENT_AFTER = (
    select(outbox.c.id, outbox.c.kind, outbox.c.created_at)
    .where(outbox.c.id > bindparam("after"))
    .order_by(outbox.c.id)
    .limit(_A_LITTLE)
)
_ROW = outbox.c.id == bindparam("row")
_GIVE_UP = (
    update(outbox)
    .where(_ROW, outbox.c.ended_at.is_(None))
    .values(state="expired", because="kept too long", ended_at=bindparam("now"))
)
_NO_WORDS = update(outbox).where(_ROW).values(reply=b"")
_NO_ROW = delete(outbox).where(_ROW)


def _drafts(tx: Transaction, now: datetime) -> Done:
    return Done(conversations.forget_idle(tx, now - DRAFTS))


def _numbers(tx: Transaction, now: datetime) -> Done:
    before = now - NUMBERS
    since = datetime.fromisoformat(settings.get(tx, _NUMBERS_DONE, "2000-01-01T00:00:00+00:00"))
    if since >= before:
        return Done(0)
    rows, until = inbox.forget_numbers(tx, since, before, _A_LITTLE)
    settings.put(tx, _NUMBERS_DONE, until.isoformat(), now)
    return Done(rows, until < before)


def _answers(tx: Transaction, now: datetime) -> Done:
    """They are kept under the platform's message numbers, and a second time in the inbox."""

    def forget(row: Any) -> bool:
        if row.kind == "answer":
            tx.execute(_NO_ROW, {"row": row.id})
        return bool(row.kind == "answer")

    return _walk(tx, now, "answers_forgotten_up_to", NUMBERS, forget)


def _sent_words(tx: Transaction, now: datetime) -> Done:
    """The row stays, with its end. What is still planned after so long was forgotten somewhere: it ends here."""

    def forget(row: Any) -> bool:
        tx.execute(_GIVE_UP, {"row": row.id, "now": now})
        return bool(tx.execute(_NO_WORDS, {"row": row.id}).rowcount)

    return _walk(tx, now, "sent_words_forgotten_up_to", CHAT, forget)


def _sent_rows(tx: Transaction, now: datetime) -> Done:
    def forget(row: Any) -> bool:
        return bool(tx.execute(_NO_ROW, {"row": row.id}).rowcount)

    return _walk(tx, now, "sent_rows_forgotten_up_to", SENT, forget)


def _walk(tx: Transaction, now: datetime, cursor: str, kept: timedelta, forget: Callable[[Any], bool]) -> Done:
    """Look at each row of the outbox once when it is old enough: they were planned in the order of their numbers."""
    after = begin = int(settings.get(tx, cursor, 0))
    rows = 0
    for row in tx.execute(_SENT_AFTER, {"after": after}).all():
        if row.created_at >= now - kept:
            break
        rows += forget(row)
        after = row.id
    if after > begin:
        settings.put(tx, cursor, after, now)
    return Done(rows, after > begin)


def _acts(tx: Transaction, now: datetime) -> Done:
    rows = audit.forget_before(tx, now - ACTS, now, _A_LITTLE)
    return Done(rows, rows >= _A_LITTLE)


def _needs(tx: Transaction, now: datetime) -> Done:
    forgotten = need_retention.forget(tx, now)
    return Done(forgotten.media + forgotten.needs + forgotten.wishes, forgotten.more)


STEPS: Mapping[str, Step] = {
    "drafts": _drafts,
    "message numbers": _numbers,
    "chat": _older(_a_little_of(inbox_table, inbox_table.c.received_at < _BEFORE), CHAT),
    "unreadable updates": _older(_a_little_of(quarantine, quarantine.c.received_at < _BEFORE), CHAT),
    "media": _older(
        _a_little_of(attachments, attachments.c.subject.is_(None), attachments.c.created_at < _BEFORE), CHAT
    ),
    "needs and wishes": _needs,
    "answers": _answers,
    "sent words": _sent_words,
    "sent rows": _sent_rows,
    "call lists": lambda tx, now: Done(call_list.forget_before(tx, now - call_list.KEPT)),
    "files": lambda tx, now: Done(files.forget_expired(tx, now)),
    "consents": lambda tx, now: Done(consents.forget_before(tx, now - CONSENTS)),
    "tokens": lambda tx, now: Done(tokens.forget_expired(tx, now)),
    "console sessions": lambda tx, now: Done(sessions.forget_over(tx, now)),
    "wechat answers": _older(_a_little_of(wechat_answers, wechat_answers.c.at < _BEFORE), NUMBERS),
    "wechat late pushes": _older(_a_little_of(wechat_late, wechat_late.c.at < _BEFORE), NUMBERS),
    "wechat links": _older(_a_little_of(wechat_links, wechat_links.c.at < _BEFORE), CHAT),
    "wechat notices": _older(_a_little_of(wechat_notices, wechat_notices.c.at < _BEFORE), CHAT),
    "wechat windows": _older(_a_little_of(wechat_windows, wechat_windows.c.ends_at < _BEFORE), timedelta()),
    "audit log": _acts,
    "wechat promises": lambda tx, now: Done(wechat_promises.forget_before(tx, now - CHAT)),
}
"""Each is called, in a transaction of its own, until it says that there is no more."""

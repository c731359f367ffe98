"""What WeChat allows us to say to a follower, what they were shown, and what they are still owed."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from storage.database import Transaction
from storage.schema.wechat import (
    wechat_answers,
    wechat_followers,
    wechat_late,
    wechat_links,
    wechat_media,
    wechat_notices,
    wechat_windows,
)
from storage.upsert import upsert

Grant = Literal["message", "menu", "follow", "scan"]

GRANTS: dict[Grant, tuple[int, timedelta]] = {
    # Messages the platform lets us send after each, and for how long; a margin is taken off for the way there.
    "message": (5, timedelta(hours=48) - timedelta(minutes=10)),
    "menu": (3, timedelta(seconds=50)),
    "follow": (3, timedelta(seconds=50)),
    "scan": (3, timedelta(seconds=50)),
}
_LINKS_KEPT = 8  # answers whose links still work; older ones are recognised as old
_REST_KEPT = timedelta(hours=24)


class Linked(msgspec.Struct, frozen=True):
    """A choice that was shown as a link. `number` is the digit to type for it, 0 when it has none."""

    value: str
    label: str
    turn: str
    number: int = 0


@dataclass(slots=True)
class Visit:
    """A push, as far as permissions and repeats are concerned."""

    message: str
    user: str
    grant: Grant | None
    said: str = ""  # normalised
    link: int = 0  # number of the answer whose link was tapped


@dataclass(slots=True)
class Arrival:
    """What is known when a push arrives."""

    answer: str | None = None  # JSON of what it was answered with already
    number: int = 0  # for the links of its answer
    linked: list[Linked] | None = None  # behind the link that was tapped; None when unknown or too old
    last: list[Linked] = field(default_factory=list)  # behind the links shown last
    rest: list[str] = field(default_factory=list)  # JSON of the parts of the last answer not shown yet
    late: list[str] = field(default_factory=list)  # earlier pushes whose answer is owed


_choices = msgspec.json.Decoder(list[Linked])
_parts = msgspec.json.Decoder(list[str])

_ANSWER = select(wechat_answers.c.body).where(wechat_answers.c.message == bindparam("message"))
_KEEP_ANSWER = upsert(wechat_answers, key=("message",))
_FOLLOWER = select(wechat_followers.c.shown, wechat_followers.c.rest, wechat_followers.c.heard_at).where(
    wechat_followers.c.user == bindparam("who")
)
_HEARD = upsert(wechat_followers, key=("user",), change=("shown", "heard_at"))
_REST = update(wechat_followers).where(wechat_followers.c.user == bindparam("who")).values(rest=bindparam("parts"))
_LATE = select(wechat_late.c.message).where(wechat_late.c.user == bindparam("who")).order_by(wechat_late.c.at)
_OWE = upsert(wechat_late, key=("message",))
_PAID = delete(wechat_late).where(wechat_late.c.message == bindparam("which"))
_PUSH = select(wechat_late.c.push).where(wechat_late.c.message == bindparam("which"))
_TAKE = delete(wechat_late).where(wechat_late.c.message == bindparam("which")).returning(wechat_late.c.push)
_ALL_LATE = select(wechat_late.c.message, wechat_late.c.user, wechat_late.c.push).order_by(wechat_late.c.at)
_LINKS = select(wechat_links.c.choices).where(
    wechat_links.c.user == bindparam("who"), wechat_links.c.number == bindparam("answer")
)
_LAST_LINKS = (
    select(wechat_links.c.choices)
    .where(wechat_links.c.user == bindparam("who"))
    .order_by(wechat_links.c.number.desc())
    .limit(1)
)
_KEEP_LINKS = upsert(wechat_links, key=("user", "number"), change=("choices", "at"))
_OLD_LINKS = delete(wechat_links).where(
    wechat_links.c.user == bindparam("who"), wechat_links.c.number <= bindparam("up_to")
)
_OPEN = upsert(wechat_windows, key=("user", "kind"), change=("messages", "ends_at"))
_WINDOWS = (
    select(wechat_windows.c.kind, wechat_windows.c.messages)
    .where(wechat_windows.c.user == bindparam("who"))
    .where(wechat_windows.c.messages > 0, wechat_windows.c.ends_at > bindparam("now"))
    .order_by(wechat_windows.c.ends_at)
)
_SPEND = (
    update(wechat_windows)
    .where(wechat_windows.c.user == bindparam("who"), wechat_windows.c.kind == bindparam("which"))
    .values(messages=wechat_windows.c.messages - 1)
)
_GIVE_BACK = (
    update(wechat_windows)
    .where(wechat_windows.c.user == bindparam("who"), wechat_windows.c.kind == bindparam("which"))
    .values(messages=wechat_windows.c.messages + 1)
)
_CLOSE = delete(wechat_windows).where(wechat_windows.c.user == bindparam("who"))
_NO_TEMPLATES = update(wechat_followers).where(wechat_followers.c.user == bindparam("who")).values(no_templates=True)
_TAKES_TEMPLATES = select(wechat_followers.c.no_templates).where(wechat_followers.c.user == bindparam("who"))
_NOTICE = insert(wechat_notices)
_NOTICES = (
    select(wechat_notices.c.id, wechat_notices.c.reply, wechat_notices.c.token)
    .where(wechat_notices.c.user == bindparam("who"))
    .order_by(wechat_notices.c.id)
)
_NOTICED = delete(wechat_notices).where(wechat_notices.c.id == bindparam("which"))
_UPLOADED = select(wechat_media.c.media_id).where(
    wechat_media.c.digest == bindparam("which"), wechat_media.c.ends_at > bindparam("now")
)
_KEEP_UPLOAD = upsert(wechat_media, key=("digest",), change=("media_id", "ends_at"))
_DROP_UPLOAD = delete(wechat_media).where(wechat_media.c.media_id == bindparam("which"))


def arrive(tx: Transaction, visit: Visit, now: datetime) -> Arrival:
    """Note a push: what it permits, and what is known about it. A repeat of an answered one permits nothing new."""
    tx.lock(f"wechat {visit.user}")
    kept = tx.execute(_ANSWER, {"message": visit.message}).scalar()
    if kept is not None:
        return Arrival(answer=tx.vault.open(kept, f"wechat_answers.body|{visit.message}"))
    row = tx.execute(_FOLLOWER, {"who": visit.user}).first()
    number = 1 if row is None else row.shown + 1
    grant = visit.grant
    last = _last_links(tx, visit.user) if visit.said else []
    if grant == "message" and (visit.link or any(visit.said in (str(one.number), one.label) for one in last)):
        # Tapping a link counts as tapping a menu, and where the client drops its id the two look the same.
        grant = "menu"
    if grant is not None:
        messages, lasts = GRANTS[grant]
        tx.execute(_OPEN(tx), {"user": visit.user, "kind": grant, "messages": messages, "ends_at": now + lasts})
    tx.execute(_HEARD(tx), {"user": visit.user, "shown": number, "heard_at": now, "no_templates": False})
    return Arrival(
        number=number,
        linked=_linked(tx, visit.user, visit.link) if visit.link else None,
        last=last,
        rest=_rest(tx, visit.user, row, now),
        late=list(tx.execute(_LATE, {"who": visit.user}).scalars()),
    )


def settle(
    tx: Transaction,
    visit: Visit,
    body: str,
    now: datetime,
    *,
    number: int = 0,
    links: list[Linked] | None = None,
    rest: list[str] | None = None,
    paid: list[str] | None = None,
    noticed: list[int] | None = None,
) -> str:
    """Keep what a push is answered with (`body`, JSON), and return it.

    When the same push was answered meanwhile, that answer stays and is returned. `rest` replaces the parts still to
    show; None leaves them. `paid` are the late answers and `noticed` the notices that it holds.
    """
    tx.lock(f"wechat {visit.user}")
    kept = tx.execute(_ANSWER, {"message": visit.message}).scalar()
    if kept is not None:
        return tx.vault.open(kept, f"wechat_answers.body|{visit.message}")
    sealed = tx.vault.seal(body, f"wechat_answers.body|{visit.message}")
    tx.execute(_KEEP_ANSWER(tx), {"message": visit.message, "user": visit.user, "body": sealed, "at": now})
    shown(tx, visit.user, number, links or [], rest, now)
    for message in paid or ():
        tx.execute(_PAID, {"which": message})
    for notice in noticed or ():
        tx.execute(_NOTICED, {"which": notice})
    return body


def shown(tx: Transaction, user: str, number: int, links: list[Linked], rest: list[str] | None, now: datetime) -> None:
    """Keep the choices behind the links of answer `number`. `rest` as in `settle`."""
    if links:
        choices = msgspec.json.encode(links).decode()
        tx.execute(_KEEP_LINKS(tx), {"user": user, "number": number, "choices": choices, "at": now})
        tx.execute(_OLD_LINKS, {"who": user, "up_to": number - _LINKS_KEPT})
    if rest is not None:
        parts = None
        if rest:
            parts = tx.vault.seal(msgspec.json.encode(rest).decode(), f"wechat_followers.rest|{user}")
        tx.execute(_REST, {"who": user, "parts": parts})


def owe(tx: Transaction, visit: Visit, push: str, now: datetime) -> None:
    """The push is confirmed now and answered later. `push` is its XML, to be read again after a restart."""
    sealed = tx.vault.seal(push, f"wechat_late.push|{visit.message}")
    tx.execute(_OWE(tx), {"message": visit.message, "user": visit.user, "push": sealed, "at": now})


def owed(tx: Transaction) -> list[tuple[str, str, str]]:
    """Every push whose answer is owed, oldest first: message, user and XML."""
    return [
        (message, user, tx.vault.open(push, f"wechat_late.push|{message}"))
        for message, user, push in tx.execute(_ALL_LATE)
    ]


def push_of(tx: Transaction, message: str) -> str | None:
    push = tx.execute(_PUSH, {"which": message}).scalar()
    return None if push is None else tx.vault.open(push, f"wechat_late.push|{message}")


def take_late(tx: Transaction, message: str) -> str | None:
    """The push, no longer owed; None when somebody took it before. Whoever takes it answers it, or owes it again."""
    push = tx.execute(_TAKE, {"which": message}).scalar()
    return None if push is None else tx.vault.open(push, f"wechat_late.push|{message}")


@dataclass(frozen=True, slots=True)
class Spent:
    """A message taken from a permission, and the number for its links."""

    kind: str
    number: int


def spend(tx: Transaction, user: str, keep: int, now: datetime) -> Spent | None:
    """Take one message from the permission that ends first, leaving `keep`. None when there is none to take."""
    tx.lock(f"wechat {user}")
    windows = tx.execute(_WINDOWS, {"who": user, "now": now}).all()
    row = tx.execute(_FOLLOWER, {"who": user}).first()
    if row is None or sum(window.messages for window in windows) <= keep:
        return None
    tx.execute(_SPEND, {"who": user, "which": windows[0].kind})
    number = row.shown + 1
    tx.execute(_HEARD(tx), {"user": user, "shown": number, "heard_at": row.heard_at, "no_templates": False})
    return Spent(windows[0].kind, number)


def give_back(tx: Transaction, user: str, spent: Spent) -> None:
    """The message certainly did not leave."""
    tx.execute(_GIVE_BACK, {"who": user, "which": spent.kind})


def left(tx: Transaction, user: str, now: datetime) -> int:
    """How many messages may still be sent unasked."""
    return sum(int(window.messages) for window in tx.execute(_WINDOWS, {"who": user, "now": now}))


def close_windows(tx: Transaction, user: str) -> None:
    """The platform says that nothing may be sent: it knows better than our count."""
    tx.execute(_CLOSE, {"who": user})


def refuses_templates(tx: Transaction, user: str) -> None:
    tx.execute(_NO_TEMPLATES, {"who": user})


def takes_templates(tx: Transaction, user: str) -> bool:
    return not tx.execute(_TAKES_TEMPLATES, {"who": user}).scalar()


def announce(tx: Transaction, user: str, reply: str, now: datetime) -> None:
    """Keep a reply (JSON) that a template message could only announce."""
    token = secrets.token_hex(16)
    sealed = tx.vault.seal(reply, f"wechat_notices.reply|{token}")
    tx.execute(_NOTICE, {"user": user, "reply": sealed, "token": token, "at": now})


def announced(tx: Transaction, user: str) -> list[tuple[int, str]]:
    """What was only announced so far, oldest first: its number, for `settle`, and the reply as JSON."""
    return [
        (row.id, tx.vault.open(row.reply, f"wechat_notices.reply|{row.token}"))
        for row in tx.execute(_NOTICES, {"who": user})
    ]


def uploaded(tx: Transaction, digest: bytes, now: datetime) -> str | None:
    """The media id under which the platform still keeps these bytes."""
    media_id: str | None = tx.execute(_UPLOADED, {"which": digest, "now": now}).scalar()
    return media_id


def keep_upload(tx: Transaction, digest: bytes, media_id: str, ends_at: datetime) -> None:
    tx.execute(_KEEP_UPLOAD(tx), {"digest": digest, "media_id": media_id, "ends_at": ends_at})


def drop_upload(tx: Transaction, media_id: str) -> None:
    tx.execute(_DROP_UPLOAD, {"which": media_id})


def _linked(tx: Transaction, user: str, number: int) -> list[Linked] | None:
    choices = tx.execute(_LINKS, {"who": user, "answer": number}).scalar()
    return None if choices is None else _choices.decode(choices)


def _last_links(tx: Transaction, user: str) -> list[Linked]:
    choices = tx.execute(_LAST_LINKS, {"who": user}).scalar()
    return [] if choices is None else _choices.decode(choices)


def _rest(tx: Transaction, user: str, row: Any, now: datetime) -> list[str]:
    if row is None or row.rest is None or now - row.heard_at > _REST_KEPT:
        return []
    return _parts.decode(tx.vault.open(row.rest, f"wechat_followers.rest|{user}"))

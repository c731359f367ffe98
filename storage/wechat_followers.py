"""A follower as the rest of the program knows them: what is on its way to them, and what stays when they leave."""

import secrets
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update

from storage import accounts, conversations, inbox, outbox
from storage.database import Transaction
from storage.schema.people import accounts as accounts_table
from storage.schema.talks import attachments
from storage.schema.talks import outbox as outbox_table
from storage.schema.wechat import (
    wechat_answers,
    wechat_followers,
    wechat_late,
    wechat_links,
    wechat_notices,
    wechat_promises,
    wechat_windows,
)

_SILENCE = '{"text":""}'  # a reply that says nothing

_REPORTED = (
    update(outbox_table)
    .where(outbox_table.c.channel == "wechat", outbox_table.c.platform_id == bindparam("sent_as"))
    .where(outbox_table.c.state == "delivered")
    .values(state=bindparam("to_state"), because=bindparam("why"))
    .returning(outbox_table.c.account_id)
)
_ON_ITS_WAY = (
    select(outbox_table.c.kind)
    .join(accounts_table, accounts_table.c.id == outbox_table.c.account_id)
    .where(accounts_table.c.channel == "wechat", accounts_table.c.user == bindparam("who"))
    .where(outbox_table.c.state == "sending", outbox_table.c.ended_at.is_(None))
)
_OWN_TABLES = (wechat_followers, wechat_windows, wechat_answers, wechat_links, wechat_late, wechat_notices)
_FORGET = [delete(table).where(table.c.user == bindparam("who")) for table in (*_OWN_TABLES, wechat_promises)]
_LOOSE_ATTACHMENTS = delete(attachments).where(
    attachments.c.account_id == bindparam("account"), attachments.c.subject.is_(None)
)
_SENT = select(outbox_table.c.id, outbox_table.c.key).where(outbox_table.c.account_id == bindparam("account"))
_BLANK = update(outbox_table).where(outbox_table.c.id == bindparam("row")).values(reply=bindparam("nothing"))
_UNNAME = (
    update(accounts_table)
    .where(accounts_table.c.id == bindparam("account"))
    .values(user=bindparam("nobody"), person_id=None, reachable=False, unreachable_because="unfollowed")
)


def on_its_way(tx: Transaction, user: str) -> outbox.Kind | None:
    """The kind of the message that delivery is sending to this person; of one account it sends one at a time."""
    kind: outbox.Kind | None = tx.execute(_ON_ITS_WAY, {"who": user}).scalar()
    return kind


def reported(tx: Transaction, platform_id: str, state: outbox.End, because: str) -> bool:
    """The platform says later that a message did not arrive. False when no delivered message has this id."""
    row = tx.execute(_REPORTED, {"sent_as": platform_id, "to_state": state, "why": because[:120]}).first()
    if row is not None and state == "unreachable":
        accounts.lost(tx, row.account_id, because)
    return row is not None


def unfollowed(tx: Transaction, user: str, now: datetime) -> None:
    """Erase the WeChat identity with its quotas, words and media; the registration stays under its own consent.

    Rule: care.md P27. Doing it twice changes nothing.
    """
    for statement in _FORGET:
        tx.execute(statement, {"who": user})
    account = accounts.find(tx, "wechat", user)
    if account is None:
        return
    inbox.forget_account(tx, account.id)
    conversations.forget(tx, account.id)
    outbox.give_up_on(tx, account.id, "unfollowed", now)
    for row in tx.execute(_SENT, {"account": account.id}).all():  # that it was sent stays, not what it said
        nothing = tx.vault.seal(_SILENCE, f"outbox.reply|{row.key}")
        tx.execute(_BLANK, {"row": row.id, "nothing": nothing})
    tx.execute(_LOOSE_ATTACHMENTS, {"account": account.id})
    tx.execute(_UNNAME, {"account": account.id, "nobody": f"gone-{secrets.token_hex(8)}"})

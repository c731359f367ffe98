"""Forgetting a person: at once, for good, and without changing what was counted (care.md P8, section 7)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import BindParameter, bindparam, delete, or_, select, update

from storage import (
    accounts,
    audit,
    conversations,
    events,
    grants,
    inbox,
    need_categories,
    need_entries,
    needs,
    people,
    queue_numbers,
    sign_ups,
)
from storage.accounts import Account
from storage.audit import Actor
from storage.database import Transaction
from storage.needs import Need
from storage.schema.call_list import call_list
from storage.schema.markets import queue_numbers as numbers_table
from storage.schema.needs import need_assignments
from storage.schema.needs import needs as needs_table
from storage.schema.people import accounts as accounts_table
from storage.schema.people import consents as consents_table
from storage.schema.people import grants as grants_table
from storage.schema.people import people as people_table
from storage.schema.people import person_keys, proxies
from storage.schema.polls import suggestions
from storage.schema.sessions import sessions
from storage.schema.talks import attachments, files
from storage.schema.talks import outbox as outbox_table
from storage.schema.wechat import wechat_answers, wechat_followers, wechat_late, wechat_notices
from storage.schema.wishes import wish_claims, wishes
from storage.sign_ups import Promotion

Because = Literal["own wish", "idle", "consent withdrawn", "staff", "restored from a backup"]


@dataclass(slots=True)
class Erased:
    """What others are to be told of, by whoever caused it."""

    promotions: list[Promotion] = field(default_factory=list)  # who moved up into the places given back
    withdrawn: list[Need] = field(default_factory=list)  # the person's needs that nobody works on any more
    without_owner: list[Need] = field(default_factory=list)  # needs the person had been working on


@dataclass(frozen=True, slots=True)
class Loss:
    """What goes with the registration besides name and phone, to be said before the yes."""

    places: int  # at events still to come
    open_needs: int
    acts_for: int  # relatives
    roles: int


_ALL = 10_000  # needs of one person

_NOTHING: dict[str, Any] = dict.fromkeys(
    "name phone party person_key residence origin arrives_on leaves_on community_code estate point_id salutation "
    "birth_year interests host_branch_id party_group last_contact_at".split()
)
_PERSON: BindParameter[Any] = bindparam("person")
_ACCOUNT: BindParameter[Any] = bindparam("account")
_NOW: BindParameter[Any] = bindparam("now")

# Name, phone and all else that was stated; the number and the random uid stay, for old figures count by them.
_CLEAR = update(people_table).where(people_table.c.id == _PERSON).values(**_NOTHING, shows_membership=False)
_ANONYMISED = update(people_table).where(people_table.c.id == _PERSON).values(state="anonymised", messages="none")
_MERGED = select(people_table.c.id).where(people_table.c.merged_into == _PERSON, people_table.c.state == "merged")
_BROUGHT_ALONG = select(people_table.c.id).where(people_table.c.added_by == _PERSON, people_table.c.state == "active")
_DROP_KEYS = delete(person_keys).where(person_keys.c.person_id == _PERSON)
_GRANTS = (
    select(grants_table.c.id)
    .where(or_(grants_table.c.person_id == _PERSON, grants_table.c.account_id.in_(bindparam("ids", expanding=True))))
    .where(grants_table.c.revoked_at.is_(None), or_(grants_table.c.ends_at.is_(None), grants_table.c.ends_at > _NOW))
    .order_by(grants_table.c.id)
)
_BY_UID = select(people_table.c.id, people_table.c.state).where(people_table.c.uid == bindparam("of_uid"))
_ACTS_FOR = select(proxies.c.id).where(
    proxies.c.proxy_id == _PERSON, proxies.c.agreed_at.is_not(None), proxies.c.ended_at.is_(None)
)
_OWNED = select(need_assignments.c.need_id).where(
    need_assignments.c.person_id == _PERSON, need_assignments.c.role == "lead", need_assignments.c.ended_at.is_(None)
)
_NEED_WORDS = (
    update(needs_table).where(needs_table.c.id == bindparam("need")).values(text=None, place=None, obstacle=None)
)
_SENT_FOR = delete(attachments).where(attachments.c.subject == bindparam("of"))
_CLAIMED = (
    select(wish_claims.c.wish_id)
    .where(wish_claims.c.person_id == _PERSON, wish_claims.c.ended_at.is_(None))
    .order_by(wish_claims.c.wish_id)
)
_STILL_CLAIMED = select(wish_claims.c.id).where(
    wish_claims.c.wish_id == bindparam("wish"), wish_claims.c.ended_at.is_(None)
)
_OPEN_AGAIN = (
    update(wishes)
    .where(wishes.c.id == bindparam("wish"), wishes.c.state.in_(["claimed", "contacted"]))
    .values(state="posted")
)
_END_OWN_CLAIMS = (
    update(wish_claims)
    .where(wish_claims.c.person_id == _PERSON, wish_claims.c.ended_at.is_(None))
    .values(ended_at=_NOW, because="given_up")
)
_IN_TURN = (  # each with person and now; the order matters only for wishes, whose person goes last
    update(proxies)
    .where(or_(proxies.c.person_id == _PERSON, proxies.c.proxy_id == _PERSON), proxies.c.ended_at.is_(None))
    .values(ended_at=_NOW),
    update(need_assignments)
    .where(need_assignments.c.person_id == _PERSON, need_assignments.c.ended_at.is_(None))
    .values(ended_at=_NOW, because="reassigned"),
    update(needs_table).where(needs_table.c.person_id == _PERSON).values(person_id=None),
    update(needs_table).where(needs_table.c.told_by == _PERSON).values(told_by=None),
    update(wish_claims)
    .where(
        wish_claims.c.ended_at.is_(None),
        wish_claims.c.wish_id.in_(select(wishes.c.id).where(wishes.c.person_id == _PERSON)),
    )
    .values(ended_at=_NOW, because="withdrawn"),
    update(wishes)
    .where(wishes.c.person_id == _PERSON, wishes.c.ended_at.is_(None))
    .values(state="withdrawn", ended_at=_NOW),
    update(wishes).where(wishes.c.told_by == _PERSON).values(told_by=None),
    update(wishes).where(wishes.c.person_id == _PERSON).values(text=None, public_text=None, person_id=None),
    update(suggestions).where(suggestions.c.person_id == _PERSON).values(text=None, person_id=None),
    update(call_list)
    .where(call_list.c.person_id == _PERSON, call_list.c.gone_at.is_(None), call_list.c.result.is_(None))
    .values(gone_at=_NOW),
    update(numbers_table)
    .where(numbers_table.c.person_id == _PERSON, numbers_table.c.state.in_(queue_numbers.IN_LINE))
    .values(state="given_up", changed_at=_NOW),
    delete(sessions).where(sessions.c.person_id == _PERSON),
    delete(files).where(files.c.person_id == _PERSON, files.c.expires_at.is_not(None)),
    update(consents_table)
    .where(consents_table.c.person_id == _PERSON, consents_table.c.withdrawn_at.is_(None))
    .values(withdrawn_at=_NOW),
    update(outbox_table)
    .where(outbox_table.c.person_id == _PERSON, outbox_table.c.ended_at.is_(None), outbox_table.c.state != "sending")
    .values(state="superseded", because="person anonymised", ended_at=_NOW),
    update(outbox_table)
    .where(outbox_table.c.person_id == _PERSON, outbox_table.c.ended_at.is_not(None))
    .values(reply=b""),
)
_IN_WECHAT = (  # answers kept for repeats, and news that a template only announced
    *(delete(table).where(table.c.user == bindparam("who")) for table in (wechat_answers, wechat_late, wechat_notices)),
    update(wechat_followers).where(wechat_followers.c.user == bindparam("who")).values(rest=None),
)
_OF_ACCOUNT = (
    update(outbox_table)
    .where(outbox_table.c.account_id == _ACCOUNT, outbox_table.c.ended_at.is_not(None))
    .values(reply=b""),
    delete(attachments).where(attachments.c.account_id == _ACCOUNT),
    update(accounts_table).where(accounts_table.c.id == _ACCOUNT).values(person_id=None),
)


def loss(tx: Transaction, person_id: int, now: datetime) -> Loss:
    """What erasing the person would end."""
    own = [need for need in needs.of_person(tx, person_id, at_most=_ALL) if need.person_id == person_id]
    return Loss(
        places=len(_places_ahead(tx, person_id, now)),
        open_needs=sum(need.is_open for need in own),
        acts_for=len(tx.execute(_ACTS_FOR, {"person": person_id}).all()),
        roles=len(_standing_grants(tx, person_id, now)),
    )


def erase(tx: Transaction, person_id: int, actor: Actor, now: datetime, because: Because) -> Erased:
    """Forget the person, and those they brought along without an account. Doing it twice is harmless.

    The rows of attendances and of past sign-ups stay, so that every figure stays as it was; needs keep their dates,
    category and outcome, without words. Raises `LastDistrictAccount`; then nothing was erased.
    """
    erased = Erased()
    person = people.find(tx, person_id)
    if person is None:
        return erased
    for brought in _brought_along(tx, person.id, person.phone):
        _erase(tx, brought, actor, now, because, erased)
    _erase(tx, person.id, actor, now, because, erased)
    return erased


def forget_health(tx: Transaction, person_id: int, actor: Actor, now: datetime) -> list[Need]:
    """Drop what the person wrote about seeing doctors; returns the needs that were still open (care.md K6)."""
    tx.lock(f"person {person_id}")
    audit.note(tx, actor, "person.forget_health", f"person {person_id}", now)
    return _forget_needs(
        tx, person_id, actor, now, of_kind=lambda need: need_categories.get(tx, need.category).is_health
    )


def replay(tx: Transaction, uids: Sequence[str], now: datetime) -> list[Erased]:
    """After an older state came back: erase again whoever was erased since (care.md P10). One for each person.

    `uids` are the random names that say nothing of anybody; `backup.erased_in` reads them.
    """
    again = []
    for uid in uids:
        row = tx.execute(_BY_UID, {"of_uid": uid}).first()
        if row is not None and row.state != "anonymised":
            erased = Erased()
            _erase(tx, row.id, Actor(), now, "restored from a backup", erased)
            again.append(erased)
    return again


def _erase(tx: Transaction, person_id: int, actor: Actor, now: datetime, because: Because, erased: Erased) -> None:
    chats = accounts.hold_chats(tx, person_id)  # or an answer that is on its way would be kept after all
    tx.lock(f"person {person_id}")
    for grant_id in _standing_grants(tx, person_id, now):
        grants.revoke(tx, grant_id, actor, now)
    for event_id in _places_ahead(tx, person_id, now):
        erased.promotions += sign_ups.cancel(tx, event_id, person_id, actor, now)
    erased.withdrawn += _forget_needs(tx, person_id, actor, now)
    owned = [need for (need,) in tx.execute(_OWNED, {"person": person_id})]
    _give_up_claims(tx, person_id, now)
    for statement in _IN_TURN:
        tx.execute(statement, {"person": person_id, "now": now})
    erased.without_owner += [need for need in (needs.get(tx, number) for number in owned) if need.is_open]
    for account in chats:
        _forget_chat(tx, account)
    for row in (person_id, *_merged_into(tx, person_id)):
        tx.execute(_CLEAR, {"person": row})
        tx.execute(_DROP_KEYS, {"person": row})
    tx.execute(_ANONYMISED, {"person": person_id})
    audit.note(tx, actor, "person.erase", f"person {person_id}", now, after={"due": now.date()}, reason=because)


def _forget_chat(tx: Transaction, account: Account) -> None:
    conversations.forget(tx, account.id)
    inbox.forget_account(tx, account.id)
    for statement in _OF_ACCOUNT:
        tx.execute(statement, {"account": account.id})
    if account.channel == "wechat":
        for kept in _IN_WECHAT:
            tx.execute(kept, {"who": account.user})


def _forget_needs(
    tx: Transaction, person_id: int, actor: Actor, now: datetime, of_kind: Callable[[Need], bool] = lambda _: True
) -> list[Need]:
    """Drop the words of the person's needs; returns those that were still open, and are withdrawn by it."""
    withdrawn = []
    for need in needs.of_person(tx, person_id, at_most=_ALL):
        if need.person_id != person_id or not of_kind(need):
            continue
        need = needs.held(tx, need)
        if need.is_open:
            withdrawn.append(needs.withdraw(tx, need, actor, now))
        tx.execute(_NEED_WORDS, {"need": need.id})
        tx.execute(_SENT_FOR, {"of": need.subject})
        need_entries.erase(tx, need.id)
    return withdrawn


def _give_up_claims(tx: Transaction, person_id: int, now: datetime) -> None:
    """Wishes the person had taken on are open to others again."""
    claimed = [wish for (wish,) in tx.execute(_CLAIMED, {"person": person_id})]
    tx.execute(_END_OWN_CLAIMS, {"person": person_id, "now": now})
    for wish in claimed:
        if tx.execute(_STILL_CLAIMED, {"wish": wish}).first() is None:
            tx.execute(_OPEN_AGAIN, {"wish": wish})


def _places_ahead(tx: Transaction, person_id: int, now: datetime) -> list[int]:
    """Events that have not begun; a place at one that has is a fact already."""
    mine = [entry.event_id for entry in sign_ups.of_person(tx, person_id, now)]
    return [event_id for event_id in mine if events.get(tx, event_id).starts_at > now]


def _standing_grants(tx: Transaction, person_id: int, now: datetime) -> list[int]:
    """Roles of the person, and those their accounts were given before."""
    ids = [account.id for account in accounts.of_person(tx, person_id)]
    return [grant for (grant,) in tx.execute(_GRANTS, {"person": person_id, "ids": ids, "now": now})]


def _merged_into(tx: Transaction, person_id: int) -> list[int]:
    """Rows of the same human being that were merged into this one, and into those."""
    found = [row for (row,) in tx.execute(_MERGED, {"person": person_id})]
    return found + [deeper for row in found for deeper in _merged_into(tx, row)]


def _brought_along(tx: Transaction, person_id: int, phone: str | None) -> list[int]:
    """Companions noted by name on the person's phone. Whom staff registered has a phone, or none, of their own."""
    brought = []
    for (row,) in tx.execute(_BROUGHT_ALONG, {"person": person_id}).all():
        companion = people.get(tx, row)
        if phone and companion.phone == phone and not accounts.of_person(tx, row):
            brought.append(row)
    return brought

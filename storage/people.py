"""Persons: one row per human being, with what is personal sealed, and found again by keyed hashes."""

import json
import secrets
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime
from typing import Any, Literal

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from storage import person_keys
from storage.database import Transaction
from storage.refusals import AlreadyRegistered, NotFound, ThirdOnOnePhone
from storage.schema.people import people as table
from storage.schema.people import person_keys as keys_table
from storage.vault import Unreadable

Member = Literal["yes", "no", "undeclared"]
MOST_ON_ONE_PHONE = 2  # a third is looked at by staff


@dataclass(slots=True)
class Party:
    """What a person stated of the Party, sealed as a whole (care.md: treated as sensitive)."""

    member: Member = "undeclared"
    home_branch: str = ""
    member_type: str | None = None  # decided by staff, never by the program


@dataclass(slots=True, kw_only=True)
class Facts:
    """What is stated of a person. Changing a value here is changing it in the row."""

    name: str
    phone: str | None = None
    party: Party = field(default_factory=Party)
    residence: str | None = None  # seasonal, local
    origin: str | None = None
    arrives_on: date | None = None
    leaves_on: date | None = None
    community_code: str | None = None
    estate: str | None = None
    point_id: int | None = None
    salutation: str | None = None
    birth_year: int | None = None
    interests: tuple[str, ...] | None = None  # codes of need categories; None is not stated
    host_branch_id: int | None = None
    party_group: str | None = None
    verification: str = "self_reported"
    shows_membership: bool = False
    messages: str = "all"  # all, point, own, none
    added_by: int | None = None
    is_sample: bool = False


@dataclass(slots=True, kw_only=True)
class Person(Facts):
    id: int
    uid: str
    state: str  # active, merged, anonymised
    merged_into: int | None = None
    as_read: Facts | None = field(default=None, repr=False, compare=False)


_PLAIN = (
    "residence origin arrives_on leaves_on community_code estate point_id salutation birth_year host_branch_id "
    "party_group verification shows_membership messages added_by is_sample"
).split()
_FACTS = tuple(each.name for each in fields(Facts))
_KEPT = (*_PLAIN, "id", "uid", "state", "merged_into")
_COLUMNS = (table.c.name, table.c.phone, table.c.party, table.c.interests, *(table.c[name] for name in _KEPT))
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_WITH_KEY = (
    select(*_COLUMNS)
    .join(keys_table, keys_table.c.person_id == table.c.id)
    .where(keys_table.c.key == bindparam("search_key"), table.c.state == "active")
    .order_by(keys_table.c.person_id)
    .limit(bindparam("at_most"))
)
_SAME = (
    select(table.c.id)
    .where(table.c.person_key == bindparam("same_key"), table.c.state.in_(["active", "merged"]))
    .order_by(table.c.state, table.c.id)  # the active one first
    .limit(1)
)
_ADD = insert(table).returning(table.c.id)
_CHANGE = update(table).where(table.c.id == bindparam("person"))
_ADD_KEY = insert(keys_table)
_NAMED = (
    select(table.c.id, table.c.uid, table.c.name, table.c.phone, table.c.person_key)
    .where(table.c.id > bindparam("after"), table.c.name.is_not(None))
    .order_by(table.c.id)
    .limit(bindparam("at_most"))
)
_NEWEST = (
    select(table.c.uid, table.c.name, table.c.phone)
    .where(table.c.name.is_not(None))
    .order_by(table.c.id.desc())
    .limit(bindparam("at_most"))
)
_KNOWN_BY = update(table).where(table.c.id == bindparam("person")).values(person_key=bindparam("new_key"))
_KEYS_OF = select(keys_table.c.key).where(keys_table.c.person_id == bindparam("person"))
_DROP_KEYS = delete(keys_table).where(keys_table.c.person_id == bindparam("person"))


def find(tx: Transaction, person_id: int | None) -> Person | None:
    """The person, following a merge; None when there is none, or no longer."""
    row = None if person_id is None else tx.execute(_GET, {"id": person_id}).first()
    if row is None or row.state == "anonymised":
        return None
    if row.state == "merged":
        return find(tx, row.merged_into)
    return _person(tx, row)


def get(tx: Transaction, person_id: int) -> Person:
    """Raises `NotFound`."""
    person = find(tx, person_id)
    if person is None:
        raise NotFound("人")
    return person


def add(tx: Transaction, facts: Facts, now: datetime, *, checked_by_staff: bool = False) -> int:
    """Keep a new person. Raises `AlreadyRegistered`, and `ThirdOnOnePhone` unless staff looked at it (domain 4.2.2)."""
    if facts.phone:
        hold_phone(tx, facts.phone)
        if same(tx, facts.phone, facts.name) is not None:
            raise AlreadyRegistered(facts.name)
    if facts.phone and not checked_by_staff and len(with_phone(tx, facts.phone)) >= MOST_ON_ONE_PHONE:
        raise ThirdOnOnePhone
    uid = secrets.token_hex(12)
    row = _plain(facts) | _sealed(tx, uid, facts)
    person_id = int(tx.execute(_ADD, {**row, "uid": uid, "state": "active", "created_at": now}).scalar_one())
    _index(tx, person_id, facts)
    return person_id


def change(tx: Transaction, person: Person, now: datetime) -> None:
    """Keep what is different in `person` since it was read, beside what somebody else kept of them meanwhile.

    Whoever calls it notes in the audit log what was changed by staff.
    """
    tx.lock(f"person {person.id}")
    standing = _person(tx, tx.execute(_GET, {"id": person.id}).one())
    for name in _FACTS:
        value = getattr(person, name)
        if person.as_read is None or value != getattr(person.as_read, name):
            setattr(standing, name, value)
    row = _plain(standing) | _sealed(tx, standing.uid, standing)
    tx.execute(_CHANGE.values(**row, last_contact_at=now), {"person": person.id})
    tx.execute(_DROP_KEYS, {"person": person.id})
    _index(tx, person.id, standing)
    person.as_read = _facts_of(person)


def hold_phone(tx: Transaction, phone: str) -> None:
    """Nobody else is registered under it until this ends."""
    # One noun for many phones: with one for each a long list would need more locks than the server has.
    tx.lock(f"phones {tx.vault.person_keys('phone', phone)[0][0]}")


def must_be_the_only_one(tx: Transaction, before: Person, after: Person) -> None:
    """Phone and name are the identity, and a third person on one phone is looked at by staff (domain 4.2.2).

    Raises `AlreadyRegistered` or `ThirdOnOnePhone`.
    """
    if (before.name, before.phone) == (after.name, after.phone) or not after.phone:
        return
    hold_phone(tx, after.phone)
    other = same(tx, after.phone, after.name)
    if other is not None and other.id != after.id:
        raise AlreadyRegistered(after.name)
    sharing = [each for each in with_phone(tx, after.phone) if each.id != after.id]
    if before.phone != after.phone and len(sharing) >= MOST_ON_ONE_PHONE:
        raise ThirdOnOnePhone


def same(tx: Transaction, phone: str, name: str) -> Person | None:
    """The person with this phone and this name: the identity of domain 4.2.2. Follows a merge."""
    for key in _identities(tx, phone, name):
        if (found := tx.execute(_SAME, {"same_key": key}).scalar()) is not None:
            return find(tx, found)
    return None


def with_phone(tx: Transaction, phone: str) -> list[Person]:
    return _by_key(tx, "phone", phone) if phone else []


def search(tx: Transaction, text: str, at_most: int = 20) -> list[Person]:
    """Who is meant by a name or part of one, pinyin or its initials, a phone or its last four digits."""
    for kind, word in person_keys.read(text):
        if found := _by_key(tx, kind, word, at_most):
            return found
    return []


def add_by_staff(tx: Transaction, name: str, phone: str | None, staff_id: int, now: datetime) -> int:
    """Someone without an account, noted down by staff (domain 4.2.2)."""
    known = same(tx, phone, name) if phone else None
    if known is not None:
        return known.id
    return add(tx, Facts(name=name, phone=phone, added_by=staff_id), now, checked_by_staff=True)


def add_companion(tx: Transaction, name: str, of: Person, now: datetime) -> int:
    """A spouse or friend who comes along: the name alone, on the phone of who brings them."""
    facts = Facts(name=name, phone=of.phone, residence=of.residence, community_code=of.community_code)
    facts.point_id, facts.added_by, facts.is_sample = of.point_id, of.id, of.is_sample
    return add(tx, facts, now)


def is_in_town(person: Facts, day: date) -> bool:
    """Derived from the dates of the stay. Who lives here all year always is."""
    if person.residence != "seasonal":
        return True
    return (person.arrives_on is None or person.arrives_on <= day) and (
        person.leaves_on is None or day <= person.leaves_on
    )


def is_seasonal_member(person: Facts) -> bool:
    return person.residence == "seasonal" and person.party.member == "yes"


def opened(tx: Transaction, uid: str, name: bytes, phone: bytes | None) -> tuple[str, str | None]:
    """Name and phone as a list has read them, sealed, from the row of a person who is not anonymised."""
    plain = tx.vault.open(name, f"people.name|{uid}")
    return plain, None if phone is None else tx.vault.open(phone, f"people.phone|{uid}")


def party_of(tx: Transaction, uid: str, party: bytes | None) -> Party:
    if party is None:
        return Party()
    return msgspec.json.decode(tx.vault.open(party, f"people.party|{uid}"), type=Party)


def can_be_opened(tx: Transaction) -> bool:
    """Whether this key opens any of the people added last; also when there are none."""
    rows = tx.execute(_NEWEST, {"at_most": 5}).all()
    for row in rows:
        try:
            opened(tx, row.uid, row.name, row.phone)
        except Unreadable:
            continue
        return True
    return not rows


def hash_anew(tx: Transaction, after: int, at_most: int) -> tuple[int | None, int, int]:
    """Let the next people be found by the current key: the last one's number (None: that was all), how many had been
    kept by another key, and how many cannot be opened and stay as they are.
    """
    rows = tx.execute(_NAMED, {"after": after, "at_most": at_most}).all()
    changed = unread = 0
    for row in rows:
        try:
            name, phone = opened(tx, row.uid, row.name, row.phone)
        except Unreadable:
            unread += 1
            continue
        facts = Facts(name=name, phone=phone)
        person_key = _identities(tx, phone, name)[0] if phone else None
        wanted = _search_keys(tx, facts)
        if row.person_key == person_key and wanted == {key for (key,) in tx.execute(_KEYS_OF, {"person": row.id})}:
            continue
        tx.execute(_KNOWN_BY, {"person": row.id, "new_key": person_key})
        tx.execute(_DROP_KEYS, {"person": row.id})
        _index(tx, row.id, facts)
        changed += 1
    return (rows[-1].id if len(rows) == at_most else None), changed, unread


def _person(tx: Transaction, row: Any) -> Person:
    values = {name: getattr(row, name) for name in _KEPT}
    name, phone = opened(tx, row.uid, row.name, row.phone)
    interests = None if row.interests is None else tuple(json.loads(row.interests))
    person = Person(name=name, phone=phone, party=party_of(tx, row.uid, row.party), interests=interests, **values)
    person.as_read = _facts_of(person)
    return person


def _facts_of(person: Person) -> Facts:
    return Facts(**{name: getattr(person, name) for name in _FACTS} | {"party": replace(person.party)})


def _plain(facts: Facts) -> dict[str, Any]:
    interests = None if facts.interests is None else json.dumps(facts.interests)
    return {name: getattr(facts, name) for name in _PLAIN} | {"interests": interests}


def _sealed(tx: Transaction, uid: str, facts: Facts) -> dict[str, Any]:
    party = msgspec.json.encode(facts.party).decode()
    return {
        "name": tx.vault.seal(facts.name, f"people.name|{uid}"),
        "phone": tx.vault.seal(facts.phone, f"people.phone|{uid}") if facts.phone else None,
        "party": tx.vault.seal(party, f"people.party|{uid}"),
        "person_key": _identities(tx, facts.phone, facts.name)[0] if facts.phone else None,
    }


def _identities(tx: Transaction, phone: str, name: str) -> tuple[bytes, ...]:
    return tx.vault.person_keys("person", f"{phone}|{name}")


def _index(tx: Transaction, person_id: int, facts: Facts) -> None:
    tx.execute(_ADD_KEY, [{"key": key, "person_id": person_id} for key in sorted(_search_keys(tx, facts))])


def _search_keys(tx: Transaction, facts: Facts) -> set[bytes]:
    return {tx.vault.person_keys(kind, word)[0] for kind, word in person_keys.of(facts.name, facts.phone)}


def _by_key(tx: Transaction, kind: str, word: str, at_most: int = 20) -> list[Person]:
    rows: dict[int, Any] = {}
    for key in tx.vault.person_keys(kind, word):
        rows |= {row.id: row for row in tx.execute(_WITH_KEY, {"search_key": key, "at_most": at_most}).all()}
    return [_person(tx, row) for _, row in sorted(rows.items())[:at_most]]

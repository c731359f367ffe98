"""What staff write down of residents: someone without a phone of their own, and what was wrong (domain 4.2.2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage import audit, people
from storage.audit import Actor
from storage.database import Transaction
from storage.people import Facts
from storage.refusals import AlreadyRegistered, NotFound

CORRECTABLE = tuple(
    "name phone residence origin arrives_on leaves_on community_code estate point_id salutation birth_year".split()
)
"""What staff may correct; the membership is the member's own word, or verified."""


def by_staff(tx: Transaction, facts: Facts, actor: Actor, now: datetime) -> int:
    """Someone who agreed on the spot. Raises `AlreadyRegistered` for a name and phone that are known."""
    facts.added_by = actor.person_id
    person_id = people.add(tx, facts, now, checked_by_staff=True)
    audit.note(tx, actor, "person.register", f"person {person_id}", now)
    return person_id


def correct(
    tx: Transaction, person_id: int, values: Mapping[str, Any], actor: Actor, now: datetime, reason: str
) -> list[str]:
    """Keep `values` of the names in `CORRECTABLE`; returns those that changed, which is what the log says as well.

    Raises `NotFound`, and `AlreadyRegistered` when another person has this name and phone: then the two are merged.
    """
    person = people.get(tx, person_id)
    before = replace(person)
    changed = [name for name in CORRECTABLE if name in values and getattr(person, name) != values[name]]
    if not changed:
        return []
    for name in changed:
        setattr(person, name, values[name])
    if person.residence == "local":
        person.arrives_on = person.leaves_on = None
    if (before.name, before.phone) != (person.name, person.phone) and person.phone:
        people.hold_phone(tx, person.phone)
        other = people.same(tx, person.phone, person.name)
        if other is not None and other.id != person.id:
            raise AlreadyRegistered(person.name)
    people.change(tx, person, now)
    audit.note(tx, actor, "person.correct", f"person {person.id}", now, after={"changed": changed}, reason=reason)
    return changed


def reached(
    tx: Transaction, person_id: int, point_ids: frozenset[int] | None, branch_ids: frozenset[int] | None
) -> people.Person:
    """The person, when of one of these points or branches; None is everyone. Raises `NotFound`."""
    person = people.get(tx, person_id)
    if point_ids is None or branch_ids is None:
        return person
    if person.point_id in point_ids or person.host_branch_id in branch_ids:
        return person
    raise NotFound("人")

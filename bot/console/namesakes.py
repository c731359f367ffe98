"""Whom a helper means by a name and, if given, a phone or its end: namesakes are told apart, newcomers added."""

from datetime import datetime

from storage import communities, people
from storage.database import Transaction
from storage.masks import mask_name, mask_phone
from storage.people import Person

_MOST_SHOWN = 8


def meant(
    tx: Transaction, name: str, phone: str, by_person: int, now: datetime
) -> tuple[int | None, list[tuple[int, str]]]:
    """The person, registered by staff now when nobody is called so; or, of several, none and whom to choose from."""
    digits = phone.replace(" ", "")
    known = [one for one in people.search(tx, name) if one.name == name and (one.phone or "").endswith(digits)]
    if len(known) > 1:
        places = communities.names(tx)
        return None, [(one.id, _told_apart(one, places)) for one in known[:_MOST_SHOWN]]
    if known:
        return known[0].id, []
    full = digits if len(digits) == 11 and digits.isdecimal() else None
    return people.add_by_staff(tx, name, full, by_person, now), []


def _told_apart(person: Person, places: dict[str, str]) -> str:
    parts = mask_name(person.name), mask_phone(person.phone or ""), places.get(person.community_code or "", "")
    return "　".join(part for part in parts if part)

"""Registering someone without a phone, and correcting what is kept of a person: always with who did it and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from starlette.responses import Response

from bot.console import texts
from bot.console.access import POINT_KEEPERS, READERS_OF_PEOPLE
from bot.console.people import reaches
from bot.console.visit import Visit
from dialogue.questions import Invalid, Name, Phone
from storage import communities, people, points, registering, residents
from storage.conversations import Said
from storage.database import Transaction
from storage.people import Facts, Person
from storage.refusals import AlreadyRegistered, NotFound
from storage.scrub import scrub
from storage.times import local_date

_OLDEST = 1900
_RESIDENCES = {"seasonal": "候鸟", "local": "常住"}
_FIELDS = {"name": 20, "phone": 24, "residence": 10, "origin": 40, "arrives_on": 10, "leaves_on": 10}
_FIELDS |= {"community_code": 12, "estate": 60, "point_id": 12, "salutation": 16, "birth_year": 4}


@dataclass(slots=True)
class Filled:
    """What was filled in. `wrong` says what cannot be used."""

    given: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


async def blank(visit: Visit) -> Response:
    given = dict.fromkeys(_FIELDS, "")
    own = visit.staff.points(*POINT_KEEPERS)
    if own is not None and len(own) == 1:
        given["point_id"] = str(next(iter(own)))
    return visit.page("person_form.html", **await _choices(visit, own_points=True), person=None, given=given, wrong=[])


async def register(visit: Visit) -> Response:
    """Only with the person's own yes, on the spot (care.md P1)."""
    filled = await visit.read(_read, visit)
    if visit.text("agreed", 3) != "yes":
        filled.wrong.append("要本人在场、同意了才能登记。")
    if not filled.given["name"]:
        filled.wrong.append("没有写姓名。")
    if filled.values.get("residence") is None:
        filled.wrong.append("请选候鸟还是常住。")
    if filled.values.get("community_code") is None:
        filled.wrong.append("请选社区。")
    own = visit.staff.points(*POINT_KEEPERS)
    if own is not None and filled.values.get("point_id") not in own:
        filled.wrong.append("请选您管的服务点。")
    if filled.wrong:
        return await _once_more(visit, 422, filled)

    def work(tx: Transaction) -> int:
        actor = visit.staff.actor(visit.staff.first_of(POINT_KEEPERS))
        return registering.by_staff(tx, Facts(**filled.values), actor, visit.now)

    try:
        person_id = await visit.write(work)
    except AlreadyRegistered as known:
        filled.wrong.append(f"{known.name}用这个电话登记过了，到名册里找一找。")
        return await _once_more(visit, 409, filled)
    return visit.goes_to(f"/console/people/{person_id}?said=登记好了。报名、签到都能找到了。")


async def correct_form(visit: Visit) -> Response:
    person = await visit.read(_reached, visit)
    parts = {"person": await visit.read(residents.masked, person.id), "given": _given(person), "wrong": []}
    return visit.page("person_form.html", **await _choices(visit, own_points=False), **parts)


async def correct(visit: Visit) -> Response:
    """Name and phone stay masked: what is left empty there is not changed."""
    person = await visit.read(_reached, visit)
    filled, reason = await visit.read(_read, visit), visit.text("reason", 100)
    if len(reason) < 2:
        filled.wrong.append("要写明为什么改，比如：本人打电话来改的。")
    if filled.wrong:
        return await _once_more(visit, 422, filled, person)

    def work(tx: Transaction) -> list[str]:
        _reached(tx, visit)
        actor = visit.staff.actor(visit.staff.first_of(READERS_OF_PEOPLE))
        return registering.correct(tx, person.id, filled.values, actor, visit.now, reason)

    try:
        changed = await visit.write(work)
    except AlreadyRegistered as known:
        filled.wrong.append(f"{known.name}用这个电话登记过另一份。是同一个人的话，请区里把两份合并。")
        return await _once_more(visit, 409, filled, person)
    return visit.goes_to(f"/console/people/{person.id}?said={'改好了。' if changed else '没有什么要改的。'}")


async def _once_more(visit: Visit, status: int, filled: Filled, person: Person | None = None) -> Response:
    """The form as it was filled in, with what is wrong about it; of `person` when somebody is corrected."""
    shown = None if person is None else await visit.read(residents.masked, person.id)
    choices = await _choices(visit, own_points=person is None)
    return visit.page("person_form.html", status, **choices, person=shown, given=filled.given, wrong=filled.wrong)


def _reached(tx: Transaction, visit: Visit) -> Person:
    person = people.get(tx, visit.path_number())
    if not reaches(visit.staff, person):
        raise NotFound("人")
    return person


def _read(tx: Transaction, visit: Visit) -> Filled:
    given = {name: visit.text(name, at_most) for name, at_most in _FIELDS.items()}
    filled = Filled(given)
    if any(scrub(text)[1] for text in (*given.values(), visit.text("reason", 100))):
        filled.wrong.append(texts.NEVER_KEPT)
        filled.given = dict.fromkeys(_FIELDS, "")
        return filled
    for name, kind in (("name", Name()), ("phone", Phone(landline=True))):
        if given[name]:
            try:
                filled.values[name] = kind.parse(Said(given[name], visit.now))
            except Invalid as problem:
                filled.wrong.append(str(problem))
    filled.values["residence"] = given["residence"] if given["residence"] in _RESIDENCES else None
    filled.values["community_code"] = given["community_code"] or None
    filled.values["point_id"] = int(given["point_id"]) if given["point_id"].isdecimal() else None
    if given["community_code"] and communities.get(tx, given["community_code"]) is None:
        filled.wrong.append("没有这个社区。")
    if filled.values["point_id"] is not None:
        points.get(tx, filled.values["point_id"])  # raises NotFound
    for name in ("origin", "estate", "salutation"):
        filled.values[name] = given[name] or None
    for name, label in (("arrives_on", "来琼日期"), ("leaves_on", "离琼日期")):
        filled.values[name] = _day(given[name], label, filled.wrong)
    arrives, leaves = filled.values["arrives_on"], filled.values["leaves_on"]
    if arrives and leaves and leaves < arrives:
        filled.wrong.append("离琼日期早于来琼日期。")
    year = given["birth_year"]
    fits = year.isdecimal() and _OLDEST <= int(year) <= local_date(visit.now).year
    if year and not fits:
        filled.wrong.append("出生年份写四位数，比如：1955。")
    filled.values["birth_year"] = int(year) if year and fits else None
    return filled


def _day(text: str, label: str, wrong: list[str]) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        wrong.append(f"{label}没看懂，比如：2026-10-20。")
        return None


def _given(person: Person) -> dict[str, str]:
    shown = {name: str(getattr(person, name) or "") for name in _FIELDS}
    return shown | {"name": "", "phone": ""}


async def _choices(visit: Visit, *, own_points: bool) -> dict[str, Any]:
    """New people belong to a point of one's own; who is registered may have any."""

    def look(tx: Transaction) -> dict[str, Any]:
        own = visit.staff.points(*POINT_KEEPERS) if own_points else None
        places = [point for point in points.active(tx) if own is None or point.id in own]
        return {"communities": communities.names(tx), "points": places, "residences": _RESIDENCES}

    return await visit.read(look)

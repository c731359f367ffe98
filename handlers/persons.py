"""Which person staff mean: by name, phone or its last digits, asked until it is one."""

from collections.abc import Callable, Mapping

from dialogue.message import Choice
from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from storage import communities, grants, people
from storage.grants import Grant
from storage.masks import mask_phone
from storage.people import Person

_OTHER = "other"


Among = Callable[[Person], bool]


def _anyone(_person: Person) -> bool:
    return True


async def pick(
    talk: Talk, key: str, prompt: str, known: Mapping[int, str] | None = None, among: Among = _anyone
) -> Person:
    """`known` are offered first: person -> what to call them. Nobody is found who is not `among` those to be found."""
    if known:
        options = {str(person_id): called for person_id, called in known.items()} | {_OTHER: "别的人"}
        chosen = await talk.ask(key, prompt, OneOf(options))
        if chosen != _OTHER:
            return people.get(talk.tx, int(chosen))
        key, prompt = f"{key}: name", "说姓名，或者手机号后四位。"
    return await _found(talk, key, prompt, among)


async def pick_or_none(talk: Talk, key: str, prompt: str, none: str) -> Person | None:
    """The same, where nobody is an answer too, by the label `none`."""
    words = await talk.ask(key, prompt, Text(at_most=20, choices=(Choice("none", none),)))
    if talk.answers[key].picked == ["none"] or words in ("none", none):
        return None
    return await _meant(talk, key, words, _anyone)


async def _found(talk: Talk, key: str, prompt: str, among: Among) -> Person:
    return await _meant(talk, key, await talk.ask(key, prompt, Text(at_most=20)), among)


async def _meant(talk: Talk, key: str, words: str, among: Among) -> Person:
    found = [person for person in people.search(talk.tx, words) if among(person)]
    if not found:
        talk.again(key, f"没找到“{words}”。请换个说法：姓名，或者手机号后四位。")
    if len(found) == 1:
        return found[0]
    options = {str(person.id): _label(talk, person) for person in found}
    chosen = await talk.ask(f"{key}: which", "是哪一位？", OneOf(options))
    return people.get(talk.tx, int(chosen))


def _label(talk: Talk, person: Person) -> str:
    community = communities.get(talk.tx, person.community_code) if person.community_code else None
    parts = (person.name, community.display_name if community else "", mask_phone(person.phone or ""))
    return "　".join(part for part in parts if part)


def within_reach(talk: Talk) -> Among:
    """Whom this person's roles let them see: a lead those of the own point, a secretary the own branch (domain 3)."""
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    return lambda person: any(_covers(grant, person) for grant in held)


def _covers(grant: Grant, person: Person) -> bool:
    match grant.role:
        case "district_staff":
            return True
        case "point_lead":
            return grant.point_id is not None and grant.point_id == person.point_id
        case "branch_secretary":
            return grant.organisation_id is not None and grant.organisation_id == person.host_branch_id
    return False

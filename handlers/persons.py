"""Which person staff mean: by name, phone or its last digits, asked until it is one."""

from dialogue.message import Choice
from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from storage import communities, people
from storage.masks import mask_phone
from storage.people import Person

_OTHER = "other"


async def pick(talk: Talk, key: str, prompt: str, known: dict[int, str] | None = None) -> Person:
    """`known` are offered first: person -> what to call them."""
    if known:
        options = {str(person_id): called for person_id, called in known.items()} | {_OTHER: "别的人"}
        chosen = await talk.ask(key, prompt, OneOf(options))
        if chosen != _OTHER:
            return people.get(talk.tx, int(chosen))
        key, prompt = f"{key}: name", "说姓名，或者手机号后四位。"
    return await _found(talk, key, prompt)


async def pick_or_none(talk: Talk, key: str, prompt: str, none: str) -> Person | None:
    """The same, where nobody is an answer too, by the label `none`."""
    words = await talk.ask(key, prompt, Text(at_most=20, choices=(Choice("none", none),)))
    if talk.answers[key].picked == ["none"] or words in ("none", none):
        return None
    return await _meant(talk, key, words)


async def _found(talk: Talk, key: str, prompt: str) -> Person:
    return await _meant(talk, key, await talk.ask(key, prompt, Text(at_most=20)))


async def _meant(talk: Talk, key: str, words: str) -> Person:
    found = people.search(talk.tx, words)
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

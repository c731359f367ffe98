"""代记难处: staff write down what is said by phone or at the counter, so that nobody needs a chat (care.md C18)."""

from dialogue.message import Choice
from dialogue.questions import OneOf, Text, YesNo
from dialogue.talk import Talk
from handlers import consent_texts, need_notices, need_words, persons
from storage import audit, communities, grants, need_categories, needs
from storage.audit import Actor
from storage.needs import Told
from storage.people import Person

_CHANNELS = {"phone": "打电话说的", "counter": "到窗口说的"}


async def write_down(talk: Talk) -> None:
    """“代记难处”: whose it is, how it was told, what it is."""
    actor = Actor(talk.person_id, _role(talk), talk.account.channel)
    person = await persons.pick(
        talk, "person", "是谁的难处？说姓名，或者手机号后四位。", among=persons.within_reach(talk)
    )
    channel = await talk.ask("channel", "怎么说的？", OneOf(_CHANNELS))
    text = await talk.ask("what", "什么事？照本人的话记。", Text(at_most=1000, at_least=4))
    category = need_categories.guess(talk.tx, text)
    if category is None:
        offered = {each.code: each.label for each in need_categories.listed(talk.tx)}
        category = need_categories.get(talk.tx, await talk.ask("category", "哪方面的事？", OneOf(offered)))
    if category.is_health:
        agreed = f"请念给本人听：{consent_texts.HEALTH.text}本人同意吗？"
        if not await talk.ask("health", agreed, YesNo("同意", "不同意")):
            talk.say("好的，没有记。请本人打 12393 问医保的事。", Choice("代记难处", "记别的"))
            return
    told = Told(
        person_id=person.id,
        text=text,
        channel=channel,
        category=category.code,
        told_by=talk.person_id,
        community_code=_community(talk, person, text),
    )
    need = needs.tell(talk.tx, told, actor, talk.now)
    if category.is_health:
        # The yes was spoken to a colleague: it stands with the need, for the person may have no account.
        audit.note(talk.tx, actor, "need.consent", need.subject, talk.now, after={"text": consent_texts.HEALTH.hash})
    need_notices.new_work(talk.tx, need, talk.now)
    need_notices.tell(
        talk.tx, need.person_id, need, "written-down", need_words.received(talk.tx, need, False, talk.now), talk.now
    )
    talk.say(
        f"{need_words.received(talk.tx, need, False, talk.now)}\n请把号告诉{person.name}。",
        Choice("代记难处", "再记一件"),
    )


def _community(talk: Talk, person: Person, text: str) -> str | None:
    named = communities.find(talk.tx, text)
    return named[0].code if len(named) == 1 else person.community_code


def _role(talk: Talk) -> str:
    held = {grant.role for grant in grants.roles_of(talk.tx, talk.account, talk.now)}
    return "district_staff" if "district_staff" in held else "point_lead"

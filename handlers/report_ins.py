"""双报到: a member in service and their unit report in to a community in one step, for a year."""

from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from handlers.my_data import registered
from handlers.registration import ask_community
from reports.sheet import chinese_date
from storage import communities, report_ins
from storage.audit import Actor
from storage.refusals import NotAPartyMember


async def report_in(talk: Talk) -> None:
    """“双报到”, “双报到 示例区税务局”."""
    person = registered(talk)
    if person.party.member != "yes":
        raise NotAPartyMember
    talk.answered_by_opening("unit")
    unit = await talk.ask("unit", "您在哪个单位上班？写全称，比如：示例区税务局。", Text(at_most=40, at_least=2))
    own = communities.get(talk.tx, person.community_code) if person.community_code else None
    code = "" if own is None else own.code
    if own is not None:
        options = {own.code: own.display_name, "": "别的社区"}
        code = await talk.ask("where", "在哪个社区报到？", OneOf(options))
    code = code or await ask_community(talk, "哪个社区（村）？")
    community = communities.get(talk.tx, code)
    name = community.display_name if community else ""
    if not await talk.confirm(f"{unit}和您本人，在{name}报到"):
        return talk.say("好的，没有记。要报到，再回“双报到”。")
    actor = Actor(person.id, "resident", talk.account.channel)
    until = report_ins.report_in(talk.tx, person.id, unit, code, actor, talk.now)
    return talk.say(
        f"单位和您都报到了：{unit}，{name}，管到{chinese_date(until)}。"
        "以后来活动、做志愿、认领心愿，都算在里面，不用另外填表。"
    )

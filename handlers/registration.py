"""登记: consent first, then who you are, where you live and, if you wish, your Party membership (domain 4.2)."""

from dialogue import asking, texts
from dialogue.message import Choice
from dialogue.questions import Name, Named, OneOf, Phone, Text, YesNo
from dialogue.talk import Talk
from handlers import consent_texts, phones
from storage import accounts, communities, consents, people, points
from storage.people import Facts, Party
from storage.refusals import AlreadyRegistered
from storage.times import local_date

RESIDENCE = {"seasonal": "候鸟，冬天来住", "local": "常住三亚"}
MEMBER = {"yes": "愿意登记，我是党员", "no": "我不是党员", "undeclared": "不想说"}
_CORRECTABLE = {
    "name": "姓名",
    "phone": "手机号",
    "residence": "候鸟还是常住",
    "origin": "从哪里来",
    "arrives": "到三亚的日子",
    "leaves": "回去的日子",
    "community": "社区",
    "estate": "小区",
    "party": "党员身份",
    "home branch": "原来的党组织",
}
_AGREE = {"yes": "同意", "no": "不同意", "full": "看全文"}


async def register(talk: Talk) -> None:
    """At most 12 questions for a seasonal Party member, 8 for a local resident."""
    if (known := people.find(talk.tx, talk.person_id)) is not None:
        return talk.say(
            f"{known.name}，您登记过了，不用再来一遍。", Choice("我的信息", "看看、改改"), Choice("活动", "看活动")
        )
    if not await _agrees(talk):
        consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now, given=False)
        return talk.say(
            "好的，不登记，什么都没记。找服务点、看活动照样能用。",
            Choice("找服务点", "找服务点"),
            Choice("活动", "看活动"),
        )
    facts = Facts(name=await talk.ask("name", "请问怎么称呼您？比如：王建国。", Name()))
    facts.phone = await talk.ask("phone", f"{facts.name}，您的手机号是？", Phone(), wants_contact=True)
    if people.same(talk.tx, facts.phone, facts.name) is not None:
        raise AlreadyRegistered(facts.name)
    facts.residence = await talk.ask("residence", "您是来过冬的候鸟，还是常住三亚？", OneOf(RESIDENCE))
    today = local_date(talk.now)
    if facts.residence == "seasonal":
        facts.origin = await talk.ask("origin", "您从哪个省市来？比如：黑龙江哈尔滨。", Text(at_most=30))
        facts.arrives_on = await asking.day(
            talk, "arrives", "您哪天到三亚的？比如：10月20号。", past=True, rough="first"
        )
        facts.leaves_on = await asking.day_or_skip(
            talk, "leaves", "大概哪天回去？比如：4月5号。还没定就回“跳过”。", rough="last"
        )
    facts.community_code = await _community(talk)
    estate = await talk.ask("estate", "哪个小区？写小区名就行，不用写门牌号。不想说就回“跳过”。", Text(at_most=30))
    facts.estate = None if estate.strip("。") in (texts.LATER, "不想说", "没有", "无") else estate
    facts.party = await _party(talk)
    point = next(iter(points.of_community(talk.tx, facts.community_code)), None)
    facts.point_id = point.id if point else None
    await talk.confirm_or_correct(_echo(talk, facts), _CORRECTABLE)
    person_id = people.add(talk.tx, facts, talk.now)
    accounts.belongs_to(talk.tx, talk.account.id, person_id)
    talk.account.person_id = person_id
    consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now)
    if "party" in talk.answers:
        given = facts.party.member != "undeclared"
        consents.give(talk.tx, talk.account, consent_texts.PARTY, talk.now, given=given)
    where = f"您的服务点是{point.name}，电话 {point.phone}。" if point else ""
    talk.say(
        f"登记好了，{facts.name}。{where}",
        Choice("活动", "看活动、报名"),
        Choice("找服务点", "找服务点"),
        Choice("我的事", "我的事"),
    )
    return None


async def _agrees(talk: Talk) -> bool:
    answer = await talk.ask("consent", consent_texts.REGISTRATION.text, OneOf(_AGREE))
    if answer != "full":
        return answer == "yes"
    talk.say(consent_texts.FULL + f"\n电话 {phones.of_house(talk)}。")
    return await talk.ask("consent after all of it", "看完了，您同意登记吗？", YesNo("同意", "不同意"))


async def _community(talk: Talk) -> str:
    everyone = {each.code: each.display_name for each in communities.active(talk.tx)}
    said = await talk.ask("community", "您现在住哪个社区（村）？说名字就行，比如：春园社区。", Named(everyone))
    found = communities.find(talk.tx, said) if said not in everyone else []
    if len(found) == 1:
        return found[0].code
    if len(found) > 1:
        options = {each.code: each.display_name for each in found}
        return await talk.ask(f"which: {said}", "是哪一个？", OneOf(options))
    if said in everyone:
        return said
    talk.again("community", f"“{said[:20]}”我没找到。说社区名，比如：春园社区；也可以回数字从名单里挑。")


async def _party(talk: Talk) -> Party:
    member = await talk.ask("party", consent_texts.PARTY.text + "您是党员吗？", OneOf(MEMBER))
    if member != "yes":
        return Party("no" if member == "no" else "undeclared")
    home = await talk.ask(
        "home branch",
        "您的组织关系在哪个党组织？写全称，比如：哈尔滨市道里区某某社区党支部。",
        Text(at_most=60, at_least=4),
    )
    return Party("yes", home)


def _echo(talk: Talk, facts: Facts) -> str:
    community = communities.get(talk.tx, facts.community_code or "")
    parts = [
        facts.name,
        texts.spoken_phone(facts.phone or ""),
        RESIDENCE[facts.residence or "local"].partition("，")[0],
    ]
    if facts.origin:
        parts.append(f"从{facts.origin}来")
    if facts.arrives_on:
        parts.append(f"{facts.arrives_on.month}月{facts.arrives_on.day}日到")
    if facts.leaves_on:
        parts.append(f"{facts.leaves_on.month}月{facts.leaves_on.day}日回")
    parts.append((community.display_name if community else "") + (facts.estate or ""))
    if facts.party.member == "yes":
        parts.append(f"党员，{facts.party.home_branch}")
    return "，".join(parts)

"""登记: consent first, then who you are, where you live and, if you wish, your Party membership (domain 4.2)."""

import re
from dataclasses import fields
from datetime import date

from dialogue import asking, texts
from dialogue.message import Choice
from dialogue.questions import Invalid, Name, Named, OneOf, Phone, Text, YesNo
from dialogue.talk import Talk
from handlers import consent_texts, phones
from storage import accounts, communities, consents, linking, people, points
from storage.conversations import Said
from storage.people import Facts, Party, Person
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
_ALL_YEAR = re.compile("常住|常年|长年|全年|一年四季|一直|本地|当地|三亚人|海南人")
_FROM_AFAR = re.compile(
    "候鸟|过冬|猫冬|冬天|外地|北方|东北|黑龙江|哈尔滨|吉林|长春|辽宁|沈阳|大连|内蒙|北京|天津|河北|老家|来的"
)
_NO_ESTATE = frozenset(f"{texts.LATER} 不想说 没有 无 忘了 忘了名 不知道 不知道叫啥 不记得 记不清 记不清了".split())
_AGREE = {"yes": "同意", "no": "不同意", "full": "看全文"}


class Residence(OneOf):
    """Also by where somebody comes from: “哈尔滨来的”."""

    def parse(self, said: Said) -> str:
        try:
            return super().parse(said)
        except Invalid:
            if "不" in said.text:
                raise
            if _ALL_YEAR.search(said.text):
                return "local"
            if _FROM_AFAR.search(said.text):
                return "seasonal"
            raise


async def register(talk: Talk) -> None:
    """At most 12 questions for a seasonal Party member, 8 for a local resident."""
    if (known := people.find(talk.tx, talk.person_id)) is not None:
        return talk.say(
            f"{known.name}，您登记过了，不用再来一遍。", Choice("我的信息", "看看、改改"), Choice("活动", "看活动")
        )
    facts = await _name_and_phone(talk)
    if facts is None:
        return None
    known = people.same(talk.tx, facts.phone or "", facts.name)
    if known is not None and _is_vouched_for(talk):
        return _welcome_back(talk, known)
    if known is not None and not _is_unclaimed_companion(talk, known):
        raise AlreadyRegistered(facts.name)
    facts.residence = await talk.ask("residence", "您是来过冬的候鸟，还是常住三亚？", Residence(RESIDENCE))
    if facts.residence == "seasonal":
        facts.origin = await talk.ask("origin", "您从哪个省市来？比如：黑龙江哈尔滨。", Text(at_most=30))
        facts.arrives_on = await ask_arrival(talk)
        facts.leaves_on = await asking.day_or_skip(
            talk, "leaves", "大概哪天回去？比如：4月5号。还没定就回“跳过”。", rough="last"
        )
    facts.community_code = await ask_community(talk)
    estate = await talk.ask("estate", "哪个小区？写小区名就行，不用写门牌号。不想说就回“跳过”。", Text(at_most=30))
    facts.estate = None if estate.strip("。") in _NO_ESTATE else estate
    facts.party = await ask_party(talk)
    point = next(iter(points.of_community(talk.tx, facts.community_code)), None)
    facts.point_id = point.id if point else None
    await talk.confirm_or_correct(_echo(talk, facts), _CORRECTABLE)
    _keep(talk, facts, known)
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


async def ask_arrival(talk: Talk) -> date:
    """Who does not remember is noted from today on: they are here, and see the day once more before it is kept."""
    prompt = "您哪天到三亚的？比如：10月20号。记不清就回“跳过”，先按今天算。"
    day = await asking.day_or_skip(talk, "arrives", prompt, past=True, rough="first")
    return day or local_date(talk.answers["arrives"].at)


async def introduce(talk: Talk) -> int | None:
    """No more than name and phone, for who acts for a relative and need not live here. None after a no."""
    facts = await _name_and_phone(talk)
    if facts is None:
        return None
    known = people.same(talk.tx, facts.phone or "", facts.name)
    if known is not None and _is_vouched_for(talk):
        linking.join(talk.tx, talk.account, known.id, talk.now)
        return known.id
    if known is not None and not _is_unclaimed_companion(talk, known):
        raise AlreadyRegistered(facts.name)
    return _keep(talk, known or facts, known)


async def _name_and_phone(talk: Talk) -> Facts | None:
    """Consent before the first word about oneself (care.md P1); None after a no."""
    if not await _agrees(talk):
        consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now, given=False)
        talk.say(
            "好的，不登记，什么都没记。找服务点、看活动照样能用。",
            Choice("找服务点", "找服务点"),
            Choice("活动", "看活动"),
        )
        return None
    facts = Facts(name=await talk.ask("name", "请问怎么称呼您？比如：王建国。", Name()))
    facts.phone = await talk.ask("phone", f"{facts.name}，您的手机号是？", Phone(), wants_contact=True)
    return facts


def _is_vouched_for(talk: Talk) -> bool:
    """The platform says that the phone is the sender's: as good as a code."""
    return bool(talk.answers["phone"].contact)


def _is_unclaimed_companion(talk: Talk, known: Person) -> bool:
    """Somebody on the same phone wrote down the name when they came along; nobody has stated more of them yet."""
    if known.added_by is None or accounts.of_person(talk.tx, known.id):
        return False
    return any(other.id == known.added_by for other in people.with_phone(talk.tx, known.phone or ""))


def _welcome_back(talk: Talk, known: Person) -> None:
    linking.join(talk.tx, talk.account, known.id, talk.now)
    consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now)
    talk.say(
        f"认出您了，{known.name}，您登记过。这里也连上了，不用再填一遍。",
        Choice("我的信息", "看看、改改"),
        Choice("我的活动", "我的活动"),
    )


def _keep(talk: Talk, facts: Facts, known: Person | None) -> int:
    """The person behind this chat from now on: a new one, or who was only a name until now."""
    if known is None:
        person_id = people.add(talk.tx, facts, talk.now)
    else:
        for field in fields(Facts):
            if field.name not in ("added_by", "is_sample"):
                setattr(known, field.name, getattr(facts, field.name))
        people.change(talk.tx, known, talk.now)
        person_id = known.id
    linking.join(talk.tx, talk.account, person_id, talk.now)
    consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now)
    return person_id


async def _agrees(talk: Talk) -> bool:
    def words() -> str:
        return consent_texts.REGISTRATION.text.format(phone=phones.of_house(talk))

    answer = await talk.ask("consent", words, OneOf(_AGREE))
    if answer != "full":
        return answer == "yes"
    talk.say(consent_texts.FULL + f"\n电话 {phones.of_house(talk)}。")
    return await talk.ask("consent after all of it", "看完了，您同意登记吗？", YesNo("同意", "不同意"))


async def ask_community(talk: Talk, prompt: str = "您现在住哪个社区（村）？") -> str:
    everyone = communities.names(talk.tx)
    said = await talk.ask("community", f"{prompt}说名字就行，比如：春园社区。", Named(everyone))
    found = communities.find(talk.tx, said) if said not in everyone else []
    if len(found) == 1:
        return found[0].code
    if len(found) > 1:
        options = {each.code: each.display_name for each in found}
        return await talk.ask(f"which: {said}", "是哪一个？", OneOf(options))
    if said not in everyone:
        talk.again("community", f"“{said[:20]}”我没找到。说社区名，比如：春园社区；也可以回数字从名单里挑。")
    return said


async def ask_party(talk: Talk) -> Party:
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

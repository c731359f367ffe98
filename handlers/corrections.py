"""更正: one field of one's own registration, said anew, echoed and kept (care.md P7)."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import date

from dialogue import asking, texts
from dialogue.message import Choice
from dialogue.questions import Name, Number, OneOf, Phone, SeveralOf, Text, matching
from dialogue.talk import Again, Talk
from handlers import consent_texts, my_data, registration
from storage import communities, consents, need_categories, people, points
from storage.people import Party, Person
from storage.times import local_date

Ask = Callable[[Talk, Person], Awaitable[str]]
"""Asks for a field, changes it in the person, and returns how it reads now."""

_SAID = (
    "姓名 名字 手机号 手机 电话 来的日子 走的日子 社区 小区 服务点 党员身份 支部 称呼 出生年份 老家 从哪里来 关心的事 "
    "地址 住址"
)
_NUMBER = "(?:手机号码?|电话号码?|电话|号码)"
_HOMEWARDS = "走|回(?:家|老家|去|东北|北方|哈尔滨|黑龙江|吉林|辽宁|内蒙古?)"
_NEWS = {  # what happened to people, by what is to be put right for it
    "phone": rf"(?:我的?)?{_NUMBER}(?:换|变|改)了?|换(?:了个?|个)?新?{_NUMBER}了?",
    "community": "(?:我们?)?(?:搬家|换地方住|换住处|换小区)了?|(?:住址|地址)(?:换|变)了",
    "leaves": f"(?:我们?)?(?:快|马上|准备|打算)?要(?:{_HOMEWARDS})了",
}
IN_WORDS = rf"更正\s*(?P<rest>\S.*)|(?:修改|改一下|改)(?:我的)?(?:{'|'.join(_SAID.split())})|{'|'.join(_NEWS.values())}"
"""“更正手机号”, “改电话”, “换手机号了”, “我要回哈尔滨了”."""

_OLDEST = 1900
_NOTHING = "nothing"
_CHANGE = re.compile(r"^(?:修改|改一下|改)(?:我的)?")


async def correct(talk: Talk) -> None:
    """“更正”, “更正手机号”."""
    person = my_data.registered(talk)
    before = replace(person, party=replace(person.party))
    labels = {key: label for key, (label, _) in _FIELDS.items() if key != "home branch" or person.party.member == "yes"}
    opening = _CHANGE.sub("", talk.opening.text)
    happened = next((field for field, form in _NEWS.items() if re.fullmatch(form, opening)), None)
    field = happened or _CALLED.get(opening) or matching(opening, list(labels.items()))
    if field is None:
        field = await talk.ask("what", "要改哪一样？", OneOf(labels))
    label, ask = _FIELDS[field]
    said = await ask(talk, person)
    change = f"{label}改成{said}"
    if not await talk.confirm(change):
        raise Again(field, "好的，重新说。", f"confirm: {change}")
    people.must_be_the_only_one(talk.tx, before, person)
    if person.party != before.party:
        person.verification = "self_reported"  # staff saw the old one
    people.change(talk.tx, person, talk.now)
    my_data.log(talk, "correct", person.id)
    talk.say(f"改好了，{label}：{said}。", Choice("更正", "再改一样"), Choice("我的信息", "看看"))


async def _name(talk: Talk, person: Person) -> str:
    person.name = await talk.ask("name", "请问怎么称呼您？比如：王建国。", Name())
    return person.name


async def _phone(talk: Talk, person: Person) -> str:
    person.phone = await talk.ask("phone", "新的手机号是？", Phone(), wants_contact=True)
    return texts.spoken_phone(person.phone)


async def _residence(talk: Talk, person: Person) -> str:
    person.residence = await talk.ask(
        "residence", "您是来过冬的候鸟，还是常住三亚？", registration.Residence(registration.RESIDENCE)
    )
    label = registration.RESIDENCE[person.residence].partition("，")[0]
    if person.residence == "local":
        person.arrives_on = person.leaves_on = None
        return label
    said = [label]
    if not person.origin:
        said.append(f"从{await _origin(talk, person)}来")
    said.append(f"{await _arrives(talk, person)}到")
    return "，".join(said)


async def _origin(talk: Talk, person: Person) -> str:
    person.origin = await talk.ask("origin", "您从哪个省市来？比如：黑龙江哈尔滨。", Text(at_most=30))
    return person.origin


async def _arrives(talk: Talk, person: Person) -> str:
    person.arrives_on = await registration.ask_arrival(talk)
    return _said_day(person.arrives_on)


async def _leaves(talk: Talk, person: Person) -> str:
    prompt = "大概哪天回去？比如：4月5号。还没定就回“跳过”。"
    person.leaves_on = await asking.day_or_skip(talk, "leaves", prompt, rough="last")
    return _said_day(person.leaves_on) if person.leaves_on else "还没定"


async def _community(talk: Talk, person: Person) -> str:
    """The point goes along: it is the one of the community unless another is named."""
    person.community_code = await registration.ask_community(talk)
    point = next(iter(points.of_community(talk.tx, person.community_code)), None)
    person.point_id = point.id if point else person.point_id
    found = communities.get(talk.tx, person.community_code)
    name = found.display_name if found else ""
    return f"{name}，服务点是{point.name}" if point else name


async def _estate(talk: Talk, person: Person) -> str:
    kind = Text(at_most=30, choices=(Choice("none", "不记小区"),))
    estate = await talk.ask("estate", "哪个小区？写小区名就行，不用写门牌号。", kind)
    nothing = talk.answers["estate"].picked == ["none"] or estate.strip("。") in (texts.LATER, "不想说", "没有", "无")
    person.estate = None if nothing else estate
    return person.estate or "不记"


async def _point(talk: Talk, person: Person) -> str:
    words = await talk.ask("point", "哪个服务点？说社区或者服务点的名字，比如：春园社区。", Text(at_most=30))
    found = points.named(talk.tx, words)
    if not found:
        talk.again("point", f"“{words[:20]}”我没找到。说社区名就行，比如：春园社区。")
    point = found[0]
    if len(found) > 1:
        options = {str(each.id): each.name for each in found}
        chosen = await talk.ask(f"point: {words}", "是哪一个？", OneOf(options))
        point = next(each for each in found if str(each.id) == chosen)
    person.point_id = point.id
    return point.name


async def _party(talk: Talk, person: Person) -> str:
    """With its own consent, given or taken back with the answer (K2)."""
    stated = await registration.ask_party(talk)
    person.party = replace(stated, member_type=None)
    if stated.member == "undeclared":
        consents.withdraw(talk.tx, talk.account, consent_texts.PARTY.purpose, talk.now)
    else:
        consents.give(talk.tx, talk.account, consent_texts.PARTY, talk.now)
    if stated.member != "yes":
        forget_membership(person, stated)
    label = registration.MEMBER[stated.member]
    return f"党员，{stated.home_branch}" if stated.member == "yes" else label


async def _home_branch(talk: Talk, person: Person) -> str:
    person.party.home_branch = await talk.ask(
        "home branch",
        "您的组织关系在哪个党组织？写全称，比如：哈尔滨市道里区某某社区党支部。",
        Text(at_most=60, at_least=4),
    )
    return person.party.home_branch


async def _salutation(talk: Talk, person: Person) -> str:
    person.salutation = await talk.ask("salutation", "平时怎么叫您好？比如：王阿姨。", Text(at_most=16))
    return person.salutation


async def _birth_year(talk: Talk, person: Person) -> str:
    kind = Number(_OLDEST, local_date(talk.now).year, "年")
    person.birth_year = await talk.ask("birth year", "您哪一年出生的？只说年份，比如：1955。", kind)
    return f"{person.birth_year}年"


async def _interests(talk: Talk, person: Person) -> str:
    """Categories only, and never asked at the registration: they may hint at health (domain 4.1)."""
    labels = {each.code: each.label for each in need_categories.listed(talk.tx)}
    kind = SeveralOf({**labels, _NOTHING: "都不说"})
    chosen = await talk.ask("interests", "您关心哪些事？可以选几个，比如：就医、文体。只选大类，不用写病情。", kind)
    person.interests = None if _NOTHING in chosen else chosen
    return "、".join(labels[each] for each in chosen) if person.interests else "不记"


_FIELDS: dict[str, tuple[str, Ask]] = {
    "name": ("姓名", _name),
    "phone": ("手机号", _phone),
    "residence": ("候鸟还是常住", _residence),
    "origin": ("从哪里来", _origin),
    "arrives": ("到三亚的日子", _arrives),
    "leaves": ("回去的日子", _leaves),
    "community": ("社区", _community),
    "estate": ("小区", _estate),
    "point": ("服务点", _point),
    "party": ("党员身份", _party),
    "home branch": ("原来的党组织", _home_branch),
    "salutation": ("称呼", _salutation),
    "birth year": ("出生年份", _birth_year),
    "interests": ("关心的事", _interests),
}
_CALLED = {  # what people say for a field instead of its label
    "名字": "name",
    "电话": "phone",
    "手机": "phone",
    "老家": "origin",
    "来的日子": "arrives",
    "走的日子": "leaves",
    "住的地方": "community",
    "地址": "community",
    "住址": "community",
    "支部": "home branch",
    "年龄": "birth year",
    "关心什么": "interests",
}


def forget_membership(person: Person, party: Party) -> None:
    """What hung on the membership goes with it; what sheets noted on the day stays (domain 6.3.8)."""
    person.party = party
    person.host_branch_id = person.party_group = None
    person.verification, person.shows_membership = "self_reported", False


def _said_day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"

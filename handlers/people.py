"""查人, 登记别人, 合并, 编入支部: what staff do with registrations, each within what their role reaches."""

import re
from datetime import timedelta

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import Name, OneOf, Phone, Text, YesNo
from dialogue.talk import Talk
from handlers import notices, persons, roles
from storage import (
    audit,
    communities,
    grants,
    membership,
    merging,
    organisations,
    people,
    points,
    registering,
    residents,
)
from storage.audit import Actor
from storage.grants import Grant
from storage.people import Facts, Person
from storage.refusals import NotAllowed, NotFound
from storage.times import local_date

_AT_MOST = 5
_NAMES_ON_A_PAGE = 30
_VERIFICATION = {"verified": "已核实", "not_confirmed": "核实不了"}
_NONE = ("没有", "没", "无")


async def register(talk: Talk) -> None:
    """“登记别人”: someone without a phone of their own, who agreed on the spot."""
    role, own = _office(talk, "point_lead", "district_staff")
    agreed = await talk.ask("agreed", "本人在场，也同意登记姓名、电话、社区吗？", YesNo("同意", "没同意"))
    if not agreed:
        return talk.say("那先不登记，什么都没记。")
    facts = Facts(name=await talk.ask("name", "请问怎么称呼？比如：王建国。", Name()))
    if await talk.ask("has phone", "有电话吗？座机也行。", YesNo("有", "没有")):
        facts.phone = await talk.ask("phone", "电话是多少？", Phone(landline=True))
    known = people.same(talk.tx, facts.phone, facts.name) if facts.phone else None
    if known is not None:
        return talk.say(f"{known.name}登记过了，不用再登记。", Choice(f"查人 {known.name}", "看一看"))
    words = await talk.ask("community", "住哪个社区？比如：春园社区。", Text(at_most=20))
    found = communities.find(talk.tx, words)
    if not found:
        talk.again("community", f"没找到“{words}”。请再说一遍社区的名字。")
    community = found[0]
    if len(found) > 1:
        options = {each.code: each.display_name for each in found}
        code = await talk.ask(f"community: {words}", "是哪个社区？", OneOf(options))
        community = next(each for each in found if each.code == code)
    facts.community_code = community.code
    residence = {"seasonal": "候鸟", "local": "常住"}
    facts.residence = await talk.ask("residence", "是候鸟还是常住？", OneOf(residence))
    facts.point_id = own[0].point_id if own else None
    if facts.point_id is None:
        of_community = points.of_community(talk.tx, community.code)
        facts.point_id = of_community[0].id if of_community else None
    phone = texts.spoken_phone(facts.phone) if facts.phone else "没有电话"
    if not await talk.confirm(f"{facts.name}，{phone}，{community.display_name}，{residence[facts.residence]}"):
        return talk.say("好的，没有登记。", Choice("登记别人", "重新登记"))
    registering.by_staff(talk.tx, facts, _actor(talk, role), talk.now)
    return talk.say(f"登记好了，{facts.name}。报名、签到都能找到了。", Choice("登记别人", "再登记一位"))


async def find(talk: Talk) -> None:
    """“查人 王秀英”, by name, pinyin or the end of the phone; only whom the role reaches."""
    role, _ = _office(talk, "point_lead", "branch_secretary", "district_staff")
    reached = persons.within_reach(talk)
    talk.answered_by_opening("who")
    words = await talk.ask("who", "找谁？说姓名、拼音，或者手机号后四位。", Text(at_most=20))
    found = [person for person in people.search(talk.tx, words) if reached(person)]
    audit.note(talk.tx, _actor(talk, role), "person.search", f"{len(found)} people", talk.now)
    if not found:
        return talk.say(f"您管的人里没找到“{words}”。", Choice("登记别人", "登记别人"))
    shown = found[:_AT_MOST]
    more = f"还有 {len(found) - len(shown)} 位，请说得再细些。" if len(found) > len(shown) else ""
    return talk.say("\n".join([*(_card(talk, person) for person in shown), more]).strip())


async def merge(talk: Talk) -> None:
    """“合并”: two registrations of one person become one; it can be taken apart again."""
    role, _ = _office(talk, "district_staff")
    kept = await persons.pick(talk, "kept", "留哪一份？说姓名，或者手机号后四位。")
    gone = await persons.pick(talk, "gone", "哪一份并进去？说姓名，或者手机号后四位。")
    if kept.id == gone.id:
        talk.again("gone", "这是同一份，请说另一份。")
    reason = await talk.ask("reason", "怎么知道是同一个人？比如：本人来说的。", Text(at_most=100, at_least=2))
    both = f"{_short(gone)} 并进 {_short(kept)}"
    if not await talk.confirm(both):
        return talk.say("好的，没有合并。")
    promotions = merging.merge(talk.tx, kept.id, gone.id, _actor(talk, role), talk.now, reason)
    notices.promoted(talk.tx, promotions, talk.now)
    return talk.say(f"合好了，现在是一份：{kept.name}。弄错了可以拆开。", Choice(f"拆开合并 {gone.id}", "拆开"))


async def part(talk: Talk) -> None:
    """“拆开合并 34”."""
    role, _ = _office(talk, "district_staff")
    if not talk.opening.text.isdecimal():
        raise NotFound("合并")
    reason = await talk.ask("reason", "为什么拆开？", Text(at_most=100, at_least=2))
    merging.unmerge(talk.tx, int(talk.opening.text), _actor(talk, role), talk.now, reason)
    return talk.say("拆开了，各是各的。")


async def place(talk: Talk) -> None:
    """“编入支部”: the branch here that a member joins; the affiliation at home stays as it is."""
    role, own = _office(talk, "branch_secretary", "district_staff")
    mine = {grant.organisation_id for grant in own}

    def unplaced_or_own(person: Person) -> bool:
        return role == "district_staff" or (person.party.member == "yes" and person.host_branch_id in (None, *mine))

    person = await persons.pick(talk, "person", "编哪一位？说姓名，或者手机号后四位。", among=unplaced_or_own)
    branches = {
        str(each.id): each.name
        for each in organisations.active(talk.tx)
        if each.kind in membership.BRANCHES and (role == "district_staff" or each.id in mine)
    }
    if not branches or person.party.member != "yes":
        what = "支部" if not branches else "党员"
        raise NotFound(what)
    chosen = next(iter(branches))
    if len(branches) > 1:
        chosen = await talk.ask("branch", "编入哪个支部？", OneOf(branches))
    group = await talk.ask("group", "哪个党小组？没有就回“没有”。", Text(at_most=20))
    if not await talk.confirm(f"{person.name}编入{branches[chosen]}"):
        return talk.say("好的，没有编。")
    said = None if group.strip("。") in _NONE else group
    membership.place(talk.tx, person, int(chosen), said, _actor(talk, role), talk.now)
    return talk.say(f"编好了：{person.name}，{branches[chosen]}。")


async def verify(talk: Talk) -> None:
    """“核实党员”: confirmed or not, by whom, when; said of the own branch alone."""
    role, _ = _office(talk, "branch_secretary", "district_staff")
    reached = persons.within_reach(talk)
    person = await persons.pick(talk, "person", "核实哪一位？说姓名，或者手机号后四位。", among=reached)
    if person.party.member != "yes":
        return talk.say(f"{person.name}没有登记党员身份，不用核实。")
    prompt = f"{person.name}的党员身份核实得怎么样？"
    is_so = await talk.ask("found", prompt, OneOf(_VERIFICATION)) == "verified"
    found: membership.Verification = "verified" if is_so else "not_confirmed"
    membership.verify(talk.tx, person, found, _actor(talk, role), talk.now)
    return talk.say(f"记下了：{person.name}，{_VERIFICATION[found]}。")


async def in_town(talk: Talk) -> None:
    """“谁在三亚”, “谁在三亚 第2页”: of those the role reaches, this week."""
    role, _ = _office(talk, "point_lead", "branch_secretary", "district_staff")
    page = int(found[1]) if (found := re.fullmatch(r"第(\d+)页", talk.opening.text)) else 1
    monday = local_date(talk.now) - timedelta(days=local_date(talk.now).weekday())
    point_ids, branch_ids = _reach(talk)
    skip = (page - 1) * _NAMES_ON_A_PAGE
    here = residents.in_town(
        talk.tx,
        monday,
        monday + timedelta(days=6),
        point_ids=point_ids,
        branch_ids=branch_ids,
        skip=skip,
        at_most=_NAMES_ON_A_PAGE,
        is_masked=False,
    )
    audit.note(talk.tx, _actor(talk, role), "person.in_town", f"{here.people} people", talk.now)
    if not here.people:
        return talk.say("您管的人里，这一周没有在三亚的。")
    lines = [f"这一周在三亚的 {here.people} 人，候鸟 {here.seasonal} 人。"]
    for one in here.shown:
        leaves = f"，{one.leaves_on.month}月{one.leaves_on.day}日走" if one.leaves_on else ""
        lines.append(f"{one.name}　{one.community}{leaves}")
    following = skip + _NAMES_ON_A_PAGE
    choices = [Choice(f"谁在三亚 第{page + 1}页", texts.MORE)] if following < here.people else []
    return talk.say("\n".join(lines), *choices)


def _office(talk: Talk, *wanted: str) -> tuple[str, list[Grant]]:
    """The widest of the `wanted` roles that this person holds, and its grants. Raises `NotAllowed`."""
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    for role in reversed(wanted):
        own = [grant for grant in held if grant.role == role]
        if own:
            return role, own
    raise NotAllowed(roles.TITLES[wanted[0]])


def _actor(talk: Talk, role: str) -> Actor:
    return Actor(talk.person_id, role, talk.account.channel)


def _reach(talk: Talk) -> tuple[frozenset[int] | None, frozenset[int] | None]:
    """The points and the branches whose people these roles reach; None is everyone."""
    own = _offices(talk)
    if any(grant.role == "district_staff" for grant in own):
        return None, None
    point_ids = {grant.point_id for grant in own if grant.role == "point_lead" and grant.point_id}
    branch_ids = {grant.organisation_id for grant in own if grant.role == "branch_secretary" and grant.organisation_id}
    return frozenset(point_ids), frozenset(branch_ids)


def _offices(talk: Talk) -> list[Grant]:
    return [
        grant
        for grant in grants.roles_of(talk.tx, talk.account, talk.now)
        if grant.role in ("point_lead", "branch_secretary", "district_staff")
    ]


def _card(talk: Talk, person: Person) -> str:
    community = communities.get(talk.tx, person.community_code) if person.community_code else None
    phone = texts.spoken_phone(person.phone) if person.phone else "没留电话"
    stays = "在三亚" if people.is_in_town(person, local_date(talk.now)) else "不在三亚"
    silent = "，不收消息" if person.messages == "none" else ""
    return f"{person.name}　{phone}　{community.display_name if community else ''}　{stays}{silent}"


def _short(person: Person) -> str:
    phone = texts.spoken_phone(person.phone) if person.phone else "没留电话"
    return f"{person.name}（{phone}）"

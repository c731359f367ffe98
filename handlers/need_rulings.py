"""派单 and 督办: what coordinators and supervisors decide about needs, by one word and a number."""

import re

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import OneOf, Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import need_access, need_notices, need_work, persons
from handlers.need_access import Part
from storage import grants, need_categories, need_rulings, need_stages, priority_list, routing
from storage import need_work as need_work_store
from storage.audit import Actor
from storage.need_categories import Category
from storage.needs import Need
from storage.refusals import NotAllowed
from storage.routing import Mode, Rule

_VERBS = "派单|并入|拆开|加急|不急|联合办|直接办|急难愁盼|改类别|列入督办|移出督办|卡点|现场"
PATTERN = rf"(?P<rest>(?:{_VERBS}) ?\d{{1,5}}(?!\d).*)"
_WORDS = re.compile(rf"({_VERBS}) ?(\d{{1,5}})[\s，,:：]*(.*)", re.DOTALL)
_ANY = "any"


async def work(talk: Talk) -> None:
    """“派单 128”, “并入 129 128”, “拆开 129”, “加急 128”, “联合办 128”, “改类别 128”, “卡点 128 …”, “现场 128”."""
    said = _WORDS.fullmatch(talk.opening.text.strip())
    if said is None:
        return _list(talk)
    word, words = said[1], texts.full_width(said[3].strip())
    need, parts = need_access.staff_need(talk, int(said[2]))
    if word in ("列入督办", "移出督办", "卡点", "现场"):
        return await _supervise(talk, need, parts, word, words)
    actor = need_access.actor(talk, parts, "district_staff")
    match word:
        case "派单":
            await _assign(talk, need, actor)
        case "并入":
            await _merge(talk, need, actor, words)
        case "拆开":
            await _separate(talk, need, actor)
        case "加急" | "不急":
            _note(talk, need_rulings.set_urgent(talk.tx, need, word == "加急", actor, talk.now), parts, word)
        case "联合办" | "直接办":
            await _mode(talk, need, actor, parts, word)
        case "急难愁盼":
            after = need_rulings.set_pressing(talk.tx, need, not need.pressing, actor, talk.now)
            _note(talk, after, parts, "记成急难愁盼" if after.pressing else "不再算急难愁盼")
        case "改类别":
            await _recategorise(talk, need, actor, parts)
    return None


def _list(talk: Talk) -> None:
    """What waits for a decision: needs without an owner, the second returns among them."""
    if not any(grant.role == "district_staff" for grant in grants.roles_of(talk.tx, talk.account, talk.now)):
        raise NotAllowed(need_access.TITLES["district_staff"])
    waiting = need_rulings.unassigned(talk.tx)
    if not waiting:
        return talk.say("现在没有等着派的件。", Choice("督办清单", "看督办清单"), Choice("直派表", "看直派表"))
    choices = [Choice(f"派单 {need.said_as}", _line(talk, need)) for need in waiting[:LONGEST_LIST]]
    return talk.say(f"有 {len(waiting)} 件等着派，先到期的在前。", *choices)


def _line(talk: Talk, need: Need) -> str:
    returned = need_rulings.returns(talk.tx, need.id)
    ruling = f"，退过 {returned} 次" if returned else ""
    return f"{need.name}　{need_notices.brief(talk.tx, need)}　{texts.day(need.due_at)}到期{ruling}"


async def _assign(talk: Talk, need: Need, actor: Actor) -> None:
    is_final = need.stage == "received" and need_rulings.returns(talk.tx, need.id) >= 2
    known = {rule.owner_id: rule.called for rule in routing.rules(talk.tx)}
    prompt = "终审：定给谁办？定了不能再退。" if is_final else f"{need.name}派给谁？"
    owner = await persons.pick(talk, "owner", prompt, known)
    rule = await _called(talk, need, owner.id)
    need = need_rulings.assign(talk.tx, need, rule, actor, talk.now)
    need_notices.new_work(talk.tx, need, talk.now)
    talk.say(f"派好了，{need.name}由{rule.called}办。最晚{texts.moment(need.due_at)}答复。")


async def _called(talk: Talk, need: Need, owner_id: int) -> Rule:
    """The owner with what residents call them: from the routing table, else asked."""
    rule = need_work_store.rule_for(talk.tx, need, owner_id)
    if any(one.owner_id == owner_id for one in routing.rules(talk.tx)):
        return rule
    called = await talk.ask("called", "跟居民怎么称呼？比如：春园社区的李干事。", Text(at_most=20, at_least=2))
    return Rule(owner_id, called, mode=rule.mode)


async def _merge(talk: Talk, need: Need, actor: Actor, words: str) -> None:
    digits = re.sub(r"\D", "", words) or await talk.ask("parent", "并到第几号？回那件的号。", Text(at_most=8))
    number = re.sub(r"\D", "", digits)
    if not number:
        talk.again("parent", "请回一个号，比如：128。")
    parent, _ = need_access.staff_need(talk, int(number))
    after = need_rulings.merge(talk.tx, need, parent, actor, talk.now)
    need_notices.merged(talk.tx, after, talk.now)
    talk.say(f"{need.name}并入{parent.name}，办结时一起告诉本人。", Choice(f"拆开 {need.said_as}", "并错了，拆开"))


async def _separate(talk: Talk, need: Need, actor: Actor) -> None:
    known = {rule.owner_id: rule.called for rule in routing.rules(talk.tx)}
    owner = await persons.pick(talk, "owner", f"{need.name}拆开以后谁办？", known)
    after = need_rulings.separate(talk.tx, need, await _called(talk, need, owner.id), actor, talk.now)
    need_notices.new_work(talk.tx, after, talk.now)
    talk.say(f"{need.name}拆开了，自己接着办。时间一直在走，最晚{texts.moment(after.due_at)}答复。")


async def _mode(talk: Talk, need: Need, actor: Actor, parts: set[Part], word: str) -> None:
    mode: Mode = "joint" if word == "联合办" else "direct"
    supports: list[int] = []
    while mode == "joint" and len(supports) < LONGEST_LIST:
        prompt = "请谁协办？" if not supports else "还请谁协办？"
        helper = await persons.pick_or_none(talk, f"support {len(supports) + 1}", prompt, "没有了")
        if helper is None:
            break
        supports.append(helper.id)
    after = need_rulings.set_mode(talk.tx, need, mode, supports, actor, talk.now)
    need_notices.supports(talk.tx, after, talk.now)
    _note(talk, after, parts, word)


async def _recategorise(talk: Talk, need: Need, actor: Actor, parts: set[Part]) -> None:
    category = await _category(talk, "改成哪一类？")
    _note(talk, need_rulings.recategorise(talk.tx, need, category, actor, talk.now), parts, f"改成{category.label}")


async def _supervise(talk: Talk, need: Need, parts: set[Part], word: str, words: str) -> None:
    actor = need_access.actor(talk, parts, "district_staff", "supervisor")
    if word == "列入督办":
        priority_list.put_on(talk.tx, need, "pressing" if need.pressing else "staff", actor, talk.now)
        return talk.say(f"{need.name}进了重点督办清单。", Choice(f"卡点 {need.said_as}", "写卡点"))
    if word == "移出督办":
        priority_list.take_off(talk.tx, need, actor, talk.now)
        return talk.say(f"{need.name}移出重点督办清单了。")
    if word == "卡点":
        text = words or await talk.ask("obstacle", "卡在哪儿？一句话。", Text(at_most=200, at_least=2))
        priority_list.note_obstacle(talk.tx, need, text, actor, talk.now)
        return talk.say(f"记下了，{need.name}的卡点。", Choice("督办清单", "看督办清单"))
    units = await talk.ask("units", "现场来了哪些单位？写单位名，不写人名。", Text(at_most=200, at_least=2))
    result = await talk.ask("result", "现场定了什么？", Text(at_most=300, at_least=2))
    priority_list.note_visit(talk.tx, need, units, result, actor, talk.now)
    return talk.say(f"记下了，{need.name}现场协调。", Choice("督办清单", "看督办清单"))


def _note(talk: Talk, need: Need, parts: set[Part], what: str) -> None:
    until = f"最晚{texts.moment(need.due_at)}答复。" if need.stage in need_stages.OPEN else ""
    talk.say(f"{need.name}{what}。{until}", *need_work.choices(talk, need, parts))


async def _category(talk: Talk, prompt: str) -> Category:
    offered = {each.code: each.label for each in need_categories.listed(talk.tx)}
    return need_categories.get(talk.tx, await talk.ask("category", prompt, OneOf(offered)))

"""直派表: who works on which needs where, read and changed rule by rule; every change is a new version."""

from dialogue.message import Choice
from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from handlers import persons
from storage import communities, need_categories, people, routing
from storage.audit import Actor
from storage.database import Transaction
from storage.need_stages import MODES
from storage.routing import Rule

_ANY = "any"


async def show(talk: Talk) -> None:
    """“直派表”: who works on what, as it is in force."""
    rules = routing.rules(talk.tx)
    version = routing.version(talk.tx)
    lines = [f"{place}. {in_words(talk.tx, rule)}" for place, rule in enumerate(rules, 1)]
    head = f"直派表第 {version} 版，{len(rules)} 条：" if rules else "直派表还是空的，都由区里派。"
    talk.say("\n".join([head, *lines]), Choice("改直派表", "加一条、改一条"), Choice("删直派表", "删一条"))


async def change(talk: Talk) -> None:
    """“改直派表”: one rule, for a category and a community; the rest stays. A new version is put in force."""
    everyone = {each.code: each.label for each in need_categories.listed(talk.tx)}
    category = await talk.ask("category", "哪一类的事？", OneOf({_ANY: "所有类别"} | everyone))
    places = communities.names(talk.tx)
    community = await talk.ask("community", "哪个社区的？", OneOf({_ANY: "全区"} | places))
    owner = await persons.pick(talk, "owner", "谁承办？说姓名，或者手机号后四位。")
    called = await talk.ask("called", "跟居民怎么称呼？比如：春园社区的李干事。", Text(at_most=20, at_least=2))
    supervisor = await persons.pick_or_none(talk, "supervisor", "谁督办？没有就回“没有”。", "没有")
    mode = await talk.ask("mode", "怎么办？", OneOf(MODES))
    rule = Rule(
        owner.id,
        called,
        None if category == _ANY else category,
        None if community == _ANY else community,
        supervisor_id=supervisor.id if supervisor else None,
        mode="joint" if mode == "joint" else "direct",
    )
    words = in_words(talk.tx, rule)
    if not await talk.confirm(words):
        talk.say("好的，没有改。", Choice("改直派表", "重新写"), Choice("直派表", "看直派表"))
        return
    version = routing.add(talk.tx, rule, _coordinator(talk), talk.now, words)
    talk.say(f"直派表第 {version} 版生效了。正在办的件不变。", Choice("直派表", "看直派表"))


async def drop_rule(talk: Talk) -> None:
    """“删直派表”: one rule less."""
    rules = routing.rules(talk.tx)
    if not rules:
        talk.say("直派表是空的。", Choice("改直派表", "加一条"))
        return
    options = {str(place): in_words(talk.tx, rule) for place, rule in enumerate(rules)}
    chosen = int(await talk.ask(f"which: {routing.version(talk.tx)}", "删哪一条？", OneOf(options)))
    version = routing.drop(talk.tx, rules[chosen], _coordinator(talk), talk.now, f"删：{options[str(chosen)]}")
    talk.say(f"删掉了，直派表第 {version} 版生效。", Choice("直派表", "看直派表"))


def in_words(tx: Transaction, rule: Rule) -> str:
    category = need_categories.get(tx, rule.category).label if rule.category else "所有类别"
    community = communities.get(tx, rule.community_code) if rule.community_code else None
    where = rule.grid or (community.display_name if community else "全区")
    supervisor = people.find(tx, rule.supervisor_id)
    watched = f"，{supervisor.name}督办" if supervisor else ""
    return f"{where}，{category}：{rule.called}{watched}，{MODES[rule.mode]}"


def _coordinator(talk: Talk) -> Actor:
    return Actor(talk.person_id, "district_staff", talk.account.channel)

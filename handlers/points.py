"""找服务点: the nearest service points, however a person says where they are."""

import re

from dialogue import texts
from dialogue.message import Choice, Venue
from dialogue.questions import OneOf, Somewhere, YesNo
from dialogue.talk import LONGEST_LIST, Talk
from handlers import consent_texts
from storage import communities, consents, points
from storage.geography import Place
from storage.points import ServicePoint
from storage.refusals import OutOfReach

_LIST = "community list"
_BESIDE = (
    "(?:红雁之家|服务[点站]|离我|离这儿?|我家|这儿|这里|最近|附近|哪个|有没有|在?哪(?:儿|里|旮旯)?|怎么去|咋[走去]|几点"
    r"|的|有|近|\?)+"
)
_NOT_A_PLACE = re.compile(f"^{_BESIDE}|{_BESIDE}$")
_STATE = {True: "现在开门", False: "现在关门", None: "开门时间请打电话问"}


async def find(talk: Talk) -> None:
    """“找服务点”, “春园社区的服务点”, or a position out of the blue."""
    if talk.payload.startswith("point-"):
        return _show_one(talk, points.by_code(talk.tx, talk.payload.removeprefix("point-")))
    where: Place | str = talk.opening.place or _NOT_A_PLACE.sub("", talk.opening.text)
    needs_a_yes = isinstance(where, Place) and not consents.current(talk.tx, talk.account, consent_texts.LOCATION)
    if needs_a_yes or "consent" in talk.answers:
        # The position is not kept while we ask; it takes one more tap, and that is the point.
        if not await talk.ask("consent", consent_texts.LOCATION.text, YesNo("同意", "不同意")):
            return await _find(talk, await _ask_where(talk, "好的，不用位置。告诉我小区、社区或者路名就行。"))
        consents.give(talk.tx, talk.account, consent_texts.LOCATION, talk.now)
        where = await _ask_where(talk, "谢谢。请再发一次位置，或者告诉我小区、社区的名字。")
    if not where:
        where = await _ask_where(
            talk,
            "您在哪儿？告诉我小区、社区或者路名就行，比如：春园社区。\n"
            "也可以发位置：只用来找最近的服务点，用完就丢，不保存。",
        )
    return await _find(talk, where)


async def _find(talk: Talk, where: Place | str) -> None:
    await (_by_words(talk, where) if isinstance(where, str) else _around(talk, where))


async def _around(talk: Talk, here: Place) -> None:
    try:
        found = points.nearest(talk.tx, here)
    except OutOfReach as far:
        # No further question here: a position is not kept, so whatever follows it must be a talk of its own.
        return talk.say(texts.sentence(far), *some_communities(talk), Choice("社区名单", texts.MORE))
    talk.say("离您最近的是：")
    for metres, point in found:
        _show_one(talk, point, in_words(metres))
    return None


async def _by_words(talk: Talk, words: str) -> None:
    if words == _LIST:
        return await _by_community(talk)
    matching = communities.find(talk.tx, words)
    if len(matching) == 1 and (there := points.of_community(talk.tx, matching[0].code)):
        return _show_some(talk, matching[0].display_name, there)
    if named := points.named(talk.tx, words):
        return _show_some(talk, words, named)
    if (landmark := points.landmark(talk.tx, words)) is not None:
        return await _around(talk, landmark)
    if len(matching) > 1:
        options = {community.code: community.display_name for community in matching}
        code = await talk.ask(f"which: {words}", "您说的是哪一个？", OneOf(options))
        return _show_some(talk, options[code], points.of_community(talk.tx, code))
    talk.say(f"“{words[:20]}”我没找到。您从社区名单里挑一个，就近的服务点都在里面。")
    return await _by_community(talk)


def some_communities(talk: Talk) -> list[Choice]:
    """The first communities as words to be said."""
    first = communities.active(talk.tx)[:LONGEST_LIST]
    return [Choice(f"找服务点 {each.display_name}", each.display_name) for each in first]


async def by_community(talk: Talk) -> None:
    """“社区名单”."""
    await _by_community(talk)


async def _by_community(talk: Talk) -> None:
    options = communities.names(talk.tx)
    code = await talk.ask("community", "您住在哪个社区？说名字也行。", OneOf(options))
    return _show_some(talk, options[code], points.of_community(talk.tx, code))


async def _ask_where(talk: Talk, prompt: str) -> Place | str:
    kind = Somewhere((Choice(_LIST, "从社区名单里挑"),))
    return await talk.ask(f"where: {prompt[:4]}", prompt, kind, wants_place=True)


def _show_some(talk: Talk, name: str, found: list[ServicePoint]) -> None:
    if not found:
        return talk.say(f"{name}现在没有服务点，回“找服务点”看看附近的。", Choice("找服务点", "找附近的"))
    talk.say(f"{name}有 {len(found)} 个服务点：" if len(found) > 1 else f"{name}的服务点：")
    for point in found[:3]:
        _show_one(talk, point)
    return None


def _show_one(talk: Talk, point: ServicePoint, distance: str = "") -> None:
    """Name, address, phone, hours: never a place without them (care.md C9)."""
    lines = [f"{point.name}{f'，{distance}' if distance else ''}", point.address]
    lines.append(f"电话 {point.phone}，{_STATE[point.is_open(talk.now)]}")
    lines.append(f"开门时间：{point.hours.replace(';', '，')}")
    extras = [word for has, word in ((point.step_free, "无台阶"), (point.toilet, "有卫生间")) if has]
    if extras:
        lines.append("、".join(extras))
    if point.is_sample:
        lines.append("【示例数据，不是真的服务点】")
    venue = Venue(point.place, point.name, point.address) if point.place is not None else None
    talk.say("\n".join(lines), venue=venue)


def in_words(metres: float) -> str:
    """约 350 米 below a kilometre, by fifties; 约 1.2 公里 above. Always said to be the straight line (domain 5)."""
    if metres < 1000:
        return f"约 {max(50, round(metres / 50) * 50)} 米（直线距离）"
    return f"约 {metres / 1000:.1f} 公里（直线距离）"

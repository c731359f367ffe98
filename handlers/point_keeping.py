"""更新服务点: the lead of a point keeps its hours, phone, duty person and closed days from the chat (domain 3)."""

from collections.abc import Awaitable, Callable
from datetime import date

from dialogue import asking
from dialogue.message import Choice
from dialogue.questions import OneOf, Phone, Text
from dialogue.talk import Talk
from handlers import roles
from storage import closures, grants, opening_hours, point_keeping, points
from storage.audit import Actor
from storage.points import ServicePoint
from storage.refusals import NotAllowed
from storage.times import local_date

KEEPERS = ("point_lead", "district_staff")

Ask = Callable[[Talk, ServicePoint], Awaitable[dict[str, str]]]
"""Asks for one thing about a point and returns what is to be kept."""


async def change(talk: Talk) -> None:
    """“更新服务点”."""
    point, actor = await own_point(talk, "改哪个服务点？说社区名或者服务点的名字。")
    labels = {key: label for key, (label, _) in _FIELDS.items()}
    labels["closed"] = "关门的日子"
    field = await talk.ask("what", f"{point.name}，改哪一样？", OneOf(labels))
    if field == "closed":
        return await _closed(talk, point, actor)
    label, ask = _FIELDS[field]
    values = await ask(talk, point)
    said = "，".join(values.values())
    if not await talk.confirm(f"{point.name}，{label}：{said}"):
        return talk.say("好的，没有改。")
    point_keeping.change(talk.tx, point.id, values, actor, talk.now)
    return talk.say(f"改好了，{label}：{said}。", Choice("更新服务点", "再改一样"))


async def own_point(talk: Talk, prompt: str) -> tuple[ServicePoint, Actor]:
    """A point that this person keeps, and in which role. Raises `NotAllowed`."""
    held = [grant for grant in grants.roles_of(talk.tx, talk.account, talk.now) if grant.role in KEEPERS]
    if not held:
        raise NotAllowed(roles.TITLES["point_lead"])
    if any(grant.role == "district_staff" for grant in held):
        return await _any_point(talk, prompt), Actor(talk.person_id, "district_staff", talk.account.channel)
    actor = Actor(talk.person_id, "point_lead", talk.account.channel)
    own = [points.get(talk.tx, point_id) for point_id in dict.fromkeys(grant.point_id for grant in held) if point_id]
    if not own:
        raise NotAllowed(roles.TITLES["district_staff"])
    if len(own) == 1:
        return own[0], actor
    chosen = await talk.ask("point", "哪个服务点？", OneOf({str(point.id): point.name for point in own}))
    return next(point for point in own if str(point.id) == chosen), actor


async def _any_point(talk: Talk, prompt: str) -> ServicePoint:
    words = await talk.ask("point", prompt, Text(at_most=30))
    found = points.named(talk.tx, words)
    if not found:
        talk.again("point", f"“{words[:20]}”我没找到。说社区名就行，比如：春园社区。")
    if len(found) == 1:
        return found[0]
    options = {str(each.id): each.name for each in found}
    chosen = await talk.ask(f"point: {words}", "是哪一个？", OneOf(options))
    return next(each for each in found if str(each.id) == chosen)


async def _hours(talk: Talk, _point: ServicePoint) -> dict[str, str]:
    words = await talk.ask("hours", "几点开门？比如：周一至周五 08:30-12:00；14:30-17:30。", Text(at_most=100))
    if opening_hours.read(words) is None:
        talk.again("hours", "时间没看明白，请照这个样子写：周一至周五 08:30-12:00；14:30-17:30。")
    return {"hours": words.rstrip("。")}


async def _phone(talk: Talk, _point: ServicePoint) -> dict[str, str]:
    return {"phone": _shown(await talk.ask("phone", "新的电话是多少？座机也行。", Phone(landline=True)))}


async def _duty(talk: Talk, _point: ServicePoint) -> dict[str, str]:
    person = await talk.ask("duty", "现在谁值班？比如：李干事。", Text(at_most=20, at_least=2))
    phone = await talk.ask("duty phone", "值班的电话是多少？", Phone(landline=True))
    return {"duty_person": person, "duty_phone": _shown(phone)}


async def _closed(talk: Talk, point: ServicePoint, actor: Actor) -> None:
    kinds = {"closed": "要关几天", "open": "照常开门"}
    ahead = [each for each in point.closures if each.last is None or each.last >= local_date(talk.now)]
    if await talk.ask("closed", "是要关几天，还是照常开门？", OneOf(kinds)) == "open":
        listed = "、".join(in_words(each.first, each.last) for each in ahead)
        if not ahead:
            return talk.say("本来就没有要关门的日子。", Choice("更新服务点", "再改一样"))
        if not await talk.confirm(f"{point.name}，{listed}不关了，照常开门"):
            return talk.say("好的，没有改。")
        for each in ahead:
            closures.reopen(talk.tx, point.id, each.id, actor, talk.now)
        return talk.say("改好了，照常开门。", Choice("更新服务点", "再改一样"))
    first = await asking.day(talk, "first", "从哪天起关门？比如：2月5号。")
    last = await asking.day(talk, "last", "到哪天为止？比如：2月12号。")
    if last < first:
        talk.again("last", "比关门的日子还早。到哪天为止？")
    said = in_words(first, last)
    if not await talk.confirm(f"{point.name}，{said}关门"):
        return talk.say("好的，没有改。")
    closures.close(talk.tx, point.id, first, last, "", actor, talk.now)
    return talk.say(f"改好了，{said}关门。", Choice("更新服务点", "再改一样"))


_FIELDS: dict[str, tuple[str, Ask]] = {
    "hours": ("开放时间", _hours),
    "phone": ("电话", _phone),
    "duty": ("值班的同志", _duty),
}


def in_words(first: date, last: date | None) -> str:
    begins = f"{first.month}月{first.day}日"
    return f"{begins}起" if last is None else begins if last == first else f"{begins}到{last.month}月{last.day}日"


def _shown(phone: str) -> str:
    """A landline of the island as people write it."""
    return f"{phone[:4]}-{phone[4:8]}-{phone[8:]}" if phone.startswith("0898") and len(phone) == 12 else phone

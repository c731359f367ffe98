"""说难处: telling a need in words, by voice or with pictures; its number and state; adding to it and dropping it."""

import re
from datetime import timedelta

from dialogue import numbers, texts
from dialogue.message import Choice
from dialogue.questions import OneOf, Report, Text, YesNo
from dialogue.talk import Talk
from handlers import consent_texts, need_notices, need_words, phones, registration
from storage import communities, consents, need_categories, needs, people, proxies
from storage.audit import Actor
from storage.communities import Community
from storage.conversations import Said
from storage.need_categories import Category
from storage.needs import Kind, Need, Told
from storage.refusals import NotFound

_TROUBLES = "坏了 不亮 漏水 停水 停电 没水 没电 堵了 太吵 太脏 没人管 办不了 找不到人 看病 医保 报销 丢了东西 太黑"
IN_WORDS = f"(?P<rest>.*(?:{'|'.join(_TROUBLES.split())}).*)"
"""The form of words by which somebody in trouble says what is wrong, not that they have something to tell."""

_SAME_TELLING = timedelta(minutes=10)  # a picture that comes so soon after the words belongs to them
_NOWHERE = "nowhere"
_WHAT = "您说说是什么事？打字、发语音、拍照片都行。"
_NEW = "new"


async def tell(talk: Talk) -> None:
    """“说难处”, “路灯坏了”, a voice message or a picture out of the blue."""
    if talk.opening.attachments and not talk.opening.text and await _belongs_to_one_told(talk):
        return
    await _tell(talk)


async def tell_again(talk: Talk) -> None:
    """“再说难处 128”: it was closed long ago and came back; the new need is linked to the old one."""
    number = said_number(talk.opening.text)
    talk.opening = Said("", talk.opening.at)  # the number is not what they have to tell
    await _tell(talk, None if number is None else mine(talk, number).id)


async def request(talk: Talk) -> None:
    """“想要的没有”: a service that is on no menu (定制式服务), asked for like a need."""
    await _tell(talk, kind="custom_request")


async def _tell(talk: Talk, previous_id: int | None = None, kind: Kind = "need") -> None:
    if talk.person_id is None:
        talk.say("说难处要先登记，好给您回话。登记完接着说，您前面说的都还在。")
        await registration.register(talk)
        if talk.person_id is None:
            return
    person_id = await _whose(talk)
    text, sent = await _what(talk, "您想要什么样的服务？说说看。" if kind == "custom_request" else _WHAT)
    category = await _about(talk, text)
    if category.is_health and not await _agreed_to_health(talk):
        return
    community, place = await _where(talk, category, text, person_id)
    told = Told(
        person_id=person_id,
        text=text,
        channel=talk.account.channel,
        category=category.code,
        told_by=talk.person_id if talk.person_id != person_id else None,
        place=place,
        community_code=community,
        attachment_ids=sent,
        account_id=talk.account.id,
        previous_id=previous_id,
        kind=kind,
    )
    role = "resident" if talk.person_id == person_id else "proxy"
    actor = Actor(talk.person_id, role, talk.account.channel)
    need = needs.tell(talk.tx, told, actor, talk.now, since=talk.opening.at)
    need_notices.new_work(talk.tx, need, talk.now)
    by_voice = bool(sent) and not text
    if by_voice:
        need_notices.voice(talk.tx, need, talk.now)
    talk.say(need_words.received(talk.tx, need, by_voice, talk.now), *need_words.steps(need))


async def state(talk: Talk) -> None:
    """“128”, “第128号”, “我的难处”."""
    number = said_number(talk.opening.text or talk.payload)
    if number is not None:
        need = mine(talk, number)
        history = need_words.history(talk.tx, need)
        talk.say(f"{need_words.state(talk.tx, need, talk.now)}\n{history}".strip(), *need_words.steps(need))
        return
    if talk.person_id is None:
        talk.say("您还没有说过难处。", Choice("说难处", "说难处"))
        return
    told = _theirs(talk)[:5]
    if not told:
        talk.say("您还没有说过难处。有事就告诉我。", Choice("说难处", "说难处"))
        return
    choices = [Choice(f"第{need.said_as}号", need_words.label(talk, need)) for need in told]
    talk.say("您说过这些，想看哪一件？", *choices, Choice("说难处", "说新的难处"))


async def add(talk: Talk) -> None:
    """“补充”, “补充 128”, “补充 128 晚上更黑”."""
    need = await _which(talk, "补充哪一件？")
    if need is None:
        return
    rest = _after_the_number(talk.opening.text)
    text, sent = (rest, ()) if rest else await talk.ask("more", "请接着说，打字、语音、照片都行。", Report())
    needs.add_to(talk.tx, need, text, sent, _actor(talk, need), talk.now)
    need_notices.more(talk.tx, need, talk.now)
    talk.say(f"补上了，{need.name}。{need_words.owner(talk.tx, need)}看得到。", *need_words.steps(need))


async def withdraw(talk: Talk) -> None:
    """“不用办了”, “不用办了 128”."""
    need = await _which(talk, "哪一件不用办了？")
    if need is None:
        return
    if not await talk.ask(f"sure: {need.number}", f"{need.name}不用办了，对吗？", YesNo("对，不用办了", "还是要办")):
        talk.say(f"好的，{need.name}接着办。", *need_words.steps(need))
        return
    needs.withdraw(talk.tx, need, _actor(talk, need), talk.now)
    need_notices.withdrawn(talk.tx, need, talk.now)
    talk.say(f"好的，{need.name}不办了。有别的事再告诉我。", Choice("说难处", "说别的难处"))


def said_number(text: str) -> int | None:
    """128 of “第128号”, “128”, “一百二十八号”, “XQ2026-0128”; None when there is no number in front."""
    found = re.match(
        rf"\s*(?:XQ\d{{4}}-|need-|第|(?:我的)?难处)?\s*(?P<number>{numbers.NUMERAL})", numbers.plain(text), re.I
    )
    return None if found is None else numbers.read_number(found["number"])


def mine(talk: Talk, number: int) -> Need:
    """The newest need of this number that is the person's own or one they act for. Raises `NotFound`."""
    for need in needs.with_number(talk.tx, number):
        if needs.concerns(talk.tx, need, talk.person_id) is not None:
            return need
    raise NotFound("号的难处")


# What is asked.


async def _whose(talk: Talk) -> int:
    """Their own, unless they act for somebody and say so."""
    me = talk.person_id or 0
    others = [proxy.person_id for proxy in proxies.acts_for(talk.tx, me) if proxy.agreed_at is not None]
    if not others:
        return me
    options = {str(me): "我自己的"} | {str(other): people.get(talk.tx, other).name for other in others}
    return int(await talk.ask("whose", "这是谁的事？", OneOf(options)))


async def _what(talk: Talk, prompt: str) -> tuple[str, tuple[int, ...]]:
    if "what" not in talk.answers and (talk.opening.text or talk.opening.attachments):
        talk.answers["what"] = talk.opening
    return await talk.ask("what", prompt, Report())


async def _about(talk: Talk, text: str) -> Category:
    guessed = need_categories.guess(talk.tx, text)
    if guessed is not None:
        return guessed
    offered = need_categories.listed(talk.tx)
    code = await talk.ask("category", "这是哪方面的事？", OneOf({each.code: each.label for each in offered}))
    return need_categories.get(talk.tx, code)


async def _agreed_to_health(talk: Talk) -> bool:
    """K6: nothing about health is kept without a yes of its own."""
    if consents.current(talk.tx, talk.account, consent_texts.HEALTH):
        return True
    if await talk.ask("health", consent_texts.HEALTH.text, YesNo("同意", "不写了")):
        consents.give(talk.tx, talk.account, consent_texts.HEALTH, talk.now)
        return True
    phone = texts.spoken_phone(phones.of_house(talk))
    talk.say(f"好的，没有记。您打 {phone} 说也行；医保的事可以打 12393。")
    return False


async def _where(talk: Talk, category: Category, text: str, person_id: int) -> tuple[str | None, str]:
    """The community and the words for the place. Asked only where somebody has to go there and nothing was said."""
    named = _only(communities.find(talk.tx, text)) if text else None
    if named is not None:
        return named.code, ""
    person = people.get(talk.tx, person_id)
    home = communities.get(talk.tx, person.community_code) if person.community_code else None
    if not category.asks_place or not text:
        return (home.code if home else None), ""
    here = (Choice(home.display_name, f"就在{home.display_name}"),) if home else ()
    kind = Text(at_most=60, choices=(*here, Choice(_NOWHERE, "不用说地方")))
    place = await talk.ask("place", "在什么地方？比如：春园社区3栋楼下。", kind)
    picked = talk.answers["place"].picked
    if picked == [_NOWHERE]:
        return (home.code if home else None), ""
    if home is not None and (picked == [home.display_name] or place == home.display_name):
        return home.code, ""
    there = _only(communities.find(talk.tx, place)) or home
    return (there.code if there else None), place


async def _belongs_to_one_told(talk: Talk) -> bool:
    """A picture after the words: it goes to the need just told, or the person says to which."""
    if talk.person_id is None:
        return False
    told = [need for need in _theirs(talk)[:5] if need.is_open]
    need = next((need for need in told if talk.now - need.received_at <= _SAME_TELLING), None)
    if need is None and told:
        options = {str(each.id): need_words.label(talk, each) for each in told[:4]} | {_NEW: "是新的难处"}
        chosen = await talk.ask("belongs", "收到了。这是哪一件事的？", OneOf(options))
        need = None if chosen == _NEW else needs.get(talk.tx, int(chosen))
    if need is None:
        return False
    sent = [*talk.opening.attachments, *needs.sent_lately(talk.tx, talk.account.id, talk.now)]
    needs.add_to(talk.tx, need, "", sent, _actor(talk, need), talk.now)
    need_notices.more(talk.tx, need, talk.now)
    talk.say(f"收到了，放进{need.name}了。", *need_words.steps(need))
    return True


async def _which(talk: Talk, question: str) -> Need | None:
    """The one whose number was said, the only one under way, or the one chosen."""
    number = said_number(talk.opening.text)
    if number is not None:
        return mine(talk, number)
    under_way = [need for need in _theirs(talk) if need.is_open]
    if not under_way:
        talk.say("现在没有正在办的难处。", Choice("说难处", "说难处"))
        return None
    if len(under_way) == 1:
        return under_way[0]
    options = {str(need.id): need_words.label(talk, need) for need in under_way}
    return needs.get(talk.tx, int(await talk.ask("which", question, OneOf(options))))


def _theirs(talk: Talk) -> list[Need]:
    """Their own needs and those they told for others, as long as they may act for them; the newest first."""
    told = needs.of_person(talk.tx, talk.person_id) if talk.person_id is not None else []
    return [need for need in told if needs.concerns(talk.tx, need, talk.person_id) is not None]


def _after_the_number(text: str) -> str:
    return texts.full_width(re.sub(rf"^\s*第?\s*{numbers.NUMERAL}\s*号?[\s，,:：]*", "", text))


def _only(found: list[Community]) -> Community | None:
    return found[0] if len(found) == 1 else None


def _actor(talk: Talk, need: Need) -> Actor:
    role = needs.concerns(talk.tx, need, talk.person_id)
    if role is None:
        raise NotFound("号的难处")
    return Actor(talk.person_id, role, talk.account.channel)

"""代办: a relative asks, the resident agrees, and from then on the relative may act; either ends it with one word."""

import re
from dataclasses import replace

from dialogue import texts
from dialogue.message import Choice, Reply, encoded
from dialogue.questions import Name, OneOf, Phone, YesNo
from dialogue.talk import Talk
from handlers import consent_texts, events, notices, phones, registration
from storage import accounts, consents, outbox, people, proxies, sign_ups
from storage import events as events_storage
from storage.audit import Actor
from storage.people import Person
from storage.proxies import Proxy
from storage.refusals import NotFound, NotRegistered

_KIN = "妈妈|妈|母亲|爸爸|爸|父亲|老伴|爱人|婆婆|公公|奶奶|爷爷|姥姥|姥爷|老人"
# A mere 报名 or 不来 in such a sentence must not sign up, or cancel, whoever says it.
SIGN_UP = r"(?:代报名 ?(?=\d)|(?:替|帮|给|代)(?=(?!我报|我们|咱|.*取消)\S{1,8}?报名))(?P<rest>.+)"
"""“代报名 12”, “替妈妈报名书法”."""
CANCEL = (
    r"(?:代取消 ?(?=\d)|(?:替|帮|给|代)(?=(?!我取|我不|我们|咱)\S{1,8}?(?:取消|不来))"
    rf"|(?=(?:我|我家)?(?:{_KIN})(?:不来|来不了|去不了|不去|不参加)))(?P<rest>.+)"
)
"""“代取消 12”, “替妈妈取消书法”, “我妈不来了”."""
_NOT_COMING = re.compile(r"取消报名|取消|不来|来不了|去不了|不去|不参加")

_STANDS = {"confirmed": "报上了", "offered": "有座位，等回话", "waitlisted": "在候补"}


async def overview(talk: Talk) -> None:
    """“代办”: for whom I act, who acts for me, and who asks to."""
    if talk.person_id is None:
        return await ask(talk)
    asked = [proxy for proxy in proxies.helpers_of(talk.tx, talk.person_id) if proxy.agreed_at is None]
    if asked:
        for proxy in asked:
            _put(talk, proxy)
        return None
    mine = _agreed(proxies.acts_for(talk.tx, talk.person_id))
    helpers = _agreed(proxies.helpers_of(talk.tx, talk.person_id))
    if not mine and not helpers:
        return await ask(talk)
    lines = [f"您替{_name(talk, proxy.person_id)}办事。{_signed_up(talk, proxy.person_id)}" for proxy in mine]
    lines += [f"{_name(talk, proxy.proxy_id)}替您办事。" for proxy in helpers]
    choices = [Choice("代报名", "替家里人报名"), Choice("代取消", "替家里人取消")] if mine else []
    return talk.say("\n".join(lines), *choices, Choice("我要代办", "再替一位办"), Choice("取消代办", "取消代办"))


async def ask(talk: Talk) -> None:
    """“我要代办”: whom for; they are asked themselves."""
    me = talk.person_id
    if me is None:
        talk.say("替家里人办事，先记下您自己是谁。")
        me = await registration.introduce(talk)
        if me is None:
            return None
    name = await talk.ask("for whom", "您要替谁办？请发姓名，比如：李秀兰。", Name())
    phone = await talk.ask("their phone", f"{name}登记的手机号是？", Phone(landline=True))
    person = people.same(talk.tx, phone, name)
    if person is None:
        return talk.say(
            f"没找到{name}的登记。请本人先回“登记”，或者打 {phones.of_house(talk)}，请工作人员给本人登记。",
            Choice("我要代办", "我写错了，重新来"),
        )
    if person.id == me:
        return talk.say("这是您自己，不用代办，直接说就行。", Choice("报名", "报名"), Choice("说难处", "说难处"))
    proxy = proxies.ask(talk.tx, person.id, me, Actor(me, "proxy", talk.account.channel), talk.now)
    if proxy.agreed_at is not None:
        return talk.say(f"{name}已经同意过了，您可以替{name}办。", *_what_to_do())
    if not accounts.of_person(talk.tx, person.id):
        return talk.say(
            f"{name}还没有用过这里，我问不到本人。请{name}打 {phones.of_house(talk)}，跟工作人员说一声同意就行。"
        )
    _notify(talk, person.id, f"asked {proxy.id}", _question(talk, proxy))
    return talk.say(f"好的，我去问{name}。同意了马上告诉您。")


async def agree(talk: Talk) -> None:
    """“同意代办 3”."""
    proxy = _asked_of_me(talk)
    helper, person = people.get(talk.tx, proxy.proxy_id), people.get(talk.tx, proxy.person_id)
    if proxy.agreed_at is not None:
        return talk.say(f"您已经同意{helper.name}替您办事了。", Choice("取消代办", "取消代办"))
    sees_party = person.party.member == "yes" and await talk.ask(
        "party", f"您的党员信息，给{helper.name}看吗？不给看也能替您办事。", YesNo("可以看", "不给看")
    )
    proxies.agree(talk.tx, proxy, _me(talk), talk.now, sees_party=sees_party)
    consents.give(talk.tx, talk.account, consent_texts.PROXY, talk.now)
    news = Reply(f"{person.name}同意了。您可以替{person.name}报名、说难处，也收得到提醒。", tuple(_what_to_do()))
    _notify(talk, helper.id, f"agreed {proxy.id}", news)
    return talk.say(f"好的，{helper.name}可以替您报名、收通知了。想停就回“取消代办”。", Choice("取消代办", "取消代办"))


async def refuse(talk: Talk) -> None:
    """“不同意代办 3”."""
    proxy = _asked_of_me(talk)
    helper, person = people.get(talk.tx, proxy.proxy_id), people.get(talk.tx, proxy.person_id)
    proxies.end(talk.tx, proxy, _me(talk), talk.now)
    consents.give(talk.tx, talk.account, consent_texts.PROXY, talk.now, given=False)
    _notify(talk, helper.id, f"refused {proxy.id}", Reply(f"{person.name}说自己来办，不用代办。谢谢您费心。"))
    talk.say(f"好的，不让{helper.name}代办。您自己随时找我。")


async def end(talk: Talk) -> None:
    """“取消代办”: by the resident or by the relative, at once."""
    if talk.person_id is None:
        raise NotRegistered
    standing = [*proxies.helpers_of(talk.tx, talk.person_id), *proxies.acts_for(talk.tx, talk.person_id)]
    if not standing:
        return talk.say("现在没有人替您办事，您也没有替别人办。", Choice("我要代办", "我要代办"))
    proxy = standing[0]
    if len(standing) > 1:
        options = {str(each.id): _said_of(talk, each) for each in standing}
        chosen = await talk.ask("which", "取消哪一个？", OneOf(options))
        proxy = next(each for each in standing if str(each.id) == chosen)
    proxies.end(talk.tx, proxy, _me(talk), talk.now)
    mine = proxy.person_id == talk.person_id
    other = people.get(talk.tx, proxy.proxy_id if mine else proxy.person_id)
    if mine:
        if not _agreed(proxies.helpers_of(talk.tx, talk.person_id)):
            consents.withdraw(talk.tx, talk.account, consent_texts.PROXY.purpose, talk.now)
        _notify(talk, other.id, f"ended {proxy.id}", Reply(f"{_name(talk, proxy.person_id)}取消了代办，以后自己来。"))
        return talk.say(f"停了，{other.name}不再替您办事，也收不到您的提醒了。")
    _notify(talk, other.id, f"ended {proxy.id}", Reply(f"{_name(talk, proxy.proxy_id)}不再替您办事了。"))
    return talk.say(f"停了，您不再替{other.name}办事。")


async def sign_up(talk: Talk) -> None:
    """“代报名”, “代报名 12”, “代报名书法”, “替妈妈报名书法”, “替李秀兰报名 12”."""
    if talk.person_id is None or not _mine(talk):
        return talk.say(
            "替家里人报名，要本人先同意您代办。回“我要代办”，我去问本人；本人在旁边，用本人的手机报也行。",
            Choice("我要代办", "我要代办"),
            Choice("一起报名", "我和家里人一起报"),
        )
    who, is_named, what = talk.opening.text.partition("报名")
    if is_named:
        talk.opening = replace(talk.opening, text=what.strip())
    person = await _for_whom(talk, who if is_named else "")
    event = await events.which(talk, f"替{person.name}报哪个活动？")
    outcome = sign_ups.sign_up(talk.tx, event.id, [person.id], _as_proxy(talk), talk.now)
    when = notices.where_and_when(event)
    stands = {
        "confirmed": f"替{person.name}报上了《{event.title}》，{when}。",
        "offered": f"《{event.title}》给{person.name}留着座位，{when}。要来就请本人回“来”。",
        "waitlisted": f"名额满了，{person.name}排在候补第 {outcome.position} 位。有人退出就轮到，我会告诉你们。",
    }[outcome.state]
    already = "" if outcome.is_new else "前面已经报过了。"
    if outcome.is_new:
        _notify(talk, person.id, f"signed up {outcome.sign_ups[0].id}", _told_to_resident(talk, event, "报了"))
    return talk.say(
        f"{already}{stands}来不了，回“代取消”。",
        Choice(f"代取消 {event.id}", "替本人取消"),
        Choice("代办", "代办"),
    )


async def cancel(talk: Talk) -> None:
    """“代取消”, “代取消 12”, “替妈妈取消书法”, “我妈不来了”."""
    if talk.person_id is None or not _mine(talk):
        return talk.say(
            "替家里人取消，要本人先同意您代办。本人回“不来”就行，也可以打服务点电话。",
            Choice("我要代办", "我要代办"),
            Choice("不来", "是我自己不来了"),
        )
    who, *after = _NOT_COMING.split(talk.opening.text, maxsplit=1)
    person = await _for_whom(talk, who if after else "")
    what = (after[0] if after else who).strip("了。 ")
    theirs = [entry.event_id for entry in sign_ups.of_person(talk.tx, person.id, talk.now)]
    if what.isdecimal():
        theirs = [event_id for event_id in theirs if event_id == int(what)]
    elif what:
        theirs = [each for each in theirs if what in events_storage.get(talk.tx, each).title] or theirs
    if not theirs:
        return talk.say(f"{person.name}没有报活动，不用取消。", Choice("代报名", "替家里人报名"))
    event_id = theirs[0]
    if len(theirs) > 1:
        options = {str(each): events.label(events_storage.get(talk.tx, each)) for each in theirs}
        event_id = int(await talk.ask("event", f"{person.name}哪一场不来了？", OneOf(options)))
    event = events_storage.get(talk.tx, event_id)
    promotions = sign_ups.cancel(talk.tx, event_id, person.id, _as_proxy(talk), talk.now)
    notices.promoted(talk.tx, promotions, talk.now)
    key = f"cancelled {event_id} {int(talk.now.timestamp())}"
    _notify(talk, person.id, key, _told_to_resident(talk, event, "取消了"))
    return talk.say(
        f"好的，{texts.day(event.starts_at)}《{event.title}》{person.name}不来了。",
        Choice(f"代报名 {event_id}", "弄错了，还是来"),
        Choice("代办", "代办"),
    )


async def _for_whom(talk: Talk, called: str = "") -> Person:
    """The one I act for, the one `called` by name, or the one chosen. Raises `NotRegistered`, `NotFound`."""
    if talk.person_id is None:
        raise NotRegistered
    options = {str(proxy.person_id): _name(talk, proxy.person_id) for proxy in _mine(talk)}
    if not options:
        raise NotFound("代办")
    chosen = next((number for number, name in options.items() if name in called), next(iter(options)))
    if len(options) > 1 and options[chosen] not in called:
        chosen = await talk.ask("for whom", "替谁办？", OneOf(options))
    return people.get(talk.tx, int(chosen))


def _mine(talk: Talk) -> list[Proxy]:
    return _agreed(proxies.acts_for(talk.tx, talk.person_id or 0))


def _agreed(standing: list[Proxy]) -> list[Proxy]:
    return [proxy for proxy in standing if proxy.agreed_at is not None]


def _asked_of_me(talk: Talk) -> Proxy:
    """The request whose number the opening names. Raises `NotFound` for what is not asked of this person."""
    number = re.sub(r"\D", "", talk.opening.text)
    proxy = proxies.get(talk.tx, int(number) if number else 0)
    if talk.person_id is None or proxy.person_id != talk.person_id:
        raise NotFound("代办")
    return proxy


def _put(talk: Talk, proxy: Proxy) -> None:
    question = _question(talk, proxy)
    talk.say(question.text, *question.choices)


def _question(talk: Talk, proxy: Proxy) -> Reply:
    text = consent_texts.PROXY.text.format(name=_name(talk, proxy.proxy_id))
    return Reply(text, (Choice(f"同意代办 {proxy.id}", "同意"), Choice(f"不同意代办 {proxy.id}", "不同意")))


def _told_to_resident(talk: Talk, event: events_storage.Event, what: str) -> Reply:
    """What was done for them, so that nothing happens behind anybody's back."""
    helper = _name(talk, talk.person_id or 0)
    text = f"{helper}替您{what}《{event.title}》，{notices.where_and_when(event)}。"
    return Reply(text, (Choice("我的活动", "我的活动"), Choice("取消代办", "取消代办")))


def _notify(talk: Talk, person_id: int, what: str, reply: Reply) -> None:
    planned = outbox.Planned("notice", f"proxy:{what}", encoded(reply), talk.now, person_id=person_id)
    outbox.plan(talk.tx, planned, talk.now)


def _signed_up(talk: Talk, person_id: int) -> str:
    entries = sign_ups.of_person(talk.tx, person_id, talk.now)
    if not entries:
        return "现在没有报活动。"
    named = []
    for entry in entries:
        event = events_storage.get(talk.tx, entry.event_id)
        named.append(f"《{event.title}》{texts.moment(event.starts_at)}（{_STANDS[entry.state]}）")
    return "报的活动：" + "，".join(named) + "。"


def _said_of(talk: Talk, proxy: Proxy) -> str:
    if proxy.person_id == talk.person_id:
        return f"{_name(talk, proxy.proxy_id)}替我办"
    return f"我替{_name(talk, proxy.person_id)}办"


def _name(talk: Talk, person_id: int) -> str:
    person = people.find(talk.tx, person_id)
    return "一位已注销的居民" if person is None else person.name


def _what_to_do() -> list[Choice]:
    return [Choice("代报名", "替家里人报名"), Choice("说难处", "替家里人说难处"), Choice("代办", "代办")]


def _me(talk: Talk) -> Actor:
    return Actor(talk.person_id, "resident", talk.account.channel)


def _as_proxy(talk: Talk) -> Actor:
    return Actor(talk.person_id, "proxy", talk.account.channel)

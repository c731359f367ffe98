"""注销 and 撤回同意: taking back what was agreed to, one purpose alone or all of it (care.md P4, P8)."""

from collections.abc import Callable
from datetime import datetime

from dialogue.message import Choice
from dialogue.questions import OneOf, YesNo, matching
from dialogue.talk import Talk
from handlers import consent_texts, corrections, my_data, need_notices, notices
from storage import consents, erasure, events, people, proxies, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.erasure import Because, Erased, Loss
from storage.people import Party, Person

_ALL = "registration"
_WHICH = {  # each with what follows, so that choosing is knowing
    _ALL: "登记（等于注销，姓名电话都去掉）",
    "party": "党员身份（不再记您是党员）",
    "location": "用位置找服务点",
    "proxy": "家里人代办（都停下）",
    "health": "看病的事（写过的都去掉）",
    "talent": "专长",
}


async def leave(talk: Talk) -> None:
    """“注销”."""
    person = my_data.registered(talk)
    loss = erasure.loss(talk.tx, person.id, talk.now)
    yes = await talk.ask(
        f"sure: {loss}",
        f"{person.name}，注销就去掉您的姓名、电话和登记的内容，找不回来。{_in_words(loss)}"
        "以前到过的次数还算数，但不再连着您。注销吗？",
        YesNo("注销", "不注销"),
    )
    if not yes:
        return talk.say("好的，什么都没动。", Choice("少发点", "只是想少收消息"), Choice("我的信息", "我的信息"))
    return _erase(talk, person, "own wish")


async def withdraw(talk: Talk) -> None:
    """“撤回同意”, “撤回同意 党员身份”: two turns at most for each purpose."""
    person = my_data.registered(talk)
    standing = {purpose for purpose, _, _ in consents.standing(talk.tx, talk.account)}
    options = {purpose: label for purpose, label in _WHICH.items() if purpose in standing}
    if not options:
        return talk.say("现在没有记着您同意过什么。要去掉登记，回“注销”。", Choice("注销", "注销"))
    named = matching(talk.opening.text, [(purpose, consent_texts.NAMES[purpose]) for purpose in options])
    if named == _ALL:
        return await leave(talk)
    purpose = named
    if purpose is None:
        purpose = await talk.ask("which", "您要撤回哪一样？选了就办，不用说原因。", OneOf(options))
    if purpose == _ALL:
        return _erase(talk, person, "consent withdrawn")
    consents.withdraw(talk.tx, talk.account, purpose, talk.now)
    what_follows = _WITHDRAWN[purpose](talk, person)
    return talk.say(f"撤回了：{consent_texts.NAMES[purpose]}。{what_follows}", Choice("我的信息", "我的信息"))


def _party(talk: Talk, person: Person) -> str:
    """Places at Party life go back too: the list of those who come would go on saying what is no longer to be said."""
    corrections.forget_membership(person, Party())
    people.change(talk.tx, person, talk.now)
    for entry in sign_ups.of_person(talk.tx, person.id, talk.now):
        event = events.get(talk.tx, entry.event_id)
        if event.members_only and event.starts_at > talk.now:
            promotions = sign_ups.cancel(talk.tx, event.id, person.id, _actor(talk, person.id), talk.now)
            notices.promoted(talk.tx, promotions, talk.now)
    return "不再记您是党员，原来的党组织、编入的支部和报过的组织生活也去掉了。别的活动照样能参加。"


def _location(_talk: Talk, _person: Person) -> str:
    return "位置本来就没有存。以后找服务点，告诉我小区名就行。"


def _proxy(talk: Talk, person: Person) -> str:
    for proxy in proxies.helpers_of(talk.tx, person.id):
        proxies.end(talk.tx, proxy, _actor(talk, person.id), talk.now)
    return "替您办事的都停下了，也收不到您的消息了。"


def _health(talk: Talk, person: Person) -> str:
    stopped = erasure.forget_health(talk.tx, person.id, _actor(talk, person.id), talk.now)
    for need in stopped:
        need_notices.withdrawn(talk.tx, need, talk.now)
    not_done = f"{'、'.join(need.name for need in stopped)}也不办了。" if stopped else ""
    return f"您写过的看病的事都去掉了。{not_done}医保的事可以打 12393。"


def _talent(_talk: Talk, _person: Person) -> str:
    return "工作人员不再看您的专长，也不会来请您。"


_WITHDRAWN: dict[str, Callable[[Talk, Person], str]] = {
    "party": _party,
    "location": _location,
    "proxy": _proxy,
    "health": _health,
    "talent": _talent,
}


def _erase(talk: Talk, person: Person, because: Because) -> None:
    erased = erasure.erase(talk.tx, person.id, _actor(talk, person.id), talk.now, because)
    talk.account.person_id = None
    tell_others(talk.tx, erased, talk.now)
    talk.say(
        "注销好了，您的姓名、电话和登记的内容都去掉了。找服务点、看活动照样能用，想再登记随时来。",
        Choice("找服务点", "找服务点"),
        Choice("活动", "看活动"),
    )


def tell_others(tx: Transaction, erased: Erased, now: datetime) -> None:
    """Whoever moves up, whoever was working on a need of theirs, and who is to find a new owner."""
    notices.promoted(tx, erased.promotions, now)
    for need in erased.withdrawn:
        need_notices.withdrawn(tx, need, now)
    for need in erased.without_owner:
        need_notices.new_work(tx, need, now)


def _in_words(loss: Loss) -> str:
    parts = [
        (loss.places, f"报的 {loss.places} 场活动会取消。"),
        (loss.open_needs, f"正在办的 {loss.open_needs} 件难处不再办。"),
        (loss.acts_for, f"您不能再替 {loss.acts_for} 位家里人办事。"),
        (loss.roles, "您的工作权限也没有了。"),
    ]
    return "".join(words for number, words in parts if number)


def _actor(talk: Talk, person_id: int) -> Actor:
    return Actor(person_id, "resident", talk.account.channel)

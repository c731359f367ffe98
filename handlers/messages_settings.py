"""少发点, 退订, 别提醒了, 恢复提醒: how much we may say unasked (domain 9.8)."""

from dialogue.message import Choice
from dialogue.questions import OneOf
from dialogue.talk import Talk
from storage import people
from storage.people import Person
from storage.refusals import NotRegistered

LABELS = {"own": "只要我报名的", "point": "只要我服务点的", "all": "都要", "none": "都不要"}
_BY_DIGIT = {"1": "own", "2": "point", "3": "all", "0": "none"}
_STOPPED = (
    "好的，以后不主动给您发消息，也不提醒了。您说的难处有了回音，还是告诉您；"
    "您报的活动要是改了，我们打电话跟您说。想再收到，回“恢复提醒”。"
)
_AS_CHOSEN = {
    "own": "好的，只发您报名的活动的消息。",
    "point": "好的，只发您服务点的和您报名的消息。",
    "all": "好的，消息都发给您。",
    "none": _STOPPED,
}


async def choose(talk: Talk) -> None:
    """“少发点”, “少发点 2”."""
    person = _registered(talk)
    talk.answered_by_opening("how much")
    now = LABELS[person.messages]
    options = {digit: LABELS[messages] for digit, messages in _BY_DIGIT.items()}
    digit = await talk.ask("how much", f"现在是“{now}”。您想收哪些消息？都不要就回 0。", OneOf(options))
    _keep(talk, person, _BY_DIGIT[digit])


async def stop(talk: Talk) -> None:
    """“退订”, “别提醒了”: in one word, also for who never registered."""
    person = people.find(talk.tx, talk.person_id)
    if person is None:
        return talk.say("您没有登记，我们不会主动给您发消息。您来问，我还是会答。")
    return _keep(talk, person, "none")


async def resume(talk: Talk) -> None:
    """“恢复提醒”."""
    _keep(talk, _registered(talk), "all")


def _registered(talk: Talk) -> Person:
    person = people.find(talk.tx, talk.person_id)
    if person is None:
        raise NotRegistered
    return person


def _keep(talk: Talk, person: Person, messages: str) -> None:
    person.messages = messages
    people.change(talk.tx, person, talk.now)
    back = Choice("恢复提醒", "恢复提醒") if messages == "none" else Choice("少发点", "再改改")
    talk.say(_AS_CHOSEN[messages], back, Choice("我的信息", "我的信息"))

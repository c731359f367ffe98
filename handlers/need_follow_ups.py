"""回访: what residents answer to “解决了吗”, what staff learn by phone, and what the supervisor decides."""

import re

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import need_access, need_notices, need_words, needs
from handlers.need_access import Part
from storage import call_list, follow_ups, need_stages, people
from storage import needs as needs_store
from storage.audit import Actor
from storage.follow_ups import Method, Result, Satisfaction
from storage.needs import Need
from storage.refusals import NotNow, TooLateToReopen

RESULTS: dict[str, Result] = {"解决了": "solved", "解决了一部分": "partly_solved", "没解决": "unsolved"}
SATISFACTION: dict[str, Satisfaction] = {
    "满意": "satisfied",
    "基本满意": "mostly_satisfied",
    "不满意": "dissatisfied",
}
SOLVED_PATTERN = (
    r"(?:问题|已经|都)*(?P<rest>(?:解决了一部分|部分解决|解决了|还没解决|没有解决|没解决)(?: ?\d{1,5})?)[。！!]?"
)
SATISFIED_PATTERN = r"(?:我|很|挺|非常|都)*(?P<rest>(?:基本满意|不满意|满意)(?: ?\d{1,5})?)[。！!]?"
WELL_PATTERN = r"还好 ?(?P<rest>\d{1,5})"
STAFF_PATTERN = r"(?P<rest>(?:回访|没人接|重办|部分办结) ?\d{1,5}(?!\d).*)"
_STAFF_WORDS = re.compile(r"(回访|没人接|重办|部分办结) ?(\d{1,5})[\s，,:：]*(.*)", re.DOTALL)
_SAME = {"部分解决": "解决了一部分", "没有解决": "没解决", "还没解决": "没解决"}
_UNANSWERED = "现在没有等您回话的难处。"


async def say_whether_solved(talk: Talk) -> None:
    """“解决了”, “解决了一部分”, “没解决”, with the number or about the one asked last; “没解决” also after closing."""
    word, number = _word_and_number(talk.opening.text)
    word = _SAME.get(word, word)
    need = needs.mine(talk, number) if number is not None else _asked_last(talk, word)
    if need is None or word not in RESULTS:
        talk.say(_UNANSWERED, Choice("我的难处", "看我的难处"), Choice("说难处", "说难处"))
        return
    if need.stage == "closed" and word == "没解决":
        _open_again(talk, need)
        return
    if need.stage == "closed":
        talk.say(f"{need_words.state(talk.tx, need, talk.now)}您满意吗？", *need_words.satisfied_choices(need))
        return
    if need.stage in need_stages.OPEN:
        talk.say(need_words.state(talk.tx, need, talk.now), *need_words.steps(need))
        return
    try:
        _record(talk, need, RESULTS[word], "chat", _resident(talk, need))
    except NotNow:
        talk.say(f"您说过了，{need.name}正在等上级定，定了马上告诉您。")


async def say_whether_satisfied(talk: Talk) -> None:
    """“满意”, “基本满意”, “不满意”, with the number or about the one answered last."""
    word, number = _word_and_number(talk.opening.text)
    need = needs.mine(talk, number) if number is not None else _rated_last(talk)
    if need is None or word not in SATISFACTION:
        talk.say(_UNANSWERED, Choice("我的难处", "看我的难处"), Choice("说难处", "说难处"))
        return
    follow_ups.rate(talk.tx, need, SATISFACTION[word], _resident(talk, need), talk.now)
    if word == "不满意":
        talk.say(
            f"记下了，{need.name}您不满意。还没解决就回“没解决”，接着办。",
            Choice(f"没解决 {need.said_as}", "没解决"),
        )
    else:
        talk.say("记下了，谢谢您。有别的事再告诉我。")


async def say_well(talk: Talk) -> None:
    """“还好 128”, a week later."""
    number = needs.said_number(talk.opening.text)
    if number is None:
        talk.say("那就好。有事随时告诉我。", Choice("说难处", "说难处"))
        return
    need = needs.mine(talk, number)
    talk.say(f"那就好。{need.name}要是又不行了，回“没解决”。")


async def work(talk: Talk) -> None:
    """“回访 128”, “回访 128 解决了”, “没人接 128”, “重办 128 原因”, “部分办结 128 原因”: staff and supervisors."""
    said = _STAFF_WORDS.fullmatch(talk.opening.text.strip())
    if said is None:
        return _list_silent(talk)
    need, parts = need_access.staff_need(talk, int(said[2]))
    word, words = said[1], texts.full_width(said[3].strip())
    if word in ("重办", "部分办结"):
        return await _decide(talk, need, parts, again=word == "重办", reason=words)
    actor = need_access.actor(talk, parts, "point_lead", "district_staff")
    if word == "没人接":
        return _in_vain(talk, need, actor)
    if words in RESULTS:
        return _record(talk, need, RESULTS[words], "call", actor)
    if words in SATISFACTION:
        follow_ups.rate(talk.tx, need, SATISFACTION[words], actor, talk.now)
        return talk.say(f"记下了，{need.name}{words}。")
    return _show_call(talk, need)


def _list_silent(talk: Talk) -> None:
    """Those who did not say whether it is solved, as far as this person may phone them."""
    waiting = [one.need for one in follow_ups.silent(talk.tx, talk.now)]
    mine = [need for need in waiting if need_access.parts_in(talk, need) & {"point_lead", "district_staff"}]
    if not mine:
        return talk.say("现在没有要打电话回访的。", Choice("电话名单", "看电话名单"))
    choices = [Choice(f"回访 {need.said_as}", f"{need.name}　{need_notices.brief(talk.tx, need)}") for need in mine]
    return talk.say(f"有 {len(mine)} 件没有回话，要打电话问。", *choices[:LONGEST_LIST])


def _show_call(talk: Talk, need: Need) -> None:
    person = people.find(talk.tx, need.person_id)
    who = f"{person.name}，{texts.spoken_phone(person.phone or '没留电话')}" if person else "本人已经注销"
    answer = need_words.last(talk.tx, need, "answer")
    choices = [Choice(f"回访 {need.said_as} {word}", word) for word in RESULTS]
    talk.say(
        f"{need.name}，请打给{who}。\n答复是：{answer}\n问：问题解决了吗？",
        *choices,
        Choice(f"没人接 {need.said_as}", "没人接"),
    )


def _record(talk: Talk, need: Need, result: Result, method: Method, actor: Actor) -> None:
    after = follow_ups.record(talk.tx, need, result, method, actor, talk.now)
    _off_the_call_list(talk, need)
    if result == "unsolved":
        need_notices.reopened(talk.tx, after, talk.now)
    elif result == "partly_solved":
        need_notices.partly_solved(talk.tx, after, talk.now)
    else:
        need_notices.closed(talk.tx, after, talk.now)
    if method == "call":
        asked = [Choice(f"回访 {need.said_as} {word}", word) for word in SATISFACTION]
        talk.say(f"记下了，{need.name}。再问一句：满意吗？", *asked)
    elif result == "solved":
        talk.say(f"太好了，{need.name}办结。您满意吗？", *need_words.satisfied_choices(need))
    elif result == "partly_solved":
        talk.say(
            f"明白了，{need.name}解决了一部分。我请上级两个工作日内定下一步，再告诉您。您对办的人满意吗？",
            *need_words.satisfied_choices(need),
        )
    else:
        talk.say(_going_on(talk, need.name, after))


def _open_again(talk: Talk, need: Need) -> None:
    try:
        after = follow_ups.reopen(talk.tx, need, _resident(talk, need), talk.now)
    except TooLateToReopen as late:
        talk.say(texts.sentence(late), Choice(f"再说难处 {need.said_as}", "再说一次"))
        return
    need_notices.reopened(talk.tx, after, talk.now)
    talk.say(_going_on(talk, need.name, after))


def _going_on(talk: Talk, name: str, need: Need) -> str:
    return (
        f"明白了，没解决。{name}接着办，还是{need_words.owner(talk.tx, need)}，我也请他的上级一起盯着。"
        f"最晚{texts.day(need.due_at)}答复您。"
    )


def _in_vain(talk: Talk, need: Need, actor: Actor) -> None:
    after, days = follow_ups.no_answer(talk.tx, need, actor, talk.now)
    if after.is_open:
        talk.say(
            f"记下了，{need.name}没人接，已经在 {days} 个不同的日子打过。满 {follow_ups.CALLS_WANTED} 天可以办结。"
        )
        return
    _off_the_call_list(talk, need)
    need_notices.unreached(talk.tx, after, talk.now)
    need_notices.closed(talk.tx, after, talk.now)
    talk.say(f"{need.name}打了 {days} 天没联系上，办结了。本人说没解决，还会接着办。")


async def _decide(talk: Talk, need: Need, parts: set[Part], *, again: bool, reason: str) -> None:
    actor = need_access.actor(talk, parts, "supervisor", "district_staff")
    text = reason or await talk.ask("reason", "写一句原因，本人会看到。", Text(at_most=200, at_least=4))
    text = text.rstrip("。")
    after = follow_ups.decide(talk.tx, need, again=again, reason=text, actor=actor, now=talk.now)
    need_notices.decided(talk.tx, after, text, talk.now)
    if again:
        need_notices.reopened(talk.tx, after, talk.now)
        talk.say(f"{need.name}接着办，最晚{texts.moment(after.due_at)}答复。")
    else:
        need_notices.closed(talk.tx, after, talk.now)
        talk.say(f"{need.name}按部分解决办结，原因已经告诉本人。")


def _off_the_call_list(talk: Talk, need: Need) -> None:
    call_list.drop(talk.tx, call_key(need), talk.now)


def call_key(need: Need) -> str:
    """One entry of the call list for each answer that nobody confirmed."""
    return f"follow-up:{need.id}:{need.round}"


def _word_and_number(text: str) -> tuple[str, int | None]:
    found = re.fullmatch(r"(\D+?) ?(\d{1,5})?", text.strip())
    return ("", None) if found is None else (found[1], int(found[2]) if found[2] else None)


def _asked_last(talk: Talk, word: str) -> Need | None:
    """What a bare “解决了” is about: the one waiting for it; for “没解决” also the one closed last."""
    told = needs_store.of_person(talk.tx, talk.person_id) if talk.person_id is not None else []
    waiting = [need for need in told if need.stage in need_stages.AWAITING_RESIDENT]
    if not waiting and word == "没解决":
        waiting = [need for need in told if need.closed_at is not None and need.outcome != "withdrawn"]
        waiting.sort(key=lambda need: need.closed_at or need.received_at, reverse=True)
    return waiting[0] if waiting else None


def _rated_last(talk: Talk) -> Need | None:
    told = needs_store.of_person(talk.tx, talk.person_id) if talk.person_id is not None else []
    answered = [(one.answered_at, need) for need in told for one in follow_ups.of(talk.tx, need.id) if one.answered_at]
    return max(answered, key=lambda pair: pair[0])[1] if answered else None


def _resident(talk: Talk, need: Need) -> Actor:
    return Actor(talk.person_id, needs_store.concerns(talk.tx, need, talk.person_id), talk.account.channel)

"""议事: opinions on community matters, suggestions, and the answers that are published to both."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from dialogue import asking, texts
from dialogue.message import Choice, Reply, encoded
from dialogue.questions import OneOf, Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import registration
from storage import communities, grants, organisations, outbox, people, points, polls, suggestions
from storage.audit import Actor
from storage.database import Transaction
from storage.grants import Grant
from storage.polls import Poll
from storage.refusals import NotAllowed, PartyMatter
from storage.suggestions import Suggestion
from storage.times import at

PATTERN = r"(?:议事|投票) ?(?P<rest>\d{1,5}(?: \d{1,2})?)"
STAFF_PATTERN = r"(?P<rest>(?:公布|答建议) ?\d{1,5}(?!\d).*)"
_STAFF_WORDS = re.compile(r"(公布|答建议) ?(\d{1,5})[\s，,:：]*(.*)", re.DOTALL)
_EVERYWHERE = "everywhere"
CLOSES = time(18)
_SCOPE: Mapping[bool, str] = {True: "公开给大家看", False: "只答复本人"}


async def overview(talk: Talk) -> None:
    """“议事”, “议事 2” to read one, “议事 2 1” to say the first."""
    numbers = [int(number) for number in re.findall(r"\d+", talk.opening.text)]
    if len(numbers) == 2:
        return _say(talk, polls.with_number(talk.tx, numbers[0]), numbers[1] - 1)
    if numbers:
        return _show(talk, polls.with_number(talk.tx, numbers[0]))
    found = polls.recent(talk.tx, talk.person_id)[:LONGEST_LIST]
    answered = suggestions.published(talk.tx, at_most=3)
    lines = [f"{one.name}：{one.public_text}\n答复：{one.answer}" for one in answered]
    choices = [Choice(f"议事 {poll.said_as}", _label(talk, poll)) for poll in found]
    text = "社区里正在商量、已经商量过的事：" if found else "现在没有正在商量的事。"
    return talk.say("\n".join([*lines, text]), *choices, Choice("提建议", "我有建议"))


async def suggest(talk: Talk) -> None:
    """“提建议”, “提建议 小区门口加个长椅”."""
    if talk.person_id is None:
        await registration.register(talk)
        if talk.person_id is None:
            return
    talk.answered_by_opening("suggestion")
    text = await talk.ask("suggestion", "您有什么建议？说社区的事就行。", Text(at_most=500, at_least=4))
    person = people.get(talk.tx, talk.person_id)
    actor = Actor(person.id, "resident", talk.account.channel)
    made = suggestions.make(talk.tx, person.id, text, person.community_code, actor, talk.now)
    for staff_id in grants.on_duty(talk.tx, person.point_id, talk.now):
        text = f"新的{made.name}，请看一看、答复。"
        choice = Choice(f"答建议 {made.said_as}", "答复")
        _tell(talk.tx, staff_id, f"suggestion:{made.id}", text, talk.now, choice)
    talk.say(f"记下了，{made.name}。有了答复我告诉您。谢谢您想着大家的事。", Choice("议事", "看看大家在商量什么"))


async def ask(talk: Talk) -> None:
    """“发起议事”: a question about a community, with what may be answered and until when."""
    everyone = communities.names(talk.tx)
    reached = {code: name for code, name in everyone.items() if _role_for(talk, code)}
    where_to = ({_EVERYWHERE: "全区"} if _role_for(talk, None) else {}) | reached
    if not where_to:
        raise NotAllowed("点长")
    question = await talk.ask("question", "商量什么事？写成一个问题，比如：长椅放在东门还是西门？", Text(at_most=60))
    if polls.is_party_matter(question):
        raise PartyMatter
    kind = Text(at_most=200)
    options = split(await talk.ask("options", "有哪几种回答？用顿号分开，比如：东门、西门、都行。", kind))
    if not 2 <= len(options) <= LONGEST_LIST:
        talk.again("options", f"请写 2 到 {LONGEST_LIST} 种回答，用顿号分开。")
    where = next(iter(where_to))
    if len(where_to) > 1:
        where = await talk.ask("where", "问哪个社区？", OneOf(where_to))
    until = await asking.day(talk, "until", "听到哪天为止？比如：12月10号。")
    scope = where_to[where]
    last = f"{until.month}月{until.day}日"
    if not await talk.confirm(f"{scope}，{question}（{'、'.join(options)}），到{last}下午6点"):
        talk.say("好的，没有发。", Choice("发起议事", "重新写"))
        return
    code = None if where == _EVERYWHERE else where
    actor = _actor(talk, _role_for(talk, code))
    poll = polls.ask(talk.tx, question, options, at(until, CLOSES), actor, talk.now, code)
    talk.say(f"发出去了，编号 {poll.number}。大家回“议事”就能看到。", Choice(f"议事 {poll.said_as}", "看大家看到的"))


async def work(talk: Talk) -> None:
    """“公布 2 决定的话”, “答建议 3 …”: what was decided or answered."""
    said = _STAFF_WORDS.fullmatch(talk.opening.text.strip())
    if said is None:
        return _list_work(talk)
    inline = texts.full_width(said[3].strip())
    if said[1] == "公布":
        poll = polls.with_number(talk.tx, int(said[2]))
        actor = _actor(talk, _role_for(talk, poll.community_code))
        words = inline or await talk.ask("answer", "商量的结果怎么办？大家都看得到。", Text(at_most=300, at_least=4))
        polls.answer(talk.tx, poll, words, actor, talk.now)
        return talk.say("公布了，大家回“议事”就能看到。", Choice(f"议事 {poll.said_as}", "看大家看到的"))
    made = suggestions.with_number(talk.tx, int(said[2]))
    actor = _actor(talk, _role_about(talk, made))
    talk.say(f"{made.name}：{suggestions.text_of(talk.tx, made)}")
    words = inline or await talk.ask("answer", "怎么答复？", Text(at_most=300, at_least=4))
    public = await talk.ask("public", "要公开吗？", OneOf({"yes": _SCOPE[True], "no": _SCOPE[False]}))
    gist = None
    if public == "yes":
        gist = await talk.ask("gist", "建议的大意，给大家看，不写姓名、电话、住址。", Text(at_most=100, at_least=4))
    answer_suggestion(talk.tx, made, words, gist, actor, talk.now)
    return talk.say(f"{made.name}答复了。")


def answer_suggestion(
    tx: Transaction, made: Suggestion, words: str, gist: str | None, actor: Actor, now: datetime
) -> None:
    """Answer it, in public when there is a gist of it without names; whoever made it hears at once."""
    suggestions.answer(tx, made, words, gist, actor, now)
    if made.person_id is not None:
        text = f"您的{made.name}有答复了：{words}"
        _tell(tx, made.person_id, f"suggestion-answer:{made.id}", text, now, Choice("议事", "看看大家在商量什么"))


def _list_work(talk: Talk) -> None:
    """What waits for an answer: suggestions, and polls that are counted."""
    made = [
        Choice(f"答建议 {one.said_as}", f"{one.name}　等答复")
        for one in suggestions.waiting(talk.tx)
        if _role_about(talk, one)
    ]
    counted = [
        poll
        for poll in polls.recent(talk.tx, talk.person_id)
        if poll.result is not None and not poll.answer and _role_for(talk, poll.community_code)
    ]
    choices = [*(Choice(f"公布 {poll.said_as}", f"{poll.question}　等公布") for poll in counted), *made]
    if not choices:
        return talk.say("现在没有等着答复、公布的。", Choice("发起议事", "发起议事"))
    return talk.say(f"有 {len(choices)} 件等着答复、公布。", *choices[:LONGEST_LIST])


def _show(talk: Talk, poll: Poll) -> None:
    if poll.is_open(talk.now):
        mine = polls.opinion_of(talk.tx, poll, talk.person_id) if talk.person_id is not None else None
        said = f"您说的是“{poll.options[mine]}”，想改就再选一次。" if mine is not None else "您怎么看？"
        choices = [Choice(f"议事 {poll.said_as} {place}", option) for place, option in enumerate(poll.options, 1)]
        until = f"听到{texts.moment(poll.closes_at)}为止。谁说了什么，只数数，不记名公布。"
        return talk.say(f"{poll.question}\n{until}{said}", *choices)
    if poll.result is None:
        return talk.say(f"{poll.question}\n意见收完了，正在数。")
    counted = "，".join(f"{option} {number} 人" for option, number in zip(poll.options, poll.result, strict=True))
    decided = f"\n结果：{poll.answer}" if poll.answer else "\n怎么办还在定，定了公布。"
    return talk.say(f"{poll.question}\n大家的意见：{counted}。{decided}", Choice("议事", "看别的"))


def _say(talk: Talk, poll: Poll, option: int) -> None:
    is_first = polls.vote(talk.tx, poll, talk.person_id, option, talk.now)
    done = "记下了" if is_first else "改好了"
    talk.say(
        f"{done}，“{poll.question}”您说的是“{poll.options[option]}”。收完意见我们公布结果。",
        Choice(f"议事 {poll.said_as}", "改一改"),
        Choice("议事", "看别的"),
    )


def _label(talk: Talk, poll: Poll) -> str:
    stands = "在听意见" if poll.is_open(talk.now) else "有结果了" if poll.answer else "意见收完了"
    return f"{poll.question}（{stands}）"


def split(text: str) -> list[str]:
    """The answers to choose from, each once."""
    return list(dict.fromkeys(part for part in re.split(r"[、，,;；\s]+", text) if part))


def _role_for(talk: Talk, community_code: str | None) -> str | None:
    return role_for(talk.tx, grants.roles_of(talk.tx, talk.account, talk.now), community_code)


def role_for(tx: Transaction, held: Iterable[Grant], community_code: str | None) -> str | None:
    """The role of `held` in which one speaks to a community; to the whole district (None) only its own staff does.

    A branch that belongs to no community has members in many.
    """
    for grant in held:
        if grant.role == "district_staff":
            return grant.role
        if community_code is None:
            continue
        if grant.role == "point_lead" and grant.point_id is not None:
            reached = {points.get(tx, grant.point_id).community_code}
        elif grant.role == "branch_secretary" and grant.organisation_id is not None:
            own = organisations.get(tx, grant.organisation_id).community_code
            reached = {own or community_code}
        else:
            continue
        if community_code in reached:
            return grant.role
    return None


def _role_about(talk: Talk, made: Suggestion) -> str | None:
    """The role in which this person reads and answers a suggestion: that of its community's or its author's point."""
    person = people.find(talk.tx, made.person_id)
    for grant in grants.roles_of(talk.tx, talk.account, talk.now):
        if grant.role == "district_staff":
            return grant.role
        if grant.role == "point_lead" and grant.point_id is not None:
            point = points.get(talk.tx, grant.point_id)
            if made.community_code == point.community_code or (person is not None and person.point_id == point.id):
                return grant.role
    return None


def _actor(talk: Talk, role: str | None) -> Actor:
    if role is None:
        raise NotAllowed("点长")
    return Actor(talk.person_id, role, talk.account.channel)


def _tell(tx: Transaction, person_id: int, key: str, text: str, now: datetime, choice: Choice) -> None:
    planned = outbox.Planned("need", f"{key}:{person_id}", encoded(Reply(text, (choice,))), now, person_id=person_id)
    planned.expires_at = now + timedelta(days=14)
    outbox.plan(tx, planned, now)

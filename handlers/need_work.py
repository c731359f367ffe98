"""办件: what the owner of a need sees and does, by one word and its number."""

import re
from datetime import date

from dialogue import asking, texts
from dialogue.message import Choice, File
from dialogue.questions import OneOf, Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import need_access, need_notices, need_words, persons
from handlers.need_access import Part
from storage import (
    assignments,
    attachments,
    audit,
    files,
    grants,
    need_categories,
    need_clock,
    need_entries,
    need_stages,
    need_work,
    needs,
    people,
    routing,
)
from storage.audit import Actor
from storage.masks import mask_name
from storage.need_work import AnsweredWith
from storage.needs import Need
from storage.people import Person
from storage.refusals import PauseTooLong

PATTERN = r"(?P<rest>(?:办件|签收|答复|退单|暂停|接着做|备注|转12345) ?\d{1,5}(?!\d).*|办件 ?第\d+页)"
_WORDS = re.compile(r"(办件|签收|答复|退单|暂停|接着做|备注|转12345) ?(\d{1,5})[\s，,:：]*(.*)", re.DOTALL)
_KINDS = {"photo": "照片", "voice": "语音", "video": "视频", "file": "文件"}
_ANSWERS = {"done": "办好了", "explained": "说明了情况，办不了或者不用办"}
_NOTES = {
    "note": "备注",
    "returned": "退回",
    "added": "本人补充",
    "paused": "暂停",
    "answer": "答复",
    "decided": "决定",
    "ruled": "终审，交给",
}


async def work(talk: Talk) -> None:
    """“办件”, “办件 128”, “签收 128”, “答复 128 路灯修好了”, “退单 128”, “暂停 128”, “备注 128 …”."""
    said = _WORDS.fullmatch(talk.opening.text.strip())
    if said is None:
        return _list(talk)
    word, words = said[1], texts.full_width(said[3].strip())
    need, parts = need_access.staff_need(talk, int(said[2]))
    match word:
        case "签收":
            return _accept(talk, need, parts)
        case "答复":
            return await _answer(talk, need, parts, words)
        case "退单":
            return await _give_back(talk, need, parts, words)
        case "暂停":
            return await _pause(talk, need, parts, words)
        case "接着做":
            return _resume(talk, need, parts)
        case "备注":
            return await _note(talk, need, parts, words)
        case "转12345":
            return await _hand_over(talk, need, parts)
    return show(talk, need, parts)


def _list(talk: Talk) -> None:
    mine = [needs.get(talk.tx, number) for number in assignments.work_of(talk.tx, talk.person_id or 0)]
    if not mine:
        return talk.say("您手上现在没有要办的件。")
    page = int(found[1]) if (found := re.search(r"第(\d+)页", talk.opening.text)) else 1
    begin = (page - 1) * LONGEST_LIST % len(mine)
    choices = [Choice(f"办件 {need.said_as}", _line(talk, need)) for need in mine[begin : begin + LONGEST_LIST]]
    if len(mine) > LONGEST_LIST:
        following = page + 1 if begin + LONGEST_LIST < len(mine) else 1
        choices.append(Choice(f"办件 第{following}页", texts.MORE))
    return talk.say(f"您手上有 {len(mine)} 件，先到期的在前。看哪件，回前面的数字。", *choices)


def _line(talk: Talk, need: Need) -> str:
    late = "（超期）" if need.due_at < talk.now and need.stage in need_stages.OPEN else ""
    label = need_categories.get(talk.tx, need.category).label
    return f"{need.name}　{label}　{need_stages.STAGES[need.stage]}　{texts.day(need.due_at)}到期{late}"


def show(talk: Talk, need: Need, parts: set[Part]) -> None:
    """Everything staff may know of it, and what they can do now. Reading it is noted."""
    flags = "".join(f"【{word}】" for word, on in (("急", need.urgent), ("急难愁盼", need.pressing)) if on)
    lines = [
        f"{flags}{need.name}（{need.number}）",
        f"{need_categories.get(talk.tx, need.category).label}，{need_access.where(talk, need)}，"
        f"{'联合办' if need.mode == 'joint' else '直接办'}，{need_stages.STAGES[need.stage]}",
        f"受理：{texts.moment(need.received_at)}。最晚：{texts.moment(need.due_at)}。",
    ]
    paused_until = need_clock.paused_until(talk.tx, need.id, talk.now)
    if paused_until is not None and need.is_open:
        lines.append(f"暂停到{texts.day(paused_until)}。")
    if need_access.may_read(talk, need, parts):
        lines += _content(talk, need, parts)
    else:
        lines.append("看病的事，内容只有承办人能看。")
    talk.say("\n".join(lines), *choices(talk, need, parts))
    if need_access.may_read(talk, need, parts):
        _show_attachments(talk, need)
    seen_as = need_access.actor(talk, parts, *need_access.TITLES)
    audit.note(talk.tx, seen_as, "need.read", need.subject, talk.now)


def _content(talk: Talk, need: Need, parts: set[Part]) -> list[str]:
    text, place = needs.text_of(talk.tx, need)
    lines = [f"内容：{text}"] if text else []
    if place:
        lines.append(f"地点：{place}")
    person = people.find(talk.tx, need.person_id)
    if person is not None and parts & {"owner", "support", "point_lead", "district_staff"}:
        lines.append(f"本人：{person.name}，{texts.spoken_phone(person.phone or '没留电话')}")
    elif person is not None:
        lines.append(f"本人：{mask_name(person.name)}")
    noted = [one for one in need_entries.of(talk.tx, need.id, need.number) if one.kind in _NOTES and one.text]
    return [*lines, *(f"{texts.day(entry.at)}{_NOTES[entry.kind]}：{entry.text}" for entry in noted)]


def _show_attachments(talk: Talk, need: Need) -> None:
    """Pictures and voices as files of this chat; those still on their way are counted."""
    missing = 0
    for sent in attachments.of(talk.tx, need.subject):
        number = int(str(sent["id"]))
        content = attachments.content(talk.tx, number)
        if content is None:
            missing += 1
            continue
        body, media_type, name = content
        kind = str(sent["kind"])
        label = name or f"{need.name}{_KINDS.get(kind, '文件')}"
        token = files.add(talk.tx, label, media_type, body, talk.person_id, talk.now)
        file = File(token, label, media_type)
        if kind == "photo":
            talk.say("本人发来的照片：", photo=file)
        else:
            talk.say(f"本人发来的{_KINDS.get(kind, '文件')}：", file=file)
    if missing:
        talk.say(f"还有 {missing} 个附件没取到，过一会儿再看。")


def choices(talk: Talk, need: Need, parts: set[Part]) -> list[Choice]:
    """What this person can do with it now."""
    number = need.said_as
    can: list[Choice] = []
    if "owner" in parts and need.stage in need_stages.OPEN:
        if need.stage == "assigned":
            can.append(Choice(f"签收 {number}", "签收"))
        can.append(Choice(f"答复 {number}", "答复本人"))
        if need_clock.paused_until(talk.tx, need.id, talk.now) is not None:
            can.append(Choice(f"接着做 {number}", "不等了，接着办"))
        else:
            can.append(Choice(f"暂停 {number}", "要等一等"))
        if not need.ruled:
            can.append(Choice(f"退单 {number}", "不归我办"))
        can.append(Choice(f"转12345 {number}", "转给12345"))
    elif "district_staff" in parts and need.stage in need_stages.OPEN:
        can.append(Choice(f"派单 {number}", "派给谁"))
    if need.stage in need_stages.AWAITING_RESIDENT and parts & {"point_lead", "district_staff", "supervisor"}:
        can.append(Choice(f"回访 {number}", "回访"))
    return [*can, Choice(f"备注 {number}", "写备注")]


def _accept(talk: Talk, need: Need, parts: set[Part]) -> None:
    need = need_work.accept(talk.tx, need, need_access.actor(talk, parts, "owner"), talk.now)
    talk.say(f"签收了，{need.name}。最晚{texts.moment(need.due_at)}答复。", *choices(talk, need, parts))


async def _answer(talk: Talk, need: Need, parts: set[Part], words: str) -> None:
    actor = need_access.actor(talk, parts, "owner")
    text = words or await talk.ask(
        "answer", "怎么答复本人？用平常话写，比如：路灯今天修好了。", Text(at_most=300, at_least=4)
    )
    how = await talk.ask("how", "这件事算哪一种？", OneOf(_ANSWERS))
    if not await talk.confirm(f"本人会看到“{need.name}有回音了：{text}”"):
        talk.say("好的，没有发。想好了再答复。", *choices(talk, need, parts))
        return
    answered_with: AnsweredWith = "explained" if how == "explained" else "done"
    need = need_work.answer(talk.tx, need, text, answered_with, actor, talk.now)
    need_notices.answered(talk.tx, need, text, talk.now)
    talk.say(f"答复发出去了，{need.name}。下一个工作日有人回访，没解决会再回到您这里。")


async def _hand_over(talk: Talk, need: Need, parts: set[Part]) -> None:
    actor = need_access.actor(talk, parts, "owner", "district_staff")
    ticket = await talk.ask("ticket", "12345 的工单号是？", Text(at_most=40, at_least=4))
    text = f"这件事转给12345办了，工单号 {ticket}，打 12345 报这个号就能问。"
    if not await talk.confirm(f"本人会看到“{need.name}有回音了：{text}”"):
        talk.say("好的，没有转。", *choices(talk, need, parts))
        return
    need = need_work.hand_to_12345(talk.tx, need, text, ticket, actor, talk.now)
    need_notices.answered(talk.tx, need, text, talk.now)
    talk.say(f"记下了，{need.name}转给12345，工单号 {ticket}。")


async def _give_back(talk: Talk, need: Need, parts: set[Part], words: str) -> None:
    actor = need_access.actor(talk, parts, "owner")
    reason = words or await talk.ask("reason", "为什么不归您办？", Text(at_most=200, at_least=2))
    known = {rule.owner_id: rule.called for rule in routing.rules(talk.tx) if rule.owner_id != talk.person_id}

    def works_here(person: Person) -> bool:
        return person.id in known or bool(grants.of_person(talk.tx, person.id, talk.now))

    proposed = await persons.pick(talk, "proposed", "您看该给谁办？", known, works_here)
    need = need_work.give_back(talk.tx, need, reason, proposed.id, actor, talk.now)
    need_notices.returned(talk.tx, need, talk.now)
    if need.stage == "received":
        talk.say(f"{need.name}第二次退回，交给区里定，定了就不能再退。时间照样在走。")
    else:
        talk.say(f"{need.name}转给{need_words.owner(talk.tx, need)}了。时间照样在走。")


async def _pause(talk: Talk, need: Need, parts: set[Part], words: str) -> None:
    actor = need_access.actor(talk, parts, "owner")
    latest = need_work.latest_pause(talk.tx, need, talk.now)
    if latest is None:
        raise PauseTooLong(None)
    reason = words or await talk.ask("reason", "要等什么？比如：等厂家送配件。", Text(at_most=60, at_least=2))
    reason = reason.rstrip("。！") if reason.startswith("等") else f"等{reason.rstrip('。！')}"
    until = await asking.day(talk, "until", f"等到哪天？最晚{_day(latest)}。")
    if until > latest:
        talk.again("until", f"暂停加起来最多 10 个工作日，这次最晚到{_day(latest)}。")
    need = need_work.pause(talk.tx, need, reason, until, actor, talk.now)
    need_notices.paused(talk.tx, need, talk.now)
    talk.say(f"{need.name}停到{_day(until)}，已经告诉本人。到那天自动接着算时间。", *choices(talk, need, parts))


def _resume(talk: Talk, need: Need, parts: set[Part]) -> None:
    need = need_work.resume(talk.tx, need, need_access.actor(talk, parts, "owner"), talk.now)
    need_notices.resumed(talk.tx, need, talk.now)
    talk.say(f"{need.name}接着办，最晚{texts.moment(need.due_at)}答复。", *choices(talk, need, parts))


async def _note(talk: Talk, need: Need, parts: set[Part], words: str) -> None:
    text = words or await talk.ask("note", "写什么？只有工作人员看得到。", Text(at_most=300))
    actor: Actor = need_access.actor(talk, parts, *need_access.TITLES)
    need_work.note(talk.tx, need, text, actor, talk.now)
    talk.say(f"记下了，只有工作人员看得到。{need.name}", *choices(talk, need, parts))


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"

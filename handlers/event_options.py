"""What else an event may have: lots, offers, limits, hosts, a poster, money. Asked only of who wants it."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from dialogue import asking
from dialogue.message import Choice, File
from dialogue.questions import Invalid, Number, OneOf, Sent, SeveralOf, Text
from dialogue.talk import Talk
from storage import attachments, events, files, organisations
from storage.conversations import Said
from storage.events import Draft, Event

_OPTIONS = {
    "lottery": "人多就抽签",
    "first_timers": "没来过的优先",
    "offer": "有空位先问要不要来",
    "opens": "几时开始报名",
    "closes": "几时截止报名",
    "members": "只限党员",
    "group": "一起报名最多几位",
    "speaker": "主讲人",
    "code": "签到口令",
    "hosts": "联办单位",
    "poster": "海报图片",
    "budget": "经费预算",
}
_A_DAY_BEFORE = timedelta(days=1)
_POSTER_LASTS = timedelta(days=60)  # after the event


@dataclass(frozen=True)
class Yuan:
    """An amount of money, in fen."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> int:
        found = re.fullmatch(r"\s*(\d{1,7})(?:[.．](\d{1,2}))?\s*(?:元|块|块钱)?\s*", said.text)
        if found is None:
            raise Invalid("请发一个钱数，比如：300 或者 86.5。")
        return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


async def choose(talk: Talk, draft: Draft) -> tuple[Draft, tuple[int, ...]]:
    """The draft with what was wished for, and the organisations that host it too."""
    prompt = "还要设哪些？可以选几样，比如：1 4。"
    chosen = await talk.ask("options", prompt, SeveralOf(_OPTIONS))
    co_hosts: tuple[int, ...] = ()
    draft = replace(
        draft,
        allocation="lottery" if "lottery" in chosen else draft.allocation,
        first_timers_first="first_timers" in chosen or draft.first_timers_first,
        asks_before_seating="offer" in chosen or draft.asks_before_seating,
        members_only="members" in chosen or draft.members_only,
    )
    if draft.allocation == "lottery" and draft.capacity is None:
        capacity = await talk.ask("lottery places", "抽签要有名额。一共几个？", Number(at_least=1, at_most=5000))
        draft = replace(draft, capacity=capacity)
    if "opens" in chosen:
        draft = replace(draft, sign_up_opens_at=await _before(talk, draft, "opens", "几时开始报名？"))
    if "closes" in chosen:
        draft = replace(draft, sign_up_closes_at=await _before(talk, draft, "closes", "报名到几时截止？"))
    elif draft.allocation == "lottery" and draft.sign_up_closes_at is None:
        draft = replace(draft, sign_up_closes_at=draft.starts_at - _A_DAY_BEFORE)
    if "group" in chosen:
        draft = replace(
            draft, largest_group=await talk.ask("group", "一起报名最多几位？", Number(at_least=1, at_most=4))
        )
    if "speaker" in chosen:
        draft = replace(draft, speaker=await talk.ask("speaker", "主讲人是谁？", Text(at_most=40, at_least=2)))
    if "code" in chosen:
        draft = replace(draft, code_word=await talk.ask("code", "签到口令是什么？比如：春天。", Text(at_most=20)))
    if "hosts" in chosen:
        co_hosts = await hosts(talk, draft.organisation_id)
    if "poster" in chosen:
        picture = await talk.ask("poster", "请发海报图片。", Sent("请发一张照片。"))
        draft = replace(draft, poster=f"attachment {picture}")
    if "budget" in chosen:
        draft = replace(draft, budget_planned=await talk.ask("budget", "打算花多少钱？比如：300。", Yuan()))
    return draft, co_hosts


async def changed(talk: Talk, event: Event, field: str) -> dict[str, Any]:
    """The new value of one of these for an event that is there already, by column."""
    if field in ("opens", "closes"):
        prompt = "几时开始报名？" if field == "opens" else "报名到几时截止？"
        return {f"sign_up_{field}_at": await _before(talk, event, field, prompt)}
    if field == "group":
        most = await talk.ask("group", "一起报名最多几位？", Number(at_least=1, at_most=4))
        return {"largest_group": most}
    if field == "poster":
        picture = await talk.ask("poster", "请发海报图片。", Sent("请发一张照片。"))
        return {"poster": f"attachment {picture}"}
    if field != "allocation":
        raise ValueError(field)
    how = {"first_come": "先到先得", "lottery": "抽签"}
    allocation = await talk.ask("allocation", "名额怎么给？", OneOf(how))
    changes: dict[str, Any] = {"allocation": allocation}
    if allocation == "lottery" and event.capacity is None:
        places = await talk.ask("lottery places", "抽签要有名额。一共几个？", Number(at_least=1, at_most=5000))
        changes["capacity"] = places
    if allocation == "lottery" and event.sign_up_closes_at is None:
        changes["sign_up_closes_at"] = event.starts_at - _A_DAY_BEFORE
    return changes


def poster(talk: Talk, event: Event) -> File | None:
    """The picture, once its bytes are here."""
    if event.poster is None:
        return None
    kind, _, reference = event.poster.partition(" ")
    name = f"{event.title}.jpg"
    if kind != "attachment":
        return File(kind, name, reference or "image/jpeg")
    kept = attachments.content(talk.tx, int(reference))
    if kept is None:
        return None
    content, media_type, _ = kept
    media_type = media_type or "image/jpeg"
    lasts = max(event.ends_at - talk.now, timedelta()) + _POSTER_LASTS
    token = files.add(talk.tx, name, media_type, content, None, talk.now, lasts)
    events.keep_poster(talk.tx, event.id, f"{token} {media_type}")
    return File(token, name, media_type)


async def _before(talk: Talk, draft: Draft, key: str, prompt: str) -> datetime:
    moment = await asking.moment(talk, key, f"{prompt}比如：12月1号上午九点。")
    if moment >= draft.starts_at:
        talk.again(key, "要在活动开始以前。请再说一遍。")
    return moment


async def hosts(talk: Talk, host_id: int | None) -> tuple[int, ...]:
    """The organisations that hold it together with its host."""
    others = organisations_besides(talk, host_id)
    if not others:
        talk.say("还没有别的组织可以联办，这一项先空着。")
        return ()
    nobody = {"none": "没有，只有我们办"}
    chosen = await talk.ask("hosts", "和哪几个组织一起办？", SeveralOf(others | nobody))
    return tuple(int(each) for each in chosen if each != "none")


def organisations_besides(talk: Talk, host_id: int | None) -> dict[str, str]:
    """Names by number, as text."""
    return {str(each.id): each.name for each in organisations.active(talk.tx) if each.id != host_id}

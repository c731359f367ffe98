"""改活动、取消活动、撤回: one thing at a time, shown before it counts, told to everyone, taken back in time."""

from datetime import timedelta
from typing import Any

from dialogue import asking, texts
from dialogue.message import Choice
from dialogue.questions import Number, OneOf, Phone, Text, YesNo
from dialogue.talk import Talk
from handlers import event_options, notices, roles, series
from handlers.organise import LENGTHS, NOTHING, actor, one_i_run, where
from storage import event_undo, events, sign_ups
from storage import series as kept_series
from storage.events import Event

FIELDS = {
    "time": "时间",
    "place": "地点",
    "capacity": "名额",
    "title": "名字",
    "words": "嘱咐的话",
    "length": "时长",
    "speaker": "主讲人",
    "phone": "联系电话",
    "poster": "海报图片",
    "code": "签到口令",
    "hosts": "联办单位",
    "organisation": "主办单位",
    "type": "类型",
    "series": "放进系列",
    "members": "只限党员",
    "allocation": "抽签还是先到先得",
    "first_timers": "没来过的优先",
    "offer": "空位先问要不要来",
    "opens": "几时开始报名",
    "closes": "几时截止报名",
    "group": "一起报名最多几位",
}
_YES_NO = {  # field -> column, question, yes, no
    "members": ("members_only", "只限党员报名吗？", "只限党员", "都可以报"),
    "first_timers": ("first_timers_first", "没来过的优先吗？", "优先", "不优先"),
    "offer": ("asks_before_seating", "空出座位，先问要不要来吗？", "先问", "直接给"),
}
_WITH_THOSE_AFTER = ("time", "place", "capacity", "title", "words", "speaker", "phone")


async def change(talk: Talk) -> None:
    """“改活动”, “改活动 12”."""
    event = await one_i_run(talk, "改哪一场？", states=("published", "draft"))
    if event is None:
        return talk.say("您没有可以改的活动。", Choice("发布活动", "发布活动"))
    field = await talk.ask("field", f"《{event.title}》改什么？", OneOf(FIELDS))
    if field == "hosts":
        return await _change_hosts(talk, event)
    changes = await _changes(talk, event, field)
    if field in _WITH_THOSE_AFTER and await series.from_now_on(talk, event, field):
        return await series.change_following(talk, event, changes, FIELDS[field])
    preview = events.changed_by(talk.tx, event, changes, talk.now)
    told = len(events.concerned(talk.tx, event.id))
    news = notices.changes_in_words(event, preview) if event.state == "published" else ""
    tell = f"会告诉报名和候补的 {told} 个人" if news and told else "不用另外通知"
    if not await talk.confirm(f"《{preview.title}》{news or '改' + FIELDS[field]}，{tell}"):
        return talk.say("没有改，还是原来的样子。")
    before, after = events.change(talk.tx, event.id, changes, actor(talk, event), talk.now)
    if after.state == "published":
        notices.changed(talk.tx, before, after, talk.now)
        if field in ("capacity", "allocation"):
            notices.promoted(talk.tx, sign_ups.promote(talk.tx, event.id, talk.now), talk.now)
    sent = f"已经安排告诉 {told} 个人。" if news and told else ""
    return talk.say(f"改好了。{sent}10 分钟内回“撤回”可以改回来。", Choice(f"撤回 {event.id}", "改回来"))


async def _changes(talk: Talk, event: Event, field: str) -> dict[str, Any]:
    """The new values, by column."""
    if field in _YES_NO:
        column, question, yes, no = _YES_NO[field]
        return {column: await talk.ask(field, question, YesNo(yes, no))}
    if field == "time":
        starts_at = await asking.moment(talk, "start", "改到哪天几点？")
        return {"starts_at": starts_at, "ends_at": starts_at + (event.ends_at - event.starts_at)}
    if field == "length":
        length = await talk.ask("length", "改成多长时间？", OneOf(LENGTHS))
        return {"ends_at": event.starts_at + timedelta(minutes=int(length))}
    if field == "place":
        point, venue = await where(talk)
        return {"point_id": point.id if point else None, "venue": venue}
    if field == "capacity":
        capacity = await talk.ask("capacity", "改成最多多少人？不限就回 0。", Number(at_most=5000))
        return {"capacity": capacity or None}
    if field == "title":
        return {"title": await talk.ask("title", "改成什么名字？", Text(at_most=30, at_least=2))}
    if field == "phone":
        return {"contact_phone": await talk.ask("phone", "用哪个电话？", Phone(landline=True))}
    if field == "type":
        return {"type": await talk.ask("type", "改成哪一类？", OneOf(events.TYPES))}
    if field == "words":
        words = await talk.ask("words", "嘱咐的话改成什么？不要了就回“没有”。", Text(at_most=200))
        return {"description": "" if words.strip("。") in NOTHING else words}
    if field in ("speaker", "code"):
        prompts = {"speaker": "主讲人是谁？", "code": "签到口令是什么？两三个字就行，比如：春天。"}
        column, longest = {"speaker": ("speaker", 40), "code": ("code_word", 20)}[field]
        word = await talk.ask(field, f"{prompts[field]}不要了就回“没有”。", Text(at_most=longest))
        return {column: None if word.strip("。") in NOTHING else word}
    if field in ("series", "organisation"):
        return await _belongs(talk, field)
    return await event_options.changed(talk, event, field)


async def _belongs(talk: Talk, field: str) -> dict[str, Any]:
    """To which series it belongs, or which organisation is the host."""
    if field == "series":
        names = {str(each.id): each.name for each in kept_series.active(talk.tx)}
        column, question = "series_id", "放进哪个系列？"
    else:
        names = event_options.organisations_besides(talk, None)
        column, question = "organisation_id", "主办是哪个组织？"
    chosen = await talk.ask(field, question, OneOf({"none": "都不是"} | names))
    return {column: None if chosen == "none" else int(chosen)}


async def _change_hosts(talk: Talk, event: Event) -> None:
    hosts = await event_options.hosts(talk, event.organisation_id)
    names = event_options.organisations_besides(talk, event.organisation_id)
    named = "、".join(names[str(each)] for each in hosts)
    if not await talk.confirm(f"《{event.title}》{'联办：' + named if named else '没有联办单位'}"):
        return talk.say("没有改，还是原来的样子。")
    events.set_co_hosts(talk.tx, event.id, hosts, actor(talk, event), talk.now)
    return talk.say(
        "改好了。10 分钟内回“撤回”可以改回来。",
        Choice(f"活动 {event.id}", "看看大家看到的"),
        Choice(f"撤回 {event.id}", "改回来"),
    )


async def cancel(talk: Talk) -> None:
    """“取消活动”: with the reason, told to everyone concerned."""
    event = await one_i_run(talk, "取消哪一场？", states=("published",))
    if event is None:
        return talk.say("您没有可以取消的活动。")
    reason = await talk.ask("reason", "因为什么不办了？大家会看到，比如：台风。", Text(at_most=40))
    told = len(events.concerned(talk.tx, event.id))
    if not await talk.confirm(f"取消《{event.title}》{texts.moment(event.starts_at)}，告诉 {told} 个人：因为{reason}"):
        return talk.say("没有取消，照常办。")
    event = events.cancel(talk.tx, event.id, reason, actor(talk, event), talk.now)
    notices.cancelled(talk.tx, event, reason, talk.now)
    return talk.say(
        f"《{event.title}》取消了，已经安排告诉 {told} 个人。没通知到的会列进电话名单。弄错了，10 分钟内回“撤回”。",
        Choice(f"撤回 {event.id}", "弄错了，照常办"),
    )


async def undo(talk: Talk) -> None:
    """“撤回”, within ten minutes: the publication, the change or the cancellation, whichever came last."""
    event = await _done_lately(talk)
    if event is None:
        return talk.say("没有可以撤回的活动。发布、修改、取消以后 10 分钟内能撤回。")
    at_one_stroke = event_undo.together(talk.tx, event.id, talk.now)
    undone = event_undo.undo(talk.tx, event.id, actor(talk, event), talk.now)
    if undone.what == "publish":
        notices.cancelled(talk.tx, event, "还要再安排", talk.now)
        return talk.say(f"《{event.title}》收回来了，存着没删。", Choice(f"发布存稿 {event.id}", "重新发布"))
    if undone.what == "cancel":
        told = notices.on_again(talk.tx, undone.after, talk.now)
        return talk.say(f"《{event.title}》照常办，已经安排告诉 {told} 个人。", Choice("我办的活动", "我办的活动"))
    told = _tell_of(talk, undone)
    for other in at_one_stroke:
        if other != event.id:
            told += _tell_of(talk, event_undo.undo(talk.tx, other, actor(talk, events.get(talk.tx, other)), talk.now))
    sent = f"，已经安排告诉 {told} 个人" if told else ""
    what = f"《{undone.after.title}》" if len(at_one_stroke) == 1 else f"一起改的 {len(at_one_stroke)} 场都"
    return talk.say(f"{what}改回原来的了{sent}。", Choice(f"活动 {event.id}", "看看大家看到的"))


def _tell_of(talk: Talk, undone: event_undo.Undone) -> int:
    """Those concerned hear what holds again. Returns how many."""
    if undone.after.state != "published":
        return 0
    told = notices.changed(talk.tx, undone.before, undone.after, talk.now)
    notices.promoted(talk.tx, sign_ups.promote(talk.tx, undone.after.id, talk.now), talk.now)
    return told


async def photo(talk: Talk) -> None:
    """“活动照片 12”: whether there is a photo, for the ledger; nobody has to take one."""
    event = events.get(talk.tx, int(talk.opening.text))
    who = actor(talk, event)
    taken = await talk.ask("taken", f"《{event.title}》拍照片了吗？没拍也没关系。", YesNo("有", "没有"))
    events.note_photo(talk.tx, event.id, who, talk.now, taken=taken)
    talk.say(f"记下了：《{event.title}》{'有' if taken else '没有'}照片。")


async def _done_lately(talk: Talk) -> Event | None:
    if talk.opening.text.isdecimal():
        event = events.get(talk.tx, int(talk.opening.text))
        roles.must_reach(talk, event, roles.ORGANISERS)
        return event
    recent = [event for event in event_undo.recent(talk.tx, talk.now) if roles.role_for(talk, event, roles.ORGANISERS)]
    if len(recent) < 2:
        return recent[0] if recent else await one_i_run(talk, "撤回哪一场？", states=("published",))
    options = {str(event.id): f"{event.title}　{texts.moment(event.starts_at)}" for event in recent}
    return events.get(talk.tx, int(await talk.ask("event", "撤回哪一场？", OneOf(options))))

"""讲义: what a course hands out, put in by staff and taken with one word by those who come."""

from datetime import datetime

from dialogue import sent_files
from dialogue.message import Choice, File, Reply, encoded
from dialogue.questions import OneOf, Sent, Text, YesNo
from dialogue.talk import LONGEST_LIST, Talk
from handlers import series as series_handler
from storage import attachments, files, handouts, outbox, series
from storage.audit import Actor
from storage.database import Transaction
from storage.handouts import Handout
from storage.refusals import NotRegistered
from storage.series import Series

_ENDINGS = {
    "application/pdf": ".pdf",
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "audio/amr": ".amr",
    "audio/mpeg": ".mp3",
}


async def take(talk: Talk) -> None:
    """“讲义”, “讲义 3”: the handouts of a course that one comes to, the newest first."""
    wanted, _, page = talk.opening.text.partition(" ")
    found = await _mine(talk, int(wanted) if wanted.isdecimal() else None)
    if found is None:
        return talk.say(
            "您报过、上过的课还没有讲义。", Choice("我的活动", "我的活动"), Choice("活动", "看看有什么活动")
        )
    every = handouts.of_series(talk.tx, found.id)
    if not every:
        return talk.say(f"《{found.name}》还没有讲义。", *_of_staff(talk, found))
    begin = (int(page) - 1) * LONGEST_LIST % len(every) if page.isdecimal() else 0
    shown = every[begin : begin + LONGEST_LIST]
    for handout in shown[:-1]:
        _hand_over(talk, handout)
    more = begin + LONGEST_LIST < len(every)
    older = [Choice(f"讲义 {found.id} {begin // LONGEST_LIST + 2}", "更早的讲义")] if more else []
    return _hand_over(talk, shown[-1], *older, *_of_staff(talk, found))


async def add(talk: Talk) -> None:
    """“加讲义 3”: one file or photo, and whether those who come hear of it now."""
    found = await series_handler.which(talk)
    if found is None:
        return talk.say("还没有系列。发布活动的时候，选“办成一个系列”。", Choice("发布活动", "发布活动"))
    actor = _actor(talk, found)
    asks = f"请把《{found.name}》的讲义发给我，文件、照片都行。微信里发不了文件，就拍照片发来。"
    sent = await talk.ask("file", asks, Sent("请发一个文件，或者一张照片。"))
    content = await sent_files.content(talk, "file", sent)
    if len(content) > handouts.LARGEST:
        talk.again("file", "这个文件太大了，请发 10 MB 以内的。")
    _, media_type, file_name = attachments.content(talk.tx, sent) or (b"", "", "")
    called = await talk.ask("name", "这份讲义叫什么？比如：第三课笔法。", Text(at_most=40, at_least=2))
    told = handouts.readers(talk.tx, found.id)
    tells = bool(told) and await talk.ask(
        f"tell {len(told)}", f"现在告诉报了名、来过的 {len(told)} 位吗？", YesNo("告诉", "先不说")
    )
    media_type = media_type or "application/octet-stream"
    name = called + (_ENDINGS.get(media_type) or _ending(file_name))
    handout = handouts.add(talk.tx, found.id, name, media_type, content, actor, talk.now)
    attachments.forget(talk.tx, sent)
    if tells:
        tell(talk.tx, found, handout, told, talk.now)
    return talk.say(
        f"放好了：{name}。报了名、来过的人回“讲义”就能拿到。" + (f"已经安排告诉 {len(told)} 位。" if tells else ""),
        Choice(f"讲义 {found.id}", "看讲义"),
        Choice(f"加讲义 {found.id}", "再加一份"),
    )


async def remove(talk: Talk) -> None:
    """“删讲义 3”: a wrong one."""
    found = await series_handler.which(talk)
    if found is None:
        return talk.say("还没有系列，也就没有讲义。")
    actor = _actor(talk, found)
    every = handouts.of_series(talk.tx, found.id)
    if not every:
        return talk.say(f"《{found.name}》还没有讲义。", Choice(f"加讲义 {found.id}", "加一份"))
    options = {str(handout.id): handout.name for handout in every}
    chosen = handouts.get(talk.tx, int(await talk.ask("which", "删哪一份？", OneOf(options))))
    if not await talk.confirm(f"删掉《{found.name}》的“{chosen.name}”"):
        return talk.say("好的，留着。", Choice(f"讲义 {found.id}", "看讲义"))
    handouts.remove(talk.tx, chosen.id, actor, talk.now)
    return talk.say(f"“{chosen.name}”删掉了。", Choice(f"讲义 {found.id}", "看讲义"))


async def _mine(talk: Talk, wanted: int | None) -> Series | None:
    """The course named or chosen, of those this person comes to or has the care of."""
    if wanted is not None:
        found = series.get(talk.tx, wanted)
        if series_handler.is_reached(talk, found):
            return found
    if talk.person_id is None:
        raise NotRegistered
    mine = {str(each): series.get(talk.tx, each) for each in handouts.series_of(talk.tx, talk.person_id)}
    if wanted is not None:
        return mine.get(str(wanted))
    if len(mine) < 2:
        return next(iter(mine.values()), None)
    options = {key: each.name for key, each in mine.items()}
    return mine[await talk.ask("series", "哪门课的讲义？", OneOf(options))]


def _hand_over(talk: Talk, handout: Handout, *choices: Choice) -> None:
    content = handouts.content(talk.tx, handout.id)
    token = files.add(talk.tx, handout.name, handout.media_type, content, talk.person_id, talk.now)
    talk.say(f"讲义：{handout.name}", *choices, file=File(token, handout.name, handout.media_type))


def _of_staff(talk: Talk, found: Series) -> list[Choice]:
    if not series_handler.is_reached(talk, found):
        return []
    return [Choice(f"加讲义 {found.id}", "加一份"), Choice(f"删讲义 {found.id}", "删一份")]


def _actor(talk: Talk, found: Series) -> Actor:
    return Actor(talk.person_id, series_handler.must_reach(talk, found), talk.account.channel)


def _ending(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return f".{ending.lower()}" if dot and ending.isalnum() and len(ending) <= 5 else ""


def tell(tx: Transaction, found: Series, handout: Handout, persons: list[int], now: datetime) -> None:
    """Plan a word to each of `persons` that there is something new."""
    reply = encoded(Reply(f"《{found.name}》有新讲义了：{handout.name}。", (Choice(f"讲义 {found.id}", "看讲义"),)))
    for person in persons:
        key = f"handout:{handout.id}:{person}"
        outbox.plan(tx, outbox.Planned("notice", key, reply, now, person_id=person), now)

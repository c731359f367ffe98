"""群发: written, looked at on one's own phone, agreed to by a second person, sent, stopped, and accounted for."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dialogue import texts
from dialogue.message import Choice, File, Reply, decoded, encoded
from dialogue.questions import Invalid, OneOf, Sent, Text, YesNo
from dialogue.talk import Talk
from handlers import audiences, roles
from handlers import events as events_handler
from storage import attachments, broadcasts, events, files, grants, outbox, people, recipients
from storage.audit import Actor
from storage.broadcasts import STATES, Broadcast
from storage.conversations import Said
from storage.database import Transaction
from storage.events import Event
from storage.refusals import BroadcastNotNow, NotAllowed, NotRegistered
from storage.times import local

PATTERN = r"(?P<rest>(?:看|发出|同意|退回|暂停|接着|停掉|没收到|打电话)群发 ?\d{1,9}(?: 第\d+页)?)"
_WORDS = re.compile(r"(\S+?)群发 ?(\d{1,9})(?: 第(\d+)页)?")
_NAMES_ON_A_PAGE = 20
_FILE_KEPT = timedelta(days=30)  # as long as the words it goes with are to be read in a chat (care.md 7)
STANDS = {
    "delivered": "送到了",
    "planned": "排着队",
    "sending": "正在送",
    "waiting": "等本人来看",
    "unreachable": "发不过去",
    "refused": "平台没收",
    "expired": "过了时间没送到",
    "unknown": "不知道到了没有",
    "capped": "今天或这周已经收过，没再发",
    "fewer": "说过少发，没发",
    "stopped": "停下以后没发",
    "superseded": "不用发了",
}
"""How a recipient's row stands, as staff read it."""

SECOND_ASKED = "已经请另一位区级工作人员看。同意了就发。"
NO_SECOND = "要另一位区级工作人员同意，现在没有第二位。请先给一位同事开通。"
DECIDED = {True: "同意了，开始发", False: "退回了，没有发"}


@dataclass(frozen=True)
class _Document:
    """One file, whatever it is."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> int:
        if not said.attachments:
            raise Invalid("请把文件发给我。")
        return said.attachments[0]


async def create(talk: Talk) -> None:
    """“群发”: what to say, to whom, and how many that is. Nothing leaves before it was looked at."""
    if talk.person_id is None:
        raise NotRegistered
    who = await audiences.standing(talk)
    text = await talk.ask("text", "要告诉大家什么？写成一条消息，300 个字以内。", Text(at_most=300, at_least=4))
    extra, choices, text = await _extras(talk, text)
    audience = await audiences.choose(talk, who)
    counted = audiences.count(talk, audience)
    if not counted.people:
        return talk.say("这些条件下一个人也没有，没有存。", Choice("群发", "重新写"))
    reason = None
    if who.role in ("district_staff", "point_lead"):
        kinds = {"normal": "普通通知", "emergency": "紧急通知（台风、停水）"}
        if await talk.ask("kind", "是普通通知，还是紧急通知？", OneOf(kinds)) == "emergency":
            prompt = "紧急通知不分时间、不限次数，要写明原因。是什么原因？"
            reason = await talk.ask("reason", prompt, Text(at_most=100, at_least=2))
    actor = Actor(talk.person_id, who.role, talk.account.channel)
    reply = encoded(Reply(text, choices))
    made = broadcasts.draft(talk.tx, reply, audience, actor, talk.now, attachment_id=extra, emergency_because=reason)
    if reason is not None:
        broadcasts.reword(talk.tx, made, encoded(urgently(made, Reply(text, choices))), extra)
    return _show(talk, broadcasts.get(talk.tx, made))


def urgently(broadcast_id: int, reply: Reply) -> Reply:
    """As an emergency is worded: it says what it is, and asks for a word back."""
    receipt = Choice(f"收到 {broadcast_id}", "收到")
    return replace(reply, text=f"【紧急通知】{reply.text}\n看到请回“收到”。", choices=(receipt, *reply.choices))


async def _extras(talk: Talk, text: str) -> tuple[int | None, tuple[Choice, ...], str]:
    """What goes with the words: a picture, a file, or the card of an event with a word to sign up."""
    options = {"nothing": "就这些字", "picture": "一张图片", "event": "一场活动", "file": "一个文件"}
    extra = await talk.ask("extra", "还要带上什么？", OneOf(options))
    if extra == "picture":
        return await talk.ask("picture", "请发一张图片。", Sent("请发一张照片。")), (), text
    if extra == "file":
        return await talk.ask("file", "请把文件发给我。", _Document()), (), text
    coming = events.coming(talk.tx, talk.now)
    if extra == "nothing" or not coming:
        return None, (), text
    labels = {str(event.id): events_handler.label(event) for event in coming}
    event = events.get(talk.tx, int(await talk.ask("card", "哪一场？", OneOf(labels))))
    reply = with_event(talk.tx, Reply(text), event, talk.now)
    return None, reply.choices, reply.text


def with_event(tx: Transaction, reply: Reply, event: Event, now: datetime) -> Reply:
    """The words with the card of an event below them, and a word to sign up."""
    choices = (Choice(f"报名 {event.id}", "我要报名"), Choice(f"活动 {event.id}", "看活动"))
    return replace(reply, text=f"{reply.text}\n{events_handler.card(tx, event, now)}", choices=choices)


def with_file(tx: Transaction, reply: Reply, name: str, media_type: str, content: bytes, now: datetime) -> Reply:
    """The words with a picture above them, or a file."""
    file = File(files.add(tx, name, media_type, content, None, now, _FILE_KEPT), name, media_type)
    return replace(reply, photo=file) if media_type.startswith("image/") else replace(reply, file=file)


async def work(talk: Talk) -> None:
    """“看群发 3”, “发出群发 3”, “同意群发 3”, “暂停群发 3” …; alone: what was sent lately."""
    said = _WORDS.fullmatch(talk.opening.text.strip())
    if said is None:
        return _list(talk)
    found = broadcasts.get(talk.tx, int(said[2]))
    actor = _must_reach(talk, found)
    match said[1]:
        case "发出":
            return _hand_in(talk, found, actor)
        case "同意" | "退回":
            return _decide(talk, found, said[1] == "同意")
        case "暂停":
            return _show(talk, broadcasts.pause(talk.tx, found.id, actor, talk.now))
        case "接着":
            return _show(talk, broadcasts.resume(talk.tx, found.id, actor, talk.now))
        case "停掉":
            if await talk.ask("sure", "停下就不再发了，发出去的收不回来。停吗？", YesNo("停", "不停")):
                found = broadcasts.stop(talk.tx, found.id, actor, talk.now)
            return _show(talk, found)
        case "没收到":
            return _missed(talk, found, int(said[3] or 1))
        case "打电话":
            return _phone(talk, found)
    return _show(talk, found)


async def acknowledge(talk: Talk) -> None:
    """“收到”, to an emergency; said of anything else it is only friendly."""
    if talk.person_id is None:
        return talk.say("好的。")
    words = talk.opening.text
    number = int(words) if words.isdecimal() else recipients.last_emergency(talk.tx, talk.person_id, talk.now)
    if number is not None and recipients.acknowledge(talk.tx, number, talk.person_id, talk.now):
        return talk.say("好的，记下您收到了。请保重，有事回“人工”。")
    return talk.say("好的。")


def carry_on(tx: Transaction, broadcast_id: int, now: datetime) -> bool:
    """One more step of sending. True when more can be done at once. Who missed an emergency is to be phoned."""
    step = recipients.carry_on(tx, broadcast_id, now)
    if step == "finished":
        found = broadcasts.get(tx, broadcast_id)
        if found.kind == "emergency":
            list_for_calls(tx, found, now)
    return step == "more"


def _hand_in(talk: Talk, found: Broadcast, actor: Actor) -> None:
    if not with_its_file(talk.tx, found, talk.now):
        return talk.say("图片还没取到，过一小会儿再发。", Choice(f"看群发 {found.id}", "再看看"))
    found = broadcasts.hand_in(talk.tx, found.id, actor, talk.now)
    if found.state == "sending":
        return talk.say(f"群发 {found.id} 开始发了。", *_steps(found))
    if not ask_others(talk.tx, found, talk.now):
        return talk.say(f"群发 {found.id} {NO_SECOND}")
    return talk.say(f"要发给 {found.counted} 人，{SECOND_ASKED}", *_steps(found))


def ask_others(tx: Transaction, found: Broadcast, now: datetime) -> int:
    """Ask every other member of the district's staff for their yes. Returns how many that are."""
    others = [each for each in grants.holders(tx, "district_staff", now) if each != found.made_by]
    maker = people.get(tx, found.made_by).name
    urgent = found.kind == "emergency"
    for person in dict.fromkeys(others):
        text = f"{maker}写了一条{'紧急通知' if urgent else '群发'}，要发给 {found.counted} 人，请您看看。"
        key = f"approve-broadcast:{found.id}:{int(now.timestamp())}:{person}"
        reply = Reply(text, (Choice(f"看群发 {found.id}", "看一看"),))
        planned = outbox.Planned("alert" if urgent else "notice", key, encoded(reply), now, person_id=person)
        outbox.plan(tx, planned, now)
    return len(others)


def _decide(talk: Talk, found: Broadcast, agrees: bool) -> None:
    role = "district_staff"
    if not any(grant.role == role for grant in grants.roles_of(talk.tx, talk.account, talk.now)):
        raise NotAllowed(roles.TITLES[role])
    actor = Actor(talk.person_id, role, talk.account.channel)
    found = decide(talk.tx, found, agrees, actor, talk.now)
    talk.say(f"群发 {found.id} {DECIDED[agrees]}。", *_steps(found))


def decide(tx: Transaction, found: Broadcast, agrees: bool, actor: Actor, now: datetime) -> Broadcast:
    """A second person's yes or no, told to whoever wrote it."""
    found = (broadcasts.approve if agrees else broadcasts.send_back)(tx, found.id, actor, now)
    reply = Reply(f"您写的群发 {found.id} {DECIDED[agrees]}。", (Choice(f"看群发 {found.id}", "看一看"),))
    key = f"decided-broadcast:{found.id}:{int(now.timestamp())}"
    outbox.plan(tx, outbox.Planned("notice", key, encoded(reply), now, person_id=found.made_by), now)
    return found


def _show(talk: Talk, found: Broadcast) -> None:
    """A draft as everyone will get it; one that is under way or over with its figures."""
    if found.state in ("draft", "asked"):
        complete = with_its_file(talk.tx, found, talk.now)
        talk.say("大家收到的是这样：")
        talk.replies.append(decoded(broadcasts.get(talk.tx, found.id).reply))
        counted = audiences.count(talk, found.audience)
        lines = [f"群发 {found.id}（{STATES[found.state]}）发给：{audiences.described(talk.tx, found.audience)}。"]
        lines.append(audiences.in_words(counted))
        if found.reason:
            lines.append(f"紧急原因：{found.reason}。")
        if not complete:
            lines.append("图片正在取，过一小会儿再看。")
        return talk.say("\n".join(lines), *_steps(found, is_maker=found.made_by == talk.person_id))
    return talk.say("\n".join(_figures(talk, found)), *_steps(found))


def _figures(talk: Talk, found: Broadcast) -> list[str]:
    progress = recipients.progress(talk.tx, found)
    lines = [f"群发 {found.id}（{STATES[found.state]}），要发 {found.counted} 人。"]
    if found.begun_at is not None:
        lines[0] += f"{texts.day(found.begun_at)}{local(found.begun_at):%H:%M} 开始。"
    lines += [f"{label} {progress.states[name]} 人" for name, label in STANDS.items() if name in progress.states]
    if (left := found.counted - progress.planned) > 0 and found.state != "finished":
        lines.append(f"{'没轮到' if found.state == 'stopped' else '还没轮到'} {left} 人")
    if found.kind == "emergency":
        lines.append(f"回了“收到”的 {progress.acknowledged} 人")
    return lines


def _steps(found: Broadcast, *, is_maker: bool = True) -> list[Choice]:
    look, stop = Choice(f"看群发 {found.id}", "看进度"), Choice(f"停掉群发 {found.id}", "停掉")
    after = [Choice(f"没收到群发 {found.id}", "谁没收到"), Choice(f"打电话群发 {found.id}", "没收到的打电话")]
    match found.state:
        case "draft":
            return [Choice(f"发出群发 {found.id}", "发出去"), Choice(f"停掉群发 {found.id}", "不要了")]
        case "asked":
            agree = [Choice(f"同意群发 {found.id}", "同意，发出去"), Choice(f"退回群发 {found.id}", "退回")]
            return [stop] if is_maker else agree
        case "sending":
            return [look, Choice(f"暂停群发 {found.id}", "暂停"), stop]
        case "paused":
            return [Choice(f"接着群发 {found.id}", "接着发"), stop, look]
    return after


def _missed(talk: Talk, found: Broadcast, page: int) -> None:
    gone = recipients.missed(talk.tx, found.id, at_most=_NAMES_ON_A_PAGE * page + 1)
    shown = gone[_NAMES_ON_A_PAGE * (page - 1) : _NAMES_ON_A_PAGE * page]
    if not shown:
        return talk.say("没有没收到的人。", Choice(f"看群发 {found.id}", "看进度"))
    lines = []
    for person_id, state in shown:
        person = people.find(talk.tx, person_id)
        lines.append(f"{person.name if person else '（已注销）'}　{STANDS[state]}")
    choices = [Choice(f"打电话群发 {found.id}", "都列进电话名单")]
    if len(gone) > _NAMES_ON_A_PAGE * page:
        choices.append(Choice(f"没收到群发 {found.id} 第{page + 1}页", texts.MORE))
    return talk.say(f"群发 {found.id} 没收到的：\n" + "\n".join(lines), *choices)


def _phone(talk: Talk, found: Broadcast) -> None:
    if found.state not in ("sending", "paused", "stopped", "finished"):
        raise BroadcastNotNow(found.id, STATES[found.state])
    listed = list_for_calls(talk.tx, found, talk.now)
    talk.say(f"列进电话名单 {listed} 人。", Choice("电话名单", "看电话名单"))


def list_for_calls(tx: Transaction, found: Broadcast, now: datetime) -> int:
    """Everyone who did not get it goes on the call list. Returns how many."""
    subject = f"群发 {found.id}：{decoded(found.reply).text}"
    listed = after = 0
    while True:
        more, after = recipients.list_for_calls(tx, found.id, subject, now, after)
        listed += more
        if more < recipients.AT_ONCE:
            return listed


def _list(talk: Talk) -> None:
    mine = [found for found in broadcasts.recent(talk.tx) if _may_see(talk, found)][:5]
    if not mine:
        return talk.say("还没有群发过。", Choice("群发", "写一条"))
    choices = [
        Choice(f"看群发 {found.id}", f"{found.id}　{decoded(found.reply).text[:12]}　{STATES[found.state]}")
        for found in mine
    ]
    return talk.say("最近的群发：", *choices, Choice("群发", "写一条"))


def with_its_file(tx: Transaction, found: Broadcast, now: datetime) -> bool:
    """Put the picture or file into the words once its bytes are here. False while they are not."""
    if found.attachment_id is None:
        return True
    kept = attachments.content(tx, found.attachment_id)
    if kept is None:
        return False
    content, media_type, name = kept
    media_type = media_type or "image/jpeg"
    name = name or ("图片.jpg" if media_type.startswith("image/") else "附件")
    reply = with_file(tx, decoded(found.reply), name, media_type, content, now)
    broadcasts.reword(tx, found.id, encoded(reply), None)
    return True


def _may_see(talk: Talk, found: Broadcast) -> bool:
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    return found.made_by == talk.person_id or any(grant.role == "district_staff" for grant in held)


def _must_reach(talk: Talk, found: Broadcast) -> Actor:
    """Who wrote it, while they hold the role they wrote it in, or district staff."""
    held = {grant.role for grant in grants.roles_of(talk.tx, talk.account, talk.now)}
    if "district_staff" in held:
        return Actor(talk.person_id, "district_staff", talk.account.channel)
    if found.made_by == talk.person_id and found.role in held:
        return Actor(talk.person_id, found.role, talk.account.channel)
    raise NotAllowed(roles.TITLES["district_staff"])

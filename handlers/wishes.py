"""微心愿: making a wish, taking one on without knowing whose it is, and staff who bring the two together."""

import re
from collections.abc import Iterable
from datetime import datetime

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import Number, Text, YesNo
from dialogue.talk import LONGEST_LIST, Talk
from handlers import registration, wish_notices
from storage import audit, communities, grants, organisations, people, wishes
from storage.audit import Actor
from storage.database import Transaction
from storage.grants import Grant
from storage.people import Person
from storage.refusals import NotAllowed, NotRegistered
from storage.scrub import scrub
from storage.wishes import Wish

CLAIM_PATTERN = r"认领(?:心愿)? ?(?:第 ?)?(?P<rest>\d{1,5}) ?号?"
OWN_PATTERN = r"(?P<rest>(?:心愿实现了|心愿还没有|撤回心愿|心愿办好了|不认领了) ?\d{1,5})"
STAFF_PATTERN = r"(?P<rest>(?:发布心愿|牵线|牵上线了) ?\d{1,5})"
_WORDS = re.compile(r"(\D+?) ?(\d{1,5})")
_STAFF = ("point_lead", "district_staff")
_PHONE = re.compile(r"1\d{10}|0\d{2,3}-?\d{7,8}")


async def browse(talk: Talk) -> None:
    """“微心愿”: what may be taken on, in words that name nobody; and one's own."""
    shown = wishes.to_take_on(talk.tx)
    page = int(found[1]) if (found := re.fullmatch(r"第(\d+)页", talk.opening.text)) else 1
    begin = (page - 1) * (LONGEST_LIST - 1) % max(len(shown), 1)
    choices = [
        Choice(f"认领 {wish.said_as}", _public_line(talk, wish)) for wish in shown[begin : begin + LONGEST_LIST - 1]
    ]
    if len(shown) >= LONGEST_LIST:
        following = page + 1 if begin + LONGEST_LIST - 1 < len(shown) else 1
        choices.append(Choice(f"微心愿 第{following}页", texts.MORE))
    mine = wishes.of_person(talk.tx, talk.person_id) if talk.person_id is not None else []
    own = "".join(f"您的{wish.name}：{wishes.STATES[wish.state]}。" for wish in mine[:3] if wish.ended_at is None)
    taken = wishes.taken_on_by(talk.tx, talk.person_id) if talk.person_id is not None else []
    own += "".join(f"您认领的{wish.name}：{wishes.STATES[wish.state]}。" for wish in taken[:3])
    text = f"现在有 {len(shown)} 个心愿等人认领，想帮哪个就回前面的数字。" if shown else "现在没有等人认领的心愿。"
    talk.say(f"{own}\n{text}".strip(), *choices, Choice("许心愿", "说我自己的心愿"))


async def make(talk: Talk) -> None:
    """“许心愿”, “许心愿 想学用手机视频”."""
    if talk.person_id is None:
        await registration.register(talk)
        if talk.person_id is None:
            return
    talk.answered_by_opening("wish")
    text = await talk.ask("wish", "您有什么小心愿？比如：想有人教我用手机视频。", Text(at_most=200, at_least=4))
    person = people.get(talk.tx, talk.person_id)
    actor = Actor(person.id, "resident", talk.account.channel)
    wish = wishes.submit(talk.tx, person.id, text, person.community_code, actor, talk.now)
    wish_notices.submitted(talk.tx, wish, person.point_id, talk.now)
    talk.say(
        f"记下了，{wish.name}。工作人员去掉姓名和住址再给大家看，有人认领先问您。不想要了随时撤回。",
        Choice(f"撤回心愿 {wish.said_as}", "撤回"),
        Choice("微心愿", "看看别人的心愿"),
    )


async def claim(talk: Talk) -> None:
    """“认领 7”: for oneself, or for the unit or team that one names."""
    if not talk.opening.text.isdecimal():
        return await browse(talk)
    wish = wishes.with_number(talk.tx, int(talk.opening.text))
    if talk.person_id is None:
        raise NotRegistered
    text = wishes.public_text_of(talk.tx, wish)
    talk.say(f"{wish.name}：{text}")
    kind = Text(at_most=40, choices=(Choice("self", "我自己"),))
    for_whom = await talk.ask("for", "您是自己认领，还是替单位、服务队认领？替单位就回单位名。", kind)
    is_own = talk.answers["for"].picked == ["self"] or for_whom in ("我自己", "自己", "self")
    unit = next((one.id for one in organisations.active(talk.tx) if one.name == for_whom), None)
    if not await talk.ask(f"sure: {wish.number}", "认领了，七天内工作人员帮您联系。认领吗？", YesNo("认领", "再想想")):
        return talk.say("好的，不急。", Choice("微心愿", "看看别的心愿"))
    actor = Actor(talk.person_id, "resident", talk.account.channel)
    team = None if is_own or unit is not None else for_whom
    wish = wishes.claim(talk.tx, wish, talk.person_id, actor, talk.now, unit, team)
    wish_notices.claimed(talk.tx, wish, point_of(talk.tx, wish), talk.now)
    return talk.say(
        f"谢谢您认领{wish.name}。工作人员问过本人，就让你们联系上。",
        Choice(f"不认领了 {wish.said_as}", "不认领了"),
        Choice("微心愿", "看看别的心愿"),
    )


async def answer(talk: Talk) -> None:
    """“心愿实现了 7”, “心愿还没有 7”, “撤回心愿 7”, “心愿办好了 7”, “不认领了 7”."""
    if not re.search(r"\d", talk.opening.text):
        return await browse(talk)
    word, wish = _word_and_wish(talk)
    actor = Actor(talk.person_id, "resident", talk.account.channel)
    if word in ("心愿实现了", "心愿还没有"):
        wish = wishes.confirm(talk.tx, wish, actor, talk.now, fulfilled=word == "心愿实现了")
        if wish.state == "confirmed":
            return talk.say("太好了！替您谢谢帮忙的人。", Choice("许心愿", "再说一个心愿"))
        wish_notices.not_yet(talk.tx, wish, talk.now)
        return talk.say("明白了，我请他们再跟您联系。")
    if word == "撤回心愿":
        claimers = [one.person_id for one in wishes.claims(talk.tx, wish.id, standing_only=True)]
        if wish.person_id != talk.person_id:
            actor = _staff_actor(talk, wish)
        wishes.withdraw(talk.tx, wish, actor, talk.now)
        wish_notices.withdrawn(talk.tx, wish, claimers, talk.now)
        return talk.say(f"{wish.name}撤回了。", Choice("许心愿", "说别的心愿"))
    if word == "不认领了":
        wishes.give_up(talk.tx, wish, talk.person_id or 0, actor, talk.now)
        return talk.say(f"好的，{wish.name}放回去了，别人也能认领。", Choice("微心愿", "看看别的心愿"))
    wish = wishes.done(talk.tx, wish, actor, talk.now)
    wish_notices.done(talk.tx, wish, talk.now)
    return talk.say(f"谢谢您！我问问本人，{wish.name}是不是实现了。")


async def work(talk: Talk) -> None:
    """“发布心愿 7”, “牵线 7”, “牵上线了 7”, and “心愿办理” for what waits: point leads and district staff."""
    if not re.search(r"\d", talk.opening.text):
        return _list_work(talk)
    word, wish = _word_and_wish(talk)
    actor = _staff_actor(talk, wish)
    if word == "发布心愿":
        return await _post(talk, wish, actor)
    if word == "牵线":
        return _show_both(talk, wish, actor)
    wish = wishes.connect(talk.tx, wish, actor, talk.now)
    wish_notices.connected(talk.tx, wish, talk.now)
    return talk.say(f"记下了，{wish.name}两边联系上了。")


def _list_work(talk: Talk) -> None:
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    to_post = [
        Choice(f"发布心愿 {one.said_as}", f"{one.name}　等发布")
        for one in wishes.submitted(talk.tx)
        if role_for(talk.tx, one, held)
    ]
    to_connect = [
        Choice(f"牵线 {one.said_as}", f"{one.name}　等牵线")
        for one in wishes.to_connect(talk.tx)
        if role_for(talk.tx, one, held)
    ]
    waiting = [*to_post, *to_connect]
    if not waiting:
        return talk.say("现在没有要整理、要牵线的心愿。")
    return talk.say(f"有 {len(waiting)} 个心愿等您办，先办前面的。", *waiting[:LONGEST_LIST])


async def _post(talk: Talk, wish: Wish, actor: Actor) -> None:
    talk.say(f"本人的话：{wishes.text_of(talk.tx, wish)}")
    prompt = "请写给大家看的话，不要姓名、电话、住址。比如：一位老人想学用手机视频。"
    text = await talk.ask("public", prompt, Text(at_most=100, at_least=4))
    if gives_away(talk.tx, wish, text):
        talk.again("public", "里面还有姓名、电话或者住址，请去掉再发。")
    sharers = await talk.ask("sharers", "最多几个人一起认领？一个人就回 1。", Number(at_least=1, at_most=20))
    wish = wishes.post(talk.tx, wish, text, sharers, actor, talk.now)
    talk.say(f"{wish.name}发布了，大家在“微心愿”里看得到。")


def gives_away(tx: Transaction, wish: Wish, text: str) -> bool:
    """Whether `text` tells who wished: the name, the estate, a number."""
    if _PHONE.search(text) or scrub(text)[1]:
        return True
    person = people.find(tx, wish.person_id)
    return person is not None and (person.name in text or bool(person.estate and person.estate in text))


def _show_both(talk: Talk, wish: Wish, actor: Actor) -> None:
    lines = [f"{wish.name}：{wishes.public_text_of(talk.tx, wish)}", *both_sides(talk.tx, wish, actor, talk.now)]
    talk.say("\n".join([*lines, "先问本人愿不愿意。"]), Choice(f"牵上线了 {wish.said_as}", "两边联系上了"))


def both_sides(tx: Transaction, wish: Wish, actor: Actor, now: datetime) -> list[str]:
    """The phones of both sides, for staff who ask the elder first. Reading them is noted."""
    lines = [f"本人：{_contact(people.find(tx, wish.person_id))}"]
    for one in wishes.claims(tx, wish.id, standing_only=True):
        unit = organisations.get(tx, one.organisation_id).name if one.organisation_id else one.team or "自己"
        lines.append(f"认领：{_contact(people.find(tx, one.person_id))}（{unit}）")
    audit.note(tx, actor, "wish.read", wish.subject, now)
    return lines


def _contact(person: Person | None) -> str:
    return f"{person.name}，{texts.spoken_phone(person.phone or '没留电话')}" if person else "已经注销"


def _public_line(talk: Talk, wish: Wish) -> str:
    community = communities.get(talk.tx, wish.community_code) if wish.community_code else None
    where = f"（{community.display_name}）" if community else ""
    return f"{wish.name}　{wishes.public_text_of(talk.tx, wish)}{where}"


def _word_and_wish(talk: Talk) -> tuple[str, Wish]:
    found = _WORDS.fullmatch(talk.opening.text.strip())
    if found is None:
        raise NotAllowed("工作人员")
    return found[1].strip(), wishes.with_number(talk.tx, int(found[2]))


def point_of(tx: Transaction, wish: Wish) -> int | None:
    """The service point of whoever wished: its lead works on the wish, beside district staff."""
    person = people.find(tx, wish.person_id)
    return person.point_id if person is not None else None


def _staff_actor(talk: Talk, wish: Wish) -> Actor:
    role = role_for(talk.tx, wish, grants.roles_of(talk.tx, talk.account, talk.now))
    if role is None:
        raise NotAllowed("点长")
    return Actor(talk.person_id, role, talk.account.channel)


def role_for(tx: Transaction, wish: Wish, held: Iterable[Grant]) -> str | None:
    """The role in which staff work on it: district staff, or the lead of the point of whoever wished."""
    point_id = point_of(tx, wish)
    for grant in held:
        if grant.role == "district_staff" or (grant.role == "point_lead" and grant.point_id == point_id is not None):
            return grant.role
    return None

"""我的信息: what is held about oneself, to be seen and taken along, and one's own membership as it stands here."""

from dialogue.message import Choice, File
from dialogue.talk import Talk
from handlers import own_data_file
from reports.labels import MEMBER_TYPES, VERIFICATIONS
from storage import audit, files, organisations, own_data, people
from storage.audit import Actor
from storage.people import Person
from storage.refusals import NotRegistered
from storage.times import local, local_date

_MOBILE_MONTHS = 6  # of a stay, from which on a member may be 流动党员 (domain 4.2.4); organisations decide


async def overview(talk: Talk) -> None:
    """“我的信息”: everything stated, in plain words, and how much else is kept."""
    person = registered(talk)
    held = own_data.of(talk.tx, person.id)
    counted = [
        (len(held["sign_ups"]), "次报名"),
        (len(held["attendances"]), "次到场"),
        (len(held["needs"]), "件难处"),
        (len(held["proxies"]), "个代办"),
        (len(held["accounts"]), "个聊天账号"),
        (len(held["consents"]), "条同意记录"),
    ]
    besides = "、".join(f"{number} {what}" for number, what in counted if number)
    more = "" if person.interests else "\n关心哪些事，想说的话回“更正关心的事”，有合适的活动好告诉您。"
    talk.say(
        "您的信息，都在这里了：\n" + "\n".join(own_data_file.stated(held["person"])) + f"\n另外还有 {besides}。{more}",
        Choice("更正", "更正"),
        Choice("导出我的信息", "拿一份走"),
        Choice("我的党员身份", "我的党员身份"),
        Choice("撤回同意", "撤回同意"),
        Choice("注销", "注销"),
    )


async def export(talk: Talk) -> None:
    """“导出我的信息”: two files, one to read and one for a program."""
    person = registered(talk)
    held = own_data.of(talk.tx, person.id)
    when = f"{local(talk.now):%Y年%m月%d日 %H:%M}"
    to_read = _file(talk, "我的信息.txt", own_data_file.TEXT_TYPE, own_data_file.as_text(held, when))
    talk.say("这是我们记的您的全部信息，7 天内可以打开。别发给不认识的人。", file=to_read)
    for_programs = _file(talk, "我的信息.json", own_data_file.JSON_TYPE, own_data_file.as_json(held))
    talk.say("这一份是给电脑读的。", file=for_programs)
    log(talk, "export", person.id)


async def membership(talk: Talk) -> None:
    """“我的党员身份”: what the register here holds of oneself, and what the dates hint at."""
    person = registered(talk)
    if person.party.member != "yes":
        stated = "您登记的是群众。" if person.party.member == "no" else "您没有登记党员身份。"
        return talk.say(f"{stated}要登记或者改，回“更正党员身份”。", Choice("更正党员身份", "更正党员身份"))
    lines = [
        "您登记的是党员。",
        f"原来的党组织：{person.party.home_branch}",
        f"核实：{VERIFICATIONS[person.verification]}",
    ]
    if person.party.member_type:
        lines.append(f"身份类别：{MEMBER_TYPES[person.party.member_type]}")
    elif _stays_half_a_year(person):
        lines.append("您在这儿住满半年，可能属于流动党员，由党组织认定。")
    if person.host_branch_id is not None:
        group = f"，{person.party_group}" if person.party_group else ""
        lines.append(f"编入支部：{organisations.get(talk.tx, person.host_branch_id).name}{group}")
    lines.append("别人看得到您是党员。" if person.shows_membership else "只有候鸟党委和您的支部看得到。")
    lines.append("组织关系的流出、流入在全国党员管理信息系统里办，这里不代替。")
    shows = Choice("不亮身份", "不让别人看到") if person.shows_membership else Choice("亮身份", "亮身份")
    return talk.say("\n".join(lines), shows, Choice("更正", "更正"), Choice("撤回同意", "撤回同意"))


async def show_membership(talk: Talk) -> None:
    """“亮身份”: the member's own choice, off until then (P28)."""
    _keep_shown(talk, shown=True)


async def hide_membership(talk: Talk) -> None:
    """“不亮身份”."""
    _keep_shown(talk, shown=False)


def registered(talk: Talk) -> Person:
    """Raises `NotRegistered`."""
    person = people.find(talk.tx, talk.person_id)
    if person is None:
        raise NotRegistered
    return person


def _keep_shown(talk: Talk, *, shown: bool) -> None:
    person = registered(talk)
    if person.party.member != "yes":
        return talk.say("您没有登记党员身份，没有什么要亮的。", Choice("我的党员身份", "我的党员身份"))
    person.shows_membership = shown
    people.change(talk.tx, person, talk.now)
    say = "好的，别人看得到您是党员了。想收回，回“不亮身份”。" if shown else "好的，只有候鸟党委和您的支部看得到。"
    return talk.say(say, Choice("我的党员身份", "我的党员身份"))


def _stays_half_a_year(person: Person) -> bool:
    """Six calendar months from the day of arrival on, or longer."""
    if person.residence != "seasonal" or person.arrives_on is None or person.leaves_on is None:
        return False
    months = (person.leaves_on.year - person.arrives_on.year) * 12 + person.leaves_on.month - person.arrives_on.month
    return months - (person.leaves_on.day < person.arrives_on.day) >= _MOBILE_MONTHS


def _file(talk: Talk, name: str, media_type: str, content: bytes) -> File:
    return File(files.add(talk.tx, name, media_type, content, talk.person_id, talk.now), name, media_type)


def log(talk: Talk, what: str, person_id: int) -> None:
    """Each request with its date; ours are done at once, the law gives 30 days (care.md P9)."""
    done = {"due": local_date(talk.now), "done": local_date(talk.now)}
    actor = Actor(person_id, "resident", talk.account.channel)
    audit.note(talk.tx, actor, f"own_data.{what}", f"person {person_id}", talk.now, after=done)

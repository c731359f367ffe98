"""本月菜单: what a service point offers this month; written by its lead, who is reminded on the 25th (domain 5)."""

from datetime import date, datetime

from dialogue.message import Choice, Reply, encoded
from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from handlers import point_keeping
from storage import grants, outbox, people, points, service_menus
from storage.database import Transaction
from storage.points import ServicePoint
from storage.times import local_date

_MOST_POINTS = 5


async def show(talk: Talk) -> None:
    """“本月菜单”, “本月菜单 春园社区”: of one's own point, unless another is named."""
    await _show(talk, service_menus.first_of(local_date(talk.now)))


async def show_next(talk: Talk) -> None:
    """“下月菜单”."""
    await _show(talk, service_menus.following(service_menus.first_of(local_date(talk.now))))


async def _show(talk: Talk, month: date) -> None:
    point = await _meant(talk, talk.opening.text.strip())
    menu = service_menus.of(talk.tx, point.id, month)
    where = f"{point.address}，电话 {point.phone}"
    if menu is None or not menu.items:
        usual = f"平时有：{point.services.replace(';', '、')}。" if point.services else ""
        return talk.say(f"{point.name} {month.month}月的菜单还没有写。{usual}\n{where}", *_choices())
    lines = "\n".join(f"· {item}" for item in menu.items)
    return talk.say(f"{point.name}，{month.month}月有这些：\n{lines}\n{where}", *_choices())


async def write(talk: Talk) -> None:
    """“写菜单”: one service a line; what was written before is kept as the version before."""
    point, actor = await point_keeping.own_point(talk, "写哪个服务点的菜单？说社区名或者服务点的名字。")
    this = service_menus.first_of(local_date(talk.now))
    following = service_menus.following(this)
    options = {"this": f"{this.month}月", "next": f"{following.month}月"}
    month = this if await talk.ask("month", "写哪个月的？", OneOf(options)) == "this" else following
    text = await talk.ask("items", _prompt(talk, point, month), Text(at_most=1500, at_least=2))
    items = service_menus.read_items(text.replace("；", "\n").replace(";", "\n"))
    if not items:
        talk.again("items", "没看出有哪几样。一行写一样，比如：周二上午 义诊。")
    listed = "\n".join(f"{number}. {item}" for number, item in enumerate(items, 1))
    if not await talk.confirm(f"{point.name}，{month.month}月：\n{listed}"):
        return talk.say("好的，没有存。", Choice("写菜单", "重新写"))
    menu = service_menus.keep(talk.tx, point.id, month, items, actor, talk.now)
    return talk.say(f"写好了，{month.month}月一共 {len(menu.items)} 样。大家回“本月菜单”就看得到。")


def remind(tx: Transaction, now: datetime) -> int:
    """From the 25th on: tell the leads of points that have no menu for the coming month, once each."""
    today = local_date(now)
    month = service_menus.following(service_menus.first_of(today))
    missing = set(service_menus.missing_next(tx, today))
    told = 0
    for grant, person_id, _account, _since in grants.in_force(tx, now):
        if grant.role != "point_lead" or grant.point_id not in missing or person_id is None:
            continue
        text = f"{points.get(tx, grant.point_id or 0).name} {month.month}月的菜单还没有写。现在写，大概一分钟。"
        reply = encoded(Reply(text, (Choice("写菜单", "写菜单"),)))
        key = f"menu:{grant.point_id}:{month:%Y-%m}:{person_id}"
        outbox.plan(tx, outbox.Planned("notice", key, reply, now, person_id=person_id), now)
        told += 1
    return told


def _prompt(talk: Talk, point: ServicePoint, month: date) -> str:
    before = service_menus.of(talk.tx, point.id, month) or service_menus.last_before(talk.tx, point.id, month)
    ask = f"{month.month}月有哪些服务？一行写一样，比如：周二上午 义诊。"
    if before is None or not before.items:
        return ask
    which = "现在写的是" if before.month == month else f"{before.month.month}月是"
    return f"{ask}\n{which}：{'；'.join(before.items)}"


async def _meant(talk: Talk, words: str) -> ServicePoint:
    """The point that was named, else one's own, else it is asked for."""
    person = people.find(talk.tx, talk.person_id)
    if not words and person is not None and person.point_id is not None:
        return points.get(talk.tx, person.point_id)
    if not words:
        words = await talk.ask("point", "看哪个服务点的菜单？说社区名就行，比如：春园社区。", Text(at_most=30))
    found = points.named(talk.tx, words)
    while not found:
        talk.say(f"“{words[:20]}”我没找到。")
        words = await talk.ask(f"point: {words}", "请说社区名，比如：春园社区。", Text(at_most=30))
        found = points.named(talk.tx, words)
    if len(found) == 1:
        return found[0]
    options = {str(each.id): each.name for each in found[:_MOST_POINTS]}
    chosen = await talk.ask(f"which: {words}", "是哪一个？", OneOf(options))
    return next(each for each in found if str(each.id) == chosen)


def _choices() -> tuple[Choice, ...]:
    return Choice("想要的没有", "想要的没有"), Choice("活动", "看活动")

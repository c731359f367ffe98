"""我的积分: a card one asks for, read by oneself alone; and the rule that the district writes points by."""

import re

from dialogue.message import Choice
from dialogue.questions import Text, YesNo
from dialogue.talk import Talk
from handlers.my_data import registered
from storage import credit_points, exports
from storage.audit import Actor
from storage.credit_points import Rule
from storage.times import local_date

_SHOWN = 5
_RULE = re.compile(r"\D*(\d{1,3})\D+(\d{1,3})\D+(\d{1,2})\D*")


async def show(talk: Talk) -> None:
    """“我的积分”."""
    person = registered(talk)
    card = credit_points.card(talk.tx, person.id)
    if card is None:
        if credit_points.rule(talk.tx) is None:
            return talk.say("这儿还没有开积分。")
        return talk.say("您还没有积分卡。愿意才开，不开也什么都能参加。", Choice("开积分卡", "开积分卡"))
    credit_points.settle(talk.tx, person.id, talk.now)
    found = credit_points.entries(talk.tx, card)
    lines = [f"{entry.points:+d}　{entry.title}{'（冲正）' if entry.takes_back else ''}" for entry in found[-_SHOWN:]]
    says = f"您有 {credit_points.valid(found, local_date(talk.now))} 分，只有您自己看得到。"
    return talk.say(
        "\n".join([says, *reversed(lines)]), Choice("积分台账", "拿一份全的"), Choice("关积分卡", "关积分卡")
    )


async def open_card(talk: Talk) -> None:
    """“开积分卡”: only at one's own wish."""
    person = registered(talk)
    asked = "开了卡，以后来活动、做志愿就记分，只有您自己看得到，不和别人比。开吗？"
    if not await talk.ask("sure", asked, YesNo("开", "不开")):
        return talk.say("好的，不开。什么时候想开，回“开积分卡”。")
    credit_points.open_card(talk.tx, person.id, talk.now)
    by = credit_points.rule(talk.tx)
    worth = "" if by is None else f"现在{_worth(by)}。"
    return talk.say(f"开好了。{worth}", Choice("我的积分", "我的积分"))


async def close_card(talk: Talk) -> None:
    """“关积分卡”: nothing is written on it any more."""
    person = registered(talk)
    if not credit_points.close_card(talk.tx, person.id, talk.now):
        return talk.say("您没有积分卡，不用关。")
    return talk.say("关好了，不再记分。")


async def take_along(talk: Talk) -> None:
    """“积分台账”, “积分台账 CSV”: the own card as a file, made beside the conversation."""
    person = registered(talk)
    if credit_points.card(talk.tx, person.id) is None:
        return talk.say("您还没有积分卡。", Choice("开积分卡", "开积分卡"))
    credit_points.settle(talk.tx, person.id, talk.now)
    day = local_date(talk.now).isoformat()
    wanted = {"report": "points_ledger", "person": person.id, "from": day, "to": day}
    wanted |= {"format": "csv" if "csv" in talk.opening.text.lower() else "xlsx"}
    exports.ask(talk.tx, "report", wanted, person.id, talk.account.id, talk.now)
    return talk.say("好的，正在做您的积分台账，好了马上发给您。")


async def set_rule(talk: Talk) -> None:
    """“积分规则”: district staff; the rule before stays for what was given by it."""
    by = credit_points.rule(talk.tx)
    before = "现在没有开积分。" if by is None else f"现在是第 {by.version} 版：{_worth(by)}。"
    said = await talk.ask("rule", f"{before}新规则按这个样子说：活动1分，志愿每小时2分，12个月有效。", Text(at_most=60))
    found = _RULE.fullmatch(said)
    if found is None or not 1 <= int(found[3]) <= 60:
        talk.again("rule", "我没看明白。照这个样子说三个数：活动1分，志愿每小时2分，12个月有效。")
    per_event, per_hour, months = int(found[1]), int(found[2]), int(found[3])
    if not await talk.confirm(_worth(Rule(0, talk.now, per_event, per_hour, months))):
        return talk.say("好的，没有改。")
    actor = Actor(talk.person_id, "district_staff", talk.account.channel)
    made = credit_points.set_rule(talk.tx, per_event, per_hour, months, actor, talk.now)
    return talk.say(f"改好了，第 {made.version} 版。从现在开始办的活动按这一版，以前记的分不变。")


def _worth(by: Rule) -> str:
    return f"一次活动 {by.per_event} 分，志愿每小时再加 {by.per_hour} 分，{by.months} 个月有效"

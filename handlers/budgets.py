"""经费: what an event may cost, what was spent with which receipt, and how far the accounts are."""

from dialogue.message import Choice, File
from dialogue.questions import OneOf, Pictures, Text
from dialogue.talk import LONGEST_LIST, Talk
from handlers import event_options, roles
from handlers import events as events_handler
from storage import attachments, budgets, events, files
from storage.audit import Actor
from storage.budgets import Budget
from storage.events import Event

STATES: dict[budgets.State, str] = {"open": "待报", "reported": "已报", "checked": "已核"}
_NOTHING = frozenset({"没有", "没", "无", "不用"})


async def show(talk: Talk) -> None:
    """“经费”, “经费 12”: planned, spent, receipts."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动，没有经费可记。", Choice("发布活动", "发布活动"))
    return _tell(talk, event, budgets.get(talk.tx, event.id))


async def plan(talk: Talk) -> None:
    """“改预算 12”."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动。")
    fen = await talk.ask("planned", f"《{event.title}》打算花多少钱？比如：300。", event_options.Yuan())
    budgets.plan(talk.tx, event.id, fen, _actor(talk, event), talk.now)
    return _tell(talk, event, budgets.get(talk.tx, event.id))


async def spend(talk: Talk) -> None:
    """“记支出 12”: the sum, what for, and the receipt if there is one; no photo is ever required (domain 6.1)."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动。")
    fen = await talk.ask("spent", f"《{event.title}》花了多少钱？比如：86.5。", event_options.Yuan())
    what = await talk.ask("what", "买了什么？比如：笔墨。", Text(at_most=60))
    number = await talk.ask("receipt", "票据号是多少？没有就回“没有”。", Text(at_most=40))
    none_yet = Choice("没有", "没有照片")
    pictures = await talk.ask("picture", "有票据照片就发来，没有就回“没有”。", Pictures((none_yet,)))
    number = "" if number.strip("。") in _NOTHING else number
    receipt = f"，票据号 {number}" if number else "，没有票据号"
    if not await talk.confirm(f"《{event.title}》{what} {_yuan(fen)}{receipt}"):
        return talk.say("好的，没有记。", Choice(f"经费 {event.id}", "看经费"))
    actor = _actor(talk, event)
    kept = budgets.spend(talk.tx, event.id, fen, actor, talk.now, what=what, receipt_number=number, pictures=pictures)
    return _tell(talk, event, kept)


async def undo(talk: Talk) -> None:
    """“撤支出 12”: one of the sums was wrong."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动。")
    found = {str(each.id): f"{each.what} {_yuan(each.fen)}" for each in budgets.spendings_of(talk.tx, event.id)}
    if not found:
        return talk.say(f"《{event.title}》还没有记过支出。", Choice(f"记支出 {event.id}", "记一笔"))
    chosen = await talk.ask("which", "撤掉哪一笔？", OneOf(found))
    return _tell(talk, event, budgets.undo(talk.tx, int(chosen), _actor(talk, event), talk.now))


async def settle(talk: Talk) -> None:
    """“报销 12”: how far the accounts are; only the district says that they are checked."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动。")
    actor = _actor(talk, event)
    checks = actor.role == "district_staff"
    now = budgets.get(talk.tx, event.id).budget_state
    if now == "checked" and not checks:
        return talk.say("这场的账区里已经核过了。要改，请找区里的工作人员。")
    options: dict[str, str] = {state: label for state, label in STATES.items() if checks or state != "checked"}
    to = await talk.ask("state", f"《{event.title}》的账到哪一步了？", OneOf(options))
    state: budgets.State = next(each for each in STATES if each == to)
    return _tell(talk, event, budgets.settle(talk.tx, event.id, state, actor, talk.now))


async def receipts(talk: Talk) -> None:
    """“看票据 12”: the pictures of the receipts."""
    event = await _event(talk)
    if event is None:
        return talk.say("您还没有办过活动。")
    shown = 0
    for spending in budgets.spendings_of(talk.tx, event.id):
        for sent in attachments.of(talk.tx, spending.subject):
            kept = attachments.content(talk.tx, int(str(sent["id"])))
            if kept is None:
                continue
            content, media_type, _ = kept
            name = f"票据 {spending.what} {_yuan(spending.fen)}.jpg"
            token = files.add(talk.tx, name, media_type, content, talk.person_id, talk.now)
            talk.say(f"{spending.what} {_yuan(spending.fen)}", photo=File(token, name, media_type))
            shown += 1
    if not shown:
        talk.say("没有票据照片，或者还在收。", Choice(f"经费 {event.id}", "看经费"))
    return None


def _tell(talk: Talk, event: Event, budget: Budget) -> None:
    planned = "没写" if budget.planned is None else _yuan(budget.planned)
    lines = [f"《{event.title}》预算 {planned}，花了 {_yuan(budget.spent or 0)}（{_state(budget)}）。"]
    lines += [
        f"{each.what} {_yuan(each.fen)}" + (f"，票据号 {each.receipt_number}" if each.receipt_number else "")
        for each in budgets.spendings_of(talk.tx, event.id)
    ]
    if budget.planned is not None and (budget.spent or 0) > budget.planned:
        lines.append(f"超出预算 {_yuan((budget.spent or 0) - budget.planned)}。")
    talk.say(
        "\n".join(lines),
        Choice(f"记支出 {event.id}", "记一笔支出"),
        Choice(f"改预算 {event.id}", "改预算"),
        Choice(f"撤支出 {event.id}", "撤掉一笔"),
        Choice(f"看票据 {event.id}", "看票据照片"),
        Choice(f"报销 {event.id}", "报销到哪一步"),
    )


def _state(budget: Budget) -> str:
    return next((label for state, label in STATES.items() if state == budget.budget_state), STATES["open"])


def _yuan(fen: int) -> str:
    return f"{fen // 100} 元" if fen % 100 == 0 else f"{fen / 100:.2f} 元"


async def _event(talk: Talk) -> Event | None:
    """The event named, else one of the last few of one's own."""
    if talk.opening.text.isdecimal():
        event = events.get(talk.tx, int(talk.opening.text))
        roles.must_reach(talk, event, roles.ORGANISERS)
        return event
    mine = [event for event in events.of_organiser(talk.tx, talk.person_id or 0) if event.state != "draft"]
    if len(mine) < 2:
        return mine[0] if mine else None
    options = {str(event.id): events_handler.label(event) for event in mine[: LONGEST_LIST * 2]}
    return events.get(talk.tx, int(await talk.ask("event", "哪一场的经费？", OneOf(options))))


def _actor(talk: Talk, event: Event) -> Actor:
    return Actor(talk.person_id, roles.must_reach(talk, event, roles.ORGANISERS), talk.account.channel)

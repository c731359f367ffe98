"""What people are told unasked about a wish; never who made it, and never to whom it went."""

from datetime import datetime, timedelta

from dialogue.message import Choice, Reply, encoded
from storage import grants, outbox, wishes
from storage.database import Transaction
from storage.wishes import Wish

_LASTS = timedelta(days=14)


def tell(
    tx: Transaction, person_id: int | None, wish: Wish, what: str, text: str, now: datetime, *choices: Choice
) -> None:
    if person_id is None:
        return
    key = f"wish:{wish.id}:{what}:{int(now.timestamp()) // 60}:{person_id}"
    planned = outbox.Planned("need", key, encoded(Reply(text, choices)), now, person_id=person_id)
    planned.expires_at = now + _LASTS
    outbox.plan(tx, planned, now)


def submitted(tx: Transaction, wish: Wish, point_id: int | None, now: datetime) -> None:
    text = f"新的{wish.name}，请去掉姓名、电话和住址，再发布。"
    for person_id in grants.on_duty(tx, point_id, now):
        tell(tx, person_id, wish, "submitted", text, now, Choice(f"发布心愿 {wish.said_as}", "看一看、发布"))


def claimed(tx: Transaction, wish: Wish, point_id: int | None, now: datetime) -> None:
    """To the elder without names, and to staff who bring the two together."""
    tell(tx, wish.person_id, wish, "claimed", f"您的{wish.name}有人认领了，工作人员会先打电话问您。", now)
    text = f"{wish.name}有人认领了。请先问本人，再让两边联系，七天内。"
    for person_id in grants.on_duty(tx, point_id, now):
        tell(tx, person_id, wish, "connect", text, now, Choice(f"牵线 {wish.said_as}", "看两边的电话"))


def connected(tx: Transaction, wish: Wish, now: datetime) -> None:
    for claim in wishes.claims(tx, wish.id, standing_only=True):
        text = f"{wish.name}，工作人员已经替您和本人联系上了。办好了告诉我。"
        tell(tx, claim.person_id, wish, "connected", text, now, Choice(f"心愿办好了 {wish.said_as}", "办好了"))


def done(tx: Transaction, wish: Wish, now: datetime) -> None:
    choices = Choice(f"心愿实现了 {wish.said_as}", "实现了"), Choice(f"心愿还没有 {wish.said_as}", "还没有")
    tell(tx, wish.person_id, wish, "done", f"您的{wish.name}，帮忙的人说办好了。是吗？", now, *choices)


def not_yet(tx: Transaction, wish: Wish, now: datetime) -> None:
    for claim in wishes.claims(tx, wish.id, standing_only=True):
        text = f"{wish.name}，本人说还没有。请再联系一下，办好了告诉我。"
        tell(tx, claim.person_id, wish, "not-yet", text, now, Choice(f"心愿办好了 {wish.said_as}", "办好了"))


def lapsed(tx: Transaction, wish: Wish, claimer_id: int, now: datetime) -> None:
    text = f"{wish.name}七天了还没联系上，先放回去让别人也能认领。您还想办就再认领一次。"
    tell(tx, claimer_id, wish, "lapsed", text, now, Choice(f"认领 {wish.said_as}", "再认领"))


def withdrawn(tx: Transaction, wish: Wish, claimer_ids: list[int], now: datetime) -> None:
    for person_id in claimer_ids:
        tell(tx, person_id, wish, "withdrawn", f"{wish.name}本人撤回了，不用办了。谢谢您。", now)

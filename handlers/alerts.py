"""Tells staff at once, in their own chat, that somebody needs them."""

from dialogue.message import Reply, encoded
from dialogue.talk import Talk
from storage import grants, outbox, people

_ABOUT = {
    "120": "身体急病",
    "119": "火情",
    "110": "人身安全",
    "96110": "可能被骗",
    "hopeless": "情绪危险",
    "human": "想找人说话",
}


def duty_person(talk: Talk, kind: str) -> None:
    """Write to the leads of the person's point and to district staff. The words said are not passed on, the fact is."""
    person = people.find(talk.tx, talk.person_id)
    who = f"{person.name}（{person.phone or '没留电话'}）" if person is not None else "一位没有登记的居民"
    text = (
        f"【紧急】{who}刚才发来的话像是{_ABOUT[kind]}。请马上联系，已经请本人打 {kind if kind.isdecimal() else '120'}。"
    )
    if kind == "human":
        text = f"{who}想找值班的同志说话，请尽快联系。"
    point_id = person.point_id if person is not None else None
    for staff_id in grants.on_duty(talk.tx, point_id, talk.now):
        key = f"alert:{kind}:{talk.account.id}:{talk.turn}:{staff_id}"
        planned = outbox.Planned("alert", key, encoded(Reply(text)), talk.now, person_id=staff_id)
        outbox.plan(talk.tx, planned, talk.now)

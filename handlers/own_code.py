"""我的签到码: a code that a helper at the door scans instead of asking the name. Nobody has to have one."""

from datetime import datetime, timedelta

from dialogue.message import Choice, File
from dialogue.talk import Talk
from reports import qr_codes
from storage import files, people, tokens
from storage.database import Transaction
from storage.refusals import CodeNotValid, NotRegistered

PURPOSE = "own check-in"
BEGINS = "HONGYAN:"
"""How a code begins, so that a desk tells it from a name typed in its place."""

_LASTS = timedelta(days=30)


async def show(talk: Talk) -> None:
    """“我的签到码”."""
    if talk.person_id is None:
        raise NotRegistered
    name = "我的签到码.png"
    picture = qr_codes.png(issue(talk.tx, talk.person_id, talk.now))
    kept = files.add(talk.tx, name, qr_codes.MEDIA_TYPE, picture, talk.person_id, talk.now)
    talk.say(
        "这是您的签到码，30 天内都能用。到门口给工作人员扫一扫就行；不带也不要紧，报名字一样签到。",
        Choice("我的活动", "我的活动"),
        photo=File(kept, name, qr_codes.MEDIA_TYPE),
    )


def issue(tx: Transaction, person_id: int, now: datetime) -> str:
    """A code for this person. It says nothing of them to whoever reads it elsewhere."""
    return f"{BEGINS}{tokens.issue(tx, PURPOSE, {'person': person_id}, now, _LASTS)}"


def person_of(tx: Transaction, code: str, now: datetime) -> int:
    """Whose code it is. Raises `CodeNotValid` for one that is over, or of somebody who is not registered any more."""
    person = people.find(tx, int(tokens.read(tx, PURPOSE, code.removeprefix(BEGINS), now)["person"]))
    if person is None:
        raise CodeNotValid
    return person.id

"""关联账号: the same person here and elsewhere, by six digits read there and typed here."""

import re
import unicodedata
from dataclasses import dataclass

from dialogue.message import Choice, Reply, encoded
from dialogue.questions import Invalid, YesNo
from dialogue.talk import Talk
from handlers import phones
from storage import linking, outbox, people, tokens
from storage.audit import Actor
from storage.conversations import Said

CHANNELS = {"wechat": "微信", "telegram": "Telegram", "web": "网页"}
_MINUTES = int(tokens.CODE_LASTS.total_seconds() // 60)


async def link(talk: Talk) -> None:
    """“关联账号”, “关联 123456”, or nothing but the six digits."""
    begun_with = re.sub(r"\D", "", talk.payload or talk.opening.text)
    if len(begun_with) == 6:
        return _accept(talk, begun_with)
    if talk.person_id is not None:
        return _give_code(talk, talk.person_id)
    code = await talk.ask(
        "code",
        "在您登记过的那边说“关联账号”，会看到 6 位数字，请发给我。"
        f"那边用不了，打 {phones.of_house(talk)}，请工作人员给您一个。",
        Code(),
    )
    return _accept(talk, code)


async def part(talk: Talk) -> None:
    """“断开别的账号”: only this chat stays connected."""
    others = linking.others(talk.tx, talk.account)
    if not others:
        return talk.say("您只在这里用，没有连别的账号。", Choice("关联账号", "关联账号"))
    named = "、".join(sorted({CHANNELS.get(other.channel, other.channel) for other in others}))
    if not await talk.ask(
        f"sure: {named}", f"断开{named}那边，只留这里，对吗？您的登记和报名都不变。", YesNo("对，断开", "不断开")
    ):
        return talk.say("好的，都还连着。")
    for other in others:
        linking.part(talk.tx, other, talk.now)
    return talk.say("断开了，现在只有这里连着您的登记。")


def _give_code(talk: Talk, person_id: int) -> None:
    code = linking.offer(talk.tx, person_id, Actor(person_id, "resident", talk.account.channel), talk.now)
    talk.say(
        f"在您要连的那边说“关联账号”，再发这 6 位数字：{code[:3]} {code[3:]}。\n"
        f"{_MINUTES} 分钟内有效，只能用一次。别告诉别人，我们的人也不会问您要。"
    )
    if others := linking.others(talk.tx, talk.account):
        named = "、".join(sorted({CHANNELS.get(other.channel, other.channel) for other in others}))
        talk.say(f"现在已经连着：{named}。", Choice("断开别的账号", "断开别的账号"))


def _accept(talk: Talk, code: str) -> None:
    before = talk.person_id
    person_id = linking.accept(talk.tx, talk.account, code, talk.now)
    if person_id is None:
        return talk.say(
            "这个码不对，或者已经过期了。请再看看那边的 6 位数字，直接发给我。", Choice("关联账号", "重新来")
        )
    if before is not None:
        return talk.say("这里已经连着您的登记，不用再连。")
    for other in linking.others(talk.tx, talk.account):
        here = CHANNELS.get(talk.account.channel, talk.account.channel)
        planned = outbox.Planned(
            "notice",
            f"linked:{talk.account.id}:{other.id}:{talk.turn}",
            encoded(
                Reply(
                    f"您的登记刚才也连到了{here}。是您自己连的就不用管；不是的话，回“断开别的账号”。",
                    (Choice("断开别的账号", "不是我，断开"),),
                )
            ),
            talk.now,
            person_id=person_id,
            account_id=other.id,
            channel=other.channel,
        )
        outbox.plan(talk.tx, planned, talk.now)
    name = people.get(talk.tx, person_id).name
    return talk.say(
        f"连上了，{name}。您报的活动、说的事，这里都看得到。",
        Choice("我的活动", "我的活动"),
        Choice("我的信息", "我的信息"),
    )


@dataclass(frozen=True)
class Code:
    """Six digits, in any width and with blanks between them."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> str:
        digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", said.text))
        if len(digits) != 6:
            raise Invalid("码是 6 位数字，比如：123 456。")
        return digits

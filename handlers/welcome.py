"""The first words, the menu, help, a person to talk to, and what to say when nothing was understood."""

import re

from dialogue.message import Choice
from dialogue.questions import bare
from dialogue.talk import Talk
from handlers import events, phones, topics
from storage import communities, points

TROUBLE = Choice("说难处", "说难处")
MAIN = (
    Choice("找服务点", "找服务点"),
    Choice("活动", "看活动、报名"),
    TROUBLE,
    Choice("我的事", "我的事"),
)


async def greet(talk: Talk) -> None:
    talk.say(
        "您好，我是天涯红雁之家的助手。回数字就行，打字、发语音也可以。我不会要您的验证码和银行卡。",
        *MAIN,
    )


_HERE = re.compile(r"^(?:我们?)?(?:现在|人|家)?(?:住在|住|在)|(?:这儿|这里|这边|那边|附近|旁边)$")


async def help_out(talk: Talk) -> None:
    talk.say(
        "想办什么，直接说就行，比如：“报名书法”“附近的服务点”“路灯坏了”。\n"
        "说“上一步”退回一步，“取消”不办了，“人工”找值班的同志。\n"
        f"不方便打字，打 {phones.of_house(talk)}。"
    )


async def human(talk: Talk) -> None:
    talk.say(f"您打 {phones.of_house(talk)}，值班的同志帮您办。也可以直接去服务点，回“找服务点”告诉您在哪儿。")


async def puzzled(talk: Talk) -> None:
    """Before giving up: the words may be the name of an event or of a community."""
    words = talk.opening.text
    main: tuple[Choice, ...] = MAIN
    if 1 < len(bare(words)) <= 20:
        if named := events.matching(talk, words):
            choices = [Choice(f"活动 {event.id}", events.label(event)) for event in named[:5]]
            return talk.say("您说的是这个活动吗？", *choices, Choice("菜单", "不是"))
        if found := communities.find(talk.tx, words)[:5]:
            choices = [Choice(f"找服务点 {each.display_name}", f"{each.display_name}的服务点") for each in found]
            return talk.say("您是找服务点吗？", *choices, Choice("菜单", "不是"))
        where = _HERE.sub("", bare(words))
        if len(where) > 1 and points.landmark(talk.tx, where) is not None:
            return talk.say("您是找服务点吗？", Choice(f"找服务点 {where}", f"{where}附近的"), Choice("菜单", "不是"))
        if len(bare(words)) > 3:  # long enough to be a trouble in words that we do not know
            main = tuple(Choice(f"说难处 {words}", "把这句话当难处说") if each == TROUBLE else each for each in MAIN)
    if topics.wished_for(words):
        return talk.say("最近没有这样的活动。您可以回下面的数字，看看别的。", *main)
    if talk.misses < 2:
        return talk.say("我没看明白。您可以回下面的数字，或者换个说法。", *main)
    else:
        return talk.say(
            f"我还是没看明白，别着急。您打 {phones.of_house(talk)}，值班的同志帮您；或者回下面的数字。", *main
        )

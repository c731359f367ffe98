"""What the menus of the platforms offer; every entry stands for words that can be typed as well."""

from collections.abc import Collection

from bot.channels.telegram.menu import Command
from handlers.roles import CHECKERS, COUNTERS, ORGANISERS

TELEGRAM_COMMANDS = (
    Command("start", "菜单", "从头看看能办什么"),
    Command("events", "活动", "看活动、报名"),
    Command("points", "找服务点", "找最近的服务点"),
    Command("need", "说难处", "有难处跟我说"),
    Command("mine", "我的事", "我报的活动、我的信息"),
    Command("help", "帮助", "怎么用"),
    Command("human", "人工", "找值班的同志"),
)
_OF_CHECKERS = (Command("checkin", "签到", "签到"),)
_OF_ORGANISERS = (
    Command("publish", "发布活动", "发布活动"),
    Command("again", "和上次一样", "照上次的再办一场"),
    Command("mywork", "我办的活动", "我办的活动"),
)
_OF_COUNTERS = (Command("figures", "统计", "数一段时间的人次"),)
OF_STAFF = (*_OF_CHECKERS, *_OF_ORGANISERS, *_OF_COUNTERS)


def commands_for(roles: Collection[str]) -> tuple[Command, ...]:
    """The list of someone who holds these roles: their work first, then what everyone has."""
    own: tuple[Command, ...] = ()
    for commands, for_roles in ((_OF_CHECKERS, CHECKERS), (_OF_ORGANISERS, ORGANISERS), (_OF_COUNTERS, COUNTERS)):
        if not set(roles).isdisjoint(for_roles):
            own += commands
    return own + TELEGRAM_COMMANDS if own else ()


WECHAT_MENU = {
    "活动报名": ("活动", "我的活动", "来", "不来"),
    "找服务点": (),
    "我的事": ("我的事", "说难处", "登记", "人工"),
}

"""What the menus of the platforms offer; every entry stands for words that can be typed as well."""

from bot.channels.telegram.menu import Command

TELEGRAM_COMMANDS = (
    Command("start", "菜单", "从头看看能办什么"),
    Command("events", "活动", "看活动、报名"),
    Command("points", "找服务点", "找最近的服务点"),
    Command("need", "说难处", "有难处跟我说"),
    Command("mine", "我的事", "我报的活动、我的信息"),
    Command("help", "帮助", "怎么用"),
    Command("human", "人工", "找值班的同志"),
)
WECHAT_MENU = {
    "活动报名": ("活动", "我的活动", "来", "不来"),
    "找服务点": (),
    "我的事": ("我的事", "说难处", "登记", "人工"),
}

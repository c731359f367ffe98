"""A small house to try the page with: one conversation for each thing a page must be able to show and send."""

from dialogue.message import Choice, File, Link, Venue
from dialogue.questions import OneOf, Phone, Report, Sent, Somewhere, Text, YesNo
from dialogue.talk import House
from dialogue.understanding import Entry
from storage import files
from storage.geography import Place

PHONE = "0898-0000-0012"
HERE = Place(18.25, 109.5)


async def greet(talk):
    talk.say("您好，我是试用的助手。", Choice("登记", "登记"), Choice("看看", "看看能发什么"))


async def help_out(talk):
    talk.say("想办什么，直接说。")


async def human(talk):
    talk.say(f"您打 {PHONE}，值班的同志帮您办。")


async def puzzled(talk):
    talk.say("我没看明白。", Choice("登记", "登记"))


async def register(talk):
    name = await talk.ask("name", "请问怎么称呼您？", Text(at_most=20))
    phone = await talk.ask("phone", f"{name}，您的手机号是？", Phone(), wants_contact=True)
    season = await talk.ask("season", "哪天到三亚？", OneOf({"now": "已经到了", "soon": "下个月"}))
    if await talk.confirm(f"{name}，{phone}，{'到了' if season == 'now' else '没到'}"):
        talk.say(f"登记好了，{name}。")


async def near(talk):
    where = await talk.ask("where", "您在哪儿？", Somewhere(), wants_place=True)
    if isinstance(where, Place):
        talk.say(f"收到位置：{where.latitude:.3f}，{where.longitude:.3f}，{where.datum}")
    else:
        talk.say(f"收到地名：{where}")


async def need(talk):
    words, kept = await talk.ask("what", "什么事？打字、发语音、拍照片都行。", Report())
    talk.say(f"记下了：{words or '没有字'}，{len(kept)} 个附件。")


async def photo(talk):
    number = await talk.ask("photo", "请发一张照片。", Sent("请发一张照片。"))
    talk.say(f"照片收到了，第 {number} 张。")


async def everything(talk):
    token = files.add(
        talk.tx, "夕阳红 私塾.ics", "text/calendar", b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", None, talk.now
    )
    talk.say("在这里：\n值班电话 0898-0000-0012，急事打 120。", venue=Venue(HERE, "春园社区红雁之家", "三亚湾路 1 号"))
    talk.say("记到日历里：", file=File(token, "夕阳红 私塾.ics", "text/calendar"))
    talk.say("看看说明：", link=Link("全文", "https://hy.example/consent"))


async def again(talk):
    yes = await talk.ask("yes", "再来一次吗？", YesNo("好", "不了"))
    talk.say("好的。" if yes else "那算了。")


async def free(talk):
    words = await talk.ask("words", "在哪儿？", Text(choices=(Choice("here", "就在这儿"),)))
    talk.say(f"记下：{words}，{talk.answers['words'].picked}")


async def breaks(talk):
    raise RuntimeError("a fault of ours")


async def by_link(talk):
    talk.say(f"您打开的是 {talk.payload}。")


def emergency(text):
    async def dial(talk):
        talk.say("请马上打 120！", Choice("接着办", "不急，接着办"))

    return dial if "晕倒" in text else None


HOUSE = House(greet, help_out, human, puzzled, emergency, lambda talk: PHONE)
MENU = {
    "登记": Entry(register),
    "附近": Entry(near, link="place"),
    "说难处": Entry(need),
    "照片": Entry(photo),
    "看看": Entry(everything, link="event"),
    "再来": Entry(again),
    "地方": Entry(free),
    "坏了": Entry(breaks),
    "链接": Entry(by_link, link="point"),
}

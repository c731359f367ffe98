"""Words every conversation shares, so that people meet the same ones everywhere, and the sentence of each refusal."""

import re
from datetime import datetime
from functools import singledispatch

from storage import refusals
from storage.refusals import Refused
from storage.times import local

CANCEL = "取消"
BACK = "上一步"
RESTART = "重新开始"
RESUME = "接着办"
DROP = "不用了"
HELP = "帮助"
HUMAN = "人工"
MENU = "菜单"
MORE = "看更多"
LATER = "跳过"
RIGHT = "对"
WRONG = "改"

SAME_AS = {
    "取消": (CANCEL, "不办了", "算了", "退出", "不弄了", "先不办"),
    "上一步": (BACK, "返回", "回去", "上一个", "退回", "后退"),
    "重新开始": (RESTART, "重来", "从头来", "重新来"),
    "接着办": (RESUME, "继续", "接着来"),
    "不用了": (DROP,),
    "帮助": (
        HELP,
        "怎么用",
        "咋用",
        "帮忙",
        "help",
        "?",
        "不会用",
        "我不会用",
        "不会弄",
        "我不会弄",
        "咋整",
        "怎么办",
        "咋办",
        "看不懂",
        "听不懂",
        "使用说明",
        "/help",
    ),
    "人工": tuple(
        f"{HUMAN} 人工服务 转人工 客服 找人 找个人 来个人 真人 跟人说话 打电话 给我打电话 电话多少 电话是多少 "
        "书记电话 书记电话多少 找书记 我要找书记 找领导 我要找领导 找工作人员 我要找工作人员 我要找人".split()
    ),
    "菜单": (MENU, "主菜单", "目录", "功能", "首页", "/start", "/menu", "开始"),
}
GREETINGS = frozenset(
    {"你好", "您好", "在吗", "在不在", "你好啊", "早上好", "下午好", "晚上好", "上午好", "喂", "hi", "hello"}
)

CANCELLED = "好的，不办了。"
NOTHING_OPEN = "现在没有正在办的事。"
FIRST_QUESTION = "这是第一个问题，前面没有了。"
OLD_BUTTON = "这是前面的按钮，现在用不上了。"
IN_PRIVATE = "这件事请私下跟我说：点我的头像，发消息给我。"
TOO_FAST = "您发得太快了，我来不及看。歇一分钟，再接着说。前面说的都还在。"
MASKED = "不用发身份证号和银行卡号，我已经把它遮住了，没有保存。"


def unfinished(title: str) -> str:
    return f"您前面的“{title}”还没办完。"


def fault(number: str, phone: str) -> str:
    return f"我这边出了点毛病（编号 {number}），您前面说的都还在。请过十分钟再发一次，着急打 {phone}。"


def not_kept(phone: str) -> str:
    """While nothing can be kept, where the platform brings the message again by itself."""
    return f"我这边出了点毛病，您的话没丢，修好了马上回您，不用再发。着急打 {phone}。"


def not_kept_say_again(phone: str) -> str:
    """The same, where it will not come again."""
    return f"我这边出了点毛病，这句话没记下来，您前面说的都还在。请过十分钟再发一次，着急打 {phone}。"


def please_check(what: str) -> str:
    return f"记的是：{what}。对吗？"


def spoken_phone(phone: str) -> str:
    """A number in groups, as it is read aloud: 138 0000 0000, or a landline, 0898-0000-0000."""
    if phone.startswith("0") and len(phone) == 12 and phone.isdecimal():
        return f"{phone[:4]}-{phone[4:8]}-{phone[8:]}"
    return f"{phone[:3]} {phone[3:7]} {phone[7:]}" if len(phone) == 11 and phone.isdecimal() else phone


def spoken_number(number: str) -> str:
    """第128号, of XQ2026-0128."""
    return f"第{int(number.rpartition('-')[2])}号"


_NARROW_SIGNS = re.compile(r"(?<=[\u3400-\u9fff])[,;:!?]|[,;:!?](?=[\u3400-\u9fff])")


def full_width(words: str) -> str:
    """`words` as Chinese is written: signs beside a character are wide. Half of them are typed narrow, or read so."""
    return _NARROW_SIGNS.sub(lambda sign: chr(ord(sign[0]) + 0xFEE0), words)


def moment(when: datetime) -> str:
    """12月8日（周二）下午2点30分."""
    return f"{day(when)}{clock(when)}"


def day(when: datetime) -> str:
    here = local(when)
    return f"{here.month}月{here.day}日（周{'一二三四五六日'[here.weekday()]}）"


def clock(when: datetime) -> str:
    here = local(when)
    minutes = f"{here.minute}分" if here.minute else ""
    return f"{_period(here.hour)}{(here.hour - 1) % 12 + 1 if here.hour else 0}点{minutes}"


def _period(hour: int) -> str:
    for until, name in ((5, "凌晨"), (8, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上")):
        if hour < until:
            return name
    raise ValueError(hour)


@singledispatch
def sentence(refused: Refused) -> str:
    """What to tell a person whom a rule stopped: first the fact, then what to do."""
    raise TypeError(f"no sentence for {type(refused).__name__}")


@sentence.register
def _(missing: refusals.NotFound) -> str:
    return f"没找到这个{missing.what}。请再看看名字，或者回“{HUMAN}”。"


_GIVEN_BY_LEADS = ("签到员", "组织者")


@sentence.register
def _(no: refusals.NotAllowed) -> str:
    by_lead = no.role in _GIVEN_BY_LEADS
    if no.elsewhere:
        gives = "这里的点长" if by_lead else "区里的工作人员"
        missing = f"，您管的地方不包括这里。请找这里的{no.role}，或者请{gives}"
    else:
        missing = f"。需要的话，请{'您那个服务点的点长' if by_lead else '区里的工作人员'}"
    return f"这件事要{no.role}来办{missing}给您开通，不知道找谁就回“{HUMAN}”。"


@sentence.register
def _(_no: refusals.NotRegistered) -> str:
    return "这件事要先登记。登记大约一分钟，回“登记”就开始。"


@sentence.register
def _(gone: refusals.EventCancelled) -> str:
    return f"《{gone.title}》不办了。回“活动”看看别的。"


@sentence.register
def _(over: refusals.EventOver) -> str:
    return f"《{over.title}》已经结束了。回“活动”看看后面的。"


@sentence.register
def _(closed: refusals.EventNotOpen) -> str:
    return f"《{closed.title}》现在不能报名。回“活动”看看别的。"


@sentence.register
def _(early: refusals.SignUpNotOpenYet) -> str:
    return f"《{early.title}》还没开始报名，{moment(early.opens_at)}开始，到时候再来。"


@sentence.register
def _(late: refusals.SignUpClosed) -> str:
    return f"《{late.title}》报名已经截止了。还想来，请打 {late.phone} 问问。"


@sentence.register
def _(members: refusals.MembersOnly) -> str:
    return f"《{members.title}》是党员的组织生活，登记过党员身份才能报名。要补登记，回“我的信息”。"


@sentence.register
def _(large: refusals.GroupTooLarge) -> str:
    return f"一起报名最多 {large.at_most} 个人。人多请分开报，或者打电话给服务点。"


@sentence.register
def _(large: refusals.GroupTooLargeForEvent) -> str:
    return f"《{large.title}》一共只有 {large.capacity} 个名额，坐不下这么多人。请少报几位。"


@sentence.register
def _(absent: refusals.NotSignedUp) -> str:
    return f"您没有报《{absent.title}》，不用取消。回“我的活动”看看您报了哪些。"


@sentence.register
def _(taken: refusals.CapacityBelowTaken) -> str:
    return f"已经有 {taken.taken} 个人报上了，名额不能比这个少。"


@sentence.register
def _(early: refusals.CheckInNotOpenYet) -> str:
    return f"《{early.title}》还没到签到时间，{moment(early.opens_at)}开始签到。"


@sentence.register
def _(over: refusals.CheckInOver) -> str:
    return f"《{over.title}》的签到已经过时间了。要补记，请点长写明原因来补。"


@sentence.register
def _(nobody: refusals.NobodyCame) -> str:
    return f"《{nobody.title}》还没有一个人签到。真的没有人来，请写明原因再结束。"


@sentence.register
def _(closed: refusals.AlreadyClosed) -> str:
    return f"《{closed.title}》已经结束登记了。要改，请点长写明原因。"


@sentence.register
def _(late: refusals.TooLateToUndo) -> str:
    return f"已经超过 {late.minutes} 分钟，不能撤回了。可以改时间，或者取消活动。"


@sentence.register
def _(past: refusals.StartsInThePast) -> str:
    return f"{moment(past.starts_at)}已经过去了，请换一个时间。"


@sentence.register
def _(_third: refusals.ThirdOnOnePhone) -> str:
    return "这个手机号已经有两位登记了。请工作人员帮您看看，回“人工”就行。"


@sentence.register
def _(known: refusals.AlreadyRegistered) -> str:
    return f"{known.name}用这个手机号登记过了。想在这里接着用，回“关联账号”。"


@sentence.register
def _(_code: refusals.CodeNotValid) -> str:
    return "这个码不对，或者已经过期了。请重新要一个。"


@sentence.register
def _(linked: refusals.AlreadyLinked) -> str:
    return f"这里登记的是{linked.name}，和那边不是同一份。要合成一份，请打服务点电话找工作人员。"


@sentence.register
def _(tries: refusals.TooManyTries) -> str:
    return f"码错了好几次，先歇一歇，{tries.minutes} 分钟后再试。着急就打服务点电话，请工作人员帮您。"


@sentence.register
def _(_last: refusals.LastDistrictAccount) -> str:
    return "区级账号至少要留一个，这个不能撤。先给别人开通，再撤这个。"


@sentence.register
def _(_far: refusals.OutOfReach) -> str:
    return "您好像不在天涯区，我按社区给您找，告诉我社区或者小区的名字。"


@sentence.register
def _(_none: refusals.NothingToCheck) -> str:
    return "现在没有要您签到的活动。活动开始前一小时到结束后一天都能签。要补以前的，请点长来办。"


@sentence.register
def _(no: refusals.NotNow) -> str:
    return f"{spoken_number(no.number)}现在是“{no.stage}”，这一步办不了。"


@sentence.register
def _(own: refusals.OwnFollowUp) -> str:
    return f"{spoken_number(own.number)}是您办的，回访要换一位同志来问。"


@sentence.register
def _(stands: refusals.RulingStands) -> str:
    return f"{spoken_number(stands.number)}已经终审，不能再退。"


@sentence.register
def _(long: refusals.PauseTooLong) -> str:
    if long.latest is None:
        return "暂停加起来最多 10 个工作日，已经用完了，不能再停。"
    return f"暂停加起来最多 10 个工作日，这次最晚到 {long.latest.month}月{long.latest.day}日。请换一个日子。"


@sentence.register
def _(late: refusals.TooLateToReopen) -> str:
    return f"{spoken_number(late.number)}办结超过 {late.days} 天了。请回“说难处”再说一次，我会连到原来那件。"


@sentence.register
def _(taken: refusals.WishTaken) -> str:
    return f"心愿{spoken_number(taken.number)}已经有人认领了，谢谢您。回“微心愿”看看别的。"


@sentence.register
def _(_party: refusals.PartyMatter) -> str:
    return "党内选举和党内决定要在党组织里办，这里只问社区的事。请换一个题目。"


@sentence.register
def _(over: refusals.PollOver) -> str:
    return f"“{over.question}”的意见{day(over.closed_at)}收完了，谢谢您。"


@sentence.register
def _(other: refusals.NotYourCommunity) -> str:
    return f"这件事问的是{other.community}的居民。您住那里的话，先回“我的信息”改一下社区。"


@sentence.register
def _(no: refusals.BroadcastNotNow) -> str:
    return f"群发 {no.number} 现在是“{no.stage}”，这一步办不了。"


@sentence.register
def _(_own: refusals.OwnBroadcast) -> str:
    return "自己写的群发，要请另一位区级工作人员看过、同意了才能发。"


@sentence.register
def _(_reason: refusals.EmergencyNeedsReason) -> str:
    return "紧急通知要写明原因，比如：台风红色预警。"


@sentence.register
def _(used: refusals.BranchInUse) -> str:
    return f"{used.name}里还有党员，或者下面还有别的组织。请先移走，再撤。"


@sentence.register
def _(_word: refusals.CodeWordNotKnown) -> str:
    return "口令不对，或者现在没有这场活动。跟门口的同志说一声，他们帮您签。"


@sentence.register
def _(no: refusals.NotToBeDrawn) -> str:
    return f"《{no.title}》现在不能抽签。抽签的活动在报名截止（{moment(no.closes_at)}）以后抽一次。"


@sentence.register
def _(no: refusals.NoPlaceYet) -> str:
    return f"《{no.title}》您还没有报上。报上了，再来挑摊位。"


@sentence.register
def _(closed: refusals.StallClosed) -> str:
    return f"“{closed.stall}”收摊了，不再发号。回“摊位”看看别的。"


@sentence.register
def _(gone: refusals.NoNumberLeft) -> str:
    return f"“{gone.stall}”的 {gone.most} 个号都发完了。回“摊位”看看别的。"


@sentence.register
def _(gone: refusals.SlotGone) -> str:
    return f"“{gone.stall}”这个时段已经没有位子了。请再挑一个。"


@sentence.register
def _(checked: refusals.BudgetChecked) -> str:
    return f"《{checked.title}》的账已经核过了，不能再改。要改，请区里先改回“已报”。"


@sentence.register
def _(_none: refusals.NotAPartyMember) -> str:
    return "双报到是在职党员办的，您登记的不是党员。要改，回“更正党员身份”。"


@sentence.register
def _(standing: refusals.AlreadyReportedIn) -> str:
    until = standing.until
    return f"您在{standing.community}报到过了，管到{until.year}年{until.month}月{until.day}日。"


@sentence.register
def _(_none: refusals.NoPointsYet) -> str:
    return "这儿还没有开积分。想了解，问服务点的工作人员。"

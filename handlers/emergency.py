"""Words that mean danger: the number to dial comes first, before every question and in every state (domain 7.4)."""

from dialogue.message import Choice
from dialogue.questions import bare
from dialogue.talk import Conversation, Talk
from handlers import alerts, phones

_WORDS = {
    "120": (
        "胸痛 胸口疼 胸口痛 心口疼 喘不上气 喘不过气 上不来气 晕倒 昏倒 昏迷 中风 脑梗 "
        "救命 倒在地上 不省人事 摔倒了 摔伤 摔了一跤 大出血 流血不止 心脏病犯了 没气了 叫救护车"
    ),
    "119": "着火 起火 火灾 失火 煤气漏 燃气漏 煤气泄漏 燃气泄漏 煤气味 燃气味 煤气臭 冒烟了 爆炸",
    "110": "走失 走丢 迷路 找不到家 找不着家 人丢了 人不见了 被打 被抢 抢劫 有人闯进来 有小偷",
    "96110": "被骗 受骗 上当了 骗子 转账了 要验证码 要我验证码 冒充公安 冒充警察 刷单 安全账户",
    "hopeless": "不想活 活不下去 想死 自杀 活着没意思",
}
_BY_WORD = {bare(word): kind for kind, words in _WORDS.items() for word in words.split()}
_FIRST = {
    "120": "请马上打 120！别挪动，把门打开等着。",
    "119": "请马上打 119！人先出去，别回头拿东西。",
    "110": "请马上打 110！先到安全的地方。",
    "96110": "先别转钱，别说验证码！请马上打 96110，也可以打 110。",
    "hopeless": "您别一个人扛着。请马上打 120 或 110，我们也马上给您打电话。",
}


def heard(text: str) -> Conversation | None:
    """What to say at once about `text`, if it speaks of danger. A false alarm costs nothing."""
    words = bare(text)
    kind = next((kind for word, kind in _BY_WORD.items() if word in words), None)
    if kind is None:
        return None

    async def help_now(talk: Talk) -> None:
        alerts.duty_person(talk, kind)
        talk.say(
            f"{_FIRST[kind]}值班电话 {phones.of_house(talk)}，我已经告诉值班的同志。不急的话回 0。",
            Choice("接着办", "不急，接着办"),
        )

    return help_now

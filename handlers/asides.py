"""What people say in passing: thanks, a farewell, a wish. It is answered in a sentence, and all stays as it was."""

import re

from dialogue import texts
from dialogue.questions import bare
from dialogue.talk import Conversation, Talk
from handlers import phones

_LONGEST = 12
_END = re.compile(r"(?:[啊呀哦啦了呢嘛嘞哈噢喔呗吧您你们~～]|大家|同志|师傅|小雁|红雁)+$")
_FIRST = "(?:好的?|嗯|行|知道了|明白了)?"
_THANKS = re.compile(rf"{_FIRST}(?:太|多|真是|非常|十分)?(?:谢谢|感谢|多谢|谢|辛苦|麻烦|真好|太好|真棒|好人|费心)+")
_BYE = re.compile(rf"{_FIRST}(?:再见|拜|拜拜|回见|回头见|晚安|明天见|先这样|没事|没别的事|没有别的事)")
_WISH = re.compile(r"(?:祝.{0,4})?(?:新年|过年|春节|元旦|中秋|国庆|元宵|端午|重阳|冬至|节日|周末)(?:快乐|好|愉快)")
_WHO = re.compile(r".{0,4}(?:机器人|真人|是谁|啥东西|什么人|叫什么|叫啥|电脑吗?|人工智能).{0,2}")
_TODAY = re.compile(
    r"(?:今天|今儿|现在)(?:是)?(?:几号|星期几|周几|礼拜几|几月几号|什么日子|几点|几点钟|啥日子)|几点钟?"
)
_ALL_RIGHT = re.compile(r"(?:好|好的|嗯+|哦+|噢|行|中|成|妥|知道|明白|懂|晓得|可以|没问题|ok|哈+|呵+|嘿+)+")

_ANSWERS = (
    (_THANKS, "不客气，有事随时跟我说。"),
    (_BYE, "好的，您多保重。有事随时跟我说。"),
    (_WISH, "谢谢您！也祝您身体健康，天天开心。"),
    (_WHO, "我是天涯红雁之家的助手，是电脑程序，不是真人。要找真人，打 {phone}。"),
    (_TODAY, "现在是{now}。"),
    (_ALL_RIGHT, "好的。"),
)


def heard(text: str) -> Conversation | None:
    """What to answer to words that want nothing but an answer."""
    words = bare(text)
    words = _END.sub("", words) or words
    if len(words) > _LONGEST:
        return None
    words_of = next((answer for form, answer in _ANSWERS if form.fullmatch(words)), None)
    if words_of is None:
        return None

    async def answer(talk: Talk) -> None:
        talk.say(words_of.format(phone=phones.of_house(talk), now=texts.moment(talk.now)))

    return answer

"""What events are about in the words of people who do not know their titles: 毛笔字 is 书法, 明天 is a day."""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from dialogue import dates
from dialogue.questions import bare
from storage.events import TYPES, Event
from storage.times import local_date

_TOPICS = {  # in a title, a description or a kind of event -> what people say for it
    "书法": "毛笔 写字 练字 楷书 行书 隶书 字帖",
    "手机": "智能机 微信 视频通话 上网 电脑 拍照 流量",
    "合唱": "唱歌 唱戏 红歌",
    "舞": "跳舞 蹦擦擦",
    "太极": "打拳 练拳 武术",
    "义诊": "看病 血压 血糖 体检 打针 扎针 大夫 医生 医院 针灸 牙疼",
    "集市": "理发 剪头 剃头 推头 修鞋 磨刀 修表 配钥匙 便民",
    "棋": "象棋 围棋 麻将 打牌 扑克",
    "画": "画画 国画 水墨",
    "志愿": "志愿者 做好事 出份力",
    "操": "锻炼 健身 做操",
}
_TOO_COMMON = frozenset(
    "活动 课堂 服务 示例 入门 社区 三亚 天涯 红雁 我们 群众 公益 培训 老年 老人 组织 排练 学习 讲座".split()
)
_WEEK = "周|星期|礼拜"
_DAY = re.compile(
    rf"今[天儿晚]|明[天儿晚]|大?后[天儿]|(?:这|本|下)?(?:个)?(?:{_WEEK})[一二三四五六日天]|(?:\d{{1,2}}月)?\d{{1,2}}[号日]"
)
_SPAN = re.compile(
    rf"(?:(?P<which>[这本下])个?|(?<![上个])(?=周末))(?P<what>周末|{_WEEK})(?![一二三四五六日天围边])"  # not 周围
)
_WISH = re.compile(r"(?:我|俺|咱)?们?(?:想|要|学|找|有没有|有|哪|附近)")
_WISHED = ("书法", "合唱", "舞", "太极", "棋", "画")  # topics nobody means anything else by
IN_DAYS = (
    rf"(?P<rest>{_DAY.pattern}|{_SPAN.pattern})"
    "都?有(?:啥|什么|哪些|没有)?(?:好玩的|安排|课)?[吗呢呀啊]?"
)
"""A question for what is on, in which nobody says 活动."""


class Days(NamedTuple):
    """Days that somebody named, the last one among them, and how they called them."""

    said: str
    first: date
    last: date


def about(coming: Sequence[Event], words: str) -> list[Event]:
    """Those of `coming` whose topic `words` speak of, or that share a telling word of two signs with them."""
    said = bare(words)
    if topics := _topics_in(said):
        return [event for event in coming if any(topic in _told(event) for topic in topics)]
    return [event for event in coming if any(pair in said for pair in _pairs(event.title))]


def wished_for(words: str) -> bool:
    """Whether somebody looks for something that events could be about."""
    said = bare(words)
    return _WISH.match(said) is not None and any(topic in _WISHED for topic in _topics_in(said))


def days_meant(words: str, now: datetime) -> Days | None:
    """The day, the weekend or the week named in `words`, unless it is over."""
    if found := _SPAN.search(words):
        today = local_date(now)
        monday = today + timedelta(days=7 * (found["which"] == "下") - today.weekday())
        first = monday + timedelta(days=5 if found["what"] == "周末" else 0)
        return Days(found[0], max(first, today), monday + timedelta(days=6))
    if (found := _DAY.search(words)) is None:
        return None
    reading = dates.read_date(found[0], now)
    return Days(found[0], reading.day, reading.day) if reading.outcome == "ok" and reading.day is not None else None


def on(coming: Sequence[Event], days: Days) -> list[Event]:
    return [event for event in coming if days.first <= local_date(event.starts_at) <= days.last]


def _topics_in(said: str) -> list[str]:
    return [topic for topic, others in _TOPICS.items() if any(word in said for word in (topic, *others.split()))]


def _told(event: Event) -> str:
    return f"{event.title}{event.description}{TYPES[event.type]}"


def _pairs(title: str) -> set[str]:
    parts = re.split(r"[\W_]+", re.sub(r"（[^）]*）", "", title))
    return {part[at : at + 2] for part in parts for at in range(len(part) - 1)} - _TOO_COMMON

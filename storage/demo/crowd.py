"""Invented people, and which of them came to which event of the sample season.

Always the same: the draw is seeded, and the figures of the season follow from `season.csv` alone.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from storage.demo.programme import Programmed

WHO_CAME = 231  # different persons over the season
_MEMBERS = 104  # of them
_NEW_FACES = {10: 0.9, 11: 0.55, 12: 0.34, 1: 0.2, 2: 0.12, 3: 0.1, 4: 0.1}  # share of an event, by month
_MEMBERS_ONLY = ("theme_day", "members_meeting")

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎"
_GIVEN = (  # two characters each, for men and for women
    "建国志强德华永福国庆长林玉山守义文斌宝贵凤岐景春兆丰克俭喜顺树人维民庆余广才明远",
    "桂兰秀英淑珍玉兰凤霞丽华素琴雅芝春梅惠敏月娥秋菊瑞芳淑贤彩云静宜金枝佩玲晓岚云霞",
)
_RARE = ("欧阳明远", "买买提·吐尔逊", "𠮷田秀英", "司马文斌", "䶮春梅")  # names that programs get wrong
_ORIGINS = (
    ("黑龙江省哈尔滨市", 42),
    ("黑龙江省齐齐哈尔市", 14),
    ("吉林省长春市", 26),
    ("辽宁省沈阳市", 20),
    ("内蒙古自治区呼和浩特市", 16),
    ("北京市", 18),
    ("河北省石家庄市", 14),
    ("山西省太原市", 12),
    ("陕西省西安市", 10),
    ("四川省成都市", 8),
    ("甘肃省兰州市", 4),
    ("青海省西宁市", 2),
    ("宁夏回族自治区银川市", 2),
)
_COMMUNITIES = (
    "三亚湾社区",
    "海坡社区",
    "春园社区",
    "友谊路社区",
    "金鸡岭社区",
    "光明社区",
    "机场路社区",
    "红旗街社区",
)


@dataclass(slots=True)
class Neighbour:
    """One invented person. `place` is their position in the crowd, from 0."""

    place: int
    name: str
    member: bool
    seasonal: bool
    community: str
    origin: str | None
    arrives_on: date | None = None
    leaves_on: date | None = None
    came_to: list[int] = field(default_factory=list)  # positions in the programme


def gather(programme: Sequence[Programmed], more: int) -> list[Neighbour]:
    """The crowd of the season, each of whom came at least once, and `more` who came to none of its events."""
    draw = random.Random("天涯红雁之家 2025-26")  # noqa: S311 - the sample must be the same each time  # nosec B311
    crowd = [_invent(draw, place) for place in range(WHO_CAME + more)]
    for place, name in enumerate(_RARE):
        crowd[40 + 30 * place].name = name
    _send(draw, crowd[:WHO_CAME], programme)
    for neighbour in crowd:
        if neighbour.seasonal:
            _give_a_stay(draw, neighbour, programme)
    return crowd


def _invent(draw: random.Random, place: int) -> Neighbour:
    seasonal = draw.random() < 0.86
    given = _GIVEN[place % 2]
    begins = 2 * draw.randrange(len(given) // 2)
    length = 1 if draw.random() < 0.15 else 2
    name = _SURNAMES[draw.randrange(len(_SURNAMES))] + given[begins : begins + length]
    origins, weights = zip(*_ORIGINS, strict=True)
    return Neighbour(
        place=place,
        name=name,
        member=place < _MEMBERS or (place >= WHO_CAME and place % 3 == 0),
        seasonal=seasonal,
        community=_COMMUNITIES[draw.randrange(len(_COMMUNITIES))],
        origin=draw.choices(origins, weights)[0] if seasonal else None,
    )


def _send(draw: random.Random, crowd: list[Neighbour], programme: Sequence[Programmed]) -> None:
    waiting = {member: [each for each in crowd if each.member is member] for member in (True, False)}
    for unseen in waiting.values():
        draw.shuffle(unseen)
    known: list[Neighbour] = []
    chances = {each.place: 0.2 + draw.random() ** 3 for each in crowd}  # a few come to almost everything
    season = [number for number, event in enumerate(programme) if event.counts]
    last = {True: season[-1], False: max(n for n in season if programme[n].type not in _MEMBERS_ONLY)}
    for number in season:
        event = programme[number]
        members_only = event.type in _MEMBERS_ONLY
        fresh = round(event.named * _NEW_FACES[event.day.month])
        going = [waiting[True].pop() for _ in range(min(fresh if members_only else fresh // 3, len(waiting[True])))]
        if not members_only:
            going += [waiting[False].pop() for _ in range(min(fresh - len(going), len(waiting[False])))]
        for member, unseen in waiting.items():
            while number == last[member] and unseen:
                going.append(unseen.pop())
        others = [each for each in known if each.member or not members_only]
        # Weighted draw without putting back (Efraimidis and Spirakis): the largest of random ** (1 / weight).
        others.sort(key=lambda each: draw.random() ** (1 / chances[each.place]), reverse=True)
        short = event.named - len(going)
        if len(others) < short:  # the first events: nobody is known yet
            needed = short - len(others)
            for _ in range(needed):
                going.append(waiting[members_only or not waiting[False]].pop())
            short -= needed
        known += going
        going += others[:short]
        for each in going:
            each.came_to.append(number)


def _give_a_stay(draw: random.Random, neighbour: Neighbour, programme: Sequence[Programmed]) -> None:
    """Dates of the stay that hold every event they came to."""
    days = [programme[number].day for number in neighbour.came_to] or [date(2025, 11, 15), date(2026, 3, 20)]
    neighbour.arrives_on = min(days[0], date(2025, 11, 20)) - timedelta(days=draw.randrange(3, 20))
    neighbour.leaves_on = max(days[-1], date(2026, 3, 25)) + timedelta(days=draw.randrange(2, 16))

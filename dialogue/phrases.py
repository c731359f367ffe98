"""Reads a phrase about time from left to right into its pieces, or finds that it says too little."""

import re
from collections.abc import Sequence
from datetime import date

from dialogue import clocks, days
from dialogue.numbers import plain
from dialogue.pieces import Patterns, Piece, Scene, To, Vague

_LONGEST = 120  # characters

_TODAYS_FORM = str.maketrans(
    "點週號後個鐘時禮這還過節國慶臘農曆陰歷閏開結東兒剛裡裏",
    "点周号后个钟时礼这还过节国庆腊农历阴历闰开结东儿刚里里",
)
_CJK = r"[\u3400-\u9fff]"
_POLITE = re.compile(r"不好意思|没问题|没事儿?|别忘了|不见不散|不客气|没错|不用谢")
_VAGUE = re.compile(
    r"几|不|没|别的|再说|再看|再定|看情况|改天|改日|回头|一会|等会|等下|待会|呆会|过会|有空|随时|随便|都行|都可以|哪天"
    r"|啥时|何时|多会|多咱|什么时候|最近|近期|尽快|马上|立刻|现在|(?<![今明后昨])[早晚]一?[点些]|或|还是|要么|要不|每|天天"
    r"|隔|以内|之内|期间|假期|长假|周末|年底|年末|年初(?!初?[一二三四五六七八九十])|年前|(?<![0-9一二两三四五六七八九十半])年后|年中"
    r"|开春|入冬|上半年|下半年|季度|过年|差点|有点|某|过段|过阵|过些|些天|点多|点来|除了|待定|未定"
)
_ASIDE = re.compile(  # numbers of floors and people, and places with a numeral in their name
    r"[0-9一二两三四五六七八九十]+(?:号楼|号院|楼|层|栋|单元|室|个人|位|名(?!字)|人(?!民))|三亚|三沙|五指山|四川|九江|万宁"
)
_ABOUT_THREE = re.compile(r"[一二两三四五六七八九](?=[一二三四五六七八九][点时])")
_LEFT_NUMBER = re.compile(r"[0-9零二两三四五六七八九十百]")


def read(text: str, today: date) -> Sequence[Piece]:
    """The pieces of what was said on `today`, in order.

    Raises `Vague` when the phrase leaves the time open or holds a number nobody understands, `NoSuch` for a day or hour
    that does not exist.
    """
    if len(text) > _LONGEST:
        raise Vague
    text = _prepared(text)
    if _VAGUE.search(text):
        raise Vague
    scene = Scene(today)
    left = ""
    position = 0
    while position < len(text):
        end = _read_piece(text, position, scene)
        if end == position:
            left += text[position]
            end += 1
        else:
            left += " "
        position = end
    if _LEFT_NUMBER.search(left) or scene.year is not None:
        raise Vague
    return scene.pieces


def _read_piece(text: str, position: int, scene: Scene) -> int:
    """Where the piece that begins at `position` ends; `position` itself when none does."""
    for pattern, build in _PATTERNS:
        found = pattern.match(text, position)
        if found is None or found.end() == position:
            continue
        if _ABOUT_THREE.match(text, position):
            raise Vague  # 三四点
        pieces = build(found, scene)
        if pieces is not None:
            scene.pieces.extend(pieces)
            scene.read_to = found.end()
            return found.end()
    return position


def _prepared(text: str) -> str:
    """One form for what is written in several: width, signs, blanks, 礼拜 and 星期, the older characters."""
    text = _POLITE.sub("", plain(text).lower().translate(_TODAYS_FORM))
    text = re.sub(r"星期|[礼里理]拜", "周", text)
    text = re.sub(r"(?<=[0-9]);(?=[0-9])", ":", text)
    text = re.sub(r"俩(?=小时|钟头|月|周|天)", "两个", text)
    text = re.sub(r"[()【】\[\]<>《》“”\"'「」]", " ", text)
    text = re.sub(r"\s*([-~—–:/])\s*", r"\1", text)
    text = re.sub(rf"\s+(?={_CJK})|(?<={_CJK})\s+", "", text)
    return _ASIDE.sub("·", text)


def _bound(found: re.Match[str], scene: Scene) -> None:
    """三点前, 5号以后, 三天内: right after a piece this is a bound, not a moment."""
    if scene.pieces and scene.read_to == found.start():
        raise Vague


def _to(_found: re.Match[str], scene: Scene) -> list[Piece] | None:
    return [To()] if scene.pieces else None


_PATTERNS: Patterns = (
    *clocks.PATTERNS,
    *days.PATTERNS,
    (re.compile(r"(?:之|以)?[前后内](?!往)"), _bound),
    (re.compile(r"(?:开始|起)?[,、]?(?:一直)?(?:到|至|[-~—–]+)|开始[,、]?|[,、](?=.{1,8}(?:结束|散))"), _to),
)

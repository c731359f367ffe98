"""Numbers as people write them: 12, １２, 十二, 一百二十八, ②, 第二个, 3 7 12-15."""

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

NUMERAL = r"(?:[0-9]{1,9}|[零〇一二两三四五六七八九十百千万亿廿卅]{1,20})"
"""A run of digits, Arabic or Chinese, in plain text; not every run is a number (`read_number` decides)."""

_LONGEST = 200  # characters; nobody answers with a longer number, and patterns must not run over a whole book

_DIGITS: Mapping[str, int] = MappingProxyType(
    {"零": 0, "〇": 0, "一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
)
_UNITS: Mapping[str, int] = MappingProxyType({"十": 10, "百": 100, "千": 1000})
_MYRIADS: Mapping[str, int] = MappingProxyType({"万": 10_000, "亿": 100_000_000})
_TENS: Mapping[str, int] = MappingProxyType({"廿": 20, "卅": 30})

_PLAIN_FORMS = str.maketrans(
    "壹贰貳叁參肆伍陆陸柒捌玖拾佰仟萬億兩幺○\u3007",
    "一二二三三四五六六七八九十百千万亿两一零零",
    "\ufe0f\u20e3",  # what makes a digit a key cap: 2️⃣
)


def plain(text: str) -> str:
    """Full-width signs made half-width, circled and capital numerals (②, ❷, 贰) made plain, ends trimmed."""
    text = unicodedata.normalize("NFKC", text).translate(_PLAIN_FORMS)
    return "".join(_uncircled(character) for character in text).strip()


def read_number(text: str) -> int | None:
    """The number, if the whole text is one: Arabic, spelled out (一百零八, 两千五, 3百) or digit by digit (二〇二六).

    Not negative, at most nine digits.
    """
    text = plain(text) if len(text) <= _LONGEST else ""
    if len(text) > 1 and all(character in _DIGITS for character in text):
        return int("".join(str(_DIGITS[character]) for character in text)) if len(text) <= 9 else None
    return read_spelled(text)


def read_spelled(text: str) -> int | None:
    """A number spelled with its units, or a single digit; 三四 is none, for it means “three or four”."""
    value = section = 0
    number: int | None = None
    last = 10**9  # the unit said last; each must be smaller than the one before
    big = 10**9
    after_zero = False
    for token in re.findall(r"[0-9]+|.", text):
        if token.isdecimal() or _DIGITS.get(token):
            if number is not None or len(token) > 9:
                return None
            number = int(token) if token.isdecimal() else _DIGITS[token]
        elif token in _DIGITS:
            if number is not None or after_zero:
                return None
            after_zero = True
        elif token in _TENS:
            if number is not None or last <= 10:
                return None
            section, last, after_zero = section + _TENS[token], 10, False
        elif token in _UNITS:
            unit = _UNITS[token]
            if last <= unit or (number is None and unit != 10):
                return None
            section, last, number, after_zero = section + (1 if number is None else number) * unit, unit, None, False
        elif token in _MYRIADS:
            unit = _MYRIADS[token]
            section += number or 0
            if section == 0 or big <= unit:
                return None
            value, section, number, after_zero, last, big = value + section * unit, 0, None, False, unit, unit
        else:
            return None
    if number is not None and 100 <= last < 10**9 and not after_zero and number < 10:
        number *= last // 10  # 一百八 is 180, 两千五 is 2500
    elif number is None and after_zero and (value or section):
        return None
    if number is None and not (value or section or after_zero):
        return None
    return value + section + (number or 0)


_CHOICE = re.compile(
    rf"(?:我?(?:就?选择?|就?要|就|想要|回复?|答|按|是))?\s*[(\[【「]?\s*"
    rf"(?:第\s*(?P<nth>{NUMERAL})\s*(?:[个项条种号款场样位次家]|选项)?|(?P<bare>{NUMERAL})\s*(?:号|项|选项)?|(?P<first>[头首]一?[个项条种号]))"
    r"\s*[)\]】」]?[\s.。、,!:;~]*(?:吧|呀|啊|哦|的|了|呗|嘛|就行|就好|谢谢)*[\s.。!~]*"
)
_FROM_THE_END = re.compile(
    rf"(?:我?(?:选|要))?(?:最后(?:面?的?)?(?:一|1)?[个项条]|倒数第?(?P<nth>{NUMERAL})[个项条]?)吧?"
)


def read_choice(text: str, of: int | None = None) -> int | None:
    """Which one of a numbered list is meant: 2, ２, ②, 二, “2.”, 第二个, 选2, 2号, 头一个.

    With `of` choices, 最后一个 and 倒数第二个 are understood too. The caller checks that the list is that long.
    """
    if len(text) > _LONGEST:
        return None
    said = plain(text)
    if found := _CHOICE.fullmatch(said):
        return 1 if found["first"] else read_number(found["nth"] or found["bare"])
    if of and (found := _FROM_THE_END.fullmatch(said)):
        back = read_number(found["nth"] or "1")
        return of + 1 - back if back and back <= of else None
    return None


_NOT_COUNTED = re.compile(r"一共|一起|一块儿?|一下|一定|一般|万一|十分|千万|第一次|唯一|统一")
_ROUGHLY = re.compile(rf"{NUMERAL}[多来几]|几|[多来]个|左右|上下|大概|大约|差不多|不到|以上|超过|至少|最多")
_TOGETHER: Mapping[str, str] = MappingProxyType(
    {"俩": "两", "仨": "三", "双": "两", "两口子": "两人", "老两口": "两人"}
)
_ALONE = re.compile(r"(?:就|只有?|只是)?(?:我|本人)?(?:自己|自个儿?|本人|就我|一个人)(?:来|去|参加)?|就我")


def read_count(text: str) -> int | None:
    """How many, said with or without words around the one number: 3, 三个人, 一共5位, 俩人, 就我自己.

    None when there is no number, more than one, or only a rough one (十来个, 三十多人).
    """
    if len(text) > _LONGEST:
        return None
    said = re.sub(r"[\s,。!.~]", "", _NOT_COUNTED.sub("", plain(text)))
    if _ROUGHLY.search(said):
        return None
    for word, means in _TOGETHER.items():
        said = said.replace(word, means)
    numerals = re.findall(NUMERAL, said)
    if len(numerals) == 1:
        return read_spelled(numerals[0])
    return 1 if not numerals and _ALONE.fullmatch(said) else None


_ITEM = re.compile(
    rf"\s*(?P<from>{NUMERAL})\s*号?(?:\s*[-~—–到至]+\s*(?P<to>{NUMERAL})\s*号?)?(?:[\s,、;.。/+和跟与及]+|$|(?<=号))"
)


def read_list(text: str, at_most: int = 500) -> list[int] | None:
    """Several numbers, each once, in the order said: “3 7 12-15”, 3、7、12到15, 三号五号.

    None when anything else is said, a range runs backwards, or there are more than `at_most`.
    """
    said = plain(text[: at_most * 12])
    if len(text) > at_most * 12 or not said:
        return None
    numbers: dict[int, None] = {}
    position = 0
    while position < len(said):
        item = _ITEM.match(said, position)
        if not item:
            return None
        first = read_number(item["from"])
        last = read_number(item["to"]) if item["to"] else first
        if first is None or last is None or last < first or len(numbers) + last - first >= at_most:
            return None
        numbers.update(dict.fromkeys(range(first, last + 1)))
        position = item.end()
    return list(numbers)


def _uncircled(character: str) -> str:
    if unicodedata.category(character) != "No":
        return character
    return f"{unicodedata.numeric(character):g}"

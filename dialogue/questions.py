"""The kinds of answer a question may take. Each turns what was said into a value, or says what is wrong."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol, TypeVar

from dialogue import numbers, texts
from dialogue.message import Choice
from storage.conversations import Said
from storage.geography import Place

T_co = TypeVar("T_co", covariant=True)


class Invalid(Exception):
    """The answer cannot be used; the text tells the person what would do."""


class Kind(Protocol[T_co]):
    """What `Talk.ask` needs to know of an answer: the choices to show, and how to read it."""

    @property
    def choices(self) -> tuple[Choice, ...]: ...

    def parse(self, said: Said) -> T_co:
        """The value meant. Raises `Invalid`."""
        ...


def _need_words(said: Said) -> str:
    text = said.text.strip()
    if not text:
        raise Invalid("请用文字说给我。" if said.attachments or said.place else "我没看到字，请再发一次。")
    return text


@dataclass(frozen=True)
class Text:
    """Free text of `at_least` to `at_most` characters, without the spaces around it."""

    at_most: int = 200
    at_least: int = 1
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> str:
        if self.choices and len(said.picked) == 1 and not said.text:
            return said.picked[0]  # a button was tapped, so there are no words
        text = _need_words(said)
        if len(text) > self.at_most:
            raise Invalid(f"有点长了，请说短一些，{self.at_most} 个字以内。")
        if len(text) < self.at_least:
            raise Invalid(f"请多说几个字，至少 {self.at_least} 个字。")
        return text


@dataclass(frozen=True)
class Name:
    """A person's name: 2 to 20 characters, “·” and rare characters allowed, no digits."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> str:
        name = re.sub(r"\s+", "", unicodedata.normalize("NFC", _need_words(said))).replace("•", "·").replace("・", "·")
        name = re.sub(r"^(?:我叫|我是|叫|姓名[:：]?|名字[:：]?)(?=\S{2,})", "", name).rstrip("。.！!")
        if name in texts.GREETINGS or not re.fullmatch(r"[^\W\d_](?:[^\W\d_]|·){1,19}", name):
            raise Invalid("请告诉我您的姓名，比如：王建国。")
        return name


@dataclass(frozen=True)
class Names:
    """One to `at_most` names in one message."""

    at_most: int
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> tuple[str, ...]:
        parts = [part for part in re.split(r"[\s、，,;；和跟]+", _need_words(said)) if part]
        if len(parts) > self.at_most:
            raise Invalid(f"最多 {self.at_most} 位。请发姓名，比如：李秀兰。")
        return tuple(Name().parse(Said(part, said.at)) for part in parts)


@dataclass(frozen=True)
class Phone:
    """A mainland mobile number as 11 digits; full width, spaces, hyphens and +86 are forgiven. Landlines on request."""

    landline: bool = False
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> str:
        text = said.contact or _need_words(said)
        digits = re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", text))
        digits = re.sub(r"^(?:\+?86|0086)(?=1[0-9]{10}$)", "", digits)
        if re.fullmatch(r"1[3-9][0-9]{9}", digits) or (self.landline and re.fullmatch(r"0[0-9]{9,11}", digits)):
            return digits
        spoken = re.sub(r"\D", "", digits)
        if spoken.startswith("1") and len(spoken) != 11:
            raise Invalid(f"手机号是 11 位，这个是 {len(spoken)} 位。请再看看，比如：138 0000 0000。")
        raise Invalid("手机号没看明白。请发 11 位数字，比如：138 0000 0000。")


@dataclass(frozen=True)
class OneOf:
    """One of `options` (value -> label), by tapping it, typing its label or its number."""

    options: Mapping[str, str]

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(value, label) for value, label in self.options.items())

    def parse(self, said: Said) -> str:
        if len(said.picked) == 1 and said.picked[0] in self.options:
            return said.picked[0]
        value = matching(said.text, list(self.options.items()))
        if value is None:
            raise Invalid("请从下面选一个，回前面的数字就行。")
        return value


@dataclass(frozen=True)
class Named:
    """One of `options` (value -> label) by tapping or number, else the words themselves, for who knows more names."""

    options: Mapping[str, str]

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(value, label) for value, label in self.options.items())

    def parse(self, said: Said) -> str:
        if len(said.picked) == 1 and said.picked[0] in self.options:
            return said.picked[0]
        return matching(said.text, list(self.options.items())) or _need_words(said)


@dataclass(frozen=True)
class SeveralOf:
    """Some of `options` (value -> label): “1 3”, “1、3”, or their labels. In the order of `options`."""

    options: Mapping[str, str]
    at_least: int = 1

    @property
    def choices(self) -> tuple[Choice, ...]:
        return tuple(Choice(value, label) for value, label in self.options.items())

    def parse(self, said: Said) -> tuple[str, ...]:
        known = list(self.options.items())
        parts = re.split(r"[\s、，,;；和]+", said.text.strip())
        named = {value for part in parts if part and (value := matching(part, known))}
        picked = {*said.picked, *named} & set(self.options)
        if len(picked) < self.at_least:
            raise Invalid("请从下面选，可以选几个，比如：1 3。")
        return tuple(value for value in self.options if value in picked)


@dataclass(frozen=True)
class YesNo:
    """Yes or no, in the words given or in those people use anyway."""

    yes: str = "是"
    no: str = "不是"

    @property
    def choices(self) -> tuple[Choice, ...]:
        return Choice("yes", self.yes), Choice("no", self.no)

    def parse(self, said: Said) -> bool:
        if said.picked in (["yes"], ["no"]):
            return said.picked == ["yes"]
        word = bare(said.text)
        if word == bare(self.no) or word in _NO:
            return False
        if word == bare(self.yes) or word in _YES:
            return True
        raise Invalid(f"请回 1（{self.yes}）或者 2（{self.no}）。")


_YES = frozenset("是 对 好 好的 行 可以 嗯 是的 对的 没错 同意 愿意 要 中 成 ok yes 来 能来 对对 嗯嗯 正确".split())
_NO = frozenset("不 不是 不对 不好 不行 不要 不用 否 没有 不同意 不愿意 改 错了 不来 来不了 no 不登记 算了".split())


@dataclass(frozen=True)
class Number:
    """A whole number, in digits or Chinese."""

    at_least: int = 0
    at_most: int = 9999
    unit: str = ""
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> int:
        number = numbers.read_number(re.sub(r"[个人位名元块]+$", "", _need_words(said)))
        if number is None or not self.at_least <= number <= self.at_most:
            raise Invalid(
                f"请发一个数字，{self.at_least} 到 {self.at_most}{self.unit}，比如：{max(self.at_least, 20)}。"
            )
        return number


@dataclass(frozen=True)
class Report:
    """What someone has to tell: words, a voice message, pictures or a file, in any mixture."""

    at_most: int = 1000
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> tuple[str, tuple[int, ...]]:
        """The words, and the rows of `attachments`."""
        text = said.text.strip()
        if not text and not said.attachments:
            raise Invalid("请说说是什么事，打字、发语音、拍照片都行。")
        if len(text) > self.at_most:
            raise Invalid(f"有点长了，请先说要紧的，{self.at_most} 个字以内，后面可以再补。")
        return text, tuple(said.attachments)


@dataclass(frozen=True)
class Sent:
    """One photo or file; `hint` asks for it again."""

    hint: str
    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> int:
        """The row of `attachments`."""
        if not said.attachments:
            raise Invalid(self.hint)
        return said.attachments[0]


@dataclass(frozen=True)
class Pictures:
    """Photos, or one of the choices, which say that there are none."""

    choices: tuple[Choice, ...]

    def parse(self, said: Said) -> tuple[int, ...]:
        """The rows of `attachments`."""
        known = [(choice.value, choice.label) for choice in self.choices]
        if not said.attachments and not said.picked and matching(said.text, known) is None:
            raise Invalid("请发照片，或者从下面选一个。")
        return tuple(said.attachments)


@dataclass(frozen=True)
class Somewhere:
    """A position shared by a button, or the words people have for a place."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> Place | str:
        if said.place is not None:
            return said.place
        if said.picked:
            return said.picked[0]
        return _need_words(said)


_SIGNS = re.compile(r"[\s。.,，!！~～…、;；:：“”\"'‘’()（）《》【】]+")
_POLITE_END = re.compile(r"(?<=.)[啊呀吧呢哦哈了嘛]$")


def bare(text: str) -> str:
    """`text` without what does not change its meaning: case, width, blanks, punctuation and polite endings."""
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = _SIGNS.sub("", plain)
    return _POLITE_END.sub("", plain) or plain


@lru_cache(maxsize=4096)
def bare_label(label: str) -> str:
    """`bare` of what we show: the same few words again and again. What people say is not kept here."""
    return bare(label)


def matching(text: str, options: list[tuple[str, str]]) -> str | None:
    """The value whose label is what `text` says: the label itself, or the only one that contains it."""
    word = bare(text)
    if not word:
        return None
    for value, label in options:
        if word in (bare_label(label), value):
            return value
    labels = [(value, bare_label(label)) for value, label in options]
    near = [value for value, label in labels if word in label] if len(word) > 1 or not word.isascii() else []
    near = near or [value for value, label in labels if len(label) > 1 and label in word]
    return near[0] if len(near) == 1 else None

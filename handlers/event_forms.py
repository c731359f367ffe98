"""活动模板: an organiser fills in a text, here or in a file; what was understood is read back, the rest is asked."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from dialogue import sent_files, texts
from dialogue.asking import Moment
from dialogue.message import Choice
from dialogue.questions import Invalid, Kind, Number, OneOf, Phone, Text
from dialogue.talk import Talk
from handlers import event_options, organise, stall_forms
from storage import events
from storage.conversations import Said

FORM = "\n".join(
    [
        "活动模板",
        *(
            f"{name}："
            for name in "类型 名字 时间 时长 地点 名额 主讲人 嘱咐的话 联系电话 报名截止 签到口令 预算 摊位".split()
        ),
    ]
)
_LINE = re.compile(r"\s*([^：:\s]{1,8})\s*[：:]\s*(.*?)\s*")
_CALLED = {
    "类型": "type",
    "类别": "type",
    "名字": "title",
    "名称": "title",
    "活动名称": "title",
    "时间": "start",
    "日期": "start",
    "开始": "start",
    "时长": "length",
    "多长": "length",
    "地点": "place",
    "地址": "place",
    "名额": "capacity",
    "人数": "capacity",
    "主讲人": "speaker",
    "主讲": "speaker",
    "老师": "speaker",
    "嘱咐的话": "words",
    "说明": "words",
    "备注": "words",
    "联系电话": "phone",
    "电话": "phone",
    "报名截止": "closes",
    "截止": "closes",
    "签到口令": "code",
    "口令": "code",
    "预算": "budget",
    "经费": "budget",
    "摊位": "stall",
}
_NEEDED = {"type": "类型", "title": "名字", "start": "时间", "length": "时长", "place": "地点"}
_LARGEST = 20_000  # bytes; a form has a few hundred


@dataclass(frozen=True)
class Filled:
    """The form as words, or as a file."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> Said:
        if not said.attachments and not any(_LINE.fullmatch(line) for line in said.text.splitlines()):
            raise Invalid("请把模板填好发给我，一行一项，比如：\n名字：书法班第三课\n也可以发一个文本文件。")
        return said


@dataclass
class Read:
    """What stands in a form: words by what they are, and what made no sense."""

    said: dict[str, str] = field(default_factory=dict)
    stalls: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)


async def create(talk: Talk) -> None:
    """“活动模板”, and the same with its lines filled in: an event, by as few questions as are left."""
    if not _LINE.match(talk.opening.text):
        talk.opening = Said("", talk.opening.at)
    talk.answered_by_opening("form")
    stalls = "\n".join(stall_forms.EXAMPLES)
    prompt = (
        "请照下面填好，整段发给我；会填的填，空着的我再问您。也可以存成文本文件发来。"
        f"办集市的，一个摊位写一行，比如：\n{stalls}\n{FORM}"
    )
    said = await talk.ask("form", prompt, Filled())
    words = said.text if not said.attachments else await _in_file(talk, said.attachments[0])
    read = _read(words)
    known = _understood(read, said.at)
    extra = _extra(read, said.at)
    _check_stalls(read, known)
    summary = _summary(read)
    key = f"read: {summary}"[:200]
    if await talk.ask(key, summary, OneOf({"go": "接着办", "again": "重新填"})) == "again":
        return talk.say("好的，改好了再整段发给我。", Choice("活动模板", "再看模板"))
    if not known.keys() & talk.answers.keys():  # else some were taken back since, with 上一步
        talk.answers.update(known)
    return await organise.make(talk, extra, read.stalls)


async def _in_file(talk: Talk, sent: int) -> str:
    content = await sent_files.content(talk, "form", sent)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            words = content[:_LARGEST].decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in words and any(_LINE.fullmatch(line) for line in words.splitlines()):
            return words
    return talk.again("form", "这个文件我看不懂。请用文本文件（.txt），或者直接把文字发给我。")


def _read(words: str) -> Read:
    """Line by line; a line without a name goes on with the one before."""
    read = Read()
    last = ""
    for line in words.splitlines():
        found = _LINE.fullmatch(line)
        name = _CALLED.get(found[1]) if found else None
        if found and name:
            last = name
            if found[2] and name == "stall":
                read.stalls.append(found[2])
            elif found[2]:
                read.said[name] = found[2]
        elif found and found[2]:
            read.unclear.append(line.strip())
        elif line.strip() and last == "stall":
            read.stalls.append(line.strip())
        elif line.strip() and last in read.said:
            read.said[last] += f"，{line.strip()}"
    return read


def _understood(read: Read, at: datetime) -> dict[str, Said]:
    """Answers to the questions of `organise.make`. What cannot be used is left to be asked."""
    kinds: dict[str, tuple[str, Kind[Any]]] = {
        "type": ("type", OneOf(events.TYPES)),
        "title": ("title", Text(at_most=30, at_least=2)),
        "start": ("start", Moment()),
        "length": ("length", OneOf(organise.LENGTHS)),
        "capacity": ("capacity", Number(at_most=5000)),
        "words": ("words", Text(at_most=200)),
        "phone": ("phone", Phone(landline=True)),
        "place": ("venue", Text(at_most=60, at_least=2)),
    }
    known = {}
    for name, (key, kind) in kinds.items():
        if name not in read.said:
            continue
        said = Said(read.said[name], at)
        try:
            meant = kind.parse(said)
        except Invalid:
            _give_up(read, name)
            continue
        if name == "start" and (meant.outcome != "ok" or meant.start is None):
            _give_up(read, name)
            continue
        known[key] = said
    if "venue" in known:
        known["where"] = Said("", at, [organise.ELSEWHERE])
    if "phone" in known:
        known["own phone"] = Said("", at, ["no"])
    for key in ("capacity", "words"):
        known.setdefault(key, Said({"capacity": "0", "words": "没有"}[key], at))
    return known


def _extra(read: Read, at: datetime) -> dict[str, Any]:
    """What the questions do not ask, by column."""
    found: dict[str, Any] = {}
    kinds: dict[str, tuple[str, Callable[[Said], Any]]] = {
        "speaker": ("speaker", Text(at_most=40).parse),
        "code": ("code_word", Text(at_most=20).parse),
        "budget": ("budget_planned", event_options.Yuan().parse),
        "closes": ("sign_up_closes_at", _moment),
    }
    for name, (column, parse) in kinds.items():
        if name in read.said:
            try:
                found[column] = parse(Said(read.said[name], at))
            except Invalid:
                _give_up(read, name)
    return found


def _check_stalls(read: Read, known: dict[str, Said]) -> None:
    """What no stall can be made of is said at once, as far as the time of the market is known."""
    if read.stalls and "type" in known and OneOf(events.TYPES).parse(known["type"]) != stall_forms.MARKET:
        read.unclear.append("摊位：只有集市才设")
        read.stalls.clear()
    if not {"start", "length"} <= known.keys():
        return
    start, length = Moment().parse(known["start"]).start, OneOf(organise.LENGTHS).parse(known["length"])
    if start is not None:
        ends_at = start + timedelta(minutes=int(length))
        _, unclear = stall_forms.read_all(read.stalls, start, ends_at, known["start"].at)
        read.unclear += [f"摊位：{line}" for line in unclear]
        read.stalls = [line for line in read.stalls if line not in unclear]


def _moment(said: Said) -> datetime:
    reading = Moment().parse(said)
    if reading.outcome != "ok" or reading.start is None:
        raise Invalid(said.text)
    return reading.start


def _give_up(read: Read, name: str) -> None:
    label = next(label for label, of in _CALLED.items() if of == name)
    read.unclear.append(f"{label}：{read.said.pop(name)}")


def _summary(read: Read) -> str:
    labels = {name: label for label, name in reversed(_CALLED.items())}
    clear = [f"{labels[name]} {said}" for name, said in read.said.items()] + [f"摊位 {line}" for line in read.stalls]
    parts = [f"看明白了：{'；'.join(clear)}。"]
    if read.unclear:
        parts.append(f"没看明白：{'；'.join(read.unclear)}。")
    if missing := [label for name, label in _NEEDED.items() if name not in read.said]:
        parts.append(f"还要问您：{'、'.join(missing)}。")
    return "\n".join(texts.full_width(part) for part in parts)

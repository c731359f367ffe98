"""Replies of one turn folded into what WeChat shows: one message now, the rest behind “更多”."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.channels.plain import FOOTER
from bot.channels.wechat.links import anchor, escape, tap, walks
from bot.channels.wechat.paging import Line, pages
from bot.channels.wechat.parts import Card, Picture, Shown, Text
from bot.channels.wechat.xml import clean
from dialogue.message import Choice, File, Reply
from storage.wechat import Linked

HOW_TO_SEND_A_PLACE = "点右下角的“＋”，再点“位置”，就能把位置发给我。"
HOW_TO_SEND_A_PHONE = "请直接打手机号，11 位数字。"
_CHOICES_WITH_LINKS = 99  # more do not fit into the id of a link
_TITLE, _DESCRIPTION = 30, 110  # characters a card shows without cutting
_APP = "红雁"


@dataclass(frozen=True, slots=True)
class Look:
    """What can be shown. `file_url` gives the address of a kept file; None when there is no address to give.

    `uploaded` holds the media ids of pictures that were uploaded beforehand, by file token.
    """

    file_url: Callable[[File], str] | None = None
    links: bool = True
    uploaded: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Rendered:
    """`parts` in the order to show them; `refused` says what could not be shown, without its words."""

    parts: list[Shown] = field(default_factory=list)
    links: list[Linked] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def render(replies: Sequence[Reply], number: int, look: Look) -> Rendered:
    """Everything in `replies`, in order. `number` is the answer's; it goes into its links."""
    rendered = Rendered()
    if len(replies) == 1 and (card := _card(replies[0], look)) is not None:
        rendered.parts.append(card)
        return rendered
    asking = max((at for at, reply in enumerate(replies) if reply.choices), default=-1)
    lines: list[Line] = []
    pictures: list[Picture] = []
    for at, reply in enumerate(replies):
        said = _lines(reply, number, look, rendered, numbered=at == asking and not reply.lines, pictures=pictures)
        if said and lines:
            said[0].gap = "\n\n"
        lines += said
    rendered.parts += [Text(content) for content in pages(lines, more_follows=bool(pictures))]
    rendered.parts += pictures
    return rendered


def _card(reply: Reply, look: Look) -> Card | None:
    """A card for a picture or a link that stands alone with a few words: easier to tap than a word in a text."""
    if reply.choices or reply.file or reply.venue or reply.wants_place or reply.wants_contact:
        return None
    title, _, description = (clean(part).strip() for part in reply.text.partition("\n"))
    if reply.photo is not None and reply.link is None and look.file_url is not None:
        url = picture = look.file_url(reply.photo)
        title = title or clean(reply.photo.name)
    elif reply.link is not None and reply.photo is None:
        url, picture = clean(reply.link.url), ""
        title, description = clean(reply.link.label), "\n".join(filter(None, (title, description)))
    else:
        return None
    if not title or len(title) > _TITLE or len(description) > _DESCRIPTION or len(url.encode()) > 1000:
        return None
    return Card(title, description, url, picture)


def _lines(
    reply: Reply, number: int, look: Look, rendered: Rendered, *, numbered: bool, pictures: list[Picture]
) -> list[Line]:
    text = clean(reply.text).strip()
    lines = [Line(escape(line)) for line in text.split("\n")] if text else []
    if reply.photo is not None:
        if reply.photo.token in look.uploaded:
            pictures.append(Picture(look.uploaded[reply.photo.token]))
        else:
            lines.append(_file(reply.photo, "看图片", look, rendered))
    if reply.file is not None:
        lines.append(_file(reply.file, "打开", look, rendered))
    if reply.venue is not None:
        lines.append(Line(escape(f"{reply.venue.name}，{reply.venue.address}".strip("，"))))
        lines += [Line(link, whole=True) for link in walks(reply.venue, _APP)]
    if reply.link is not None:
        lines.append(Line(anchor(reply.link.url, reply.link.label), whole=True))
    if reply.wants_place:
        lines.append(Line(HOW_TO_SEND_A_PLACE))
    if reply.wants_contact:
        lines.append(Line(HOW_TO_SEND_A_PHONE))
    first = len(rendered.links) + 1
    for place, choice in enumerate(reply.choices, start=first):
        digit = place - first + 1 if numbered else 0
        rendered.links.append(Linked(choice.value, choice.label, reply.turn, digit))
        lines.append(_choice(choice, digit, number, place, look))
    if reply.choices and reply.turn:
        lines.append(Line(FOOTER))
    return lines


def _choice(choice: Choice, digit: int, number: int, place: int, look: Look) -> Line:
    shown = f"{digit} {choice.label}" if digit else choice.label
    if not look.links or place > _CHOICES_WITH_LINKS:
        return Line(escape(shown), choice=True)
    # The digit is the cheapest in bytes and the safest in all clients; a list further up cannot be meant by digits.
    said = str(digit) if digit else choice.label
    return Line(tap(said, number, place, shown), whole=True, choice=True, otherwise=escape(shown))


def _file(file: File, verb: str, look: Look, rendered: Rendered) -> Line:
    if look.file_url is None:
        rendered.refused.append(f"no address for a {file.media_type}")
        return Line(f"“{escape(file.name)}”在这里发不了，请向工作人员要。")
    return Line(anchor(look.file_url(file), f"{verb}：{file.name}"), whole=True)

"""How each channel that is on will show a reply, as words: what an organiser looks at before publishing."""

import re
from collections.abc import Callable, Collection, Mapping

from bot.channels.telegram import rendering as telegram
from bot.channels.wechat import rendering as wechat
from bot.channels.wechat.parts import Card, Text
from dialogue.message import File, Reply

_ANCHOR = re.compile(r"<a [^>]*>([^<]*)</a>")
_NOBODY = "0"  # whom a message would go to; only groups are shown something else


def of(channels: Collection[str]) -> Mapping[str, Callable[[Reply], str]]:
    return {channel: look for channel, look in _LOOKS.items() if channel in channels}


def _wechat(reply: Reply) -> str:
    """One message, files as links in it and choices as numbered lines; or a card of a picture with a few words."""
    lines: list[str] = []
    for part in wechat.render([reply], 1, wechat.Look(file_url=lambda file: file.token, links=False)).parts:
        if isinstance(part, Card):
            lines += [part.title, part.description, f"［图文，{reply.photo.name}］" if reply.photo else "［链接］"]
        elif isinstance(part, Text):
            lines.append(_ANCHOR.sub(r"［\1］", part.content))
    return "\n".join(filter(None, lines))


def _telegram(reply: Reply) -> str:
    """The words, and the buttons under them."""
    lines: list[str] = []
    for part in telegram.parts(_NOBODY, reply):
        lines += _sent(part.file)
        lines += [part.given[words] for words in ("text", "caption") if words in part.given]
        rows = part.given.get("reply_markup", {}).get("inline_keyboard", ())
        lines += ["　".join(f"［{button['text']}］" for button in row) for row in rows]
    return "\n".join(lines)


def _web(reply: Reply) -> str:
    """The words, and large buttons, one in a line."""
    buttons = [f"［{choice.label}］" for choice in reply.choices]
    return "\n".join([*_sent(reply.photo), reply.text, *_sent(reply.file), *buttons])


def _sent(file: File | None) -> list[str]:
    if file is None:
        return []
    return [f"［{'图片' if file.media_type.startswith('image/') else '文件'}］{file.name}"]


_LOOKS = {"wechat": _wechat, "telegram": _telegram, "web": _web}

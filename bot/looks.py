"""How each channel that is on will show a reply, as words: what an organiser looks at before publishing."""

from collections.abc import Callable, Collection, Mapping

from bot.channels.telegram import rendering as telegram
from bot.channels.wechat import rendering as wechat
from bot.channels.wechat.parts import Text
from dialogue.message import Reply

_NOBODY = "0"  # whom a message would go to; only groups are shown something else


def of(channels: Collection[str]) -> Mapping[str, Callable[[Reply], str]]:
    return {channel: look for channel, look in _LOOKS.items() if channel in channels}


def _wechat(reply: Reply) -> str:
    """One message, its choices as numbered lines; pictures come after it."""
    shown = wechat.render([reply], 1, wechat.Look(links=False))
    pages = [part.content for part in shown.parts if isinstance(part, Text)]
    return "\n".join([*pages, *_picture(reply)])


def _telegram(reply: Reply) -> str:
    """The words, and the buttons under them."""
    lines: list[str] = []
    for part in telegram.parts(_NOBODY, reply):
        lines += [f"［图片］{part.file.name}"] if part.file is not None else []
        lines += [part.given[words] for words in ("text", "caption") if words in part.given]
        rows = part.given.get("reply_markup", {}).get("inline_keyboard", ())
        lines += ["　".join(f"［{button['text']}］" for button in row) for row in rows]
    return "\n".join(lines)


def _web(reply: Reply) -> str:
    """The words, and large buttons, one in a line."""
    return "\n".join([*_picture(reply), reply.text, *(f"［{choice.label}］" for choice in reply.choices)])


def _picture(reply: Reply) -> list[str]:
    return [f"［图片］{reply.photo.name}"] if reply.photo is not None else []


_LOOKS = {"wechat": _wechat, "telegram": _telegram, "web": _web}

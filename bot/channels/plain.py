"""Replies as plain text with numbered choices, for channels without buttons and for terminals."""

from dialogue.message import Reply

FOOTER = "0 返回　9 人工"


def render(reply: Reply) -> str:
    """The reply as a person without buttons reads it. Files and pictures stand there by their names."""
    lines = [reply.text]
    lines += [
        choice.label if reply.lines else f"{number}. {choice.label}"
        for number, choice in enumerate(reply.choices, start=1)
    ]
    if reply.choices and reply.turn:
        lines.append(FOOTER)
    if reply.venue is not None:
        lines.append(f"［地图］{reply.venue.name}，{reply.venue.address}")
    lines += [f"［文件］{kept.name}" for kept in (reply.photo, reply.file) if kept is not None]
    if reply.link is not None:
        lines.append(f"{reply.link.label}：{reply.link.url}")
    return "\n".join(line for line in lines if line)

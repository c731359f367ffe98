"""后台: a one-time link to the console, for those who have an office."""

from dialogue.message import Link
from dialogue.talk import Talk
from storage import sessions, settings

ADDRESS = "console_address"
"""The setting that says where the console is; empty while there is none."""

_MINUTES = int(sessions.LINK_LASTS.total_seconds() // 60)


async def link(talk: Talk) -> None:
    """“后台”. Asking again gives another link; each is used up by the button behind it."""
    address = settings.get(talk.tx, ADDRESS, "")
    if not address:
        return talk.say("工作台现在没有开。要用的话，请找管机器的同志。")
    if talk.person_id is None:
        return talk.say("进工作台要先登记。回“登记”，大约一分钟。")
    token = sessions.link_for(talk.tx, talk.person_id, talk.now)
    return talk.say(
        f"这是进工作台的链接，{_MINUTES} 分钟内有效，只能用一次。别转给别人。",
        link=Link("进工作台", f"{address}/console/in/{token}"),
    )

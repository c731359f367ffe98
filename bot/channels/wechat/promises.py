"""One-time subscription: the link that asks for a consent, and the message that uses it up."""

from urllib.parse import quote, urlencode

from bot.channels.wechat.xml import clean
from dialogue.message import Reply
from storage.wechat_promises import Offer

TITLE = "红雁提醒"  # at most 15 characters
AT_MOST = 200  # characters of content
_CUT = "……发一句话给我，看全部"
PATH = "/wechat/promise"  # where the platform sends the person back to


def link(offer: Offer, app_id: str, template_id: str, public_url: str) -> str:
    """The page, opened inside WeChat, on which the person agrees to one message."""
    query = urlencode(
        {
            "action": "get_confirm",
            "appid": app_id,
            "scene": str(offer.scene),
            "template_id": template_id,
            "redirect_url": public_url.rstrip("/") + PATH,
            "reserved": offer.token,
        },
        quote_via=quote,
        safe="",
    )
    return f"https://mp.weixin.qq.com/mp/subscribemsg?{query}#wechat_redirect"


def content(reply: Reply) -> tuple[str, bool]:
    """The words of `reply` in the room of one such message, and whether that is all of it."""
    lines = [clean(reply.text).strip()]
    if reply.venue is not None:
        lines.append(f"地点：{reply.venue.name}，{reply.venue.address}")
    if reply.choices:
        lines.append("　".join(f"{number} {choice.label}" for number, choice in enumerate(reply.choices, start=1)))
    text = "\n".join(filter(None, lines))
    whole = reply.photo is None and reply.file is None and reply.link is None
    if len(text) <= AT_MOST:
        return text, whole
    return text[: AT_MOST - len(_CUT)] + _CUT, False

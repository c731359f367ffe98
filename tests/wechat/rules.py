"""What the platform takes: replies to a push, texts with links, templates, menus. Written apart from the channel."""

import re
from xml.dom import minidom
from xml.parsers.expat import ExpatError


class Bad(Exception):
    """The platform would show its fault text, or nothing."""


TEXT_LIMIT = 2047
ALLOWED = {"text", "image", "voice", "video", "music", "news", "transfer_customer_service"}


_LINK = re.compile(r'<a href="([^"<>]*)">([^<>]*)</a>')


def links_in(content):
    """(address, label) of each link. Raises Bad where the client would show raw markup or nothing."""
    links = _LINK.findall(content)
    if "<" in _LINK.sub("", content) or ">" in _LINK.sub("", content):
        raise Bad("a link that is not closed, or a stray sign")
    for address, label in links:
        if not label.strip():
            raise Bad("a link without words")
        if not address or re.search(r"\s", address):
            raise Bad("an address with blanks")
        if address.startswith("weixin://") and not re.fullmatch(
            r"weixin://bizmsgmenu\?msgmenucontent=[^&\"<>]+&msgmenuid=[0-9]{1,9}", address
        ):
            raise Bad(f"a client address that does nothing: {address}")
    return links


def text_shown(content):
    if not content:
        raise Bad("an empty text")
    if len(content.encode()) > TEXT_LIMIT:
        raise Bad("more than 2047 bytes: silently not delivered")
    if len(content) > 600 or len(content.encode()) > 1900:
        raise Bad("beyond our own budget of 600 characters and 1900 bytes")
    if re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", content):
        raise Bad("a control character")
    links_in(content)
    return content


def root_of(body):
    try:
        return minidom.parseString(body).documentElement
    except ExpatError as fault:
        raise Bad(f"not XML: {fault}") from None


def reply_to_push(body, openid, account, may_send_media):
    """(kind, fields) of the one message in an XML reply."""
    root = root_of(body)
    if root.tagName != "xml":
        raise Bad("root")
    fields = {child.tagName: child for child in root.childNodes if child.nodeType == child.ELEMENT_NODE}
    if len(fields) != len([child for child in root.childNodes if child.nodeType == child.ELEMENT_NODE]):
        raise Bad("a field twice")
    if inner(fields["ToUserName"]) != openid or inner(fields["FromUserName"]) != account:
        raise Bad("sender and receiver are not exchanged")
    created = fields["CreateTime"].firstChild
    if created.nodeType != created.TEXT_NODE or not created.data.isdecimal():
        raise Bad("CreateTime is no bare integer")
    kind = inner(fields["MsgType"])
    if kind not in ALLOWED:
        raise Bad(f"type {kind}")
    if kind == "text":
        return kind, {"content": text_shown(inner(fields["Content"]))}
    if kind == "news":
        items = fields["Articles"].getElementsByTagName("item")
        if inner(fields["ArticleCount"]) != "1" or len(items) != 1:
            raise Bad("not one article")
        names = ("Title", "Description", "PicUrl", "Url")
        article = {name.lower(): inner(items[0].getElementsByTagName(name)[0]) for name in names}
        return kind, article_shown(article)
    if kind == "image":
        if not may_send_media:
            raise Bad("this account may not send media")
        return kind, {"media_id": inner(fields["Image"].getElementsByTagName("MediaId")[0])}
    raise Bad(f"type {kind} is not used by this program")


def article_shown(article):
    if not article["title"] or not article["url"].startswith(("http://", "https://")):
        raise Bad("an article without a title or an address")
    return article


def inner(element):
    return "".join(node.data for node in element.childNodes if node.nodeType in (3, 4))


FIELDS = {
    "thing": lambda v: len(v) <= 20 and "\n" not in v,
    "number": lambda v: len(v) <= 32 and re.fullmatch(r"\d+(\.\d+)?", v),
    "letter": lambda v: len(v) <= 32 and v.isascii() and v.isalpha(),
    "symbol": lambda v: len(v) <= 5,
    "character_string": lambda v: len(v) <= 32 and v.isascii(),
    "time": lambda v: re.fullmatch(r"(\d{4}年\d{1,2}月\d{1,2}日 |\d{4}-\d{1,2}-\d{1,2} )?\d{1,2}:\d{2}(:\d{2})?", v),
    "date": lambda v: re.fullmatch(r"\d{4}(年\d{1,2}月\d{1,2}日|-\d{1,2}-\d{1,2})( \d{1,2}:\d{2})?", v),
    "amount": lambda v: re.fullmatch(r"[¥$]?\d{1,10}(\.\d+)?元?", v),
    "phone_number": lambda v: len(v) <= 17 and re.fullmatch(r"[\d+-]+", v),
    "car_number": lambda v: len(v) <= 8,
    "name": lambda v: len(v) <= 10 or (len(v) <= 20 and v.isascii()),
    "phrase": lambda v: len(v) <= 5 and re.fullmatch(r"[\u4e00-\u9fff]+", v),
}


def wrong_field(data):
    """The first template field that the platform refuses, or None."""
    for key, filled in data.items():
        kind = re.sub(r"\d+$", "", key)
        value = filled.get("value", "")
        if not value or (kind in FIELDS and not FIELDS[kind](value)):
            return key
    return None


MENU_TYPES = {"click", "view", "scancode_push", "scancode_waitmsg", "location_select"}


def menu_is_right(menu):
    buttons = menu.get("button", [])
    return 1 <= len(buttons) <= 3 and all(_button_is_right(button, 16) for button in buttons)


def _button_is_right(button, longest):
    if not 0 < len(button.get("name", "").encode()) <= longest:
        return False
    if "sub_button" in button:
        below = button["sub_button"]
        return longest == 16 and 1 <= len(below) <= 5 and all(_button_is_right(one, 60) for one in below)
    return button.get("type") in MENU_TYPES and 0 < len(button.get("key", button.get("url", "")).encode()) <= 128

"""What WeChat can show at once: one of these per push, and one per customer-service message."""

import msgspec

from bot.channels.wechat import xml


class Text(msgspec.Struct, frozen=True, tag="text"):
    content: str


class Card(msgspec.Struct, frozen=True, tag="card"):
    """A news card of one article, the only number the platform shows."""

    title: str
    description: str
    url: str
    picture_url: str = ""


class Picture(msgspec.Struct, frozen=True, tag="picture"):
    """A picture that was uploaded."""

    media_id: str


class Silence(msgspec.Struct, frozen=True, tag="silence"):
    """Nothing to show: the platform is told `success`, and the person sees nothing."""


Shown = Text | Card | Picture
Part = Shown | Silence

SUCCESS = "success"

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Part] = msgspec.json.Decoder(Part)


def to_json(part: Part) -> str:
    return _encoder.encode(part).decode()


def from_json(kept: str) -> Part:
    return _decoder.decode(kept)


def passive(part: Shown, to: str, account: str, now: int) -> str:
    """The XML that answers a push of `to` at `account`; `now` in seconds."""
    head = [xml.tag("ToUserName", to), xml.tag("FromUserName", account), xml.number("CreateTime", now)]
    match part:
        case Text():
            body = [xml.tag("MsgType", "text"), xml.tag("Content", part.content)]
        case Card():
            item = [
                xml.tag("Title", part.title),
                xml.tag("Description", part.description),
                xml.tag("PicUrl", part.picture_url),
                xml.tag("Url", part.url),
            ]
            articles = xml.nest("Articles", [xml.nest("item", item)])
            body = [xml.tag("MsgType", "news"), xml.number("ArticleCount", 1), articles]
        case Picture():
            body = [xml.tag("MsgType", "image"), xml.nest("Image", [xml.tag("MediaId", part.media_id)])]
    return xml.nest("xml", [*head, *body])


def customer_service(part: Shown, to: str) -> dict[str, object]:
    """The JSON of the same as a customer-service message."""
    match part:
        case Text():
            return {"touser": to, "msgtype": "text", "text": {"content": part.content}}
        case Card():
            article = {
                "title": part.title,
                "description": part.description,
                "url": part.url,
                "picurl": part.picture_url,
            }
            return {"touser": to, "msgtype": "news", "news": {"articles": [article]}}
        case Picture():
            return {"touser": to, "msgtype": "image", "image": {"media_id": part.media_id}}

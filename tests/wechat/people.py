"""A follower with a phone: sends as WeChat sends, sees what WeChat shows, and taps only what is on the screen."""

import asyncio
import re
from urllib.parse import parse_qs, unquote, urlsplit

from tests.wechat import rules


class Follower:
    """`ids` is the habit of the client with links: it sends their id, `drop`s it, or sends it as `zero`."""

    def __init__(self, server, openid, *, ids="keep", following=True):
        self.server = server
        self.openid = openid
        self.ids = ids
        self.following = following
        self.blocks = False
        self.screen = []  # (kind, fields), newest last
        self._waiting = []

    def sees(self, kind, fields):
        self.screen.append((kind, fields))
        for waiting in self._waiting:
            waiting.set()

    async def until_seen(self, number):
        """Wait until so many messages are on the screen."""
        waiting = asyncio.Event()
        self._waiting.append(waiting)
        async with asyncio.timeout(60):
            while len(self.screen) < number:
                waiting.clear()
                await waiting.wait()
        self._waiting.remove(waiting)

    @property
    def last(self):
        return self.screen[-1]

    @property
    def read(self):
        """The words of the newest message."""
        return words(*self.last)

    # -- sending

    async def _message(self, kind, fields, grant="message"):
        self.following = True
        self.server.ledger.opened(self.openid, grant)
        number = fields.pop("MsgId", None) or self.server.message_id()
        return await self.server.push(self, {"MsgType": kind, **fields, "MsgId": int(number)})

    async def _event(self, name, grant=None, **fields):
        if grant is not None:
            self.server.ledger.opened(self.openid, grant)
        return await self.server.push(self, {"MsgType": "event", "Event": name, **fields})

    async def says(self, text, **fields):
        return await self._message("text", {"Content": text, **fields})

    async def sends_voice(self, content=b"#!AMR\n" + bytes(40), recognition=None):
        media_id = self.server.api.keep(content, "audio/amr")
        fields = {"MediaId": media_id, "Format": "amr"}
        if recognition is not None:
            fields["Recognition"] = recognition
        return await self._message("voice", fields)

    async def sends_picture(self, content=b"\xff\xd8\xff\xe0" + bytes(40)):
        media_id = self.server.api.keep(content, "image/jpeg")
        return await self._message("image", {"PicUrl": "http://mmbiz.qpic.cn/example", "MediaId": media_id})

    async def sends_video(self, content=b"\0\0\0\x18ftypmp42", kind="video"):
        media_id = self.server.api.keep(content, "video/mp4")
        return await self._message(kind, {"MediaId": media_id, "ThumbMediaId": "T"})

    async def sends_place(self, latitude, longitude, label="三亚市"):
        where = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": 15, "Label": label}
        return await self._message("location", where)

    async def picks_place_from_menu(self, latitude, longitude, *, event_first=True):
        """The menu's location_select: an event and the message as well, in either order."""
        sent = {"Location_X": f"{latitude:.6f}", "Location_Y": f"{longitude:.6f}", "Scale": 15, "Label": ""}

        async def event():
            return await self._event("location_select", EventKey="NEAR", SendLocationInfo=sent)

        if event_first:
            assert await event() is None
            return await self.sends_place(latitude, longitude)
        shown = await self.sends_place(latitude, longitude)
        assert await event() is None
        return shown

    async def sends_link(self, title, url="https://example.com"):
        return await self._message("link", {"Title": title, "Description": "", "Url": url})

    async def follows(self, scene=None):
        self.following = True
        key = "" if scene is None else f"qrscene_{scene}"
        return await self._event("subscribe", "follow", EventKey=key, **({} if scene is None else {"Ticket": "T"}))

    async def unfollows(self):
        return await self._event("unsubscribe", EventKey="")

    async def scans(self, code):
        """A code of ours, by the text in it."""
        scene, until = self.server.api.codes[code]
        assert until is None or self.server.clock() < until, "the code has expired"
        if not self.following:
            return await self.follows(scene)
        return await self._event("SCAN", "scan", EventKey=scene, Ticket="T")

    async def taps_menu(self, word):
        """A button at the foot of the chat."""
        buttons = [below for button in self.server.api.menu["button"] for below in button.get("sub_button", [button])]
        button = next(button for button in buttons if button["name"] == word)
        return await self._event("CLICK", "menu", EventKey=button["key"])

    async def taps(self, label, *, of=None):
        """A link or list entry with `label` in the newest message that has one, or in `of`."""
        content, number = find_tap(self.screen if of is None else [of], label)
        fields = {"Content": content}
        if self.ids == "keep":
            fields["bizmsgmenuid"] = number
        elif self.ids == "zero":
            fields["bizmsgmenuid"] = "0"
        return await self._message("text", fields, grant="menu")

    async def agrees(self, yes=True):
        """Opens the consent link shown last and taps 允许 (or not). Returns the page that was shown: status, text."""
        address = next(url for kind, fields in reversed(self.screen) for url in reversed(consents_in(kind, fields)))
        assert address.endswith("#wechat_redirect")
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["action"] == "get_confirm"
        assert query["appid"] == self.server.app_id
        assert query["template_id"] == self.server.api.subscription_template
        assert 1 <= int(query["scene"]) <= 10000
        assert re.fullmatch("[A-Za-z0-9]{1,128}", query["reserved"])
        assert "#" not in query["redirect_url"]
        back = {"template_id": query["template_id"], "scene": query["scene"], "reserved": query["reserved"]}
        if yes:
            self.server.api.consents.add((self.openid, int(query["scene"])))
            back |= {"openid": self.openid, "action": "confirm"}
        else:
            back |= {"action": "cancel"}
        return await self.opens(query["redirect_url"] + "/", back)

    async def opens(self, address, query):
        origin = urlsplit(self.server.push_to)
        path = urlsplit(address).path
        async with self.server.session.get(f"{origin.scheme}://{origin.netloc}{path}", params=query) as page:
            return page.status, await page.text()


def words(kind, fields):
    """What an elder reads of a message."""
    match kind:
        case "text":
            return re.sub(r"<[^>]*>", "", fields["content"])
        case "news":
            return "\n".join(filter(None, (fields["title"], fields["description"])))
        case "msgmenu":
            items = [one["content"] for one in fields["list"]]
            return "\n".join([fields["head_content"], *items, fields.get("tail_content", "")])
        case "image":
            return "（图片）"
        case _:
            return "\n".join(fields.values())


def find_tap(screen, label):
    """What tapping `label` says, and its id."""
    for kind, fields in reversed(screen):
        if kind == "msgmenu":
            for one in fields["list"]:
                if _labelled(one["content"], label):
                    return one["content"], one["id"]
        if kind == "text":
            for address, shown in rules.links_in(fields["content"]):
                if address.startswith("weixin://bizmsgmenu") and _labelled(shown, label):
                    query = parse_qs(urlsplit(address).query)
                    return unquote(query["msgmenucontent"][0]), query["msgmenuid"][0]
    raise AssertionError(f"nothing on the screen to tap: {label}")


def _labelled(shown, label):
    return shown == label or re.sub(r"^\d+ ", "", shown) == label


def consents_in(kind, fields):
    if kind == "text":
        addresses = [address for address, _ in rules.links_in(fields["content"])]
    else:
        addresses = [fields.get("url", "")]
    return [address for address in addresses if address.startswith("https://mp.weixin.qq.com/mp/subscribemsg?")]

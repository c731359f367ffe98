"""Ways to speak unasked, tried in turn until one works; each refusal of the platform decides what comes next."""

import logging
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime

from bot.channels import NotNow, Rejected, TryLater, Unreachable, Unsure
from bot.channels.wechat import promises, templates
from bot.channels.wechat.api import Api, ApiRefusal, Json, NoAnswer, NotSent
from bot.channels.wechat.links import link_id
from bot.channels.wechat.paging import AT_MOST_CHOICES
from bot.channels.wechat.parts import Picture, customer_service, to_json
from bot.channels.wechat.rendering import Look, Rendered, render
from bot.channels.wechat.settings import Settings
from bot.channels.wechat.standing import NextWay, Standing, TooLong, UploadGone, Way
from bot.channels.wechat.verdicts import Verdict
from dialogue.message import Reply, encoded
from storage import wechat, wechat_followers, wechat_promises
from storage.database import Database, StorageFault
from storage.outbox import LANES, Kind
from storage.wechat import Spent

_KEPT_FOR_ANSWERS = 1  # of the messages of a window, for an answer that comes late
_SHORT = 10  # characters of a `thing` after the platform refused a longer one

_WAYS: tuple[Way, ...] = ("consent", "template", "customer service")
# A consent is for the reminder it was given for, and a template for what follows from something the person did:
# an account that uses either for news loses it.
_CARRIES: dict[Way, frozenset[Kind]] = {
    "consent": frozenset({"reminder", "change", "promotion"}),
    "template": frozenset({"reminder", "change", "promotion", "need"}),
    "customer service": frozenset(LANES),
}

_log = logging.getLogger(__name__)


class Ladder:
    """Tries the ways the account has: consent, template, customer service."""

    def __init__(
        self, settings: Settings, standing: Standing, api: Api, database: Database, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._standing = standing
        self._api = api
        self._database = database
        self._clock = clock

    async def send(self, user: str, reply: Reply, look: Look, *, urgent: bool) -> str:
        """As `Channel.send`; raises `UploadGone` too."""
        self._standing.raise_while_paused()
        not_following, waits = False, list[float]()
        kind = await self._database.read(wechat_followers.on_its_way, user)
        for way in _WAYS:
            if not self._standing.may(way) or (kind is not None and kind not in _CARRIES[way]):
                continue
            if seconds := self._standing.seconds_closed(way):
                waits.append(seconds)
                continue
            try:
                match way:
                    case "consent":
                        return await self._by_consent(user, reply)
                    case "template":
                        return await self._by_template(user, reply)
                    case _:
                        return await self._by_customer_service(
                            user, [reply], look, keep=0 if urgent else _KEPT_FOR_ANSWERS
                        )
            except NextWay as closed:
                not_following |= closed.verdict is Verdict.NOT_FOLLOWING
                if closed.verdict is Verdict.TOMORROW:
                    waits.append(self._standing.seconds_closed(way))
        if not_following:
            raise Unreachable("does not follow the account")
        if waits:
            raise TryLater(min(waits), reason="the day's quota is used up")
        raise NotNow

    async def answer_late(self, user: str, replies: Sequence[Reply], look: Look) -> bool:
        """Send an answer that was not ready in time. False when it must wait for the person's next message."""
        if not self._standing.may("customer service") or self._standing.seconds_closed("customer service"):
            return False
        try:
            self._standing.raise_while_paused()
            await self._by_customer_service(user, replies, look, keep=0)
        except (NextWay, TryLater, Rejected, Unreachable, UploadGone):
            return False
        except Unsure:
            return True  # it may have arrived; saying it twice would be worse
        return True

    async def _by_consent(self, user: str, reply: Reply) -> str:
        template = self._settings.subscription_template_id
        now = self._clock()
        scene = await self._database.write(wechat_promises.use, user, now) if template else None
        if scene is None:
            raise NextWay
        words, whole = promises.content(reply)
        body: Json = {
            "touser": user,
            "template_id": template,
            "scene": str(scene),
            "title": promises.TITLE,
            "data": {"content": {"value": words, "color": "#000000"}},
        }
        try:
            await self._post("consent", "/cgi-bin/message/template/subscribe", body)
        except TryLater:
            await self._database.write(wechat_promises.give_back, user, scene, now)
            raise
        except NextWay as closed:
            if closed.unused:
                await self._database.write(wechat_promises.give_back, user, scene, now)
            raise
        except TooLong:
            raise NextWay from None
        if not whole:
            await self._announce(user, reply)
        return f"consent:{scene}"

    async def _by_template(self, user: str, reply: Reply) -> str:
        template, fields = self._settings.reminder_template_id, self._settings.reminder_template_fields
        if not template or not await self._database.read(wechat.takes_templates, user):
            raise NextWay
        body: Json = {"touser": user, "template_id": template, "client_msg_id": secrets.token_hex(12)}
        tried: dict[str, str] | None = None
        for things in (templates.THING, _SHORT):
            values = templates.filled(fields, reply, self._clock(), things=things)
            if values is None or values == tried:
                break
            tried = values
            body["data"] = {key: {"value": value} for key, value in values.items()}
            try:
                # With its own id the platform sends it once, however often it is asked to within ten minutes.
                answer = await self._post("template", "/cgi-bin/message/template/send", body, harmless=True)
            except TooLong:
                continue
            except NextWay as closed:
                if closed.verdict is Verdict.NO_TEMPLATES_WANTED:
                    await self._database.write(wechat.refuses_templates, user)
                raise
            await self._announce(user, reply)
            return str(answer.get("msgid", body["client_msg_id"]))
        raise NextWay

    async def _by_customer_service(self, user: str, replies: Sequence[Reply], look: Look, *, keep: int) -> str:
        """The first part; the rest costs nothing once the person asks for it."""
        spent = await self._database.write(wechat.spend, user, keep, self._clock())
        if spent is None:
            raise NextWay
        rendered = render(replies, spent.number, look)
        if not rendered.parts:
            raise Rejected("nothing to show")
        rest = [to_json(part) for part in rendered.parts[1:]]
        await self._database.write(wechat.shown, user, spent.number, rendered.links, rest or None, self._clock())
        try:
            await self._post_part(user, replies, rendered, spent)
        except TryLater:
            await self._database.write(wechat.give_back, user, spent)
            raise
        except NextWay as closed:
            if closed.verdict is Verdict.NO_WINDOW:
                await self._database.write(wechat.close_windows, user)
            raise
        except TooLong:
            raise Rejected("too long") from None
        except UploadGone:
            if isinstance(part := rendered.parts[0], Picture):
                await self._database.write(wechat.drop_upload, part.media_id)
            await self._database.write(wechat.give_back, user, spent)
            raise
        return f"custom:{secrets.token_hex(8)}"

    async def _post_part(self, user: str, replies: Sequence[Reply], rendered: Rendered, spent: Spent) -> None:
        path = "/cgi-bin/message/custom/send"
        if self._standing.may("message menu") and (menu := _message_menu(user, replies, rendered, spent.number)):
            try:
                await self._post("message menu", path, menu)
            except NextWay as closed:
                if closed.verdict is not Verdict.NO_RIGHT:
                    raise
            else:
                return
        await self._post("customer service", path, customer_service(rendered.parts[0], user))

    async def _announce(self, user: str, reply: Reply) -> None:
        try:
            await self._database.write(wechat.announce, user, encoded(reply), self._clock())
        except StorageFault:
            # It was sent: saying otherwise now would send it again.
            _log.error("wechat: an announced message is not kept in full")

    async def _post(self, way: Way, path: str, body: Json, *, harmless: bool = False) -> Json:
        """Raises what `Standing.after` raises, and `Unsure`."""
        try:
            return await self._api.post(path, body, harmless=harmless)
        except NotSent as fault:
            raise TryLater(20, reason=str(fault)) from None
        except NoAnswer as fault:
            raise Unsure(str(fault)) from None
        except ApiRefusal as refusal:
            self._standing.after(refusal, way)
            return {}


def _message_menu(user: str, replies: Sequence[Reply], rendered: Rendered, number: int) -> Json | None:
    """Choices as the platform's own list to tap, when there is nothing else to show."""
    if len(replies) != 1 or len(rendered.parts) != 1:
        return None
    reply = replies[0]
    if reply.photo or reply.file or reply.venue or reply.link or reply.wants_place or reply.wants_contact:
        return None
    if not reply.text or not 1 <= len(reply.choices) <= AT_MOST_CHOICES:
        return None
    items = [
        {"id": str(link_id(number, place)), "content": f"{place} {choice.label}"}
        for place, choice in enumerate(reply.choices, start=1)
    ]
    menu = {"head_content": reply.text, "list": items, "tail_content": "点一下，或者回数字都行。"}
    return {"touser": user, "msgtype": "msgmenu", "msgmenu": menu}

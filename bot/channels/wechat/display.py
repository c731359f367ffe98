"""What is needed before an answer can be shown: addresses of files, uploads, and the offer of a reminder."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote

from bot.channels.wechat import promises
from bot.channels.wechat.api import Api, ApiRefusal, NoAnswer, NotSent
from bot.channels.wechat.rendering import Look
from bot.channels.wechat.settings import Settings
from bot.channels.wechat.uploads import Uploads
from dialogue.message import File, Link, Reply
from storage import files, wechat_promises
from storage.database import Database

_log = logging.getLogger(__name__)

OFFER = "要我到时候提醒您吗？"
OFFER_LABEL = "点这里，再点“允许”"


class Display:
    """`public_url` is the address under which people's phones reach this program; empty when there is none."""

    def __init__(
        self, settings: Settings, public_url: str, api: Api, database: Database, clock: Callable[[], datetime]
    ) -> None:
        self._settings = settings
        self._profile = settings.profile
        self._public_url = public_url.rstrip("/")
        self._database = database
        self._uploads = Uploads(api, database, clock)
        self._clock = clock

    async def look(self, replies: Sequence[Reply]) -> Look:
        if self._public_url:
            return Look(file_url=self._file_url, links=self._settings.link_choices)
        uploaded = {}
        for photo in [reply.photo for reply in replies if reply.photo is not None]:
            if self._profile.media and (media_id := await self._upload(photo)) is not None:
                uploaded[photo.token] = media_id
        return Look(links=self._settings.link_choices, uploaded=uploaded)

    async def with_offer(self, user: str, replies: list[Reply]) -> list[Reply]:
        """`replies` with the offer to be reminded, before the question if there is one, after a new sign-up."""
        template = self._settings.subscription_template_id
        if not (template and self._public_url and self._profile.one_time):
            return replies
        offer = await self._database.write(wechat_promises.offer_if_wanted, user, self._clock())
        if offer is None:
            return replies
        url = promises.link(offer, self._settings.app_id, template, self._public_url)
        at = len(replies) - 1 if replies and replies[-1].choices else len(replies)
        return [*replies[:at], Reply(OFFER, link=Link(OFFER_LABEL, url)), *replies[at:]]

    def _file_url(self, file: File) -> str:
        return f"{self._public_url}/files/{quote(file.token, safe='')}"

    async def _upload(self, photo: File) -> str | None:
        kept = await self._database.read(files.opened_by, photo.token, self._clock())
        if kept is None:
            return None
        _, media_type, content = kept
        try:
            return await self._uploads.picture(content, media_type)
        except (ApiRefusal, NotSent, NoAnswer) as fault:
            _log.warning("wechat: a picture could not be uploaded: %s", fault)
            return None

"""hongyan qr PAYLOAD: a code for a poster that opens the chat at an event, a point or a check-in, in one channel."""

import argparse
import asyncio
import re
import sys
from datetime import UTC, datetime

from bot import config, opening
from bot.channels import Rejected, TryLater
from bot.channels.telegram.links import deep_link
from bot.channels.wechat import settings as wechat_settings
from bot.channels.wechat.channel import WechatChannel
from bot.config import Settings
from dialogue.message import Message, Reply
from reports.qr_codes import png


class _NoCode(Exception):
    """Why there is none."""


def run(asked: argparse.Namespace) -> int:
    settings = config.read(asked.config)
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", asked.payload):
        print("hongyan: a payload is 1 to 64 letters, digits, - and _, such as event-12", file=sys.stderr)
        return 2
    try:
        address = asyncio.run(_ADDRESSES[asked.channel](settings, asked.payload))
    except (_NoCode, Rejected, TryLater) as problem:
        print(f"hongyan: no code for {asked.channel}: {problem}", file=sys.stderr)
        return 1
    asked.output.write_bytes(png(address))
    print(f"{asked.output}: {address}")
    return 0


async def _web(settings: Settings, payload: str) -> str:
    if not settings.config.bot.public_url:
        raise _NoCode("bot.public_url is empty, and a poster needs an address that everyone reaches")
    return f"{settings.config.bot.public_url.rstrip('/')}/chat?start={payload}"


async def _telegram(settings: Settings, payload: str) -> str:
    section = settings.config.telegram
    if not section.enabled:
        raise _NoCode("telegram.enabled is false")
    return await deep_link(section.token, section.api_base_url, section.proxy_url, payload)


async def _wechat(settings: Settings, payload: str) -> str:
    if not settings.config.wechat.enabled:
        raise _NoCode("wechat.enabled is false")

    async def nobody(_message: Message) -> tuple[Reply, ...]:
        return ()

    given = wechat_settings.from_section(settings.config.wechat)
    public_url = settings.config.bot.public_url
    async with (
        opening.database(settings) as database,
        WechatChannel.open(given, database, nobody, public_url=public_url, clock=lambda: datetime.now(UTC)) as channel,
    ):
        return await channel.scene_code(payload, None)


_ADDRESSES = {"web": _web, "telegram": _telegram, "wechat": _wechat}

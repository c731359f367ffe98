"""What will not work with the account as it is set up, and why: for `hongyan check`."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from bot.channels.wechat.api import Api, ApiRefusal, NoAnswer, NotSent, Sleep
from bot.channels.wechat.profiles import Profile
from bot.channels.wechat.settings import Settings, wrong

_PUBLIC_PORTS = ("", ":80", ":443")


async def problems(
    settings: Settings, public_url: str, *, clock: Callable[[], datetime], sleep: Sleep = asyncio.sleep
) -> list[str]:
    """One line for each, in English, for the administrator; the platform is asked for an access token."""
    found = [f"wechat.{key}: expected {form}" for key, form in wrong(settings)]
    if found:
        return found
    found += limits(settings, public_url)
    async with Api.open(settings.api_base_url, settings.app_id, settings.app_secret, clock=clock, sleep=sleep) as api:
        try:
            await api.fresh_token()
        except ApiRefusal as refusal:
            found.append(_refused(refusal))
        except (NotSent, NoAnswer) as fault:
            found.append(f"wechat: {settings.api_base_url} cannot be reached ({fault})")
    return found


def limits(settings: Settings, public_url: str) -> list[str]:
    """What this kind of account, and these settings, cannot do."""
    profile = settings.profile
    name = f"wechat: {settings.account_kind} ({profile.name})"
    found = [f"{name} {what}" for has, what in _rights(profile) if not has]
    if not settings.encoding_aes_key and not profile.test:
        found.append("wechat.encoding_aes_key: empty, so pushes come unprotected; set 安全模式 in the console")
    if settings.encoding_aes_key and profile.test:
        found.append("wechat.encoding_aes_key: test accounts push in plain mode; leave it empty")
    if not (3 <= len(settings.token) <= 32 and settings.token.isascii() and settings.token.isalnum()):
        found.append("wechat.token: the console takes 3 to 32 letters and digits only")
    host = public_url.partition("://")[2].partition("/")[0]
    port = host[host.rfind(":") :] if ":" in host else ""
    if not public_url or host.partition(":")[0] in ("localhost", "127.0.0.1"):
        found.append("bot.public_url: WeChat and people's phones cannot reach it; pushes, files and consents need it")
    elif port not in _PUBLIC_PORTS:
        found.append("bot.public_url: WeChat calls ports 80 and 443 only")
    if profile.templates and not settings.reminder_template_id:
        found.append("wechat.reminder_template_id: empty, so reminders reach only those who wrote within 48 hours")
    elif settings.reminder_template_id and not profile.templates:
        found.append("wechat.reminder_template_id: set, but this kind of account has no template messages")
    if settings.subscription_template_id and not profile.one_time:
        found.append("wechat.subscription_template_id: set, but this kind of account has no one-time subscription")
    elif profile.one_time and not profile.templates and not settings.subscription_template_id:
        found.append("wechat.subscription_template_id: empty; it is this account's only way to remind after 48 hours")
    return found


def _rights(profile: Profile) -> list[tuple[bool, str]]:
    return [
        (profile.customer_service, "may not write unasked: late answers and news wait for the person's next message"),
        (profile.templates or profile.one_time, "cannot remind: reminders wait, then go to the call list"),
        (profile.media, "cannot fetch voice, photos and videos: people are asked to type"),
        (profile.menu, "has no menu at the foot of the chat: people type"),
        (profile.scene_codes, "has no QR codes that carry an event: people type its number"),
    ]


def _refused(refusal: ApiRefusal) -> str:
    match refusal.code:
        case 40164:
            seen = refusal.address or "an address it does not name"
            return f"wechat: the platform sees this machine as {seen}; add it to IP 白名单 (it takes 5 to 10 minutes)"
        case 40013:
            return "wechat.app_id: the platform does not know it"
        case 40001 | 40125:
            return "wechat.app_secret: the platform does not accept it"
        case _:
            return f"wechat: the platform refuses an access token: {refusal}"

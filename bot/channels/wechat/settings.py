"""The account as it is set up: section `[wechat]`, and what it takes from the rest."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bot.channels.wechat.crypto import Cipher, is_aes_key
from bot.channels.wechat.profiles import Profile, profile_of
from bot.channels.wechat.templates import kind_of
from bot.config import WechatSection, WrongSettings


@dataclass(frozen=True, slots=True)
class Settings:
    """One account. Without `encoding_aes_key` it speaks the plain mode, meant for test accounts."""

    app_id: str
    app_secret: str = field(repr=False)
    token: str = field(repr=False)
    encoding_aes_key: str = field(default="", repr=False)
    previous_encoding_aes_key: str = field(default="", repr=False)  # while the key is being changed
    account_kind: str = "service_verified"
    api_base_url: str = "https://api.weixin.qq.com"
    reminder_template_id: str = ""  # a template of the account's category, for reminders
    reminder_template_fields: Sequence[str] = ("thing1", "time2")  # its fields, in the order to fill them
    subscription_template_id: str = ""  # the account's one id for one-time subscription
    link_choices: bool = True  # choices can be tapped inside a text
    replay_window_seconds: int = 300
    excuse: str = "我这边出了点毛病，这句话没记下来。请过十分钟再发一次。"  # shown when nothing can be kept
    push_attempts: int = 3  # how often the platform sends a push that is not answered

    @property
    def profile(self) -> Profile:
        return profile_of(self.account_kind)

    def ciphers(self) -> list[Cipher]:
        keys = (self.encoding_aes_key, self.previous_encoding_aes_key)
        return [Cipher(key, self.app_id) for key in keys if key]

    @property
    def replay_window(self) -> timedelta:
        return timedelta(seconds=self.replay_window_seconds)


def from_section(section: WechatSection) -> Settings:
    """Raises `WrongSettings` for the first thing that cannot work."""
    settings = Settings(
        app_id=section.app_id,
        app_secret=section.app_secret,
        token=section.token,
        encoding_aes_key=section.encoding_aes_key,
        previous_encoding_aes_key=section.previous_encoding_aes_key,
        account_kind=section.account_kind,
        api_base_url=section.api_base_url,
        reminder_template_id=section.reminder_template_id,
        reminder_template_fields=section.reminder_template_fields,
        subscription_template_id=section.subscription_template_id,
        link_choices=section.link_choices,
    )
    for key, form in wrong(settings):
        raise WrongSettings(f"wechat.{key}: {form}")
    return settings


def wrong(settings: Settings) -> list[tuple[str, str]]:
    """What cannot work: the key inside `[wechat]`, and the form expected."""
    found: list[tuple[str, str]] = []
    if not settings.app_id:
        found.append(("app_id", "the AppID from the console, beginning with wx"))
    if not settings.app_secret:
        found.append(("app_secret", "the AppSecret from the console"))
    if not settings.token:
        found.append(("token", "3 to 32 letters and digits, the same as in the console"))
    keys = {
        "encoding_aes_key": settings.encoding_aes_key,
        "previous_encoding_aes_key": settings.previous_encoding_aes_key,
    }
    form = "43 letters and digits, the same as in the console"
    found += [(name, form) for name, key in keys.items() if key and not is_aes_key(key)]
    if settings.previous_encoding_aes_key and not settings.encoding_aes_key:
        found.append(("encoding_aes_key", "the new key, where a previous one is given"))
    try:
        profile_of(settings.account_kind)
    except ValueError as kinds:
        found.append(("account_kind", str(kinds)))
    if not settings.api_base_url.startswith(("https://", "http://")):
        found.append(("api_base_url", "an address beginning with https://"))
    if not all(kind_of(field) for field in settings.reminder_template_fields):
        found.append(("reminder_template_fields", 'the fields of the template, like ["thing1", "time2"]'))
    return found

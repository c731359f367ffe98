"""The settings: `config.toml`, overridden by HONGYAN__SECTION__KEY, read once and checked before anything starts."""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from storage.hours import MessageHours
from storage.vault import CipherName

PREFIX = "HONGYAN__"
_ADDRESS = re.compile(r"https?://[^\s/?#]+(?:/[^\s?#]*)?")
_HIGHEST_PORT = 65_535
_MOST_SPANS = 2  # in which messages go out, on one day
_SHORTEST_LOGS = 365  # days; 互联网政务应用安全管理规定, article 20


class WrongSettings(Exception):
    """The settings cannot be used; the text names the key and the form expected."""


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class BotSection(_Section, frozen=True):
    timezone: str = "Asia/Shanghai"
    public_url: str = ""  # where people reach this program from outside: https://…
    quiet_hours: tuple[str, ...] = ("12:00-14:30", "20:00-08:00")  # when nothing goes out unasked
    support_phone: str = "12345"

    def message_hours(self) -> MessageHours:
        """The rest of the day. Raises `WrongSettings`."""
        quiet = sorted(part for text in self.quiet_hours for part in _of_one_day(*_span(text)))
        open_spans, until = [], time.min
        for begins, ends in [*quiet, (time.max, time.max)]:
            if begins > until:
                open_spans.append((until, begins))
            until = max(until, ends)
        if not quiet or not 1 <= len(open_spans) <= _MOST_SPANS:
            raise WrongSettings('bot.quiet_hours: one or two spans, such as ["12:00-14:30", "20:00-08:00"]')
        return MessageHours(open_spans[0], open_spans[-1])


class StorageSection(_Section, frozen=True):
    url: str = "sqlite:///data/hongyan.db"
    key_file: str = "data/hongyan.key"  # outside the database, and never in its backups
    cipher: CipherName = "aes-256-gcm"  # of keys made from now on; docs/decisions/0031-ciphers.md
    backup_copy_command: tuple[str, ...] = ()  # after the nightly backup; docs/decisions/0030-backups.md


class TelegramSection(_Section, frozen=True):
    enabled: bool = False
    token: str = ""
    mode: Literal["polling", "webhook"] = "polling"
    webhook_secret: str = ""
    api_base_url: str = "https://api.telegram.org"
    proxy_url: str = ""
    messages_per_second: float = 25.0

    def __repr__(self) -> str:  # the generated one would show the token
        return f"TelegramSection(enabled={self.enabled}, mode={self.mode!r})"


class WechatSection(_Section, frozen=True):
    enabled: bool = False
    app_id: str = ""
    app_secret: str = ""
    token: str = ""
    encoding_aes_key: str = ""
    previous_encoding_aes_key: str = ""
    account_kind: str = "service_verified"
    api_base_url: str = "https://api.weixin.qq.com"
    reminder_template_id: str = ""
    reminder_template_fields: tuple[str, ...] = ("thing1", "time2")
    subscription_template_id: str = ""
    link_choices: bool = True

    def __repr__(self) -> str:
        return f"WechatSection(enabled={self.enabled}, account_kind={self.account_kind!r})"


class WebSection(_Section, frozen=True):
    host: str = "127.0.0.1"
    port: int = 8080
    chat: bool = True
    console: bool = True


class LogsSection(_Section, frozen=True):
    format: Literal["text", "json"] = "text"
    file: str = ""  # beside what goes to standard error; docs/decisions/0032-logs.md
    days: int = 400

    def __post_init__(self) -> None:
        if self.days < _SHORTEST_LOGS:
            raise ValueError(f"at least {_SHORTEST_LOGS}: a year of logs must be kept")


class Config(_Section, frozen=True):
    bot: BotSection = msgspec.field(default_factory=BotSection)
    storage: StorageSection = msgspec.field(default_factory=StorageSection)
    telegram: TelegramSection = msgspec.field(default_factory=TelegramSection)
    wechat: WechatSection = msgspec.field(default_factory=WechatSection)
    web: WebSection = msgspec.field(default_factory=WebSection)
    logs: LogsSection = msgspec.field(default_factory=LogsSection)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings and their file; relative paths in them start from its folder."""

    config: Config
    file: Path

    @property
    def folder(self) -> Path:
        return self.file.parent

    @property
    def key_file(self) -> Path:
        return self.folder / self.config.storage.key_file

    @property
    def log_file(self) -> Path | None:
        return self.folder / self.config.logs.file if self.config.logs.file else None

    @property
    def database_url(self) -> str:
        """`storage.url` with the path of an SQLite file made absolute."""
        url = self.config.storage.url
        found = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
        return f"sqlite:///{(self.folder / found[1]).resolve()}" if found else url


def read(path: Path, environment: Mapping[str, str] = os.environ) -> Settings:
    """Raises `WrongSettings` with one line that names the key and the form expected."""
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WrongSettings(f"{path}: there is no such file; copy config.example.toml to it") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise WrongSettings(f"{path}: {problem}") from None
    for name, value in environment.items():
        if name.startswith(PREFIX):
            section, _, key = name.removeprefix(PREFIX).lower().partition("__")
            values.setdefault(section, {})[key] = value
    return Settings(checked(values), path.resolve())


def checked(values: dict[str, Any]) -> Config:
    try:
        # lax: an environment variable is text even where a number or a yes is meant
        config = msgspec.convert(values, Config, strict=False)
    except msgspec.ValidationError as problem:
        raise WrongSettings(_in_our_words(str(problem))) from None
    try:
        ZoneInfo(config.bot.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: no file may have so long a name
        raise WrongSettings("bot.timezone: the name of a time zone, such as Asia/Shanghai") from None
    config.bot.message_hours()
    if config.telegram.enabled and not re.fullmatch(r"\d+:[\w-]{10,}", config.telegram.token):
        raise WrongSettings("telegram.token: the token that BotFather gave, such as 123456:ABC…")
    if config.telegram.enabled and config.telegram.mode == "webhook" and not config.bot.public_url:
        raise WrongSettings('bot.public_url: needed for telegram.mode = "webhook", such as https://example.org')
    if config.bot.public_url and not _ADDRESS.fullmatch(config.bot.public_url):
        raise WrongSettings("bot.public_url: an address such as https://hongyan.example.org, or nothing")
    for section, address in (("telegram", config.telegram.api_base_url), ("wechat", config.wechat.api_base_url)):
        if not _ADDRESS.fullmatch(address):
            raise WrongSettings(f"{section}.api_base_url: an address beginning with https://")
    if not 0 <= config.web.port <= _HIGHEST_PORT:
        raise WrongSettings("web.port: a number up to 65535, such as 8080")
    if config.storage.backup_copy_command and "{file}" not in " ".join(config.storage.backup_copy_command):
        raise WrongSettings(
            'storage.backup_copy_command: words with {file} in them, such as ["rclone", "copy", "{file}", "…"]'
        )
    if not re.match(r"(?:sqlite|postgresql)://", config.storage.url):
        raise WrongSettings("storage.url: sqlite:///data/hongyan.db or postgresql://…")
    return config


def _span(text: str) -> tuple[time, time]:
    try:
        begins, ends = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError:
        raise WrongSettings(f"bot.quiet_hours: “{text}” should look like 20:00-08:00") from None
    return begins, ends


def _of_one_day(begins: time, ends: time) -> list[tuple[time, time]]:
    """A night in its two parts: from midnight, and until midnight."""
    return [(begins, ends)] if begins < ends else [(time.min, ends), (begins, time.max)]


def _in_our_words(problem: str) -> str:
    """msgspec says “Object contains unknown field `x` - at `$.bot`”; people look for bot.x."""
    where = found[1] if (found := re.search(r"at `\$\.?([\w.]*)`", problem)) else ""
    if unknown := re.search(r"unknown field `(\w+)`", problem):
        return f"{'.'.join(part for part in (where, unknown[1]) if part)}: there is no such setting"
    if "enum value" in problem:  # it would quote what was given, which may be a secret in the wrong line
        return f"{where}: one of the values that config.example.toml names"
    return f"{where}: {problem.partition(' - at')[0]}"

"""`hongyan check`: what is wrong with the settings or the machine is named, with the way to mend it."""

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from bot import config, opening, surroundings
from bot.channels.telegram import check as telegram_check
from bot.commands.check import _all
from bot.config import Settings, WrongSettings, checked
from storage import audit, outbox, people
from storage import settings as settings_of_house
from storage.audit import Actor
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import page

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
WECHAT = {"enabled": True, "app_id": "wx0123456789abcdef", "app_secret": "s" * 32, "token": "token"}


@pytest.fixture
def given():
    """Settings with nothing wrong; tests spoil them."""
    return {
        "bot": {"public_url": "https://127.0.0.1", "support_phone": "0898-0000-0012"},
        "storage": {
            "url": "sqlite:///data/hongyan.db",
            "key_file": "keys/hongyan.key",
            "backup_copy_command": ["true", "{file}"],
        },
        "telegram": {},
        "wechat": {},
        "web": {"port": 0},
        "logs": {"file": "logs/hongyan.log"},
    }


@pytest.fixture
def look(given, tmp_path):
    """Returns problems and notes, each as one text."""

    async def look():
        (tmp_path / "config.toml").touch(mode=0o600)
        found = await _all(Settings(checked(given), tmp_path / "config.toml"))
        return "\n".join(text for bad, text in found if bad), "\n".join(text for bad, text in found if not bad)

    return look


async def test_where_nothing_is_wrong_only_what_is_still_to_do_is_said(look):
    problems, notes = await look()
    assert problems == ""
    assert notes.splitlines() == [
        "there are no service points yet; `hongyan points import FILE` reads them",
        "nobody has the role district_staff yet; `hongyan grant` gives it",
    ]


async def test_secrets_that_others_can_read(look, given, tmp_path):
    await look()
    (tmp_path / "keys" / "hongyan.key").chmod(0o644)
    (tmp_path / "config.toml").chmod(0o640)
    given["wechat"] = {**WECHAT, "enabled": False}
    problems, _ = await look()
    assert "chmod 600" in problems
    assert "hongyan.key" in problems
    assert "config.toml, which holds secrets" in problems


@pytest.mark.parametrize(
    ("section", "key", "value", "named"),
    [
        ("storage", "url", "sqlite:////proc/hongyan/hongyan.db", "storage.url: nothing can be written in /proc"),
        ("storage", "key_file", "/proc/hongyan/hongyan.key", "storage.key_file: nothing can be written in /proc"),
        ("logs", "file", "/proc/hongyan/hongyan.log", "logs.file: nothing can be written in /proc"),
    ],
)
async def test_folders_where_nothing_can_be_written(look, given, section, key, value, named):
    given[section][key] = value
    problems, _ = await look()
    assert named in problems
    assert "chown" in problems


async def test_a_key_that_is_gone_or_another_one_is_noticed_before_anything_is_written(given, tmp_path):
    settings = Settings(checked(given), tmp_path / "config.toml")
    async with opening.database(settings) as database:
        await database.write(people.add, people.Facts(name="王建国", phone="13900000001"), NOW)
    key = settings.key_file.read_bytes()
    settings.key_file.unlink()
    with pytest.raises(WrongSettings, match="is not there, and nothing in"):
        opening.vault(settings)
    assert not settings.key_file.exists()
    (tmp_path / "other.key").unlink(missing_ok=True)
    given["storage"]["key_file"] = "other.key"
    other = Settings(checked(given), tmp_path / "config.toml")
    opening.Vault.load_or_create(other.key_file)
    with pytest.raises(WrongSettings, match="is not the one that sealed this database"):
        async with opening.database(other):
            pass
    settings.key_file.write_bytes(key)


async def test_a_spoiled_file_and_one_of_a_later_version(look, tmp_path):
    await look()
    path = tmp_path / "data" / "hongyan.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("UPDATE alembic_version SET version_num = '9999'")
        file.commit()
    problems, _ = await look()
    assert "made by another version" in problems
    path.write_bytes(b"not a database" * 1000)
    problems, _ = await look()
    assert "the database cannot be used" in problems


async def test_a_full_disk_and_one_too_small_for_the_next_backup(look, monkeypatch):
    await look()
    monkeypatch.setattr(surroundings, "_ROOM", 10**18)
    problems, _ = await look()
    assert "MB left; make room" in problems


async def test_a_backup_that_is_missing_too_long_and_a_copy_that_cannot_be_made(look, given, tmp_path):
    (tmp_path / "backups").mkdir()
    old = tmp_path / "backups" / "hongyan-2026-01-01.backup"
    old.touch()
    os.utime(old, (1_700_000_000, 1_700_000_000))
    given["storage"]["backup_copy_command"] = ["no-such-program-here", "{file}"]
    problems, notes = await look()
    assert "there is no program no-such-program-here" in problems
    assert "days old" in notes
    given["storage"]["backup_copy_command"] = []
    assert "lost together with this disk" in (await look())[1]


async def test_a_port_that_another_program_has(look, given):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given["web"] |= {"host": "127.0.0.1", "port": taken.getsockname()[1]}
        problems, _ = await look()
    assert "cannot be used (Address already in use); take another" in problems


async def test_a_clock_that_went_back_and_sending_that_is_paused(look, given, tmp_path):
    async with opening.database(Settings(checked(given), tmp_path / "config.toml")) as database:
        later = datetime.now(UTC) + timedelta(hours=1)
        await database.write(audit.note, Actor(), "point.changed", "point 1", later)
        await database.write(settings_of_house.put, outbox.PAUSED, value=True, now=NOW)
    problems, notes = await look()
    assert "the clock of this machine went back" in problems
    assert "`hongyan release` ends it" in notes


async def test_nobody_can_write_to_it_and_its_address_is_unknown(look, given):
    given["web"]["chat"] = False
    given["bot"] = {"public_url": "http://hongyan.invalid"}
    problems, notes = await look()
    assert "nobody can write to it" in problems
    assert "not https" in notes
    assert "hongyan.invalid cannot be looked up" in notes
    assert "bot.support_phone: still 12345" in notes


async def test_keys_of_wechat_of_another_form_are_named_beside_the_rest(look, given):
    given["wechat"] = {**WECHAT, "encoding_aes_key": "too short"}
    given["storage"]["backup_copy_command"] = ["no-such-program-here", "{file}"]
    problems, _ = await look()
    assert "wechat.encoding_aes_key: 43 letters and digits" in problems
    assert "no-such-program-here" in problems


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"telegram": {"enabled": True, "token": "12345"}}, "telegram.token"),
        ({"bot": {"quiet_hours": ["20-8"]}}, "bot.quiet_hours"),
        ({"bot": {"quiet_hours": []}}, "bot.quiet_hours"),
        ({"bot": {"timezone": "Sanya"}}, "bot.timezone"),
        ({"bot": {"public_url": "hongyan.example.org"}}, "bot.public_url"),
        ({"web": {"port": 80800}}, "web.port"),
        ({"storage": {"url": "mysql://x"}}, "storage.url"),
        ({"storage": {"backup_copy_command": ["rclone"]}}, "storage.backup_copy_command"),
        ({"wechat": {"acount_kind": "test"}}, "wechat.acount_kind"),
        ({"telegram": {"enabled": True, "token": "1:" + "a" * 35, "mode": "webhook"}}, "bot.public_url"),
        ({"telegram": {"api_base_url": "api.telegram.org"}}, "telegram.api_base_url"),
    ],
)
def test_settings_of_another_form_are_named_before_anything_starts(values, named):
    with pytest.raises(WrongSettings) as problem:
        checked(values)
    assert str(problem.value).startswith(named)


# Telegram.


async def of_telegram(telegram, *, public_url="https://hongyan.example.org", now=None, **given):
    values = {"enabled": True, "token": telegram.token, "api_base_url": telegram.url, **given}
    section = checked({"telegram": values, "bot": {"public_url": public_url}}).telegram
    return "\n".join(await telegram_check.problems(section, public_url, clock=lambda: now or datetime.now(UTC)))


async def test_telegram_knows_the_bot_or_does_not():
    async with FakeTelegram() as telegram:
        assert await of_telegram(telegram) == ""
        telegram.troubles.next("getMe", page(502))
        assert "answers 502" in await of_telegram(telegram)
        telegram.revoked = True
        assert "BotFather shows the one that counts" in await of_telegram(telegram)
        await telegram.down()
        gone = await of_telegram(telegram)
        assert "cannot be reached" in gone
        assert telegram.token not in gone
        nowhere = await of_telegram(telegram, api_base_url="http://telegram.invalid")
        assert "cannot be looked up" in nowhere


@pytest.mark.parametrize(("off", "way"), [(timedelta(hours=1), "ahead of"), (timedelta(hours=-1), "behind")])
async def test_a_clock_that_differs_from_telegrams(off, way):
    async with FakeTelegram() as telegram:
        assert f"seconds {way} Telegram's" in await of_telegram(telegram, now=datetime.now(UTC) + off)


async def test_a_webhook_that_telegram_will_not_call():
    async with FakeTelegram() as telegram:
        webhook = {"mode": "webhook", "webhook_secret": "secret with spaces"}
        found = await of_telegram(telegram, public_url="http://hongyan.example.org", **webhook)
        assert "Telegram calls https only" in found
        assert "telegram.webhook_secret" in found
        assert "ports" in await of_telegram(telegram, public_url="https://hongyan.example.org:9999", mode="webhook")
        assert "messages_per_second" in await of_telegram(telegram, messages_per_second=200)


def test_the_command_says_it_in_lines_and_by_its_exit(tmp_path):
    (tmp_path / "config.toml").write_text('[storage]\nkey_file = "hongyan.key"\n', encoding="utf-8")
    config.read(tmp_path / "config.toml")
    (tmp_path / "hongyan.key").write_text("{}", encoding="utf-8")
    (tmp_path / "hongyan.key").chmod(0o644)
    done = subprocess.run(
        [sys.executable, "-m", "bot", "check", "--config", str(tmp_path / "config.toml")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert "problem: storage.key_file: others can read" in done.stderr
    assert "problem: the database cannot be used: storage.key_file" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Something must be mended first." in done.stdout

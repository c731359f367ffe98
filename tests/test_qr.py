"""A poster's code leads into the chat of each channel."""

import asyncio
from datetime import UTC, datetime

from bot.__main__ import main
from tests.wechat.server import FakeWechat


def settings(tmp_path, text):
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return ["--config", str(tmp_path / "config.toml"), "-o", str(tmp_path / "poster.png")]


def test_on_the_web_it_opens_the_page(tmp_path, capsys):
    given = settings(tmp_path, '[bot]\npublic_url = "https://hy.example"')
    assert main(["qr", "event-12", *given]) == 0
    assert "https://hy.example/chat?start=event-12" in capsys.readouterr().out
    assert (tmp_path / "poster.png").read_bytes().startswith(b"\x89PNG")


def test_without_an_address_it_says_what_is_missing(tmp_path, capsys):
    assert main(["qr", "event-12", *settings(tmp_path, "")]) == 1
    assert "bot.public_url" in capsys.readouterr().err


def test_what_no_code_can_carry_is_refused(tmp_path, capsys):
    assert main(["qr", "event 12", *settings(tmp_path, "")]) == 2
    assert "event-12" in capsys.readouterr().err


async def test_in_wechat_it_is_a_scene_of_the_account(tmp_path, capsys):
    async with FakeWechat.open(lambda: datetime.now(UTC)) as wechat:
        text = f'{wechat.settings()}[bot]\npublic_url = "https://hy.example"\n'
        given = settings(tmp_path, text)
        assert await asyncio.to_thread(main, ["qr", "event-12", "--channel", "wechat", *given]) == 0
        wechat.assert_content()
    assert "poster.png: http" in capsys.readouterr().out

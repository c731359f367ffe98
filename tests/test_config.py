"""Settings are checked before anything starts, and a wrong one is named."""

from datetime import time

import pytest

from bot.__main__ import main
from bot.config import WrongSettings, read


def settings(tmp_path, text, **environment):
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    return read(tmp_path / "config.toml", environment).config


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[bot]\nsuport_phone = '1'", "bot.suport_phone: there is no such setting"),
        ("[bots]\n", "bots: there is no such setting"),
        ("[web]\nport = 'high'", "web.port: "),
        ("[bot]\ntimezone = 'Mars'", "bot.timezone: "),
        ("[bot]\nquiet_hours = ['late']", "bot.quiet_hours: "),
        ("[bot]\nquiet_hours = ['08:00-08:00']", "bot.quiet_hours: "),
        ("[bot]\nquiet_hours = ['01:00-02:00', '12:00-14:00']", "bot.quiet_hours: "),
        ("[telegram]\nenabled = true", "telegram.token: "),
        ("[telegram]\nenabled = true\ntoken = '123456:ABCDEFGHIJKL'\nmode = 'webhook'", "bot.public_url: "),
        ("[storage]\nurl = 'mysql://x'", "storage.url: "),
        ("[bot", "config.toml: "),
    ],
)
def test_a_wrong_setting_is_named_with_the_form_expected(tmp_path, text, problem):
    with pytest.raises(WrongSettings) as raised:
        settings(tmp_path, text)
    assert problem in str(raised.value)


def test_the_environment_wins(tmp_path):
    config = settings(tmp_path, "[web]\nport = 1", HONGYAN__WEB__PORT="8081", HONGYAN__WEB__CONSOLE="false")
    assert config.web.port == 8081
    assert config.web.console is False


def test_quiet_hours_become_message_hours(tmp_path):
    hours = settings(tmp_path, "[bot]\nquiet_hours = ['13:00-14:00', '21:00-07:30']").bot.message_hours()
    assert hours.morning == (time(7, 30), time(13))
    assert hours.afternoon == (time(14), time(21))


@pytest.mark.parametrize(
    ("quiet", "morning", "afternoon"),
    [
        ("'20:00-08:00'", (time(8), time(20)), (time(8), time(20))),
        ("'00:00-07:00'", (time(7), time.max), (time(7), time.max)),
        ("'00:00-07:00', '12:00-14:00'", (time(7), time(12)), (time(14), time.max)),
        ("'22:00-00:00', '12:00-14:00'", (time.min, time(12)), (time(14), time(22))),
        ("'20:00-08:00', '19:00-21:00'", (time(8), time(19)), (time(8), time(19))),
    ],
)
def test_quiet_hours_may_begin_or_end_at_midnight_and_stand_in_any_order(tmp_path, quiet, morning, afternoon):
    hours = settings(tmp_path, f"[bot]\nquiet_hours = [{quiet}]").bot.message_hours()
    assert (hours.morning, hours.afternoon) == (morning, afternoon)


def test_secrets_are_not_shown(tmp_path):
    config = settings(tmp_path, "[telegram]\nenabled = true\ntoken = '123456:ABCDEFGHIJKL'")
    assert "ABCDEFGHIJKL" not in repr(config)


def test_a_missing_file_is_one_line_and_exit_code_2(tmp_path, capsys):
    assert main(["migrate", "--config", str(tmp_path / "none.toml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_unknown_command_is_one_line_and_exit_code_2(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["fly"])
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1

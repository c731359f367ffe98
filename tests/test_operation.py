"""What operators rely on: figures with a meaning, logs in their form, documents whose commands work."""

import asyncio
import json
import logging
import re
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from bot import logs
from bot.__main__ import _parser
from bot.app import running
from bot.config import Settings, WrongSettings, checked
from bot.figures import MEANINGS, PREFIX, Figure, written
from dialogue.message import Reply, encoded
from storage import inbox, outbox, people, settings, standing
from tests import engines
from tests.telegram.server import FakeTelegram

ROOT = Path(__file__).parent.parent
OPERATIONS = ROOT / "docs" / "operations.md"
TOKEN = "700000001:AAF-example_token_of_a_bot_that_is_not"


@pytest.fixture
async def program(tmp_path, databases):
    async with FakeTelegram() as telegram:
        values = {
            "bot": {"quiet_hours": ["23:59-00:00"]},
            "storage": {"url": databases.new(tmp_path / "hongyan.db"), "key_file": "hongyan.key"},
            "telegram": {"enabled": True, "token": telegram.token, "api_base_url": telegram.url},
        }
        async with running(Settings(checked(values), tmp_path / "config.toml")) as program:
            yield program


async def figures(program):
    transport = httpx.ASGITransport(program.web)
    async with httpx.AsyncClient(transport=transport, base_url="http://program") as http:
        answer = await http.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert (await http.get("/healthz")).text == "ok"
        assert (await http.get("/readyz")).status_code == 200
    return answer.text


def value(text, figure):
    return float(re.search(rf"^{re.escape(PREFIX + figure)} (\S+)$", text, re.M)[1])


async def test_the_figures_say_what_is_late_held_back_and_set_aside(program):
    now = datetime.now(UTC)

    def trouble(tx):
        settings.put(tx, outbox.PAUSED, value=True, now=now)
        person = people.add(tx, people.Facts(name="王建国", phone="13900000001"), now)
        late = outbox.Planned("notice", "late", encoded(Reply("您好")), now - timedelta(hours=1), person_id=person)
        outbox.plan(tx, late, now - timedelta(hours=1))
        inbox.quarantine(tx, "telegram", "m2", "KeyError", "message", "{}", now)

    await program.database.write(trouble)
    program.telegram.health.problem = "webhook: TimedOut"
    text = await figures(program)
    assert value(text, "sending_paused") == 1
    assert value(text, "outbox_late_seconds") >= 3600
    assert value(text, 'updates_set_aside{channel="telegram"}') == 1
    assert value(text, 'channel_problem{channel="telegram"}') == 1
    assert value(text, 'outbox_rows{state="planned"}') == 1
    assert value(text, 'job_silence_seconds{job="backup"}') < 60
    assert "王建国" not in text


@pytest.mark.of_sqlite  # PostgreSQL is backed up by its own tools
async def test_the_figures_say_how_old_the_last_backup_is(program):
    assert value(await figures(program), "backup_age_seconds") < 60


async def test_how_the_channels_stand_is_written_down_for_the_console(program):
    async with asyncio.timeout(60):
        while (found := await program.database.read(standing.last)) is None:
            pass
    assert set(found.heard) == {"telegram", "web"}
    assert found.heard["telegram"] is not None
    assert found.heard["web"] is None


def test_a_figure_without_a_meaning_is_refused():
    with pytest.raises(KeyError):
        written([Figure("secret", 1)])


def test_a_label_can_hold_anything():
    assert r'{kind="a\"b\\c\nd"}' in written([Figure("updates_ignored_total", 1, (("kind", 'a"b\\c\nd'),))])


def test_every_figure_is_explained_and_every_alert_speaks_of_one():
    explained = (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")
    for name in MEANINGS:
        assert f"`{PREFIX}{name}`" in explained
    rules = (ROOT / "deploy" / "prometheus-alerts.yml").read_text(encoding="utf-8")
    spoken_of = set(re.findall(rf"{PREFIX}(\w+)", rules))
    assert spoken_of <= set(MEANINGS)
    assert len(re.findall(r"^ +- alert: (\w+)$", rules, re.M)) == len(re.findall(r"^ +summary: ", rules, re.M)) >= 8


# Logs.


def logged(tmp_path, **given):
    """What the file holds after a record with a secret and a fault."""
    values = {"telegram": {"token": TOKEN, "enabled": True}, "logs": {"file": "logs/hongyan.log", **given}}
    root = logging.getLogger()
    before, root.handlers = root.handlers, []
    try:
        logs.begin(Settings(checked(values), tmp_path / "config.toml"))
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("bot.x").exception("the token is %s", TOKEN)
        for handler in root.handlers:
            handler.close()
    finally:
        root.handlers = before
    return tmp_path / "logs" / "hongyan.log"


def test_logs_can_be_read_by_programs_and_hold_no_secret(tmp_path):
    path = logged(tmp_path, format="json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["level"] == "error"
    assert record["from"] == "bot.x"
    assert record["says"] == "the token is […]"
    assert "ZeroDivisionError" in record["fault"]
    assert datetime.fromisoformat(record["at"]).tzinfo is not None
    assert path.stat().st_mode & 0o077 == 0


def test_less_than_a_year_of_logs_is_refused(tmp_path):
    assert checked({}).logs.days == 400
    with pytest.raises(WrongSettings, match="365"):
        checked({"logs": {"days": 364}})


# Documents and files for the house.


def commands_of(document):
    blocks = re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.S)
    return [line for block in blocks for line in block.splitlines() if line.startswith("hongyan ")]


def test_every_command_of_the_operations_guide_is_one_the_program_has():
    commands = commands_of(OPERATIONS)
    assert len(commands) >= 10
    for command in commands:
        _parser().parse_args(command.partition(" #")[0].split()[1:])


def test_the_commands_of_the_operations_guide_work_in_its_order(tmp_path, postgres):
    """Everything but the service itself, which other tests start, runs as it is written there."""
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    elsewhere = engines.Postgresql(postgres).bare(tmp_path / "elsewhere")
    for command in commands_of(OPERATIONS):
        words = command.partition(" #")[0].split()[1:]
        words = [elsewhere if word.startswith("postgresql://") else word for word in words]
        if words[0] in ("run", "check", "grant", "console-link", "points", "people"):
            continue
        done = subprocess.run(
            [sys.executable, "-m", "bot", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, command + done.stdout + done.stderr
    engines.Postgresql(postgres).drop([elsewhere])


@pytest.mark.parametrize("name", ["hongyan.service", "hongyan@.service"])
def test_the_unit_of_systemd_is_one(tmp_path, name):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd here")
    unit = (ROOT / "deploy" / name).read_text(encoding="utf-8")
    (tmp_path / name.replace("@", "@8080")).write_text(unit.replace("/opt/hongyan/.venv/bin/hongyan", "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", str(tmp_path / name.replace("@", "@8080"))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "hongyan" not in done.stderr, done.stderr


def test_what_stands_in_front_hides_one_time_links_and_keeps_secrets_out():
    nginx = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert "$request_uri" not in nginx
    assert "$args" not in nginx
    assert "location = /metrics" in nginx
    docker = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "USER hongyan" in docker
    assert "--require-hashes" in docker


def test_the_list_of_parts_names_every_locked_package_with_its_hashes():
    done = subprocess.run([sys.executable, ROOT / "scripts" / "sbom"], capture_output=True, text=True, check=True)
    parts = {part["name"]: part for part in json.loads(done.stdout)["components"]}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert parts.keys() == set(re.findall(r"^([a-z0-9._-]+)(?:\[.*\])?==", lock, re.M))
    assert all(part["hashes"] for part in parts.values())


def test_a_port_in_use_is_one_clear_line_and_nothing_is_begun(tmp_path):
    """Where one like it runs already, this one must not list as unknown what that one is sending."""
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "bot", "run"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "HONGYAN__WEB__PORT": str(port), "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == f"hongyan: 127.0.0.1:{port} cannot be used: Address already in use; see web.port\n"
    assert [path.name for path in tmp_path.iterdir()] == ["config.toml"]


async def test_a_stop_finishes_what_it_answers(tmp_path):
    """SIGTERM while answers are being made: those are answered, and the program ends by itself with 0."""
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"),
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HONGYAN__WEB__PORT": "0", "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
    port = re.search(r"port (\d+)", line)[1]
    base = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=20) as http:
        token = re.search(r'data-token="([^"]+)"', (await http.get("/chat")).text)[1]
        posts = [
            http.post(
                "/chat",
                data={"token": token, "id": f"message{n:06}", "text": "找服务点"},
                headers={"accept": "application/json"},
            )
            for n in range(8)
        ]
        answers = asyncio.gather(*posts)
        await asyncio.sleep(0)
        first = await http.get("/healthz")
        process.terminate()
        assert first.status_code == 200
        assert [answer.status_code for answer in await answers] == [200] * 8
    assert await asyncio.wait_for(process.wait(), 30) == 0

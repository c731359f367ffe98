"""What the documents say is so: settings, commands, refusals and words of the menu."""

import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import msgspec
import pytest

import handlers
from bot.config import Config, read
from dialogue import texts
from dialogue.understanding import Entry
from storage.refusals import Refused
from tests import conversations

ROOT = Path(__file__).parent.parent
HONGYAN = [sys.executable, "-m", "bot"]


def kinds_of_refusal(kind=Refused):
    for each in kind.__subclasses__():
        yield each
        yield from kinds_of_refusal(each)


@pytest.mark.parametrize("kind", list(kinds_of_refusal()), ids=lambda kind: kind.__name__)
def test_every_refusal_has_its_sentence(kind):
    assert texts.sentence.dispatch(kind) is not texts.sentence.dispatch(object)


def test_the_example_file_holds_every_setting_at_its_default():
    example = tomllib.loads((ROOT / "config.example.toml").read_text(encoding="utf-8"))
    assert msgspec.to_builtins(msgspec.convert(example, Config)) == msgspec.to_builtins(Config())
    assert {name: set(section) for name, section in msgspec.to_builtins(Config()).items()} == {
        name: set(section) for name, section in example.items()
    }


def test_every_entry_of_the_menu_is_a_conversation_of_a_handler():
    for entry in handlers.MENU.values():
        assert isinstance(entry, Entry)
        assert entry.conversation.__module__.startswith("handlers.")
        re.compile(entry.pattern)


def test_both_readmes_show_pictures_that_are_there():
    for readme in ("README.md", "README.zh-CN.md"):
        pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
        assert pictures
        for picture in pictures:
            assert (ROOT / picture).stat().st_size > 10_000


def test_every_link_in_the_documents_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def commands_of(readme):
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder with a demo in it, made by the README's command and stopped again. Returns the folder."""
    folder = tmp_path_factory.mktemp("readme")
    process = subprocess.Popen(
        [*HONGYAN, "demo", "--port", "0", "--data", folder / "demo"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    printed = ""
    while "Ctrl-C" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    port = int(re.search(r"127\.0\.0\.1:(\d+)/chat", printed)[1])
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/chat") as page:
        assert "示例数据" in page.read().decode()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    return folder


@pytest.mark.parametrize("command", [line for line in commands_of("README.md") if line.startswith(".venv/bin/hongyan")])
def test_every_command_of_the_readme_works_on_the_demo(command, demo):
    words = command.split()[1:]
    if words == ["run"]:
        words += ["--help"]  # that it serves is told by the demo above
    if "--config" not in words:
        words += ["--config", "demo/config.toml"]
    done = subprocess.run([*HONGYAN, *words], cwd=demo, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    if "-o" in words:
        assert (demo / words[words.index("-o") + 1]).stat().st_size > 5_000
    if words[0] in ("export", "report"):
        assert "共计开展活动38场，惠及826人次（其中实名签到802人次，现场清点24人次），参加人数231人。" in done.stdout


def test_the_make_targets_of_the_readme_exist():
    targets = {
        line.split()[1]
        for readme in ("README.md", "README.zh-CN.md")
        for line in commands_of(readme)
        if line.startswith("make ")
    }
    makefile = (ROOT / "Makefile").read_text()
    assert {"demo", "test"} <= targets
    for target in targets:
        assert f"\n{target}:" in makefile


def test_the_example_file_starts_as_it_is(tmp_path):
    shutil.copy(ROOT / "config.example.toml", tmp_path / "config.toml")
    settings = read(tmp_path / "config.toml", {})
    assert settings.database_url == f"sqlite:///{tmp_path}/data/hongyan.db"


def test_texts_speak_of_the_product_alone():
    """No path of a machine, no host of a package index."""
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("*.lock"), ROOT / "pyproject.toml"]:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"/work/|/root/|pypi\.org|pythonhosted|npmjs", text), path


def test_the_page_of_conversations_has_all_that_were_chosen_and_no_more():
    """What stands under each heading is compared by the test it comes from (`tests/conversations.py`)."""
    assert conversations.headings() == list(conversations.CHOSEN)


def test_what_staff_read_is_written_as_chinese_is():
    said = [line[2:] for line in conversations.PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("> ")]
    assert [line for line in said if texts.full_width(line) != line] == []
    assert {word for line in said for word in re.findall(r"[A-Za-z]{3,}", line)} <= {"Telegram"}

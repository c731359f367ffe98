"""Each benchmark runs, and says what it found beside its goal. Sizes are tiny: no figure is looked at."""

import importlib
import re
import subprocess
import sys

import pytest
from starlette.routing import compile_path

from benchmarks import console
from benchmarks.figures import at_least, at_most, rewrite
from tests.roles.pages import PAGES

SLOW = ("growth", "broadcast", "reports", "start", "echoes", "conversation", "export")


def run(module, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}", *arguments], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("module", ["rush", *(pytest.param(each, marks=pytest.mark.long) for each in SLOW)])
def test_a_benchmark_runs_and_says_its_goals(module):
    title = importlib.import_module(f"benchmarks.{module}").TITLE
    said = run(module, "--tiny")
    assert title in said
    assert "goal ≤" in said or "goal ≥" in said


def test_every_page_of_the_console_is_measured():
    shown = [re.sub(r"{\w+}", "1", page).partition("?")[0] for page in console.PAGES.values()]
    left_out = {
        "/console/{rest:path}",
        # Files as somebody put them there: "file" is one.
        "/console/broadcasts/{id:int}/file",
        "/console/events/series/{id:int}/handouts/{handout:int}",
    }
    pages = [path for method, path in PAGES if method == "GET" and path not in left_out]
    assert [path for path in pages if not any(compile_path(path)[0].match(page) for page in shown)] == []


def test_a_section_of_the_results_is_written_anew_in_its_place(tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text("# Results\n\nA word.\n\n## Rush: `old`\n\n1\n\n## Growth: `old`\n\n2\n", encoding="utf-8")
    rewrite(path, "Rush", "## Rush: `new`\n\n3\n")
    rewrite(path, "Start", "## Start: `new`\n\n4\n")
    assert path.read_text(encoding="utf-8") == (
        "# Results\n\nA word.\n\n## Rush: `new`\n\n3\n\n## Growth: `old`\n\n2\n\n## Start: `new`\n\n4\n"
    )


def test_a_figure_that_misses_its_goal_says_so():
    assert [at_most("a", 2, 1).verdict, at_most("a", 1, 1).verdict, at_least("a", 1, 2).verdict] == [
        "**not reached**",
        "holds",
        "**not reached**",
    ]

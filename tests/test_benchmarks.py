"""Each benchmark runs, and says what it found beside its goal. Sizes are tiny: no figure is looked at."""

import importlib
import subprocess
import sys

import pytest

from benchmarks.figures import at_least, at_most, rewrite

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

"""How every benchmark tells its figures: each figure beside its goal, on the screen and, if asked, in RESULTS.md."""

import argparse
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")


@dataclass(frozen=True)
class Figure:
    """What was measured, in words; `goal` is empty for what only stands beside it."""

    what: str
    value: str
    goal: str = ""
    holds: bool | None = None

    @property
    def verdict(self) -> str:
        return "" if self.holds is None else "holds" if self.holds else "**not reached**"


def at_most(what: str, value: float, goal: float, unit: str = "", digits: int = 2) -> Figure:
    return Figure(what, f"{value:,.{digits}f}{unit}", f"≤ {goal:,g}{unit}", value <= goal)


def at_least(what: str, value: float, goal: float, unit: str = "", digits: int = 2) -> Figure:
    return Figure(what, f"{value:,.{digits}f}{unit}", f"≥ {goal:,g}{unit}", value >= goal)


def beside(what: str, value: str) -> Figure:
    return Figure(what, value)


def percentile(waits: Sequence[float], percent: int) -> float:
    """Of seconds, in milliseconds."""
    return statistics.quantiles(waits, n=100, method="inclusive")[percent - 1] * 1000


def options(method: str | None) -> argparse.ArgumentParser:
    """What every benchmark understands; `method` is its module's docstring."""
    parser = argparse.ArgumentParser(description=method, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help=f"write the section of {RESULTS.name} anew")
    parser.add_argument("--tiny", action="store_true", help="sizes that only show that it runs")
    return parser


def tell(title: str, command: str, figures: Sequence[Figure], notes: Sequence[str] = (), *, keep: bool = False) -> None:
    """Print the figures; with `keep` they take the place of the section called `title`."""
    width = max(len(figure.what) for figure in figures)
    print(f"\n{title}")
    for figure in figures:
        goal = f"goal {figure.goal}" if figure.goal else ""
        print(f"  {figure.what:{width}}  {figure.value:>16}  {goal:16} {figure.verdict.strip('*')}")
    for note in notes:
        print(f"  {note}")
    if keep:
        rewrite(RESULTS, title, _section(title, command, figures, notes))


def rewrite(path: Path, title: str, section: str) -> None:
    """Put `section` where the one with this title stands, or at the end."""
    head, *sections = path.read_text(encoding="utf-8").split("\n## ")
    kept = [each for each in sections if each.partition("\n")[0].partition(":")[0] != title]
    place = next(
        (place for place, each in enumerate(sections) if each.partition("\n")[0].partition(":")[0] == title), len(kept)
    )
    kept.insert(place, section.removeprefix("## ").rstrip("\n") + "\n")
    path.write_text("\n## ".join([head.rstrip("\n") + "\n", *kept]), encoding="utf-8")


def _section(title: str, command: str, figures: Sequence[Figure], notes: Sequence[str]) -> str:
    load = os.getloadavg()[0]
    lines = [f"## {title}: `{command}`", ""]
    lines += [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}."
    ]
    lines += ["", "| | measured | goal | |", "|---|---:|---:|---|"]
    lines += [f"| {one.what} | {one.value} | {one.goal} | {one.verdict} |" for one in figures]
    lines += ["", *notes, ""] if notes else [""]
    return "\n".join(lines)

"""What the two imports have in common: reading the file, and printing what becomes of each line."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from reports.incoming import Line, NotATable, read_table


def lines_of(path: Path, headers: Mapping[str, tuple[str, ...]]) -> list[tuple[int, Mapping[str, str]]] | None:
    """The lines by number; None, said why, when the file cannot be read."""
    try:
        table = read_table(path.read_bytes(), headers)
    except (OSError, NotATable) as problem:
        print(f"hongyan: {path}: {problem}", file=sys.stderr)
        return None
    if table.unknown:
        print(f"Not read, for the headers mean nothing here: {', '.join(table.unknown)}")
    return [_pair(line) for line in table.lines]


def _pair(line: Line) -> tuple[int, Mapping[str, str]]:
    return line.number, line.values


def say(judged: Iterable[tuple[int, str, str, list[str]]], *, is_dry: bool) -> None:
    """Each line that is not simply the same: number, verdict, what it is called, what there is to say."""
    counted: Counter[str] = Counter()
    for number, verdict, called, says in judged:
        counted[verdict] += 1
        if verdict != "same" and (says or verdict != "new"):
            print(f"  row {number}: {verdict} {called} {'；'.join(says)}".rstrip())
    print("; ".join(f"{count} {verdict}" for verdict, count in sorted(counted.items())) or "no rows")
    if is_dry:
        print("Nothing was changed (--dry-run).")

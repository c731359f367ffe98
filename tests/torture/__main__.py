"""`make torture`: the long forms, their figures written to docs/torture.md. Ends with 1 when anything was lost."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from storage.migrations import migrate
from tests.torture.kills import Kills

MODES = ("polling", "webhook")


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("what", choices=["kills"])
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--into", type=Path, default=Path("torture"), help="folder of the figures, as JSON")
    asked = parser.parse_args()
    asked.into.mkdir(exist_ok=True)
    return kills(asked)


def kills(asked):
    """Half of the kills while polling, half while Telegram pushes."""
    results = []
    for mode in MODES:
        with tempfile.TemporaryDirectory() as folder:
            empty = Path(folder) / "empty.db"
            migrate(f"sqlite:///{empty}")
            run = Kills(folder, mode, at_most=asked.kills // 2, seconds=asked.seconds / 2, seed=asked.seed)
            results.append(asyncio.run(run.run(empty)).as_dict())
        write(asked.into / "kills.json", results)
        print(json.dumps(results[-1], ensure_ascii=False), flush=True)
    return int(any(result["lost"] for result in results))


def write(path, figures):
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())

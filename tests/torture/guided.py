"""The pure parsers, with inputs that grow towards code not yet reached: atheris, where it is installed.

`python -m tests.torture guided --seconds 300`; a process for each parser, for a fault ends it. What atheris finds worth
keeping stays in the folder of the figures and is where the next run begins.
"""

import argparse
import importlib.util
import subprocess
import sys
from pathlib import Path

PARSERS = ("dates", "numbers", "buttons and taps", "days and hours of tables", "tables", "WeChat pushes", "masks")
_INSTRUMENTED = (
    "bot.channels.telegram.buttons", "bot.channels.wechat", "dialogue.dates", "dialogue.numbers", "reports.incoming",
    "storage.masks", "storage.opening_hours", "storage.scrub",
)  # fmt: skip


def is_here():
    return importlib.util.find_spec("atheris") is not None


def run(seconds, folder):
    """Runs and faults of each parser. `seconds` are shared by all of them."""
    found = {}
    for name in PARSERS:
        into = folder / name.replace(" ", "-")
        into.mkdir(parents=True, exist_ok=True)
        _seed(name, into)
        each = str(max(1, round(seconds / len(PARSERS))))
        command = [sys.executable, "-m", "tests.torture.guided", name, f"-max_total_time={each}", "-timeout=5"]
        command += ["-print_final_stats=1", f"-artifact_prefix={folder}/fault-{into.name}-", str(into)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        runs = [line.split()[-1] for line in done.stderr.splitlines() if "number_of_executed_units" in line]
        found[name] = {
            "inputs": int(runs[0]) if runs else 0,
            "fault": "" if done.returncode == 0 else (done.stdout + done.stderr)[-2000:],
        }
    return found


def _seed(name, into):
    from tests.torture.inputs import kept

    for number, content in enumerate(content for parser, content in kept() if parser == name):
        (into / f"kept-{number}").write_bytes(content)


def main():
    import atheris

    parser = argparse.ArgumentParser(prog="python -m tests.torture.guided", add_help=False)
    parser.add_argument("name", choices=PARSERS)
    asked, rest = parser.parse_known_args()
    with atheris.instrument_imports(include=list(_INSTRUMENTED)):
        from tests.torture.parsers import parsers
        from tests.torture.spoiler import Spoiler
    known = parsers(Spoiler(1))[asked.name]
    as_bytes = isinstance(known.make(), bytes)

    def one(data):
        known.read(data if as_bytes else data.decode("utf-8", "replace"))

    atheris.Setup([str(Path(__file__)), *rest], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()

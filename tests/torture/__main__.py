"""`make torture`: the long forms, their figures written into a folder as JSON. Ends with 1 when anything was lost."""

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from storage.migrations import migrate
from tests.torture import guided, inputs
from tests.torture.broadcast import Broadcast
from tests.torture.kills import Kills
from tests.torture.wechat_broadcast import WechatBroadcast

MODES = ("polling", "webhook")
BROADCAST_KILLS = 5


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("what", choices=list(FORMS))
    parser.add_argument("--kills", type=int, default=120)
    parser.add_argument("--recipients", type=int, default=10_000)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=float, default=1800.0)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--into", type=Path, default=Path("torture"), help="folder of the figures, as JSON")
    asked = parser.parse_args()
    asked.into.mkdir(exist_ok=True)
    return FORMS[asked.what](asked)


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


def broadcast(asked):
    with tempfile.TemporaryDirectory() as folder:
        empty = Path(folder) / "empty.db"
        migrate(f"sqlite:///{empty}")
        results = {}
        for channel, form, recipients in (
            ("telegram", Broadcast, asked.recipients),
            ("wechat", WechatBroadcast, asked.recipients // 10),
        ):
            (Path(folder) / channel).mkdir()
            run = form(Path(folder) / channel, recipients, kills=BROADCAST_KILLS, seed=asked.seed)
            results[channel] = asyncio.run(run.run(empty)).as_dict()
            write(asked.into / "broadcast.json", results)
            print(json.dumps(results[channel], ensure_ascii=False), flush=True)
    return int(any(result["lost"] for result in results.values()))


def bad_inputs(asked):
    result = inputs.run(asked.inputs, asked.seconds, asked.seed)
    write(asked.into / "inputs.json", result.as_dict())
    print(json.dumps(result.as_dict(), ensure_ascii=False), flush=True)
    return int(bool(result.faults))


def guided_inputs(asked):
    """Left out, and said so, where atheris is not installed: there are no wheels of it for every machine."""
    if not guided.is_here():
        print("atheris is not installed (pip install atheris): the guided inputs are left out")
        return 0
    found = guided.run(asked.seconds, asked.into / "guided")
    write(asked.into / "guided.json", found)
    print(json.dumps(found, ensure_ascii=False), flush=True)
    return int(any(one["fault"] for one in found.values()))


def write(path, figures):
    path.write_text(json.dumps(figures, ensure_ascii=False, indent=1), encoding="utf-8")


FORMS = {"kills": kills, "broadcast": broadcast, "inputs": bad_inputs, "guided": guided_inputs}

if __name__ == "__main__":
    sys.exit(main())

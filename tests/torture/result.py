"""What came of the inputs of one run."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

SLOW = 1.0  # seconds
_MOST_FAULTS = 50


def without_processor():
    """Seconds for which threads of this process were ready to go on and the machine gave the processor to others.

    Nothing of it is ours: an input is slow by what the program does with it. 0 where the kernel does not tell.
    """
    waited = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        with suppress(OSError):
            waited += int(thread.read_text(encoding="utf-8").split()[1])
    return waited / 1e9


@dataclass
class Result:
    """How many inputs each door got, the slowest answer of each in seconds, and what went wrong."""

    seconds: float = 0.0
    inputs: dict[str, int] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def note(self, door, seconds):
        self.inputs[door] += 1
        if seconds > self.slowest.get(door, 0):
            self.slowest[door] = round(seconds, 4)

    def fault(self, door, given, problem):
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(f"{door}: {problem}: {given!r:.700}")

    def as_dict(self):
        return {**vars(self), "inputs": dict(self.inputs), "answers": dict(self.answers)}

"""What came of the inputs of one run."""

from collections import Counter
from dataclasses import dataclass, field

SLOW = 1.0  # seconds
_MOST_FAULTS = 50


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

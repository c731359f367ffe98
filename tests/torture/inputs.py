"""Hostile and broken inputs at every door, made from a kept corpus: each must be answered, soon, and without a fault.

The parsers are called directly, a hundred thousand times a minute; the doors are those of the running program.
"""

import asyncio
import base64
import json
import time
from contextlib import suppress

from tests.torture.doors import try_doors
from tests.torture.parsers import parsers
from tests.torture.result import SLOW, Result
from tests.torture.spoiler import CORPUS, Spoiler

KEPT = CORPUS / "kept.jsonl"
"""Inputs worth trying each time, one a line: the parser, and the bytes. What once was a fault is put here."""


def kept():
    return [(one["parser"], base64.b64decode(one["base64"])) for one in map(json.loads, KEPT.read_text().splitlines())]


def try_kept(result):
    """Every kept input, at its parser."""
    known = parsers(Spoiler(1))
    for name, content in kept():
        made = known[name].make()
        _try(result, name, known[name].read, content if isinstance(made, bytes) else content.decode("utf-8", "replace"))


def try_parsers(result, at_most, seconds, seed=5):
    spoiler = Spoiler(seed)
    known = parsers(spoiler)
    names = list(known)
    shares = [known[name].share for name in names]
    until = time.monotonic() + seconds
    for count in range(at_most):
        if count % 256 == 0 and time.monotonic() > until:
            return
        (name,) = spoiler.chance.choices(names, shares)
        _try(result, name, known[name].read, known[name].make())


def _try(result, name, read, given):
    began = time.perf_counter()
    try:
        read(given)
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is a fault to report
        result.fault(name, given, f"{type(problem).__name__}: {problem}")
    took = time.perf_counter() - began
    result.note(name, took)
    if took > SLOW and (needed := _needed(read, given)) > SLOW:
        result.fault(name, given, f"took {took:.1f} s, {needed:.1f} of them of the processor")


def _needed(read, given):
    """Seconds of the processor: the machine may have been busy with others."""
    began = time.thread_time()
    with suppress(Exception):
        read(given)
    return time.thread_time() - began


def run(at_most, seconds, seed=5):
    """`at_most` inputs, one in twenty to the doors; or as many as `seconds` allow."""
    result = Result()
    began = time.monotonic()
    try_kept(result)
    asyncio.run(try_doors(result, at_most // 20, seconds / 2, seed + 1))
    try_parsers(result, at_most - sum(result.inputs.values()), seconds - (time.monotonic() - began), seed)
    result.seconds = round(time.monotonic() - began, 1)
    return result

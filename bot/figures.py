"""The figures of `/metrics`: what each is called and means, and how Prometheus reads them (docs/metrics.md)."""

from collections.abc import Iterable
from typing import Literal, NamedTuple


class Meaning(NamedTuple):
    type: Literal["gauge", "counter"]
    help: str


class Figure(NamedTuple):
    name: str  # without the prefix
    value: float
    labels: tuple[tuple[str, str], ...] = ()


PREFIX = "hongyan_"

MEANINGS = {
    "started_at_seconds": Meaning("gauge", "When this process started, in seconds since 1970."),
    "storage_fault": Meaning("gauge", "1 while nothing can be kept; the log says why."),
    "outbox_rows": Meaning(
        "gauge",
        "Messages that are planned, waiting or being sent, and those of the last seven days that did not arrive.",
    ),
    "outbox_late_seconds": Meaning("gauge", "By how much the first message that is due is late; 0 when none is."),
    "sent_total": Meaning("counter", "Messages that ended since the start, by channel and end."),
    "sending_paused": Meaning("gauge", "1 while everything but answers is held back, as after a restore."),
    "channel_silence_seconds": Meaning(
        "gauge", "Since a channel last heard of its platform; WeChat is asked twice a minute."
    ),
    "channel_problem": Meaning("gauge", "1 while a channel knows of something that is wrong; the log says what."),
    "channel_pending_updates": Meaning("gauge", "Updates that wait at the platform, where it tells."),
    "channel_pause_seconds": Meaning("gauge", "For how long the platform asked a channel to say nothing more."),
    "updates_ignored_total": Meaning("counter", "Updates that ask for nothing, since the start, by kind."),
    "updates_set_aside": Meaning("gauge", "Updates nobody could read, kept sealed for 30 days, by channel."),
    "leads": Meaning("gauge", "1 for the worker that delivers and keeps the schedule; of several, one."),
    "leads_since_seconds": Meaning("gauge", "Unix time since when this worker leads, or follows."),
    "job_silence_seconds": Meaning("gauge", "Since a job of the schedule last succeeded, or since the start."),
    "backup_age_seconds": Meaning("gauge", "Age of the newest backup; since the start while there is none."),
    "backup_copied_at_seconds": Meaning("gauge", "When a backup was last copied elsewhere, since 1970; 0 for never."),
}


def written(figures: Iterable[Figure]) -> str:
    """In the text form of Prometheus. Raises `KeyError` for a figure without a meaning."""
    found: dict[str, list[Figure]] = {}
    for figure in figures:
        found.setdefault(figure.name, []).append(figure)
    lines = []
    for name, meaning in MEANINGS.items():
        lines += [f"# HELP {PREFIX}{name} {meaning.help}", f"# TYPE {PREFIX}{name} {meaning.type}"]
        lines += [
            f"{PREFIX}{name}{_labels(figure.labels)} {figure.value:.12g}" for figure in sorted(found.pop(name, []))
        ]
    if found:
        raise KeyError(f"without a meaning: {', '.join(found)}")
    return "\n".join(lines) + "\n"


def _labels(labels: tuple[tuple[str, str], ...]) -> str:
    inside = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{inside}}}" if inside else ""


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")

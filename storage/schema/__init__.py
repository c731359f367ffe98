"""Every table we keep, one module per noun. Importing this knows them all."""

from storage.schema import (
    broadcasts,
    budgets,
    call_list,
    events,
    exports,
    markets,
    needs,
    organisations,
    people,
    places,
    polls,
    records,
    sessions,
    snapshots,
    talks,
    wechat,
    wishes,
)
from storage.schema.base import metadata

__all__ = [
    "broadcasts",
    "budgets",
    "call_list",
    "events",
    "exports",
    "markets",
    "metadata",
    "needs",
    "organisations",
    "people",
    "places",
    "polls",
    "records",
    "sessions",
    "snapshots",
    "talks",
    "wechat",
    "wishes",
]
